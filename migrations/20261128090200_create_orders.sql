-- Orders. The id is reserved with the item (chunk id × 1000 + position), so that making one again meets itself.
CREATE TABLE tbl_order (
    id             BIGINT         NOT NULL COMMENT 'order_id; order_no is PL and this',
    station_id     VARCHAR(16)    NOT NULL COMMENT 'the station it was made for',
    task_id        BIGINT         NOT NULL COMMENT 'the batch that made it',
    order_key      VARBINARY(264) NOT NULL COMMENT 'a:<address> or o:<out_order_no>: once per task',
    out_order_no   VARCHAR(64)    NULL COMMENT 'the caller''s order number',
    address_id     VARCHAR(64)    NOT NULL COMMENT 'the delivery address',
    uid            VARCHAR(64)    NULL COMMENT 'the caller''s user id',
    time_config_id VARCHAR(64)    NOT NULL COMMENT 'the operating cycle',
    receive_begin  DATETIME       NOT NULL COMMENT 'UTC',
    receive_end    DATETIME       NOT NULL COMMENT 'UTC',
    remark         VARCHAR(128)   NULL COMMENT 'as it was sent',
    total          DECIMAL(20,2)  NOT NULL COMMENT 'of the lines that are not time-priced',
    creat_time     DATETIME(3)    NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT 'when it was made',
    PRIMARY KEY (id),
    UNIQUE KEY once_per_task (task_id, order_key),
    UNIQUE KEY out_order_no (station_id, out_order_no)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE tbl_order_detail (
    order_id        BIGINT        NOT NULL COMMENT 'the order',
    line_no         SMALLINT      NOT NULL COMMENT 'from 1',
    sku_id          VARCHAR(64)   NOT NULL COMMENT 'what is ordered',
    quantity        DECIMAL(12,2) NOT NULL COMMENT 'in the sku''s sale unit',
    unit_price      DECIMAL(12,2) NOT NULL COMMENT 'as it was sent, else the sku''s',
    amount          DECIMAL(20,2) NOT NULL COMMENT 'quantity × price, rounded half-up',
    is_price_timing TINYINT(1)    NOT NULL COMMENT 'its price is settled at delivery',
    spu_remark      VARCHAR(128)  NULL COMMENT 'as it was sent',
    PRIMARY KEY (order_id, line_no)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

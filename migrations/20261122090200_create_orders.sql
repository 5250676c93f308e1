-- Orders. The id is reserved with the item (chunk id × 1000 + position), so that making one again meets itself.
CREATE TABLE tbl_order (
    id             BIGINT        NOT NULL,
    station_id     VARCHAR(16)   NOT NULL,
    task_id        BIGINT        NOT NULL,
    order_key      VARBINARY(264) NOT NULL COMMENT 'a:<address> or o:<out_order_no>: once per task',
    out_order_no   VARCHAR(64)   NULL,
    address_id     VARCHAR(64)   NOT NULL,
    uid            VARCHAR(64)   NULL,
    time_config_id VARCHAR(64)   NOT NULL,
    receive_begin  DATETIME      NOT NULL,
    receive_end    DATETIME      NOT NULL,
    remark         VARCHAR(128)  NULL,
    total          DECIMAL(20,2) NOT NULL,
    creat_time     DATETIME(3)   NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    PRIMARY KEY (id),
    UNIQUE KEY once_per_task (task_id, order_key),
    UNIQUE KEY out_order_no (station_id, out_order_no)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE tbl_order_detail (
    order_id        BIGINT        NOT NULL,
    line_no         SMALLINT      NOT NULL,
    sku_id          VARCHAR(64)   NOT NULL,
    quantity        DECIMAL(12,2) NOT NULL,
    unit_price      DECIMAL(12,2) NOT NULL,
    amount          DECIMAL(20,2) NOT NULL,
    is_price_timing TINYINT(1)    NOT NULL,
    spu_remark      VARCHAR(128)  NULL,
    PRIMARY KEY (order_id, line_no)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- Reference data: another system owns it, `reference load` upserts it.
CREATE TABLE tbl_time_config (
    id                 VARCHAR(64)  NOT NULL COMMENT 'operating cycle; unique over all stations',
    station_id         VARCHAR(16)  NOT NULL,
    name               VARCHAR(128) NOT NULL,
    type               TINYINT UNSIGNED      NOT NULL COMMENT '1 normal, 2 presale',
    enabled            TINYINT(1)   NOT NULL,
    order_time_limit   LONGTEXT     NOT NULL COMMENT 'JSON: when it takes orders',
    receive_time_limit LONGTEXT     NOT NULL COMMENT 'JSON: when its orders are received',
    PRIMARY KEY (id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE tbl_address (
    station_id VARCHAR(16)  NOT NULL,
    address_id VARCHAR(64)  NOT NULL,
    uid        VARCHAR(64)  NULL,
    name       VARCHAR(128) NOT NULL,
    can_order  TINYINT(1)   NOT NULL,
    PRIMARY KEY (station_id, address_id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE tbl_sku (
    station_id     VARCHAR(16)   NOT NULL,
    sku_id         VARCHAR(64)   NOT NULL,
    name           VARCHAR(128)  NOT NULL,
    sale_unit      VARCHAR(16)   NOT NULL,
    sale_price     DECIMAL(12,2) NOT NULL,
    sale_num_least DECIMAL(12,2) NOT NULL,
    on_sale        TINYINT(1)    NOT NULL,
    time_config_id VARCHAR(64)   NULL COMMENT 'sold in this cycle only; NULL: in every one',
    PRIMARY KEY (station_id, sku_id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- Reference data: another system owns it, `reference load` upserts it.
CREATE TABLE tbl_time_config (
    id                 VARCHAR(64)      NOT NULL COMMENT 'operating cycle; unique over all stations',
    station_id         VARCHAR(16)      NOT NULL COMMENT 'the station whose cycle it is',
    name               VARCHAR(128)     NOT NULL COMMENT 'what people call it',
    type               TINYINT UNSIGNED NOT NULL COMMENT '1 normal, 2 presale',
    enabled            TINYINT(1)       NOT NULL COMMENT 'orders may be placed for it',
    order_time_limit   LONGTEXT         NOT NULL COMMENT 'JSON: when it takes orders',
    receive_time_limit LONGTEXT         NOT NULL COMMENT 'JSON: when its orders are received',
    PRIMARY KEY (id),
    KEY of_station (station_id, id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE tbl_address (
    station_id VARCHAR(16)  NOT NULL COMMENT 'the station that delivers there',
    address_id VARCHAR(64)  NOT NULL COMMENT 'unique within its station',
    uid        VARCHAR(64)  NULL COMMENT 'the customer',
    name       VARCHAR(128) NOT NULL COMMENT 'what people call it',
    can_order  TINYINT(1)   NOT NULL COMMENT 'orders may be placed for it',
    PRIMARY KEY (station_id, address_id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE tbl_sku (
    station_id     VARCHAR(16)   NOT NULL COMMENT 'the station that sells it',
    sku_id         VARCHAR(64)   NOT NULL COMMENT 'unique within its station',
    name           VARCHAR(128)  NOT NULL COMMENT 'what people call it',
    sale_unit      VARCHAR(16)   NOT NULL COMMENT 'what quantities are counted in',
    sale_price     DECIMAL(12,2) NOT NULL COMMENT 'of one sale unit',
    sale_num_least DECIMAL(12,2) NOT NULL COMMENT 'the least quantity of one line',
    on_sale        TINYINT(1)    NOT NULL COMMENT 'it is sold at present',
    time_config_id VARCHAR(64)   NULL COMMENT 'sold in this cycle only; NULL: in every one',
    -- Of two runs of price changes the one accepted last counts, in whatever order they are worked.
    priced_at      DATETIME(3)   NULL COMMENT 'when the run that set the price was accepted, or the price was loaded',
    priced_by      BIGINT        NULL COMMENT 'the task of that run; NULL: it was loaded',
    PRIMARY KEY (station_id, sku_id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The long-running task: the original service's table, every column under its own name.
-- Ids are compared byte by byte (utf8mb4_bin): the default collations hold 'a' = 'á' = 'A'.
CREATE TABLE tbl_async_task (
    id           BIGINT       NOT NULL AUTO_INCREMENT,
    user_task_id VARCHAR(64)  NULL,
    name         VARCHAR(64)  NOT NULL,
    station_id   VARCHAR(16)  NOT NULL,
    input        LONGTEXT     NULL,
    result       JSON         NULL,
    status       TINYINT      NOT NULL DEFAULT 1 COMMENT '1 submitted, 2 running, 3 finished',
    `repeat`     TINYINT(1)   NOT NULL DEFAULT 0,
    message_show TINYINT(1)   NOT NULL DEFAULT 1,
    run_count    INT          NOT NULL DEFAULT 0,
    type         INT          NOT NULL DEFAULT 0,
    creat_time   DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    modify_time  DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    start_time   DATETIME(3)  NULL,
    end_time     DATETIME(3)  NULL,
    PRIMARY KEY (id),
    UNIQUE KEY user_task_id (user_task_id),
    KEY newest_of_station (station_id, id),
    CONSTRAINT task_status CHECK (status IN (1, 2, 3))
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

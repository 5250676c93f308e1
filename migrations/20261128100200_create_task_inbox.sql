-- Tasks that callers whose tables are in this database add by an INSERT in a transaction of their own: adopted within a minute,
-- and deleted then. A row that cannot be used keeps why.
CREATE TABLE tbl_task_inbox (
    id           BIGINT        NOT NULL AUTO_INCREMENT,
    station_id   VARCHAR(64)   NOT NULL,
    task_name    VARCHAR(255)  NOT NULL,
    input        LONGTEXT      NOT NULL,
    user_task_id VARCHAR(255)  NULL,
    type_id      INT           NOT NULL DEFAULT 0,
    `repeat`     TINYINT(1)    NOT NULL DEFAULT 0,
    message_show TINYINT(1)    NOT NULL DEFAULT 1,
    created_by   VARCHAR(255)  NULL,
    queue        VARCHAR(64)   NULL,
    delay        INT UNSIGNED  NULL COMMENT 'seconds, from its adoption',
    timeout      INT UNSIGNED  NULL,
    max_attempts INT UNSIGNED  NULL,
    creat_time   DATETIME(3)   NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    refused_at   DATETIME(3)   NULL,
    refusal      VARCHAR(1000) NULL,
    PRIMARY KEY (id),
    KEY waiting (refused_at, id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

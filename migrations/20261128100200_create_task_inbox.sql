-- Tasks that callers whose tables are in this database add by an INSERT in a transaction of their own: adopted within a minute,
-- and deleted then. A row that cannot be used keeps why.
CREATE TABLE tbl_task_inbox (
    id           BIGINT        NOT NULL AUTO_INCREMENT COMMENT 'the row',
    station_id   VARCHAR(64)   NOT NULL COMMENT 'the station whose task it becomes',
    task_name    VARCHAR(255)  NOT NULL COMMENT 'as task_name of task/add',
    input        LONGTEXT      NOT NULL COMMENT 'as input of task/add',
    user_task_id VARCHAR(255)  NULL COMMENT 'the caller''s own id',
    type_id      INT           NOT NULL DEFAULT 0 COMMENT 'the caller''s number for its kind',
    `repeat`     TINYINT(1)    NOT NULL DEFAULT 0 COMMENT 'it may run again once it is finished',
    message_show TINYINT(1)    NOT NULL DEFAULT 1 COMMENT 'it is listed to the station''s staff',
    created_by   VARCHAR(255)  NULL COMMENT 'who adds it',
    queue        VARCHAR(64)   NULL COMMENT 'the queue of its workers; NULL: none',
    delay        INT UNSIGNED  NULL COMMENT 'seconds, from its adoption',
    timeout      INT UNSIGNED  NULL COMMENT 'seconds a run may be silent; NULL: as its queue says',
    max_attempts INT UNSIGNED  NULL COMMENT 'runs before it ends as failed; NULL: as its queue says',
    creat_time   DATETIME(3)   NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT 'when it was inserted',
    refused_at   DATETIME(3)   NULL COMMENT 'when it was refused; NULL: it waits',
    refusal      VARCHAR(1000) NULL COMMENT 'why it was refused',
    PRIMARY KEY (id),
    KEY waiting (refused_at, id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

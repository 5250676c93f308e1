-- The long-running task: the original service's table, every column under its own name, and what came to it since.
-- Ids are compared byte by byte (utf8mb4_bin): the default collations hold 'a' = 'á' = 'A'.
CREATE TABLE tbl_async_task (
    id           BIGINT           NOT NULL AUTO_INCREMENT COMMENT 'the key, task_id in answers',
    user_task_id VARCHAR(64)      NULL COMMENT 'the caller''s own id',
    name         VARCHAR(64)      NOT NULL COMMENT 'what a person reads',
    station_id   VARCHAR(16)      NOT NULL COMMENT 'the station whose task it is',
    id_scope     VARCHAR(16)      NOT NULL DEFAULT '' COMMENT 'where user_task_id is unique: a station; empty: everywhere',
    input        LONGTEXT         NULL COMMENT 'what the caller gave it to work on, any text',
    result       JSON             NULL COMMENT 'what came of it',
    status       TINYINT          NOT NULL DEFAULT 1 COMMENT '1 submitted, 2 running, 3 finished',
    outcome      VARCHAR(9)       NULL COMMENT 'success, partial, failed, cancelled; NULL while it is open',
    `repeat`     TINYINT(1)       NOT NULL DEFAULT 0 COMMENT 'it may run again once it is finished',
    message_show TINYINT(1)       NOT NULL DEFAULT 1 COMMENT 'it is listed to the station''s staff',
    run_count    INT              NOT NULL DEFAULT 0 COMMENT 'how often it was started; never reset: the fence of a run',
    type         INT              NOT NULL DEFAULT 0 COMMENT 'the caller''s number for its kind',
    progress     TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT '0-99, of a task that is no batch',
    op_ids       VARBINARY(1024)  NULL COMMENT 'the first 16 bytes of the SHA-256 of the last 64 op_id of this life',
    queue        VARCHAR(32)      NULL COMMENT 'NULL: nobody is woken, there is no lease and no retry',
    timeout      INT UNSIGNED     NULL COMMENT 'seconds a run may be silent; NULL: as its queue says',
    max_attempts INT UNSIGNED     NULL COMMENT 'runs before it ends as failed; NULL: as its queue says',
    attempt      INT UNSIGNED     NOT NULL DEFAULT 0 COMMENT 'runs in this life',
    last_error   VARCHAR(1000)    NULL COMMENT 'why its last run failed',
    tags         VARCHAR(1024)    NULL COMMENT 'JSON array of texts',
    created_by   VARCHAR(64)      NULL COMMENT 'who submitted it',
    callback     VARCHAR(32)      NULL COMMENT 'who is told of its end; NULL: nobody',
    creat_time   DATETIME(3)      NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT 'when it was stored',
    modify_time  DATETIME(3)      NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT 'when it last changed',
    start_time   DATETIME(3)      NULL COMMENT 'when its current run started',
    end_time     DATETIME(3)      NULL COMMENT 'when it ended',
    -- How many bytes of an answer the two large columns take: a list adds those up before it reads any of them.
    input_bytes  INT UNSIGNED GENERATED ALWAYS AS (OCTET_LENGTH(JSON_QUOTE(input))) STORED COMMENT 'of input as it is printed',
    result_bytes INT UNSIGNED GENERATED ALWAYS AS (OCTET_LENGTH(CAST(result AS CHAR CHARACTER SET utf8mb4))) STORED COMMENT 'of result as it is printed',
    PRIMARY KEY (id),
    UNIQUE KEY own_id (station_id, user_task_id),
    UNIQUE KEY user_task_id (user_task_id, id_scope),
    KEY newest_of_station (station_id, id),
    -- With every filter given as a value, a page of ids is read backwards from the index alone, and counting stops early.
    KEY newest_by_status (station_id, status, outcome, message_show, id),
    KEY newest_by_type (station_id, type, status, message_show, id),
    KEY of_queue (queue, outcome, id),
    KEY ended_of_queue (queue, outcome, end_time),
    -- A list by the beginning of a name, and one by the time of adding, are in the order of these.
    KEY by_name (station_id, name, id),
    KEY by_time (station_id, creat_time, id),
    -- NULL first: all open tasks; then the ended ones of every station, the last ones at the end.
    KEY ended (end_time, station_id, outcome),
    CONSTRAINT task_status CHECK (status IN (1, 2, 3))
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

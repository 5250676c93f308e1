-- Work that was given up: chunks that stalled their workers, runs of tasks whose attempts are used up or whose time is over.
-- Each keeps the cause as it was known then, and goes with its task.
CREATE TABLE tbl_dead_letter (
    id         BIGINT           NOT NULL AUTO_INCREMENT COMMENT 'the key, id in answers',
    kind       TINYINT UNSIGNED NOT NULL COMMENT '1 chunk of a batch, 2 run of a task',
    station_id VARCHAR(16)      NOT NULL COMMENT 'its task''s station',
    queue      VARCHAR(32)      NOT NULL COMMENT 'the batch''s job or the task''s queue',
    task_id    BIGINT           NOT NULL COMMENT 'its task',
    run        INT UNSIGNED     NOT NULL COMMENT 'run of the batch, run_count of the task',
    part       INT UNSIGNED     NOT NULL DEFAULT 0 COMMENT 'the chunk within the run',
    attempts   INT UNSIGNED     NOT NULL COMMENT 'how many there were',
    worker     VARCHAR(64)      NULL COMMENT 'the request id of the last claim',
    cause      VARCHAR(1000)    NOT NULL COMMENT 'why it was given up',
    creat_time DATETIME(3)      NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT 'when it was given up',
    PRIMARY KEY (id),
    KEY of_station (station_id, id),
    KEY of_task (task_id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- Finished tasks that were kept long enough: first marked, so that nothing is made again under their ids, then deleted with all
-- their rows. A task with an id of its caller's stays here for ever: that id is not used again.
CREATE TABLE tbl_purged (
    task_id      BIGINT      NOT NULL COMMENT 'the task',
    station_id   VARCHAR(16) NOT NULL COMMENT 'its station',
    user_task_id VARCHAR(64) NULL COMMENT 'the caller''s own id; NULL: the row goes with the task',
    content_hash BINARY(32)  NOT NULL COMMENT 'SHA-256 of its content: of a batch its payload''s, else of name, type, input and queue',
    state        TINYINT     NOT NULL COMMENT '0 marked, 1 the task is gone and rows of its batch are left, 2 all is gone',
    marked_at    DATETIME(3) NOT NULL COMMENT 'when it was marked',
    PRIMARY KEY (task_id),
    UNIQUE KEY own_id (user_task_id, station_id),
    KEY left_over (state, task_id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- Tasks that are kept for a number of days of their own. A table beside theirs: a task without one costs nothing.
CREATE TABLE tbl_task_keep (
    task_id BIGINT       NOT NULL COMMENT 'the task',
    days    INT UNSIGNED NOT NULL COMMENT 'days from its end to its purge; 0: it is never purged',
    PRIMARY KEY (task_id),
    KEY of_days (days, task_id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

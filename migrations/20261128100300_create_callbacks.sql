-- Who is told of the ends of tasks: a URL and the name of the secret that its requests are signed with, never the secret.
CREATE TABLE tbl_callback (
    name            VARCHAR(32)   NOT NULL COMMENT 'as task/add and submit name it',
    url             VARCHAR(1000) NOT NULL COMMENT 'the target of its calls',
    secret          VARCHAR(64)   NOT NULL COMMENT 'the name of a secret',
    events          VARCHAR(64)   NOT NULL COMMENT 'separated by commas',
    disabled_at     DATETIME(3)   NULL COMMENT 'nothing is sent since then',
    disabled_reason VARCHAR(200)  NULL COMMENT 'why',
    creat_time      DATETIME(3)   NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT 'when it was declared',
    modify_time     DATETIME(3)   NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT 'when it last changed',
    PRIMARY KEY (name)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- What is told: one delivery for each end of a task with a callback, written by the transaction that ends it. While it is open
-- it has a unit of work.
CREATE TABLE tbl_callback_delivery (
    id          BIGINT           NOT NULL AUTO_INCREMENT COMMENT 'the delivery',
    task_id     BIGINT           NOT NULL COMMENT 'its task',
    no          INT UNSIGNED     NOT NULL COMMENT 'within the task',
    station_id  VARCHAR(16)      NOT NULL COMMENT 'whose task it is',
    callback    VARCHAR(32)      NOT NULL COMMENT 'its callback',
    event       VARCHAR(16)      NOT NULL COMMENT 'task.finished, batch.finished, batch.changed',
    outcome     VARCHAR(9)       NOT NULL COMMENT 'of the task, as it was then',
    run_count   INT              NOT NULL COMMENT 'of the task, as it was then',
    counts      VARCHAR(255)     NULL COMMENT 'JSON, of a batch, as they were then',
    state       TINYINT UNSIGNED NOT NULL COMMENT '0 open, 1 delivered, 2 given up, 3 held back: its callback is disabled',
    tries       INT UNSIGNED     NOT NULL DEFAULT 0 COMMENT 'since opened_at',
    http_status SMALLINT UNSIGNED NULL COMMENT 'of the last answer',
    last_error  VARCHAR(300)     NULL COMMENT 'why the last try failed',
    creat_time  DATETIME(3)      NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT 'when the task ended or changed',
    opened_at   DATETIME(3)      NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT 'since when it is tried, this time',
    try_time    DATETIME(3)      NULL COMMENT 'of the last try',
    PRIMARY KEY (id),
    UNIQUE KEY of_task (task_id, no),
    KEY newest_of_station (station_id, id),
    KEY newest_of_callback (callback, id),
    KEY newest_by_state (callback, state, id),
    KEY newest_of_all_by_state (state, id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- A batch task: what is common to its items, the chunks they are worked in (the outbox), and their outcomes.
CREATE TABLE tbl_batch (
    task_id      BIGINT       NOT NULL,
    job          VARCHAR(32)  NOT NULL COMMENT 'which job works its items, e.g. order_import',
    run          INT UNSIGNED         NOT NULL COMMENT 'the current run; a finished batch that is submitted again gets the next',
    payload_hash BINARY(32)   NOT NULL COMMENT 'SHA-256 over the canonical payload of the current run',
    item_count   INT UNSIGNED         NOT NULL,
    params       LONGTEXT     NOT NULL COMMENT 'JSON, the job''s own: what the submit named beside the items',
    accepted_at  DATETIME(3)  NOT NULL,
    finished_at  DATETIME(3)  NULL     COMMENT 'NULL while the current run is open',
    PRIMARY KEY (task_id),
    KEY open_batches (finished_at)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The unit of dispatch. Who claims it gets the next attempt number, which is the fencing token of that claim.
CREATE TABLE tbl_batch_chunk (
    id          BIGINT       NOT NULL AUTO_INCREMENT,
    task_id     BIGINT       NOT NULL,
    run         INT UNSIGNED         NOT NULL,
    chunk_no    INT UNSIGNED         NOT NULL,
    first_index INT UNSIGNED         NOT NULL,
    item_count  INT UNSIGNED         NOT NULL,
    state       TINYINT      NOT NULL DEFAULT 0 COMMENT '0 open, 1 done, 2 cancelled',
    attempts    INT UNSIGNED         NOT NULL DEFAULT 0,
    lease_until DATETIME(3)  NULL,
    send_at     DATETIME(3)  NOT NULL COMMENT 'when the sweeper announces it (again) while it is open',
    sends       INT UNSIGNED         NOT NULL DEFAULT 1,
    amends      TINYINT(1)   NOT NULL DEFAULT 0 COMMENT 'one item of the run, worked again',
    cause       VARCHAR(255) NULL     COMMENT 'why it was given up',
    PRIMARY KEY (id),
    UNIQUE KEY chunk (task_id, run, chunk_no),
    KEY due (state, send_at)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- What a chunk's items were sent as, verbatim. Apart from the chunk, so that a change of state never
-- writes the payload again; inserted once, never updated.
CREATE TABLE tbl_batch_payload (
    chunk_id   BIGINT   NOT NULL,
    items      LONGTEXT NOT NULL COMMENT 'JSON array',
    duplicates LONGTEXT NULL     COMMENT 'JSON array of [index, first index with the same key]',
    amended    LONGTEXT NULL     COMMENT 'JSON array of [index, what a person made of it in an earlier run]',
    PRIMARY KEY (chunk_id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The outcome of one item. An item without a row is pending while its chunk is open and cancelled with it.
CREATE TABLE tbl_batch_item (
    task_id    BIGINT       NOT NULL,
    run        INT UNSIGNED         NOT NULL,
    item_index INT UNSIGNED         NOT NULL,
    chunk_id   BIGINT       NOT NULL COMMENT 'whose payload holds it',
    status     TINYINT      NOT NULL COMMENT '0 pending, 1 success, 2 failed, 3 amended, 4 dropped, 5 cancelled',
    attempts   TINYINT UNSIGNED     NOT NULL DEFAULT 0 COMMENT 'counted before each try once its chunk is worked item by item',
    made_id    BIGINT       NULL     COMMENT 'what was made of it, e.g. the order',
    errors     LONGTEXT     NULL     COMMENT 'JSON array of {code, field, value, msg}',
    PRIMARY KEY (task_id, run, item_index)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- A batch task: what its items have in common, the chunks they are worked in, and their outcomes. An open chunk is a unit of
-- work in tbl_work.
CREATE TABLE tbl_batch (
    task_id      BIGINT       NOT NULL COMMENT 'the task it belongs to',
    job          VARCHAR(32)  NOT NULL COMMENT 'which job works its items, e.g. order_import',
    run          INT UNSIGNED NOT NULL COMMENT 'the current run; a finished batch that is submitted again gets the next',
    payload_hash BINARY(32)   NOT NULL COMMENT 'SHA-256 over the canonical payload of the current run',
    item_count   INT UNSIGNED NOT NULL COMMENT 'items of the current run',
    params       LONGTEXT     NOT NULL COMMENT 'JSON, the job''s own: what the submit named beside the items',
    accepted_at  DATETIME(3)  NOT NULL COMMENT 'when the current run was accepted',
    finished_at  DATETIME(3)  NULL COMMENT 'NULL while the current run is open',
    earlier_runs LONGTEXT     NULL COMMENT 'JSON array, newest first: run, accepted_at, finished_at, counts',
    PRIMARY KEY (task_id),
    KEY open_batches (finished_at)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The chunks that a run was cut into, and how each ended.
CREATE TABLE tbl_batch_chunk (
    id            BIGINT       NOT NULL AUTO_INCREMENT COMMENT 'its items'' reserved ids are this × 1000 + position',
    task_id       BIGINT       NOT NULL COMMENT 'the task of its batch',
    run           INT UNSIGNED NOT NULL COMMENT 'the run it was cut for',
    chunk_no      INT UNSIGNED NOT NULL COMMENT 'its number within the run, from 0',
    first_index   INT UNSIGNED NOT NULL COMMENT 'index in the batch of its first item',
    item_count    INT UNSIGNED NOT NULL COMMENT 'how many items it has',
    is_rework     TINYINT(1)   NOT NULL DEFAULT 0 COMMENT 'one item of the run, worked again',
    state         TINYINT      NOT NULL DEFAULT 0 COMMENT '0 open, 1 done, 2 cancelled',
    attempts      INT UNSIGNED NULL COMMENT 'how many it took until it was done; NULL: open, cancelled or carried over',
    success_count INT UNSIGNED NULL COMMENT 'items made, as it was done; NULL as above',
    failed_count  INT UNSIGNED NULL COMMENT 'items failed, as it was done; what people changed since is in tbl_batch_item',
    cause         VARCHAR(255) NULL COMMENT 'why it was given up',
    PRIMARY KEY (id),
    UNIQUE KEY chunk (task_id, run, chunk_no)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The items of a chunk, verbatim. Apart from the chunk, so that a change of state never writes the payload again; inserted
-- once, never updated.
CREATE TABLE tbl_batch_payload (
    chunk_id   BIGINT   NOT NULL COMMENT 'the chunk',
    items      LONGBLOB NOT NULL COMMENT 'JSON array, as COMPRESS() makes it: UNCOMPRESS(items) reads it',
    duplicates LONGTEXT NULL COMMENT 'JSON array of [index, first index with the same key]',
    amended    LONGTEXT NULL COMMENT 'JSON array of [index, what a person made of it in an earlier run]',
    PRIMARY KEY (chunk_id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The outcome of one item. An item without a row is pending while its chunk is open, made once it is done, and cancelled with
-- it.
CREATE TABLE tbl_batch_item (
    task_id     BIGINT           NOT NULL COMMENT 'the task of its batch',
    run         INT UNSIGNED     NOT NULL COMMENT 'the run',
    item_index  INT UNSIGNED     NOT NULL COMMENT 'its index in the batch',
    chunk_id    BIGINT           NOT NULL COMMENT 'the chunk whose payload holds it',
    status      TINYINT          NOT NULL COMMENT '0 pending, 1 success, 2 failed, 3 amended, 4 dropped, 5 cancelled',
    attempts    TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'counted before each try once its chunk is worked item by item',
    made_id     BIGINT           NULL COMMENT 'what was made of it, e.g. the order',
    code        VARCHAR(32)      NULL COMMENT 'of the first error; of an item that was made: of the notice it carries',
    error_count INT UNSIGNED     NULL COMMENT 'how many errors it has, of which errors holds the first',
    errors      LONGTEXT         NULL COMMENT 'JSON array of {code, field, value, msg}',
    PRIMARY KEY (task_id, run, item_index),
    -- What people made by hand in any run, and pages of a run's failed items.
    KEY outcomes (task_id, status)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

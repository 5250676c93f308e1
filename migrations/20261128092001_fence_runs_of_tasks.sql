-- How a task ended, which operations its result has seen, how far a plain task is, and how many bytes of an answer its two
-- large columns take: a list adds those up before it reads any of them.
ALTER TABLE tbl_async_task
    ADD COLUMN outcome      VARCHAR(9)       NULL COMMENT 'success, partial, failed, cancelled; NULL while it is open',
    ADD COLUMN op_ids       VARBINARY(1024)  NULL COMMENT 'the first 16 bytes of the SHA-256 of the last 64 op_id of this life',
    ADD COLUMN progress     TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT '0-99, of a task that is no batch',
    ADD COLUMN input_bytes  INT UNSIGNED GENERATED ALWAYS AS (OCTET_LENGTH(JSON_QUOTE(input))) STORED,
    ADD COLUMN result_bytes INT UNSIGNED GENERATED ALWAYS AS (OCTET_LENGTH(CAST(result AS CHAR CHARACTER SET utf8mb4))) STORED;

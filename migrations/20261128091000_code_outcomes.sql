-- The first error's code of an outcome, so that failed items are counted and found by it without their errors being read;
-- how many errors there were, of which the first 20 are kept.
ALTER TABLE tbl_batch_item
    ADD COLUMN code        VARCHAR(32)  NULL COMMENT 'of the first error; of an item that was made: of the notice it carries',
    ADD COLUMN error_count INT UNSIGNED NULL COMMENT 'of which `errors` holds the first';
UPDATE tbl_batch_item
SET code = JSON_UNQUOTE(JSON_EXTRACT(errors, '$[0].code')), error_count = JSON_LENGTH(errors)
WHERE errors IS NOT NULL;
-- The runs before the current one, as they ended.
ALTER TABLE tbl_batch
    ADD COLUMN earlier_runs LONGTEXT NULL COMMENT 'JSON array, newest first: run, accepted_at, finished_at, counts';

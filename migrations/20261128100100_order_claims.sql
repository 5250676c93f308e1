-- A claim that is sent twice at once meets itself: the second one loses against the unique key and reads what the first took.
-- `ready_at` tells how long the next unit of a queue has been waiting.
ALTER TABLE tbl_work
    ADD COLUMN claim_no INT UNSIGNED NULL COMMENT 'position in the claim that holds it',
    ADD COLUMN ready_at DATETIME(3)  NULL COMMENT 'since when it is ready',
    DROP KEY claim,
    ADD UNIQUE KEY claim (queue, claim_id, claim_no);

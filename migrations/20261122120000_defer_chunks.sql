-- A chunk at its station's cap waits without a message, found by the station; what is in work is found by its lease.
-- `stalls` tells a chunk that nobody can work from one that nobody has worked.
ALTER TABLE tbl_batch_chunk
    ADD COLUMN deferred_for VARCHAR(16)  NULL COMMENT 'the station whose chunks in work it waits for; its message is gone',
    ADD COLUMN stalls       INT UNSIGNED NOT NULL DEFAULT 0
        COMMENT 'attempts in a row that ended neither with an outcome nor with a fault of the database',
    ADD KEY deferred (deferred_for, id),
    ADD KEY leased (state, lease_until);

-- A chunk carries its station and its job, so that the sweeper and the cap need no other table to tell one station's flood
-- from another's single chunk. It keeps who worked it last and what that ended with, for whoever looks a dead letter up.
ALTER TABLE tbl_batch_chunk
    ADD COLUMN station_id VARCHAR(16)  NOT NULL DEFAULT '' COMMENT 'its task''s station',
    ADD COLUMN job        VARCHAR(32)  NOT NULL DEFAULT '' COMMENT 'its batch''s job',
    ADD COLUMN worker     VARCHAR(64)  NULL COMMENT 'request id of the invocation that claimed it last',
    ADD COLUMN last_error VARCHAR(255) NULL COMMENT 'attempt and kind of the last fault that a worker could report',
    DROP KEY due,
    DROP KEY deferred,
    ADD KEY due (state, deferred_for, station_id, job, send_at),
    ADD KEY deferred (deferred_for, job, amends, id);

UPDATE tbl_batch_chunk c
    JOIN tbl_async_task t ON t.id = c.task_id
    JOIN tbl_batch b ON b.task_id = c.task_id
SET c.station_id = t.station_id, c.job = b.job;

-- The outcomes of one kind: what people made by hand in any run, and pages of a run's failed items.
CREATE INDEX outcomes ON tbl_batch_item (task_id, status);

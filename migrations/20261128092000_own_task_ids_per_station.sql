-- A caller's own id is unique within its station, so that no station takes, or feels out, another's. A deployment that
-- trusts its callers stores '' as the scope: there an id is unique over all stations, as calls may name none.
ALTER TABLE tbl_async_task
    ADD COLUMN id_scope VARCHAR(16) NOT NULL DEFAULT '' COMMENT 'where user_task_id is unique: a station; empty: everywhere',
    DROP KEY user_task_id,
    ADD UNIQUE KEY own_id (station_id, user_task_id),
    ADD UNIQUE KEY user_task_id (user_task_id, id_scope);

-- A station's tasks by status, by kind, and by whether they are shown, newest first: with every filter given as a
-- value, a page of ids is read backwards from the index alone, and counting stops early.
CREATE INDEX newest_by_status ON tbl_async_task (station_id, status, message_show, id);
CREATE INDEX newest_by_type ON tbl_async_task (station_id, type, status, message_show, id);

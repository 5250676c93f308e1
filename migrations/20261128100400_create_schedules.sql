-- Tasks that are added by the clock: a cron expression in a time zone, and the members of /task/add. The task of an instant
-- has the id <name>:<instant in UTC>, so that it is added once, whoever comes to it.
CREATE TABLE tbl_task_schedule (
    name        VARCHAR(40)   NOT NULL COMMENT 'the caller''s name for it',
    station_id  VARCHAR(16)   NOT NULL COMMENT 'the station of its tasks',
    cron        VARCHAR(128)  NOT NULL COMMENT '5 fields: minute, hour, day of month, month, day of week',
    time_zone   VARCHAR(64)   NOT NULL COMMENT 'IANA name of the zone whose clock it goes by',
    misfire     VARCHAR(4)    NOT NULL COMMENT 'once or skip: what instants become that nobody came to in time',
    enabled     TINYINT(1)    NOT NULL COMMENT '0: no task is added',
    task        LONGTEXT      NOT NULL COMMENT 'JSON object, the members of its tasks',
    next_at     DATETIME      NULL COMMENT 'UTC, the next instant that nobody came to; NULL: disabled, or broken',
    passed_to   DATETIME      NULL COMMENT 'UTC, the last instant that was come to, whatever became of it',
    last_error  VARCHAR(1000) NULL COMMENT 'why the last instant that was come to has no task',
    creat_time  DATETIME(3)   NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT 'when it was set first',
    modify_time DATETIME(3)   NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT 'when it was set last',
    PRIMARY KEY (name),
    KEY due (next_at),
    KEY of_station (station_id, name)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The open units of work of every kind: small and hot. A unit that has ended leaves the table; what must be kept of it has a
-- table of its own. Everything a claim, a heartbeat or a sweep needs is in the unit's own row.
--
-- Kind 2, the run of a plain task: `due_at` is when it may run (delayed), when it expires (ready, year 9999: never), when
-- the sweeper looks whether its lease was renewed (leased). `run_count` is the fence of the run that holds it; `attempt`
-- restarts with each life of the task. 0 in `max_attempts` means the queue's.
--
-- Kind 1, the chunk of a batch: `due_at` is when the sweeper announces it (again), `attempt` is the fence of its claims and
-- `stalls` counts attempts in a row that ended neither with an outcome nor with a fault of the database.
--
-- Kind 3, a callback: `queue` is '@' and the callback's name, `part` the number of the delivery within its task. It stays in
-- state 4: `turn` is when it may be tried next, in milliseconds since 1970 (the end of the try under way, at the latest),
-- `due_at` when it is announced (again), `attempt` the fence of its tries.
CREATE TABLE tbl_work (
    id            BIGINT           NOT NULL AUTO_INCREMENT COMMENT 'the unit',
    kind          TINYINT UNSIGNED NOT NULL COMMENT '1 chunk of a batch, 2 run of a task, 3 callback',
    queue         VARCHAR(33)      NOT NULL COMMENT 'the batch''s job or the task''s queue; @callback',
    station_id    VARCHAR(16)      NOT NULL COMMENT 'its task''s station',
    task_id       BIGINT           NOT NULL COMMENT 'its task',
    run           INT UNSIGNED     NOT NULL DEFAULT 0 COMMENT 'of a batch; 0: a plain task',
    part          INT UNSIGNED     NOT NULL DEFAULT 0 COMMENT 'the chunk within the run; the delivery within the task',
    state         TINYINT UNSIGNED NOT NULL COMMENT '0 ready, 1 delayed until due_at, 2 waiting for its station''s cap, 3 leased, 4 callback',
    is_rework     TINYINT(1)       NOT NULL DEFAULT 0 COMMENT 'goes before the others of its station',
    turn          BIGINT UNSIGNED  NOT NULL DEFAULT 0 COMMENT 'order of claims: interleaves stations; written when it becomes ready',
    attempt       INT UNSIGNED     NOT NULL DEFAULT 0 COMMENT 'fence of a chunk; attempts of a task in this life',
    max_attempts  INT UNSIGNED     NOT NULL DEFAULT 0 COMMENT 'of a task; 0: as its queue says',
    stalls        INT UNSIGNED     NOT NULL DEFAULT 0 COMMENT 'of a chunk: attempts in a row that went nowhere',
    due_at        DATETIME(3)      NOT NULL COMMENT 'when the sweeper (or a claim) looks at it next',
    lease_until   DATETIME(3)      NULL COMMENT 'indexed nowhere: a heartbeat touches no index',
    announcements INT UNSIGNED     NOT NULL DEFAULT 0 COMMENT 'since it was claimed last; each doubles the wait for the next',
    timeout       INT UNSIGNED     NOT NULL DEFAULT 0 COMMENT 'seconds the current run may be silent',
    expire_at     DATETIME(3)      NULL COMMENT 'not started after it',
    run_count     INT UNSIGNED     NOT NULL DEFAULT 0 COMMENT 'of a task: the run that holds it',
    claim_id      VARBINARY(64)    NULL COMMENT 'the claim that holds it, by its caller''s id',
    claim_no      INT UNSIGNED     NULL COMMENT 'position in the claim that holds it',
    ready_at      DATETIME(3)      NULL COMMENT 'since when it is ready',
    worker        VARCHAR(64)      NULL COMMENT 'who claimed it last',
    last_error    VARCHAR(1000)    NULL COMMENT 'the last fault that a worker could report',
    PRIMARY KEY (id),
    UNIQUE KEY unit (task_id, kind, run, part),
    KEY lane (queue, state, station_id, is_rework, turn),
    KEY turn (queue, state, turn),
    KEY due (state, due_at, queue),
    -- A claim that is sent twice at once meets itself: the second one reads what the first took.
    UNIQUE KEY claim (queue, claim_id, claim_no),
    -- The chunks of batches: lanes of one state, station and job are skipped through, and each is read in the order of due_at.
    KEY chunk_due (kind, state, station_id, queue, due_at)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The calls to a target that may be open at once, a row each, so that a target that hangs takes nobody else's place. A place whose
-- call has died is free again after `until`.
CREATE TABLE tbl_call_place (
    target VARCHAR(33)      NOT NULL COMMENT 'as queue of tbl_work',
    no     TINYINT UNSIGNED NOT NULL COMMENT 'of the place, from 1',
    calls  INT UNSIGNED     NOT NULL DEFAULT 0 COMMENT 'how often it was taken: the fence of its holder',
    until  DATETIME(3)      NOT NULL COMMENT 'taken until then',
    PRIMARY KEY (target, no)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- Queues of plain tasks and their policies. A change counts for every task that has none of its own, also for waiting ones.
CREATE TABLE tbl_task_queue (
    name                VARCHAR(32)       NOT NULL COMMENT 'as task/add names it',
    mode                VARCHAR(4)        NOT NULL DEFAULT 'pull' COMMENT 'pull, sqs or push',
    timeout             INT UNSIGNED      NOT NULL DEFAULT 900 COMMENT 'seconds a run may be silent before it counts as dead',
    max_attempts        INT UNSIGNED      NOT NULL DEFAULT 5 COMMENT 'runs before a task ends as failed',
    backoff_first       INT UNSIGNED      NOT NULL DEFAULT 10 COMMENT 'longest wait before the second run, in seconds',
    backoff_longest     INT UNSIGNED      NOT NULL DEFAULT 3600 COMMENT 'longest wait before any run',
    concurrency         INT UNSIGNED      NOT NULL DEFAULT 0 COMMENT 'runs in work at once; 0: any number',
    station_concurrency INT UNSIGNED      NOT NULL DEFAULT 0 COMMENT 'the same of one station; 0: any number',
    paused              TINYINT(1)        NOT NULL DEFAULT 0 COMMENT '1: no run is claimed',
    creat_time          DATETIME(3)       NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT 'when it was declared',
    modify_time         DATETIME(3)       NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT 'when its policy last changed',
    PRIMARY KEY (name)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The target of a queue in mode push: a URL and the name of the secret that its requests are signed with, never the secret.
CREATE TABLE tbl_task_target (
    queue       VARCHAR(32)   NOT NULL COMMENT 'the queue',
    url         VARCHAR(1000) NOT NULL COMMENT 'called for each run',
    secret      VARCHAR(64)   NOT NULL COMMENT 'the name of a secret',
    modify_time DATETIME(3)   NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT 'when it last changed',
    PRIMARY KEY (queue)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The last 20 ended runs of a dispatched task. The run in work is the unit's row.
CREATE TABLE tbl_task_run (
    task_id    BIGINT        NOT NULL COMMENT 'its task',
    run_count  INT UNSIGNED  NOT NULL COMMENT 'the number of the run, over all lives of the task',
    attempt    INT UNSIGNED  NOT NULL COMMENT 'the number of the run in its life of the task',
    started_at DATETIME(3)   NULL COMMENT 'when it was claimed',
    ended_at   DATETIME(3)   NOT NULL COMMENT 'when it finished, failed, was lost or was cancelled',
    worker     VARCHAR(64)   NULL COMMENT 'the worker that claimed it',
    error      VARCHAR(1000) NULL COMMENT 'NULL: it finished the task',
    PRIMARY KEY (task_id, run_count)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

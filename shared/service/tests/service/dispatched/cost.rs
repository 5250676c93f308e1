//! The server's cost of a worker's calls: the same with a backlog of tens of thousands and with none.

use task_service::sqs::TaskQueues;
use task_store::testing::with_database;

use super::*;

/// Tasks that wait, of 50 stations, and as many that have ended.
const BACKLOG: i64 = 20_000;

/// Stores a backlog in few statements.
async fn fill(fresh: &TestDatabase) {
    let digits = "(SELECT 0 n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 \
        UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)";
    let numbers = format!(
        "(SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n AS n \
         FROM {digits} a, {digits} b, {digits} c, {digits} d, {digits} e) numbers WHERE n < {}",
        2 * BACKLOG
    );
    let statements = [
        format!(
            "INSERT INTO tbl_async_task (station_id, name, input, queue, status, outcome, id_scope) \
             SELECT CONCAT('S', n MOD 50), 'n', '{{}}', 'report', IF(n < {BACKLOG}, 1, 3), IF(n < {BACKLOG}, NULL, 'failed'), '' \
             FROM {numbers}"
        ),
        "INSERT INTO tbl_work (kind, queue, station_id, task_id, state, turn, due_at, ready_at) \
         SELECT 2, queue, station_id, id, 0, id, '9999-12-31', NOW(3) FROM tbl_async_task WHERE status = 1"
            .to_owned(),
        "ANALYZE TABLE tbl_async_task, tbl_work".to_owned(),
    ];
    for sql in &statements {
        execute(fresh, sql).await;
    }
}

/// A session that counts the rows and index entries the server reads, and the statements it gets.
struct Counting(TestDatabase);

impl Counting {
    fn of(fresh: &TestDatabase) -> Self {
        Self(TestDatabase {
            database: fresh.another(1),
            url: fresh.url.clone(),
        })
    }

    async fn status(&self, name: &str) -> u64 {
        let sql = format!("SHOW SESSION STATUS LIKE '{name}'");
        let read = async |c: &mut _| {
            let rows: Vec<(String, String)> = sqlx::query_as(&sql).fetch_all(c).await?;
            // What is read of JSON_TABLE and of sorted pages is not the table's.
            let counted = rows.iter().filter(|(name, _)| !name.contains("rnd"));
            Ok::<u64, StoreError>(counted.map(|(_, n)| n.parse::<u64>().unwrap()).sum())
        };
        self.0.database.run(read).await.unwrap()
    }

    /// Rows and index entries that a call reads, and its statements.
    async fn cost<T>(&self, call: impl AsyncFnOnce(&TestDatabase) -> T) -> (T, u64, u64) {
        let (reads, asked) = (
            self.status("Handler_read%").await,
            self.status("Questions").await,
        );
        let end = call(&self.0).await;
        // The counts count themselves.
        let asked = self.status("Questions").await - asked - 1;
        (end, self.status("Handler_read%").await - reads, asked)
    }
}

#[tokio::test]
async fn the_calls_of_a_worker_cost_no_more_for_a_long_backlog() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        fill(fresh).await;
        let counting = Counting::of(fresh);
        counting.cost(async |f| claim(f, 1).await).await;
        let (claimed, reads, asked) = counting.cost(async |f| claim(f, 10).await).await;
        println!("claim of 10: {reads} reads, {asked} statements");
        assert!(
            reads < 150 && asked <= 6,
            "claim: {reads} reads, {asked} statements"
        );
        let id = TaskId::parse(&claimed[0]["task_id"].to_string()).unwrap();
        let run = Some(1);
        let (_, reads, asked) = counting
            .cost(async |f| beat(f, id, run).await.unwrap())
            .await;
        println!("heartbeat: {reads} reads, {asked} statements");
        assert!(
            reads < 10 && asked == 2,
            "heartbeat: {reads} reads, {asked} statements"
        );
        let ((), reads, asked) = counting
            .cost(async |f| finish(f, id, run).await.unwrap())
            .await;
        println!("finish: {reads} reads, {asked} statements");
        assert!(
            reads < 70 && asked <= 6,
            "finish: {reads} reads, {asked} statements"
        );
        let waiting = count(fresh, "SELECT MAX(task_id) FROM tbl_work WHERE state = 0").await;
        let waiting = TaskId::parse(&waiting.to_string()).unwrap();
        let (_, reads, asked) = counting
            .cost(async |f| start(f, waiting).await.unwrap())
            .await;
        println!("start: {reads} reads, {asked} statements");
        assert!(
            reads < 60 && asked <= 3,
            "start: {reads} reads, {asked} statements"
        );
        let (_, reads, asked) = counting.cost(async |f| add(f, "S7").await).await;
        println!("add: {reads} reads, {asked} statements");
        assert!(
            reads < 40 && asked <= 5,
            "add: {reads} reads, {asked} statements"
        );
        let (_, reads, asked) = counting.cost(async |f| sweep(f).await).await;
        println!("sweep: {reads} reads, {asked} statements");
        assert!(reads < 100, "sweep: {reads} reads, {asked} statements");
    })
    .await;
}

#[tokio::test]
async fn a_full_station_costs_no_look_at_its_backlog() {
    with_database(async |fresh| {
        let change = PolicyChange {
            station_concurrency: Some(1),
            ..PolicyChange::default()
        };
        declare(fresh, change).await;
        fill(fresh).await;
        assert_eq!(claim(fresh, 40).await.len(), 40, "one of each station");
        let counting = Counting::of(fresh);
        counting.cost(async |f| claim(f, 1).await).await;
        let (claimed, reads, _) = counting.cost(async |f| claim(f, 20).await).await;
        println!("claim beside full stations: {reads} reads");
        assert_eq!(claimed.len(), 9);
        // MariaDB may group by reading what waits of the queue, and no more than that.
        let is_maria_db = count(fresh, "SELECT VERSION() LIKE '%MariaDB%'").await == 1;
        let most = if is_maria_db { 45_000 } else { 1_500 };
        assert!(reads < most, "{reads}");
    })
    .await;
}

#[tokio::test]
async fn what_waits_in_a_paused_queue_costs_no_sweep_anything() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        fill(fresh).await;
        let paused = [
            "INSERT INTO tbl_task_queue (name, mode, timeout, max_attempts, backoff_first, backoff_longest, concurrency, \
               station_concurrency, paused) \
             VALUES ('other', 'sqs', 900, 5, 10, 3600, 0, 0, 0), ('third', 'sqs', 900, 5, 10, 3600, 0, 0, 0)",
            "UPDATE tbl_task_queue SET mode = 'sqs', paused = 1 WHERE name = 'report'",
            "UPDATE tbl_work SET due_at = NOW(3) - INTERVAL 1 SECOND, announcements = 1",
        ];
        for sql in paused {
            execute(fresh, sql).await;
        }
        let queues = TaskQueues::new(SqsNames::parse("report,other,third").unwrap(), "");
        let announce = async |f: &TestDatabase| {
            let announced = runs::announce_due(&f.database, &queues, Deadline::default()).await;
            announced.unwrap()
        };
        assert_eq!(announce(fresh).await, 0);
        execute(fresh, "ANALYZE TABLE tbl_work").await;
        let counting = Counting::of(fresh);
        counting.cost(async |f| sweep(f).await).await;
        let (_, reads, asked) = counting.cost(async |f| sweep(f).await).await;
        println!("sweep beside a paused queue: {reads} reads, {asked} statements");
        assert!(reads < 100, "sweep: {reads} reads");
        let (_, reads, asked) = counting.cost(announce).await;
        println!("announce beside a paused queue: {reads} reads, {asked} statements");
        assert!(reads < 100, "announce: {reads} reads");
        execute(fresh, "UPDATE tbl_task_queue SET paused = 0 WHERE name = 'report'").await;
        let take = async |c: &mut _| task_store::work::take_unannounced(c, "report", 500).await;
        let taken = fresh.database.transaction(take).await.unwrap();
        assert_eq!(taken.len(), 500, "they are announced when it goes on");
    })
    .await;
}

#[tokio::test]
async fn a_start_by_its_run_is_two_statements_and_a_claim_six() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let ids = [add(fresh, "T1").await, add(fresh, "T2").await];
        let counting = Counting::of(fresh);
        let start = async |f: &TestDatabase| {
            let started = tasks::start(&f.database, &key(ids[1]), Some(1), &TimeZone::UTC).await;
            json!(started.unwrap())
        };
        let (started, _, asked) = counting.cost(start).await;
        assert_eq!(
            json!([started["status"], started["run_count"], asked]),
            json!([2, 1, 2])
        );
        let (claimed, _, asked) = counting.cost(async |f| claim(f, 1).await).await;
        assert_eq!(
            (claimed.len(), asked),
            (1, 6),
            "look, begin, find, lease, read, commit"
        );
    })
    .await;
}

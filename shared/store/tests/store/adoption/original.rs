//! A table as the original has it, and beside it a mirror, to which every write of the original's software goes, too.

use sqlx::{Connection as _, Executor as _, Row as _};
use task_store::Connection;
use task_store::testing::TestDatabase;

use crate::support::{execute, read_number};

/// The statement that creates the original's table under a name.
pub(super) fn original_table(name: &str) -> String {
    format!(
        "CREATE TABLE {name} (
            id bigint NOT NULL,
            user_task_id varchar(64) DEFAULT NULL,
            name varchar(64) NOT NULL,
            station_id varchar(16) NOT NULL,
            input text,
            result json DEFAULT NULL,
            status tinyint NOT NULL,
            `repeat` tinyint(1) NOT NULL,
            message_show tinyint(1) NOT NULL,
            run_count int NOT NULL,
            type int NOT NULL,
            creat_time datetime NOT NULL,
            modify_time datetime NOT NULL,
            start_time datetime DEFAULT NULL,
            end_time datetime DEFAULT NULL,
            PRIMARY KEY (id)
        ) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4"
    )
}

/// Creates the original's table and its mirror.
pub(super) async fn create(fresh: &TestDatabase) {
    for table in ["tbl_async_task", "mirror"] {
        execute(fresh, &original_table(table)).await;
    }
}

/// Fills both with the same rows: a fifth without an own id, a tenth that share theirs with others.
pub(super) async fn fill(fresh: &TestDatabase, rows: u32) {
    let mut connection = Connection::connect(&fresh.url).await.unwrap();
    let digits = "(SELECT 0 d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 \
        UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)";
    let numbers = format!(
        "SELECT a.d + 10 * b.d + 100 * c.d + 1000 * d.d + 10000 * e.d AS part \
         FROM {digits} a, {digits} b, {digits} c, {digits} d, {digits} e"
    );
    for from in (0..rows).step_by(100_000) {
        let to = rows.min(from + 100_000);
        let sql = format!(
            "INSERT INTO mirror
             SELECT n * 3 + 7,
               CASE WHEN n % 5 = 0 THEN NULL WHEN n % 10 = 1 THEN CONCAT('shared-', n % ({rows} DIV 30 + 1)) ELSE CONCAT('task-', n) END,
               CONCAT('导出 ', n), CONCAT('T', n % 40), IF(n % 7 = 0, NULL, REPEAT('输入', n % 50)),
               CASE n % 3 WHEN 0 THEN NULL WHEN 1 THEN JSON_OBJECT('msg', 'ok', 'n', n) ELSE JSON_OBJECT('outcome', 'failed') END,
               n % 3 + 1, n % 2, 1, n % 4, n % 9, NOW() - INTERVAL n SECOND, NOW() - INTERVAL n SECOND,
               IF(n % 3 = 0, NULL, NOW()), IF(n % 3 = 2, NOW(), NULL)
             FROM (SELECT {from} + part AS n FROM ({numbers}) parts WHERE part < {to} - {from}) numbers ORDER BY n"
        );
        connection.execute(&*sql).await.unwrap();
    }
    let copy = "INSERT INTO tbl_async_task SELECT * FROM mirror";
    connection.execute(copy).await.unwrap();
}

/// Asserts that the new table has every row of the mirror, as it is there but for the ids that newer rows have, and that these
/// are listed.
pub(super) async fn assert_adopted(fresh: &TestDatabase) {
    let count =
        async |table: &str| read_number(fresh, &format!("SELECT COUNT(*) FROM {table}")).await;
    assert_eq!(count("tbl_async_task").await, count("mirror").await);
    let mut connection = Connection::connect(&fresh.url).await.unwrap();
    let newest = "CREATE TEMPORARY TABLE newest (own_id VARCHAR(64) COLLATE utf8mb4_bin NOT NULL PRIMARY KEY, id BIGINT NOT NULL) \
        SELECT MAX(user_task_id) AS own_id, MAX(id) AS id FROM mirror WHERE user_task_id IS NOT NULL GROUP BY user_task_id COLLATE utf8mb4_bin";
    connection.execute(newest).await.unwrap();
    let differing = "
        SELECT m.id AS id, CONCAT_WS(' / ', m.user_task_id, t.user_task_id, n.id, m.status, t.status, t.outcome, m.end_time, t.end_time) AS row_text
        FROM mirror m
        LEFT JOIN newest n ON n.own_id = m.user_task_id COLLATE utf8mb4_bin
        LEFT JOIN tbl_async_task t ON t.id = m.id
          AND t.user_task_id <=> IF(n.id = m.id, m.user_task_id COLLATE utf8mb4_bin, NULL)
          AND t.name <=> m.name COLLATE utf8mb4_bin AND t.station_id <=> m.station_id COLLATE utf8mb4_bin
          AND t.input <=> m.input COLLATE utf8mb4_bin
          AND CAST(t.result AS CHAR) COLLATE utf8mb4_bin <=> CAST(m.result AS CHAR) COLLATE utf8mb4_bin
          AND t.status = m.status AND t.`repeat` = m.`repeat` AND t.message_show = m.message_show
          AND t.run_count = m.run_count AND t.type = m.type
          AND t.creat_time = m.creat_time AND t.modify_time = m.modify_time
          AND t.start_time <=> m.start_time AND t.end_time <=> m.end_time
          AND (t.outcome IS NOT NULL) = (t.status = 3)
        WHERE t.id IS NULL LIMIT 3";
    let rows = connection.fetch_all(differing).await.unwrap();
    let texts: Vec<String> = rows
        .iter()
        .map(|row| row.try_get_unchecked("row_text").unwrap())
        .collect();
    assert_eq!(texts, Vec::<String>::new());
    let unlisted = "
        SELECT COUNT(*) FROM mirror m JOIN newest n ON n.own_id = m.user_task_id COLLATE utf8mb4_bin
        LEFT JOIN tbl_adopted a ON a.id = m.id AND a.user_task_id = m.user_task_id COLLATE utf8mb4_bin
        WHERE (n.id <> m.id) <> (a.id IS NOT NULL)";
    let unlisted = connection.fetch_one(unlisted).await.unwrap();
    assert_eq!(unlisted.try_get_unchecked::<i64, _>(0).unwrap(), 0);
}

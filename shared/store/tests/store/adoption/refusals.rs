//! Tables and rows that cannot be adopted are named; what a row is mapped to is said in docs/ADOPTING.md.

use task_store::testing::{TestDatabase, with_empty_database};

use super::adopt;
use super::original::{assert_adopted, create, fill, original_table};
use crate::support::{execute, read, read_number};

async fn refusal(fresh: &TestDatabase) -> String {
    let fault = adopt(fresh, None).await.unwrap_err();
    assert!(!fault.is_retryable());
    fault.to_string()
}

#[tokio::test]
async fn a_table_that_a_copy_would_take_something_from_is_refused_before_anything_is_changed() {
    for (change, back, words) in [
        (
            "ALTER TABLE tbl_async_task ADD COLUMN colour INT",
            "ALTER TABLE tbl_async_task DROP COLUMN colour",
            "column colour",
        ),
        (
            "ALTER TABLE tbl_async_task MODIFY input BLOB",
            "ALTER TABLE tbl_async_task MODIFY input TEXT",
            "column input of tbl_async_task is of type blob",
        ),
        (
            "ALTER TABLE tbl_async_task ENGINE = MyISAM",
            "ALTER TABLE tbl_async_task ENGINE = InnoDB",
            "engine InnoDB",
        ),
        (
            "ALTER TABLE tbl_async_task DROP PRIMARY KEY, ADD KEY (id)",
            "ALTER TABLE tbl_async_task ADD PRIMARY KEY (id)",
            "primary key",
        ),
        (
            "CREATE TRIGGER theirs BEFORE INSERT ON tbl_async_task FOR EACH ROW SET NEW.name = 'x'",
            "DROP TRIGGER theirs",
            "triggers of its own",
        ),
        (
            "CREATE TABLE child (id BIGINT, FOREIGN KEY (id) REFERENCES tbl_async_task (id))",
            "DROP TABLE child",
            "foreign keys",
        ),
        (
            "CREATE TABLE tbl_async_task_original (id BIGINT)",
            "DROP TABLE tbl_async_task_original",
            "tbl_async_task_original exists already",
        ),
        (
            "CREATE TABLE tbl_work (id BIGINT)",
            "DROP TABLE tbl_work",
            "table tbl_work exists already",
        ),
    ] {
        with_empty_database(async |fresh| {
            create(fresh).await;
            fill(fresh, 20).await;
            execute(fresh, change).await;
            let text = refusal(fresh).await;
            assert!(text.contains(words), "{change}: {text}");
            assert!(text.contains("nothing was changed"), "{change}: {text}");
            let made = "SELECT COUNT(*) FROM information_schema.tables \
                WHERE table_schema = DATABASE() AND table_name LIKE 'tbl_adopt%'";
            assert_eq!(read_number(fresh, made).await, 0, "{change}");
            execute(fresh, back).await;
            adopt(fresh, None).await.unwrap();
            assert_adopted(fresh).await;
        })
        .await;
    }
}

#[tokio::test]
async fn a_table_of_this_name_that_is_not_the_originals_is_refused() {
    with_empty_database(async |fresh| {
        execute(fresh, "CREATE TABLE tbl_async_task (id BIGINT PRIMARY KEY)").await;
        let text = refusal(fresh).await;
        assert!(text.contains("neither ours nor the original"), "{text}");
    })
    .await;
}

#[tokio::test]
async fn a_row_that_cannot_be_kept_is_named_and_the_adoption_goes_on_once_it_is_mended() {
    with_empty_database(async |fresh| {
        let wide = "ALTER TABLE tbl_async_task MODIFY user_task_id VARCHAR(200), MODIFY name VARCHAR(200) NULL, \
            MODIFY station_id VARCHAR(200) NULL, MODIFY result LONGTEXT, MODIFY input LONGTEXT, MODIFY status INT NULL, \
            MODIFY `repeat` INT NULL, MODIFY run_count BIGINT NULL, MODIFY type INT NULL";
        create(fresh).await;
        execute(fresh, wide).await;
        fill(fresh, 250).await;
        for (value, words) in [
            ("user_task_id = REPEAT('x', 65)", "user_task_id has more than 64"),
            ("name = NULL", "name is NULL"),
            ("name = REPEAT('名', 65)", "name has more than 64"),
            ("station_id = 'a-station-of-17-c'", "station_id has more than 16"),
            ("status = 7", "status is not 1, 2 or 3"),
            ("status = NULL", "status is not 1, 2 or 3"),
            ("`repeat` = NULL", "repeat is NULL"),
            ("run_count = 3000000000", "run_count is out of range"),
            ("type = NULL", "type is NULL"),
            ("result = 'no json'", "result is no JSON"),
            ("input = REPEAT('x', 9000000)", "more than 8 MiB"),
            ("creat_time = '0000-00-00 00:00:00'", "creat_time is no date"),
            ("modify_time = '2026-00-01 00:00:00'", "modify_time is no date"),
        ] {
            execute(fresh, &format!("UPDATE tbl_async_task SET {value} WHERE id = 607")).await;
            let text = refusal(fresh).await;
            assert!(text.contains(words) && text.contains("row 607"), "{value}: {text}");
            let mended = "REPLACE INTO tbl_async_task SELECT * FROM mirror WHERE id = 607";
            execute(fresh, mended).await;
        }
        adopt(fresh, None).await.unwrap();
        assert_adopted(fresh).await;
    })
    .await;
}

#[tokio::test]
async fn texts_in_any_character_set_keep_their_characters() {
    for charset in ["latin1", "utf8mb3", "gbk"] {
        with_empty_database(async |fresh| {
            let table = original_table("tbl_async_task").replace("utf8mb4", charset);
            execute(fresh, &table).await;
            let text = if charset == "latin1" { "café" } else { "导出" };
            execute(
                fresh,
                &format!(
                    "INSERT INTO tbl_async_task VALUES (1, '{text}', '{text}', 'T1', '{text}', NULL, 1, 0, 1, 0, 0, NOW(), NOW(), NULL, NULL), \
                       (2, '{text}', '{text}', 'T1', '{text}', '{{\"msg\": \"ok\"}}', 3, 0, 1, 0, 0, NOW(), NOW(), NULL, NOW())"
                ),
            )
            .await;
            adopt(fresh, None).await.unwrap();
            let row = "SELECT GROUP_CONCAT(CONCAT_WS('/', id, user_task_id, name, input) ORDER BY id SEPARATOR ' ') FROM tbl_async_task";
            let expected = format!("1/{text}/{text} 2/{text}/{text}/{text}");
            assert_eq!(read(fresh, row).await, Some(expected), "{charset}");
        })
        .await;
    }
}

#[tokio::test]
async fn what_this_service_cannot_hold_as_it_is_becomes_what_it_means() {
    with_empty_database(async |fresh| {
        create(fresh).await;
        execute(
            fresh,
            "INSERT INTO tbl_async_task VALUES \
               (1, '', 'empty id', 'T1', NULL, NULL, 1, 0, 1, 0, 0, NOW(), NOW(), '0000-00-00 00:00:00', '0000-00-00 00:00:00'), \
               (2, '', 'ended', 'T1', NULL, NULL, 3, 2, 1, 0, 0, NOW(), '2026-01-01 00:00:00', NULL, NULL), \
               (3, 'Id', 'open', 'T1', NULL, NULL, 2, 0, 1, 0, 0, NOW(), NOW(), NULL, NOW()), \
               (4, 'id', 'case', 'T1', NULL, '[1]', 3, 0, 1, 0, 0, NOW(), NOW(), NULL, '2026-01-01 00:00:00')",
        )
        .await;
        adopt(fresh, None).await.unwrap();
        let row = "SELECT GROUP_CONCAT(CONCAT_WS('/', id, COALESCE(user_task_id, '-'), COALESCE(start_time, '-'), \
               COALESCE(end_time, '-'), COALESCE(outcome, '-'), `repeat`) ORDER BY id SEPARATOR ' | ') FROM tbl_async_task";
        assert_eq!(
            read(fresh, row).await.as_deref(),
            Some(
                "1/-/-/-/-/0 | 2/-/-/2026-01-01 00:00:00.000/success/1 | 3/Id/-/-/-/0 | 4/id/-/2026-01-01 00:00:00.000/success/0"
            )
        );
        assert_eq!(read_number(fresh, "SELECT COUNT(*) FROM tbl_adopted").await, 0);
    })
    .await;
}

#[tokio::test]
async fn an_adoption_that_may_make_no_triggers_says_which_right_it_needs() {
    with_empty_database(async |fresh| {
        create(fresh).await;
        let name = read(fresh, "SELECT DATABASE()").await.unwrap();
        let user = format!("CREATE USER '{name}'@'%' IDENTIFIED BY 'p'");
        execute(fresh, &user).await;
        let rights = format!(
            "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, LOCK TABLES ON {name}.* TO '{name}'@'%'"
        );
        execute(fresh, &rights).await;
        let limited = fresh.by(&name, "p");
        let fault = task_store::migrate(&limited).await.unwrap_err();
        assert!(fault.to_string().contains("the right TRIGGER"), "{fault}");
    })
    .await;
}

//! Adding the tasks of schedules.

use super::*;

#[tokio::test]
async fn the_task_of_an_instant_is_added_up_to_a_minute_ahead_and_starts_then() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let database = clock(fresh, "2026-11-28 09:58:00").await;
        set(&database, "hourly", &by("0 * * * *")).await.unwrap();
        assert_eq!(add_due(&database).await, AddedBySchedules::default());
        set_clock(&database, "2026-11-28 09:59:00").await;
        assert_eq!(add_due(&database).await.scheduled, 1);
        assert_eq!(add_due(&database).await.scheduled, 0, "once only");
        assert_eq!(ids(fresh).await, ["hourly:2026-11-28T10:00:00Z"]);
        let claimed = claim_as(&database, 5, None).await.unwrap();
        assert_eq!(claimed.len(), 0, "not before its time");
        set_clock(&database, "2026-11-28 10:00:00").await;
        let claimed = claim_as(&database, 5, None).await.unwrap();
        let task = &claimed[0];
        assert_eq!(
            json!([
                task["user_task_id"],
                task["task_name"],
                task["type_id"],
                task["tags"],
                task["created_by"],
                task["max_attempts"]
            ]),
            json!(["hourly:2026-11-28T10:00:00Z", "报表", 7, ["月报"], "erp", 5])
        );
        let shown = shown(&database, "hourly").await;
        assert_eq!(
            json!([shown["last_instant"], shown["last_error"], shown["next"][0]]),
            json!(["2026-11-28 10:00:00", null, "2026-11-28 11:00:00"])
        );
    })
    .await;
}

#[tokio::test]
async fn a_clock_that_steps_back_adds_nothing_twice() {
    with_database(async |fresh| {
        declare_without_wait(fresh).await;
        let repeatable = New {
            repeat: true,
            ..New::of("T1")
        };
        let change = ScheduleChange {
            task: Some(ScheduledTask::of(&repeatable.request()).unwrap()),
            ..by("* * * * *")
        };
        let database = clock(fresh, "2026-11-28 09:59:30").await;
        set(&database, "often", &change).await.unwrap();
        for time in [
            "10:00:00", "10:01:00", "09:59:00", "10:00:59", "10:02:00", "09:00:00", "10:02:01",
        ] {
            set_clock(&database, &format!("2026-11-28 {time}")).await;
            add_due(&database).await;
            for task in claim_as(&database, 10, None).await.unwrap() {
                let id = TaskId::parse(&task["task_id"].to_string()).unwrap();
                finish(fresh, id, None).await.unwrap();
            }
        }
        let instants =
            ["10:00", "10:01", "10:02", "10:03"].map(|at| format!("often:2026-11-28T{at}:00Z"));
        assert_eq!(ids(fresh).await, instants);
        let runs = count(
            fresh,
            "SELECT CAST(MAX(run_count) AS SIGNED) FROM tbl_async_task",
        )
        .await;
        assert_eq!(runs, 1);
    })
    .await;
}

#[tokio::test]
async fn of_missed_instants_the_last_runs_or_none_as_the_schedule_says() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let database = clock(fresh, "2026-11-27 10:00:00").await;
        set(&database, "once", &by("*/10 * * * *")).await.unwrap();
        let skip = ScheduleChange {
            misfire: Some(Misfire::Skip),
            ..by("*/10 * * * *")
        };
        set(&database, "skip", &skip).await.unwrap();
        set_clock(&database, "2026-11-28 10:14:00").await;
        assert_eq!(add_due(&database).await.scheduled, 1);
        assert_eq!(ids(fresh).await, ["once:2026-11-28T10:10:00Z"]);
        for schedule in ["once", "skip"] {
            let shown = shown(&database, schedule).await;
            assert_eq!(shown["last_instant"], "2026-11-28 10:10:00", "{schedule}");
        }
        set_clock(&database, "2026-11-28 10:21:50").await;
        assert_eq!(
            add_due(&database).await.scheduled,
            2,
            "a little late is not missed"
        );
    })
    .await;
}

#[tokio::test]
async fn a_thousand_schedules_due_at_once_are_added_once_by_two_housekeepers() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let first = clock(fresh, "2026-11-28 02:00:00").await;
        set(&first, "s", &by("0 3 * * *")).await.unwrap();
        many(fresh).await;
        let second = clock(fresh, "2026-11-28 02:59:30").await;
        set_clock(&first, "2026-11-28 02:59:30").await;
        let (one, other) = tokio::join!(add_due(&first), add_due(&second));
        assert_eq!(one.scheduled + other.scheduled, 1_001);
        assert_eq!(
            count(
                fresh,
                "SELECT COUNT(DISTINCT user_task_id) FROM tbl_async_task"
            )
            .await,
            1_001
        );
        assert_eq!(
            (units(fresh).await, add_due(&first).await.scheduled),
            (1_001, 0)
        );
    })
    .await;
}

/// Stores a thousand schedules like the one there is.
pub(super) async fn many(fresh: &TestDatabase) {
    let digits = "JSON_TABLE('[0,1,2,3,4,5,6,7,8,9]', '$[*]' COLUMNS (d INT PATH '$'))";
    let copy = format!(
        "INSERT INTO tbl_task_schedule (name, station_id, cron, time_zone, misfire, enabled, task, next_at)
         SELECT CONCAT('s', a.d, b.d, c.d), station_id, cron, time_zone, misfire, 1, task, next_at
         FROM tbl_task_schedule JOIN {digits} a JOIN {digits} b JOIN {digits} c"
    );
    execute(fresh, &copy).await;
}

#[tokio::test]
async fn a_poisoned_schedule_harms_no_neighbour_and_shows_why() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let database = clock(fresh, "2026-11-28 02:00:00").await;
        for schedule in ["bad-constraint", "bad-cron", "bad-id", "bad-task", "bad-zone", "good1", "good2"] {
            set(&database, schedule, &by("0 3 * * *")).await.unwrap();
        }
        New::named("bad-id:2026-11-28T03:00:00Z").add(fresh).await.unwrap();
        for sql in [
            "UPDATE tbl_async_task SET name = 'taken'",
            "ALTER TABLE tbl_async_task ADD CONSTRAINT no_evil CHECK (user_task_id NOT LIKE 'bad-constraint%')",
            "UPDATE tbl_task_schedule SET cron = 'x' WHERE name = 'bad-cron'",
            "UPDATE tbl_task_schedule SET time_zone = 'Mars/Olympus' WHERE name = 'bad-zone'",
            "UPDATE tbl_task_schedule SET task = '[]' WHERE name = 'bad-task'",
        ] {
            execute(fresh, sql).await;
        }
        set_clock(&database, "2026-11-28 02:59:30").await;
        let added = add_due(&database).await;
        assert_eq!((added.scheduled, added.schedules_refused), (2, 5));
        let good = ids(fresh).await.into_iter().filter(|id| id.starts_with("good"));
        assert_eq!(good.count(), 2);
        for (schedule, why, next) in [
            ("bad-constraint", "bad-constraint:2026-11-28T03:00:00Z: the database does not take this task", true),
            ("bad-cron", "set the schedule again", false),
            ("bad-id", "TASK_CONFLICT", true),
            ("bad-task", "set the schedule again", false),
            ("bad-zone", "time zone Mars/Olympus is not known", false),
        ] {
            let shown = shown(&database, schedule).await;
            assert!(shown["last_error"].as_str().unwrap().contains(why), "{shown}");
            assert_eq!(shown["next"].as_array().unwrap().len(), if next { 5 } else { 0 }, "{schedule}");
        }
        assert_eq!(add_due(&database).await, AddedBySchedules::default(), "each was come to");
        set(&database, "bad-zone", &by("0 3 * * *")).await.unwrap();
        assert_eq!(add_due(&database).await.scheduled, 1, "mended by setting it again");
    })
    .await;
}

#[tokio::test]
async fn a_disabled_schedule_adds_nothing_until_it_is_enabled() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let database = clock(fresh, "2026-11-28 09:59:30").await;
        let switch = |enabled| ScheduleChange {
            enabled: Some(enabled),
            ..by("* * * * *")
        };
        set(&database, "often", &switch(false)).await.unwrap();
        set_clock(&database, "2026-11-28 12:00:30").await;
        assert_eq!(add_due(&database).await.scheduled, 0);
        set(&database, "often", &switch(true)).await.unwrap();
        assert_eq!(add_due(&database).await.scheduled, 1);
        assert_eq!(
            ids(fresh).await,
            ["often:2026-11-28T12:01:00Z"],
            "none of the time before"
        );
    })
    .await;
}

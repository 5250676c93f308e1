//! Schedules: found by their next instant, whatever else is stored.

use task_store::Moment;
use task_store::schedules::{self, Misfire, NewSchedule, Passed, ScheduleFilter, ScheduleName};
use task_store::testing::{TestDatabase, with_database};

use crate::support::{counting_reads, done, execute, read, station};

/// Stores a schedule whose next instant is a second; answers its name.
async fn stored(fresh: &TestDatabase, name: &str, next_at: Option<i64>) {
    let (name, station) = (ScheduleName::parse(name).unwrap(), station("T1"));
    let new = NewSchedule {
        name: &name,
        station: &station,
        cron: "0 3 * * *",
        time_zone: "UTC",
        misfire: Misfire::Skip,
        enabled: true,
        task: "{}",
        next_at: next_at.and_then(Moment::from_seconds),
        passed_to: None,
    };
    done(&fresh.database, async |c| schedules::insert(c, &new).await).await;
}

/// Copies the stored schedules ninefold, their next instants a year away.
async fn filled(fresh: &TestDatabase) {
    for round in 0..3 {
        let copy = format!(
            "INSERT INTO tbl_task_schedule (name, station_id, cron, time_zone, misfire, enabled, task, next_at)
             SELECT CONCAT(name, '-', d, '-{round}'), 'T2', cron, time_zone, misfire, enabled, task, NOW() + INTERVAL 1 YEAR
             FROM tbl_task_schedule JOIN JSON_TABLE('[1,2,3,4,5,6,7,8,9]', '$[*]' COLUMNS (d INT PATH '$')) k"
        );
        execute(fresh, &copy).await;
    }
    execute(fresh, "ANALYZE TABLE tbl_task_schedule").await;
}

#[tokio::test]
async fn due_schedules_are_found_without_a_look_at_the_others() {
    with_database(async |fresh| {
        stored(fresh, "late", Some(1_000)).await;
        stored(fresh, "broken", None).await;
        filled(fresh).await;
        let one = fresh.another(1);
        let take = async |c: &mut _| schedules::take_due(c, 75, 200).await;
        let counted = async |c: &mut _| counting_reads(c, &take).await;
        let (reads, due) = done(&one, counted).await;
        let names: Vec<_> = due.iter().map(|due| due.name.as_str()).collect();
        assert_eq!(names, ["late"]);
        assert!(reads <= 10, "{reads} rows and entries");
        let list = ScheduleFilter {
            station: Some(station("T1")),
            after: None,
        };
        let list = async |c: &mut _| schedules::list(c, &list, 50).await;
        let counted = async |c: &mut _| counting_reads(c, &list).await;
        let (reads, listed) = done(&one, counted).await;
        assert_eq!(listed.len(), 2);
        assert!(reads <= 12, "{reads} rows and entries");
    })
    .await;
}

#[tokio::test]
async fn a_schedule_that_somebody_has_locked_is_left_to_them() {
    with_database(async |fresh| {
        for (name, due) in [("a", 1_000), ("b", 2_000), ("c", 3_000)] {
            stored(fresh, name, Some(due)).await;
        }
        let other = fresh.another(1);
        let taken = fresh.database.transaction(async |c: &mut _| {
            let mine = schedules::take_due(c, 75, 1).await?;
            let theirs = other.transaction(async |c: &mut _| schedules::take_due(c, 75, 5).await);
            Ok::<_, task_store::StoreError>((mine, theirs.await?))
        });
        let (mine, theirs) = taken.await.unwrap();
        assert_eq!(mine[0].name, "a");
        // A server may lock one row more than it answers.
        assert!(theirs.iter().any(|it| it.name == "c"), "{theirs:?}");
        assert!(theirs.iter().all(|it| it.name != "a"), "{theirs:?}");
    })
    .await;
}

#[tokio::test]
async fn how_far_schedules_were_come_is_noted_for_all_at_once() {
    with_database(async |fresh| {
        for name in ["a", "A", "b"] {
            stored(fresh, name, Some(1_000)).await;
        }
        let passed = |name: &str, next: Option<i64>, error: Option<&str>| Passed {
            name: name.to_owned(),
            passed_to: next.and_then(|_| Moment::from_seconds(1_000)),
            next_at: next.and_then(Moment::from_seconds),
            error: error.map(str::to_owned),
        };
        let long = "字".repeat(2_000);
        let all = [
            passed("a", Some(1_060), None),
            passed("b", None, Some(&long)),
        ];
        done(&fresh.database, async |c| schedules::pass(c, &all).await).await;
        let rows = "SELECT GROUP_CONCAT(CONCAT_WS(' ', name, TIMESTAMPDIFF(SECOND, '1970-01-01', next_at),
              TIMESTAMPDIFF(SECOND, '1970-01-01', passed_to), CHAR_LENGTH(last_error)) ORDER BY name SEPARATOR ', ')
            FROM tbl_task_schedule";
        let rows = read(fresh, rows).await.unwrap();
        assert_eq!(rows, "A 1000, a 1060 1000, b 1000");
    })
    .await;
}

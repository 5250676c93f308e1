//! Setting, listing and deleting schedules.

use task_store::callbacks::CallbackName;

use super::*;

#[tokio::test]
async fn a_schedule_is_set_whole_and_changed_member_by_member() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let database = clock(fresh, "2026-11-28 10:00:30").await;
        let set = set(&database, "daily", &by("0 3 * * *")).await.unwrap();
        let next: Vec<_> = (29..=33)
            .map(|day| match day {
                31.. => format!("2026-12-0{} 03:00:00", day - 30),
                _ => format!("2026-11-{day} 03:00:00"),
            })
            .collect();
        assert_eq!(set["next"], json!(next));
        assert_eq!(
            json!([set["misfire"], set["enabled"], set["time_zone"], set["station_id"], set["last_instant"]]),
            json!(["once", true, "UTC", "T1", null])
        );
        assert_eq!(
            set["task"],
            json!({"station_id": "T1", "task_name": "报表", "input": "{}", "type_id": 7, "repeat": false, "message_show": true,
                "tags": ["月报"], "created_by": "erp", "queue": "report", "timeout": null, "max_attempts": null})
        );
        let change = ScheduleChange {
            time_zone: Some("Asia/Shanghai".to_owned()),
            misfire: Some(Misfire::Skip),
            ..ScheduleChange::default()
        };
        let changed = super::set(&database, "daily", &change).await.unwrap();
        assert_eq!(
            json!([changed["cron"], changed["misfire"], changed["next"][0]]),
            json!(["0 3 * * *", "skip", "2026-11-28 19:00:00"])
        );
        let off = ScheduleChange {
            enabled: Some(false),
            ..ScheduleChange::default()
        };
        let off = super::set(&database, "daily", &off).await.unwrap();
        assert_eq!(json!([off["enabled"], off["next"]]), json!([false, []]));
        assert!(schedules::delete(&database, &name("daily")).await.unwrap());
        assert!(!schedules::delete(&database, &name("daily")).await.unwrap());
        assert_eq!(shown(&database, "daily").await, Value::Null);
    })
    .await;
}

#[tokio::test]
async fn a_schedule_that_cannot_be_is_refused_by_the_name_of_what_is_wrong() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let other = |change: fn(&mut ScheduleChange)| {
            let mut schedule = by("* * * * *");
            change(&mut schedule);
            schedule
        };
        for (change, code, named) in [
            (by("0 0 30 2 *"), ErrorCode::ParamInvalid, "never runs"),
            (by("61 * * * *"), ErrorCode::ParamInvalid, "minute"),
            (other(|it| it.cron = None), ErrorCode::ParamMissing, "cron"),
            (other(|it| it.task = None), ErrorCode::ParamMissing, "task"),
            (
                other(|it| it.time_zone = Some("Mars/Olympus".to_owned())),
                ErrorCode::ParamInvalid,
                "time_zone",
            ),
            (
                other(|it| it.task = Some(elsewhere())),
                ErrorCode::ParamInvalid,
                "queue",
            ),
            (
                other(|it| it.task = Some(told_nowhere())),
                ErrorCode::ParamInvalid,
                "callback",
            ),
        ] {
            let refused = set(&fresh.database, "bad", &change).await.unwrap_err();
            assert_eq!(refused.code(), code, "{refused}");
            assert!(refused.to_string().contains(named), "{refused}");
        }
        assert_eq!(
            count(fresh, "SELECT COUNT(*) FROM tbl_task_schedule").await,
            0
        );
    })
    .await;
}

/// A task for a queue that is not declared.
fn elsewhere() -> ScheduledTask {
    let new = New {
        queue: queue("nowhere"),
        ..New::of("T1")
    };
    ScheduledTask::of(&new.request()).unwrap()
}

/// A task with a callback that is not declared.
fn told_nowhere() -> ScheduledTask {
    let new = New::of("T1");
    let request = TaskRequest {
        callback: CallbackName::parse("nowhere"),
        ..new.request()
    };
    ScheduledTask::of(&request).unwrap()
}

#[test]
fn a_member_that_the_schedule_decides_is_refused_by_its_name() {
    let with = |change: fn(&mut New)| {
        let mut new = New::of("T1");
        change(&mut new);
        ScheduledTask::of(&new.request()).unwrap_err().to_string()
    };
    assert!(with(|new| new.id = UserTaskId::parse("mine")).contains("user_task_id"));
    assert!(with(|new| new.start = Start::In(5)).contains("delay"));
    assert!(with(|new| new.expire_at = Some(Moment::EPOCH)).contains("expire_at"));
    assert!(with(|new| new.input = "x".repeat(16_383)).contains("at most 16384"));
    let new = New::of("T1");
    let undispatched = TaskRequest {
        dispatch: None,
        ..new.request()
    };
    let refused = ScheduledTask::of(&undispatched).unwrap_err();
    assert_eq!(
        (refused.code(), refused.to_string().contains("queue")),
        (ErrorCode::ParamMissing, true)
    );
}

#[tokio::test]
async fn a_station_has_at_most_a_thousand_schedules() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        set(&fresh.database, "first", &by("0 3 * * *")).await.unwrap();
        let fill = "INSERT INTO tbl_task_schedule (name, station_id, cron, time_zone, misfire, enabled, task)
            SELECT CONCAT('s', n.id), station_id, cron, time_zone, misfire, 0, task
            FROM tbl_task_schedule
            JOIN (SELECT a.d + 10 * b.d + 100 * c.d AS id
                  FROM JSON_TABLE('[0,1,2,3,4,5,6,7,8,9]', '$[*]' COLUMNS (d INT PATH '$')) a
                  JOIN JSON_TABLE('[0,1,2,3,4,5,6,7,8,9]', '$[*]' COLUMNS (d INT PATH '$')) b
                  JOIN JSON_TABLE('[0,1,2,3,4,5,6,7,8,9]', '$[*]' COLUMNS (d INT PATH '$')) c) n
            WHERE n.id < 999";
        execute(fresh, fill).await;
        let refused = set(&fresh.database, "more", &by("0 3 * * *")).await.unwrap_err();
        assert!(refused.to_string().contains("1000 schedules, at most 1000"), "{refused}");
        set(&fresh.database, "first", &by("0 4 * * *")).await.unwrap();
        let elsewhere = ScheduleChange {
            task: Some(task_of("T2")),
            ..by("0 3 * * *")
        };
        set(&fresh.database, "more", &elsewhere).await.unwrap();
        let filter = ScheduleFilter {
            station: StationId::parse("T2"),
            after: None,
        };
        let of_t2 = schedules::list(&fresh.database, &filter, 50, &TimeZone::UTC).await.unwrap();
        assert_eq!(json!(of_t2.schedules)[0]["name"], "more");
        assert_eq!((of_t2.schedules.len(), of_t2.next_after), (1, None));
        let page = schedules::list(&fresh.database, &ScheduleFilter::default(), 2, &TimeZone::UTC).await.unwrap();
        assert_eq!(page.next_after.as_deref(), Some("more"));
    })
    .await;
}

#[tokio::test]
async fn a_schedule_that_is_set_twice_at_once_is_one() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let change = by("0 3 * * *");
        let sets = (0..4).map(async |_| set(&fresh.database, "daily", &change).await.unwrap());
        futures_util::future::join_all(sets).await;
        assert_eq!(
            count(fresh, "SELECT COUNT(*) FROM tbl_task_schedule").await,
            1
        );
    })
    .await;
}

#[tokio::test]
async fn a_change_takes_back_the_tasks_that_were_added_ahead_and_no_instant_runs_twice() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let database = clock(fresh, "2026-11-28 10:00:30").await;
        set(&database, "often", &by("* * * * *")).await.unwrap();
        set_clock(&database, "2026-11-28 10:01:10").await;
        assert_eq!(add_due(&database).await.scheduled, 2);
        assert_eq!(
            ids(fresh).await,
            ["often:2026-11-28T10:01:00Z", "often:2026-11-28T10:02:00Z"]
        );
        let later = ScheduleChange {
            cron: Some("2-59 * * * *".to_owned()),
            task: Some(task_of("T2")),
            ..ScheduleChange::default()
        };
        let changed = set(&database, "often", &later).await.unwrap();
        assert_eq!(changed["next"][0], "2026-11-28 10:02:00");
        assert_eq!(
            ids(fresh).await,
            ["often:2026-11-28T10:01:00Z"],
            "the one ahead is gone, the other is there"
        );
        assert_eq!(units(fresh).await, 1);
        // The clock steps back behind the instant that was run: it is not run again by the changed schedule.
        set_clock(&database, "2026-11-28 10:00:20").await;
        set(&database, "often", &by("* * * * *")).await.unwrap();
        assert_eq!(add_due(&database).await.scheduled, 0);
        assert_eq!(ids(fresh).await, ["often:2026-11-28T10:01:00Z"]);
        set_clock(&database, "2026-11-28 10:01:30").await;
        assert_eq!(add_due(&database).await.scheduled, 1);
        assert!(schedules::delete(&database, &name("often")).await.unwrap());
        assert_eq!(
            ids(fresh).await,
            ["often:2026-11-28T10:01:00Z"],
            "deleted with its schedule"
        );
    })
    .await;
}

#[tokio::test]
async fn an_instant_that_has_come_and_has_no_task_yet_outlives_a_change_of_anything_but_the_instants()
 {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let database = clock(fresh, "2026-11-28 10:00:30").await;
        set(&database, "often", &by("* * * * *")).await.unwrap();
        set(&database, "daily", &by("30 6 * * *")).await.unwrap();
        set_clock(&database, "2026-11-28 10:01:05").await;
        set(&database, "often", &by("* * * * *")).await.unwrap();
        assert_eq!(add_due(&database).await.scheduled, 2);
        assert_eq!(
            ids(fresh).await,
            ["often:2026-11-28T10:01:00Z", "often:2026-11-28T10:02:00Z"]
        );
        let off = ScheduleChange {
            enabled: Some(false),
            ..ScheduleChange::default()
        };
        set(&database, "often", &off).await.unwrap();
        // Nobody comes for minutes, and then somebody changes the tasks.
        set_clock(&database, "2026-11-29 06:34:00").await;
        let other = ScheduleChange {
            task: Some(task_of("T2")),
            ..ScheduleChange::default()
        };
        set(&database, "daily", &other).await.unwrap();
        assert_eq!(add_due(&database).await.scheduled, 1);
        assert!(
            ids(fresh)
                .await
                .contains(&"daily:2026-11-29T06:30:00Z".to_owned())
        );
        // What was disabled makes up for nothing.
        let on = ScheduleChange {
            enabled: Some(true),
            ..ScheduleChange::default()
        };
        set(&database, "often", &on).await.unwrap();
        assert_eq!(add_due(&database).await.scheduled, 1, "06:35 only");
    })
    .await;
}

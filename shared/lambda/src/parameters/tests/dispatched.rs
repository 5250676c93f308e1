//! One test per rule of trying tasks again, of times, tags and events.

use jiff::tz::TimeZone;
use task_store::StationId;

use super::*;

fn filter(body: &str, station: Option<&str>) -> Result<Option<(Option<String>, bool)>> {
    let station = station.and_then(StationId::parse);
    let filter = json(body).filter_to_retry(station, &TimeZone::UTC)?;
    Ok(filter.map(|filter| (filter.station.map(|it| it.to_string()), filter.dry_run)))
}

fn refusal<T: std::fmt::Debug>(end: Result<T>) -> String {
    let error = end.unwrap_err();
    assert_eq!(error.code(), ErrorCode::ParamInvalid);
    error.to_string()
}

#[test]
fn tasks_that_are_named_are_never_only_counted_and_never_beside_a_filter() {
    assert_eq!(filter(r#"{"task_ids":[1]}"#, None).unwrap(), None);
    let counted = r#"{"task_ids":[1],"dry_run":true}"#;
    assert!(refusal(filter(counted, None)).contains("dry_run"));
    for name in ["task_id", "user_task_id", "task_ids", "user_task_ids"] {
        let both = format!(r#"{{"filter":{{"queue":"report"}},"{name}":"1"}}"#);
        assert!(refusal(filter(&both, None)).contains(name));
    }
}

#[test]
fn a_filter_means_the_station_that_stands_in_it_or_beside_it() {
    let (all, one) = (
        r#"{"filter":{"queue":"report"},"dry_run":true}"#,
        r#"{"filter":{"queue":"report","station_id":"T1"}}"#,
    );
    let station = |id: &str| Some(id.to_owned());
    assert_eq!(filter(all, None).unwrap(), Some((None, true)));
    assert_eq!(
        filter(all, Some("T2")).unwrap(),
        Some((station("T2"), true))
    );
    assert_eq!(filter(one, None).unwrap(), Some((station("T1"), false)));
    assert_eq!(
        filter(one, Some("T1")).unwrap(),
        Some((station("T1"), false))
    );
    let refusal = refusal(filter(one, Some("T2")));
    assert!(
        refusal.contains("T1") && refusal.contains("T2"),
        "{refusal}"
    );
}

#[test]
fn a_time_lies_within_the_years_that_the_database_has() {
    let seconds = |text: &str| {
        let body = format!(r#"{{"at":"{text}"}}"#);
        let at = json(&body).required("at", |at| at.time(&TimeZone::UTC));
        at.map(task_store::Moment::seconds)
    };
    assert_eq!(seconds("1970-01-01 00:00:00").unwrap(), 0);
    assert_eq!(seconds("1000-01-01 00:00:00").unwrap(), -30_610_224_000);
    assert_eq!(seconds("9999-12-31 23:59:59").unwrap(), 253_402_207_200);
    for early in [
        "0999-12-31 23:59:59",
        "0000-01-01 00:00:00",
        "-009999-01-01T00:00:00Z",
    ] {
        assert!(refusal(seconds(early)).contains("1000 to 9999"), "{early}");
    }
}

#[test]
fn a_tag_has_no_control_character_and_a_callback_has_an_event() {
    let add = |tags: &str| {
        let body = format!(r#"{{"station_id":"T1","task_name":"n","input":"i","tags":{tags}}}"#);
        json(&body).new_task(&TimeZone::UTC).map(|task| task.tags)
    };
    assert_eq!(add(r#"["月 报"]"#).unwrap().unwrap(), r#"["月 报"]"#);
    for bad in [r#"["a\u0001"]"#, r#"["a\nb"]"#, r#"["\u0085"]"#] {
        assert!(refusal(add(bad)).contains("control character"), "{bad}");
    }
    let none = json(r#"{"events":[]}"#).callback_request();
    assert!(refusal(none.map(|request| request.events)).contains("events is an empty list"));
}

//! One test per rule of naming a task and a part of a list.

use task_engine::PageRequest;
use task_store::{TaskId, UserTaskId};

use super::*;

#[test]
fn a_task_is_named_by_either_id() {
    let task = form("task_id=42").task().unwrap();
    assert_eq!(task.task_id.map(TaskId::get), Some(42));
    let task = json(r#"{"task_id":42,"user_task_id":"b:1"}"#)
        .task()
        .unwrap();
    assert!(task.task_id.is_some() && task.user_task_id.is_some());
    assert_eq!(
        form("other=1").task().unwrap_err().code(),
        ErrorCode::ParamMissing
    );
    assert_eq!(
        form("task_id=b-1").task().unwrap_err().code(),
        ErrorCode::ParamInvalid
    );
    assert_eq!(
        form("user_task_id=b/1").task().unwrap_err().code(),
        ErrorCode::ParamInvalid
    );
}

#[test]
fn the_front_service_takes_the_callers_own_id_as_task_id_too() {
    for (id, key) in [
        ("42", Some(42)),
        ("batch-1", None),
        ("99999999999999999999", None),
    ] {
        let body = format!("task_id={id}");
        let task = form(&body).front_task().unwrap();
        assert_eq!(task.task_id.map(TaskId::get), key);
        assert_eq!(
            task.task_id_as_user.as_ref().map(UserTaskId::as_str),
            Some(id)
        );
        assert_eq!(task.user_task_id, None);
    }
    let parameters = json(r#"{"task_id":42,"user_task_id":"b:1"}"#);
    let task = parameters.front_task().unwrap();
    assert!(task.task_id.is_some() && task.user_task_id.is_some());
    assert_eq!(
        form("").front_task().unwrap_err().code(),
        ErrorCode::ParamMissing
    );
    assert_eq!(
        form("task_id=a b").front_task().unwrap_err().code(),
        ErrorCode::ParamInvalid
    );
}

#[test]
fn paging_has_defaults_an_alias_and_maxima() {
    let default = form("").paging(10, 100).unwrap();
    assert_eq!(
        default,
        PageRequest {
            limit: 10,
            page: 0,
            after: None
        }
    );
    let asked = json(r#"{"limit":"100","page":2,"after_id":7}"#)
        .paging(10, 100)
        .unwrap();
    assert_eq!((asked.limit, asked.page, asked.after), (100, 2, Some(7)));
    for bad in [
        "limit=0",
        "limit=101",
        "offset=-1",
        "offset=100001",
        "after_id=0",
        "limit=x",
    ] {
        assert_eq!(
            form(bad).paging(10, 100).unwrap_err().code(),
            ErrorCode::ParamInvalid,
            "{bad}"
        );
    }
}

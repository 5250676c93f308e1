//! Tests of naming orders by the ids that people gave them.
use super::*;
use task_service::orders::OrderName;

#[test]
fn an_order_is_named_by_an_id_with_blanks_around_it_as_its_list_had_it() {
    for id in ["S9", " S9", "\u{3000}S9", "S9\u{a0}\t", "\u{2003}S9 "] {
        let body = format!(r#"{{"address_id":"{id}","out_order_no":"{id}"}}"#).replace('\t', "\\t");
        let which = json(&body).which_order().unwrap();
        assert_eq!(which.address_id.as_deref(), Some("S9"), "{id:?}");
        assert_eq!(which.out_order_no.as_deref(), Some("S9"), "{id:?}");
        let name = json(&format!(r#"{{"out_order_no":"{}"}}"#, id.trim_end())).order_name();
        assert_eq!(name.unwrap(), OrderName::OutOrderNo("S9".to_owned()));
    }
    let which = form("out_order_no=%E3%80%80S9").which_order().unwrap();
    assert_eq!(which.out_order_no.as_deref(), Some("S9"));
}

#[test]
fn an_id_is_measured_without_the_blanks_around_it() {
    let long = "单".repeat(64);
    let body = format!(r#"{{"out_order_no":" {long} "}}"#);
    let which = json(&body).which_order().unwrap();
    assert_eq!(which.out_order_no, Some(long.clone()));
    let body = format!(r#"{{"out_order_no":"{long}单"}}"#);
    let refused = json(&body).which_order().unwrap_err();
    assert!(
        refused.to_string().contains("has 65 characters"),
        "{refused}"
    );
}

#[test]
fn an_id_of_nothing_but_blanks_names_no_order() {
    let parameters = json("{\"address_id\":\"\u{3000} \",\"out_order_no\":\" \"}");
    let refused = parameters.which_order().unwrap_err();
    assert_eq!(refused.code(), ErrorCode::ParamMissing);
    assert_eq!(
        parameters.order_name().unwrap_err().code(),
        ErrorCode::ParamMissing
    );
}

//! `GET|POST /station/order/batch/result`: what became of the items of a batch, as JSON, NDJSON or CSV.

use jiff::tz::TimeZone;
use task_lambda::http::{Call, Reply, get_or_post};
use task_service::batch::{ItemPage, csv, result};
use task_service::store::Database;
use task_service::store::items::ItemStatus;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), task_lambda::Error> {
    get_or_post(handle).await
}

type State = (Database, TimeZone);

async fn handle((database, zone): &State, call: Call) -> task_service::Result<Reply> {
    let p = call.parameters()?;
    let (task, caller) = (p.front_task()?, call.caller(&p)?);
    let mut page = p.item_page("status", Some(ItemStatus::Failed))?;
    let format = p.optional("format", |format| {
        format.one_of(&[("json", 'j'), ("ndjson", 'n'), ("csv", 'c')])
    })?;
    if format == Some('c') {
        page.room = ItemPage::ROOM_OF_TABLE;
    }
    let report = result(database, &caller, &task, &page, zone).await?;
    match format {
        Some('n') => Reply::lines(&report.details),
        Some('c') => Ok(Reply::document("text/csv; charset=utf-8", csv(&report))),
        _ => Reply::data(&report),
    }
}

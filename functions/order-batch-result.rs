//! `GET|POST /station/order/batch/result`: the outcomes of a batch's items, as JSON, NDJSON or CSV.

use jiff::tz::TimeZone;
use task_lambda::ReportFormat;
use task_lambda::http::{Call, Reply, get_or_post};
use task_service::batches::{csv, result};
use task_service::jobs::KINDS;
use task_store::Database;

fn main() -> Result<(), task_lambda::Error> {
    get_or_post(handle)
}

type State = (Database, TimeZone);

async fn handle((database, zone): &State, call: Call) -> task_service::Result<Reply> {
    let p = call.parameters()?;
    let (task, caller) = (p.front_task()?, call.caller(&p)?);
    let (page, format) = p.report()?;
    let report = result(database, KINDS, &caller, &task, &page, zone).await?;
    match format {
        ReportFormat::Lines => Reply::lines(&report.details),
        ReportFormat::Table => Ok(Reply::document("text/csv; charset=utf-8", csv(&report))),
        ReportFormat::Json => Reply::data(&report),
    }
}

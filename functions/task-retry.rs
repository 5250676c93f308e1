//! `POST /task/retry`: ended tasks of a queue run again.

use jiff::tz::TimeZone;
use task_lambda::http::{Call, Reply, post};
use task_lambda::{Parameter, Parameters};
use task_service::tasks::runs;
use task_store::Database;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), task_lambda::Error> {
    post(handle).await
}

async fn handle(
    (database, zone): &(Database, TimeZone),
    call: Call,
) -> task_service::Result<Reply> {
    call.system()?;
    let p = call.parameters()?;
    let Some(filter) = p.optional("filter", Parameter::object)? else {
        return Reply::data(&runs::retry(database, &p.tasks(100)?).await?);
    };
    let filter = Parameters::parse("", Some("application/json"), filter.get())?;
    let filter = filter.retry_filter(&p, zone)?;
    Reply::data(&runs::retry_all(database, &filter).await?)
}

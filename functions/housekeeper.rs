//! Schedule: adds the tasks of schedules, adopts tasks that were added by SQL, purges old tasks.

use task_engine::Deadline;
use task_lambda::StationSource;
use task_lambda::schedule::serve;
use task_service::housekeeping::{Kept, keep};
use task_service::retention::RetentionDays;
use task_service::sqs::TaskQueues;
use task_store::Database;

fn main() -> Result<(), task_lambda::Error> {
    serve(handle)
}

async fn handle(
    (database, queues, source, days): &(Database, TaskQueues, StationSource, RetentionDays),
    deadline: Deadline,
) -> task_service::Result<Kept> {
    keep(database, queues, source.id_scope(), *days, deadline).await
}

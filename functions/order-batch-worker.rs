//! SQS `order-import`: works the chunks of orders that its messages announce.

use task_lambda::sqs::serve_job;
use task_service::orders::OrderImport;

fn main() -> Result<(), task_lambda::Error> {
    serve_job::<OrderImport>()
}

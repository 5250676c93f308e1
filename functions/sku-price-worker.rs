//! SQS `sku-price`: works the chunks of price changes that its messages announce.

use task_lambda::sqs::serve_job;
use task_service::prices::PriceChange;

fn main() -> Result<(), task_lambda::Error> {
    serve_job::<PriceChange>()
}

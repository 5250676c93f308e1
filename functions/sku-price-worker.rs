//! SQS `sku-price`: works the chunks of price changes that its messages announce.

use task_lambda::sqs::serve_job;
use task_service::prices::PriceChange;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), task_lambda::Error> {
    serve_job::<PriceChange>().await
}

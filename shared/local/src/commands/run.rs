//! `make run`: the stack from nothing, the demo station's batch, then up until it is told to end.

use std::time::Instant;

use super::{ChosenDatabase, asked_to_end, count, push, stack_config, station, variable};
use crate::error::{LocalError, Result};
use crate::instance::{self, Claim};
use crate::stack::Stack;
use crate::wait;

const PORT: u16 = 9000;

/// Runs until Ctrl-C, SIGTERM or an error, and leaves nothing behind but data.
pub(super) async fn run() -> Result<()> {
    let port = match port()? {
        0 => wait::free_port()?,
        port => port,
    };
    let base_url = format!("http://127.0.0.1:{port}");
    let claim = Claim::take(&base_url)?;
    wait::check_port(port)?;
    let started = Instant::now();
    println!("starting the database ...");
    let end = asked_to_end();
    tokio::pin!(end);
    let database = tokio::select! {
        database = ChosenDatabase::open() => database?,
        ended = &mut end => return ended,
    };
    claim.say(&base_url, &database.url)?;
    let served = tokio::select! {
        served = serve(port, &database.url, started) => served.map(Some),
        ended = &mut end => ended.map(|()| None),
    };
    let outcome = match served {
        Ok(Some(stack)) => {
            let shown = async {
                if let Err(error) = count::show(&stack.base_url()).await {
                    println!("the demo queue: {error}");
                }
                let _target = push::show(&stack.base_url())
                    .await
                    .inspect_err(|error| println!("the queue push: {error}"));
                std::future::pending::<()>().await;
            };
            let ended = tokio::select! {
                ended = &mut end => ended,
                () = shown => Ok(()),
            };
            println!("\nstopping ...");
            stack.stop().await;
            ended
        }
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    database.close().await?;
    if outcome.is_ok() {
        println!("stopped; the data stays in .local (`make clean-data` deletes it)");
    }
    outcome
}

/// Returns the port `PORT` names; 0 is any free one.
pub(super) fn port() -> Result<u16> {
    let Some(text) = variable("PORT") else {
        return Ok(PORT);
    };
    text.parse()
        .map_err(|_| LocalError::part("PORT", format!("{text:?} is no port number")))
}

async fn serve(port: u16, database_url: &str, started: Instant) -> Result<Stack> {
    println!("starting the queue, the HTTP front and the functions ...");
    let stack = Stack::start(stack_config(&instance::name(), Some(port), database_url)?).await?;
    println!("up after {:.1} s", started.elapsed().as_secs_f64());
    let tried = station::import(&stack.base_url(), database_url).await;
    match tried {
        Ok(task_id) => print_guide(&stack.base_url(), &task_id),
        Err(error) => {
            stack.stop().await;
            return Err(error);
        }
    }
    println!("ready {}", stack.base_url());
    Ok(stack)
}

fn print_guide(base_url: &str, task_id: &str) {
    println!(
        "Try:\n\
         \x20 curl '{base_url}/async_task/get?user_task_id={task_id}'\n\
         \x20 curl '{base_url}/station/order/batch/result?task_id={task_id}&status=failed&limit=3'\n\
         \x20 curl {base_url}/task/add -d station_id=T1 -d task_name=hello -d input=world\n\
         \x20 python3 examples/worker.py demo {base_url} &   # a worker of the queue demo; then\n\
         \x20 curl {base_url}/task/add -d station_id=T1 -d task_name=count -d queue=demo -d 'input={{\"count\": 10}}'\n\
         \x20 curl {base_url}/task/add -d station_id=T1 -d task_name=count -d queue=push -d 'input={{\"count\": 10}}'   # examples/target.py is called\n\
         \x20 make demo DATA=file.csv        # any CSV of customer,item[,quantity,unit_price]\n\
         Page: {base_url}/console   API: {base_url}/docs   Logs: .local/log/{}/   End: Ctrl-C, or `make stop`\n",
        instance::name()
    );
}

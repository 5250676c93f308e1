//! `make bench`: how fast, how small and how cheap, each as a ratio to a floor that is measured in the same run.
//!
//! `PART` names the parts to run (`batch`, `functions`, `starts`, `cost`, `dispatched`, `claims`, `growth`, `large`), the first two by default;
//! `DATABASE_URL` a server on which it may create databases; `PEERS=1` compares with other systems instead; `BINARIES` the
//! folder with the release build of the functions. Writes a table to standard output, and the figures as JSON and as a chart
//! below `.local/bench`.
#![expect(clippy::expect_used, reason = "a benchmark that cannot go on stops")]

mod batch;
mod cost;
mod data;
mod dispatched;
mod engine;
mod figures;
mod floor;
mod functions;
mod gateway;
mod growth;
mod lambda;
mod large;
mod peers;
mod relay;
mod scratch;
mod server;
mod threads;

use std::path::PathBuf;

use figures::Figures;

/// The tools of the parts.
struct Setting {
    /// A server of one's own.
    server: String,
    /// The functions' release binaries.
    binaries: PathBuf,
    /// How often what is compared is run in turns.
    rounds: usize,
}

fn main() {
    let setting = Setting {
        server: variable("DATABASE_URL").expect("DATABASE_URL: run this with `make bench`"),
        binaries: variable("BINARIES")
            .map(PathBuf::from)
            .expect("BINARIES: run this with `make bench`"),
        rounds: variable("ROUNDS")
            .and_then(|rounds| rounds.parse().ok())
            .unwrap_or(5),
    };
    if variable("PEERS").is_some() {
        return peers::measure(&setting);
    }
    let parts = variable("PART").unwrap_or_else(|| "batch,functions".to_owned());
    let mut figures = Figures::default();
    for part in parts.split(',') {
        match part {
            "batch" => batch::measure(&setting, &mut figures),
            "cost" => cost::measure(&setting, &mut figures),
            "starts" => functions::starts(&setting, &mut figures),
            "functions" => functions::measure(&setting, &mut figures),
            "dispatched" => dispatched::measure(&setting, &mut figures),
            "claims" => dispatched::claims::measure(&setting, &mut figures),
            "growth" => growth::measure(&setting, &mut figures),
            "large" => large::measure(&setting, &mut figures),
            other => eprintln!("no such part: {other}"),
        }
    }
    figures.print();
    figures.save(&task_local::project_root().join(".local/bench"));
}

/// Runs something; its seconds.
fn seconds(run: impl FnOnce()) -> f64 {
    let start = std::time::Instant::now();
    run();
    start.elapsed().as_secs_f64()
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

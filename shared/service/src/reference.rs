//! Loading reference data: one JSON file with the stations' operating cycles, addresses and skus, and the queues of plain
//! tasks, upserted.

mod parse;
mod queues;
mod record;

use serde::Serialize;
use task_store::{Connection, Database, reference};

use crate::error::{Error, ErrorCode, Result};
use crate::tasks::queues::{SqsNames, set_within};
use parse::Station;

/// How many bad records a message lists.
const LISTED: usize = 20;

/// How much was loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Loaded {
    /// Stations in the file.
    pub stations: usize,
    /// Operating cycles.
    pub time_configs: usize,
    /// Addresses.
    pub addresses: usize,
    /// Skus.
    pub skus: usize,
    /// Queues of plain tasks.
    pub queues: usize,
}

/// Loads a reference file: everything in it or, when any of it is wrong, nothing. The error lists the bad records, among them a
/// queue of mode `sqs` whose name is none of `sqs`.
pub async fn load(database: &Database, sqs: &SqsNames, json: &str) -> Result<Loaded> {
    let parse::File { stations, queues } =
        parse::file(json, sqs).map_err(|findings| refused(&findings))?;
    database
        .transaction(async |c| {
            for station in &stations {
                store(c, station).await?;
            }
            for (name, change) in &queues {
                set_within(c, name, change).await?;
            }
            Ok::<_, Error>(())
        })
        .await?;
    let sum = |sum: Loaded, station: &Station| Loaded {
        stations: sum.stations + 1,
        time_configs: sum.time_configs + station.time_configs.len(),
        addresses: sum.addresses + station.addresses.len(),
        skus: sum.skus + station.skus.len(),
        ..sum
    };
    let none = Loaded {
        queues: queues.len(),
        ..Loaded::default()
    };
    Ok(stations.iter().fold(none, sum))
}

/// Lists the first bad records of a file, one a line.
fn refused(findings: &[String]) -> Error {
    let listed = findings.iter().take(LISTED);
    let mut lines: Vec<_> = listed.map(|finding| format!("\n  {finding}")).collect();
    if findings.len() > LISTED {
        lines.push(format!("\n  ... and {} more", findings.len() - LISTED));
    }
    let message = format!("nothing was loaded:{}", lines.concat());
    Error::refused(ErrorCode::ParamInvalid, message)
}

async fn store(connection: &mut Connection, station: &Station) -> Result<()> {
    let id = &station.id;
    let mut foreign = Vec::new();
    for cycle in &station.time_configs {
        let row = reference::cycle(connection, &cycle.id).await?;
        if row.is_some_and(|row| row.station != *id) {
            foreign.push(format!(
                "operating cycle {}: id is another station's; use an id of station {}'s own",
                cycle.id,
                id.as_str()
            ));
        }
    }
    if !foreign.is_empty() {
        return Err(refused(&foreign));
    }
    reference::upsert_cycles(connection, id, &json(&station.time_configs)?).await?;
    reference::upsert_addresses(connection, id, &json(&station.addresses)?).await?;
    reference::upsert_skus(connection, id, &json(&station.skus)?).await?;
    Ok(())
}

fn json<T: Serialize>(rows: &T) -> Result<String> {
    serde_json::to_string(rows).map_err(|error| refused(&[format!("a record: {error}")]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_twenty_bad_records_are_listed_and_the_rest_is_counted() {
        let findings: Vec<_> = (1..=25).map(|n| format!("sku D{n}: …")).collect();
        let message = refused(&findings).to_string();
        assert!(
            message.contains("\n  sku D20: …\n  ... and 5 more"),
            "{message}"
        );
        assert!(!message.contains("D21"), "{message}");
    }
}

//! Loading reference data: one JSON file with the stations' operating cycles, addresses and skus, and the queues of plain
//! tasks, upserted.

mod findings;
mod list;
mod parse;
mod queues;
mod record;

use serde::Serialize;
use task_store::{Connection, Database, reference};

use crate::error::{Error, ErrorCode, Result};
use crate::tasks::queues::{SqsNames, follow_mode, set_within};
use findings::Findings;
use parse::Station;

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

impl Loaded {
    fn of(stations: &[Station<'_>], queues: usize) -> Self {
        let none = Self {
            queues,
            ..Self::default()
        };
        stations.iter().fold(none, |sum, station| Self {
            stations: sum.stations + 1,
            time_configs: sum.time_configs + station.time_configs.count,
            addresses: sum.addresses + station.addresses.count,
            skus: sum.skus + station.skus.count,
            ..sum
        })
    }

    /// Counts the operating cycles, addresses and skus.
    const fn records(&self) -> usize {
        self.time_configs + self.addresses + self.skus
    }
}

/// Loads a reference file: everything in it or, when any of it is wrong, nothing. The error lists the bad records, among them a
/// queue of mode `sqs` whose name is none of `sqs`.
pub async fn load(database: &Database, sqs: &SqsNames, json: &str) -> Result<Loaded> {
    load_at_most(usize::MAX, database, sqs, json).await
}

/// Loads a reference file as [`load`] does; one of more than `most` records is wrong, too.
pub async fn load_at_most(
    most: usize,
    database: &Database,
    sqs: &SqsNames,
    json: &str,
) -> Result<Loaded> {
    let parse::File { stations, queues } =
        parse::file(json, sqs).map_err(|findings| refused(&findings))?;
    let loaded = Loaded::of(&stations, queues.len());
    let records = loaded.records();
    if records > most {
        let wrong = format!("the file has {records} records, at most {most} are allowed in a call");
        return Err(refused(&Findings::one(format!(
            "{wrong}: send it in parts"
        ))));
    }
    let store_all = async |c: &mut Connection| {
        for station in &stations {
            store(c, station).await?;
        }
        let mut changed = Vec::new();
        for (name, change) in &queues {
            if set_within(c, name, change).await?.has_other_mode {
                changed.push(name);
            }
        }
        Ok::<_, Error>(changed)
    };
    for queue in database.transaction(store_all).await? {
        follow_mode(database, queue).await?;
    }
    Ok(loaded)
}

/// Lists the first bad records of a file, one a line.
fn refused(findings: &Findings) -> Error {
    let message = format!("nothing was loaded:{}", findings.lines());
    Error::refused(ErrorCode::ParamInvalid, message)
}

/// Stores the records of a station; the caller's transaction is undone by an error.
async fn store(connection: &mut Connection, station: &Station<'_>) -> Result<()> {
    let id = &station.id;
    let mut foreign = Findings::default();
    for cycles in station.time_configs.pieces() {
        let cycles = json(&read(cycles)?)?;
        reference::upsert_cycles(connection, id, &cycles).await?;
        // Only now: their rows are locked, so that no other load makes one of them another station's.
        for cycle in reference::foreign_cycles(connection, id, &cycles).await? {
            foreign.push(format!(
                "operating cycle {cycle}: id is another station's; use an id of station {}'s own",
                id.as_str()
            ));
        }
    }
    if !foreign.is_empty() {
        return Err(refused(&foreign));
    }
    for addresses in station.addresses.pieces() {
        reference::upsert_addresses(connection, id, &json(&read(addresses)?)?).await?;
    }
    for skus in station.skus.pieces() {
        reference::upsert_skus(connection, id, &json(&read(skus)?)?).await?;
    }
    Ok(())
}

/// Returns records that were found right before.
fn read<T>(piece: serde_json::Result<Vec<T>>) -> Result<Vec<T>> {
    piece.map_err(|error| unreadable(&error))
}

fn json<T: Serialize>(rows: &T) -> Result<String> {
    serde_json::to_string(rows).map_err(|error| unreadable(&error))
}

fn unreadable(error: &serde_json::Error) -> Error {
    refused(&Findings::one(format!("a record: {error}")))
}

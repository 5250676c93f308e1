//! `/task/callback/list` and `/task/callback/resend`: what was told, and telling it again.

use jiff::tz::TimeZone;
use serde::Serialize;
use task_store::callbacks::{
    self, CallbackName, Delivery, DeliveryFilter, DeliveryState, ToResend,
};
use task_store::{Database, Moment, StationId, TaskId};

use super::{CallbackView, undeclared};
use crate::error::{Error, Result};

/// Which callbacks and deliveries are asked for.
#[derive(Debug, Clone, Default)]
pub struct ListRequest {
    /// Only of this callback.
    pub name: Option<CallbackName>,
    /// Only deliveries in this state.
    pub state: Option<DeliveryState>,
    /// Only deliveries of this task.
    pub task: Option<TaskId>,
    /// Only deliveries with a smaller id.
    pub before: Option<i64>,
    /// How many deliveries.
    pub limit: u32,
}

/// Callbacks, and a page of deliveries.
#[derive(Debug, Clone, Serialize)]
pub struct Listed {
    /// In the order of their names.
    pub callbacks: Vec<CallbackView>,
    /// The newest first.
    pub deliveries: Vec<DeliveryView>,
    /// Where the next page begins; `None`: there is none.
    pub next_before: Option<i64>,
}

/// A delivery as it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeliveryView {
    delivery_id: i64,
    webhook_id: String,
    callback: String,
    task_id: TaskId,
    #[serde(flatten)]
    tries: Tries,
}

/// The message of a delivery and how its tries went, as they are answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Tries {
    event: String,
    outcome: String,
    state: &'static str,
    tries: u32,
    http_status: Option<u16>,
    last_error: Option<String>,
    create_time: Option<String>,
    try_time: Option<String>,
    next_time: Option<String>,
}

impl Tries {
    /// Reads them from a delivery, times in a zone.
    pub(crate) fn of(delivery: &Delivery, zone: &TimeZone) -> Self {
        let printed = |moment: Option<Moment>| moment.map(|moment| moment.in_zone(zone));
        Self {
            event: delivery.event.clone(),
            outcome: delivery.outcome.clone(),
            state: delivery.state.as_str(),
            tries: delivery.tries,
            http_status: delivery.http_status,
            last_error: delivery.last_error.clone(),
            create_time: printed(delivery.created_at),
            try_time: printed(delivery.tried_at),
            next_time: printed(delivery.next_at),
        }
    }
}

/// Lists the callbacks and their newest deliveries, times in a zone.
///
/// # Errors
/// The database's.
pub async fn list(database: &Database, request: &ListRequest, zone: &TimeZone) -> Result<Listed> {
    let name = request.name.as_ref().map(CallbackName::as_str);
    let filter = DeliveryFilter {
        callback: name,
        state: request.state,
        task: request.task,
        station: None,
        before: request.before,
    };
    let read = async |c: &mut _| {
        let found = callbacks::list(c, name).await?;
        let deliveries = callbacks::deliveries(c, &filter, request.limit).await?;
        Ok::<_, Error>((found, deliveries))
    };
    let (found, deliveries) = database.read(read).await?;
    let is_full = u32::try_from(deliveries.len()) == Ok(request.limit);
    let last = deliveries.last().filter(|_| is_full);
    Ok(Listed {
        next_before: last.map(|delivery| delivery.id),
        callbacks: found.into_iter().map(Into::into).collect(),
        deliveries: deliveries.into_iter().map(|one| view(one, zone)).collect(),
    })
}

fn view(delivery: Delivery, zone: &TimeZone) -> DeliveryView {
    DeliveryView {
        tries: Tries::of(&delivery, zone),
        delivery_id: delivery.id,
        webhook_id: webhook_id(delivery.task, delivery.no),
        callback: delivery.callback,
        task_id: delivery.task,
    }
}

/// Returns the id that a receiver knows a delivery by: the same over all tries.
pub(super) fn webhook_id(task: TaskId, no: u32) -> String {
    format!("cb_{task}_{no}")
}

/// Which deliveries are to be sent again.
#[derive(Debug, Clone)]
pub enum Resend {
    /// Those with these keys.
    Ids(Vec<i64>),
    /// The oldest 1,000 deliveries of a callback in a state.
    Of(CallbackName, DeliveryState),
}

/// How many deliveries are sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Resent {
    resent: usize,
}

/// The most deliveries of one call.
const MOST: u32 = 1_000;

/// Sends deliveries again that are not open, each with all its tries; those of a disabled callback stay as they are. With a
/// station, only deliveries of its tasks are sent.
///
/// # Errors
/// `PARAM_INVALID` for a callback that is not declared, or disabled, or named together with a station.
pub async fn resend(
    database: &Database,
    which: &Resend,
    station: Option<&StationId>,
) -> Result<Resent> {
    if station.is_some() && matches!(which, Resend::Of(..)) {
        let wrong = "tells of the tasks of all stations: leave the station out, or name deliveries by delivery_ids";
        return Err(Error::invalid("name", wrong));
    }
    let write = async |c: &mut _| {
        let which = match which {
            Resend::Ids(ids) => ToResend::Keys(ids, station),
            Resend::Of(name, state) => {
                let callback = callbacks::find(c, name.as_str()).await?;
                let callback = callback.ok_or_else(|| undeclared(name.as_str()))?;
                if callback.disabled_at.is_some() {
                    let wrong = "is disabled: enable it with /task/callback/set first";
                    return Err(Error::invalid("name", wrong));
                }
                ToResend::Of(name.as_str(), *state)
            }
        };
        let found = callbacks::resendable(c, which, MOST).await?;
        callbacks::reopen(c, &found).await?;
        Ok::<_, Error>(Resent {
            resent: found.len(),
        })
    };
    database.transaction(write).await
}

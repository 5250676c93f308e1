//! Deliveries of callbacks as staff and operators see them: of a task, of a station, or of all stations.

use jiff::tz::TimeZone;
use serde::Serialize;
use task_engine::{PageRequest, Pagination};
use task_store::callbacks::{self, CallbackName, Delivery, DeliveryFilter, DeliveryState};
use task_store::{Database, StationId};

use super::close::key;
use crate::callbacks::Tries;
use crate::caller::{Caller, TaskReference};
use crate::error::{Error, Result};

/// Whose deliveries are listed.
#[derive(Debug, Clone)]
pub enum DeliveriesOf {
    /// Those of a task that the caller may see.
    Task(Caller, TaskReference),
    /// Those of a station's tasks; `None`: those of all stations.
    Station(Option<StationId>),
}

/// A request for a page of deliveries.
#[derive(Debug, Clone)]
pub struct DeliveryListRequest {
    /// Whose deliveries.
    pub of: DeliveriesOf,
    /// Only to this callback; not together with a station, for which no index has it.
    pub callback: Option<CallbackName>,
    /// Only in this state; not together with a station either.
    pub state: Option<DeliveryState>,
    /// The page, by keys only.
    pub page: PageRequest,
}

/// A delivery as it is answered.
#[derive(Debug, Serialize)]
struct DeliveryView {
    delivery_id: String,
    callback: String,
    station_id: StationId,
    task_id: String,
    task_name: String,
    #[serde(flatten)]
    tries: Tries,
}

/// A page of deliveries.
#[derive(Debug, Serialize)]
pub struct Deliveries {
    /// The newest first.
    deliveries: Vec<DeliveryView>,
    /// Where the page lies; answered beside it.
    #[serde(skip)]
    pub pagination: Pagination,
}

/// Returns a page of deliveries, times in a zone.
///
/// # Errors
/// `TASK_NOT_FOUND` for a task that is missing or another station's.
pub async fn list(
    database: &Database,
    request: &DeliveryListRequest,
    zone: &TimeZone,
) -> Result<Deliveries> {
    let page = request.page;
    let read = async |c: &mut _| {
        let (task, station) = match &request.of {
            DeliveriesOf::Task(caller, named) => (Some(key(c, caller, named).await?), None),
            DeliveriesOf::Station(station) => (None, station.as_ref()),
        };
        let filter = DeliveryFilter {
            callback: request.callback.as_ref().map(CallbackName::as_str),
            state: request.state,
            task,
            station,
            before: page.after,
        };
        Ok::<_, Error>(callbacks::deliveries(c, &filter, page.limit).await?)
    };
    let deliveries = database.read(read).await?;
    let oldest = deliveries.last().map(|last| last.id);
    let pagination = Pagination::by_keys(page, deliveries.len(), oldest);
    Ok(Deliveries {
        deliveries: deliveries.into_iter().map(|one| view(one, zone)).collect(),
        pagination,
    })
}

fn view(delivery: Delivery, zone: &TimeZone) -> DeliveryView {
    DeliveryView {
        tries: Tries::of(&delivery, zone),
        delivery_id: delivery.id.to_string(),
        callback: delivery.callback,
        station_id: delivery.station,
        task_id: delivery.task.to_string(),
        task_name: delivery.task_name,
    }
}

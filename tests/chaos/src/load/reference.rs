//! Reference data that changes under load: a sku goes off sale and comes back at another price, an address is forbidden
//! and allowed, a cycle closes and opens.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fastrand::Rng;
use jiff::Timestamp;

use crate::ledger::{End, Entry};
use crate::reference::Version;
use crate::stage::Stage;

/// Loads one version after the other until `deadline`, and at last one that allows everything.
pub(crate) async fn change(stage: Arc<Stage>, station: String, seed: u64, deadline: Instant) {
    let mut rng = Rng::with_seed(seed);
    let mut prices = 301..;
    while Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(rng.u64(200..1500))).await;
        let version = Version {
            on_sale: rng.bool(),
            can_order: rng.bool(),
            open: rng.u8(..4) > 0,
            ..next(&mut prices)
        };
        load(&stage, &station, &version).await;
    }
    while load(&stage, &station, &next(&mut prices)).await == End::Unknown {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Allows everything, at a price that no other version has.
fn next(prices: &mut impl Iterator<Item = u32>) -> Version {
    let hundredths = prices.next().unwrap_or_default();
    Version::allowing(&format!("{}.{:02}", hundredths / 100, hundredths % 100))
}

async fn load(stage: &Stage, station: &str, version: &Version) -> End {
    let call = stage.ledger.next_call();
    stage.ledger.write(&Entry::Load {
        call,
        at_ms: Timestamp::now().as_millisecond(),
        station: station.to_owned(),
        version: version.clone(),
    });
    let end = match stage.load(station, version).await {
        Ok(()) => End::Done,
        Err(_) => End::Unknown,
    };
    stage.ledger.write(&Entry::Answer {
        call,
        at_ms: Timestamp::now().as_millisecond(),
        end: end.clone(),
    });
    end
}

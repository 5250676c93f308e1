//! The orders that are sent, a fifth of them faulty, and what must become of them.

use std::fmt::Write as _;

use fastrand::Rng;
use flate2::Crc;
use jiff::ToSpan as _;
use jiff::tz::TimeZone;

use super::plan::Planned;
use super::reference::{ADDRESSES, OFF_SALE, SKUS, cycle, station};

/// Of a hundred orders, how many are faulty.
const FAULTY: u32 = 20;
/// The most lines of an order; five on average.
const LINES: u32 = 9;

/// What must become of the orders of a batch. The sums tell whether they are the right ones without keeping them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Outcomes {
    pub(crate) made: i64,
    pub(crate) failed: i64,
    /// Lines of made orders.
    pub(crate) lines: i64,
    /// Hundredths ordered in these lines.
    pub(crate) quantity: i64,
    /// The sum of the CRC-32 of each made order's number.
    pub(crate) numbers: i64,
    /// The sum of the CRC-32 of `INDEX CODE` of each failed order.
    pub(crate) faults: i64,
}

/// A batch as it is sent.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) planned: Planned,
    pub(crate) task: String,
    pub(crate) json: String,
    pub(crate) expected: Outcomes,
}

/// Writes the bodies of a run.
#[derive(Debug)]
pub(crate) struct Writer {
    seed: u64,
    day: String,
}

impl Writer {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            day: receive_day(),
        }
    }

    /// Writes a batch; the same one for the same seed and plan.
    pub(crate) fn body(&self, planned: Planned) -> Body {
        let mut rng = Rng::with_seed(self.seed.wrapping_mul(1_000_003) ^ planned.number);
        let task = format!("b{}", planned.number);
        let (station, cycle) = (station(planned.station), cycle(planned.station));
        let mut json = String::with_capacity(planned.size as usize * 500);
        let _ = write!(
            json,
            r#"{{"task_id":"{task}","station_id":"{station}","time_config_id":"{cycle}","order_data":["#
        );
        let mut expected = Outcomes::default();
        for index in 0..planned.size {
            if index > 0 {
                json.push(',');
            }
            let fault = (rng.u32(..100) < FAULTY).then(|| Fault::any(&mut rng));
            let lines = self.order(&mut json, &mut rng, &task, index, fault);
            expected.add(&task, index, fault, lines);
        }
        json.push_str("]}");
        Body {
            planned,
            task,
            json,
            expected,
        }
    }

    /// Writes an order; the number of its lines and the hundredths in them.
    fn order(
        &self,
        json: &mut String,
        rng: &mut Rng,
        task: &str,
        index: u32,
        fault: Option<Fault>,
    ) -> (u32, u32) {
        let day = &self.day;
        let address = match fault {
            Some(Fault::Address) => ADDRESSES,
            _ => rng.u32(..ADDRESSES),
        };
        let _ = write!(
            json,
            r#"{{"out_order_no":"{task}-{index}","address_id":"A{address}","receive_begin_time":"{day} 08:00","receive_end_time":"{day} 10:00","remark":"门口","details":["#
        );
        let lines = match fault {
            Some(Fault::NoLines) => 0,
            _ => rng.u32(1..=LINES),
        };
        let mut quantity = 0;
        for line in 0..lines {
            let hundredths = rng.u32(100..3_000);
            let separator = if line > 0 { "," } else { "" };
            let minus = if line == 0 && fault == Some(Fault::Quantity) {
                "-"
            } else {
                ""
            };
            let sku = match fault {
                Some(Fault::OffSale) if line == 0 => OFF_SALE.to_owned(),
                _ => format!("D{}", rng.u32(..SKUS)),
            };
            let _ = write!(
                json,
                r#"{separator}{{"sku_id":"{sku}","amount":"{minus}{}.{:02}","unit_price":"{}.5"}}"#,
                hundredths / 100,
                hundredths % 100,
                rng.u32(1..40),
            );
            quantity += hundredths;
        }
        json.push_str("]}");
        (lines, quantity)
    }
}

/// What is wrong with a faulty order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Address,
    Quantity,
    OffSale,
    NoLines,
}

impl Fault {
    const ALL: [Self; 4] = [Self::Address, Self::Quantity, Self::OffSale, Self::NoLines];

    fn any(rng: &mut Rng) -> Self {
        Self::ALL[rng.usize(..Self::ALL.len())]
    }

    /// Returns the code of the error it must get.
    const fn code(self) -> &'static str {
        match self {
            Self::Address => "ADDRESS_NOT_FOUND",
            Self::Quantity => "QUANTITY_NOT_POSITIVE",
            Self::OffSale => "SKU_OFF_SALE",
            Self::NoLines => "LINES_EMPTY",
        }
    }
}

impl Outcomes {
    fn add(&mut self, task: &str, index: u32, fault: Option<Fault>, (lines, quantity): (u32, u32)) {
        if let Some(fault) = fault {
            self.failed += 1;
            self.faults += crc(&format!("{index} {}", fault.code()));
        } else {
            self.made += 1;
            self.lines += i64::from(lines);
            self.quantity += i64::from(quantity);
            self.numbers += crc(&format!("{task}-{index}"));
        }
    }
}

/// Returns what SQL's `CRC32` says of a text.
fn crc(text: &str) -> i64 {
    let mut crc = Crc::new();
    crc.update(text.as_bytes());
    crc.sum().into()
}

/// Returns a day that every cycle receives on, also when the run goes on past midnight.
fn receive_day() -> String {
    let zone = TimeZone::get("Asia/Shanghai").unwrap_or(TimeZone::UTC);
    let today = jiff::Timestamp::now().to_zoned(zone).date();
    today.saturating_add(3.days()).to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::Value;

    use super::*;

    fn body(size: u32) -> Body {
        let planned = Planned {
            number: 3,
            at: Duration::ZERO,
            station: 1,
            size,
        };
        Writer::new(7).body(planned)
    }

    #[test]
    fn a_body_is_json_with_as_many_orders_as_planned() {
        for size in [1, 2, 500] {
            let json: Value = serde_json::from_str(&body(size).json).unwrap();
            assert_eq!(json["order_data"].as_array().unwrap().len(), size as usize);
        }
    }

    #[test]
    fn a_fifth_of_the_orders_is_faulty_and_every_order_has_one_outcome() {
        let expected = body(10_000).expected;
        assert_eq!(expected.made + expected.failed, 10_000);
        assert!(
            (1_900..2_100).contains(&expected.failed),
            "{}",
            expected.failed
        );
    }

    #[test]
    fn the_lines_of_made_orders_are_counted_and_added_up() {
        let body = body(200);
        let json: Value = serde_json::from_str(&body.json).unwrap();
        let is_made = |order: &&Value| {
            let lines = order["details"].as_array().unwrap();
            let is_right = |line: &Value| {
                line["sku_id"] != OFF_SALE && !line["amount"].as_str().unwrap().starts_with('-')
            };
            order["address_id"] != format!("A{ADDRESSES}")
                && !lines.is_empty()
                && lines.iter().all(is_right)
        };
        let orders = json["order_data"].as_array().unwrap();
        let made: Vec<_> = orders.iter().filter(is_made).collect();
        assert_eq!(made.len(), usize::try_from(body.expected.made).unwrap());
        let lines = || {
            made.iter()
                .flat_map(|order| order["details"].as_array().unwrap())
        };
        assert_eq!(
            lines().count(),
            usize::try_from(body.expected.lines).unwrap()
        );
        let hundredths = |line: &Value| {
            line["amount"]
                .as_str()
                .unwrap()
                .replace('.', "")
                .parse::<i64>()
                .unwrap()
        };
        assert_eq!(lines().map(hundredths).sum::<i64>(), body.expected.quantity);
    }

    #[test]
    fn a_sum_of_a_text_is_the_one_that_sql_makes() {
        assert_eq!(crc("MySQL"), 3_259_397_556);
    }
}

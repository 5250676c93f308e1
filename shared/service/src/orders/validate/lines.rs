//! The lines of an order: sku, quantity, price, and what they sum up to.

use super::place::Place;
use super::{Checks, Line, text};
use crate::orders::fault::{Fault, FaultCode};
use crate::orders::faults::Faults;
use crate::orders::money::{DecimalError, MAX_INTEGER_DIGITS, Money, Quantity};
use crate::orders::parse::{Details, MAX_LINES, RawLine};
use crate::orders::quote::quoted;
use crate::orders::reference::Sku;
use crate::orders::scalar::Scalar;

const DETAILS: Place = Place::order("details", "商品明细");

/// The largest total: what `DECIMAL(18, 2)` holds.
const MAX_TOTAL: i128 = 999_999_999_999_999_999;

/// Checks all lines. What comes back is complete only when no fault was added.
pub(super) fn check(
    details: &Details<'_>,
    checks: &Checks<'_>,
    faults: &mut Faults,
) -> (Vec<Line>, Money) {
    let raw_lines = listed(details, faults);
    let mut lines = Vec::with_capacity(raw_lines.len());
    for (index, raw) in raw_lines.iter().enumerate() {
        match raw {
            Ok(raw) => {
                let checker = Checker {
                    index,
                    raw,
                    checks,
                    faults,
                };
                lines.extend(checker.line());
            }
            Err(fault) => faults.push(fault.clone()),
        }
    }
    let total = total(&lines, faults);
    (lines, total)
}

/// The lines to check: none, where `details` as a whole is wrong, and never more than an order may have.
fn listed<'d, 'a>(
    details: &'d Details<'a>,
    faults: &mut Faults,
) -> &'d [Result<RawLine<'a>, Fault>] {
    match details {
        Details::Lines(lines, count) if *count > MAX_LINES => {
            let rule = format!("最多 {MAX_LINES} 行");
            let sentence = format!("商品明细 details {rule}，实际为 {count}");
            faults.push(DETAILS.fault(FaultCode::TooManyLines, &count.to_string(), &sentence));
            lines
        }
        Details::Lines(lines, 1..) => lines,
        Details::Absent | Details::Lines(..) => {
            faults.push(DETAILS.missing(FaultCode::LinesEmpty));
            &[]
        }
        Details::NotAList(raw) => {
            faults.push(DETAILS.breaks(FaultCode::OrderFormat, raw, "应为列表"));
            &[]
        }
    }
}

fn total(lines: &[Line], faults: &mut Faults) -> Money {
    let priced = lines.iter().filter(|line| !line.is_price_timing);
    let sum: i128 = priced
        .map(|line| i128::from(line.amount.hundredths()))
        .sum();
    match i64::try_from(sum) {
        Ok(hundredths) if sum <= MAX_TOTAL => Money::from_hundredths(hundredths),
        _ => {
            let sum = format!("{}.{:02}", sum / 100, sum % 100);
            faults.push(DETAILS.breaks(
                FaultCode::OrderFormat,
                &sum,
                "合计金额的整数部分最多 16 位",
            ));
            Money::ZERO
        }
    }
}

/// One line under check.
struct Checker<'c> {
    index: usize,
    raw: &'c RawLine<'c>,
    checks: &'c Checks<'c>,
    faults: &'c mut Faults,
}

impl<'c> Checker<'c> {
    fn line(mut self) -> Option<Line> {
        let sku = self.sku();
        let quantity = self.quantity(sku.as_ref().and_then(|(_, sku)| *sku));
        let sent_price = self.price();
        let is_price_timing = self.price_timing();
        let spu_remark = text::remark(
            self.place("spu_remark", "商品备注"),
            &self.raw.spu_remark,
            self.faults,
        );
        let (sku_id, sku) = sku?;
        let (quantity, unit_price) = (quantity?, sent_price.or(sku.map(|sku| sku.sale_price))?);
        let amount = quantity.amount_at(unit_price);
        Some(Line {
            sku_id,
            quantity,
            unit_price,
            amount,
            is_price_timing,
            spu_remark,
        })
    }

    /// The sku's id, and the sku where it exists.
    fn sku(&mut self) -> Option<(String, Option<&'c Sku>)> {
        let place = self.place("sku_id", "商品编号");
        if self.raw.sku_id.is_absent() {
            self.faults.push(place.missing(FaultCode::SkuRequired));
            return None;
        }
        let id = text::id(place, &self.raw.sku_id, self.faults)?;
        let sku = self.checks.reference.skus.get(&id);
        if let Some(sku) = sku {
            self.sold(place, &id, sku);
        } else {
            let sentence = format!("商品 {} 在本站点不存在", quoted(&id));
            self.faults
                .push(place.fault(FaultCode::SkuNotFound, &id, &sentence));
        }
        Some((id, sku))
    }

    fn sold(&mut self, place: Place, id: &str, sku: &Sku) {
        if !sku.on_sale {
            let sentence = format!("商品 {} 已下架", text::named(id, &sku.name));
            self.faults
                .push(place.fault(FaultCode::SkuOffSale, id, &sentence));
        }
        let cycle = &self.checks.cycle.id;
        if let Some(sold_in) = sku
            .time_config_id
            .as_ref()
            .filter(|sold_in| *sold_in != cycle)
        {
            let name = text::named(id, &sku.name);
            let sentence =
                format!("商品 {name} 只在运营周期 {sold_in} 销售，不属于本批次的运营周期 {cycle}");
            self.faults
                .push(place.fault(FaultCode::SkuNotInCycle, id, &sentence));
        }
    }

    fn quantity(&mut self, sku: Option<&Sku>) -> Option<Quantity> {
        let (key, sent) = first_given(
            ("amount", &self.raw.amount),
            ("quantity", &self.raw.quantity),
        );
        let place = self.place(key, "数量");
        if sent.is_absent() {
            self.faults.push(place.missing(FaultCode::QuantityRequired));
            return None;
        }
        let quantity = match sent
            .text()
            .map_or(Err(DecimalError::Format), Quantity::parse)
        {
            Ok(Quantity::ZERO) => Err(DecimalError::Negative),
            read => read,
        };
        match (quantity, sku) {
            (Ok(quantity), Some(sku)) if quantity < sku.sale_num_least => {
                let rule = format!("不能低于起订量 {}{}", sku.sale_num_least, sku.sale_unit);
                self.faults
                    .push(place.breaks(FaultCode::QuantityBelowMin, sent.as_sent(), &rule));
            }
            (Ok(_), _) => {}
            (Err(error), _) => self
                .faults
                .push(broken_decimal(place, sent, error, &QUANTITY)),
        }
        quantity.ok()
    }

    /// The price sent; `None` when there is none.
    fn price(&mut self) -> Option<Money> {
        let (key, sent) = first_given(
            ("unit_price", &self.raw.unit_price),
            ("sale_price", &self.raw.sale_price),
        );
        if sent.is_absent() {
            return None;
        }
        price(self.place(key, "单价"), sent, self.faults)
    }

    fn price_timing(&mut self) -> bool {
        let sent = &self.raw.is_price_timing;
        let read = sent.boolean();
        if read.is_none() && !sent.is_absent() {
            let place = self.place("is_price_timing", "是否时价");
            self.faults.push(place.breaks(
                FaultCode::PriceTimingType,
                sent.as_sent(),
                "应为 true/false 或 1/0",
            ));
        }
        read.unwrap_or_default()
    }

    const fn place(&self, key: &'static str, name: &'static str) -> Place {
        Place::line(self.index, key, name)
    }
}

/// A price that was sent; `None` when it is none.
pub(crate) fn price(place: Place, sent: &Scalar<'_>, faults: &mut Faults) -> Option<Money> {
    let price = sent.text().map_or(Err(DecimalError::Format), Money::parse);
    price
        .map_err(|error| faults.push(broken_decimal(place, sent, error, &PRICE)))
        .ok()
}

/// What a decimal's faults are called.
struct DecimalWords {
    format: FaultCode,
    sign: FaultCode,
    sign_rule: &'static str,
    decimals: FaultCode,
}

const QUANTITY: DecimalWords = DecimalWords {
    format: FaultCode::QuantityFormat,
    sign: FaultCode::QuantityNotPositive,
    sign_rule: "必须大于 0",
    decimals: FaultCode::QuantityDecimals,
};

const PRICE: DecimalWords = DecimalWords {
    format: FaultCode::PriceFormat,
    sign: FaultCode::PriceNegative,
    sign_rule: "不能小于 0",
    decimals: FaultCode::PriceDecimals,
};

fn broken_decimal(
    place: Place,
    sent: &Scalar<'_>,
    error: DecimalError,
    words: &DecimalWords,
) -> Fault {
    let (code, rule) = match error {
        DecimalError::Format => (words.format, "应为普通小数（不支持科学计数法）".to_owned()),
        DecimalError::TooLarge => (
            words.format,
            format!("整数部分最多 {MAX_INTEGER_DIGITS} 位"),
        ),
        DecimalError::Negative => (words.sign, words.sign_rule.to_owned()),
        DecimalError::Decimals => (words.decimals, "最多 2 位小数".to_owned()),
    };
    place.breaks(code, sent.as_sent(), &rule)
}

/// The first of two names for the same thing that was given, else the first name.
fn first_given<'s, 'a>(
    first: (&'static str, &'s Scalar<'a>),
    second: (&'static str, &'s Scalar<'a>),
) -> (&'static str, &'s Scalar<'a>) {
    if first.1.is_absent() && !second.1.is_absent() {
        second
    } else {
        first
    }
}

//! The lines of an order: sku, quantity, price and their sum.

use task_engine::{ItemError, ItemErrors};

use super::{Checks, Line, text};
use crate::items::{ItemErrorCode, Money, Place, Quantity, Scalar, price, quantity, quoted};
use crate::orders::parse::{Details, MAX_LINES, RawLine};
use crate::orders::reference::Sku;

const DETAILS: Place = Place::order("details", "商品明细");

/// The largest total: 18 digits, less than the column `DECIMAL(20, 2)` holds.
const MAX_TOTAL: i128 = 999_999_999_999_999_999;

/// Checks all lines. The answer is complete only when no error was added.
pub(super) fn check(
    details: &Details<'_>,
    checks: &Checks<'_>,
    errors: &mut ItemErrors,
) -> (Vec<Line>, Money) {
    let raw_lines = listed(details, errors);
    let mut lines = Vec::with_capacity(raw_lines.len());
    for (index, raw) in raw_lines.iter().enumerate() {
        match raw {
            Ok(raw) => {
                let checker = Checker {
                    index,
                    raw,
                    checks,
                    errors,
                };
                lines.extend(checker.line());
            }
            Err(error) => errors.push(error.clone()),
        }
    }
    let total = total(&lines, errors);
    (lines, total)
}

/// Returns the lines to check: none, where `details` as a whole is wrong, and never more than an order may have.
fn listed<'d, 'a>(
    details: &'d Details<'a>,
    errors: &mut ItemErrors,
) -> &'d [Result<RawLine<'a>, ItemError>] {
    match details {
        Details::Lines(lines, count) if *count > MAX_LINES => {
            let rule = format!("最多 {MAX_LINES} 行");
            let sentence = format!("商品明细 details {rule}，实际为 {count}");
            errors.push(DETAILS.error(ItemErrorCode::TooManyLines, &count.to_string(), &sentence));
            lines
        }
        Details::Lines(lines, 1..) => lines,
        Details::Absent | Details::Lines(..) => {
            errors.push(DETAILS.missing(ItemErrorCode::LinesEmpty));
            &[]
        }
        Details::NotAList(raw) => {
            errors.push(DETAILS.breaks(ItemErrorCode::OrderFormat, raw, "应为列表"));
            &[]
        }
    }
}

fn total(lines: &[Line], errors: &mut ItemErrors) -> Money {
    let priced = lines.iter().filter(|line| !line.is_price_timing);
    let sum: i128 = priced
        .map(|line| i128::from(line.amount.hundredths()))
        .sum();
    match i64::try_from(sum) {
        Ok(hundredths) if sum <= MAX_TOTAL => Money::from_hundredths(hundredths),
        _ => {
            let sum = format!("{}.{:02}", sum / 100, sum % 100);
            errors.push(DETAILS.breaks(
                ItemErrorCode::OrderFormat,
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
    errors: &'c mut ItemErrors,
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
            self.errors,
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

    /// Returns the sku's id, and the sku where it exists.
    fn sku(&mut self) -> Option<(String, Option<&'c Sku>)> {
        let place = self.place("sku_id", "商品编号");
        if self.raw.sku_id.is_absent() {
            self.errors.push(place.missing(ItemErrorCode::SkuRequired));
            return None;
        }
        let id = text::id(place, &self.raw.sku_id, self.errors)?;
        let sku = self.checks.reference.skus.get(&id);
        if let Some(sku) = sku {
            self.sold(place, &id, sku);
        } else {
            let sentence = format!("商品 {} 在本站点不存在", quoted(&id));
            self.errors
                .push(place.error(ItemErrorCode::SkuNotFound, &id, &sentence));
        }
        Some((id, sku))
    }

    fn sold(&mut self, place: Place, id: &str, sku: &Sku) {
        if !sku.on_sale {
            let sentence = format!("商品 {} 已下架", text::named(id, &sku.name));
            self.errors
                .push(place.error(ItemErrorCode::SkuOffSale, id, &sentence));
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
            self.errors
                .push(place.error(ItemErrorCode::SkuNotInCycle, id, &sentence));
        }
    }

    fn quantity(&mut self, sku: Option<&Sku>) -> Option<Quantity> {
        let (key, sent) = first_given(
            ("amount", &self.raw.amount),
            ("quantity", &self.raw.quantity),
        );
        let place = self.place(key, "数量");
        if sent.is_absent() {
            self.errors
                .push(place.missing(ItemErrorCode::QuantityRequired));
            return None;
        }
        let quantity = quantity(place, sent, self.errors)?;
        if let Some(sku) = sku.filter(|sku| quantity < sku.sale_num_least) {
            let rule = format!("不能低于起订量 {}{}", sku.sale_num_least, sku.sale_unit);
            self.errors
                .push(place.breaks(ItemErrorCode::QuantityBelowMin, sent.as_sent(), &rule));
        }
        Some(quantity)
    }

    /// Returns the price sent; `None` when there is none.
    fn price(&mut self) -> Option<Money> {
        let (key, sent) = first_given(
            ("unit_price", &self.raw.unit_price),
            ("sale_price", &self.raw.sale_price),
        );
        if sent.is_absent() {
            return None;
        }
        price(self.place(key, "单价"), sent, self.errors)
    }

    fn price_timing(&mut self) -> bool {
        let sent = &self.raw.is_price_timing;
        let read = sent.boolean();
        if read.is_none() && !sent.is_absent() {
            let place = self.place("is_price_timing", "是否时价");
            self.errors.push(place.breaks(
                ItemErrorCode::PriceTimingType,
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

/// Returns the first of two names for the same thing that was given, else the first name.
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

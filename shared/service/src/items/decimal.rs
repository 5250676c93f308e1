//! Decimals of an item as they were sent, and the errors of texts that are no decimals.

use task_engine::{ItemError, ItemErrors};

use super::code::ItemErrorCode;
use super::money::{DecimalError, MAX_INTEGER_DIGITS, Money, Quantity};
use super::place::Place;
use super::scalar::Scalar;

/// Reads a price that was sent; notes the error of one that cannot be read.
pub(crate) fn price(place: Place, sent: &Scalar<'_>, errors: &mut ItemErrors) -> Option<Money> {
    let price = sent.text().map_or(Err(DecimalError::Format), Money::parse);
    price
        .map_err(|error| errors.push(broken_decimal(place, sent, error, &PRICE)))
        .ok()
}

/// Reads a quantity that was sent; notes the error of one that cannot be read or is not above zero.
pub(crate) fn quantity(
    place: Place,
    sent: &Scalar<'_>,
    errors: &mut ItemErrors,
) -> Option<Quantity> {
    let read = sent
        .text()
        .map_or(Err(DecimalError::Format), Quantity::parse);
    match read {
        Ok(Quantity::ZERO) => Err(DecimalError::Negative),
        read => read,
    }
    .map_err(|error| errors.push(broken_decimal(place, sent, error, &QUANTITY)))
    .ok()
}

/// The codes and the rule that a kind of decimal breaks.
struct DecimalWords {
    format: ItemErrorCode,
    sign: ItemErrorCode,
    sign_rule: &'static str,
    decimals: ItemErrorCode,
}

const QUANTITY: DecimalWords = DecimalWords {
    format: ItemErrorCode::QuantityFormat,
    sign: ItemErrorCode::QuantityNotPositive,
    sign_rule: "必须大于 0",
    decimals: ItemErrorCode::QuantityDecimals,
};

const PRICE: DecimalWords = DecimalWords {
    format: ItemErrorCode::PriceFormat,
    sign: ItemErrorCode::PriceNegative,
    sign_rule: "不能小于 0",
    decimals: ItemErrorCode::PriceDecimals,
};

fn broken_decimal(
    place: Place,
    sent: &Scalar<'_>,
    error: DecimalError,
    words: &DecimalWords,
) -> ItemError {
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

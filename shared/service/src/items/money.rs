//! Exact decimals of two places: prices and amounts ([`Money`]), ordered quantities ([`Quantity`]).
//! Both are hundredths in an `i64`, read from raw decimal text and never through floating point.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

/// Digits before the point that a decimal read from text may have.
pub(super) const MAX_INTEGER_DIGITS: usize = 8;

/// Why a text is not a decimal of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// Not `digits` or `digits.digits`: an exponent, a sign other than one minus, blanks, nothing at all.
    #[error("not a plain decimal number")]
    Format,
    /// More than 8 digits before the point.
    #[error("more than 8 digits before the point")]
    TooLarge,
    /// Below zero.
    #[error("below zero")]
    Negative,
    /// More than two decimals that are not trailing zeros.
    #[error("more than two decimals")]
    Decimals,
}

/// Reads `text` as hundredths. One rule fails at a time: shape, sign, size, decimals.
fn hundredths(text: &str) -> Result<i64, DecimalError> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, decimals) = match digits.split_once('.') {
        Some((whole, decimals)) if is_digits(decimals) => (whole, decimals),
        Some(_) => return Err(DecimalError::Format),
        None => (digits, ""),
    };
    if !is_digits(whole) {
        return Err(DecimalError::Format);
    }
    let whole = whole.trim_start_matches('0');
    let decimals = decimals.trim_end_matches('0');
    if digits.len() < text.len() && !(whole.is_empty() && decimals.is_empty()) {
        return Err(DecimalError::Negative);
    }
    if whole.len() > MAX_INTEGER_DIGITS {
        return Err(DecimalError::TooLarge);
    }
    if decimals.len() > 2 {
        return Err(DecimalError::Decimals);
    }
    let padding = std::iter::repeat_n(b'0', 2 - decimals.len());
    let digits = whole.bytes().chain(decimals.bytes()).chain(padding);
    Ok(digits.fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

macro_rules! decimal {
    ($(#[$doc:meta])+ $name:ident) => {
        $(#[$doc])+
        ///
        /// Printed with two places (`12.50`), in JSON a string.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(0);

            /// Converts a count of hundredths.
            #[must_use]
            pub const fn from_hundredths(hundredths: i64) -> Self {
                Self(hundredths)
            }

            /// Returns the count of hundredths.
            #[must_use]
            pub const fn hundredths(self) -> i64 {
                self.0
            }

            /// Reads raw decimal text: no exponent, not below zero, at most 8 digits before the point and two
            /// after it (trailing zeros beyond are harmless).
            pub fn parse(text: &str) -> Result<Self, DecimalError> {
                hundredths(text).map(Self)
            }
        }

        impl FromStr for $name {
            type Err = DecimalError;

            fn from_str(text: &str) -> Result<Self, DecimalError> {
                Self::parse(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let sign = if self.0 < 0 { "-" } else { "" };
                let magnitude = self.0.unsigned_abs();
                write!(f, "{sign}{}.{:02}", magnitude / 100, magnitude % 100)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::parse(&text).map_err(|error| D::Error::custom(format_args!("{text:?}: {error}")))
            }
        }
    };
}

decimal! {
    /// An amount of money in hundredths of the currency unit.
    Money
}

decimal! {
    /// An ordered quantity in hundredths of the sale unit.
    Quantity
}

impl Quantity {
    /// Multiplies this quantity by `price`, rounded half-up to two places. Anything read by `parse` fits;
    /// beyond the range of [`Money`] the result is its largest (smallest) value.
    #[must_use]
    pub fn amount_at(self, price: Money) -> Money {
        let exact = i128::from(self.0) * i128::from(price.0);
        let rounded = (exact + 50).div_euclid(100);
        let limit = if rounded < 0 { i64::MIN } else { i64::MAX };
        Money(i64::try_from(rounded).unwrap_or(limit))
    }
}

#[cfg(test)]
mod tests;

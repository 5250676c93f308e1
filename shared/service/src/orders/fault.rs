//! What can be wrong with one order (or one item of another kind of batch): the codes of the contract and the
//! sentence a person mends it by.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::batch::ItemError;

/// Characters of a sent value that a fault repeats.
const SHOWN_CHARS: usize = 64;

macro_rules! fault_codes {
    ($($(#[$doc:meta])+ $name:ident = $word:literal,)+) => {
        /// Why an order, or an item of another kind of batch, failed. The words are part of the contract: clients switch on them, never rename one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum FaultCode {
            $($(#[$doc])+ #[serde(rename = $word)] $name,)+
        }

        impl FaultCode {
            /// Every code, in the order of the contract.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The word as it is answered and stored.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }
        }
    };
}

fault_codes! {
    /// No delivery address given.
    AddressRequired = "ADDRESS_REQUIRED",
    /// No such address at this station.
    AddressNotFound = "ADDRESS_NOT_FOUND",
    /// The address may not order.
    AddressForbidden = "ADDRESS_FORBIDDEN",
    /// A receive time is absent.
    ReceiveTimeRequired = "RECEIVE_TIME_REQUIRED",
    /// A receive time is not `YYYY-MM-DD HH:MM`, or not a real date.
    ReceiveTimeFormat = "RECEIVE_TIME_FORMAT",
    /// The receive time does not begin before it ends.
    ReceiveTimeOrder = "RECEIVE_TIME_ORDER",
    /// The receive time begins before the order was accepted.
    ReceiveTimePast = "RECEIVE_TIME_PAST",
    /// A receive time lies outside the cycle's receive window.
    ReceiveTimeOutOfWindow = "RECEIVE_TIME_OUT_OF_WINDOW",
    /// No lines.
    LinesEmpty = "LINES_EMPTY",
    /// More lines than an order may have.
    TooManyLines = "TOO_MANY_LINES",
    /// A line without a sku.
    SkuRequired = "SKU_REQUIRED",
    /// No such sku at this station.
    SkuNotFound = "SKU_NOT_FOUND",
    /// The sku is not on sale.
    SkuOffSale = "SKU_OFF_SALE",
    /// The sku is sold in another operating cycle only.
    SkuNotInCycle = "SKU_NOT_IN_CYCLE",
    /// A line without a quantity.
    QuantityRequired = "QUANTITY_REQUIRED",
    /// The quantity is not a plain decimal number, or too large.
    QuantityFormat = "QUANTITY_FORMAT",
    /// The quantity is zero or less.
    QuantityNotPositive = "QUANTITY_NOT_POSITIVE",
    /// The quantity has more than two decimals.
    QuantityDecimals = "QUANTITY_DECIMALS",
    /// The quantity is below the sku's least.
    QuantityBelowMin = "QUANTITY_BELOW_MIN",
    /// No price given where there must be one.
    PriceRequired = "PRICE_REQUIRED",
    /// The price is not a plain decimal number, or too large.
    PriceFormat = "PRICE_FORMAT",
    /// The price is below zero.
    PriceNegative = "PRICE_NEGATIVE",
    /// The price has more than two decimals.
    PriceDecimals = "PRICE_DECIMALS",
    /// `is_price_timing` is not a boolean.
    PriceTimingType = "PRICE_TIMING_TYPE",
    /// A remark is too long.
    RemarkTooLong = "REMARK_TOO_LONG",
    /// An earlier order of the batch has the same key.
    DuplicateInBatch = "DUPLICATE_IN_BATCH",
    /// The station already has an order with this `out_order_no`.
    DuplicateOrderNo = "DUPLICATE_ORDER_NO",
    /// The order or one of its fields has an impossible shape and no better code says so.
    OrderFormat = "ORDER_FORMAT",
    /// An item of another batch than orders, or one of its fields, has an impossible shape.
    ItemFormat = "ITEM_FORMAT",
    /// The task was closed before this order was started.
    Cancelled = "CANCELLED",
    /// Our fault, after the last try.
    SystemBusy = "SYSTEM_BUSY",
}

impl fmt::Display for FaultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that is wrong with one order, shaped as the contract answers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The rule that failed.
    pub code: FaultCode,
    /// Where: `address_id`, `details[1].amount`; `""` for the order as a whole.
    pub field: String,
    /// The value as sent, cut to 64 characters; `None` when nothing was sent. For the two duplicate codes
    /// what it clashes with: the first order's index, the existing order's id.
    pub value: Option<String>,
    /// One sentence in Simplified Chinese that names the field, the limit and the value.
    pub msg: String,
}

impl Fault {
    /// A fault of something that was sent. `value` is cut, `msg` is the caller's to keep short.
    #[must_use]
    pub fn new(
        code: FaultCode,
        field: impl Into<String>,
        value: &str,
        msg: impl Into<String>,
    ) -> Self {
        Self {
            code,
            field: field.into(),
            value: Some(shown(value).to_owned()),
            msg: msg.into(),
        }
    }

    /// A fault of something that was not sent.
    #[must_use]
    pub fn absent(code: FaultCode, field: impl Into<String>, msg: impl Into<String>) -> Self {
        Self {
            code,
            field: field.into(),
            value: None,
            msg: msg.into(),
        }
    }

    /// The outcome of an order that a closed task never started.
    #[must_use]
    pub fn cancelled() -> Self {
        Self::absent(FaultCode::Cancelled, "", "任务已关闭，该订单未处理")
    }

    /// The outcome of an order that could not be worked for reasons of ours, after the last try.
    #[must_use]
    pub fn system_busy() -> Self {
        Self::absent(
            FaultCode::SystemBusy,
            "",
            "系统繁忙，该订单未能处理，请稍后重新提交",
        )
    }
}

impl From<Fault> for ItemError {
    fn from(fault: Fault) -> Self {
        Self {
            code: fault.code.as_str(),
            field: fault.field,
            value: fault.value,
            msg: fault.msg,
        }
    }
}

/// `value` cut to what a fault or its sentence repeats of it.
pub(super) fn shown(value: &str) -> &str {
    value
        .char_indices()
        .nth(SHOWN_CHARS)
        .map_or(value, |(end, _)| &value[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The list of the contract, word for word.
    const CONTRACT: &str = "ADDRESS_REQUIRED ADDRESS_NOT_FOUND ADDRESS_FORBIDDEN RECEIVE_TIME_REQUIRED RECEIVE_TIME_FORMAT RECEIVE_TIME_ORDER RECEIVE_TIME_PAST RECEIVE_TIME_OUT_OF_WINDOW LINES_EMPTY TOO_MANY_LINES SKU_REQUIRED SKU_NOT_FOUND SKU_OFF_SALE SKU_NOT_IN_CYCLE QUANTITY_REQUIRED QUANTITY_FORMAT QUANTITY_NOT_POSITIVE QUANTITY_DECIMALS QUANTITY_BELOW_MIN PRICE_REQUIRED PRICE_FORMAT PRICE_NEGATIVE PRICE_DECIMALS PRICE_TIMING_TYPE REMARK_TOO_LONG DUPLICATE_IN_BATCH DUPLICATE_ORDER_NO ORDER_FORMAT ITEM_FORMAT CANCELLED SYSTEM_BUSY";

    #[test]
    fn the_codes_are_those_of_the_contract() {
        let words: Vec<_> = FaultCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(words.join(" "), CONTRACT);
    }

    #[test]
    fn a_code_is_written_and_read_as_its_word() {
        for code in FaultCode::ALL {
            let json = serde_json::to_string(code).unwrap();
            assert_eq!(json, format!("\"{code}\""));
            assert_eq!(serde_json::from_str::<FaultCode>(&json).unwrap(), *code);
        }
    }

    #[test]
    fn a_long_value_is_cut_to_64_characters_not_bytes() {
        let fault = Fault::new(FaultCode::RemarkTooLong, "remark", &"菜".repeat(65), "");
        assert_eq!(fault.value.unwrap(), "菜".repeat(64));
    }

    #[test]
    fn a_fault_is_answered_as_code_field_value_and_msg() {
        let json = serde_json::to_string(&Fault::cancelled()).unwrap();
        assert_eq!(
            json,
            r#"{"code":"CANCELLED","field":"","value":null,"msg":"任务已关闭，该订单未处理"}"#
        );
        assert_eq!(Fault::system_busy().code, FaultCode::SystemBusy);
    }
}

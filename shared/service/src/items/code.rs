//! The codes of the contract for an item that is wrong.

use std::fmt;

macro_rules! item_error_codes {
    ($($(#[$doc:meta])+ $name:ident = $word:literal,)+) => {
        /// Tells why an item failed. The codes are part of the contract: clients switch on them, never rename one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ItemErrorCode {
            $($(#[$doc])+ $name,)+
        }

        impl ItemErrorCode {
            /// Every code, in the order of the contract.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Spells the code as it is answered and stored.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }
        }
    };
}

item_error_codes! {
    /// No delivery address given.
    AddressRequired = "ADDRESS_REQUIRED",
    /// The station has no address with this id.
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
    /// The station has no sku with this id.
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

impl fmt::Display for ItemErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<ItemErrorCode> for &'static str {
    fn from(code: ItemErrorCode) -> Self {
        code.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The list of the contract, word for word.
    const CONTRACT: &str = "ADDRESS_REQUIRED ADDRESS_NOT_FOUND ADDRESS_FORBIDDEN RECEIVE_TIME_REQUIRED RECEIVE_TIME_FORMAT RECEIVE_TIME_ORDER RECEIVE_TIME_PAST RECEIVE_TIME_OUT_OF_WINDOW LINES_EMPTY TOO_MANY_LINES SKU_REQUIRED SKU_NOT_FOUND SKU_OFF_SALE SKU_NOT_IN_CYCLE QUANTITY_REQUIRED QUANTITY_FORMAT QUANTITY_NOT_POSITIVE QUANTITY_DECIMALS QUANTITY_BELOW_MIN PRICE_REQUIRED PRICE_FORMAT PRICE_NEGATIVE PRICE_DECIMALS PRICE_TIMING_TYPE REMARK_TOO_LONG DUPLICATE_IN_BATCH DUPLICATE_ORDER_NO ORDER_FORMAT ITEM_FORMAT CANCELLED SYSTEM_BUSY";

    #[test]
    fn the_codes_are_those_of_the_contract() {
        let words: Vec<_> = ItemErrorCode::ALL
            .iter()
            .map(|code| code.as_str())
            .collect();
        assert_eq!(words.join(" "), CONTRACT);
    }
}

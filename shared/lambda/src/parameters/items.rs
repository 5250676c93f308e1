//! Reading which items of a batch a call is about.

use std::borrow::Cow;

use serde_json::value::RawValue;
use task_engine::{ItemRequest, PageRequest};
use task_service::items::ItemErrorCode;
use task_service::orders::{Mending, Which};
use task_service::{Error, ErrorCode, Result};
use task_store::items::ItemStatus;

use super::{Parameter, Parameters, shown};

/// The parameters of an amend.
const OF_AMEND: [&str; 8] = [
    "task_id",
    "user_task_id",
    "station_id",
    "address_id",
    "out_order_no",
    "index",
    "order_id",
    "order_data",
];

/// How the report of a batch is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportFormat {
    /// The envelope around one JSON value.
    Json,
    /// A JSON value a line.
    Lines,
    /// CSV.
    Table,
}

impl Parameters<'_> {
    /// Reads a page of a report: the failed items where no `status` is named, and the `format`, JSON by default.
    pub fn report(&self) -> Result<(ItemRequest, ReportFormat)> {
        let words = [
            ("json", ReportFormat::Json),
            ("ndjson", ReportFormat::Lines),
            ("csv", ReportFormat::Table),
        ];
        let mut request = self.item_page("status", Some(ItemStatus::Failed))?;
        let format = self.optional("format", |format| format.one_of(&words))?;
        if format == Some(ReportFormat::Table) {
            request.room = ItemRequest::ROOM_OF_TABLE;
        }
        // A table and lines hold items only.
        request.is_counted = matches!(format, None | Some(ReportFormat::Json));
        Ok((request, format.unwrap_or(ReportFormat::Json)))
    }

    /// Reads a page of a batch's items: `limit` (100 by default, at most 1,000), `offset`, and the status under `name`:
    /// one of the words, or `all`; beside it `item_code` and `after_index`.
    pub fn item_page(&self, name: &str, default: Option<ItemStatus>) -> Result<ItemRequest> {
        let mut words = vec![("all", None)];
        words.extend(ItemStatus::ALL.map(|status| (status.as_str(), Some(status))));
        let status = self.optional(name, |status| status.one_of(&words))?;
        let after = self.optional("after_index", |index| index.integer(0..=u32::MAX))?;
        Ok(ItemRequest {
            status: status.unwrap_or(default),
            code: self.optional("item_code", Parameter::item_code)?,
            page: PageRequest {
                after: after.map(i64::from),
                ..self.page(100, 1000)?
            },
            ..ItemRequest::default()
        })
    }

    /// Reads a corrected order, `order_data`.
    pub fn optional_order(&self) -> Result<Option<Cow<'_, RawValue>>> {
        self.optional("order_data", Parameter::object)
    }

    /// Reads how a person mended a failed order: made by hand (`order_id`), corrected (`order`), or given up. That is
    /// said by silence, so that whatever else was sent may be a misspelt name and is refused.
    pub fn mending<'o>(&self, order: Option<&'o RawValue>) -> Result<Mending<'o>> {
        match (self.optional("order_id", Parameter::order_id)?, order) {
            (Some(id), _) => Ok(Mending::Made(id)),
            (None, Some(order)) => Ok(Mending::Corrected(order)),
            (None, None) => match self.unknown(&OF_AMEND) {
                None => Ok(Mending::Dropped),
                Some(name) => {
                    let known = OF_AMEND.join(", ");
                    let name = shown(name);
                    Err(Error::refused(
                        ErrorCode::ParamInvalid,
                        format!(
                            "parameter {name} is not known, nothing was changed: without order_id and order_data the \
                             order is given up, and only {known} may be sent"
                        ),
                    ))
                }
            },
        }
    }

    /// Reads which order of a batch is meant: `index`, `address_id` or `out_order_no`, at least one of them.
    pub fn which_order(&self) -> Result<Which> {
        let id = |name| self.optional(name, Parameter::business_id);
        let which = Which {
            index: self.optional("index", |index| index.integer(0..=u32::MAX))?,
            address_id: id("address_id")?.flatten(),
            out_order_no: id("out_order_no")?.flatten(),
        };
        if which == Which::default() {
            let names = "parameter address_id, out_order_no or index is missing";
            return Err(Error::refused(ErrorCode::ParamMissing, names));
        }
        Ok(which)
    }
}

impl Parameter<'_> {
    /// Reads the code of an item's error.
    fn item_code(self) -> Result<String> {
        let words = ItemErrorCode::ALL.iter().map(|code| (code.as_str(), *code));
        let code = self.one_of(&words.collect::<Vec<_>>())?;
        Ok(code.as_str().to_owned())
    }

    /// Reads the id of an order, as it is answered (`order_id`) or as it is called (`order_no`, `PL<id>`).
    pub fn order_id(self) -> Result<i64> {
        let text = self.text(24)?;
        let digits = text.strip_prefix("PL").unwrap_or(&text);
        let id = digits
            .bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| digits.parse().ok());
        id.flatten()
            .filter(|id| *id > 0)
            .ok_or_else(|| self.invalid("is no order id or order number"))
    }
}

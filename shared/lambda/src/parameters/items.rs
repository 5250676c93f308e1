//! Reading which items of a batch a call is about.

use task_service::batch::ItemPage;
use task_service::orders::Which;
use task_service::store::items::ItemStatus;
use task_service::{Error, Result, Word};

use super::{Parameter, Parameters};

impl Parameters<'_> {
    /// A page of a batch's items: `limit` (100 by default, at most 1,000), `offset`, and the status under `name`:
    /// one of the words, or `all`.
    pub fn item_page(&self, name: &str, default: Option<ItemStatus>) -> Result<ItemPage> {
        let mut words = vec![("all", None)];
        words.extend(ItemStatus::ALL.map(|status| (status.as_str(), Some(status))));
        let status = self.optional(name, |status| status.one_of(&words))?;
        let (limit, page) = self.page(100, 1000)?;
        Ok(ItemPage {
            status: status.unwrap_or(default),
            limit,
            page,
        })
    }

    /// Which order of a batch is meant: `index`, `address_id` or `out_order_no`, at least one of them.
    pub fn which_order(&self) -> Result<Which> {
        let text =
            |name| self.optional(name, |text: Parameter<'_>| Ok(text.text(64)?.into_owned()));
        let which = Which {
            index: self.optional("index", |index| index.integer(0..=u32::MAX))?,
            address_id: text("address_id")?,
            out_order_no: text("out_order_no")?,
        };
        if which == Which::default() {
            let names = "parameter address_id, out_order_no or index is missing";
            return Err(Error::refused(Word::ParamMissing, names));
        }
        Ok(which)
    }
}

impl Parameter<'_> {
    /// The id of an order, as it is answered (`order_id`) or as it is called (`order_no`, `PL<id>`).
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

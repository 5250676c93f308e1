//! Reads a file into baskets: decodes it, splits it, finds its columns and reads every row's cells.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::columns::{Columns, is_known_header};
use super::map::Map;
use super::rows::Row;
use super::sheet::Sheet;
use super::{BadRow, Basket, Baskets, Item, Line, cells, decode, rows, sheet};
use crate::error::{LocalError, Result};

/// The unit price of an item whose file names none.
const PRICE: &str = "1.00";

impl Baskets {
    /// Reads a file's content; `file` is its name, for messages, and `map` names its columns.
    pub(crate) fn read(file: &str, content: &[u8], map: Option<&str>) -> Result<Self> {
        let input = |reason| LocalError::input(file, reason);
        let named = map.map(Map::parse).transpose().map_err(input)?;
        let table = table(content, named.as_ref()).map_err(input)?;
        let filled: Vec<&Row> = table.rows.iter().filter(|row| !row.is_empty()).collect();
        if filled.is_empty() {
            return Err(input("holds no row".to_owned()));
        }
        let columns = match &named {
            Some(map) => map.columns(&filled),
            None => Columns::find(&filled),
        };
        let columns = columns.map_err(input)?;
        let (above, rows) = filled.split_at(columns.header.unwrap_or(0));
        let mut builder = Builder::default();
        for row in above {
            builder.leave_out(row, &columns, "stands above the header".to_owned());
        }
        for row in rows.iter().skip(usize::from(columns.header.is_some())) {
            if let Err(reason) = builder.add_line(row, &columns) {
                builder.leave_out(row, &columns, reason);
            }
        }
        let marked = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
        Ok(Self {
            fingerprint: fingerprint(marked, map),
            baskets: builder.baskets,
            items: builder.items,
            bad_rows: builder.bad_rows,
            has_quantities: columns.has_quantities(),
            ignored: columns.ignored,
            unread_sheets: table.unread_sheets,
        })
    }
}

impl BadRow {
    fn new(row: &Row, columns: &Columns, reason: String) -> Self {
        let customer = columns.places[0].and_then(|place| row.cells.get(place));
        Self {
            line: row.line,
            customer: customer
                .map_or("", |cell| cell.trim())
                .chars()
                .take(40)
                .collect(),
            reason,
        }
    }
}

/// Returns the rows of a workbook or of a text file.
fn table(content: &[u8], map: Option<&Map<'_>>) -> Result<Sheet, String> {
    if sheet::is_workbook(content) {
        return sheet::read(content);
    }
    let is_header = |row: &Row| map.map_or_else(|| is_known_header(row), |map| map.is_header(row));
    Ok(Sheet {
        rows: rows::split(&decode::decode(content)?, is_header)?,
        unread_sheets: 0,
    })
}

/// Returns a short hash of a file's content and of the columns named for it.
fn fingerprint(content: &[u8], map: Option<&str>) -> String {
    let mut hash = Sha256::new();
    hash.update(content);
    hash.update(map.unwrap_or_default());
    let start = hash
        .finalize()
        .iter()
        .take(5)
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{start:010x}")
}

#[derive(Default)]
struct Builder {
    baskets: Vec<Basket>,
    items: Vec<Item>,
    bad_rows: Vec<BadRow>,
    customer_places: HashMap<String, usize>,
    item_places: HashMap<String, usize>,
}

impl Builder {
    fn leave_out(&mut self, row: &Row, columns: &Columns, reason: String) {
        self.bad_rows.push(BadRow::new(row, columns, reason));
    }

    /// Takes a row whose every cell can be read, or nothing of it.
    fn add_line(&mut self, row: &Row, columns: &Columns) -> Result<(), String> {
        let [customer, item, quantity, price] = columns.places.map(|place| row.cells.get(place?));
        let customer = cells::name("customer", customer)?;
        let key = cells::name("item", item)?;
        let beyond = row.cells.iter().skip(columns.width);
        if beyond.filter(|cell| !cell.trim().is_empty()).count() > 0 {
            return Err(format!(
                "has {} cells where {} are expected: put a cell that holds the separator in quotes",
                row.cells.len(),
                columns.width
            ));
        }
        let quantity = cells::quantity(quantity)?;
        if quantity.is_none() && columns.has_quantities() {
            return Err("has no quantity: write one if it is wanted".to_owned());
        }
        let unit_price = cells::price(price)?;
        let line = Line {
            item: self.item(key, item, unit_price.as_deref()),
            quantity,
            unit_price,
        };
        self.basket(customer).lines.push(line);
        Ok(())
    }

    fn basket(&mut self, customer: &str) -> &mut Basket {
        let next = self.baskets.len();
        let place = *self
            .customer_places
            .entry(customer.to_owned())
            .or_insert(next);
        if place == next {
            self.baskets.push(Basket {
                customer: customer.to_owned(),
                lines: Vec::new(),
            });
        }
        &mut self.baskets[place]
    }

    fn item(&mut self, key: &str, written: Option<&String>, price: Option<&str>) -> usize {
        let next = self.items.len();
        let place = *self.item_places.entry(key.to_owned()).or_insert(next);
        if place == next {
            let name = written.map_or(key, String::as_str).to_owned();
            self.items.push(Item {
                name,
                price: price.unwrap_or(PRICE).to_owned(),
            });
        }
        place
    }
}

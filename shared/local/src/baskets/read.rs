//! Reading the CSV file: its header, its columns, and which customer and item each line names.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::{Basket, Baskets, Item, Line};
use crate::error::{LocalError, Result};

/// The unit price of an item whose file names none.
const PRICE: &str = "1.00";
/// Words a header may use for each column.
const HEADERS: [&[&str]; 4] = [
    &[
        "customer",
        "customer_id",
        "client",
        "user",
        "person",
        "member",
        "member_number",
        "客户",
        "顾客",
    ],
    &[
        "item",
        "product",
        "sku",
        "article",
        "name",
        "description",
        "itemdescription",
        "商品",
        "品名",
    ],
    &["quantity", "amount", "qty", "count", "数量"],
    &["unit_price", "price", "unitprice", "单价", "价格"],
];

/// The place of each of the four columns in a line, where the file has it.
type Places = [Option<usize>; 4];
/// The places in a file without a header.
const PLAIN: Places = [Some(0), Some(1), Some(2), Some(3)];

impl Baskets {
    /// Reads a file's content; `file` is its name, for messages.
    pub(crate) fn read(file: &str, content: &[u8]) -> Result<Self> {
        let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(content);
        let mut builder = Builder::default();
        for record in reader.byte_records() {
            let record = record.map_err(|error| LocalError::input(file, error))?;
            let fields: Vec<String> = record
                .iter()
                .map(|field| String::from_utf8_lossy(field).into_owned())
                .collect();
            let line = record.position().map_or(0, csv::Position::line);
            let added = builder.add_record(&fields);
            added.map_err(|reason| LocalError::input(file, format!("line {line}: {reason}")))?;
        }
        if builder.baskets.is_empty() {
            return Err(LocalError::input(file, "holds no line `customer,item`"));
        }
        Ok(Self {
            fingerprint: fingerprint(content),
            baskets: builder.baskets,
            items: builder.items,
        })
    }
}

/// A short word for some content.
fn fingerprint(content: &[u8]) -> String {
    let digest = Sha256::digest(content);
    let start = digest
        .iter()
        .take(5)
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{start:010x}")
}

/// The place of each column, when the fields are a header: one that names customer and item.
fn header(fields: &[String]) -> Option<Places> {
    let place = |words: &[&str]| {
        let matches = |field: &String| {
            words.contains(&field.trim().to_lowercase().replace(' ', "_").as_str())
        };
        fields.iter().position(matches)
    };
    let places = HEADERS.map(place);
    (places[0].is_some() && places[1].is_some()).then_some(places)
}

#[derive(Default)]
struct Builder {
    places: Option<Places>,
    baskets: Vec<Basket>,
    items: Vec<Item>,
    customer_places: HashMap<String, usize>,
    item_places: HashMap<String, usize>,
}

impl Builder {
    /// Takes one record: the header when it is the first and names the columns, else a line.
    fn add_record(&mut self, fields: &[String]) -> Result<(), &'static str> {
        if fields.iter().all(|text| text.trim().is_empty()) {
            return Ok(());
        }
        if let Some(places) = self.places {
            return self.add_line(fields, places);
        }
        let header = header(fields);
        self.places = Some(header.unwrap_or(PLAIN));
        if header.is_some() {
            Ok(())
        } else {
            self.add_line(fields, PLAIN)
        }
    }

    fn add_line(
        &mut self,
        fields: &[String],
        [customer, item, quantity, unit_price]: Places,
    ) -> Result<(), &'static str> {
        let field = |place: Option<usize>| place.and_then(|place| fields.get(place));
        let filled = |place| {
            field(place)
                .map(|text| text.trim())
                .filter(|text| !text.is_empty())
        };
        let customer = filled(customer).ok_or("has no customer")?;
        let key = filled(item).ok_or("has no item")?;
        let unit_price = filled(unit_price).map(str::to_owned);
        let line = Line {
            item: self.item(key, field(item), unit_price.as_deref()),
            quantity: filled(quantity).map(str::to_owned),
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
            let is_price = |text: &&str| text.parse::<f64>().is_ok_and(|price| price >= 0.0);
            let name = written.map_or(key, String::as_str).to_owned();
            self.items.push(Item {
                name,
                price: price.filter(is_price).unwrap_or(PRICE).to_owned(),
            });
        }
        place
    }
}

//! Names the words that a table's header may use.

/// The names of the columns in `MAP=`.
pub(super) const NAMES: [&str; 4] = ["customer", "item", "quantity", "unit_price"];
/// The words a header may use for each column, in lower case without blanks.
pub(super) const WORDS: [&[&str]; 4] = [
    &[
        "customer",
        "customer_id",
        "customer_name",
        "client",
        "user",
        "person",
        "member",
        "member_number",
        "kunde",
        "客户",
        "客户名称",
        "客户编号",
        "客户编码",
        "顾客",
        "门店",
        "收货人",
    ],
    &[
        "item",
        "product",
        "product_name",
        "sku",
        "article",
        "artikel",
        "name",
        "description",
        "itemdescription",
        "商品",
        "商品名称",
        "商品编码",
        "品名",
        "产品",
        "产品名称",
        "货品",
    ],
    &[
        "quantity",
        "amount",
        "qty",
        "count",
        "menge",
        "数量",
        "件数",
        "下单数量",
    ],
    &[
        "unit_price",
        "price",
        "unitprice",
        "preis",
        "单价",
        "价格",
        "售价",
    ],
];
/// Ends of words that only a header holds.
pub(super) const HINTS: [&str; 12] = [
    "编号", "编码", "单号", "名称", "日期", "时间", "地址", "电话", "备注", "单位", "规格", "序号",
];
/// English words that only a header holds, as a cell of their own or as its last word.
pub(super) const ENGLISH_HINTS: [&str; 12] = [
    "id", "no", "nr", "number", "code", "date", "order", "invoice", "total", "sku", "name", "ref",
];

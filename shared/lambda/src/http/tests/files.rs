//! Static files: caching, compression, headers.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::*;

/// "hello" as gzip.
const HELLO: [u8; 25] = [
    0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 0xff, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 7, 0, 0x86, 0xa6, 0x10,
    0x36, 5, 0, 0, 0,
];

async fn served(headers: Value, is_hashed: bool) -> Response {
    let varied = json!({"headers": headers});
    let (response, _) = answered(&varied, async |call| {
        let file = StaticFile {
            content_type: "text/css; charset=utf-8",
            entity_tag: "\"tag\"",
            gzip: &HELLO,
            is_hashed,
            policy: "default-src 'none'",
        };
        Reply::file(&call, &file)
    })
    .await;
    response
}

#[tokio::test]
async fn a_file_is_sent_compressed_to_a_browser_that_takes_it() {
    let response = served(json!({"accept-encoding": "br, gzip"}), true).await;
    assert_eq!(STANDARD.decode(&response.body).unwrap(), HELLO);
    assert_eq!(response.headers["content-encoding"], "gzip");
    let response = served(json!({}), true).await;
    assert_eq!(STANDARD.decode(&response.body).unwrap(), b"hello");
    assert!(!response.headers.contains_key("content-encoding"));
    assert_eq!(response.headers["vary"], "accept-encoding");
}

#[tokio::test]
async fn a_hashed_file_is_kept_for_ever_and_the_page_is_asked_for_again() {
    let hashed = served(json!({}), true).await;
    assert_eq!(
        hashed.headers["cache-control"],
        "public, max-age=31536000, immutable"
    );
    let page = served(json!({}), false).await;
    assert_eq!(page.headers["cache-control"], "no-cache");
    let known = served(json!({"if-none-match": "W/\"tag\""}), false).await;
    assert_eq!((known.status_code, known.body.as_str()), (304, ""));
}

#[tokio::test]
async fn a_file_is_neither_guessed_nor_framed_and_keeps_its_policy() {
    let response = served(json!({}), false).await;
    let headers = [
        "x-content-type-options",
        "content-security-policy",
        "referrer-policy",
        "content-type",
    ];
    let expected = [
        "nosniff",
        "default-src 'none'",
        "no-referrer",
        "text/css; charset=utf-8",
    ];
    assert_eq!(
        headers.map(|name| response.headers[name].to_string()),
        expected
    );
}

#[tokio::test]
async fn an_unknown_file_is_not_found() {
    let (response, _) = answered(&json!({}), async |_| Ok(Reply::no_file())).await;
    assert_eq!(response.status_code, 404);
}

//! Bodies as bytes: their encoding, their charset, their size.

use std::io::Write;

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};

use super::*;

const MIB: usize = 1024 * 1024;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A POST of bytes as the gateway hands it over.
fn sent(headers: &Value, bytes: &[u8]) -> Value {
    json!({"headers": headers, "body": STANDARD.encode(bytes), "isBase64Encoded": true})
}

async fn refusal(call: &Value) -> String {
    let (response, answer) = answered(call, echo).await;
    let seen = (response.status_code, &answer["error"]);
    assert_eq!(seen, (200, &json!("PARAM_INVALID")), "{answer}");
    answer["msg"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_gzipped_body_is_taken_by_header_or_by_type_and_in_every_form_events_have() {
    let zipped = gzip(br#"{"name":"x"}"#);
    let base64 = STANDARD.encode(&zipped);
    let latin: String = zipped.iter().copied().map(char::from).collect();
    let headers = [
        json!({"content-encoding": "gzip"}),
        json!({"Content-Encoding": " GZIP "}),
        json!({"content-encoding": "x-gzip", "content-type": null}),
        json!({"content-type": "application/gzip"}),
        json!({"content-type": "application/x-gzip", "content-encoding": "gzip"}),
    ];
    for headers in headers {
        for (body, is_base64) in [(&base64, true), (&base64, false), (&latin, false)] {
            let call = json!({"headers": headers, "body": body, "isBase64Encoded": is_base64});
            let (_, answer) = answered(&call, echo).await;
            assert_eq!(answer["data"], "x", "{headers} {is_base64}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_gzipped_form_is_a_form() {
    let headers =
        json!({"content-encoding": "gzip", "content-type": "application/x-www-form-urlencoded"});
    let (_, answer) = answered(&sent(&headers, &gzip(b"name=a+b")), echo).await;
    assert_eq!(answer["data"], "a b");
}

#[tokio::test]
async fn a_body_in_several_gzip_members_is_read_to_its_end() {
    let zipped = [gzip(br#"{"name":"#), gzip(br#""x"}"#)].concat();
    let headers = json!({"content-encoding": "gzip"});
    assert_eq!(
        answered(&sent(&headers, &zipped), echo).await.1["data"],
        "x"
    );
}

#[tokio::test]
async fn what_is_no_gzip_or_is_cut_off_or_damaged_is_refused() {
    let headers = json!({"content-encoding": "gzip"});
    let whole = gzip(br#"{"name":"x"}"#);
    let mut damaged = whole.clone();
    let check = damaged.len() - 6;
    damaged[check] ^= 1;
    let cut = whole[..whole.len() - 9].to_vec();
    let behind = [&whole[..], b"and more"].concat();
    for bytes in [
        br#"{"name":"x"}"#.to_vec(),
        cut,
        damaged,
        vec![0x1f, 0x8b],
        behind,
    ] {
        let msg = refusal(&sent(&headers, &bytes)).await;
        assert!(msg.contains("gzip"), "{msg}");
    }
    let plain = json!({"headers": headers, "body": "{\"name\":\"x\"}"});
    assert!(refusal(&plain).await.contains("gzip"));
}

#[tokio::test]
async fn an_encoding_that_is_not_gzip_is_refused_by_name() {
    for encoding in ["br", "deflate", "zstd", "gzip, gzip", "gzip;q=1"] {
        let msg = refusal(&sent(&json!({"content-encoding": encoding}), b"x")).await;
        assert!(msg.contains(encoding) && msg.contains("gzip"), "{msg}");
    }
    let identity = sent(&json!({"content-encoding": "identity"}), br#"{"name":"x"}"#);
    assert_eq!(answered(&identity, echo).await.1["data"], "x");
}

#[tokio::test]
async fn forty_eight_mib_of_json_are_taken_and_a_byte_more_is_refused_with_both_numbers() {
    let headers = json!({"content-encoding": "gzip"});
    let mut text = br#"{"name":"x"}"#.to_vec();
    text.resize(48 * MIB, b' ');
    assert_eq!(
        answered(&sent(&headers, &gzip(&text)), echo).await.1["data"],
        "x"
    );
    text.push(b' ');
    let msg = refusal(&sent(&headers, &gzip(&text))).await;
    assert!(
        msg.contains("50331649") && msg.contains("50331648"),
        "{msg}"
    );
}

#[tokio::test]
async fn a_bomb_that_lies_about_its_size_is_refused_at_the_bound() {
    let mut bomb = gzip(&vec![b' '; 64 * MIB]);
    let size = bomb.len() - 4;
    bomb[size..].copy_from_slice(&7_u32.to_le_bytes());
    let msg = refusal(&sent(&json!({"content-encoding": "gzip"}), &bomb)).await;
    assert!(msg.contains("more than 50331648"), "{msg}");
}

#[tokio::test]
async fn another_charset_is_refused_by_name_whatever_the_body_is_written_in() {
    for charset in ["gbk", "GB18030", "\"utf-16\"", "iso-8859-1", "utf-7"] {
        for media in [
            "application/json",
            "application/x-www-form-urlencoded",
            "text/plain",
        ] {
            let content_type = format!("{media}; boundary=x;  Charset={charset}");
            let msg = refusal(&sent(
                &json!({"content-type": content_type}),
                b"name=%D1%BC",
            ))
            .await;
            let name = charset.trim_matches('"').to_lowercase();
            assert!(
                msg.to_lowercase().contains(&name) && msg.contains("UTF-8"),
                "{msg}"
            );
        }
    }
}

#[tokio::test]
async fn utf_8_and_ascii_are_taken_in_every_spelling() {
    for charset in [
        "utf-8",
        "UTF-8",
        "\"Utf-8\"",
        "utf8",
        "us-ascii",
        "\"US-ASCII\"",
        "",
    ] {
        let content_type = format!("application/x-www-form-urlencoded;charset={charset}");
        let call = sent(&json!({"content-type": content_type}), b"name=%E6%89%B9");
        assert_eq!(answered(&call, echo).await.1["data"], "批", "{charset}");
    }
}

#[tokio::test]
async fn bytes_that_are_not_utf_8_are_refused_in_every_format() {
    let utf_16: Vec<u8> = "\u{feff}{\"name\":\"x\"}"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let form = "application/x-www-form-urlencoded";
    let gbk = b"{\"name\":\"\xc5\xfa\"}".to_vec();
    for (headers, bytes) in [
        (json!({}), utf_16),
        (json!({}), gbk.clone()),
        (json!({"content-encoding": "gzip"}), gzip(&gbk)),
        (json!({"content-type": form}), b"name=\xc5\xfa".to_vec()),
        (json!({"content-type": form}), b"name=%C5%FA".to_vec()),
    ] {
        let msg = refusal(&sent(&headers, &bytes)).await;
        assert!(msg.contains("is not UTF-8"), "{msg}");
    }
    let query = json!({"body": null, "rawQueryString": "name=%C5%FA"});
    let msg = refusal(&query).await;
    assert!(
        msg.contains("name") && msg.contains("is not UTF-8"),
        "{msg}"
    );
}

#[tokio::test]
async fn an_event_whose_body_is_no_text_is_answered_with_the_envelope() {
    for body in [json!(7), json!({"name": "x"}), json!([]), json!(true)] {
        let msg = refusal(&json!({"body": body})).await;
        assert!(msg.contains("the request body"), "{msg}");
    }
}

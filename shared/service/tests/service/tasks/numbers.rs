//! Numbers in results: a number is read back as it was sent, or it was refused.

use task_store::testing::with_database;

use super::*;

/// The text of a result as it is stored, after a text was set as the whole of it; `None` when it was refused.
async fn read_back(fresh: &TestDatabase, sent: &str) -> Option<String> {
    let document = match document("value", Cow::Borrowed(sent)) {
        Ok(document) => document,
        Err(refusal) => {
            assert_eq!(refusal.code(), ErrorCode::ParamInvalid, "{sent}");
            return None;
        }
    };
    let changes = Changes {
        result: Some(ResultChange {
            path: path("postion", "$").unwrap(),
            operation: Operation::Set(document),
        }),
        ..Changes::default()
    };
    let zone = TimeZone::UTC;
    tasks::update(&fresh.database, &named("a"), &changes, &zone)
        .await
        .unwrap();
    crate::support::task(fresh, "a").await.result
}

/// A decimal without the ways it can be written in: its digits and the power of ten of the last one.
fn value(number: &str) -> (bool, String, i64) {
    let unsigned = number.trim_start_matches('-');
    let (digits, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{fraction}");
    let exponent = exponent.parse::<i64>().unwrap() - i64::try_from(fraction.len()).unwrap();
    let short = all.trim_end_matches('0');
    let zeros = i64::try_from(all.len() - short.len()).unwrap();
    match short.trim_start_matches('0') {
        "" => (false, String::new(), 0),
        short => (number.starts_with('-'), short.to_owned(), exponent + zeros),
    }
}

fn random_number() -> String {
    let digits = |most| -> String {
        (0..fastrand::usize(1..=most))
            .map(|_| fastrand::char('0'..='9'))
            .collect()
    };
    let sign = if fastrand::bool() { "-" } else { "" };
    match fastrand::u8(0..4) {
        0 => format!("{:?}", f64::from_bits(fastrand::u64(..))),
        1 => format!("{sign}{:?}", fastrand::f64() * 1000.0),
        2 => format!(
            "{sign}{}",
            digits(24).trim_start_matches('0').to_owned() + "1"
        ),
        _ => format!("{sign}0.{}e{}", digits(20), fastrand::i32(-330..330)),
    }
}

#[tokio::test]
async fn a_number_is_read_back_as_it_was_sent_or_refused() {
    with_database(async |fresh| {
        add(fresh, "a", "1", false).await.unwrap();
        let (mut kept, mut refused) = (0, 0);
        for _ in 0..40 {
            let sent: Vec<_> = (0..50)
                .map(|_| random_number())
                .filter(|number| serde_json::from_str::<f64>(number).is_ok())
                .collect();
            let (fit, unfit): (Vec<_>, Vec<_>) = sent
                .into_iter()
                .partition(|number| document("value", Cow::Borrowed(number)).is_ok());
            let list = read_back(fresh, &format!("[{}]", fit.join(",")))
                .await
                .unwrap();
            let read: Vec<_> = list
                .trim_matches(['[', ']'])
                .split(',')
                .map(str::trim)
                .collect();
            assert_eq!(read.len(), fit.len());
            for (sent, read) in fit.iter().zip(read) {
                assert_eq!(value(sent), value(read), "{sent} came back as {read}");
            }
            kept += fit.len();
            refused += unfit.len();
        }
        assert!(kept > refused, "{kept} kept, {refused} refused");
    })
    .await;
}

#[tokio::test]
async fn a_number_that_would_change_is_refused_with_its_path() {
    with_database(async |fresh| {
        add(fresh, "a", "1", false).await.unwrap();
        for sent in [
            // Exactly between two decimals of 16 digits.
            "-973719087875171.3",
            "[12345678901234567890123, 0.12345678901234567890]",
            "0e309",
            "1e309",
            "-1e-400",
            "9007199254740993.0",
        ] {
            assert_eq!(read_back(fresh, sent).await, None, "{sent}");
        }
        let refusal = document("value", r#"{"a": [1, 0.12345678901234567890]}"#.into());
        let text = refusal.unwrap_err().to_string();
        assert!(
            text.contains(r#"value holds the number 0.12345678901234567890 at $."a"[1]"#),
            "{text}"
        );
    })
    .await;
}

#[tokio::test]
async fn an_increment_of_a_number_too_small_to_add_to_is_refused_and_changes_nothing() {
    with_database(async |fresh| {
        add(fresh, "a", "1", false).await.unwrap();
        for (number, fits) in [
            ("1e-31", false),
            ("5e-324", false),
            ("-1.5e-20", false),
            ("1e300", false),
            ("0.0", true),
            ("-0.25", true),
            ("1e-13", true),
            ("99999999999999", true),
        ] {
            let before = read_back(fresh, &format!(r#"{{"n": {number}}}"#)).await;
            let end = update(fresh, "a", "increment", "$.n", json!(1)).await;
            assert_eq!(end.is_ok(), fits, "{number}");
            let after = crate::support::task(fresh, "a").await.result;
            assert_eq!(before == after, !fits, "{number}: {before:?} {after:?}");
        }
    })
    .await;
}

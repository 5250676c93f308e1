//! Decimals against an exact reference model that shares nothing with the reader.

use proptest::prelude::*;

use super::*;

/// Reads a decimal the slow way: every digit weighed by its place, in thousandths of a hundredth of anything.
fn model(text: &str) -> Result<i64, DecimalError> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let parts: Vec<&str> = unsigned.split('.').collect();
    let sound = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    if parts.len() > 2 || !parts.iter().all(sound) {
        return Err(DecimalError::Format);
    }
    let digit = |c: char| i128::from(c.to_digit(10).unwrap_or_default());
    let whole = parts[0]
        .chars()
        .fold(0_i128, |sum, c| (sum * 10 + digit(c)).min(10_i128.pow(20)));
    let decimals: Vec<i128> = parts.get(1).unwrap_or(&"").chars().map(digit).collect();
    let place = |index: usize| decimals.get(index).copied().unwrap_or_default();
    let zero = whole == 0 && decimals.iter().all(|digit| *digit == 0);
    if text.starts_with('-') && !zero {
        return Err(DecimalError::Negative);
    }
    if whole > 99_999_999 {
        return Err(DecimalError::TooLarge);
    }
    if decimals.iter().skip(2).any(|digit| *digit != 0) {
        return Err(DecimalError::Decimals);
    }
    Ok(i64::try_from(whole * 100 + place(0) * 10 + place(1)).unwrap())
}

proptest! {
    #[test]
    fn a_decimal_is_read_as_the_model_reads_it(text in "-?[0-9]{0,10}(\\.[0-9]{0,5})?") {
        prop_assert_eq!(Money::parse(&text).map(Money::hundredths), model(&text));
    }

    #[test]
    fn zeros_around_a_decimal_change_nothing(text in "-?0{0,12}[0-9]{1,8}\\.[0-9]{1,2}0{0,12}") {
        prop_assert_eq!(Quantity::parse(&text).map(Quantity::hundredths), model(&text));
    }

    #[test]
    fn any_text_is_read_as_the_model_reads_it(text in "[-+0-9.eE ٣]{0,6}|\\PC*") {
        prop_assert_eq!(Money::parse(&text).map(Money::hundredths), model(&text));
    }

    #[test]
    fn what_is_printed_is_read_back(hundredths in 0..=9_999_999_999_i64) {
        let money = Money::from_hundredths(hundredths);
        prop_assert_eq!(Money::parse(&money.to_string()), Ok(money));
    }

    #[test]
    fn an_amount_is_at_most_half_a_hundredth_off_and_ties_go_up(
        quantity in 0..=9_999_999_999_i64,
        price in 0..=9_999_999_999_i64,
    ) {
        let amount = Quantity::from_hundredths(quantity).amount_at(Money::from_hundredths(price));
        let error = i128::from(amount.hundredths()) * 100 - i128::from(quantity) * i128::from(price);
        prop_assert!((-49..=50).contains(&error), "{}", error);
    }

    #[test]
    fn an_amount_never_overflows(quantity: i64, price: i64) {
        let _ = Quantity::from_hundredths(quantity).amount_at(Money::from_hundredths(price));
    }
}

#[test]
fn a_decimal_may_have_no_point_and_one_or_two_places() {
    for (text, hundredths) in [
        ("0", 0),
        ("7", 700),
        ("1.5", 150),
        ("1.05", 105),
        ("99999999.99", 9_999_999_999),
    ] {
        assert_eq!(Money::parse(text), Ok(Money(hundredths)), "{text}");
    }
}

#[test]
fn trailing_zeros_beyond_two_places_are_harmless() {
    assert_eq!(Money::parse("1.500"), Ok(Money(150)));
    assert_eq!(Money::parse("1.501"), Err(DecimalError::Decimals));
}

#[test]
fn an_exponent_a_plus_a_blank_or_half_a_number_is_no_decimal() {
    for text in [
        "", "-", ".", "1.", ".5", "+1", "1e2", "1E2", " 1", "1 ", "1,5", "--1", "1.2.3", "NaN",
        "１", "0x1",
    ] {
        assert_eq!(Money::parse(text), Err(DecimalError::Format), "{text}");
    }
}

#[test]
fn nine_digits_before_the_point_are_too_large_unless_they_are_leading_zeros() {
    assert_eq!(Money::parse("100000000"), Err(DecimalError::TooLarge));
    assert_eq!(Money::parse("000000001"), Ok(Money(100)));
}

#[test]
fn a_minus_is_negative_except_before_zero() {
    assert_eq!(Money::parse("-0.001"), Err(DecimalError::Negative));
    assert_eq!(Money::parse("-0.00"), Ok(Money::ZERO));
}

#[test]
fn half_a_hundredth_is_rounded_up() {
    let amount = |quantity: &str, price: &str| {
        quantity
            .parse::<Quantity>()
            .unwrap()
            .amount_at(price.parse().unwrap())
    };
    assert_eq!(amount("0.50", "0.01").to_string(), "0.01");
    assert_eq!(amount("0.49", "0.01").to_string(), "0.00");
    assert_eq!(amount("1.15", "2.50").to_string(), "2.88");
    assert_eq!(
        amount("99999999.99", "99999999.99").to_string(),
        "9999999998000000.00"
    );
}

#[test]
fn money_is_a_string_in_json() {
    assert_eq!(serde_json::to_string(&Money(1250)).unwrap(), r#""12.50""#);
    assert_eq!(
        serde_json::from_str::<Money>(r#""2.5""#).unwrap(),
        Money(250)
    );
    assert!(serde_json::from_str::<Money>("2.5").is_err());
    assert_eq!(Money(-5).to_string(), "-0.05");
}

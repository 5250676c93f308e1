//! Dates in demo data, written as placeholders so that the data never ages.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::error::{LocalError, Result};

/// Returns the date in the zone `APP_TIME_ZONE` names, as the functions read it too.
pub(crate) fn today() -> Result<Date> {
    let name = std::env::var("APP_TIME_ZONE").unwrap_or_else(|_| "Asia/Shanghai".to_owned());
    let zone = TimeZone::get(&name).map_err(|error| LocalError::part("APP_TIME_ZONE", error))?;
    Ok(Timestamp::now().to_zoned(zone).date())
}

/// Returns the day after `today`.
pub(crate) fn day_after(today: Date) -> Date {
    today.saturating_add(1.day())
}

/// Puts dates (`YYYY-MM-DD`) in place of `{yesterday}`, `{today}` and `{tomorrow}`.
pub(crate) fn fill(text: &str, today: Date) -> String {
    text.replace("{yesterday}", &today.saturating_sub(1.day()).to_string())
        .replace("{today}", &today.to_string())
        .replace("{tomorrow}", &day_after(today).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn placeholders_become_the_days_around_today() {
        let filled = fill(
            "{yesterday} {today} {tomorrow} 06:00 {other}",
            date(2028, 2, 29),
        );
        assert_eq!(filled, "2028-02-28 2028-02-29 2028-03-01 06:00 {other}");
    }
}

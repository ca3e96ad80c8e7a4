//! Dates as lists and headers show them, in the user's zone.

use jiff::Timestamp;
use jiff::Zoned;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Returns a date for a list, at most 10 columns: `14:32`, `Tue 14:32`, `12 Mar`, `2024-03-12`.
pub fn short(date: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let then = date.to_zoned(zone.clone());
    let today = now.to_zoned(zone.clone()).date();
    let format = match days_between(then.date(), today) {
        0 => "%H:%M",
        1..=6 => "%a %H:%M",
        _ if then.year() == today.year() && then.date() < today => "%-d %b",
        _ => "%Y-%m-%d",
    };
    then.strftime(format).to_string()
}

/// Returns a date for a narrow list, at most 6 columns: `14:32`, `Tue`, `12 Mar`, `2024`.
pub fn compact(date: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let then = date.to_zoned(zone.clone());
    let today = now.to_zoned(zone.clone()).date();
    let format = match days_between(then.date(), today) {
        0 => "%H:%M",
        1..=6 => "%a",
        _ if then.year() == today.year() => "%-d %b",
        _ => "%Y",
    };
    then.strftime(format).to_string()
}

/// Returns a date for the reader: `Tue 3 Mar 2026, 14:32`.
pub fn long(date: Timestamp, zone: &TimeZone) -> String {
    let then: Zoned = date.to_zoned(zone.clone());
    then.strftime("%a %-d %b %Y, %H:%M").to_string()
}

/// Returns how long ago something was, in steps of a minute so that it need not be drawn every second: `just now`, `12 min ago`.
pub fn ago(date: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second().saturating_sub(date.as_second()).max(0);
    match seconds {
        0..=59 => "just now".to_owned(),
        60..=3599 => format!("{} min ago", seconds / 60),
        3600..=86_399 => format!("{} h ago", seconds / 3600),
        _ => format!("{} d ago", seconds / 86_400),
    }
}

/// Returns whole seconds left until `due`, never below 0.
pub fn seconds_left(due: Timestamp, now: Timestamp) -> i64 {
    let milliseconds = due
        .as_millisecond()
        .saturating_sub(now.as_millisecond())
        .max(0);
    milliseconds.saturating_add(999) / 1000
}

fn days_between(then: Date, today: Date) -> i32 {
    today.since(then).map_or(i32::MAX, |span| span.get_days())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_get_shorter_the_nearer_they_are() {
        let now: Timestamp = "2026-11-22T15:00:00Z".parse().unwrap();
        let check = |date: &str, expected: &str| {
            assert_eq!(short(date.parse().unwrap(), now, &TimeZone::UTC), expected);
        };
        check("2026-11-22T14:32:00Z", "14:32");
        check("2026-11-17T14:32:00Z", "Tue 14:32");
        check("2026-11-16T14:32:00Z", "Mon 14:32");
        check("2026-11-15T14:32:00Z", "15 Nov");
        check("2026-03-12T14:32:00Z", "12 Mar");
        check("2024-03-12T14:32:00Z", "2024-03-12");
        check("2027-03-12T14:32:00Z", "2027-03-12");
    }

    #[test]
    fn ages_change_once_a_minute() {
        let now: Timestamp = "2026-11-22T15:00:00Z".parse().unwrap();
        let check = |date: &str, expected: &str| {
            assert_eq!(ago(date.parse().unwrap(), now), expected);
        };
        check("2026-11-22T14:59:31Z", "just now");
        check("2026-11-22T14:48:00Z", "12 min ago");
        check("2026-11-22T09:48:00Z", "5 h ago");
        check("2026-11-12T09:48:00Z", "10 d ago");
    }
}

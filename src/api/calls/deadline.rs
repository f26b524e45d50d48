//! `grpc-timeout`: how long a caller waits for an answer.

use std::time::Duration;

use http::HeaderMap;

use crate::error::{Error, Result};

const TIMEOUT: &str = "grpc-timeout";
/// As the protocol has it: at most eight digits and a unit.
const MAX_DIGITS: usize = 8;

/// The time that a caller gives, if any.
pub fn timeout(headers: &HeaderMap) -> Result<Option<Duration>> {
    let Some(value) = headers.get(TIMEOUT) else { return Ok(None) };
    let parsed = value.to_str().ok().and_then(parse);
    let invalid = || Error::invalid(TIMEOUT, "must be up to 8 digits and one of H, M, S, m, u, n");
    parsed.map(Some).ok_or_else(invalid)
}

fn parse(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty()
        || digits.len() > MAX_DIGITS
        || !digits.bytes().all(|it| it.is_ascii_digit())
    {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_hours(count),
        "M" => Duration::from_mins(count),
        "S" => Duration::from_secs(count),
        "m" => Duration::from_millis(count),
        "u" => Duration::from_micros(count),
        "n" => Duration::from_nanos(count),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_digits_and_a_unit() {
        assert_eq!(parse("20m"), Some(Duration::from_millis(20)));
        assert_eq!(parse("99999999H"), Some(Duration::from_hours(99_999_999)));
        assert_eq!(parse("0S"), Some(Duration::ZERO));
        for text in ["", "m", "20", "20x", "-1S", "+1S", "123456789S", "1.5S", "20 m", "1\u{e9}"] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}

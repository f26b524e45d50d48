//! What is searched for, and the order of what is found.

use super::{
    Message, RoomId, Seq, Timestamp, UserId, limits,
    terms::{Lookup, Phrase, Token, file_term, sender_term, tokens},
};
use crate::error::Rule;

/// A search as it is written: words, phrases and filters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParsedQuery {
    pub phrases: Vec<Phrase>,
    /// Usernames of `from:`; any of them.
    pub from: Vec<String>,
    /// Names or ids of `in:`; any of them.
    pub within: Vec<String>,
    pub posted: TimeRange,
    pub has_file: bool,
}

/// From a moment up to, but not at, another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeRange {
    pub from: Timestamp,
    pub before: Timestamp,
}

impl Default for TimeRange {
    fn default() -> Self {
        Self { from: Timestamp(i64::MIN), before: Timestamp(i64::MAX) }
    }
}

impl TimeRange {
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { from: self.from.max(other.from), before: self.before.min(other.before) }
    }

    #[must_use]
    pub fn has(self, at: Timestamp) -> bool {
        self.from <= at && at < self.before
    }
}

/// Where a message stands among all that are found. The newest is the greatest,
/// and comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResultPosition {
    pub posted_at: Timestamp,
    pub room: RoomId,
    pub seq: Seq,
}

impl ResultPosition {
    /// Before all that was posted at this moment or earlier.
    #[must_use]
    pub fn above(posted_at: Timestamp) -> Self {
        Self { posted_at, room: RoomId(uuid::Uuid::max()), seq: Seq(i64::MAX) }
    }
}

/// A page of a search, as it is asked for.
#[derive(Debug, Clone)]
pub struct SearchQuery {
    pub written: ParsedQuery,
    pub room: Option<RoomId>,
    pub from: Option<UserId>,
    /// What was found goes on below this.
    pub below: Option<ResultPosition>,
    pub limit: usize,
}

/// What a message must have to be found.
#[derive(Debug, Clone)]
pub struct Criteria {
    pub phrases: Vec<Phrase>,
    /// Any of them; nobody in particular if empty.
    pub senders: Vec<UserId>,
    /// Any of them; all that the user is in if empty.
    pub rooms: Vec<RoomId>,
    pub posted: TimeRange,
    pub has_file: bool,
}

/// The index is asked for so many terms; the text itself has the last word.
const LOOKUPS: usize = 12;

impl Criteria {
    /// What the index is asked for, what is likely to be rare first.
    #[must_use]
    pub fn lookups(&self) -> Vec<Lookup> {
        let mut words: Vec<Lookup> = self.phrases.iter().flat_map(Phrase::lookups).collect();
        words.sort_by_key(|lookup| match lookup {
            Lookup::Exact(term) => (0, usize::MAX - term.len()),
            Lookup::Prefix(begin) => (1, usize::MAX - begin.len()),
            Lookup::AnyOf(_) => (2, 0),
        });
        words.dedup();
        words.truncate(LOOKUPS);
        if self.has_file {
            words.push(Lookup::Exact(file_term()));
        }
        if !self.senders.is_empty() {
            let senders = self.senders.iter().map(|user| sender_term(*user)).collect();
            words.push(Lookup::AnyOf(senders));
        }
        words
    }

    /// Whether the message, as it is now, is what is sought.
    #[must_use]
    pub fn fit(&self, message: &Message) -> bool {
        let Ok(text) = message.text() else { return false };
        let text: Vec<Token> = tokens(text);
        (self.senders.is_empty() || self.senders.contains(&message.sender))
            && self.posted.has(message.posted_at)
            && (!self.has_file || message.has_file())
            && self.phrases.iter().all(|phrase| phrase.is_in(&text))
    }
}

impl ParsedQuery {
    /// Reads a search. Words match by their beginning, what is in quotes as a
    /// whole and in order. A filter that is not known is ordinary text.
    pub fn parse(query: &str) -> Result<Self, Rule> {
        let mut written = Self::default();
        for QueryToken { filter, value, quoted } in pieces(query) {
            match filter {
                Some("from") => {
                    written.from.push(value.trim_start_matches('@').to_owned());
                }
                Some("in") => written.within.push(value),
                Some("before") => {
                    let before = day(&value).ok_or_else(|| bad_day("before"))?;
                    written.posted.before = written.posted.before.min(before);
                }
                Some("after") => {
                    let from = day(&value).ok_or_else(|| bad_day("after"))?.plus(DAY);
                    written.posted.from = written.posted.from.max(from);
                }
                Some(_) => written.has_file = true,
                None => {
                    let tokens = tokens(&value);
                    if !tokens.is_empty() {
                        written.phrases.push(Phrase { tokens, open: !quoted });
                    }
                }
            }
        }
        if written.from.len().max(written.within.len()) > limits::SEARCH_NAMES {
            return Err(Rule::at_most(limits::SEARCH_NAMES, "values per filter"));
        }
        Ok(written)
    }
}

const DAY: std::time::Duration = std::time::Duration::from_hours(24);
const QUOTES: [char; 4] = ['"', '“', '”', '„'];

fn bad_day(filter: &str) -> Rule {
    format!("must have a date such as 2026-01-31 after `{filter}:`").into()
}

struct QueryToken {
    filter: Option<&'static str>,
    value: String,
    quoted: bool,
}

/// Cuts a query at white space outside quotes.
fn pieces(query: &str) -> Vec<QueryToken> {
    let mut pieces = Vec::new();
    let mut rest = query.trim_start();
    while !rest.is_empty() {
        let (filter, after) = filter(rest);
        let (value, quoted, next) = if let Some(inside) = after.strip_prefix(QUOTES) {
            let (value, next) = inside.split_once(QUOTES).unwrap_or((inside, ""));
            (value, true, next)
        } else {
            // A quote in the middle of a word begins a piece of its own.
            let end = after.find(|c: char| c.is_whitespace() || QUOTES.contains(&c));
            let (value, next) = after.split_at(end.unwrap_or(after.len()));
            (value, false, next)
        };
        if filter.is_none() || !value.trim().is_empty() {
            pieces.push(QueryToken { filter, value: value.trim().to_owned(), quoted });
        }
        rest = next.trim_start();
    }
    pieces
}

/// The filter with which a text begins, and what follows.
fn filter(text: &str) -> (Option<&'static str>, &str) {
    for filter in ["from", "in", "before", "after", "has"] {
        let begins = text.get(..filter.len()).is_some_and(|t| t.eq_ignore_ascii_case(filter));
        let Some(value) = begins.then(|| text[filter.len()..].strip_prefix(':')).flatten() else {
            continue;
        };
        let blank = value.is_empty() || value.starts_with(char::is_whitespace);
        let word = value.split(char::is_whitespace).next().unwrap_or_default();
        if !blank && (filter != "has" || word.eq_ignore_ascii_case("file")) {
            return (Some(filter), value);
        }
    }
    (None, text)
}

/// The beginning of a day in UTC, written as 2026-01-31.
fn day(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let fits = bytes.len() == 10
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !fits {
        return None;
    }
    let number = |range: std::ops::Range<usize>| text[range].parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    if day < 1 || day > length {
        return None;
    }
    // Days since 1970 by Howard Hinnant's `days_from_civil`: years begin in March.
    let years = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (years.div_euclid(400), years.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some(Timestamp(days * 86_400_000_000))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(written: &ParsedQuery) -> Vec<(String, bool)> {
        let text = |token: &Token| match token {
            Token::Word(text) | Token::Unspaced(text) => text.clone(),
            Token::Symbol(sign) => sign.to_string(),
        };
        let phrase = |p: &Phrase| p.tokens.iter().map(text).collect::<Vec<_>>().join("+");
        written.phrases.iter().map(|p| (phrase(p), p.open)).collect()
    }

    #[test]
    fn a_query_has_words_phrases_and_filters() {
        let query = r#"lunch "at Noon" From:@ada in:"Big Room" in:x has:file has:cat foo:bar
            after:2026-01-31 before:2026-03-01 from: a"b c"#;
        let written = ParsedQuery::parse(query).expect("a query");
        let expected = [
            ("lunch", true),
            ("at+noon", false),
            ("has+cat", true),
            ("foo+bar", true),
            ("from", true),
            ("a", true),
            ("b+c", false),
        ];
        assert_eq!(words(&written), expected.map(|(word, open)| (word.to_owned(), open)));
        assert_eq!(written.from, ["ada"]);
        assert_eq!(written.within, ["Big Room", "x"]);
        assert!(written.has_file);
        // 2026-02-01 and 2026-03-01.
        assert_eq!(written.posted.from, Timestamp(1_769_904_000_000_000));
        assert_eq!(written.posted.before, Timestamp(1_772_323_200_000_000));
    }

    #[test]
    fn days_exist_or_are_refused() {
        assert_eq!(day("1970-01-01"), Some(Timestamp(0)));
        assert_eq!(day("2000-02-29"), Some(Timestamp(951_782_400_000_000)));
        for bad in ["2026-02-29", "2026-13-01", "2026-00-10", "2026-1-1", "x", "", "2026-04-31"] {
            assert_eq!(day(bad), None, "{bad}");
            if !bad.is_empty() {
                assert!(ParsedQuery::parse(&format!("a before:{bad}")).is_err(), "{bad}");
            }
        }
        assert!(ParsedQuery::parse("after:yesterday").is_err());
        assert!(ParsedQuery::parse(&"from:a ".repeat(limits::SEARCH_NAMES + 1)).is_err());
    }

    proptest! {
        #[test]
        fn any_query_is_read_or_refused(query in "(from:|in:|before:|has:file|[a-z日\" :]){0,30}") {
            if let Ok(written) = ParsedQuery::parse(&query) {
                prop_assert!(written.phrases.iter().all(|phrase| !phrase.tokens.is_empty()));
            }
        }
    }
}

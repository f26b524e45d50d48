//! What text people may write. Each rule answers with the sentence that a
//! violated field gets.

use std::borrow::Cow;

use super::{limits, mentions, users::fold};
use crate::error::Rule;

/// Characters that would let a text change how what is around it is shown.
fn is_direction_override(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Invisible characters and non-characters that only serve to deceive in names; also what fills the
/// place of a letter of Hangul.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{00AD}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{200B}' | '\u{200E}' | '\u{200F}'
        | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2064}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}'
        | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// What scripts and emoji need between others, and shows as nothing by itself: joiners, selectors of
/// a variant, vowels that are not written.
fn is_unseen_alone(c: char) -> bool {
    matches!(c, '\u{034F}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}' | '\u{200C}' | '\u{200D}'
        | '\u{2800}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Blank also where the eye sees nothing: white space and invisible characters.
fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || is_invisible(c) || is_unseen_alone(c))
}

/// What is said of a message with neither text nor attachments.
pub const EMPTY_MESSAGE: &str = "must not be blank";

/// Every line ends with a line feed alone, however the system of its writer ends it.
fn with_line_feeds(text: &str) -> Cow<'_, str> {
    if text.contains('\r') {
        text.replace("\r\n", "\n").replace('\r', "\n").into()
    } else {
        text.into()
    }
}

/// Text of several lines, kept as written but for the ends of its lines.
pub fn check_lines(text: &str, max_chars: usize) -> Result<String, Rule> {
    let text = with_line_feeds(text);
    if text.chars().count() > max_chars {
        return Err(Rule::at_most(max_chars, "characters"));
    }
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err("must not contain control characters other than line feed and tab".into());
    }
    if text.chars().any(is_direction_override) {
        return Err("must not contain text-direction override characters".into());
    }
    Ok(text.into_owned())
}

/// The text of a message.
pub fn check_message(text: &str) -> Result<String, Rule> {
    let too_long = || Rule::at_most(limits::MESSAGE_BYTES, "bytes of UTF-8");
    // Bytes first: a text of many megabytes is not worth counting. The ends of lines
    // may be half of it.
    if text.len() > 2 * limits::MESSAGE_BYTES {
        return Err(too_long());
    }
    let text = with_line_feeds(text);
    if text.len() > limits::MESSAGE_BYTES {
        return Err(too_long());
    }
    if is_blank(&text) {
        return Err(EMPTY_MESSAGE.into());
    }
    check_lines(&text, limits::MESSAGE_CHARS)
}

/// One line without anything that cannot be seen; surrounding space is dropped.
pub fn check_line(text: &str, max_chars: usize) -> Result<String, Rule> {
    let text = check_lines(text.trim(), max_chars)?;
    if text.contains(['\n', '\t']) {
        return Err("must be a single line".into());
    }
    if text.chars().any(is_invisible) {
        return Err("must not contain invisible characters".into());
    }
    Ok(text)
}

/// A name: a line that is not empty.
pub fn check_name(text: &str, max_chars: usize) -> Result<String, Rule> {
    let name = check_line(text, max_chars)?;
    if is_blank(&name) {
        return Err("must not be empty".into());
    }
    Ok(name)
}

/// A username: what can be typed and read without doubt anywhere.
pub fn check_username(text: &str) -> Result<(), Rule> {
    let rule = "must be 3 to 32 characters (letters a to z, digits, `_`, `.`, `-`) and start \
                with a letter or digit";
    let fits = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
        && text.starts_with(|c: char| c.is_ascii_alphanumeric());
    // `@all` and `@here` call many.
    if [mentions::ALL, mentions::HERE].contains(&fold(text).as_str()) {
        return Err("must not be `all` or `here`".into());
    }
    let range = limits::USERNAME_CHARS;
    if !range.contains(&text.len()) {
        let limit = if text.len() < *range.start() { range.start() } else { range.end() };
        return Err(Rule::with_limit(rule, *limit));
    }
    if fits { Ok(()) } else { Err(rule.into()) }
}

/// An e-mail address, as far as that can be said without sending to it.
pub fn check_email(text: &str) -> Result<(), Rule> {
    let rule = "must be an email address of at most 254 bytes";
    if text.len() > limits::EMAIL_BYTES {
        return Err(Rule::with_limit(rule, limits::EMAIL_BYTES));
    }
    let fits = !text.chars().any(|c| {
        c.is_whitespace() || c.is_control() || is_invisible(c) || is_direction_override(c)
    }) && text.rsplit_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && !local.contains('@')
            && domain.split('.').all(|label| !label.is_empty())
    });
    if fits { Ok(()) } else { Err(rule.into()) }
}

/// An id that the client makes: 1 to 64 of a small alphabet.
pub fn check_client_id(text: &str, max_chars: usize) -> Result<(), Rule> {
    let what = "characters (letters, digits, `_`, `.`, `:`, `-`)";
    let rule = Rule::length_between(&(1..=max_chars), text.len(), what);
    let fits =
        text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':' | '-'));
    if (1..=max_chars).contains(&text.len()) {
        if fits { Ok(()) } else { Err(Rule { limit: None, ..rule }) }
    } else {
        Err(rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_keep_scripts_and_emoji_but_no_tricks() {
        for good in ["hi", "línea\n\tdos", "👩‍👩‍👧 family", "مرحبا", "日本語", " indented"]
        {
            assert_eq!(check_message(good).as_deref(), Ok(good), "{good:?}");
        }
        let long = "x".repeat(4_001);
        let heavy = "日".repeat(5_500);
        for bad in [
            "",
            " \n\t",
            "\u{200B}",
            "a\u{0000}",
            "a\u{001B}[31m",
            "a\u{202E}b",
            "a\u{2066}b",
            &long,
            &heavy,
        ] {
            assert!(check_message(bad).is_err(), "{bad:?}");
        }
        assert!(check_message(&"x".repeat(4_000)).is_ok());
    }

    #[test]
    fn lines_end_with_a_line_feed_however_they_were_written() {
        for (written, kept) in [
            ("a\r\nb", "a\nb"),
            ("a\rb", "a\nb"),
            ("a\n\rb\r\n", "a\n\nb\n"),
            ("a\r\r\nb", "a\n\nb"),
        ] {
            assert_eq!(check_message(written).as_deref(), Ok(kept), "{written:?}");
            assert_eq!(check_lines(written, 10).as_deref(), Ok(kept), "{written:?}");
        }
        // What is counted is what is kept.
        assert!(check_message(&"x\r\n".repeat(2_000)).is_ok());
        assert!(check_message(&"日本語\r\n".repeat(1_000)).is_ok());
        assert!(check_message(&"x\r\n".repeat(2_001)).is_err());
        assert!(check_message("\r\n\r").is_err());
        assert_eq!(check_line("one line\r\n", 10).as_deref(), Ok("one line"));
        assert_eq!(check_line("two\rlines", 10), Err("must be a single line".into()));
    }

    #[test]
    fn names_are_one_visible_line() {
        assert_eq!(check_name("  Ada Lovelace ", 64), Ok("Ada Lovelace".into()));
        for bad in ["", "   ", "a\nb", "a\u{200B}b", "a\u{202E}b", &"x".repeat(65)] {
            assert!(check_name(bad, 64).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_only_joins_or_varies_is_kept_within_a_name_but_is_none() {
        for kept in ["\u{2764}\u{FE0F}", "\u{1F469}\u{200D}\u{1F4BB}", "\u{06CC}\u{200C}\u{062E}"] {
            assert_eq!(check_name(kept, 64), Ok(kept.into()), "{kept:?}");
        }
        let unseen = "\u{034F}\u{17B4}\u{17B5}\u{180B}\u{180E}\u{180F}\u{200C}\u{200D}\u{2800}\u{FE00}\u{FE0F}\u{E0100}\u{E01EF}";
        for unseen in unseen.chars() {
            let alone = format!("{unseen} {unseen}");
            assert!(check_name(&alone, 64).is_err(), "{unseen:?}");
            assert!(check_message(&alone).is_err(), "{unseen:?}");
            assert!(check_name(&format!("a{unseen}b"), 64).is_ok(), "{unseen:?}");
        }
    }

    #[test]
    fn fillers_and_marks_of_direction_are_in_no_name() {
        for filler in ['\u{061C}', '\u{115F}', '\u{1160}', '\u{3164}', '\u{FFA0}'] {
            assert!(check_name(&format!("a{filler}b"), 64).is_err(), "{filler:?}");
            assert!(check_message(&filler.to_string()).is_err(), "{filler:?}");
            assert!(check_message(&format!("a{filler}b")).is_ok(), "{filler:?}");
        }
    }

    #[test]
    fn usernames_can_be_typed_anywhere() {
        for good in ["ada", "Ada_1.x-y", &"a".repeat(32)] {
            assert_eq!(check_username(good), Ok(()), "{good:?}");
        }
        for bad in ["", "ab", "_ada", ".ada", "ad a", "adä", "a@b.c", &"a".repeat(33)] {
            assert!(check_username(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn e_mail_addresses_have_two_sides() {
        for good in ["a@b", "ada.l+x@mail.example.org"] {
            assert_eq!(check_email(good), Ok(()), "{good:?}");
        }
        for bad in
            ["", "a", "@b", "a@", "a@b@c", "a b@c", "a@b..c", &format!("{}@b", "a".repeat(260))]
        {
            assert!(check_email(bad).is_err(), "{bad:?}");
        }
    }
}

//! Mentions: whom a text calls by `@name`.

use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use unicode_normalization::char::is_combining_mark;

use super::{UserId, limits, users::fold};

/// Whom a message calls, and by which name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    pub who: Mentioned,
    /// As it stands in the text.
    pub name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mentioned {
    /// Those who are online when it is posted.
    Here,
    User(UserId),
    All,
}

/// Names that call many, which nobody can have as a username.
pub const ALL: &str = "all";
pub const HERE: &str = "here";

/// The names that a text may call: what follows an `@`, unless a character of an
/// address stands before it ([`may_stand_before`]), or it is inside of code, a URL
/// or an e-mail address. Each once. A name that ends with punctuation comes with it
/// and without, for usernames may end so too.
///
/// `josé@example.org` may be an address, or call somebody whose name has a dot. It is an
/// address after a letter of a script with upper and lower case: such scripts have a
/// space before a name. Others often have none, and call (`请@bob.smith`, `ל@bob.smith`).
///
/// Clients follow the same rule; `clients/cases/mentions.json` tests all.
#[must_use]
pub fn names_in(text: &str) -> Vec<String> {
    // Nearly every text: not worth parsing.
    if !text.contains('@') {
        return Vec::new();
    }
    let mut left_out = [code_in(text), urls_in(text)].concat();
    left_out.sort_by_key(|range| range.start);
    let mut left_out = left_out.iter().peekable();
    let mut names: Vec<String> = Vec::new();
    for (at, _) in text.match_indices('@') {
        let before = text[..at].chars().next_back();
        // In the order of the text, as the names are.
        while left_out.next_if(|range| range.end <= at).is_some() {}
        if !before.is_none_or(may_stand_before)
            || left_out.peek().is_some_and(|range| range.contains(&at))
        {
            continue;
        }
        let rest = &text[at + 1..];
        if ends_with_cased_letter(&text[..at]) && begins_with_host(rest) {
            continue;
        }
        let end = rest.find(|c: char| !is_name_char(c)).unwrap_or(rest.len());
        if rest[end..].strip_prefix('@').is_some_and(begins_with_host) {
            continue;
        }
        let whole = &rest[..end];
        let bare = whole.trim_end_matches(['.', '-', '_']);
        for name in [whole, bare] {
            let known = names.iter().any(|other| fold(other) == fold(name));
            if limits::USERNAME_CHARS.contains(&name.len())
                && name.starts_with(|c: char| c.is_ascii_alphanumeric())
                && !known
            {
                names.push(name.to_owned());
            }
        }
        if names.len() >= limits::NAMES_LOOKED_UP {
            break;
        }
    }
    names
}

/// Before the `@` of a mention. Not what e-mail addresses and URLs have there; other
/// scripts put no space between their letters and a name.
fn may_stand_before(c: char) -> bool {
    !c.is_ascii_alphanumeric() && !matches!(c, '.' | '_' | '-' | '+' | '/' | '=' | '@')
}

/// Whatever accents stand on the letter.
fn ends_with_cased_letter(text: &str) -> bool {
    let without_accents = text.trim_end_matches(is_combining_mark);
    without_accents.ends_with(|c: char| c.is_lowercase() || c.is_uppercase())
}

/// What follows an `@` is the host of an e-mail address.
fn begins_with_host(text: &str) -> bool {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-'));
    let mut labels = text[..end.unwrap_or(text.len())].split('.');
    [labels.next(), labels.next()].iter().all(|label| label.is_some_and(|label| !label.is_empty()))
}

/// What URLs without `://` begin with.
const URL_BEGINNINGS: [&str; 11] = [
    "mailto:", "tel:", "sms:", "magnet:", "matrix:", "xmpp:", "sip:", "sips:", "geo:", "urn:",
    "www.",
];

/// Where the text is a URL: from `://` after a scheme, or one of [`URL_BEGINNINGS`], to
/// a space or what else never stands in one.
fn urls_in(text: &str) -> Vec<Range<usize>> {
    let mut urls = Vec::new();
    let mut at = 0;
    while at < text.len() {
        if begins_url(text.as_bytes(), at) {
            let end = at + url_len(&text[at..]);
            urls.push(at..end);
            at = end;
        } else {
            at += 1;
        }
    }
    urls
}

/// How long a URL is that the text begins with. A bracket that is not opened in it
/// closes what is around it, and what stresses a text in Markdown is not part of it.
fn url_len(text: &str) -> usize {
    let mut open = [0, 0];
    for (at, c) in text.char_indices() {
        let bracket = usize::from(matches!(c, '[' | ']'));
        match c {
            '(' | '[' => open[bracket] += 1,
            ')' | ']' if open[bracket] == 0 => return at,
            ')' | ']' => open[bracket] -= 1,
            _ if ends_url(c) => return at,
            _ if ["**@", "__@", "~~@"].iter().any(|mark| text[at..].starts_with(mark)) => {
                return at;
            }
            _ => {}
        }
    }
    text.len()
}

/// `://` needs a letter or digit before it, the others begin a word.
fn begins_url(text: &[u8], at: usize) -> bool {
    let begins = |mark: &str| {
        text[at..].get(..mark.len()).is_some_and(|b| b.eq_ignore_ascii_case(mark.as_bytes()))
    };
    let in_word =
        at.checked_sub(1).is_some_and(|at| text[at].is_ascii_alphanumeric() || text[at] == b'_');
    if in_word { begins("://") } else { URL_BEGINNINGS.into_iter().any(begins) }
}

/// Nor do the marks of a script without spaces stand in a URL.
fn ends_url(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '<' | '>'
                | '"'
                | '`'
                | '\u{FEFF}'
                | '—'
                | '…'
                | '，'
                | '。'
                | '、'
                | '；'
                | '：'
                | '！'
                | '？'
                | '（'
                | '）'
                | '「'
                | '」'
                | '『'
                | '』'
                | '【'
                | '】'
                | '《'
                | '》'
                | '〈'
                | '〉'
                | '“'
                | '”'
                | '‘'
                | '’'
        )
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')
}

/// Where the text is code, by the rules of `CommonMark` without HTML: clients show tags
/// as they are written, and code between them as code.
fn code_in(text: &str) -> Vec<Range<usize>> {
    if !text.contains(['`', '~', '\t']) && !text.contains("    ") {
        return Vec::new();
    }
    let mut code = Vec::new();
    let mut block = None;
    let without_tags = text.replace('<', "%");
    for (event, range) in Parser::new(&without_tags).into_offset_iter() {
        match event {
            Event::Code(_) => code.push(range),
            Event::Start(Tag::CodeBlock(_)) => block = Some(range),
            Event::End(TagEnd::CodeBlock) => code.extend(block.take()),
            _ => {}
        }
    }
    code
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_called_as_the_cases_for_all_clients_say() {
        let json = include_str!("../../clients/cases/mentions.json");
        let cases: Vec<(String, Vec<String>)> = serde_json::from_str(json).expect("cases");
        for (text, names) in cases {
            assert_eq!(names_in(&text), names, "{text:?}");
        }
        let many = (0..300).map(|n| format!("@user{n}")).collect::<Vec<_>>().join(" ");
        assert_eq!(names_in(&many).len(), limits::NAMES_LOOKED_UP);
    }

    proptest! {
        /// Whatever is written: no panic, names are as usernames are, and a
        /// text that is one code block calls nobody.
        #[test]
        fn names_are_usernames(text in "[@a-c`~ \n.ä日_-]{0,60}") {
            for name in names_in(&text) {
                prop_assert!(crate::model::text::check_username(&name).is_ok(), "{}", name);
                let called = format!("@{name}");
                prop_assert!(text.contains(&called));
            }
            let fenced = format!("````````\n{}\n````````", text.replace("````````", ""));
            prop_assert_eq!(names_in(&fenced), Vec::<String>::new());
        }
    }
}

//! Mentions: whom a text calls by `@name`.

use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

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

/// The names that a text may call: what follows an `@` that no word stands
/// before, outside of code. Each once. A name that ends with punctuation comes
/// with it and without, for usernames may end so too.
#[must_use]
pub fn names_in(text: &str) -> Vec<String> {
    // Nearly every text: not worth parsing.
    if !text.contains('@') {
        return Vec::new();
    }
    let code = code_in(text);
    let mut code = code.iter().peekable();
    let mut names: Vec<String> = Vec::new();
    for (at, _) in text.match_indices('@') {
        let word_before = text[..at]
            .chars()
            .next_back()
            .is_some_and(|c| c.is_alphanumeric() || matches!(c, '@' | '/' | '.' | '-' | '+' | '='));
        // In the order of the text, as the names are.
        while code.next_if(|range| range.end <= at).is_some() {}
        if word_before || code.peek().is_some_and(|range| range.contains(&at)) {
            continue;
        }
        let rest = &text[at + 1..];
        let end = rest.find(|c: char| !is_name_char(c)).unwrap_or(rest.len());
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

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')
}

/// Where the text is code, by the rules of `CommonMark`.
fn code_in(text: &str) -> Vec<Range<usize>> {
    if !text.contains(['`', '~', '\t']) && !text.contains("    ") {
        return Vec::new();
    }
    let mut code = Vec::new();
    let mut block = None;
    for (event, range) in Parser::new(text).into_offset_iter() {
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
    fn names_are_called_outside_of_words_and_code() {
        let cases: &[(&str, &[&str])] = &[
            ("@ada", &["ada"]),
            ("hi @Ada, and @bob!", &["Ada", "bob"]),
            ("@ada @ADA", &["ada"]),
            ("(@ada) **@bob** _@eve_ \"@kim\"", &["ada", "bob", "eve_", "eve", "kim"]),
            ("ask @ada.", &["ada.", "ada"]),
            ("日本@adaさん", &[]),
            ("こんにちは、@ada さん", &["ada"]),
            ("mail ada@example.org", &[]),
            ("https://example.org/@ada", &[]),
            ("@@ada @", &[]),
            ("@a @ab", &[]),
            ("`@ada` and @bob", &["bob"]),
            ("``a ` @ada`` @bob", &["bob"]),
            ("` @ada", &["ada"]),
            ("```\n@ada\n```\n@bob", &["bob"]),
            ("~~~ rust\n@ada", &[]),
            ("    @ada", &[]),
            ("> @ada\n\n- @bob", &["ada", "bob"]),
            ("@all @here", &["all", "here"]),
        ];
        for (text, names) in cases {
            assert_eq!(names_in(text), *names, "{text:?}");
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

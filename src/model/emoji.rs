//! Emoji, as reactions: what is one, and the one form in which it is stored.

use std::{collections::HashMap, sync::LazyLock};

/// Says that what is before it is an emoji; keyboards leave it out, or send it where
/// it is not needed.
const PRESENTATION: char = '\u{FE0F}';
const JOINER: char = '\u{200D}';
/// The one that takes a skin tone and that Unicode does not recommend with one.
const FAMILY: &str = "\u{1F46A}";
const TONES: [&str; 5] = ["\u{1F3FB}", "\u{1F3FC}", "\u{1F3FD}", "\u{1F3FE}", "\u{1F3FF}"];
const BLACK_FLAG: &str = "\u{1F3F4}";
const TAG_END: char = '\u{E007F}';
/// A whole family with skin tones has seven.
const MOST_JOINED: usize = 8;

/// The emoji recommended by Unicode, by what is left without U+FE0F.
static KNOWN: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let all = emojis::iter().flat_map(|emoji| {
        let tones = emoji.skin_tones().into_iter().flatten();
        std::iter::once(emoji).chain(tones).map(emojis::Emoji::as_str)
    });
    all.map(|emoji| (bare(emoji), emoji)).collect()
});

/// One emoji in its fully qualified form, so that sequences that differ only in
/// U+FE0F are one; `None` if it is none. Beside those that Unicode recommends these
/// are any that it says to be well-formed and that a platform may offer: joined by
/// U+200D, with a skin tone, flags of regions.
#[must_use]
pub fn qualified(emoji: &str) -> Option<String> {
    // Longer than any; not worth looking at.
    if emoji.len() > 128 {
        return None;
    }
    let bare = bare(emoji);
    if let Some(known) = KNOWN.get(&bare) {
        return Some((*known).to_owned());
    }
    let parts: Vec<&str> = bare.split(JOINER).collect();
    if parts.len() > MOST_JOINED {
        return None;
    }
    let parts: Option<Vec<String>> = parts.into_iter().map(element).collect();
    Some(parts?.join("\u{200D}"))
}

fn bare(emoji: &str) -> String {
    emoji.replace(PRESENTATION, "")
}

/// What may stand alone or be joined.
fn element(bare: &str) -> Option<String> {
    if let Some(known) = KNOWN.get(bare) {
        return Some((*known).to_owned());
    }
    let toned_family = bare.strip_prefix(FAMILY).is_some_and(|tone| TONES.contains(&tone));
    (toned_family || is_flag_of_region(bare)).then(|| bare.to_owned())
}

/// A black flag with the code of a part of a country in tags, such as that of Texas:
/// two letters of the country and one to three of the part.
fn is_flag_of_region(bare: &str) -> bool {
    let tags = bare.strip_prefix(BLACK_FLAG).and_then(|tags| tags.strip_suffix(TAG_END));
    let code: Option<String> = tags.and_then(|tags| tags.chars().map(untagged).collect());
    code.filter(|code| (3..=5).contains(&code.len())).is_some_and(|code| {
        let regional = |c: char| char::from_u32(0x1F1E6 + u32::from(c) - u32::from('a'));
        let country: Option<String> = code[..2]
            .chars()
            .map(|c| if c.is_ascii_lowercase() { regional(c) } else { None })
            .collect();
        country.is_some_and(|flag| KNOWN.contains_key(&flag))
    })
}

/// The letter or digit that a tag stands for.
fn untagged(tag: char) -> Option<char> {
    let c = char::from_u32(u32::from(tag).checked_sub(0xE0000)?)?;
    (c.is_ascii_lowercase() || c.is_ascii_digit()).then_some(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_keyboard_sends_is_one_emoji_in_one_form() {
        for (sent, stored) in [
            ("👍", "👍"),
            ("👍\u{FE0F}", "👍"),
            ("❤", "❤\u{FE0F}"),
            ("❤\u{FE0F}", "❤\u{FE0F}"),
            ("☝🏽", "☝🏽"),
            ("☝\u{FE0F}🏽", "☝🏽"),
            ("1\u{20E3}", "1\u{FE0F}\u{20E3}"),
            ("#\u{FE0F}\u{20E3}", "#\u{FE0F}\u{20E3}"),
            ("🇩🇪", "🇩🇪"),
            (
                "🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}",
                "🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}",
            ),
            // Texas
            (
                "🏴\u{E0075}\u{E0073}\u{E0074}\u{E0078}\u{E007F}",
                "🏴\u{E0075}\u{E0073}\u{E0074}\u{E0078}\u{E007F}",
            ),
            ("👁\u{200D}🗨", "👁\u{FE0F}\u{200D}🗨\u{FE0F}"),
            ("👩\u{200D}❤\u{200D}👨", "👩\u{200D}❤\u{FE0F}\u{200D}👨"),
            ("🏳\u{200D}🌈", "🏳\u{FE0F}\u{200D}🌈"),
            ("🕵🏿\u{200D}♂", "🕵🏿\u{200D}♂\u{FE0F}"),
            ("👩🏽\u{200D}🤝\u{200D}👩🏻", "👩🏽\u{200D}🤝\u{200D}👩🏻"),
            ("👨🏽\u{200D}👩🏽\u{200D}👧🏽", "👨🏽\u{200D}👩🏽\u{200D}👧🏽"),
            ("👪🏽", "👪🏽"),
            // Windows has cats of its own.
            ("🐱\u{200D}👤", "🐱\u{200D}👤"),
            ("🐱\u{200D}🏍", "🐱\u{200D}🏍\u{FE0F}"),
            // Unicode 16, 17 and 18
            ("\u{1FAE9}", "\u{1FAE9}"),
            ("\u{1FAEA}", "\u{1FAEA}"),
            ("\u{1F9D1}\u{1F3FD}\u{200D}\u{1FA70}", "\u{1F9D1}\u{1F3FD}\u{200D}\u{1FA70}"),
        ] {
            assert_eq!(qualified(sent).as_deref(), Some(stored), "{sent}");
        }
        for none in [
            "",
            "a",
            "1",
            "ok",
            "👍👍",
            "👍 ",
            ":)",
            "\u{FE0F}",
            "\u{200D}",
            "👍\u{200D}",
            "\u{200D}👍",
            "🏽",
            "🇩",
            "🇩🇪🇫🇷",
            "👍🏽🏽",
            "🚀🏽",
            "🧠🏽",
            "❤\u{FE0E}",
            "👩\u{200D}a",
            "\u{20E3}",
            "a\u{20E3}",
            "🏴\u{E0075}\u{E0073}\u{E007F}",
            "🏴\u{E0071}\u{E0071}\u{E0071}\u{E007F}",
            "🏴\u{E0075}\u{E0073}\u{E0074}",
            &["👍"; 9].join("\u{200D}"),
            &"👍".repeat(1_000),
        ] {
            assert_eq!(qualified(none), None, "{none:?}");
        }
    }

    /// What was stored by a server with older data is in this form already: no known
    /// form may change.
    #[test]
    fn the_form_of_each_known_emoji_is_its_own() {
        for emoji in KNOWN.values() {
            assert_eq!(qualified(emoji).as_deref(), Some(*emoji));
            assert!(emoji.chars().count() <= 64);
        }
        assert!(KNOWN.len() > 3_900);
    }

    proptest! {
        #[test]
        fn a_form_is_its_own_form(text in "[👍❤👩👨🤝🏽🏻🇩🇪🏴#1\u{FE0F}\u{200D}\u{20E3}a]{0,12}") {
            if let Some(form) = qualified(&text) {
                prop_assert_eq!(qualified(&form), Some(form.clone()));
                prop_assert!(form.chars().count() <= 64);
                prop_assert_eq!(form.replace('\u{FE0F}', ""), text.replace('\u{FE0F}', ""));
            }
        }
    }
}

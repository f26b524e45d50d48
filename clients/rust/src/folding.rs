//! Folding: how names and texts are compared where people type them.
//!
//! The server folds all that it searches by the same rule;
//! `clients/cases/folding.json` tests all that follow it.

use unicode_normalization::UnicodeNormalization as _;

/// A text without regard to case, width and accents, composed again so that Hangul
/// and voiced kana stay characters. Two texts are the same to people who type them
/// if these are equal. Empty only if the text is: what consists of nothing but
/// accents stays as it is, in lower case.
#[must_use]
pub fn fold(text: &str) -> String {
    let lower = text.nfkd().flat_map(char::to_lowercase);
    let folded: String = lower.filter(|c| !is_dropped(*c)).flat_map(plain).nfc().collect();
    if folded.is_empty() { text.to_lowercase() } else { folded }
}

/// Letters that are variants of others without being decomposed by Unicode, and
/// punctuation that a keyboard replaces.
fn plain(c: char) -> impl Iterator<Item = char> {
    let (first, second) = match c {
        'ß' => ('s', Some('s')),
        'æ' => ('a', Some('e')),
        'œ' => ('o', Some('e')),
        'þ' => ('t', Some('h')),
        'ð' | 'đ' => ('d', None),
        'ø' => ('o', None),
        'ł' => ('l', None),
        'ı' => ('i', None),
        'ς' => ('σ', None),
        'ى' => ('ي', None),
        '‘' | '’' | '‚' | '‛' | '‹' | '›' => ('\'', None),
        '“' | '”' | '„' | '‟' | '«' | '»' | '〝' | '〞' | '〟' => ('"', None),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => ('-', None),
        other => (other, None),
    };
    std::iter::once(first).chain(second)
}

/// Accents and vowel points of scripts in which people leave them out, and what
/// only says how its neighbours are to be shown.
fn is_dropped(c: char) -> bool {
    matches!(c,
        // accents of Latin, Greek, Cyrillic; Hebrew and Arabic points
        '\u{0300}'..='\u{036F}' | '\u{0483}'..='\u{0489}' | '\u{0591}'..='\u{05BD}' | '\u{05BF}'
        | '\u{05C1}' | '\u{05C2}' | '\u{05C4}' | '\u{05C5}' | '\u{05C7}' | '\u{0610}'..='\u{061A}'
        | '\u{064B}'..='\u{065F}' | '\u{0670}' | '\u{06D6}'..='\u{06DC}' | '\u{06DF}'..='\u{06E4}'
        | '\u{06E7}' | '\u{06E8}' | '\u{06EA}'..='\u{06ED}' | '\u{1AB0}'..='\u{1AFF}'
        | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}'
        // soft hyphen, tatweel, joiners, variation selectors, skin tones, tags
        | '\u{00AD}' | '\u{0640}' | '\u{180B}'..='\u{180F}' | '\u{200C}'..='\u{200F}' | '\u{2060}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{1F3FB}'..='\u{1F3FF}'
        | '\u{E0020}'..='\u{E007F}' | '\u{E0100}'..='\u{E01EF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_folds_like_what_others_have_written() {
        let json = include_str!("../../cases/folding.json");
        let cases: Vec<(String, String)> = serde_json::from_str(json).expect("cases");
        for (typed, written) in cases {
            assert_eq!(fold(&typed), fold(&written), "{typed} and {written}");
        }
        for (one, other) in [("か", "が"), ("학", "하"), ("bob", "rob"), ("й", "ы")] {
            assert_ne!(fold(one), fold(other), "{one} and {other}");
        }
        assert_eq!(fold("\u{301}"), "\u{301}");
        assert_eq!(fold(""), "");
    }
}

//! The one folding of all that is searched: messages, and the names and topics
//! under keys of their own. Usernames and addresses, which have to be unique,
//! have another rule (`users::fold`).

use unicode_normalization::UnicodeNormalization as _;

/// The version of the rules for the stored keys: [`name_key`], [`topic_key`] and
/// `users::display_name_key`. The store keeps it beside the keys. Raised with every
/// change of what they make: the next start then folds the stored names anew. If
/// [`folded`] changes, a migration has to empty the search index too.
pub const FOLDING: i16 = 2;

/// What the store has room for: folding may make one character many.
pub(super) const NAME_KEY_CHARS: usize = 192;
const TOPIC_KEY_CHARS: usize = 750;

/// Without regard to case, width and accents, composed again so that Hangul and
/// voiced kana stay characters.
pub fn folded(text: &str) -> impl Iterator<Item = char> {
    text.nfkd().flat_map(char::to_lowercase).filter(|c| !is_dropped(*c)).flat_map(plain).nfc()
}

/// A text as it is searched for. Empty only if the text is: what consists of
/// nothing but accents is searched for as it is.
#[must_use]
pub fn search_form(text: &str) -> String {
    let form: String = folded(text).collect();
    if form.is_empty() { text.to_lowercase() } else { form }
}

/// Under which a room's name is stored and searched. Display names have
/// `users::display_name_key`.
#[must_use]
pub fn name_key(name: &str) -> String {
    search_form(name).chars().take(NAME_KEY_CHARS).collect()
}

/// Under which a topic is stored and searched.
#[must_use]
pub fn topic_key(topic: &str) -> String {
    search_form(topic).chars().take(TOPIC_KEY_CHARS).collect()
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
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_people_type_folds_like_what_others_have_written() {
        let json = include_str!("../../clients/cases/folding.json");
        let cases: Vec<(String, String)> = serde_json::from_str(json).expect("cases");
        for (typed, written) in cases {
            assert_eq!(search_form(&typed), search_form(&written), "{typed} and {written}");
        }
        for (one, other) in [("か", "が"), ("학", "하"), ("bob", "rob"), ("й", "ы")] {
            assert_ne!(search_form(one), search_form(other), "{one} and {other}");
        }
    }

    #[test]
    fn a_key_is_never_longer_than_its_column_nor_empty() {
        let longest = "\u{FDFA}".repeat(250);
        assert_eq!(name_key(&longest[..64 * 3]).chars().count(), NAME_KEY_CHARS);
        assert_eq!(topic_key(&longest).chars().count(), TOPIC_KEY_CHARS);
        assert_eq!(name_key("\u{1F3FD}"), "\u{1F3FD}");
        assert_eq!(name_key(""), "");
    }

    proptest! {
        #[test]
        fn clients_fold_alike(text in "\\PC{0,60}") {
            prop_assert_eq!(search_form(&text), causerie_client::folding::fold(&text));
        }

        #[test]
        fn a_folded_text_folds_to_itself(text in "\\PC{0,60}") {
            let once = search_form(&text);
            prop_assert_eq!(search_form(&once), once);
        }
    }
}

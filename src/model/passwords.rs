//! Passwords as people type them. The same password has several spellings: one
//! keyboard composes an accent with its letter, another does not.

use std::fmt;

use unicode_normalization::UnicodeNormalization as _;

use super::limits;
use crate::error::Rule;

/// A password as it was typed, for comparing it with a hash.
#[derive(Clone)]
pub struct TypedPassword(String);

impl TypedPassword {
    #[must_use]
    pub fn new(typed: String) -> Self {
        Self(typed)
    }

    /// The spellings that a hash may have been made of, each once: the mapped one
    /// first, which is the only one of hashes that are made today; then the text as
    /// it was typed, and decomposed.
    #[must_use]
    pub fn forms(&self) -> Vec<String> {
        let mut forms = vec![map_password(&self.0)];
        for form in [self.0.clone(), self.0.nfd().collect()] {
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
        forms
    }

    #[must_use]
    pub fn mapped(&self) -> String {
        map_password(&self.0)
    }

    /// Whether it could be somebody's.
    pub fn check(&self) -> Result<(), Rule> {
        let most = *limits::PASSWORD_CHARS.end();
        let fits = |text: &str| (1..=most).contains(&text.chars().count());
        // Hashes of before the mapping were made of what was typed.
        if fits(&self.0) || fits(&map_password(&self.0)) {
            Ok(())
        } else {
            Err(Rule::length_between(&(1..=most), self.0.chars().count(), "characters long"))
        }
    }
}

impl fmt::Debug for TypedPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TypedPassword")
    }
}

/// The hash of an account's password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPassword {
    /// With its parameters, as a PHC string.
    pub hash: String,
    /// Whether it was made of the mapped password for sure.
    pub is_mapped: bool,
}

/// The mapping of RFC 8265, `OpaqueString`: every space is the ASCII one, and
/// characters are composed (NFC). Of what that profile excludes, only control
/// characters are refused ([`check_new_password`]): joiners and variation selectors
/// are part of what keyboards type.
#[must_use]
pub fn map_password(typed: &str) -> String {
    typed.chars().map(|c| if is_space(c) { ' ' } else { c }).nfc().collect()
}

/// Unicode's category Zs without the ASCII space.
fn is_space(c: char) -> bool {
    matches!(
        c,
        '\u{00A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}'
    )
}

/// Maps a new password, as far as its form is good.
pub fn check_new_password(typed: &str) -> Result<String, Rule> {
    let chars = limits::PASSWORD_CHARS;
    let mapped = map_password(typed);
    let count = mapped.chars().count();
    if !chars.contains(&count) {
        return Err(Rule::length_between(&chars, count, "characters long"));
    }
    if mapped.chars().any(char::is_control) {
        return Err("must not contain control characters".into());
    }
    Ok(mapped)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPOSED: &str = "pässwörd-Ångström-7";

    fn forms(typed: &str) -> Vec<String> {
        TypedPassword::new(typed.into()).forms()
    }

    #[test]
    fn spellings_of_one_password_map_to_one() {
        let decomposed: String = COMPOSED.nfd().collect();
        // The Ångström sign is a character of its own.
        let sign = COMPOSED.replace('Å', "\u{212B}");
        for typed in [COMPOSED, &decomposed, &sign] {
            assert_eq!(map_password(typed), COMPOSED);
        }
        for space in
            ['\u{A0}', '\u{1680}', '\u{2000}', '\u{200A}', '\u{202F}', '\u{205F}', '\u{3000}']
        {
            assert_eq!(map_password(&format!("a{space}b")), "a b");
        }
        // No other mapping: not of case, width or compatibility.
        for same in ["ＡＢＣ", "ﬁne", "Straße", "a\u{200D}b", "☎\u{FE0F}", "a\u{200B}b"] {
            assert_eq!(map_password(same), same);
        }
    }

    #[test]
    fn each_spelling_is_tried_once() {
        assert_eq!(forms("violet-anchor"), ["violet-anchor"]);
        let decomposed: String = COMPOSED.nfd().collect();
        assert_eq!(forms(COMPOSED), [COMPOSED, &decomposed]);
        assert_eq!(forms(&decomposed), [COMPOSED, &decomposed]);
        let sign = COMPOSED.replace('Å', "\u{212B}");
        assert_eq!(forms(&sign), [COMPOSED, &sign, &decomposed]);
        assert_eq!(forms("a\u{3000}b"), ["a b", "a\u{3000}b"]);
    }

    #[test]
    fn the_length_counts_mapped_characters() {
        let decomposed = "e\u{301}".repeat(8);
        assert_eq!(check_new_password(&decomposed).as_deref(), Ok("éééééééé"));
        assert!(check_new_password(&"e\u{301}".repeat(7)).is_err());
        assert!(check_new_password(&"e\u{301}".repeat(256)).is_ok());
        assert!(check_new_password(&"é".repeat(257)).is_err());
        for control in ["tab\tulator", "line\nfeed", "nul\0byte", "delete\u{7F}", "next\u{85}line"]
        {
            assert!(check_new_password(control).is_err(), "{control:?}");
        }
        for typed in ["with joiner \u{200D}", "selector \u{FE0F}", "unassigned \u{378}"] {
            assert!(check_new_password(typed).is_ok(), "{typed:?}");
        }
        assert!(TypedPassword::new("e\u{301}".repeat(256)).check().is_ok());
        assert!(TypedPassword::new("é".repeat(257)).check().is_err());
        assert!(TypedPassword::new(String::new()).check().is_err());
    }
}

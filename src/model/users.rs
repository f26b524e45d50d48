//! People and programs with an account.

use super::{
    FileId, Timestamp, UserId,
    files::NewImage,
    folding::{NAME_KEY_CHARS, search_form},
    terms::{CharKind, is_hangul},
};

/// What an account may do on the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum AccountRole {
    #[default]
    User,
    Moderator,
    Admin,
}

/// What others may see of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub username: String,
    pub display_name: String,
    pub bio: String,
    pub status_text: String,
    pub created_at: Timestamp,
    pub photo: Option<FileId>,
    /// Grows with each change of what is above.
    pub version: i64,
}

impl User {
    /// With changes to the profile; the address is none of what others see.
    #[must_use]
    pub fn with(&self, changes: &ProfileChanges) -> Self {
        let ProfileChanges { display_name, bio, status_text, photo, email: _ } = changes;
        let mut changed = self.clone();
        for (field, value) in [
            (&mut changed.display_name, display_name),
            (&mut changed.bio, bio),
            (&mut changed.status_text, status_text),
        ] {
            if let Some(value) = value {
                field.clone_from(value);
            }
        }
        if let Some(photo) = photo {
            changed.photo = photo.file();
        }
        if changed != *self {
            changed.version += 1;
        }
        changed
    }
}

/// Changes to a profile; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileChanges {
    pub display_name: Option<String>,
    pub bio: Option<String>,
    pub status_text: Option<String>,
    /// Of the file that it is made of, and then of the one that was made.
    pub photo: Option<NewImage>,
    /// Empty: none any more.
    pub email: Option<String>,
}

/// The form in which usernames and addresses are compared, and unique: without
/// regard to case, and to whether accents are characters of their own. What is
/// searched has another (`folding`).
#[must_use]
pub fn fold(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    name.nfc().collect::<String>().to_lowercase()
}

/// Under which a display name is stored and searched: folded, and with a space
/// before each of its words.
#[must_use]
pub fn display_name_key(name: &str) -> String {
    space_words(&search_form(name)).chars().take(NAME_KEY_CHARS).collect()
}

/// A search for people by the beginning of a username, or of a word of a display
/// name. In scripts without spaces between words any place in the name will do.
pub struct NameQuery {
    /// What a folded username begins with.
    pub username: String,
    /// What a [`display_name_key`] begins with, or ...
    pub first_word: String,
    /// ... has anywhere.
    pub inner_word: String,
}

impl NameQuery {
    #[must_use]
    pub fn new(prefix: &str) -> Self {
        let username = search_form(prefix);
        let first_word = space_words(&username);
        let begins_word = username.chars().next().is_some_and(|c| word_script(c).is_some());
        let inner_word = if begins_word { format!(" {first_word}") } else { first_word.clone() };
        Self { username, first_word, inner_word }
    }
}

/// Puts a space before each word of a folded text that has none. A word begins at a
/// letter or digit after anything else, and where Hangul meets letters of other
/// scripts. Those without spaces between words need none: they are found anywhere.
fn space_words(form: &str) -> String {
    let mut spaced = String::with_capacity(form.len());
    let mut before = None;
    for c in form.chars() {
        let script = word_script(c);
        let begins_word = script.is_some() && script != before;
        if begins_word && !spaced.is_empty() && !spaced.ends_with(char::is_whitespace) {
            spaced.push(' ');
        }
        spaced.push(c);
        before = script;
    }
    spaced
}

#[derive(PartialEq)]
enum WordScript {
    Hangul,
    Other,
}

/// `None` for what is no part of a word.
fn word_script(c: char) -> Option<WordScript> {
    match CharKind::of(c) {
        CharKind::Word if is_hangul(c) => Some(WordScript::Hangul),
        CharKind::Word => Some(WordScript::Other),
        CharKind::Gap | CharKind::Run | CharKind::Sign => None,
    }
}

/// A search for users: the beginning of a name, a page.
pub struct UserSearch {
    pub prefix: String,
    pub after: Option<String>,
    pub limit: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(query: &str, name: &str) -> bool {
        let key = display_name_key(name);
        let NameQuery { first_word, inner_word, .. } = NameQuery::new(query);
        key.starts_with(&first_word) || key.contains(&inner_word)
    }

    #[test]
    fn a_word_of_a_name_begins_after_whatever_is_no_letter_or_digit() {
        for name in [
            "(Zoë)",
            "[Zoë]",
            "田中Zoë",
            "김Zoë",
            "タナカZoë",
            "ไทยZoë",
            "Ada/Zoë",
            "\"Zoë\"",
            "“Zoë”",
            "«Zoë»",
            "🚀Zoë",
            "👩🏽‍💻Zoë",
            "🅰Zoë",
            "A.Zoë",
            "Ada_Zoë",
            "D'Zoë",
            "D’Zoë",
            "Ada—Zoë",
            "Ada\u{a0}Zoë",
            "Ada  Zoë",
            "·Zoë·",
            "@Zoë",
            "Ada|Zoë",
            "¡Zoë!",
            "Ada、Zoë",
        ] {
            for query in ["zoe", "ZO", name] {
                assert!(finds(query, name), "{query} in {name}");
            }
        }
        for (query, name) in [
            ("김", "Zoë김"),
            ("김", "田中김"),
            ("中z", "田中Zoë"),
            ("中", "(田中)"),
            ("3", "Ada (3)"),
            ("brien", "Sinéad O’Brien"),
            ("sinead o'b", "Sinéad O’Brien"),
            ("(zo", "Ada (Zoë)"),
            ("ada/z", "Ada/Zoë"),
            ("🚀", "Zoë🚀"),
            ("मोहन", "राम(मोहन)"),
            ("", "Zoë"),
        ] {
            assert!(finds(query, name), "{query} in {name}");
        }
        for (query, name) in [
            ("oe", "(Zoë)"),
            ("zoe", "AdaZoë"),
            ("zoe", "3Zoë"),
            ("민", "김민준"),
            ("brien", "OBrien"),
            ("da z", "Ada Zoë"),
            ("\u{301}", "Zoë"),
        ] {
            assert!(!finds(query, name), "{query} in {name}");
        }
    }

    #[test]
    fn the_key_of_a_display_name_has_room_in_its_column() {
        let longest = "\u{FDFA}".repeat(64);
        assert_eq!(display_name_key(&longest).chars().count(), NAME_KEY_CHARS);
        assert_eq!(display_name_key("Ada Byron"), "ada byron");
        assert_eq!(display_name_key("(Ada)田中b.c"), "( ada)田中 b. c");
    }
}

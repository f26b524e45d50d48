//! People and programs with an account.

use super::{
    FileId, Timestamp, UserId,
    files::NewImage,
    terms::{Token, tokens},
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

/// What a folded name has somewhere after its beginning if another of its words
/// begins like `prefix`, both as `folding::search_form` makes them. In scripts
/// without spaces any place will do.
#[must_use]
pub fn inside(prefix: &str) -> [String; 2] {
    if matches!(tokens(prefix).first(), Some(Token::Run(_))) {
        [prefix.to_owned(), prefix.to_owned()]
    } else {
        [format!(" {prefix}"), format!("-{prefix}")]
    }
}

/// A search for users: the beginning of a name, a page.
pub struct UserSearch {
    pub prefix: String,
    pub after: Option<String>,
    pub limit: usize,
}

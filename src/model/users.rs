//! People and programs with an account.

use super::{Timestamp, UserId};

/// What an account may do on the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountRole {
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
}

/// Changes to a profile; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileChanges {
    pub display_name: Option<String>,
    pub bio: Option<String>,
    pub status_text: Option<String>,
}

/// The form in which names are compared and searched: without regard to case.
#[must_use]
pub fn fold(name: &str) -> String {
    name.to_lowercase()
}

/// A search for users: the beginning of a name, a page.
pub struct UserSearch {
    pub prefix: String,
    pub after: Option<String>,
    pub limit: usize,
}

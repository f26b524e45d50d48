//! Links that set a new password. The server keeps a digest of each, so that a copy
//! of the database opens no account.

use std::time::Duration;

use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::RngCore as _;

/// How long a link is good.
pub const LINK_LASTS: Duration = Duration::from_hours(24);
/// Of random bytes in a token: not to be guessed.
const TOKEN_BYTES: usize = 32;

/// A new token.
#[must_use]
pub fn make_token() -> String {
    let mut token = [0; TOKEN_BYTES];
    rand::rng().fill_bytes(&mut token);
    URL_SAFE_NO_PAD.encode(token)
}

/// What is kept of a token.
#[must_use]
pub fn recovery_hash(token: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
    hash
}

/// Path and fragment of the page that takes a token. What comes after `#` is sent to
/// no server, and so is in no log.
#[must_use]
pub fn path(token: &str) -> String {
    format!("/recover#{token}")
}

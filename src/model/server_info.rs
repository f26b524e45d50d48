//! What a server tells of itself to anybody.

use super::sign_up::SignUpPolicy;

/// What differs from server to server; [`super::limits`] are the same everywhere.
pub struct ServerInfo {
    pub sign_up_policy: SignUpPolicy,
    pub has_search: bool,
    pub has_reflection: bool,
    /// Of a file.
    pub max_file_bytes: u64,
    /// Of all files of a user.
    pub quota_bytes: u64,
    /// Streams that a user may have open.
    pub max_streams: usize,
}

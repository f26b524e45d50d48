//! Signed-in devices and programs.

use super::{SessionId, Timestamp, User, UserId, passwords::TypedPassword};

/// Who makes a call: what a valid access token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    pub user: UserId,
    pub session: SessionId,
    /// When the access token expires.
    pub expires_at: Timestamp,
}

/// The tokens of a session, as its owner gets them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    pub session: SessionId,
    pub access: String,
    pub access_expires_at: Timestamp,
    pub refresh: String,
    pub refresh_expires_at: Timestamp,
}

/// Somebody has signed in.
#[derive(Debug)]
pub struct SignedIn {
    pub tokens: Tokens,
    pub user: User,
    /// Says that this account has signed in on this device.
    pub device_token: String,
}

/// A new account, valid in itself.
#[derive(Clone)]
pub struct Registration {
    pub username: String,
    /// Mapped.
    pub password: String,
    pub display_name: String,
    pub email: Option<String>,
    pub device: String,
    /// The code of an invite.
    pub invite_code: Option<String>,
}

/// Who sets a new password by a link.
pub struct Recovery {
    pub token: String,
    /// Mapped.
    pub new_password: String,
    pub device: String,
    pub keep: bool,
}

/// Who wants to sign in.
pub struct LoginRequest {
    pub login: String,
    pub password: TypedPassword,
    pub device: String,
    pub keep: bool,
    /// Of earlier sign-ins on this device, good or not.
    pub device_tokens: Vec<String>,
}

/// A new password in place of one that its owner knows.
pub struct PasswordChange {
    pub old: TypedPassword,
    /// Mapped.
    pub new: String,
}

/// A session as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionInfo {
    pub id: SessionId,
    pub device: String,
    pub address: String,
    pub created_at: Timestamp,
    pub last_used_at: Timestamp,
    pub expires_at: Timestamp,
}

/// A page of a user's sessions.
pub struct SessionPage {
    pub before: Option<uuid::Uuid>,
    pub limit: usize,
}

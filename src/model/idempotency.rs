//! Keys by which a request that is sent again is told from a new one.

use uuid::Uuid;

use super::{Timestamp, UserId};

/// A key as it came with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    pub key: String,
    /// Of the whole request but its key and its secrets.
    pub fingerprint: [u8; 32],
}

/// The use of a key for one request of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    /// Keys of different accounts have nothing to do with each other.
    pub owner: UserId,
    pub key: IdempotencyKey,
    /// By the steady clock.
    pub at: Timestamp,
}

/// What is kept of the first answer: enough to make it again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeptAnswer {
    /// Of what the request has made.
    pub id: Option<Uuid>,
    /// How many sessions it has ended.
    pub ended_sessions: i64,
}

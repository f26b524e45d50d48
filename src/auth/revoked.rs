//! Sessions that have ended, kept in memory, so that a call needs no look-up in
//! the database. They are kept until their last access token is too old by the
//! steady clock: the time of day may be set back, and a token by it be good again.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use crate::model::{SessionId, Timestamp};

/// Ended sessions, each with when it ended by the steady clock.
#[derive(Debug, Default)]
pub struct Revoked {
    sessions: RwLock<HashMap<SessionId, Timestamp>>,
}

impl Revoked {
    #[must_use]
    pub fn contains(&self, session: SessionId) -> bool {
        let sessions = self.sessions.read().unwrap_or_else(PoisonError::into_inner);
        sessions.contains_key(&session)
    }

    /// Notes an ended session; whether this is news.
    pub fn insert(&self, session: SessionId, at: Timestamp) -> bool {
        let mut sessions = self.sessions.write().unwrap_or_else(PoisonError::into_inner);
        sessions.insert(session, at).is_none()
    }

    /// Forgets sessions that ended before.
    pub fn forget_before(&self, at: Timestamp) {
        let mut sessions = self.sessions.write().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, ended| *ended >= at);
    }
}

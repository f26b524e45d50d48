//! What it takes to tell a stream what was missed.

use std::{collections::BTreeSet, time::Duration};

use uuid::Uuid;

use super::{
    LogId, MarkersMoved, PresenceChoice, RoomId, RoomPreferences, Seq, Timestamp, User, UserId,
    VisibleRange,
};

/// Rooms of which one statement reads what changed.
pub const ROOMS_AT_ONCE: usize = 32;

/// A room of which it is read what changed.
#[derive(Debug, Clone, Copy)]
pub struct Behind {
    pub room: RoomId,
    /// Up to where it is known.
    pub after: Seq,
    /// `head` was read before, and what is read may go beyond it (`Store::changes`). What
    /// the reader may not see leaves empty positions.
    pub view: VisibleRange,
    /// No member has changed after this, and the settings have not after that; the head
    /// if it is not known.
    pub members_seq: Seq,
    pub settings_seq: Seq,
}

impl Behind {
    /// Of a room of which nothing else is known.
    #[must_use]
    pub fn new(room: RoomId, after: Seq, view: VisibleRange) -> Self {
        Self { room, after, view, members_seq: view.head, settings_seq: view.head }
    }

    /// With another head than the one that was read before.
    #[must_use]
    pub fn up_to(mut self, head: Seq) -> Self {
        if head > self.view.head {
            // Not known of what is beyond.
            (self.members_seq, self.settings_seq) = (head, head);
        }
        self.view.head = head;
        self
    }

    /// What remains once it is known up to `synced`, of which there is more up to `head`.
    #[must_use]
    pub fn read_on(self, synced: Seq, head: Seq) -> Self {
        Self { after: synced, ..self.up_to(self.view.head.max(head)) }
    }
}

/// Who opens a stream.
#[derive(Debug, Clone)]
pub struct StreamUser {
    pub user: User,
    /// Whether they tell others what they have read.
    pub sends_receipts: bool,
    pub choice: PresenceChoice,
    /// With whom they have a block, whoever of the two has made it.
    pub blocks: BTreeSet<UserId>,
}

/// How a user's rooms stand.
#[derive(Debug, Clone, Default)]
pub struct RoomStates {
    pub rooms: Vec<RoomState>,
    /// How far the user has read the threads that they follow, as far as these are
    /// counted.
    pub threads: Vec<Since<MarkersMoved>>,
}

#[derive(Debug, Clone)]
pub struct RoomState {
    pub room: RoomId,
    pub log: LogId,
    pub view: VisibleRange,
    /// Where its settings and any of its members changed last.
    pub settings_seq: Seq,
    pub members_seq: Seq,
    /// When the newest message was posted.
    pub active_at: Timestamp,
    /// `None`: the user has said nothing yet.
    pub marks: Option<Since<MarkersMoved>>,
    pub settings: Option<Since<RoomPreferences>>,
}

/// A state, and when it changed last, by the steady clock.
#[derive(Debug, Clone, Copy)]
pub struct Since<T> {
    pub at: Timestamp,
    pub state: T,
}

/// A change that was written at some moment is there for others after this time.
const WRITTEN_WITHIN: Duration = Duration::from_mins(1);

/// Up to when a client has been told its marks and settings: what `Live.state_token`
/// says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateToken {
    /// Of which data, and whose.
    pub epoch: Uuid,
    pub user: UserId,
    /// When they were read, by the steady clock.
    pub read_at: Timestamp,
}

/// Of the form below.
const VERSION: u8 = 1;

impl StateToken {
    /// What has changed at this time or after it may not have been told.
    #[must_use]
    pub fn told_to(&self) -> Timestamp {
        let margin = i64::try_from(WRITTEN_WITHIN.as_micros()).unwrap_or(i64::MAX);
        Timestamp(self.read_at.0.saturating_sub(margin))
    }

    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(self.epoch.as_bytes());
        bytes.extend_from_slice(self.user.0.as_bytes());
        bytes.extend_from_slice(&self.read_at.0.to_be_bytes());
        bytes
    }

    /// `None`: it means nothing here.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (&version, rest) = bytes.split_first()?;
        let (epoch, rest) = rest.split_first_chunk::<16>()?;
        let (user, rest) = rest.split_first_chunk::<16>()?;
        let read_at = Timestamp(i64::from_be_bytes(rest.try_into().ok()?));
        let (epoch, user) = (Uuid::from_bytes(*epoch), UserId(Uuid::from_bytes(*user)));
        (version == VERSION).then_some(Self { epoch, user, read_at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_written_and_nothing_else_is_one() {
        let (epoch, user) = (Uuid::from_u128(1), UserId(Uuid::from_u128(2)));
        let token = StateToken { epoch, user, read_at: Timestamp(90_000_000) };
        assert_eq!(token.told_to(), Timestamp(30_000_000));
        let bytes = token.encode();
        assert_eq!(StateToken::decode(&bytes), Some(token));
        let other = [&[2], &bytes[1..]].concat();
        for broken in [&bytes[..40], &[bytes.as_slice(), &[0]].concat(), &other, &[]] {
            assert_eq!(StateToken::decode(broken), None);
        }
    }
}

//! Messages that have not been acknowledged: a pure queue. Each has its
//! `client_message_id` from the start, so that sending it again is harmless.

use std::{
    collections::{HashSet, VecDeque},
    time::{Duration, Instant, SystemTime},
};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{error::Error, v1};

const FIRST_DELAY: Duration = Duration::from_millis(500);
const LONGEST_DELAY: Duration = Duration::from_secs(30);
/// Servers know a `client_message_id` for 30 days. What is older than this may have
/// been sent, and would be sent twice: its writer decides.
const SENT_AGAIN_FOR: Duration = Duration::from_hours(25 * 24);

/// A message to be sent. An application may keep these across its own restarts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsent {
    pub client_message_id: String,
    pub room_id: String,
    pub text: String,
    /// The message that it answers; 0 for none.
    #[serde(default)]
    pub reply_to_seq: i64,
    /// The message in whose thread it shall stand; 0 for the timeline.
    #[serde(default)]
    pub thread_seq: i64,
    /// The room's log that these two are of; empty if not known.
    #[serde(default)]
    pub log_id: String,
    /// Files that were uploaded before.
    #[serde(default)]
    pub attachment_ids: Vec<String>,
    /// In seconds since 1970. What an older version has kept has none, and counts as
    /// written long ago.
    #[serde(default)]
    pub written_at: i64,
}

impl Unsent {
    /// A message for a room's timeline, with an id of its own.
    #[must_use]
    pub fn new(room_id: &str, text: &str) -> Self {
        Self {
            client_message_id: Uuid::new_v4().to_string(),
            room_id: room_id.to_owned(),
            text: text.to_owned(),
            reply_to_seq: 0,
            thread_seq: 0,
            log_id: String::new(),
            attachment_ids: Vec::new(),
            written_at: seconds(SystemTime::now()),
        }
    }

    /// The same message, to be sent although it was written long ago.
    #[must_use]
    pub fn sent_anyway(self) -> Self {
        Self { written_at: seconds(SystemTime::now()), ..self }
    }
}

fn seconds(at: SystemTime) -> i64 {
    at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs().cast_signed()
}

impl From<Unsent> for v1::SendMessageRequest {
    fn from(unsent: Unsent) -> Self {
        let Unsent {
            client_message_id,
            room_id,
            text,
            reply_to_seq,
            thread_seq,
            log_id,
            attachment_ids,
            written_at: _,
        } = unsent;
        Self { room_id, text, client_message_id, reply_to_seq, thread_seq, log_id, attachment_ids }
    }
}

#[derive(Debug, Clone)]
struct Entry {
    message: Unsent,
    in_flight: bool,
    failures: u32,
    not_before: Option<Instant>,
    /// The server has said when.
    told: bool,
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// It is done with, well or not.
    Done(Unsent),
    /// It stays and will be tried again.
    Again,
    /// No such message waits.
    Unknown,
}

/// The queue. Messages of a room leave one after the other, in order.
#[derive(Debug, Clone, Default)]
pub struct Outbox {
    entries: VecDeque<Entry>,
}

impl Outbox {
    /// A queue with messages from before.
    pub fn new(messages: impl IntoIterator<Item = Unsent>) -> Self {
        let mut outbox = Self::default();
        for message in messages {
            outbox.push(message);
        }
        outbox
    }

    /// Putting a message in again changes nothing.
    pub fn push(&mut self, message: Unsent) {
        if self.find(&message.client_message_id).is_some() {
            return;
        }
        self.entries.push_back(Entry {
            message,
            in_flight: false,
            failures: 0,
            not_before: None,
            told: false,
        });
    }

    /// The next message that may leave now; it is in flight from here on.
    pub fn next(&mut self, now: Instant) -> Option<Unsent> {
        let mut blocked = HashSet::new();
        for entry in &mut self.entries {
            if blocked.contains(&entry.message.room_id) {
                continue;
            }
            let waits = entry.in_flight || entry.not_before.is_some_and(|at| at > now);
            if !waits {
                entry.in_flight = true;
                return Some(entry.message.clone());
            }
            blocked.insert(entry.message.room_id.clone());
        }
        None
    }

    /// Takes out what was written so long ago that it may not be sent without asking.
    pub fn take_old(&mut self, now: SystemTime) -> Vec<Unsent> {
        let oldest = seconds(now) - SENT_AGAIN_FOR.as_secs().cast_signed();
        let is_old = |entry: &Entry| !entry.in_flight && entry.message.written_at < oldest;
        let (old, rest) = std::mem::take(&mut self.entries).into_iter().partition(is_old);
        self.entries = rest;
        <VecDeque<Entry>>::into_iter(old).map(|entry| entry.message).collect()
    }

    /// When a message that waits may leave.
    #[must_use]
    pub fn wakes_at(&self) -> Option<Instant> {
        self.entries.iter().filter(|entry| !entry.in_flight).filter_map(|e| e.not_before).min()
    }

    /// The answer to an attempt.
    pub fn settle(&mut self, id: &str, error: Option<&Error>, now: Instant) -> Settled {
        let Some(at) = self.find(id) else { return Settled::Unknown };
        match error {
            Some(error) if !error.is_final() => {
                let entry = &mut self.entries[at];
                entry.in_flight = false;
                let delay = FIRST_DELAY.saturating_mul(1 << entry.failures.min(10));
                let delay = error.retry_after.unwrap_or(delay).min(LONGEST_DELAY);
                entry.failures += 1;
                entry.told = error.retry_after.is_some();
                entry.not_before = Some(now + delay);
                Settled::Again
            }
            _ => self
                .entries
                .remove(at)
                .map_or(Settled::Unknown, |entry| Settled::Done(entry.message)),
        }
    }

    /// Its writer does not want it any more.
    pub fn remove(&mut self, id: &str) {
        self.entries.retain(|entry| entry.message.client_message_id != id);
    }

    /// The connection is gone: what was in flight may or may not have arrived,
    /// and is sent again. On the next one nothing waits for what went wrong on
    /// this one.
    pub fn lost(&mut self) {
        for entry in &mut self.entries {
            entry.in_flight = false;
            entry.failures = 0;
            if !entry.told {
                entry.not_before = None;
            }
        }
    }

    /// What waits, oldest first.
    pub fn waiting(&self) -> impl Iterator<Item = &Unsent> {
        self.entries.iter().map(|entry| &entry.message)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn find(&self, id: &str) -> Option<usize> {
        self.entries.iter().position(|entry| entry.message.client_message_id == id)
    }
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;

    fn message(id: &str, room: &str) -> Unsent {
        Unsent { client_message_id: id.into(), ..Unsent::new(room, id) }
    }

    fn leaving(outbox: &mut Outbox, now: Instant) -> Vec<String> {
        std::iter::from_fn(|| outbox.next(now)).map(|m| m.client_message_id).collect()
    }

    #[test]
    fn messages_of_a_room_leave_one_after_the_other() {
        let now = Instant::now();
        let mut outbox = Outbox::new([message("1", "a"), message("2", "a"), message("3", "b")]);
        assert_eq!(leaving(&mut outbox, now), ["1", "3"]);
        assert!(matches!(outbox.settle("1", None, now), Settled::Done(_)));
        assert_eq!(leaving(&mut outbox, now), ["2"]);
        assert_eq!(outbox.settle("1", None, now), Settled::Unknown);
    }

    #[test]
    fn what_was_in_flight_is_sent_again_in_order() {
        let now = Instant::now();
        let mut outbox = Outbox::new([message("1", "a"), message("2", "a")]);
        assert_eq!(leaving(&mut outbox, now), ["1"]);
        outbox.lost();
        assert_eq!(leaving(&mut outbox, now), ["1"]);
    }

    #[test]
    fn what_was_written_long_ago_is_given_back() {
        let day = Duration::from_hours(24);
        let (now, at) = (SystemTime::now(), Instant::now());
        let written = |id: &str, days: u32| {
            let written_at = seconds(now - day * days);
            Unsent { written_at, ..message(id, "a") }
        };
        let unsaid = Unsent { written_at: 0, ..message("unsaid", "b") };
        let mut outbox = Outbox::new([written("old", 26), written("young", 24), unsaid.clone()]);
        assert_eq!(outbox.take_old(now), [written("old", 26), unsaid.clone()]);
        assert_eq!(leaving(&mut outbox, at), ["young"]);
        // What is under way gets its answer.
        assert_eq!(outbox.take_old(now + day * 2), []);
        outbox.lost();
        assert_eq!(outbox.take_old(now + day * 2), [written("young", 24)]);
        assert!(outbox.is_empty());
        outbox.push(unsaid.sent_anyway());
        assert_eq!(outbox.take_old(now), []);
        assert_eq!(leaving(&mut outbox, at), ["unsaid"]);
    }

    #[test]
    fn a_passing_failure_waits_and_a_final_one_does_not() {
        let now = Instant::now();
        let mut outbox = Outbox::new([message("1", "a"), message("2", "a")]);
        assert_eq!(leaving(&mut outbox, now), ["1"]);
        let mut busy = Error::local(Code::ResourceExhausted, "RATE_LIMITED", "");
        busy.retry_after = Some(Duration::from_secs(3));
        assert_eq!(outbox.settle("1", Some(&busy), now), Settled::Again);
        assert_eq!(leaving(&mut outbox, now), [""; 0]);
        assert_eq!(outbox.wakes_at(), Some(now + Duration::from_secs(3)));
        assert_eq!(leaving(&mut outbox, now + Duration::from_secs(3)), ["1"]);
        let refused = Error::local(Code::PermissionDenied, "NOT_MEMBER", "");
        assert!(matches!(outbox.settle("1", Some(&refused), now), Settled::Done(_)));
        assert_eq!(leaving(&mut outbox, now), ["2"]);
    }
}

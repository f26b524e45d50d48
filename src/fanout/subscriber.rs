//! One connected stream, as the hub and the stream itself see it: a bounded queue of
//! events, and what is told beside it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU8, Ordering},
};

use bytes::Bytes;
use tokio::sync::{Notify, mpsc, watch};

use super::hub::Hub;
use crate::model::{ConnectionId, RoomId, Seq, SessionId, Timestamp, UserId};

/// What waits in a stream's queue.
#[derive(Debug, Clone)]
pub enum QueuedEvent {
    /// Consecutive changes of a room, encoded.
    Log {
        room: RoomId,
        after: Seq,
        seq: Seq,
        /// The oldest message of which they tell something anew: of itself, or an
        /// answer in its thread.
        oldest: Option<Seq>,
        bytes: Bytes,
    },
    /// Typing or presence. May be dropped.
    State(Bytes),
    /// A read marker or preference of the user's own. What catches up gets them as they are.
    OwnState(Bytes),
    /// A room's log went on without its events coming through here.
    Advanced { room: RoomId, seq: Seq },
    /// The user is in the room now; its events follow.
    Added(RoomId),
    /// The user is not in the room any more.
    Removed(RoomId),
}

/// How much a stream may take.
#[derive(Debug, Clone, Copy)]
pub struct StreamLimits {
    /// Events that may wait in its queue.
    pub queue: usize,
    /// Whether the user sees what others have read; `None` until it is known.
    pub sees_reads: Option<bool>,
}

/// Why the server ends a stream from outside its task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    Revoked,
    /// With so many streams at once.
    ShuttingDown {
        streams: usize,
    },
}

/// What is known of whether a user sees what others have read.
pub(super) const UNKNOWN: u8 = 0;
const NO: u8 = 1;
pub(super) const YES: u8 = 2;

pub(super) fn known(sees_reads: bool) -> u8 {
    if sees_reads { YES } else { NO }
}

/// What others tell a stream beside its events.
#[derive(Debug, Clone, Copy)]
pub struct Control {
    pub ending: Option<StopReason>,
    pub token_expires_at: Timestamp,
}

/// The hub's side of one connected stream. Shared by the registry and the stream; it is
/// out of the registry once the stream's [`Subscription`] is dropped.
#[derive(Debug)]
pub struct Subscriber {
    pub connection: ConnectionId,
    pub user: UserId,
    pub session: SessionId,
    pub(super) queue: mpsc::Sender<QueuedEvent>,
    /// Set when the queue was full: live events stop until the stream has
    /// caught up from the store.
    pub(super) lagging: AtomicBool,
    pub(super) lagged: Notify,
    /// The user tells what they have read, and so sees it of others. One of the three
    /// values below.
    pub(super) sees_reads: AtomicU8,
    pub(super) control: watch::Sender<Control>,
}

impl Subscriber {
    pub(super) fn try_enqueue(&self, item: QueuedEvent) {
        if self.lagging.load(Ordering::Acquire) {
            return;
        }
        // States never take the room that the log needs.
        let crowded = self.queue.capacity() <= self.queue.max_capacity() / 2;
        if crowded && matches!(item, QueuedEvent::State(_)) {
            return;
        }
        if let Err(mpsc::error::TrySendError::Full(_)) = self.queue.try_send(item) {
            self.lagging.store(true, Ordering::Release);
            self.lagged.notify_one();
        }
    }

    /// Gives the stream a later end of its token.
    pub fn renew(&self, token_expires_at: Timestamp) {
        self.control.send_modify(|control| control.token_expires_at = token_expires_at);
    }

    /// Says whether the user sees what others have read, as it was when the stream had
    /// opened. What has been said since is newer, and stands.
    pub fn first_sees_reads(&self, sees: bool) {
        let (set, read) = (Ordering::Relaxed, Ordering::Relaxed);
        let _ = self.sees_reads.compare_exchange(UNKNOWN, known(sees), set, read);
    }

    /// Waits until the queue has overflowed.
    pub async fn lagged(&self) {
        self.lagged.notified().await;
    }

    pub(super) fn end(&self, ending: StopReason) {
        self.control.send_modify(|control| {
            control.ending.get_or_insert(ending);
        });
    }
}

/// The stream's side. Dropping it takes the stream out of the hub.
pub struct Subscription {
    pub subscriber: Arc<Subscriber>,
    pub queue: mpsc::Receiver<QueuedEvent>,
    pub control: watch::Receiver<Control>,
    pub(super) hub: Arc<Hub>,
}

impl Subscription {
    /// Whether the queue has overflowed. Live events flow again from here on:
    /// what is read from the store after this call is complete.
    #[must_use]
    pub fn take_lagging(&mut self) -> bool {
        if !self.subscriber.lagging.load(Ordering::Acquire) {
            return false;
        }
        // What is left in the queue is older than what will be read.
        while self.queue.try_recv().is_ok() {}
        self.subscriber.lagging.swap(false, Ordering::AcqRel)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.hub.close(self.subscriber.connection);
    }
}

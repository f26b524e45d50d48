//! What one account, or one network without an account, uses of the server.

use std::{
    pin::pin,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::future::{AbortHandle, AbortRegistration};
use ipnet::IpNet;
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use uuid::Uuid;

use super::{
    MAX_UNREAD_PER_ACCOUNT, ResponseRegistry, State, Tracked,
    calls::{CallPermit, PendingCalls},
};
use crate::error::{Error, Result};

/// Bytes of request messages that have not arrived whole, of one account and of
/// all together.
pub const MAX_UNFINISHED_PER_ACCOUNT: usize = 4 << 20;
pub const MAX_UNFINISHED: usize = 64 << 20;

/// How long a response waits until others have been read.
const ROOM_WITHIN: Duration = Duration::from_secs(2);
/// Where unfinished messages of all together are too many, an account may still
/// send one message of the largest size, and who has none a small one.
const UNFINISHED_WHEN_FULL: usize = (1 << 20) + 1024;
const UNFINISHED_WHEN_FULL_WITHOUT_ACCOUNT: usize = 64 << 10;
/// Reads of one account that are carried out at once; others wait for their turn.
/// Each may need several times the memory of its answer.
const MAX_READS_PER_ACCOUNT: usize = 4;
/// Fewer bytes are not worth counting: of those, few can wait.
const MIN_COUNTED: usize = 4 << 10;
/// Whose memory it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    Account(Uuid),
    Network(IpNet),
}

/// What one owner uses.
#[derive(Debug)]
pub(super) struct Usage {
    has_account: bool,
    pub(super) unread: AtomicUsize,
    unfinished: AtomicUsize,
    streams: AtomicUsize,
    calls: Arc<PendingCalls>,
    reads: Arc<Semaphore>,
    /// Wakes those who wait until something has been read.
    room: Notify,
}

impl Usage {
    pub(super) fn of(owner: Owner) -> Self {
        Self {
            has_account: matches!(owner, Owner::Account(_)),
            unread: AtomicUsize::new(0),
            unfinished: AtomicUsize::new(0),
            streams: AtomicUsize::new(0),
            calls: Arc::default(),
            reads: Arc::new(Semaphore::new(MAX_READS_PER_ACCOUNT)),
            room: Notify::new(),
        }
    }

    /// Takes off what has been read, or will not be.
    pub(super) fn give_back(&self, bytes: usize) {
        self.unread.fetch_sub(bytes, Relaxed);
        if bytes > 0 {
            self.room.notify_waiters();
        }
    }

    /// Waits a moment until this holds; whether it does.
    async fn wait_for_room(&self, mut has_room: impl FnMut() -> bool) -> bool {
        let wait = async {
            loop {
                let mut room = pin!(self.room.notified());
                room.as_mut().enable();
                if has_room() {
                    return;
                }
                room.await;
            }
        };
        timeout(ROOM_WITHIN, wait).await.is_ok()
    }
}

/// What one owner uses, and may still use.
#[derive(Debug, Clone)]
pub struct OwnerUsage {
    pub(super) all: Arc<ResponseRegistry>,
    pub(super) usage: Arc<Usage>,
}

impl OwnerUsage {
    /// Registers a response that `reset` can end.
    pub fn track(&self, reset: AbortHandle) -> Tracked {
        let state = Arc::new(State {
            usage: self.usage.clone(),
            bytes: AtomicUsize::new(0),
            unread_since: AtomicU64::new(self.all.now()),
            reset,
        });
        let id = self.all.next.fetch_add(1, Relaxed);
        let mut live = self.all.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.insert(id, state.clone());
        drop(live);
        Tracked { all: self.all.clone(), id, state }
    }

    /// Waits for the turn of a read: until there is room for what it brings, and
    /// fewer than [`MAX_READS_PER_ACCOUNT`] are under way.
    pub async fn read_turn(&self) -> Result<OwnedSemaphorePermit> {
        let has_room = || self.usage.unread.load(Relaxed) <= MAX_UNREAD_PER_ACCOUNT / 2;
        loop {
            if !self.usage.wait_for_room(has_room).await {
                return Err(Error::ResponsesUnread { limit: MAX_UNREAD_PER_ACCOUNT });
            }
            let turn = self.usage.reads.clone().acquire_owned().await.map_err(Error::internal)?;
            if has_room() {
                return Ok(turn);
            }
        }
    }

    /// Counts a response of `bytes`. Where it would have to wait behind too many
    /// others which this owner does not read, waits a moment for them, and then
    /// refuses it. One alone may have any size.
    pub async fn reserve(&self, bytes: usize) -> Result<Reserved> {
        let mut reserved = None;
        let has_room = || {
            reserved = self.try_reserve(bytes);
            reserved.is_some()
        };
        self.usage.wait_for_room(has_room).await;
        self.all.check_total();
        reserved.ok_or(Error::ResponsesUnread { limit: MAX_UNREAD_PER_ACCOUNT })
    }

    fn try_reserve(&self, bytes: usize) -> Option<Reserved> {
        let fits = |unread: usize| {
            let more = unread + bytes;
            (unread == 0 || more <= MAX_UNREAD_PER_ACCOUNT).then_some(more)
        };
        self.usage.unread.fetch_update(Relaxed, Relaxed, fits).ok()?;
        self.all.unread.fetch_add(bytes, Relaxed);
        Some(Reserved { owner: self.clone(), bytes: AtomicUsize::new(bytes) })
    }

    fn count(&self, bytes: usize) -> Reserved {
        self.usage.unread.fetch_add(bytes, Relaxed);
        self.all.unread.fetch_add(bytes, Relaxed);
        Reserved { owner: self.clone(), bytes: AtomicUsize::new(bytes) }
    }

    /// Counts bytes that were made for this owner alone, until the last copy of
    /// them is gone. Beyond the owner's limit, the response of theirs that has
    /// been unread for longest is reset.
    pub fn track_bytes(&self, bytes: Bytes) -> Bytes {
        if bytes.len() < MIN_COUNTED {
            return bytes;
        }
        let reserved = self.count(bytes.len());
        self.check_owned(bytes.len());
        reserved.attach(bytes)
    }

    /// Makes room if this owner, or all together, have too much. A response of
    /// `bytes` alone may be larger than what an account may have.
    pub(super) fn check_owned(&self, bytes: usize) {
        let owned = self.usage.unread.load(Relaxed);
        if owned > MAX_UNREAD_PER_ACCOUNT && owned > bytes {
            self.all.make_room(Some(&self.usage));
        }
        self.all.check_total();
    }

    /// Counts an open stream, if the owner may have one more.
    pub fn open_stream(&self, limit: usize) -> Result<StreamPermit> {
        let open = self.usage.streams.fetch_add(1, Relaxed);
        let permit = StreamPermit { usage: self.usage.clone() };
        if open >= limit { Err(Error::TooManyStreams { limit }) } else { Ok(permit) }
    }

    /// Counts a call that is not answered yet: see [`PendingCalls`].
    pub fn begin_call(&self) -> (CallPermit, AbortRegistration) {
        self.usage.calls.begin()
    }

    /// Whether this is an account's, and not that of a network without one.
    #[must_use]
    pub fn has_account(&self) -> bool {
        self.usage.has_account
    }

    /// Counts bytes of a request message that has not arrived whole.
    pub fn unfinished(&self) -> Unfinished {
        Unfinished { owner: self.clone(), bytes: 0 }
    }
}

/// Bytes that count for their owner while this lives.
#[derive(Debug)]
pub struct Reserved {
    owner: OwnerUsage,
    pub(super) bytes: AtomicUsize,
}

impl Reserved {
    /// Ties what is counted to the bytes themselves.
    pub fn attach(self, bytes: Bytes) -> Bytes {
        Bytes::from_owner(CountedBytes { bytes, _reserved: self })
    }

    /// Whose bytes they are.
    #[must_use]
    pub fn owner(&self) -> &OwnerUsage {
        &self.owner
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        let bytes = self.bytes.load(Relaxed);
        self.owner.usage.give_back(bytes);
        self.owner.all.unread.fetch_sub(bytes, Relaxed);
    }
}

struct CountedBytes {
    bytes: Bytes,
    _reserved: Reserved,
}

impl AsRef<[u8]> for CountedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// A stream counts as open while this lives.
#[derive(Debug)]
pub struct StreamPermit {
    usage: Arc<Usage>,
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        self.usage.streams.fetch_sub(1, Relaxed);
    }
}

/// Bytes of a request message that has not arrived whole; given back on drop.
#[derive(Debug)]
pub struct Unfinished {
    owner: OwnerUsage,
    bytes: usize,
}

impl Unfinished {
    /// Sets how many bytes have arrived of the message.
    pub fn set(&mut self, bytes: usize) -> Result<()> {
        let OwnerUsage { all, usage } = &self.owner;
        let Some(more) = bytes.checked_sub(self.bytes) else {
            let less = self.bytes - bytes;
            usage.unfinished.fetch_sub(less, Relaxed);
            all.unfinished.fetch_sub(less, Relaxed);
            self.bytes = bytes;
            return Ok(());
        };
        self.bytes = bytes;
        let mine = usage.unfinished.fetch_add(more, Relaxed) + more;
        let total = all.unfinished.fetch_add(more, Relaxed) + more;
        let limit = match (total > MAX_UNFINISHED, usage.has_account) {
            (false, _) => MAX_UNFINISHED_PER_ACCOUNT,
            (true, true) => UNFINISHED_WHEN_FULL,
            (true, false) => UNFINISHED_WHEN_FULL_WITHOUT_ACCOUNT,
        };
        if mine > limit { Err(Error::RequestsUnfinished { limit }) } else { Ok(()) }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.owner.usage.unfinished.fetch_sub(self.bytes, Relaxed);
        self.owner.all.unfinished.fetch_sub(self.bytes, Relaxed);
    }
}

//! What waits in memory because a client does not read it, and its limits.
//!
//! Every response is registered while it is on its way. Bytes that are ready for
//! a client count for the account (or, without one, for the network) that asked,
//! until the HTTP connection has taken them. A response that is not read for too
//! long is reset, and when everything together gets too large, those that have
//! been unread for longest are.
//!
//! A reset has to come from outside of the body: hyper does not poll a body again
//! until the window of its HTTP/2 stream has room for what it has. So each stream
//! runs in a task that [`super::executor`] can abort, which resets the stream.

mod calls;
mod usage;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures::future::AbortHandle;

pub use calls::{CallPermit, MAX_CALLS};
use usage::Usage;
pub use usage::{
    MAX_UNFINISHED_PER_ACCOUNT, Owner, OwnerUsage, Reserved, StreamPermit, Unfinished,
};

/// Unread bytes that one account may have.
pub const MAX_UNREAD_PER_ACCOUNT: usize = 4 << 20;
/// Unread bytes of all together.
pub const MAX_UNREAD: usize = 64 << 20;
/// What has been unread for less than this is not reset to make room: it may be
/// on its way.
const RESET_AFTER_MS: u64 = 100;
/// Responses that are reset at once to make room. What they keep besides is given
/// back a moment later, so that more would be too many.
const MAX_RESETS: usize = 16;

/// All responses on their way, and all requests that are arriving.
#[derive(Debug)]
pub struct ResponseRegistry {
    began: Instant,
    /// A response that is not read for so long is reset.
    unread_timeout: Duration,
    unread: AtomicUsize,
    unfinished: AtomicUsize,
    owners: Mutex<HashMap<Owner, Weak<Usage>>>,
    live: Mutex<HashMap<u64, Arc<State>>>,
    next: AtomicU64,
    /// When there was too little room last, as [`Self::now`] has it.
    room_made: AtomicU64,
}

/// One response. Shared by its body and the registry.
#[derive(Debug)]
struct State {
    usage: Arc<Usage>,
    /// Bytes that the client has not taken.
    bytes: AtomicUsize,
    /// Since when the client has been to read, in milliseconds after the start,
    /// plus one; 0 while it is the server's turn.
    unread_since: AtomicU64,
    reset: AbortHandle,
}

impl ResponseRegistry {
    #[must_use]
    pub fn new(unread_timeout: Duration) -> Arc<Self> {
        Arc::new(Self {
            began: Instant::now(),
            unread_timeout,
            unread: AtomicUsize::new(0),
            unfinished: AtomicUsize::new(0),
            owners: Mutex::default(),
            live: Mutex::default(),
            next: AtomicU64::new(0),
            room_made: AtomicU64::new(0),
        })
    }

    /// What an owner uses.
    pub fn usage(self: &Arc<Self>, owner: Owner) -> OwnerUsage {
        let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        let usage = owners.get(&owner).and_then(Weak::upgrade).unwrap_or_else(|| {
            let usage = Arc::new(Usage::of(owner));
            owners.insert(owner, Arc::downgrade(&usage));
            usage
        });
        OwnerUsage { all: self.clone(), usage }
    }

    /// Counts bytes that many streams share, once for all of them, until the last
    /// has let them go.
    pub fn share(self: &Arc<Self>, bytes: Bytes) -> Bytes {
        self.unread.fetch_add(bytes.len(), Relaxed);
        let shared = Bytes::from_owner(Shared { bytes, all: self.clone() });
        self.check_total();
        shared
    }

    /// Resets what has not been read for too long. To be called about once a
    /// second; also forgets owners that use nothing.
    pub fn sweep(&self) {
        let now = self.now();
        let timeout = u64::try_from(self.unread_timeout.as_millis()).unwrap_or(u64::MAX);
        self.reset_where(|state| {
            let since = state.unread_since.load(Relaxed);
            since != 0 && now.saturating_sub(since) > timeout
        });
        let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        owners.retain(|_, usage| usage.strong_count() > 0);
        if owners.capacity() > 4 * (owners.len() + 64) {
            owners.shrink_to_fit();
        }
    }

    fn reset_where(&self, is_overdue: impl Fn(&State) -> bool) {
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        for state in live.values().filter(|state| is_overdue(state)) {
            state.abort(self);
        }
    }

    /// Resets the responses that have been unread for longest, of one owner or of
    /// all, until there is some room again.
    fn make_room(&self, owner: Option<&Arc<Usage>>) {
        let now = self.now();
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        let (unread, limit) = owner
            .map_or((&self.unread, MAX_UNREAD), |usage| (&usage.unread, MAX_UNREAD_PER_ACCOUNT));
        let is_owned = |state: &State| owner.is_none_or(|owner| Arc::ptr_eq(owner, &state.usage));
        let mut waiting: Vec<&Arc<State>> = live
            .values()
            .filter(|state| state.bytes.load(Relaxed) > 0 && is_owned(state))
            .filter(|state| now.saturating_sub(state.unread_since.load(Relaxed)) > RESET_AFTER_MS)
            .collect();
        waiting.sort_by_key(|state| state.unread_since.load(Relaxed));
        let resets = if owner.is_some() { 1 } else { MAX_RESETS };
        for state in waiting.into_iter().take(resets) {
            if unread.load(Relaxed) <= limit / 8 * 7 {
                break;
            }
            state.abort(self);
        }
    }

    fn check_total(&self) {
        if self.unread.load(Relaxed) <= MAX_UNREAD {
            return;
        }
        // What is reset gives its bytes back a moment later.
        let now = self.now();
        let last = self.room_made.load(Relaxed);
        let is_due = now.saturating_sub(last) > RESET_AFTER_MS;
        if is_due && self.room_made.compare_exchange(last, now, Relaxed, Relaxed).is_ok() {
            self.make_room(None);
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX - 1) + 1
    }
}

impl State {
    /// Takes the bytes off the accounts at once, and has the stream reset.
    fn abort(&self, all: &ResponseRegistry) {
        self.release(all);
        self.reset.abort();
    }

    fn release(&self, all: &ResponseRegistry) {
        let bytes = self.bytes.swap(0, Relaxed);
        if bytes > 0 {
            self.usage.give_back(bytes);
            all.unread.fetch_sub(bytes, Relaxed);
        }
    }
}

struct Shared {
    bytes: Bytes,
    all: Arc<ResponseRegistry>,
}

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.all.unread.fetch_sub(self.bytes.len(), Relaxed);
    }
}

/// A response on its way; its bytes are given back on drop.
#[derive(Debug)]
pub struct Tracked {
    all: Arc<ResponseRegistry>,
    id: u64,
    state: Arc<State>,
}

impl Tracked {
    /// Takes over what was counted for this response before it was tracked.
    pub fn adopt(&self, reserved: &Reserved) {
        self.state.bytes.fetch_add(reserved.bytes.swap(0, Relaxed), Relaxed);
    }

    /// The client is to read something; nothing new is counted.
    pub fn proceeds(&self) {
        self.state.unread_since.store(self.all.now(), Relaxed);
    }

    /// The client is to read `bytes` that are ready for it, and no others.
    pub fn waits_for_client(&self, bytes: usize) {
        self.proceeds();
        let usage = &self.state.usage;
        // Counted before it can be released by a reset.
        usage.unread.fetch_add(bytes, Relaxed);
        self.all.unread.fetch_add(bytes, Relaxed);
        let before = self.state.bytes.swap(bytes, Relaxed);
        usage.give_back(before);
        self.all.unread.fetch_sub(before, Relaxed);
        if bytes > before {
            OwnerUsage { all: self.all.clone(), usage: usage.clone() }.check_owned(bytes);
        }
    }

    /// It is the server's turn: the client has read everything.
    pub fn waits_for_server(&self) {
        self.state.unread_since.store(0, Relaxed);
        self.state.release(&self.all);
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        let mut live = self.all.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.remove(&self.id);
        drop(live);
        self.state.release(&self.all);
    }
}

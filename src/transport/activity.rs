//! What a connection waits for, as the sweep looks at it once a second. No
//! connection needs a timer of its own.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tokio::sync::Notify;

/// What every HTTP/2 connection begins with.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const UNKNOWN: u8 = 0;
const HTTP_1: u8 = 1;
const HTTP_2: u8 = 2;

/// One connection's state. Written by its socket and its requests.
#[derive(Debug)]
pub struct Activity {
    began: Instant,
    /// Since when the client has been to send a whole request head, or what comes
    /// before its first: the PROXY header, the TLS handshake, the HTTP/2 preface.
    /// In milliseconds after `began`, plus one; 0 while nothing is awaited.
    head_since: AtomicU64,
    /// Since when the socket has taken no byte of what is to be written, likewise.
    stalled_since: AtomicU64,
    protocol: AtomicU8,
    /// Bytes of the preface that have arrived.
    preface: AtomicUsize,
    /// HTTP/1.1 only: whether a request is being answered.
    is_answering: AtomicBool,
    /// Wakes the responses that wait for a stalled socket.
    writable: Arc<Notify>,
}

/// How long a connection may make the server wait.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For a whole request head, and what comes before the first.
    pub head: Duration,
    /// For the client to take a byte that is to be written.
    pub write: Duration,
}

impl Default for Activity {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            head_since: AtomicU64::new(1),
            stalled_since: AtomicU64::new(0),
            protocol: AtomicU8::new(UNKNOWN),
            preface: AtomicUsize::new(0),
            is_answering: AtomicBool::new(false),
            writable: Arc::new(Notify::new()),
        }
    }
}

impl Activity {
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX - 1) + 1
    }

    /// Why the connection is to be closed, if it is.
    pub fn overdue(&self, timeouts: Timeouts) -> Option<&'static str> {
        let now = self.now();
        let is_over = |since: &AtomicU64, limit: Duration| {
            let since = since.load(Relaxed);
            since != 0 && u128::from(now.saturating_sub(since)) > limit.as_millis()
        };
        if is_over(&self.head_since, timeouts.head) {
            Some("no request came")
        } else if is_over(&self.stalled_since, timeouts.write) {
            Some("nothing was read")
        } else {
            None
        }
    }

    /// Bytes have arrived.
    pub fn received(&self, bytes: &[u8]) {
        match self.protocol.load(Relaxed) {
            UNKNOWN => self.recognize(bytes),
            // The first byte of a next request.
            HTTP_1 if !self.is_answering.load(Relaxed) && self.head_since.load(Relaxed) == 0 => {
                self.head_since.store(self.now(), Relaxed);
            }
            _ => {}
        }
    }

    fn recognize(&self, bytes: &[u8]) {
        let have = self.preface.load(Relaxed);
        let expected = &PREFACE[have..];
        let length = bytes.len().min(expected.len());
        if bytes[..length] != expected[..length] {
            self.protocol.store(HTTP_1, Relaxed);
        } else if length == expected.len() {
            self.protocol.store(HTTP_2, Relaxed);
            self.head_since.store(0, Relaxed);
        } else {
            self.preface.store(have + length, Relaxed);
        }
    }

    /// A request's head is there.
    pub fn request_begins(&self) {
        self.head_since.store(0, Relaxed);
        self.is_answering.store(true, Relaxed);
    }

    /// A response has left, or will not.
    pub fn response_ends(&self) {
        self.is_answering.store(false, Relaxed);
    }

    pub fn write_stalls(&self) {
        if self.stalled_since.load(Relaxed) == 0 {
            self.stalled_since.store(self.now(), Relaxed);
        }
    }

    pub fn write_proceeds(&self) {
        if self.stalled_since.load(Relaxed) != 0 {
            self.stalled_since.store(0, Relaxed);
            self.writable.notify_waiters();
        }
    }

    /// Whether the socket takes nothing just now. Responses then keep their bytes, so
    /// that they are not buffered in HTTP/2, where nobody counts them.
    pub fn is_stalled(&self) -> bool {
        self.stalled_since.load(Relaxed) != 0
    }

    /// Wakes when a stalled socket takes bytes again.
    pub fn writable(&self) -> Arc<Notify> {
        self.writable.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Timeouts = Timeouts { head: Duration::ZERO, write: Duration::ZERO };

    /// What has been overdue since its beginning is overdue a little later.
    fn overdue(activity: &Activity) -> Option<&'static str> {
        while activity.now() < 3 {
            std::hint::spin_loop();
        }
        activity.overdue(NONE)
    }

    #[test]
    fn a_connection_owes_a_preface_or_a_whole_head() {
        let silent = Activity::default();
        assert!(overdue(&silent).is_some());
        silent.received(b"PRI * HT");
        assert!(overdue(&silent).is_some());
        silent.received(b"TP/2.0\r\n\r\nSM\r\n\r\nmore");
        assert_eq!(overdue(&silent), None);

        let http_1 = Activity::default();
        http_1.received(b"P");
        http_1.received(b"OST / HTTP/1.1\r\n");
        assert!(overdue(&http_1).is_some());
        http_1.request_begins();
        http_1.received(b"a body");
        assert_eq!(overdue(&http_1), None);
        http_1.response_ends();
        assert_eq!(overdue(&http_1), None, "an idle connection may wait");
        http_1.received(b"G");
        let since = http_1.now();
        while http_1.now() < since + 2 {
            std::hint::spin_loop();
        }
        assert!(http_1.overdue(NONE).is_some(), "a head that has begun may not");
    }

    #[test]
    fn a_socket_that_takes_nothing_is_overdue() {
        let activity = Activity::default();
        activity.request_begins();
        activity.write_stalls();
        assert!(activity.is_stalled());
        let since = activity.now();
        while activity.now() < since + 2 {
            std::hint::spin_loop();
        }
        assert!(activity.overdue(NONE).is_some());
        activity.write_proceeds();
        assert_eq!(activity.overdue(NONE), None);
    }
}

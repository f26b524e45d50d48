//! What a connection waits for, as the sweep looks at it once a second. No
//! connection needs a timer of its own.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tokio::sync::Notify;

use super::framing::{Progress, Protocol};

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
    is_http_2: AtomicBool,
    /// HTTP/1.1 only: whether a request is being answered.
    is_answering: AtomicBool,
    /// HTTP/1.1 only: whether a next head has begun behind it.
    has_next_head: AtomicBool,
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
            is_http_2: AtomicBool::new(false),
            is_answering: AtomicBool::new(false),
            has_next_head: AtomicBool::new(false),
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
    pub fn received(&self, progress: Progress) {
        let Progress { protocol, in_head, head_ended } = progress;
        match protocol {
            Protocol::Unknown => {}
            Protocol::Http1 => {
                self.has_next_head.store(in_head, Relaxed);
                if in_head && !self.is_answering.load(Relaxed) {
                    self.await_head();
                }
            }
            // Nothing else comes before the end of a head that has begun, whatever
            // requests are under way.
            Protocol::Http2 => {
                self.is_http_2.store(true, Relaxed);
                if head_ended || !in_head {
                    self.head_since.store(0, Relaxed);
                }
                if in_head {
                    self.await_head();
                }
            }
        }
    }

    fn await_head(&self) {
        if self.head_since.load(Relaxed) == 0 {
            self.head_since.store(self.now(), Relaxed);
        }
    }

    /// A request's head is there.
    pub fn request_begins(&self) {
        if !self.is_http_2.load(Relaxed) {
            self.head_since.store(0, Relaxed);
            self.is_answering.store(true, Relaxed);
        }
    }

    /// A response has left, or will not.
    pub fn response_ends(&self) {
        if !self.is_http_2.load(Relaxed) {
            self.is_answering.store(false, Relaxed);
            if self.has_next_head.load(Relaxed) {
                self.await_head();
            }
        }
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

    fn progress(protocol: Protocol, in_head: bool) -> Progress {
        Progress { protocol, in_head, head_ended: !in_head }
    }

    #[test]
    fn a_connection_owes_a_preface_or_a_whole_head() {
        let silent = Activity::default();
        assert!(overdue(&silent).is_some());
        silent.received(progress(Protocol::Unknown, true));
        assert!(overdue(&silent).is_some());
        silent.received(progress(Protocol::Http2, false));
        assert_eq!(overdue(&silent), None);
        silent.received(progress(Protocol::Http2, true));
        silent.request_begins();
        assert!(overdue_later(&silent), "one request does not stand for the next");
        silent.received(progress(Protocol::Http2, false));
        assert_eq!(overdue(&silent), None);

        let http_1 = Activity::default();
        http_1.received(progress(Protocol::Http1, true));
        assert!(overdue(&http_1).is_some());
        http_1.received(progress(Protocol::Http1, false));
        http_1.request_begins();
        assert_eq!(overdue(&http_1), None);
        http_1.response_ends();
        assert_eq!(overdue(&http_1), None, "an idle connection may wait");
        http_1.received(progress(Protocol::Http1, true));
        assert!(overdue_later(&http_1), "a head that has begun may not");
    }

    #[test]
    fn a_head_that_begins_behind_a_request_is_awaited_after_the_answer() {
        let http_1 = Activity::default();
        http_1.received(Progress { protocol: Protocol::Http1, in_head: true, head_ended: true });
        http_1.request_begins();
        assert_eq!(overdue(&http_1), None, "it is the server's turn");
        http_1.response_ends();
        assert!(overdue_later(&http_1));
    }

    fn overdue_later(activity: &Activity) -> bool {
        let since = activity.now();
        while activity.now() < since + 2 {
            std::hint::spin_loop();
        }
        activity.overdue(NONE).is_some()
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

//! Whether transactions may begin: only as long as the lease on the database is
//! good for sure.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// Open until a moment of the monotonic clock; without a lease, for ever. Clones
/// share it.
#[derive(Debug, Clone)]
pub struct Gate {
    made: Instant,
    /// Microseconds after `made`.
    closes_us: Arc<AtomicU64>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { made: Instant::now(), closes_us: Arc::new(AtomicU64::new(u64::MAX)) }
    }
}

impl Gate {
    /// Refuses as if the database did not answer: it is worth trying again.
    pub fn check(&self) -> Result<(), sqlx::Error> {
        if self.now_us() < self.closes_us.load(Ordering::Acquire) {
            return Ok(());
        }
        let text = "the lease on the database has not been renewed in time";
        Err(sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, text)))
    }

    pub(super) fn open_until(&self, until: Instant) {
        let until = until.saturating_duration_since(self.made);
        self.closes_us.store(micros(until), Ordering::Release);
    }

    pub(super) fn close(&self) {
        self.closes_us.store(0, Ordering::Release);
    }

    fn now_us(&self) -> u64 {
        micros(self.made.elapsed())
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

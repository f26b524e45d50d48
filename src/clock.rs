//! The two clocks of a server: the time of day, which may jump, and one that
//! only goes on.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Instant,
};

use crate::model::Timestamp;

/// The time of day, as a server sees it. Clones share it; tests set it, as an
/// administrator or a time service sets the machine's.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    /// How many microseconds it is ahead of the machine's clock.
    ahead_us: Arc<AtomicI64>,
}

impl Clock {
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp(Timestamp::now().0.saturating_add(self.ahead_us.load(Ordering::Relaxed)))
    }

    /// Sets it so many seconds ahead of the machine's clock; behind it, if negative.
    pub fn set_ahead(&self, seconds: i64) {
        self.ahead_us.store(seconds.saturating_mul(1_000_000), Ordering::Relaxed);
    }
}

/// A clock that runs only while a server runs, and that nobody can set. The age
/// of what is removed once it is old is measured by it: the time of day may jump.
/// Its times compare only with each other, though they look like times of day.
#[derive(Debug, Clone, Copy)]
pub struct SteadyClock {
    start: Timestamp,
    started: Instant,
}

impl SteadyClock {
    /// Goes on from where the last server's clock was.
    #[must_use]
    pub fn go_on_from(start: Timestamp) -> Self {
        Self { start, started: Instant::now() }
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.start.plus(self.started.elapsed())
    }
}

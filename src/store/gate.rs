//! Whether transactions may begin and commit: only as long as the lease on the
//! database is good for sure.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::{OwnedRwLockReadGuard, RwLock};

/// Open until a moment of the monotonic clock; without a lease, for ever. Clones
/// share it.
#[derive(Debug, Clone)]
pub struct Gate {
    made: Instant,
    /// Microseconds after `made`.
    closes_us: Arc<AtomicU64>,
    /// Read by each commit while it is under way.
    commits: Arc<RwLock<()>>,
    /// A commit was left before its end.
    abandoned: Arc<AtomicBool>,
}

/// A commit is under way as long as this lives.
pub struct CommitPermit {
    _reader: OwnedRwLockReadGuard<()>,
    abandoned: Arc<AtomicBool>,
    is_done: bool,
}

impl CommitPermit {
    /// The database has answered, or cannot any more.
    pub fn done(mut self) {
        self.is_done = true;
    }
}

impl Drop for CommitPermit {
    fn drop(&mut self) {
        // Nobody has waited for the answer: the commit may still be on its way.
        if !self.is_done {
            self.abandoned.store(true, Ordering::Release);
        }
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            made: Instant::now(),
            closes_us: Arc::new(AtomicU64::new(u64::MAX)),
            commits: Arc::default(),
            abandoned: Arc::default(),
        }
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

    /// Asks once more, before a commit: the transaction may have begun long ago.
    pub async fn check_commit(&self) -> Result<CommitPermit, sqlx::Error> {
        let reader = self.commits.clone().read_owned().await;
        self.check()?;
        Ok(CommitPermit { _reader: reader, abandoned: self.abandoned.clone(), is_done: false })
    }

    pub(super) fn open_until(&self, until: Instant) {
        let until = until.saturating_duration_since(self.made);
        self.closes_us.store(micros(until), Ordering::Release);
    }

    pub(super) fn close(&self) {
        self.closes_us.store(0, Ordering::Release);
    }

    /// Closes, and waits for the commits that are under way; whether all of them have
    /// ended for sure. No other follows.
    pub(super) async fn close_and_drain(&self) -> bool {
        self.close();
        drop(self.commits.write().await);
        !self.abandoned.load(Ordering::Acquire)
    }

    fn now_us(&self) -> u64 {
        micros(self.made.elapsed())
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::poll;

    use super::*;

    #[tokio::test]
    async fn nothing_commits_after_the_gate_has_drained() {
        let gate = Gate::default();
        let permit = gate.check_commit().await.expect("it is open");
        let mut drained = pin!(gate.close_and_drain());
        assert!(poll!(&mut drained).is_pending(), "a commit is under way");
        let mut late = pin!(gate.check_commit());
        assert!(poll!(&mut late).is_pending());
        permit.done();
        assert!(drained.await);
        assert!(late.await.is_err());
        assert!(gate.check().is_err());
    }

    #[tokio::test]
    async fn a_commit_that_nobody_waited_for_may_still_come() {
        let gate = Gate::default();
        drop(gate.check_commit().await.expect("it is open"));
        assert!(!gate.close_and_drain().await);
    }
}

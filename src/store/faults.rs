//! What the database's connections notice of its faults. The probe of health
//! looks at it, and the pools do before they hand out a connection.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::Notify;

use super::errors::{is_unavailable, is_wrong_server};

/// One for each store, shared by its pools, its lanes and the probe.
#[derive(Debug, Default)]
pub struct Faults {
    /// A write has failed since the last probe that succeeded.
    write_failed: AtomicBool,
    /// Wakes the probe at once after a fault.
    reported: Notify,
    /// Connections opened before this are replaced: they are broken, or lead to a
    /// server that takes no writes.
    replace_before: Mutex<Option<Instant>>,
}

impl Faults {
    /// Notes a failed statement, if it says something about the database.
    pub fn report(&self, cause: &sqlx::Error) {
        if !is_unavailable(cause) {
            return;
        }
        if is_wrong_server(cause) {
            self.replace_connections();
        }
        self.report_rollback();
    }

    /// Notes that the database has rolled a transaction back on its own.
    pub fn report_rollback(&self) {
        self.write_failed.store(true, Ordering::Relaxed);
        self.reported.notify_one();
    }

    /// Waits for the next fault, or returns at once if one was reported since the
    /// last call.
    pub async fn reported(&self) {
        self.reported.notified().await;
    }

    pub fn write_failed(&self) -> bool {
        self.write_failed.load(Ordering::Relaxed)
    }

    /// Notes that a probe has succeeded. After a fault every connection that is
    /// older is replaced: the fault that was reported may have hidden another one,
    /// as a lease that was not renewed hides the reason for it.
    pub fn recovered(&self) {
        if self.write_failed.swap(false, Ordering::Relaxed) {
            self.replace_connections();
        }
    }

    fn replace_connections(&self) {
        *self.replace_before.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether a connection of this age is to be replaced.
    pub fn must_replace(&self, age: Duration) -> bool {
        let before = *self.replace_before.lock().unwrap_or_else(PoisonError::into_inner);
        before.is_some_and(|before| before.elapsed() <= age)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_connections_from_before_the_fault_are_replaced() {
        let faults = Faults::default();
        let opened = Instant::now();
        faults.recovered();
        assert!(!faults.must_replace(opened.elapsed()), "nothing had failed");
        faults.report_rollback();
        faults.recovered();
        let age = opened.elapsed();
        assert!(faults.must_replace(age));
        let hour = Duration::from_hours(1);
        assert!(faults.must_replace(age + hour));
        assert!(!faults.must_replace(Duration::ZERO));
    }

    #[tokio::test]
    async fn a_fault_wakes_the_probe_and_an_error_of_the_program_does_not() {
        let faults = Faults::default();
        faults.report(&sqlx::Error::RowNotFound);
        assert!(!faults.write_failed());
        faults.report(&sqlx::Error::PoolTimedOut);
        assert!(faults.write_failed());
        faults.reported().await;
    }
}

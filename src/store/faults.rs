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

use super::errors::{is_away, is_wrong_server};

/// One for each store, shared by its pools, its lanes and the probe.
#[derive(Debug, Default)]
pub struct Faults {
    /// A write has failed since the last probe that succeeded.
    write_failed: AtomicBool,
    /// Wakes the probe at once after a fault.
    reported: Notify,
    /// When a connection last led to a server that takes no writes.
    wrong_server: Mutex<Option<Instant>>,
}

impl Faults {
    /// Notes a failed statement, if it says something about the database.
    pub fn report(&self, cause: &sqlx::Error) {
        if !is_away(cause) {
            return;
        }
        if is_wrong_server(cause) {
            *self.wrong_server.lock().unwrap_or_else(PoisonError::into_inner) =
                Some(Instant::now());
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

    /// Notes that a probe has succeeded.
    pub fn recovered(&self) {
        if self.write_failed.swap(false, Ordering::Relaxed) {
            let mut at = self.wrong_server.lock().unwrap_or_else(PoisonError::into_inner);
            // Connections that were opened between the last report and now may
            // lead there too.
            *at = at.map(|_| Instant::now());
        }
    }

    /// Whether a connection of this age was opened before a connection last led
    /// to a server that takes no writes. A new one may lead to another server.
    pub fn is_wrong_server_since(&self, age: Duration) -> bool {
        let at = *self.wrong_server.lock().unwrap_or_else(PoisonError::into_inner);
        at.is_some_and(|at| at.elapsed() <= age)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_connections_from_before_the_fault_are_replaced() {
        let faults = Faults::default();
        let opened = Instant::now();
        assert!(!faults.is_wrong_server_since(opened.elapsed()));
        *faults.wrong_server.lock().expect("no test panics while it holds this") =
            Some(Instant::now());
        faults.report_rollback();
        faults.recovered();
        let age = opened.elapsed();
        assert!(faults.is_wrong_server_since(age));
        let hour = Duration::from_hours(1);
        assert!(faults.is_wrong_server_since(age + hour));
        assert!(!faults.is_wrong_server_since(Duration::ZERO));
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

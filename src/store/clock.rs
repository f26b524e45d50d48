//! Where the clock that runs only while a server runs is kept.

use sqlx::AssertSqlSafe;

use super::{
    Store,
    dialect::{db_error, on_pool, on_tx},
};
use crate::{
    clock::SteadyClock,
    error::{Error, Result},
    model::Timestamp,
};

impl Store {
    /// How far the steady clock has come. On a new database it begins with `now`.
    pub async fn steady_clock(&self, now: Timestamp) -> Result<Timestamp> {
        let steady: i64 = on_pool!(&self.pools, c => {
            sqlx::query_scalar("select steady_us from store where id = 1").fetch_one(c).await
        })
        .map_err(db_error)?;
        if steady > 0 {
            return Ok(Timestamp(steady));
        }
        match self.save_steady_clock(now).await {
            // A server can start on a full disk; it is saved later.
            Ok(()) | Err(Error::DatabaseUnavailable) => Ok(now),
            Err(error) => Err(error),
        }
    }

    /// Keeps how far the steady clock has come, or will have come at most when this
    /// is called next: after a crash it then goes on from there, and never back.
    pub async fn save_steady_clock(&self, steady: Timestamp) -> Result<()> {
        self.save_clock(steady, "stopped_us = 0").await
    }

    /// Keeps where the steady clock stops and, if the server stops in order, that all
    /// that was accepted is stored.
    pub async fn stop_steady_clock(&self, steady: Timestamp, in_order: bool) -> Result<()> {
        let and = if in_order { "stopped_us = steady_us" } else { "stopped_us = 0" };
        self.save_clock(steady, and).await
    }

    async fn save_clock(&self, steady: Timestamp, and: &str) -> Result<()> {
        // In two steps: MySQL sees the new value in an assignment that follows, SQLite
        // the old one.
        let and = format!("update store set {and} where id = 1");
        let mut tx = self.pools.begin().await.map_err(db_error)?;
        on_tx!(&mut tx, c => {
            sqlx::query("update store set steady_us = ? where id = 1")
                .bind(steady.0).execute(c).await.map(drop)
        })
        .map_err(db_error)?;
        on_tx!(&mut tx, c => {
            sqlx::query(AssertSqlSafe(and)).execute(c).await.map(drop)
        })
        .map_err(db_error)?;
        tx.commit().await.map_err(db_error)
    }

    /// Begins to note when marks and settings change, by this clock, and returns from
    /// when on the times can be relied on: since the last start after a crash, or after
    /// a server that did not note them.
    pub async fn note_changes_by(&self, steady: SteadyClock) -> Result<Timestamp> {
        // It is set once: a store serves one server.
        let _ = self.steady.set(steady);
        let (kept, stopped, from): (i64, i64, i64) = on_pool!(&self.pools, c => {
            sqlx::query_as("select steady_us, stopped_us, states_from_us from store where id = 1")
                .fetch_one(c).await
        })
        .map_err(db_error)?;
        let stopped_in_order = stopped > 0 && stopped == kept;
        let from = if stopped_in_order { Timestamp(from) } else { steady.now() };
        match self.save_states_from(from).await {
            // On a full disk it is kept with the clock, as soon as that can be.
            Ok(()) | Err(Error::DatabaseUnavailable) => Ok(from),
            Err(error) => Err(error),
        }
    }

    async fn save_states_from(&self, from: Timestamp) -> Result<()> {
        let mut tx = self.pools.begin().await.map_err(db_error)?;
        on_tx!(&mut tx, c => {
            sqlx::query("update store set states_from_us = ?, stopped_us = 0 where id = 1")
                .bind(from.0).execute(c).await.map(drop)
        })
        .map_err(db_error)?;
        tx.commit().await.map_err(db_error)
    }

    /// When what is written now is changed.
    pub(super) fn changes_at(&self) -> Timestamp {
        self.steady.get().map(SteadyClock::now).unwrap_or_default()
    }
}

//! Where the clock that runs only while a server runs is kept.

use super::{
    Store,
    dialect::{reading, refused, within},
};
use crate::{
    error::{Error, Result},
    model::Timestamp,
};

impl Store {
    /// How far the steady clock has come. On a new database it begins with `now`.
    pub async fn steady_clock(&self, now: Timestamp) -> Result<Timestamp> {
        let steady: i64 = reading!(&self.pools, c => {
            sqlx::query_scalar("select steady_us from store where id = 1").fetch_one(c).await
        })
        .map_err(refused)?;
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
        let mut tx = self.pools.begin().await.map_err(refused)?;
        within!(&mut tx, c => {
            sqlx::query("update store set steady_us = ? where id = 1")
                .bind(steady.0).execute(c).await.map(drop)
        })
        .map_err(refused)?;
        tx.commit().await.map_err(refused)
    }
}

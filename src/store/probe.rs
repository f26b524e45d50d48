//! Whether the database takes writes.

use std::time::Duration;

use uuid::Uuid;

use super::{
    Store,
    dialect::{Dialect, Tx, db_error, on_tx},
};
use crate::{error::Result, model::Timestamp};

/// A database that has not taken a small write for so long is not available.
const PROBE_WITHIN: Duration = Duration::from_secs(10);

/// After a failed write on SQLite there must be space for so many bytes: on a
/// full disk one page can often still be written, and a message cannot.
const SPACE_BYTES: i64 = 64 * 1024;

impl Store {
    /// Renews a node's lease until then, to see whether the database takes
    /// writes. One row that is there already: nothing grows, however often this
    /// is called.
    pub async fn probe(&self, node: Uuid, lease_until: Timestamp) -> Result<()> {
        let probe = tokio::time::timeout(PROBE_WITHIN, self.try_probe(node, lease_until));
        let outcome = probe.await.unwrap_or(Err(sqlx::Error::PoolTimedOut));
        match outcome {
            Ok(()) => self.faults.recovered(),
            Err(error) => {
                self.faults.report(&error);
                tracing::debug!(%error, "the database takes no writes");
                return Err(db_error(error));
            }
        }
        Ok(())
    }

    async fn try_probe(&self, node: Uuid, lease_until: Timestamp) -> Result<(), sqlx::Error> {
        let mut tx = self.pools.begin().await?;
        super::presence::write_lease(&mut tx, node, lease_until).await?;
        if tx.dialect() == Dialect::Sqlite && self.faults.write_failed() {
            write_and_delete(&mut tx).await?;
        }
        tx.commit().await
    }

    /// Waits until a write fails; returns at once if one has failed since the
    /// last call.
    pub async fn write_failed(&self) {
        self.faults.reported().await;
    }
}

/// Writes a large row that the same transaction deletes again: its pages are free
/// afterwards.
async fn write_and_delete(tx: &mut Tx<'_>) -> Result<(), sqlx::Error> {
    on_tx!(&mut *tx, c => {
        sqlx::query("insert into nodes (id, lease_us) values (zeroblob(?), 0)")
            .bind(SPACE_BYTES).execute(c).await.map(drop)
    })?;
    on_tx!(tx, c => {
        sqlx::query("delete from nodes where id = zeroblob(?)")
            .bind(SPACE_BYTES).execute(c).await.map(drop)
    })
}

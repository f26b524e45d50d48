//! What SQLite leaves in its write-ahead log.

use sqlx::Executor as _;

use super::{
    Store,
    dialect::{Pools, db_error},
};
use crate::error::{Error, Result};

/// Readers of an older state hold a checkpoint up. It waits for them for a tenth
/// of a second, since the writer waits with it, and is tried again another time.
const WAIT_BRIEFLY: &str = "pragma busy_timeout = 100";
/// Says whether somebody held it up, and then the log is as it was.
const TRUNCATE: &str = "pragma wal_checkpoint(truncate)";
/// As the connection was opened.
const WAIT_AGAIN: &str = "pragma busy_timeout = 5000";

impl Store {
    /// Moves what SQLite has logged into its database file and empties the log.
    /// SQLite's own checkpoints leave the log as it is until it is written over:
    /// the text of a message that was deleted since would stay in it. MySQL has no
    /// such file.
    pub async fn checkpoint(&self) -> Result<()> {
        match &self.pools {
            Pools::MySql { .. } => Ok(()),
            Pools::Sqlite { write, .. } => {
                let mut connection = write.acquire().await.map_err(db_error)?;
                connection.execute(WAIT_BRIEFLY).await.map_err(db_error)?;
                let emptied: Result<(i64, i64, i64), _> =
                    sqlx::query_as(TRUNCATE).fetch_one(&mut *connection).await;
                // Also after a failure, such as a full disk.
                connection.execute(WAIT_AGAIN).await.map_err(db_error)?;
                match emptied.map_err(db_error)? {
                    (0, ..) => Ok(()),
                    _ => Err(Error::DatabaseUnavailable),
                }
            }
        }
    }
}

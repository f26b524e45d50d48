//! Connections to MySQL that a cancelled call cannot spoil.
//!
//! When a statement's future is dropped before its end, as it is when a client gives its
//! call up, the driver does not read the rest of the answer. The next statement on
//! this connection would take it for its own answer. So a connection goes back to
//! the pool only between statements.

use std::time::Duration;

use sqlx::{Executor as _, MySql, MySqlConnection, MySqlPool, pool::PoolConnection};

/// A rollback that takes longer costs the connection.
const ROLLBACK_WITHIN: Duration = Duration::from_secs(1);

/// A connection of the pool. Dropped in the middle of a statement, it is closed.
pub struct Connection {
    /// Taken when it is dropped.
    pooled: Option<PoolConnection<MySql>>,
    in_statement: bool,
    in_transaction: bool,
    /// An earlier statement was not read to its end.
    is_broken: bool,
}

impl Connection {
    pub async fn acquire(pool: &MySqlPool) -> Result<Self, sqlx::Error> {
        let pooled = Some(pool.acquire().await?);
        Ok(Self { pooled, in_statement: false, in_transaction: false, is_broken: false })
    }

    /// A connection on which this statement has begun a transaction.
    pub async fn begin(pool: &MySqlPool, sql: &'static str) -> Result<Self, sqlx::Error> {
        let mut connection = Self::acquire(pool).await?;
        if let Err(cause) = connection.execute(sql).await {
            // Of several statements the first may have changed the session.
            connection.is_broken = true;
            return Err(cause);
        }
        connection.in_transaction = true;
        Ok(connection)
    }

    pub async fn commit(mut self) -> Result<(), sqlx::Error> {
        self.execute("commit").await?;
        self.in_transaction = false;
        Ok(())
    }

    /// For one statement or more, whose end [`Self::finish`] is told.
    pub fn start(&mut self) -> &mut MySqlConnection {
        self.is_broken |= self.in_statement;
        self.in_statement = true;
        self.pooled.as_mut().expect("it was not dropped")
    }

    /// Notes that the answer was read to its end, if it was.
    pub fn finish<T>(&mut self, outcome: &Result<T, sqlx::Error>) {
        self.in_statement = !leaves_no_answer(outcome);
    }

    async fn execute(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        let outcome = self.start().execute(sql).await;
        self.finish(&outcome);
        outcome.map(drop)
    }
}

/// Whether nothing of the answer can be left on the connection.
fn leaves_no_answer<T>(outcome: &Result<T, sqlx::Error>) -> bool {
    matches!(outcome, Ok(_) | Err(sqlx::Error::Database(_) | sqlx::Error::RowNotFound))
}

impl Drop for Connection {
    fn drop(&mut self) {
        let Some(mut pooled) = self.pooled.take() else { return };
        if self.in_statement || self.is_broken {
            // The server rolls its transaction back once it notices that the socket is
            // closed.
            drop(pooled.detach());
        } else if self.in_transaction {
            tokio::spawn(async move {
                let rollback = tokio::time::timeout(ROLLBACK_WITHIN, pooled.execute("rollback"));
                if !matches!(rollback.await, Ok(Ok(_))) {
                    drop(pooled.detach());
                }
            });
        }
    }
}

//! The lease on a MySQL database: one server at a time, until several are
//! supported.
//!
//! It is a row with a heartbeat. Whoever finds it waits: if the heartbeat goes
//! on, the database is another server's; if it has expired, the server is gone.
//! A holder begins and commits nothing once its last heartbeat is so long ago that
//! another server could soon take over ([`Gate`]). The row stays when its holder
//! has released it: a server that was stopped meanwhile sees by it that another
//! one had the database since.

use std::time::{Duration, Instant};

use sqlx::{ConnectOptions as _, MySqlConnection, MySqlPool, mysql::MySqlConnectOptions};
use tokio::{
    sync::oneshot,
    task::JoinHandle,
    time::{sleep, timeout},
};
use uuid::Uuid;

use super::{
    Store,
    connection::Connection,
    dialect::{Pools, db_error, is_no_table, is_unique_violation},
    gate::Gate,
};
use crate::error::{Error, Result};

/// How often a holder says that it lives, and after how long without that it
/// counts as gone.
#[derive(Debug, Clone, Copy)]
pub struct LeaseTimes {
    pub heartbeat: Duration,
    pub expiry: Duration,
}

impl LeaseTimes {
    #[must_use]
    pub fn from_ms(heartbeat: u64, expiry: u64) -> Self {
        Self { heartbeat: Duration::from_millis(heartbeat), expiry: Duration::from_millis(expiry) }
    }

    /// How long after the last heartbeat transactions may begin. They have as
    /// long as a heartbeat to end before another server may take over.
    fn holds_for(self) -> Duration {
        self.expiry.saturating_sub(self.heartbeat)
    }
}

/// A server has the database to itself as long as this lives, or is told.
pub struct Lease {
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<()>>,
}

impl Store {
    /// Makes this process the only server of a MySQL database: waits for another
    /// server's lease to expire, and fails if it does not. `None`: a SQLite file
    /// is locked already. `name` is what another server would be told of this one.
    pub async fn acquire_lease(&self, name: String, times: LeaseTimes) -> Result<Option<Lease>> {
        let Pools::MySql { pool, gate } = &self.pools else { return Ok(None) };
        let row = LeaseRow { pool: pool.clone(), holder: Uuid::now_v7(), name, times };
        let begun = match row.acquire().await {
            Ok(begun) => begun,
            Err(NotAcquired::InUse { holder }) => return Err(Error::DatabaseInUse { holder }),
            // Older than leases, or new.
            Err(NotAcquired::Failed(error)) if is_no_table(&error) => {
                self.expand().await?;
                row.acquire().await?
            }
            Err(NotAcquired::Failed(error)) => return Err(db_error(error)),
        };
        gate.open_until(begun + times.holds_for());
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(row.keep(gate.clone(), stopped));
        Ok(Some(Lease { stop, task }))
    }
}

impl Lease {
    /// Waits until another server has taken the database over; says which.
    pub async fn lost(&mut self) -> Error {
        match (&mut self.task).await {
            Ok(Err(error)) => error,
            Ok(Ok(())) => Error::internal("the lease ended too early"),
            Err(error) => Error::internal(error),
        }
    }

    /// Gives the database up, after the last transaction.
    pub async fn release(self) -> Result<()> {
        let _ = self.stop.send(());
        self.task.await.map_err(Error::internal)?
    }
}

enum NotAcquired {
    InUse { holder: String },
    Failed(sqlx::Error),
}

impl From<sqlx::Error> for NotAcquired {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<NotAcquired> for Error {
    fn from(error: NotAcquired) -> Self {
        match error {
            NotAcquired::InUse { holder } => Self::DatabaseInUse { holder },
            NotAcquired::Failed(error) => db_error(error),
        }
    }
}

/// The database's clock.
const NOW: &str = "timestampdiff(microsecond, '1970-01-01', utc_timestamp(6))";
/// How often somebody else's lease is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// A release that takes longer is left to the expiry.
const RELEASE_WITHIN: Duration = Duration::from_secs(2);

/// The row as one server uses it.
struct LeaseRow {
    pool: MySqlPool,
    holder: Uuid,
    name: String,
    times: LeaseTimes,
}

#[derive(sqlx::FromRow)]
struct Found {
    holder: Uuid,
    name: String,
    renewed_us: i64,
    expires_us: i64,
    now_us: i64,
}

impl Found {
    /// What its holder has promised to renew it within.
    fn lifetime(&self) -> Duration {
        Duration::from_micros(u64::try_from(self.expires_us - self.renewed_us).unwrap_or(0))
    }

    fn heartbeat(&self) -> (Uuid, i64) {
        (self.holder, self.renewed_us)
    }

    fn is_released(&self) -> bool {
        self.expires_us <= self.renewed_us
    }
}

impl LeaseRow {
    /// Returns from when on it counts.
    async fn acquire(&self) -> Result<Instant, NotAcquired> {
        let mut seen: Option<((Uuid, i64), Instant)> = None;
        loop {
            let begun = Instant::now();
            match self.look().await? {
                None => {
                    if self.insert().await? {
                        return Ok(begun);
                    }
                }
                Some(found) if found.is_released() => {
                    if self.replace(&found).await? {
                        return Ok(begun);
                    }
                }
                Some(found) => match seen {
                    Some((heartbeat, _)) if heartbeat != found.heartbeat() => {
                        return Err(NotAcquired::InUse { holder: found.name });
                    }
                    Some((_, since)) => {
                        // The database's clock may have been set since. Ahead: then a
                        // living holder shows itself by its next heartbeat. Back:
                        // then the lease has expired once it was seen for so long.
                        let unchanged = since.elapsed();
                        let has_expired = unchanged > found.lifetime()
                            || (found.now_us >= found.expires_us
                                && unchanged > found.lifetime() / 2);
                        if has_expired && self.replace(&found).await? {
                            tracing::warn!(
                                holder = found.name,
                                "took over from a server that is gone"
                            );
                            return Ok(begun);
                        }
                    }
                    None => {
                        tracing::info!(holder = found.name, "waiting for another server's lease");
                        seen = Some((found.heartbeat(), begun));
                    }
                },
            }
            sleep(LOOK_EVERY).await;
        }
    }

    async fn look(&self) -> Result<Option<Found>, sqlx::Error> {
        let sql = format!(
            "select holder, name, renewed_us, expires_us, {NOW} as now_us
             from server_lease where id = 1"
        );
        let mut connection = Connection::acquire(&self.pool).await?;
        let found =
            sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_optional(connection.start()).await;
        connection.finish(&found);
        found
    }

    /// Whether there was none.
    async fn insert(&self) -> Result<bool, sqlx::Error> {
        let sql = format!(
            "insert into server_lease (id, holder, name, renewed_us, expires_us)
             values (1, ?, ?, {NOW}, {NOW} + ?)"
        );
        let mut connection = Connection::acquire(&self.pool).await?;
        let inserted = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(self.holder)
            .bind(&self.name)
            .bind(self.expiry_us())
            .execute(connection.start())
            .await;
        connection.finish(&inserted);
        match inserted {
            Err(error) if is_unique_violation(&error) => Ok(false),
            other => other.map(|_| true),
        }
    }

    /// Whether it was still as it was found.
    async fn replace(&self, found: &Found) -> Result<bool, sqlx::Error> {
        let sql = format!(
            "update server_lease set holder = ?, name = ?, renewed_us = {NOW},
                                     expires_us = {NOW} + ?
             where id = 1 and holder = ? and renewed_us = ?"
        );
        let mut connection = Connection::acquire(&self.pool).await?;
        let replaced = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(self.holder)
            .bind(&self.name)
            .bind(self.expiry_us())
            .bind(found.holder)
            .bind(found.renewed_us)
            .execute(connection.start())
            .await;
        connection.finish(&replaced);
        replaced.map(|done| done.rows_affected() == 1)
    }

    /// Renews the lease until it is to be released, or another server has it.
    async fn keep(self, gate: Gate, mut stopped: oneshot::Receiver<()>) -> Result<()> {
        // A connection of its own: the lease must not wait behind the queries of
        // the pool.
        let mut connection = None;
        let mut pause = self.times.heartbeat;
        loop {
            tokio::select! {
                () = sleep(pause) => {}
                released = &mut stopped => {
                    gate.close();
                    // Dropped and not released: something may be under way still, and
                    // the lease has to expire.
                    if released.is_ok() {
                        let release = async {
                            if gate.close_and_drain().await {
                                self.release().await?;
                            }
                            Ok::<_, sqlx::Error>(())
                        };
                        let _ = timeout(RELEASE_WITHIN, release).await;
                    }
                    return Ok(());
                }
            }
            // Counted from before the statement: it may be late.
            let begun = Instant::now();
            let renewed = timeout(self.times.heartbeat, self.renew(&mut connection)).await;
            pause = match renewed {
                Ok(Ok(None)) => {
                    gate.open_until(begun + self.times.holds_for());
                    self.times.heartbeat.saturating_sub(begun.elapsed())
                }
                Ok(Ok(Some(holder))) => {
                    gate.close();
                    return Err(Error::DatabaseInUse { holder });
                }
                Ok(Err(error)) => {
                    tracing::debug!(%error, "the lease is not renewed");
                    connection = None;
                    self.times.heartbeat / 8
                }
                Err(_) => {
                    tracing::debug!("the lease is not renewed: no answer in time");
                    connection = None;
                    self.times.heartbeat / 8
                }
            };
        }
    }

    /// Renews the lease, or takes it again if nobody has it; else says who does.
    async fn renew(
        &self,
        connection: &mut Option<MySqlConnection>,
    ) -> Result<Option<String>, sqlx::Error> {
        if connection.is_none() {
            let options: MySqlConnectOptions = (*self.pool.connect_options()).clone();
            *connection = Some(options.connect().await?);
        }
        let connection = connection.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        let sql = format!(
            "update server_lease set renewed_us = {NOW}, expires_us = {NOW} + ?
             where id = 1 and holder = ?"
        );
        let renewed = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(self.expiry_us())
            .bind(self.holder)
            .execute(connection)
            .await?
            .rows_affected();
        if renewed == 1 || self.insert().await? {
            return Ok(None);
        }
        match self.look().await? {
            Some(found) if found.holder != self.holder => Ok(Some(found.name)),
            _ => Err(sqlx::Error::RowNotFound),
        }
    }

    async fn release(&self) -> Result<(), sqlx::Error> {
        let sql = "update server_lease set expires_us = renewed_us where id = 1 and holder = ?";
        let mut connection = Connection::acquire(&self.pool).await?;
        let released = sqlx::query(sql).bind(self.holder).execute(connection.start()).await;
        connection.finish(&released);
        released.map(drop)
    }

    fn expiry_us(&self) -> i64 {
        i64::try_from(self.times.expiry.as_micros()).unwrap_or(i64::MAX)
    }
}

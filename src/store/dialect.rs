//! The only file that knows there are two databases.
//!
//! A statement is written once, in the SQL that both understand, and run by one
//! of the macros below, which compiles it for each. The few that must differ
//! ask [`Dialect`], in the file that uses them.

use std::{path::Path, str::FromStr, sync::Arc, time::Duration};

use sqlx::{
    ConnectOptions as _, Connection as _, Executor as _, MySqlConnection, MySqlPool, Sqlite,
    SqliteConnection, SqlitePool, Transaction,
    mysql::{MySqlConnectOptions, MySqlPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

pub use super::errors::{
    db_error, is_deadlock, is_locked, is_no_table, is_unavailable, is_unique_violation,
};
use super::{
    connection::Connection, faults::Faults, file_lock::FileLock, gate::Gate, marker::Marker,
};
use crate::error::{Error, Result};

/// A connection that cannot be had for so long means that the database is away.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);
const UNDO_WITHIN: Duration = Duration::from_secs(1);
/// How long a transaction waits for a row that another one has locked.
const LOCK_WAIT: Duration = Duration::from_secs(5);
/// The same in a lane, whose other rooms wait meanwhile. Whole seconds, at least
/// one: what MySQL knows.
const LANE_LOCK_WAIT: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    MySql,
    Sqlite,
}

/// The pools of one database.
#[derive(Clone)]
pub enum Pools {
    MySql {
        pool: MySqlPool,
        /// Where transactions begin, it is asked whether they may.
        gate: Gate,
    },
    Sqlite {
        lock: Arc<FileLock>,
        marker: Arc<Marker>,
        read: SqlitePool,
        /// A single connection: SQLite has one writer at a time, and waiting
        /// here is fairer than its busy handler.
        write: SqlitePool,
    },
}

/// A transaction.
pub enum Tx<'c> {
    /// With the gate that it must pass once more to commit.
    MySql(Connection, Gate),
    Sqlite(Transaction<'static, Sqlite>),
    /// On a [`LaneConnection`], which undoes it if it is not committed.
    Lane(&'c mut MySqlConnection, Gate),
}

/// Runs `$body` with `$c` as an executor for reading outside a transaction.
macro_rules! on_pool {
    ($pools:expr, $c:ident => $body:expr) => {
        match $pools {
            $crate::store::dialect::Pools::MySql { pool, .. } => {
                match $crate::store::connection::Connection::acquire(pool).await {
                    Ok(mut connection) => {
                        let $c = connection.start();
                        let outcome = $body;
                        connection.finish(&outcome);
                        outcome
                    }
                    Err(cause) => Err(cause),
                }
            }
            $crate::store::dialect::Pools::Sqlite { read, .. } => {
                let $c = read;
                $body
            }
        }
    };
}

/// Runs `$body` with `$c` as an executor inside the transaction.
macro_rules! on_tx {
    ($tx:expr, $c:ident => $body:expr) => {
        match $tx {
            $crate::store::dialect::Tx::MySql(connection, _) => {
                let $c = connection.start();
                let outcome = $body;
                connection.finish(&outcome);
                outcome
            }
            $crate::store::dialect::Tx::Sqlite(tx) => {
                let $c = &mut **tx;
                $body
            }
            $crate::store::dialect::Tx::Lane(connection, _) => {
                let $c = &mut **connection;
                $body
            }
        }
    };
}

/// A transaction that lost a deadlock is run again this many times.
pub(super) const CONFLICT_RETRIES: u32 = 5;

/// Runs `$transaction`, from its begin to its commit, again as long as it loses
/// a deadlock.
macro_rules! retry_deadlocks {
    ($transaction:expr) => {{
        let mut conflicts = 0;
        loop {
            match $transaction {
                Err(cause)
                    if $crate::store::dialect::is_deadlock(&cause)
                        && conflicts < $crate::store::dialect::CONFLICT_RETRIES =>
                {
                    conflicts += 1;
                }
                outcome => break outcome,
            }
        }
    }};
}

/// As `retry_deadlocks!`, and again if a request with the same idempotency key was faster:
/// then its answer is found.
macro_rules! retry_deadlocks_with_key {
    ($transaction:expr) => {{
        let mut tries = 0;
        loop {
            match $transaction {
                Err(cause)
                    if ($crate::store::dialect::is_deadlock(&cause)
                        || $crate::store::dialect::is_unique_violation(&cause))
                        && tries < $crate::store::dialect::CONFLICT_RETRIES =>
                {
                    tries += 1;
                }
                outcome => break outcome,
            }
        }
    }};
}

pub(super) use {on_pool, on_tx, retry_deadlocks, retry_deadlocks_with_key};

impl Pools {
    /// Prepares connections to `sqlite:PATH` or `mysql://…`. None is opened yet:
    /// whether the database can be used shows at its first use.
    pub fn connect(url: &str, connections: u32, faults: &Arc<Faults>) -> Result<Self> {
        match url.split_once(':') {
            Some(("sqlite", path)) => {
                Self::open_sqlite(path.trim_start_matches("//"), connections, faults)
            }
            Some(("mysql" | "mariadb", _)) => Self::connect_mysql(url, connections, faults),
            _ => Err(Error::invalid("store.url", "must begin with `sqlite:` or `mysql:`")),
        }
    }

    /// The same to a database that a server may be using: a SQLite file is not
    /// locked, and must be there already.
    pub fn connect_beside(url: &str, faults: &Arc<Faults>) -> Result<Self> {
        match url.split_once(':') {
            Some(("sqlite", path)) => {
                let path = Path::new(path.trim_start_matches("//"));
                Ok(Self::sqlite(path, false, Arc::new(FileLock::none()), 1, faults))
            }
            _ => Self::connect(url, 2, faults),
        }
    }

    fn open_sqlite(path: &str, connections: u32, faults: &Arc<Faults>) -> Result<Self> {
        let path = Path::new(path);
        if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(Error::internal)?;
        }
        // Before SQLite opens the file.
        let lock = Arc::new(FileLock::take(path)?);
        Ok(Self::sqlite(path, true, lock, connections, faults))
    }

    fn sqlite(
        path: &Path,
        create: bool,
        lock: Arc<FileLock>,
        connections: u32,
        faults: &Arc<Faults>,
    ) -> Self {
        let marker = Arc::new(Marker::beside(path));
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(create)
            .journal_mode(SqliteJournalMode::Wal)
            // An acknowledged message survives a power cut. With group commit
            // this costs nothing over NORMAL.
            .synchronous(SqliteSynchronous::Full)
            // What is deleted is gone from the file too.
            .pragma("secure_delete", "on")
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5))
            .statement_cache_capacity(200);
        let pool = |size: u32| {
            let faults = faults.clone();
            SqlitePoolOptions::new()
                .max_connections(size)
                .idle_timeout(None)
                .max_lifetime(None)
                .before_acquire(move |connection, _| {
                    let usable = is_usable(connection, &faults);
                    Box::pin(std::future::ready(Ok(usable)))
                })
        };
        // The writer is used first, by the migrations: it creates the file and
        // turns WAL on.
        let write = pool(1).connect_lazy_with(options.clone());
        let read = pool(connections.max(1)).connect_lazy_with(options.read_only(true));
        Self::Sqlite { lock, marker, read, write }
    }

    fn connect_mysql(url: &str, connections: u32, faults: &Arc<Faults>) -> Result<Self> {
        let faults = faults.clone();
        let options = MySqlConnectOptions::from_str(url)
            .map_err(|_| Error::invalid("store.url", "is not a MySQL URL"))?
            .statement_cache_capacity(200);
        let pool = MySqlPoolOptions::new()
            .max_connections(connections.max(2))
            .acquire_timeout(CONNECT_WITHIN)
            // A ping before each use would be one more round trip. Who gets a
            // dead connection is told to try again.
            .test_before_acquire(false)
            // After a failover the old connections still lead to a server that
            // takes no writes.
            .before_acquire(move |_, about| {
                let usable = !faults.must_replace(about.age);
                Box::pin(std::future::ready(Ok(usable)))
            })
            .after_connect(|connection, _| Box::pin(set_session(connection, LOCK_WAIT)))
            .connect_lazy_with(options);
        Ok(Self::MySql { pool, gate: Gate::default() })
    }

    pub async fn begin(&self) -> Result<Tx<'static>, sqlx::Error> {
        Ok(match self {
            Self::MySql { pool, gate } => {
                gate.check()?;
                let connection = Connection::begin(pool, "begin").await?;
                gate.check()?;
                Tx::MySql(connection, gate.clone())
            }
            Self::Sqlite { write, .. } => begin_immediate(write).await?,
        })
    }

    /// A transaction that only reads, all of it as it was in one moment.
    pub async fn begin_snapshot(&self) -> Result<Tx<'static>, sqlx::Error> {
        Ok(match self {
            // The level is of the next transaction only: both at once, so that it
            // cannot be left behind for another.
            Self::MySql { pool, .. } => Tx::MySql(
                Connection::begin(
                    pool,
                    "set transaction isolation level repeatable read;
                     start transaction with consistent snapshot, read only",
                )
                .await?,
                // It is open for ever: nothing is written.
                Gate::default(),
            ),
            Self::Sqlite { read, .. } => Tx::Sqlite(read.begin().await?),
        })
    }

    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::MySql { .. } => Dialect::MySql,
            Self::Sqlite { .. } => Dialect::Sqlite,
        }
    }

    pub async fn close(&self) {
        match self {
            Self::MySql { pool, .. } => pool.close().await,
            Self::Sqlite { lock, read, write, .. } => {
                read.close().await;
                write.close().await;
                lock.release();
            }
        }
    }
}

impl Tx<'_> {
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::MySql(..) | Self::Lane(..) => Dialect::MySql,
            Self::Sqlite(_) => Dialect::Sqlite,
        }
    }

    pub async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::MySql(connection, gate) => {
                let permit = gate.check_commit().await?;
                let committed = connection.commit().await;
                permit.done();
                committed
            }
            Self::Sqlite(tx) => tx.commit().await,
            Self::Lane(connection, gate) => {
                let permit = gate.check_commit().await?;
                let committed = connection.execute("commit").await.map(drop);
                permit.done();
                committed
            }
        }
    }
}

/// A lane's way to the database. On MySQL this is a connection of its own,
/// without autocommit: no transaction has to be begun, and none waits until the
/// connection is back in a pool.
pub enum LaneConnection {
    MySql { options: Box<MySqlConnectOptions>, open: Option<MySqlConnection>, gate: Gate },
    Sqlite(SqlitePool),
}

impl LaneConnection {
    #[must_use]
    pub fn new(pools: &Pools) -> Self {
        match pools {
            Pools::MySql { pool, gate } => {
                let options = Box::new((*pool.connect_options()).clone());
                Self::MySql { options, open: None, gate: gate.clone() }
            }
            Pools::Sqlite { write, .. } => Self::Sqlite(write.clone()),
        }
    }

    /// Begins a transaction. After a failure in it, call [`Self::undo`].
    pub async fn begin(&mut self) -> Result<Tx<'_>, sqlx::Error> {
        let (options, open, gate) = match self {
            Self::Sqlite(write) => return begin_immediate(write).await,
            Self::MySql { options, open, gate } => (options, open, gate),
        };
        // Before, so that a late lease costs no connection, and after, for connecting may
        // take a while.
        gate.check()?;
        if open.is_none() {
            let connect = async {
                let mut connection = options.connect().await?;
                set_session(&mut connection, LANE_LOCK_WAIT).await?;
                connection.execute("set session autocommit = 0").await?;
                Ok::<_, sqlx::Error>(connection)
            };
            let connected = tokio::time::timeout(CONNECT_WITHIN, connect).await;
            *open = Some(connected.unwrap_or(Err(sqlx::Error::PoolTimedOut))?);
        }
        gate.check()?;
        Ok(Tx::Lane(open.as_mut().expect("it was just opened"), gate.clone()))
    }

    /// Undoes what a failed transaction has done so far. SQLite's undoes itself.
    pub async fn rollback(&mut self, cause: &sqlx::Error) {
        let Self::MySql { open, .. } = self else { return };
        if is_unavailable(cause) {
            // A new connection is needed, perhaps to another server, and the end
            // of this one ends its transaction.
            *open = None;
        }
        let Some(connection) = open.as_mut() else { return };
        let undone = tokio::time::timeout(UNDO_WITHIN, connection.execute("rollback")).await;
        if !matches!(undone, Ok(Ok(_))) {
            // Dropped without a goodbye, which could take as long.
            *open = None;
        }
    }

    pub async fn close(&mut self) {
        if let Self::MySql { open, .. } = self
            && let Some(connection) = open.take()
        {
            // Broken or not, it is not used any more.
            let _ = connection.close().await;
        }
    }
}

/// Whether a pooled connection is outside of a transaction, as it must be. If
/// SQLite rolled one back on its own, because the disk was full or for another
/// reason, sqlx still counts it as begun, and could not begin the next one. Such a
/// connection is closed, and the pool opens a new one. The pool has sent a ping
/// before it asks, so a rollback that a dropped transaction started is done.
fn is_usable(connection: &SqliteConnection, faults: &Faults) -> bool {
    let usable = !connection.is_in_transaction();
    if !usable {
        tracing::debug!("SQLite rolled a transaction back on its own; its connection is replaced");
        faults.report_rollback();
    }
    usable
}

/// IMMEDIATE: a transaction that turned writer half-way could fail.
async fn begin_immediate(write: &SqlitePool) -> Result<Tx<'static>, sqlx::Error> {
    Ok(Tx::Sqlite(write.begin_with("begin immediate").await?))
}

async fn set_session(
    connection: &mut MySqlConnection,
    lock_wait: Duration,
) -> Result<(), sqlx::Error> {
    // No gap locks, and a read after the room's lock sees the newest commit.
    connection.execute("set session transaction isolation level read committed").await?;
    let seconds = lock_wait.as_secs();
    let sql = format!("set session innodb_lock_wait_timeout = {seconds}");
    connection.execute(sqlx::AssertSqlSafe(sql)).await.map(drop)
}

/// What a transaction does about rows that another one has locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locking {
    /// Waits for them, for as long as `innodb_lock_wait_timeout` says.
    Wait,
    /// Leaves them out.
    Skip,
    /// Fails with an error that [`is_locked`].
    Fail,
}

impl Dialect {
    /// Appended to a select that locks the rows it reads, like [`Self::for_update`].
    #[must_use]
    pub fn locking(self, locking: Locking) -> &'static str {
        match (self, locking) {
            (Self::Sqlite, _) => "",
            (Self::MySql, Locking::Wait) => " for update",
            (Self::MySql, Locking::Skip) => " for update skip locked",
            (Self::MySql, Locking::Fail) => " for update nowait",
        }
    }

    /// Appended to a select that locks the rows it reads. SQLite's transaction
    /// has locked everything already.
    #[must_use]
    pub fn for_update(self) -> &'static str {
        self.locking(Locking::Wait)
    }
}

/// `(?,?),(?,?)`: `rows` groups of `columns` placeholders.
#[must_use]
pub fn placeholders(rows: usize, columns: usize) -> String {
    let group = format!("({})", vec!["?"; columns].join(","));
    vec![group; rows].join(",")
}

/// Fills a list up to the next power of two by repeating its last element, so
/// that statements come in few sizes and their preparation is re-used. Only for
/// `in (…)`, where repeats do no harm.
#[must_use]
pub fn pad_to_power_of_two<T: Clone>(mut list: Vec<T>) -> Vec<T> {
    if let Some(last) = list.last().cloned() {
        let size = list.len().next_power_of_two();
        list.resize(size, last);
    }
    list
}

/// Splits rows for a multi-row insert into batches of few sizes, so that their
/// preparation is re-used: up to 32 at once as they are, more by powers of two.
pub fn batches<T>(mut rows: &[T], largest: usize) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        if rows.is_empty() {
            return None;
        }
        let size = if rows.len() <= 32 { rows.len() } else { 1 << rows.len().ilog2() };
        let (batch, rest) = rows.split_at(size.min(largest));
        rows = rest;
        Some(batch)
    })
}

#[cfg(test)]
#[path = "dialect_tests.rs"]
mod tests;

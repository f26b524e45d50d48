//! What the database can do: the rows of messages written by a program that
//! does nothing else. One transaction for each message is the baseline, alone
//! and behind a gRPC server; batches are the limit.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::future::BoxFuture;

use crate::{Outcome, middle};

const BODY: &str = "The quick brown fox jumps over the lazy dog, twice.";

/// Writes that many messages into a room by one transaction.
pub type Write = Arc<dyn Fn(i64, usize) -> BoxFuture<'static, Outcome> + Send + Sync>;

/// Opens the database with its tables.
pub async fn writer(url: &str, connections: u32) -> Outcome<Write> {
    if url.starts_with("sqlite:") {
        sqlite::writer(url, connections).await
    } else {
        mysql::writer(url, connections).await
    }
}

/// `bare-rows URL ROWS SENDERS SECONDS` prints the rows per second and the
/// median time of a transaction in milliseconds.
pub async fn main(arguments: &[&str]) -> Outcome {
    let [url, rows, senders, seconds] = arguments else { return Err("four arguments".into()) };
    let (rows, senders, seconds): (usize, u32, f64) =
        (rows.parse()?, senders.parse()?, seconds.parse()?);
    let write = writer(url, senders).await?;
    let until = Instant::now() + Duration::from_secs_f64(seconds);
    let mut tasks = tokio::task::JoinSet::new();
    for room in 0..i64::from(senders) {
        let write = write.clone();
        tasks.spawn(async move {
            let mut times = Vec::new();
            while Instant::now() < until {
                let begun = Instant::now();
                write(room, rows).await?;
                times.push(begun.elapsed().as_secs_f64() * 1_000.0);
            }
            Outcome::Ok(times)
        });
    }
    let mut times = Vec::new();
    while let Some(done) = tasks.join_next().await {
        times.extend(done??);
    }
    let written = (times.len() * rows) as u64;
    println!("{} {}", crate::table::per_second(written, seconds), middle(&mut times));
    Ok(())
}

/// The same work for both kinds of pool.
macro_rules! database {
    ($name:ident, $pool:ty, $connect:expr, $tables:expr) => {
        mod $name {
            use super::*;

            pub async fn writer(url: &str, connections: u32) -> Outcome<Write> {
                let pool: $pool = $connect(url, connections).await?;
                for table in $tables {
                    sqlx::query(table).execute(&pool).await?;
                }
                for room in 0..i64::from(connections) {
                    sqlx::query("insert into bare_rooms (id, head) values (?, 0)")
                        .bind(room)
                        .execute(&pool)
                        .await?;
                }
                Ok(Arc::new(move |room, rows| {
                    let pool = pool.clone();
                    Box::pin(async move { write(&pool, room, rows).await })
                }))
            }

            async fn write(pool: &$pool, room: i64, rows: usize) -> Outcome {
                let sender = uuid::Uuid::new_v4();
                let mut tx = pool.begin().await?;
                sqlx::query("update bare_rooms set head = head + ? where id = ?")
                    .bind(i64::try_from(rows)?)
                    .bind(room)
                    .execute(&mut *tx)
                    .await?;
                let (head,): (i64,) = sqlx::query_as("select head from bare_rooms where id = ?")
                    .bind(room)
                    .fetch_one(&mut *tx)
                    .await?;
                // Who sends must be a member: no chat can leave that out.
                sqlx::query("select role from bare_members where room = ? and member = ?")
                    .bind(room)
                    .bind(sender)
                    .fetch_optional(&mut *tx)
                    .await?;
                let insert = format!(
                    "insert into bare_messages
                         (room, seq, sender, kind, client_id, body, posted, changed)
                     values {}",
                    vec!["(?, ?, ?, 1, ?, ?, ?, ?)"; rows].join(", ")
                );
                let mut query = sqlx::query(sqlx::AssertSqlSafe(insert));
                for n in 0..rows {
                    let seq = head - i64::try_from(n)?;
                    query = query
                        .bind(room)
                        .bind(seq)
                        .bind(sender)
                        .bind(uuid::Uuid::new_v4().to_string())
                        .bind(BODY)
                        .bind(seq)
                        .bind(seq);
                }
                query.execute(&mut *tx).await?;
                tx.commit().await?;
                Ok(())
            }
        }
    };
}

database!(
    mysql,
    sqlx::MySqlPool,
    async |url: &str, connections: u32| {
        Outcome::Ok(
            sqlx::mysql::MySqlPoolOptions::new().max_connections(connections).connect(url).await?,
        )
    },
    [
        "create table bare_rooms (id bigint primary key, head bigint not null) engine = InnoDB",
        "create table bare_members (
            room bigint not null, member binary(16) not null, role smallint not null,
            primary key (room, member)) engine = InnoDB",
        "create table bare_messages (
            room bigint not null, seq bigint not null, sender binary(16) not null,
            kind smallint not null, client_id varchar(64) character set ascii collate ascii_bin null,
            body text not null, posted bigint not null, changed bigint not null,
            primary key (room, seq), unique key client (room, sender, client_id),
            key changed (room, changed)) engine = InnoDB",
    ]
);

database!(
    sqlite,
    sqlx::SqlitePool,
    async |url: &str, _connections: u32| {
        let options: sqlx::sqlite::SqliteConnectOptions = url.parse()?;
        let options = options
            .create_if_missing(true)
            .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
            .synchronous(sqlx::sqlite::SqliteSynchronous::Full);
        // One writer at a time is all that SQLite has.
        let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1);
        Outcome::Ok(pool.connect_with(options).await?)
    },
    [
        "create table bare_rooms (id integer primary key, head integer not null)",
        "create table bare_members (
            room integer not null, member blob not null, role integer not null,
            primary key (room, member)) without rowid",
        "create table bare_messages (
            room integer not null, seq integer not null, sender blob not null,
            kind integer not null, client_id text, body text not null,
            posted integer not null, changed integer not null,
            primary key (room, seq)) without rowid",
        "create unique index bare_client on bare_messages (room, sender, client_id)",
        "create index bare_changed on bare_messages (room, changed)",
    ]
);

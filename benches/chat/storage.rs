//! What a million plain messages take in the database: their tables, indexes and keys.

use sqlx::{Connection as _, Executor as _, MySqlConnection, SqliteConnection};
use uuid::Uuid;

use crate::{
    Outcome,
    process::{Database, Place, Process},
    table::{Row, Table},
};

const MESSAGES: usize = 1_000_000;
/// Many rooms and few take different space: where the messages of several rooms
/// share a page, it is split in its middle.
const ROOMS: [(usize, &str); 2] = [(100, "in 100 rooms"), (5_000, "in 5,000 rooms")];
const ROWS: usize = 500;
/// 51 characters.
const BODY: &str = "The quick brown fox jumps over the lazy dog, twice.";

pub async fn measure(database: Database, table: &mut Table) -> Outcome {
    let section = match database {
        Database::MariaDb => "A million messages of 51 characters, MariaDB",
        Database::Sqlite => "A million messages of 51 characters, SQLite",
    };
    for (rooms, what) in ROOMS {
        let place = Place::new(database).await?;
        // It makes the tables.
        Process::server(&place, false).await?.end().await?;
        let bytes = match database {
            Database::MariaDb => {
                let mut connection = MySqlConnection::connect(&place.url).await?;
                fill(&mut connection, rooms).await?;
                connection.execute("analyze table messages, message_keys").await?;
                let sizes = "select cast(sum(data_length + index_length) as signed)
                     from information_schema.tables
                     where table_schema = database()
                       and table_name in ('messages', 'message_keys')";
                sqlx::query_scalar(sizes).fetch_one(&mut connection).await?
            }
            Database::Sqlite => {
                let mut connection = SqliteConnection::connect(&place.url).await?;
                let before = sqlite_bytes(&mut connection).await?;
                fill(&mut connection, rooms).await?;
                sqlite_bytes(&mut connection).await? - before
            }
        };
        let value = bytes as f64 / MESSAGES as f64;
        let aim = match database {
            Database::MariaDb => "≤ 320",
            Database::Sqlite => "–",
        };
        table.row(&Row { section, what, value, unit: "bytes", against: None, aim });
    }
    Ok(())
}

async fn sqlite_bytes(connection: &mut SqliteConnection) -> Outcome<i64> {
    let sql = "select page_count * page_size from pragma_page_count, pragma_page_size";
    Ok(sqlx::query_scalar(sql).fetch_one(connection).await?)
}

/// Writes the rows that the server would write. A room's turn comes by chance, and a
/// transaction has messages of several.
async fn fill<C>(connection: &mut C, rooms: usize) -> Outcome
where
    for<'c> &'c mut C: sqlx::Executor<'c>,
{
    let ids: Vec<String> = (0..rooms).map(|_| Uuid::now_v7().simple().to_string()).collect();
    let senders: Vec<String> = (0..50).map(|_| Uuid::now_v7().simple().to_string()).collect();
    let mut heads = vec![0; rooms];
    let mut posted_us = 1_790_000_000_000_000_i64;
    for _ in 0..MESSAGES / ROWS {
        let (mut messages, mut keys) = (Vec::new(), Vec::new());
        for _ in 0..ROWS {
            let room = rand::random_range(0..rooms);
            heads[room] += 1;
            posted_us += rand::random_range(0..20_000);
            let (id, seq, sender) =
                (&ids[room], heads[room], &senders[rand::random_range(0..senders.len())]);
            let client = Uuid::new_v4().simple();
            messages.push(format!(
                "(x'{id}', {seq}, x'{sender}', 1, x'{client}', '{BODY}', {posted_us}, 0, 0)"
            ));
            let hash = &Uuid::new_v4().simple().to_string()[..24];
            keys.push(format!("(x'{}{hash}', {seq}, 20000)", &id[..8]));
        }
        let sql = format!(
            "insert into messages (room_id, seq, sender_id, kind, client_message_id, body,
                 posted_us, attachments, staff) values {}",
            messages.join(",")
        );
        connection.execute(sqlx::AssertSqlSafe(sql)).await?;
        let sql =
            format!("insert into message_keys (key_hash, seq, kept_day) values {}", keys.join(","));
        connection.execute(sqlx::AssertSqlSafe(sql)).await?;
    }
    Ok(())
}

//! Gives the messages of an older schema their keys: before its index of client ids
//! goes, which tells repeats as long as servers run that write no keys.
//!
//! In steps of one short transaction each, also while such a server works. How far it
//! has come in each room is kept, so that a later run goes on from there. The last run
//! is the one of a server that has the database to itself, and removes the index.

use std::time::Duration;

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    Store,
    dialect::{Dialect, db_error, is_no_table, on_pool, on_tx, retry_deadlocks},
    message_keys::{self, KeyHash},
};
use crate::{
    error::Result,
    model::{RoomId, Seq, Timestamp, UserId},
};

/// Messages of one step.
const MAX_ROWS_PER_STATEMENT: usize = 1_000;

/// Older messages have been known for long enough; a day more than is promised, for
/// clocks that differ.
const KNOWN: Duration = Duration::from_hours(31 * 24);

/// A stretch of a room that has no keys yet.
struct Step {
    room: RoomId,
    to: Seq,
    keys: Vec<(KeyHash, Seq)>,
}

impl Store {
    /// How many positions the steps have to look through; `None` if nothing has to be
    /// done, in this schema or any more.
    pub async fn count_messages_without_keys(&self) -> Result<Option<u64>> {
        let sql = "select r.head_seq - coalesce(f.filled_seq, 0)
             from rooms r left join message_keys_fill f on f.room_id = r.id";
        let counts: Result<Vec<i64>, sqlx::Error> = on_pool!(&self.pools, c => {
            sqlx::query_scalar(sql).fetch_all(c).await
        });
        match counts {
            Ok(counts) => {
                Ok(Some(counts.into_iter().map(|count| count.max(0).unsigned_abs()).sum()))
            }
            Err(error) if is_no_table(&error) => Ok(None),
            Err(error) => Err(db_error(error)),
        }
    }

    /// Fills keys until there are none to fill. `report` is told of how many positions
    /// each step has looked through.
    pub async fn fill_message_keys(&self, mut report: impl FnMut(u64)) -> Result<()> {
        let steady: i64 = on_pool!(&self.pools, c => {
            sqlx::query_scalar("select coalesce(max(steady_us), 0) from store").fetch_one(c).await
        })
        .map_err(db_error)?;
        let day =
            message_keys::day_of(if steady > 0 { Timestamp(steady) } else { Timestamp::now() });
        let mut after = Uuid::nil();
        while let Some((room, mut from, head)) = self.next_room_without_keys(after).await? {
            while from < head {
                let step = self.next_message_keys(room, from, head).await?;
                retry_deadlocks!(self.save_filled_keys(&step, day).await).map_err(db_error)?;
                report((step.to.0 - from.0).unsigned_abs());
                from = step.to;
            }
            after = room.0;
        }
        Ok(())
    }

    async fn next_room_without_keys(&self, after: Uuid) -> Result<Option<(RoomId, Seq, Seq)>> {
        let row: Option<(Uuid, i64, i64)> = on_pool!(&self.pools, c => {
            sqlx::query_as(
                "select r.id, coalesce(f.filled_seq, 0), r.head_seq
                 from rooms r left join message_keys_fill f on f.room_id = r.id
                 where r.id > ? and r.head_seq > coalesce(f.filled_seq, 0)
                 order by r.id limit 1",
            )
            .bind(after).fetch_optional(c).await
        })
        .map_err(db_error)?;
        Ok(row.map(|(room, filled, head)| (RoomId(room), Seq(filled), Seq(head))))
    }

    async fn next_message_keys(&self, room: RoomId, after: Seq, head: Seq) -> Result<Step> {
        let sql = format!(
            "select seq, sender_id, client_message_id, posted_us from messages
             where room_id = ? and seq > ? and seq <= ? order by seq limit {MAX_ROWS_PER_STATEMENT}"
        );
        let rows: Vec<(i64, Uuid, Option<String>, i64)> = on_pool!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql))
                .bind(room.0).bind(after.0).bind(head.0).fetch_all(c).await
        })
        .map_err(db_error)?;
        let to = rows
            .last()
            .filter(|_| rows.len() == MAX_ROWS_PER_STATEMENT)
            .map_or(head, |row| Seq(row.0));
        let known_since = Timestamp::now().minus(KNOWN);
        let keys = rows.into_iter().filter(|(.., posted)| *posted >= known_since.0);
        let keys = keys.filter_map(|(seq, sender, id, _)| {
            Some((message_keys::key_hash(room, UserId(sender), &id?), Seq(seq)))
        });
        Ok(Step { room, to, keys: keys.collect() })
    }

    async fn save_filled_keys(&self, step: &Step, day: i64) -> Result<(), sqlx::Error> {
        let mut tx = self.pools.begin().await?;
        let (if_taken, moved) = match tx.dialect() {
            Dialect::MySql => (
                "on duplicate key update kept_day = kept_day",
                "on duplicate key update filled_seq = values(filled_seq)",
            ),
            Dialect::Sqlite => (
                "on conflict (key_hash) do nothing",
                "on conflict (room_id) do update set filled_seq = excluded.filled_seq",
            ),
        };
        message_keys::insert(&mut tx, &step.keys, day, if_taken).await?;
        let sql =
            format!("insert into message_keys_fill (room_id, filled_seq) values (?, ?) {moved}");
        on_tx!(&mut tx, c => {
            sqlx::query(AssertSqlSafe(sql)).bind(step.room.0).bind(step.to.0)
                .execute(c).await.map(drop)
        })?;
        tx.commit().await
    }
}

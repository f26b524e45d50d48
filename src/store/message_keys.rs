//! The keys of messages: by which a message that is sent again is told from a new one.
//!
//! A key is a hash of the room, the sender and the `client_message_id`. Its row is
//! written in the transaction that posts the message, and its primary key lets one of
//! two through. It is forgotten after 30 days, which are what the protos promise.

use std::collections::{HashMap, HashSet};

use aws_lc_rs::digest;
use sqlx::AssertSqlSafe;

use super::{
    Store,
    dialect::{
        Tx, batches, db_error, on_pool, on_tx, pad_to_power_of_two, placeholders, retry_deadlocks,
    },
};
use crate::{
    error::Result,
    model::{Content, Message, RoomId, RoomOp, Seq, Timestamp, UserId},
};

/// Keys are kept for so many whole days, and the rest of the day after.
const KEEP_DAYS: i64 = 30;

const DAY_US: i64 = 24 * 60 * 60 * 1_000_000;

/// Rows in one statement that writes or deletes.
const MAX_ROWS_PER_STATEMENT: usize = 256;

/// Rows that are looked at in one step of a walk.
const ROWS_PER_STEP: usize = 1_000;

/// The first four bytes are those of the room, so that the keys of a room are
/// neighbors: who writes to few rooms writes to few pages of the table.
pub(super) type KeyHash = [u8; 16];

pub(super) fn key_hash(room: RoomId, sender: UserId, client_message_id: &str) -> KeyHash {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(room.0.as_bytes());
    context.update(sender.0.as_bytes());
    context.update(client_message_id.as_bytes());
    let mut hash = *room.0.as_bytes();
    hash[4..].copy_from_slice(&context.finish().as_ref()[..12]);
    hash
}

/// The day of a time of the steady clock.
pub(super) fn day_of(at: Timestamp) -> i64 {
    at.0.div_euclid(DAY_US)
}

/// Writes the keys of the messages that a batch has posted.
pub(super) async fn write(
    tx: &mut Tx<'_>,
    ops: &[&RoomOp],
    posted: &[&Message],
) -> Result<(), sqlx::Error> {
    let sent = ops.iter().filter_map(|op| match op {
        RoomOp::Send(draft) => Some(draft.sent_at),
        _ => None,
    });
    let Some(day) = sent.max().map(day_of) else { return Ok(()) };
    let keys: Vec<(KeyHash, Seq)> = posted
        .iter()
        .filter_map(|message| match &message.content {
            Content::Text { client_message_id, .. }
            | Content::Deleted { client_message_id, .. } => {
                Some((key_hash(message.room, message.sender, client_message_id), message.seq))
            }
            Content::System { .. } => None,
        })
        .collect();
    insert(tx, &keys, day, "").await
}

/// Writes keys; `if_taken` says what becomes of those that are there already.
pub(super) async fn insert(
    tx: &mut Tx<'_>,
    keys: &[(KeyHash, Seq)],
    day: i64,
    if_taken: &str,
) -> Result<(), sqlx::Error> {
    for batch in batches(keys, MAX_ROWS_PER_STATEMENT) {
        let sql = format!(
            "insert into message_keys (key_hash, seq, kept_day) values {} {if_taken}",
            placeholders(batch.len(), 3),
        );
        on_tx!(&mut *tx, c => {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for (hash, seq) in batch {
                query = query.bind(hash.as_slice()).bind(seq.0).bind(day);
            }
            query.execute(c).await.map(drop)
        })?;
    }
    Ok(())
}

/// Which messages the batch's drafts would make again.
pub(super) async fn read(
    tx: &mut Tx<'_>,
    ops: &[&RoomOp],
) -> Result<Vec<(RoomId, Seq)>, sqlx::Error> {
    let rooms: HashMap<KeyHash, RoomId> = ops
        .iter()
        .filter_map(|op| match op {
            RoomOp::Send(draft) => {
                Some((key_hash(draft.room, draft.sender, &draft.client_message_id), draft.room))
            }
            _ => None,
        })
        .collect();
    if rooms.is_empty() {
        return Ok(Vec::new());
    }
    let hashes = pad_to_power_of_two(rooms.keys().copied().collect());
    let sql = format!(
        "select key_hash, seq from message_keys where key_hash in {}",
        placeholders(1, hashes.len()),
    );
    let rows: Vec<(Vec<u8>, i64)> = on_tx!(tx, c => {
        let mut query = sqlx::query_as(AssertSqlSafe(sql));
        for hash in &hashes {
            query = query.bind(hash.as_slice());
        }
        query.fetch_all(c).await
    })?;
    let name = |(hash, seq): (Vec<u8>, i64)| Some((*rooms.get(hash.as_slice())?, Seq(seq)));
    Ok(rows.into_iter().filter_map(name).collect::<HashSet<_>>().into_iter().collect())
}

/// After which key the next step of the walk begins that forgets old keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyWalk(Vec<u8>);

impl Store {
    /// Takes a step of the walk through all keys, and forgets those that are older than
    /// they are kept. Returns the next step; `None` at the end of the table.
    ///
    /// A walk and not an index by age: that would be as large as the table itself.
    pub async fn forget_message_keys(
        &self,
        walk: &KeyWalk,
        now: Timestamp,
    ) -> Result<Option<KeyWalk>> {
        let oldest = day_of(now) - KEEP_DAYS;
        let sql = format!(
            "select key_hash, kept_day from message_keys where key_hash > ?
             order by key_hash limit {ROWS_PER_STEP}"
        );
        let rows: Vec<(Vec<u8>, i64)> = on_pool!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql)).bind(walk.0.as_slice()).fetch_all(c).await
        })
        .map_err(db_error)?;
        let old: Vec<&[u8]> =
            rows.iter().filter(|(_, day)| *day < oldest).map(|(hash, _)| hash.as_slice()).collect();
        if !old.is_empty() {
            retry_deadlocks!(self.delete_message_keys(&old).await).map_err(db_error)?;
        }
        let last = rows.last().filter(|_| rows.len() == ROWS_PER_STEP);
        Ok(last.map(|(hash, _)| KeyWalk(hash.clone())))
    }

    /// By their names, so that MySQL locks no others.
    async fn delete_message_keys(&self, hashes: &[&[u8]]) -> Result<(), sqlx::Error> {
        let mut tx = self.pools.begin().await?;
        for batch in batches(hashes, MAX_ROWS_PER_STATEMENT) {
            let sql = format!(
                "delete from message_keys where key_hash in {}",
                placeholders(1, batch.len()),
            );
            on_tx!(&mut tx, c => {
                let mut query = sqlx::query(AssertSqlSafe(sql));
                for hash in batch {
                    query = query.bind(*hash);
                }
                query.execute(c).await.map(drop)
            })?;
        }
        tx.commit().await
    }
}

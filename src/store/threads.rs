//! How far users have read threads, and which they follow.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    Store,
    dialect::{Dialect, Tx, batches, db_error, on_pool, on_tx, pad_to_power_of_two, placeholders},
};
use crate::{
    error::Result,
    model::{
        MarkersMoved, MessageAction, ReadMarkers, RoomId, RoomLog, RoomOp, Seq, Timestamp, UserId,
        limits, messages::ThreadMark,
    },
};

/// Rows in one statement.
const MAX_ROWS_PER_STATEMENT: usize = 64;

/// Reads the marks that a batch's operations may move: after the messages that
/// threads hang on, and the names that texts call.
pub(super) async fn read(
    tx: &mut Tx<'_>,
    ops: &[&RoomOp],
    logs: &mut BTreeMap<RoomId, RoomLog>,
) -> Result<(), sqlx::Error> {
    let mut wanted: BTreeMap<RoomId, (BTreeSet<Seq>, BTreeSet<UserId>)> = BTreeMap::new();
    for op in ops {
        let (thread, user) = match op {
            RoomOp::Send(draft) => (draft.thread_of, draft.sender),
            RoomOp::MessageAction {
                room, user, seq, action: MessageAction::Edit { .. }, ..
            } => {
                let edited = logs.get(room).and_then(|log| log.messages.get(seq));
                (edited.and_then(|message| message.thread_of), *user)
            }
            _ => continue,
        };
        if let Some(root) = thread {
            let (threads, users) = wanted.entry(op.room()).or_default();
            threads.insert(root);
            users.insert(user);
        }
    }
    for (room, (threads, mut users)) in wanted {
        let Some(log) = logs.get_mut(&room) else { continue };
        users.extend(log.named.values());
        users.extend(threads.iter().filter_map(|root| Some(log.messages.get(root)?.sender)));
        let threads = pad_to_power_of_two(threads.into_iter().collect::<Vec<_>>());
        let users = pad_to_power_of_two(users.into_iter().collect::<Vec<_>>());
        let sql = format!(
            "select user_id, thread_seq, read_seq, follows from thread_marks
             where room_id = ? and user_id in {} and thread_seq in {}",
            placeholders(1, users.len()),
            placeholders(1, threads.len()),
        );
        let rows: Vec<(Uuid, i64, i64, i16)> = on_tx!(&mut *tx, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql)).bind(room.0);
            for user in &users {
                query = query.bind(user.0);
            }
            for root in &threads {
                query = query.bind(root.0);
            }
            query.fetch_all(c).await
        })?;
        for (user, root, read_seq, follows) in rows {
            let mark = ThreadMark { read_seq: Seq(read_seq), follows: follows != 0 };
            log.thread_marks.insert((Seq(root), UserId(user)), mark);
        }
    }
    Ok(())
}

/// Writes the marks that moved. Their users may move them meanwhile, further on.
pub(super) async fn write(
    tx: &mut Tx<'_>,
    logs: &[RoomLog],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let upsert = match tx.dialect() {
        Dialect::MySql => {
            "on duplicate key update read_seq = greatest(read_seq, values(read_seq)),
             follows = values(follows), changed_us = values(changed_us)"
        }
        Dialect::Sqlite => {
            "on conflict (user_id, room_id, thread_seq) do update set
             read_seq = max(read_seq, excluded.read_seq), follows = excluded.follows,
             changed_us = excluded.changed_us"
        }
    };
    let marks: Vec<(RoomId, Seq, UserId, ThreadMark)> =
        logs.iter()
            .flat_map(|log| {
                log.message_changes.thread_marks.iter().filter_map(|key| {
                    Some((log.room.id, key.0, key.1, *log.thread_marks.get(key)?))
                })
            })
            .collect();
    for batch in batches(&marks, MAX_ROWS_PER_STATEMENT) {
        let sql = format!(
            "insert into thread_marks (user_id, room_id, thread_seq, read_seq, follows, changed_us)
             values {} {upsert}",
            placeholders(batch.len(), 6),
        );
        on_tx!(&mut *tx, c => {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for (room, root, user, mark) in batch {
                query = query
                    .bind(user.0)
                    .bind(room.0)
                    .bind(root.0)
                    .bind(mark.read_seq.0)
                    .bind(i16::from(mark.follows))
                    .bind(now.0);
            }
            query.execute(c).await.map(drop)
        })?;
    }
    Ok(())
}

impl Store {
    /// How a user stands to a thread.
    pub async fn thread_mark(&self, room: RoomId, root: Seq, user: UserId) -> Result<ThreadMark> {
        let row: Option<(i64, i16)> = on_pool!(&self.pools, c => {
            sqlx::query_as(
                "select read_seq, follows from thread_marks
                 where user_id = ? and room_id = ? and thread_seq = ?",
            )
            .bind(user.0).bind(room.0).bind(root.0).fetch_optional(c).await
        })
        .map_err(db_error)?;
        let mark = |(read, follows)| ThreadMark { read_seq: Seq(read), follows: follows != 0 };
        Ok(row.map(mark).unwrap_or_default())
    }

    /// How far a user has read the threads that they follow, as far as these are
    /// counted.
    pub async fn thread_marks_of(&self, user: UserId) -> Result<Vec<MarkersMoved>> {
        let sql = format!(
            "select t.room_id, t.thread_seq, t.read_seq from thread_marks t
             join members m on m.room_id = t.room_id and m.user_id = t.user_id and m.state = 1
             join rooms r on r.id = t.room_id
             where t.user_id = ? and t.follows = 1 and t.thread_seq > m.floor_seq
               and t.thread_seq > r.head_seq - {}",
            limits::SUMMARY_POSITIONS
        );
        let rows: Vec<(Uuid, i64, i64)> = on_pool!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql)).bind(user.0).fetch_all(c).await
        })
        .map_err(db_error)?;
        let moved = |(room, root, read)| MarkersMoved {
            room: RoomId(room),
            user,
            thread_of: Some(Seq(root)),
            marks: ReadMarkers { read: Seq(read), ..ReadMarkers::default() },
        };
        Ok(rows.into_iter().map(moved).collect())
    }
}

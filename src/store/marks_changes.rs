//! Writes how far users have read, outside of the rooms' logs and locks.

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    Store,
    dialect::{Dialect, Tx, db_error, on_tx, pad_to_power_of_two, placeholders, retry_deadlocks},
    marks::MarksRow,
};
use crate::{
    error::Result,
    model::{MarkersMoved, ReadMarkers, ReadMarkersChange, RoomId, Seq, Timestamp, UserId},
};

/// Changes that one transaction writes.
pub const MAX_CHANGES: usize = 128;

/// What a user has read of a thread: the room, the thread, who, and up to where.
pub type ThreadRead = (RoomId, Seq, UserId, Seq);

impl Store {
    /// Changes the marks of users in rooms, at most [`MAX_CHANGES`], and returns those
    /// that have moved; `all` of them after a try whose outcome is unknown.
    pub async fn change_marks(
        &self,
        changes: &[(RoomId, UserId, ReadMarkersChange)],
        all: bool,
    ) -> Result<Vec<MarkersMoved>> {
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        retry_deadlocks!(self.try_change_marks(changes, all).await).map_err(db_error)
    }

    async fn try_change_marks(
        &self,
        changes: &[(RoomId, UserId, ReadMarkersChange)],
        all: bool,
    ) -> Result<Vec<MarkersMoved>, sqlx::Error> {
        let mut tx = self.pools.begin().await?;
        let rows = read_marks(&mut tx, changes).await?;
        let mut moved = Vec::new();
        for row in rows {
            let (room, user) = (RoomId(row.room_id), UserId(row.user_id));
            let before = row.marks();
            let change = changes.iter().find(|(of, by, _)| (*of, *by) == (room, user));
            let marks = change.map_or(before, |(.., change)| change.applied_to(before));
            if all || marks != before {
                moved.push(MarkersMoved { room, user, thread_of: None, marks });
            }
        }
        if !moved.is_empty() {
            write_marks(&mut tx, &moved, self.changes_at()).await?;
            tx.commit().await?;
        }
        Ok(moved)
    }

    /// Raises what users have read of threads, at most [`MAX_CHANGES`], and returns
    /// what has moved, as [`Self::change_marks`].
    pub async fn raise_thread_marks(
        &self,
        reads: &[ThreadRead],
        all: bool,
    ) -> Result<Vec<MarkersMoved>> {
        if reads.is_empty() {
            return Ok(Vec::new());
        }
        retry_deadlocks!(self.try_raise_thread_marks(reads, all).await).map_err(db_error)
    }

    async fn try_raise_thread_marks(
        &self,
        reads: &[ThreadRead],
        all: bool,
    ) -> Result<Vec<MarkersMoved>, sqlx::Error> {
        let mut tx = self.pools.begin().await?;
        let upsert = match tx.dialect() {
            Dialect::MySql => {
                "on duplicate key update read_seq = greatest(read_seq, values(read_seq)),
                 changed_us = values(changed_us)"
            }
            Dialect::Sqlite => {
                "on conflict (user_id, room_id, thread_seq) do update set
                 read_seq = max(read_seq, excluded.read_seq), changed_us = excluded.changed_us"
            }
        };
        let found = read_thread_marks(&mut tx, reads).await?;
        let before = |(room, root, user, _): &ThreadRead| {
            let row = found.iter().find(|row| (row.0, row.1, row.2) == (user.0, room.0, root.0));
            Seq(row.map_or(0, |row| row.3))
        };
        let ahead: Vec<ThreadRead> = reads
            .iter()
            .map(|read| (read.0, read.1, read.2, read.3.max(before(read))))
            .filter(|read| all || read.3 > before(read))
            .collect();
        if ahead.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "insert into thread_marks (user_id, room_id, thread_seq, read_seq, follows, changed_us)
             values {} {upsert}",
            placeholders(ahead.len(), 6),
        );
        let now = self.changes_at();
        on_tx!(&mut tx, c => {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for (room, root, user, read) in &ahead {
                query = query.bind(user.0).bind(room.0).bind(root.0).bind(read.0);
                query = query.bind(0_i16).bind(now.0);
            }
            query.execute(c).await.map(drop)
        })?;
        tx.commit().await?;
        let moved = |(room, root, user, read): &ThreadRead| MarkersMoved {
            room: *room,
            user: *user,
            thread_of: Some(*root),
            marks: ReadMarkers { read: *read, ..ReadMarkers::default() },
        };
        Ok(ahead.iter().map(moved).collect())
    }
}

/// The marks of these users, also of who has none yet: whether they tell others is
/// theirs to say.
async fn read_marks(
    tx: &mut Tx<'_>,
    changes: &[(RoomId, UserId, ReadMarkersChange)],
) -> Result<Vec<MarksRow>, sqlx::Error> {
    let wanted = pad_to_power_of_two(
        changes.iter().map(|(room, user, _)| (*room, *user)).collect::<Vec<_>>(),
    );
    let one = "select r.id as room_id, u.id as user_id, coalesce(k.read_seq, 0) as read_seq,
                      coalesce(k.delivered_seq, 0) as delivered_seq,
                      coalesce(k.unread_from_seq, 0) as unread_from_seq, u.read_receipts,
                      u.presence_choice
               from rooms r join users u
               left join marks k on k.room_id = r.id and k.user_id = u.id
               where r.id = ? and u.id = ?";
    // `union`: who is asked for twice, to have few different statements, comes once.
    let sql = vec![one; wanted.len()].join(" union ");
    on_tx!(tx, c => {
        let mut query = sqlx::query_as(AssertSqlSafe(sql));
        for (room, user) in wanted {
            query = query.bind(room.0).bind(user.0);
        }
        query.fetch_all(c).await
    })
}

/// The users may come into the rooms at the same time, which moves marks on.
async fn write_marks(
    tx: &mut Tx<'_>,
    moved: &[MarkersMoved],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let upsert = match tx.dialect() {
        Dialect::MySql => {
            "on duplicate key update read_seq = greatest(read_seq, values(read_seq)),
                 delivered_seq = greatest(delivered_seq, values(delivered_seq)),
                 unread_from_seq = values(unread_from_seq), changed_us = values(changed_us)"
        }
        Dialect::Sqlite => {
            "on conflict (room_id, user_id) do update set
                 read_seq = max(read_seq, excluded.read_seq),
                 delivered_seq = max(delivered_seq, excluded.delivered_seq),
                 unread_from_seq = excluded.unread_from_seq, changed_us = excluded.changed_us"
        }
    };
    let sql = format!(
        "insert into marks (room_id, user_id, read_seq, delivered_seq, unread_from_seq, changed_us)
         values {} {upsert}",
        placeholders(moved.len(), 6),
    );
    on_tx!(tx, c => {
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for MarkersMoved { room, user, marks, .. } in moved {
            query = query
                .bind(room.0)
                .bind(user.0)
                .bind(marks.read.0)
                .bind(marks.delivered.0)
                .bind(marks.unread_from.unwrap_or_default().0)
                .bind(now.0);
        }
        query.execute(c).await.map(drop)
    })
}

/// User, room, thread, and what was read.
type ThreadMarkRow = (Uuid, Uuid, i64, i64);

async fn read_thread_marks(
    tx: &mut Tx<'_>,
    reads: &[ThreadRead],
) -> Result<Vec<ThreadMarkRow>, sqlx::Error> {
    let wanted = pad_to_power_of_two(reads.to_vec());
    let one = "select user_id, room_id, thread_seq, read_seq from thread_marks
               where user_id = ? and room_id = ? and thread_seq = ?";
    let sql = vec![one; wanted.len()].join(" union ");
    on_tx!(tx, c => {
        let mut query = sqlx::query_as(AssertSqlSafe(sql));
        for (room, root, user, _) in wanted {
            query = query.bind(user.0).bind(room.0).bind(root.0);
        }
        query.fetch_all(c).await
    })
}

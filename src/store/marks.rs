//! What has arrived at users, what they have read, and what they want to hear.

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    Store,
    dialect::{Dialect, reading, refused, retried, within},
};
use crate::{
    error::Result,
    model::{
        Marks, MovedMarks, RoomId, RoomSettings, Seq, Timestamp, UserId, limits,
        marks::{Level, Receipts},
    },
};

#[derive(sqlx::FromRow)]
pub(super) struct MarksRow {
    pub room_id: Uuid,
    pub user_id: Uuid,
    read_seq: i64,
    delivered_seq: i64,
    unread_from_seq: i64,
    /// `None`: there is no such user any more.
    read_receipts: Option<i16>,
}

impl MarksRow {
    pub fn marks(&self) -> Marks {
        let unread_from = Seq(self.unread_from_seq);
        Marks {
            read: Seq(self.read_seq),
            delivered: Seq(self.delivered_seq).max(Seq(self.read_seq)),
            unread_from: (unread_from > Seq::ZERO).then_some(unread_from),
            secret: self.read_receipts == Some(0),
        }
    }
}

/// Of `marks k join members m join users u`: those of a room's members.
const MEMBERS_MARKS: &str = "from marks k
    join members m on m.room_id = k.room_id and m.user_id = k.user_id and m.state = 1
    join users u on u.id = k.user_id";

pub(super) fn level_of(code: i16) -> Level {
    match code {
        2 => Level::Mentions,
        3 => Level::Nothing,
        _ => Level::All,
    }
}

fn level_code(level: Level) -> i16 {
    match level {
        Level::All => 1,
        Level::Mentions => 2,
        Level::Nothing => 3,
    }
}

impl Store {
    /// The marks of a user in the rooms that they are in.
    pub async fn marks_of(&self, user: UserId) -> Result<Vec<MovedMarks>> {
        let sql = format!(
            "select k.room_id, k.user_id, k.read_seq, k.delivered_seq, k.unread_from_seq,
                    u.read_receipts {MEMBERS_MARKS} where m.user_id = ?"
        );
        let rows: Vec<MarksRow> = reading!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql)).bind(user.0).fetch_all(c).await
        })
        .map_err(refused)?;
        let moved = |row: MarksRow| MovedMarks {
            room: RoomId(row.room_id),
            user,
            thread_of: None,
            marks: row.marks(),
        };
        Ok(rows.into_iter().map(moved).collect())
    }

    /// The marks of a room's members, at most `limit` of them.
    pub async fn marks_in(&self, room: RoomId, limit: i64) -> Result<Vec<(UserId, Marks)>> {
        let sql = format!(
            "select k.room_id, k.user_id, k.read_seq, k.delivered_seq, k.unread_from_seq,
                    u.read_receipts {MEMBERS_MARKS} where k.room_id = ? limit ?"
        );
        let rows: Vec<MarksRow> = reading!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql)).bind(room.0).bind(limit).fetch_all(c).await
        })
        .map_err(refused)?;
        Ok(rows.into_iter().map(|row| (UserId(row.user_id), row.marks())).collect())
    }

    /// How many members but one a position has reached.
    pub async fn count_receipts(&self, room: RoomId, seq: Seq, but: UserId) -> Result<Receipts> {
        let count = |reached: &str| {
            format!(
                "select count(*) from (select 1 as one {MEMBERS_MARKS}
                 where k.room_id = ? and k.user_id <> ? and {reached} limit {}) counted",
                limits::RECEIPT_COUNT + 1,
            )
        };
        let read = count("k.read_seq >= ? and u.read_receipts = 1");
        let delivered = count("k.delivered_seq >= ?");
        let (read, delivered): (i64, i64) = reading!(&self.pools, c => async {
            Ok::<_, sqlx::Error>((
                sqlx::query_scalar(AssertSqlSafe(read))
                    .bind(room.0).bind(but.0).bind(seq.0).fetch_one(c).await?,
                sqlx::query_scalar(AssertSqlSafe(delivered))
                    .bind(room.0).bind(but.0).bind(seq.0).fetch_one(c).await?,
            ))
        }.await)
        .map_err(refused)?;
        Ok(Receipts { read, delivered, members: Vec::new() })
    }

    /// Whether a user tells others what they have read.
    pub async fn sends_receipts(&self, user: UserId) -> Result<bool> {
        let found: Option<i16> = reading!(&self.pools, c => {
            sqlx::query_scalar("select read_receipts from users where id = ?")
                .bind(user.0).fetch_optional(c).await
        })
        .map_err(refused)?;
        Ok(found != Some(0))
    }

    pub async fn set_sends_receipts(&self, user: UserId, sends: bool) -> Result<()> {
        retried!(self.try_set_sends_receipts(user, sends).await).map_err(refused)
    }

    async fn try_set_sends_receipts(&self, user: UserId, sends: bool) -> Result<(), sqlx::Error> {
        let mut tx = self.pools.begin().await?;
        within!(&mut tx, c => {
            sqlx::query("update users set read_receipts = ? where id = ?")
                .bind(i16::from(sends)).bind(user.0).execute(c).await.map(drop)
        })?;
        tx.commit().await
    }

    /// What a user has set in their rooms, where they have set anything.
    pub async fn room_settings_of(&self, user: UserId) -> Result<Vec<(RoomId, RoomSettings)>> {
        self.settings("user_id = ?", &[user.0]).await
    }

    /// What a user has set in a room.
    pub async fn room_settings(&self, room: RoomId, user: UserId) -> Result<RoomSettings> {
        let mut found = self.settings("user_id = ? and room_id = ?", &[user.0, room.0]).await?;
        Ok(found.pop().map(|(_, settings)| settings).unwrap_or_default())
    }

    async fn settings(&self, wanted: &str, ids: &[Uuid]) -> Result<Vec<(RoomId, RoomSettings)>> {
        let sql = format!(
            "select room_id, level, muted_until_us, starred from room_settings where {wanted}"
        );
        let rows: Vec<(Uuid, i16, Option<i64>, i16)> = reading!(&self.pools, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql));
            for id in ids {
                query = query.bind(*id);
            }
            query.fetch_all(c).await
        })
        .map_err(refused)?;
        let settings = |(room, level, muted_until, starred): (Uuid, i16, Option<i64>, i16)| {
            let settings = RoomSettings {
                level: level_of(level),
                muted_until: muted_until.map(Timestamp),
                starred: starred != 0,
            };
            (RoomId(room), settings)
        };
        Ok(rows.into_iter().map(settings).collect())
    }

    pub async fn set_room_settings(
        &self,
        room: RoomId,
        user: UserId,
        settings: RoomSettings,
    ) -> Result<()> {
        retried!(self.try_set_room_settings(room, user, settings).await).map_err(refused)
    }

    async fn try_set_room_settings(
        &self,
        room: RoomId,
        user: UserId,
        settings: RoomSettings,
    ) -> Result<(), sqlx::Error> {
        let upsert = match self.pools.dialect() {
            Dialect::MySql => {
                "insert into room_settings (user_id, room_id, level, muted_until_us, starred)
                 values (?, ?, ?, ?, ?)
                 on duplicate key update level = values(level),
                     muted_until_us = values(muted_until_us), starred = values(starred)"
            }
            Dialect::Sqlite => {
                "insert into room_settings (user_id, room_id, level, muted_until_us, starred)
                 values (?, ?, ?, ?, ?)
                 on conflict (user_id, room_id) do update set level = excluded.level,
                     muted_until_us = excluded.muted_until_us, starred = excluded.starred"
            }
        };
        let mut tx = self.pools.begin().await?;
        within!(&mut tx, c => {
            sqlx::query(upsert)
                .bind(user.0)
                .bind(room.0)
                .bind(level_code(settings.level))
                .bind(settings.muted_until.map(|at| at.0))
                .bind(i16::from(settings.starred))
                .execute(c).await.map(drop)
        })?;
        tx.commit().await
    }
}

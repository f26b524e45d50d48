//! What has arrived at users, what they have read, and what they want to hear.

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    Store,
    dialect::{Dialect, db_error, on_pool, on_tx, retry_deadlocks},
    presence::choice_of,
};
use crate::{
    error::Result,
    model::{
        MarkersMoved, Message, PresenceChoice, ReadMarkers, RoomId, RoomPreferences, Seq,
        Timestamp, UserId, limits,
        marks::{NotificationLevel, Receipts, SettingsChange},
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
    presence_choice: Option<i16>,
}

impl MarksRow {
    pub fn marks(&self) -> ReadMarkers {
        let unread_from = Seq(self.unread_from_seq);
        ReadMarkers {
            read: Seq(self.read_seq),
            delivered: Seq(self.delivered_seq).max(Seq(self.read_seq)),
            unread_from: (unread_from > Seq::ZERO).then_some(unread_from),
            secret: self.read_receipts == Some(0),
            hidden: self.presence_choice.map(choice_of) == Some(PresenceChoice::Invisible),
        }
    }
}

/// Of `marks k join users u`: where the marks are.
const POSITIONS: &str = "k.room_id, k.user_id, k.read_seq, k.delivered_seq, k.unread_from_seq,
    u.read_receipts, u.presence_choice";

/// Of the same: where others see them. Those of who is invisible stay where they
/// were when their user was seen last.
const SHOWN: &str = "k.room_id, k.user_id,
    case when u.presence_choice = 2 then k.shown_read_seq else k.read_seq end as read_seq,
    case when u.presence_choice = 2 then k.shown_delivered_seq else k.delivered_seq end
        as delivered_seq,
    k.unread_from_seq, u.read_receipts, u.presence_choice";

/// Of `marks k join members m join users u`: those of a room's members.
const MEMBERS_MARKS: &str = "from marks k
    join members m on m.room_id = k.room_id and m.user_id = k.user_id and m.state = 1
    join users u on u.id = k.user_id";

/// Of the same: whom a message was for. Who came later found it there.
const ADDRESSED: &str = "k.room_id = ? and k.user_id <> ? and m.floor_seq < ?
    and m.joined_us <= ?";

pub(super) fn level_of(code: i16) -> NotificationLevel {
    match code {
        2 => NotificationLevel::Mentions,
        3 => NotificationLevel::Nothing,
        _ => NotificationLevel::All,
    }
}

fn level_code(level: NotificationLevel) -> i16 {
    match level {
        NotificationLevel::All => 1,
        NotificationLevel::Mentions => 2,
        NotificationLevel::Nothing => 3,
    }
}

impl Store {
    /// The marks of a user in the rooms that they are in.
    pub async fn marks_of(&self, user: UserId) -> Result<Vec<MarkersMoved>> {
        let sql = format!("select {POSITIONS} {MEMBERS_MARKS} where m.user_id = ?");
        let rows: Vec<MarksRow> = on_pool!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql)).bind(user.0).fetch_all(c).await
        })
        .map_err(db_error)?;
        let moved = |row: MarksRow| MarkersMoved {
            room: RoomId(row.room_id),
            user,
            thread_of: None,
            marks: row.marks(),
        };
        Ok(rows.into_iter().map(moved).collect())
    }

    /// The marks of a user in a room.
    pub async fn marks(&self, room: RoomId, user: UserId) -> Result<ReadMarkers> {
        let row: Option<MarksRow> = on_pool!(&self.pools, c => {
            let sql = format!(
                "select {POSITIONS} from marks k join users u on u.id = k.user_id
                 where k.room_id = ? and k.user_id = ?"
            );
            sqlx::query_as(AssertSqlSafe(sql)).bind(room.0).bind(user.0).fetch_optional(c).await
        })
        .map_err(db_error)?;
        Ok(row.map(|row| row.marks()).unwrap_or_default())
    }

    /// The marks of a room's members as others see them, at most `limit` of them.
    pub async fn marks_in(&self, room: RoomId, limit: i64) -> Result<Vec<(UserId, ReadMarkers)>> {
        let sql = format!("select {SHOWN} {MEMBERS_MARKS} where k.room_id = ? limit ?");
        let rows: Vec<MarksRow> = on_pool!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql)).bind(room.0).bind(limit).fetch_all(c).await
        })
        .map_err(db_error)?;
        Ok(rows.into_iter().map(|row| (UserId(row.user_id), row.marks())).collect())
    }

    /// How many members a message has reached: of those who were there when it
    /// was posted, without its sender.
    pub async fn count_receipts(&self, message: &Message) -> Result<Receipts> {
        let count = |reached: &str| {
            format!(
                "select count(*) from (select 1 as one {MEMBERS_MARKS}
                 where {ADDRESSED} and {reached} limit {}) counted",
                limits::RECEIPT_COUNT + 1,
            )
        };
        let Message { room, seq, sender, posted_at, .. } = message;
        let begins = message.visible_from();
        // As SHOWN, which is never ahead: so the database may use its index.
        let read = count(
            "k.read_seq >= ? and (u.presence_choice <> 2 or k.shown_read_seq >= ?)
             and u.read_receipts = 1",
        );
        let delivered = count(
            "k.delivered_seq >= ? and (u.presence_choice <> 2 or k.shown_delivered_seq >= ?)",
        );
        let [read, delivered] = [read, delivered].map(|sql| async move {
            let counted: Result<i64, sqlx::Error> = on_pool!(&self.pools, c => {
                sqlx::query_scalar(AssertSqlSafe(sql))
                    .bind(room.0).bind(sender.0).bind(begins.0).bind(posted_at.0).bind(seq.0)
                    .bind(seq.0).fetch_one(c).await
            });
            counted.map_err(db_error)
        });
        let (read, delivered) = (read.await?, delivered.await?);
        Ok(Receipts { read, delivered, members: Vec::new() })
    }

    /// The marks of those whom a message was for and has reached, at most `limit`.
    pub async fn receipts(
        &self,
        message: &Message,
        limit: i64,
    ) -> Result<Vec<(UserId, ReadMarkers)>> {
        let sql = format!(
            "select {SHOWN} {MEMBERS_MARKS}
             where {ADDRESSED} and k.delivered_seq >= ?
               and (u.presence_choice <> 2 or k.shown_delivered_seq >= ?) limit ?"
        );
        let Message { room, seq, sender, posted_at, .. } = message;
        let begins = message.visible_from();
        let rows: Vec<MarksRow> = on_pool!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql))
                .bind(room.0).bind(sender.0).bind(begins.0).bind(posted_at.0).bind(seq.0)
                .bind(seq.0).bind(limit).fetch_all(c).await
        })
        .map_err(db_error)?;
        Ok(rows.into_iter().map(|row| (UserId(row.user_id), row.marks())).collect())
    }

    /// Whether a user tells others what they have read.
    pub async fn sends_receipts(&self, user: UserId) -> Result<bool> {
        let found: Option<i16> = on_pool!(&self.pools, c => {
            sqlx::query_scalar("select read_receipts from users where id = ?")
                .bind(user.0).fetch_optional(c).await
        })
        .map_err(db_error)?;
        Ok(found != Some(0))
    }

    pub async fn set_sends_receipts(&self, user: UserId, sends: bool) -> Result<()> {
        retry_deadlocks!(self.try_set_sends_receipts(user, sends).await).map_err(db_error)
    }

    async fn try_set_sends_receipts(&self, user: UserId, sends: bool) -> Result<(), sqlx::Error> {
        let mut tx = self.pools.begin().await?;
        on_tx!(&mut tx, c => {
            sqlx::query("update users set read_receipts = ? where id = ?")
                .bind(i16::from(sends)).bind(user.0).execute(c).await.map(drop)
        })?;
        tx.commit().await
    }

    /// What a user has set in their rooms, where they have set anything.
    pub async fn room_settings_of(&self, user: UserId) -> Result<Vec<(RoomId, RoomPreferences)>> {
        self.settings("user_id = ?", &[user.0]).await
    }

    /// What a user has set in a room.
    pub async fn room_settings(&self, room: RoomId, user: UserId) -> Result<RoomPreferences> {
        let mut found = self.settings("user_id = ? and room_id = ?", &[user.0, room.0]).await?;
        Ok(found.pop().map(|(_, settings)| settings).unwrap_or_default())
    }

    async fn settings(&self, wanted: &str, ids: &[Uuid]) -> Result<Vec<(RoomId, RoomPreferences)>> {
        let rows: Vec<SettingsRow> = on_pool!(&self.pools, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(settings_sql(wanted)));
            for id in ids {
                query = query.bind(*id);
            }
            query.fetch_all(c).await
        })
        .map_err(db_error)?;
        Ok(rows.into_iter().map(settings).collect())
    }

    /// Changes what a user has set in a room, and returns what is set now.
    pub async fn change_room_settings(
        &self,
        room: RoomId,
        user: UserId,
        change: SettingsChange,
    ) -> Result<RoomPreferences> {
        retry_deadlocks!(self.try_change_room_settings(room, user, change).await).map_err(db_error)
    }

    async fn try_change_room_settings(
        &self,
        room: RoomId,
        user: UserId,
        change: SettingsChange,
    ) -> Result<RoomPreferences, sqlx::Error> {
        let there = match self.pools.dialect() {
            Dialect::MySql => "on duplicate key update level = level",
            Dialect::Sqlite => "on conflict (user_id, room_id) do nothing",
        };
        let first = format!(
            "insert into room_settings (user_id, room_id, level, starred) values (?, ?, 1, 0) {there}"
        );
        let mut tx = self.pools.begin().await?;
        let now = self.changes_at();
        on_tx!(&mut tx, c => {
            sqlx::query(AssertSqlSafe(first)).bind(user.0).bind(room.0).execute(c).await.map(drop)
        })?;
        // Its row is there and locked: two changes of different things both last.
        on_tx!(&mut tx, c => {
            sqlx::query(
                "update room_settings
                 set level = coalesce(?, level), starred = coalesce(?, starred), changed_us = ?,
                     muted_until_us = case when ? = 1 then ? else muted_until_us end
                 where user_id = ? and room_id = ?",
            )
            .bind(change.level.map(level_code))
            .bind(change.starred.map(i16::from))
            .bind(now.0)
            .bind(i16::from(change.muted_until.is_some()))
            .bind(change.muted_until.flatten().map(|at| at.0))
            .bind(user.0)
            .bind(room.0)
            .execute(c).await.map(drop)
        })?;
        let row: SettingsRow = on_tx!(&mut tx, c => {
            sqlx::query_as(AssertSqlSafe(settings_sql("user_id = ? and room_id = ?")))
                .bind(user.0).bind(room.0).fetch_one(c).await
        })?;
        tx.commit().await?;
        Ok(settings(row).1)
    }
}

/// Room, level, muted until, starred.
type SettingsRow = (Uuid, i16, Option<i64>, i16);

fn settings_sql(wanted: &str) -> String {
    format!("select room_id, level, muted_until_us, starred from room_settings where {wanted}")
}

fn settings((room, level, muted_until, starred): SettingsRow) -> (RoomId, RoomPreferences) {
    let settings = RoomPreferences {
        level: level_of(level),
        muted_until: muted_until.map(Timestamp),
        starred: starred != 0,
    };
    (RoomId(room), settings)
}

//! What a stream needs of the store before it can tell what was missed: who its user
//! is, and how their rooms stand. Each is one statement, for one user or for several
//! whose streams come at once.

use std::collections::{BTreeSet, HashMap};

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    Store,
    dialect::{db_error, on_pool, pad_to_power_of_two, placeholders},
    marks::level_of,
    presence::choice_of,
    users::UserRow,
};
use crate::{
    error::Result,
    model::{
        LogId, MarkersMoved, ReadMarkers, RoomId, RoomPreferences, Seq, Timestamp, User, UserId,
        VisibleRange, limits,
        resume::{RoomState, RoomStates, Since, StreamUser},
    },
};

/// The rooms of some users, then the threads that they follow there. MySQL, to which the
/// hints are no comments, begins with the user, whatever it takes for shorter.
#[must_use]
pub fn room_states_sql(users: usize) -> String {
    let users = placeholders(1, users);
    format!(
        "select /*! straight_join */ m.user_id, r.id as room_id, 0 as thread_seq, r.log_id,
                r.head_seq, m.floor_seq,
                r.changed_seq as settings_seq, r.members_seq, r.active_us,
                k.read_seq, k.unread_from_seq, k.changed_us as marks_us,
                s.level, s.muted_until_us, s.starred, s.changed_us as settings_us
         from members m /*! force index (members_of_user) */
         join rooms r on r.id = m.room_id
         left join marks k on k.room_id = m.room_id and k.user_id = m.user_id
         left join room_settings s on s.user_id = m.user_id and s.room_id = m.room_id
         where m.user_id in {users} and m.state = 1
         union all
         select /*! straight_join */ t.user_id, t.room_id, t.thread_seq, 0, 0, 0, 0, 0, 0, t.read_seq, null,
                t.changed_us, null, null, null, null
         from thread_marks t
         join members m on m.room_id = t.room_id and m.user_id = t.user_id and m.state = 1
         join rooms r on r.id = t.room_id
         where t.user_id in {users} and t.follows = 1 and t.thread_seq > m.floor_seq
           and t.thread_seq > r.head_seq - {}",
        limits::SUMMARY_POSITIONS
    )
}

#[derive(sqlx::FromRow)]
struct StateRow {
    user_id: Uuid,
    room_id: Uuid,
    /// 0: of the room itself.
    thread_seq: i64,
    log_id: i64,
    head_seq: i64,
    floor_seq: i64,
    settings_seq: i64,
    members_seq: i64,
    active_us: i64,
    read_seq: Option<i64>,
    unread_from_seq: Option<i64>,
    marks_us: Option<i64>,
    level: Option<i16>,
    muted_until_us: Option<i64>,
    starred: Option<i16>,
    settings_us: Option<i64>,
}

impl StateRow {
    fn marks(&self) -> Option<Since<MarkersMoved>> {
        let unread_from = Seq(self.unread_from_seq.unwrap_or_default());
        let marks = ReadMarkers {
            read: Seq(self.read_seq?),
            unread_from: (unread_from > Seq::ZERO).then_some(unread_from),
            ..ReadMarkers::default()
        };
        let state = MarkersMoved {
            room: RoomId(self.room_id),
            user: UserId(self.user_id),
            thread_of: (self.thread_seq > 0).then_some(Seq(self.thread_seq)),
            marks,
        };
        Some(Since { at: Timestamp(self.marks_us.unwrap_or_default()), state })
    }

    fn settings(&self) -> Option<Since<RoomPreferences>> {
        let state = RoomPreferences {
            level: level_of(self.level?),
            muted_until: self.muted_until_us.map(Timestamp),
            starred: self.starred? != 0,
        };
        Some(Since { at: Timestamp(self.settings_us.unwrap_or_default()), state })
    }
}

impl Store {
    /// Those of some users that there are, for streams that they open.
    pub async fn stream_users(&self, users: &[UserId]) -> Result<HashMap<UserId, StreamUser>> {
        #[derive(sqlx::FromRow)]
        struct Row {
            #[sqlx(flatten)]
            user: UserRow,
            read_receipts: i16,
            presence_choice: i16,
            /// One row for each.
            block: Option<Uuid>,
        }
        let users = pad_to_power_of_two(users.to_vec());
        let listed = placeholders(1, users.len());
        let sql = format!(
            "select u.id, u.username, u.display_name, u.bio, u.status_text, u.created_us,
                    u.photo_id, u.version, u.read_receipts, u.presence_choice, b.other_id as block
             from users u
             left join (select user_id, blocked_id as other_id from blocks where user_id in {listed}
                        union select blocked_id, user_id from blocks where blocked_id in {listed}) b
                 on b.user_id = u.id
             where u.id in {listed}"
        );
        let rows: Vec<Row> = on_pool!(&self.pools, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql));
            for user in users.iter().chain(&users).chain(&users) {
                query = query.bind(user.0);
            }
            query.fetch_all(c).await
        })
        .map_err(db_error)?;
        let mut found: HashMap<UserId, StreamUser> = HashMap::new();
        for Row { user, read_receipts, presence_choice, block } in rows {
            let user = User::from(user);
            let of = found.entry(user.id).or_insert_with(|| StreamUser {
                user,
                sends_receipts: read_receipts != 0,
                choice: choice_of(presence_choice),
                blocks: BTreeSet::new(),
            });
            of.blocks.extend(block.map(UserId));
        }
        Ok(found)
    }

    /// How the rooms of some users stand.
    pub async fn room_states(&self, users: &[UserId]) -> Result<HashMap<UserId, RoomStates>> {
        let users = pad_to_power_of_two(users.to_vec());
        let sql = room_states_sql(users.len());
        let rows: Vec<StateRow> = on_pool!(&self.pools, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql));
            for user in users.iter().chain(&users) {
                query = query.bind(user.0);
            }
            query.fetch_all(c).await
        })
        .map_err(db_error)?;
        let mut found: HashMap<UserId, RoomStates> =
            users.iter().map(|user| (*user, RoomStates::default())).collect();
        for row in rows {
            let of = found.entry(UserId(row.user_id)).or_default();
            if row.thread_seq > 0 {
                of.threads.extend(row.marks());
                continue;
            }
            of.rooms.push(RoomState {
                room: RoomId(row.room_id),
                log: LogId(row.log_id),
                view: VisibleRange {
                    reader: UserId(row.user_id),
                    head: Seq(row.head_seq),
                    floor: Seq(row.floor_seq),
                },
                settings_seq: Seq(row.settings_seq),
                members_seq: Seq(row.members_seq),
                active_at: Timestamp(row.active_us),
                marks: row.marks(),
                settings: row.settings(),
            });
        }
        Ok(found)
    }
}

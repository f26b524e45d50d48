//! Reading rooms and members. Writing is in `batch.rs`.

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    Store,
    dialect::{db_error, on_pool},
    messages::limit_plus_one,
    users::NAME_MATCHES,
};
use crate::{
    error::Result,
    model::{
        FileId, History, LogId, Member, MemberRole, MemberState, Room, RoomId, RoomKind, Seq,
        Timestamp, User, UserId, VisibleRange,
        folding::search_form,
        rooms::{Access, DirectoryEntry, MemberSearch},
        users::{AccountRole, NameQuery},
    },
};

/// Of `rooms r`.
pub(super) const ROOM_COLUMNS: &str = "r.id, r.kind, r.name, r.topic, r.creator_id, r.created_us,
    r.member_count, r.changed_seq, r.head_seq, r.archived_us, r.direct_a, r.direct_b, r.history, r.picture_id,
    r.join_new_accounts, r.log_id";

#[derive(sqlx::FromRow)]
pub(super) struct RoomRow {
    pub(super) id: Uuid,
    kind: i16,
    name: String,
    topic: String,
    creator_id: Option<Uuid>,
    created_us: i64,
    member_count: i64,
    changed_seq: i64,
    pub(super) head_seq: i64,
    archived_us: Option<i64>,
    direct_a: Option<Uuid>,
    direct_b: Option<Uuid>,
    history: i16,
    picture_id: Option<Uuid>,
    join_new_accounts: i16,
    log_id: i64,
}

impl From<RoomRow> for Room {
    fn from(row: RoomRow) -> Self {
        Self {
            id: RoomId(row.id),
            log: LogId(row.log_id),
            kind: room_kind_of(row.kind, row.direct_a.zip(row.direct_b)),
            name: row.name,
            topic: row.topic,
            history: history_of(row.history),
            creator: row.creator_id.map(UserId),
            created_at: Timestamp(row.created_us),
            archived_at: row.archived_us.map(Timestamp),
            member_count: row.member_count,
            picture: row.picture_id.map(FileId),
            join_new_accounts: row.join_new_accounts != 0,
            changed_seq: Seq(row.changed_seq),
            head_seq: Seq(row.head_seq),
        }
    }
}

pub(super) fn room_kind_code(kind: RoomKind) -> i16 {
    match kind {
        RoomKind::Public => 1,
        RoomKind::Private => 2,
        RoomKind::Direct { .. } => 3,
    }
}

/// An unknown code, of a newer version's row, shows the room to nobody new.
fn room_kind_of(code: i16, pair: Option<(Uuid, Uuid)>) -> RoomKind {
    match (code, pair) {
        (1, _) => RoomKind::Public,
        (3, Some((a, b))) => RoomKind::Direct { a: UserId(a), b: UserId(b) },
        _ => RoomKind::Private,
    }
}

pub(super) fn history_code(history: History) -> i16 {
    match history {
        History::FromStart => 1,
        History::FromJoining => 2,
    }
}

/// An unknown code, of a newer version's row, shows the least.
fn history_of(code: i16) -> History {
    match code {
        1 => History::FromStart,
        _ => History::FromJoining,
    }
}

pub(super) fn role_code(role: MemberRole) -> i16 {
    match role {
        MemberRole::Member => 1,
        MemberRole::Admin => 2,
        MemberRole::Owner => 3,
    }
}

/// An unknown code, of a newer version's row, gives the fewest rights.
pub(super) fn role_of(code: i16) -> MemberRole {
    match code {
        3 => MemberRole::Owner,
        2 => MemberRole::Admin,
        _ => MemberRole::Member,
    }
}

pub(super) fn state_code(state: MemberState) -> i16 {
    match state {
        MemberState::Joined => 1,
        MemberState::Left => 2,
        MemberState::Banned => 3,
    }
}

pub(super) fn state_of(code: i16) -> MemberState {
    match code {
        1 => MemberState::Joined,
        3 => MemberState::Banned,
        _ => MemberState::Left,
    }
}

/// Of `members m join users u`.
pub(super) const MEMBER_COLUMNS: &str = "m.user_id, m.role, m.state, m.joined_us, m.muted_until_us,
    m.changed_seq, u.username, u.display_name, u.bio, u.status_text, u.created_us,
    u.photo_id, u.version";

#[derive(sqlx::FromRow)]
pub(super) struct MemberRow {
    user_id: Uuid,
    role: i16,
    state: i16,
    joined_us: i64,
    muted_until_us: Option<i64>,
    changed_seq: i64,
    username: String,
    display_name: String,
    bio: String,
    status_text: String,
    created_us: i64,
    photo_id: Option<Uuid>,
    version: i64,
}

impl From<MemberRow> for Member {
    fn from(row: MemberRow) -> Self {
        Self {
            user: User {
                id: UserId(row.user_id),
                username: row.username,
                display_name: row.display_name,
                bio: row.bio,
                status_text: row.status_text,
                created_at: Timestamp(row.created_us),
                photo: row.photo_id.map(FileId),
                version: row.version,
            },
            role: role_of(row.role),
            state: state_of(row.state),
            joined_at: Timestamp(row.joined_us),
            muted_until: row.muted_until_us.map(Timestamp),
            changed_seq: Seq(row.changed_seq),
        }
    }
}

impl Store {
    /// One room.
    pub async fn room(&self, room: RoomId) -> Result<Option<Room>> {
        let sql = format!("select {ROOM_COLUMNS} from rooms r where r.id = ?");
        let row: Option<RoomRow> = on_pool!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql)).bind(room.0).fetch_optional(c).await
        })
        .map_err(db_error)?;
        Ok(row.map(Room::from))
    }

    /// What a user may do in a room and see of it; `None` if there is no such room.
    pub async fn access(
        &self,
        room: RoomId,
        user: UserId,
    ) -> Result<Option<(Access, VisibleRange)>> {
        #[derive(sqlx::FromRow)]
        struct Row {
            kind: i16,
            head_seq: i64,
            archived_us: Option<i64>,
            direct_a: Option<Uuid>,
            direct_b: Option<Uuid>,
            role: Option<i16>,
            state: Option<i16>,
            muted_until_us: Option<i64>,
            floor_seq: Option<i64>,
        }
        let row: Option<Row> = on_pool!(&self.pools, c => {
            sqlx::query_as(
                "select r.kind, r.head_seq, r.archived_us, r.direct_a, r.direct_b,
                        m.role, m.state, m.muted_until_us, m.floor_seq
                 from rooms r
                 left join members m on m.room_id = r.id and m.user_id = ?
                 where r.id = ?",
            )
            .bind(user.0).bind(room.0).fetch_optional(c).await
        })
        .map_err(db_error)?;
        Ok(row.map(|row| {
            let access = Access {
                kind: room_kind_of(row.kind, row.direct_a.zip(row.direct_b)),
                archived: row.archived_us.is_some(),
                membership: row.role.zip(row.state).map(|(r, s)| (role_of(r), state_of(s))),
                muted: row.muted_until_us.is_some_and(|until| Timestamp(until) > Timestamp::now()),
                staff: AccountRole::User,
            };
            let floor = Seq(row.floor_seq.unwrap_or_default());
            (access, VisibleRange { reader: user, head: Seq(row.head_seq), floor })
        }))
    }

    /// Public rooms that whoever makes an account joins.
    pub async fn rooms_for_new_accounts(&self) -> Result<Vec<RoomId>> {
        self.room_ids("join_new_accounts = 1 and archived_us is null").await
    }

    /// The rooms that the server came with and that nobody has ever owned.
    pub async fn rooms_without_first_owner(&self) -> Result<Vec<RoomId>> {
        let sql = "creator_id is null and not exists (
                       select 1 from members m where m.room_id = rooms.id and m.role = 3)";
        self.room_ids(sql).await
    }

    async fn room_ids(&self, wanted: &str) -> Result<Vec<RoomId>> {
        let sql = format!("select id from rooms where kind = 1 and {wanted}");
        let rows: Vec<Uuid> = on_pool!(&self.pools, c => {
            sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(c).await
        })
        .map_err(db_error)?;
        Ok(rows.into_iter().map(RoomId).collect())
    }

    /// The log of a room.
    pub async fn log_of(&self, room: RoomId) -> Result<Option<LogId>> {
        let row: Option<i64> = on_pool!(&self.pools, c => {
            sqlx::query_scalar("select log_id from rooms where id = ?")
                .bind(room.0).fetch_optional(c).await
        })
        .map_err(db_error)?;
        Ok(row.map(LogId))
    }

    /// The rooms a user is in, with their logs and what the user may see of them.
    pub async fn views_of(&self, user: UserId) -> Result<Vec<(RoomId, LogId, VisibleRange)>> {
        let rows: Vec<(Uuid, i64, i64, i64)> = on_pool!(&self.pools, c => {
            sqlx::query_as(
                "select r.id, r.log_id, r.head_seq, m.floor_seq
                 from members m join rooms r on r.id = m.room_id
                 where m.user_id = ? and m.state = 1",
            )
            .bind(user.0).fetch_all(c).await
        })
        .map_err(db_error)?;
        let view = |(id, log, head, floor)| {
            (
                RoomId(id),
                LogId(log),
                VisibleRange { reader: user, head: Seq(head), floor: Seq(floor) },
            )
        };
        Ok(rows.into_iter().map(view).collect())
    }

    /// A page of public rooms by name, each with whether `user` is in it.
    ///
    /// `after` is the folded name and id of the room before.
    pub async fn directory(
        &self,
        user: UserId,
        query: &str,
        after: Option<(String, Uuid)>,
        limit: usize,
    ) -> Result<Vec<DirectoryEntry>> {
        #[derive(sqlx::FromRow)]
        struct Row {
            #[sqlx(flatten)]
            room: RoomRow,
            name_key: String,
            joined: i64,
        }
        let sql = format!(
            "select {ROOM_COLUMNS}, r.name_key,
                    (select count(*) from members me where me.room_id = r.id
                     and me.user_id = ? and me.state = 1) as joined
             from rooms r
             where r.kind = 1 and (r.name_key > ? or (r.name_key = ? and r.id > ?))
               and (? = '' or instr(r.name_key, ?) > 0 or instr(r.topic_key, ?) > 0)
             order by r.name_key, r.id limit ?"
        );
        let (name, id) = after.unwrap_or_default();
        let query = search_form(query);
        let rows: Vec<Row> = on_pool!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql))
                .bind(user.0)
                .bind(&name).bind(&name).bind(id)
                .bind(&query).bind(&query).bind(&query)
                .bind(limit_plus_one(limit))
                .fetch_all(c).await
        })
        .map_err(db_error)?;
        let entry = |row: Row| DirectoryEntry {
            room: row.room.into(),
            joined: row.joined > 0,
            key: row.name_key,
        };
        Ok(rows.into_iter().map(entry).collect())
    }

    /// A page of those who stand to a room in this way, by folded username.
    pub async fn members(&self, state: MemberState, search: &MemberSearch) -> Result<Vec<Member>> {
        let MemberSearch { room, prefix, after, limit } = search;
        let sql = format!(
            "select {MEMBER_COLUMNS} from members m join users u on u.id = m.user_id
             where m.room_id = ? and m.state = ? and u.username_key > ?
               and {NAME_MATCHES}
             order by u.username_key limit ?"
        );
        let NameQuery { username, first_word, inner_word } = NameQuery::new(prefix);
        let rows: Vec<MemberRow> = on_pool!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql))
                .bind(room.0)
                .bind(state_code(state))
                .bind(after.clone().unwrap_or_default())
                .bind(&username).bind(&first_word).bind(&inner_word)
                .bind(limit_plus_one(*limit))
                .fetch_all(c).await
        })
        .map_err(db_error)?;
        Ok(rows.into_iter().map(Member::from).collect())
    }

    /// How a user stands to a room, if they were ever its member or banned from it.
    pub async fn member(&self, room: RoomId, user: UserId) -> Result<Option<Member>> {
        let sql = format!(
            "select {MEMBER_COLUMNS} from members m join users u on u.id = m.user_id
             where m.room_id = ? and m.user_id = ?"
        );
        let row: Option<MemberRow> = on_pool!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql)).bind(room.0).bind(user.0).fetch_optional(c).await
        })
        .map_err(db_error)?;
        Ok(row.map(Member::from))
    }

    /// Ids of a room's members, at most `limit`.
    pub async fn member_ids(&self, room: RoomId, limit: usize) -> Result<Vec<UserId>> {
        let rows: Vec<Uuid> = on_pool!(&self.pools, c => {
            sqlx::query_scalar(
                "select user_id from members where room_id = ? and state = 1 limit ?",
            )
            .bind(room.0).bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(c).await
        })
        .map_err(db_error)?;
        Ok(rows.into_iter().map(UserId).collect())
    }
}

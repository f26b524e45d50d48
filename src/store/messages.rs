//! Reading messages by their names. Pages of a room's timeline are in `pages.rs`, what
//! changed is in `changes.rs`, writing is in `batch.rs`.

use std::borrow::Cow;

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    Store,
    dialect::{db_error, on_pool},
    users::{role_code, role_of},
};
use crate::{
    error::Result,
    model::{
        Content, Message, Pin, RoomId, Seq, SystemKind, Thread, Timestamp, UserId, Version, limits,
        users::AccountRole,
    },
};

/// Selects messages `x`, with the pins and threads that hang on them. Answers in
/// a thread are counted in its rows, up to a number that a batch cannot bring
/// below the one that is shown.
pub const MESSAGES: &str = "select x.room_id, x.seq, x.sender_id, x.kind,
        x.client_message_id, x.body, x.posted_us, coalesce(x.changed_seq, x.seq) as changed_seq, x.reply_to_seq, x.edited_us,
        x.about_id, x.staff, x.attachments,
        (select s.version from users s where s.id = x.sender_id) as sender_version,
        p.user_id as pinned_by, p.pinned_us, x.thread_seq,
        (select max(t.seq) from thread_replies t
         where t.room_id = x.room_id and t.root_seq = x.seq) as last_reply_seq,
        (select count(*) from thread_replies t
         where t.room_id = x.room_id and t.root_seq = x.seq and t.kind = 1
           and t.seq <= coalesce((select u.seq from thread_replies u
                where u.room_id = x.room_id and u.root_seq = x.seq and u.kind = 1
                order by u.seq limit 1 offset 1500), 9223372036854775807)) as replies
     from messages x left join pins p on p.room_id = x.room_id and p.seq = x.seq";

/// As [`MESSAGES`], of those that `names` has: a table, or a select in parentheses, with
/// `room_id` and `seq`. It is called `c`, and the databases begin with it.
#[must_use]
pub fn messages_of(names: &str) -> String {
    let joined = format!(
        "from {names} c cross join messages x on x.room_id = c.room_id and x.seq = c.seq
         left join pins"
    );
    // SQLite takes cross joins in the order in which they are written.
    MESSAGES
        .replacen("select", "select /*! straight_join */", 1)
        .replace("from messages x left join pins", &joined)
}

#[derive(sqlx::FromRow)]
pub(super) struct MessageRow {
    room_id: Uuid,
    seq: i64,
    sender_id: Uuid,
    sender_version: Option<i64>,
    kind: i16,
    client_message_id: Option<Vec<u8>>,
    body: String,
    posted_us: i64,
    changed_seq: i64,
    reply_to_seq: Option<i64>,
    edited_us: Option<i64>,
    about_id: Option<Uuid>,
    staff: i16,
    /// How many it has.
    pub(super) attachments: i16,
    pinned_by: Option<Uuid>,
    pinned_us: Option<i64>,
    thread_seq: Option<i64>,
    last_reply_seq: Option<i64>,
    replies: i64,
}

impl MessageRow {
    pub(super) fn changed_seq(&self) -> Seq {
        Seq(self.changed_seq)
    }

    pub(super) fn name(&self) -> (RoomId, Seq) {
        (RoomId(self.room_id), Seq(self.seq))
    }
}

const KIND_TEXT: i16 = 1;
const KIND_DELETED: i16 = 2;

/// How a content is stored.
pub(super) struct ContentRow<'a> {
    pub kind: i16,
    pub client_message_id: Option<Cow<'a, [u8]>>,
    pub body: &'a str,
    /// Who deleted it, or whom it is about.
    pub about: Option<UserId>,
    /// By which role on the server it was done; 0: as a member.
    pub staff: i16,
}

pub(super) fn stored(content: &Content) -> ContentRow<'_> {
    match content {
        Content::Text { text, client_message_id } => ContentRow {
            kind: KIND_TEXT,
            client_message_id: Some(pack_client_id(client_message_id)),
            body: text,
            about: None,
            staff: 0,
        },
        Content::Deleted { by, client_message_id } => ContentRow {
            kind: KIND_DELETED,
            client_message_id: Some(pack_client_id(client_message_id)),
            body: "",
            about: Some(*by),
            staff: 0,
        },
        Content::System { kind, detail, about, staff } => {
            let kind = match kind {
                SystemKind::RoomCreated => 10,
                SystemKind::MemberJoined => 11,
                SystemKind::MemberLeft => 12,
                SystemKind::RoomRenamed => 13,
                SystemKind::TopicChanged => 14,
                SystemKind::MemberAdded => 15,
                SystemKind::MemberRemoved => 16,
                SystemKind::MemberBanned => 17,
                SystemKind::RoleChanged => 18,
                SystemKind::RoomArchived => 19,
                SystemKind::RoomUnarchived => 20,
                SystemKind::MemberMuted => 21,
                SystemKind::MemberUnmuted => 22,
                SystemKind::MemberUnbanned => 23,
                SystemKind::MessageDeleted => 24,
                SystemKind::MessagePinned => 25,
                SystemKind::MessageUnpinned => 26,
                SystemKind::SettingsChanged => 27,
            };
            let staff = match staff {
                AccountRole::User => 0,
                staff => role_code(*staff),
            };
            ContentRow { kind, client_message_id: None, body: detail, about: *about, staff }
        }
    }
}

/// A client's id as it is kept: of a UUID in its usual form its 16 bytes, of any other
/// id its text, which is ASCII. A UUID is not: its ninth byte has the highest bit.
fn pack_client_id(id: &str) -> Cow<'_, [u8]> {
    match Uuid::try_parse(id) {
        Ok(uuid) if uuid.as_bytes()[8] > 0x7f && uuid.to_string() == id => {
            Cow::Owned(uuid.as_bytes().to_vec())
        }
        _ => Cow::Borrowed(id.as_bytes()),
    }
}

fn unpack_client_id(kept: Vec<u8>) -> String {
    match <[u8; 16]>::try_from(kept.as_slice()) {
        Ok(uuid) if uuid[8] > 0x7f => Uuid::from_bytes(uuid).to_string(),
        _ => String::from_utf8(kept).unwrap_or_default(),
    }
}

/// The position of a message's last change as it is kept: none if there was none.
pub(super) fn changed_seq(message: &Message) -> Option<i64> {
    (message.changed_seq != message.seq).then_some(message.changed_seq.0)
}

pub(super) fn attachment_count(message: &Message) -> i16 {
    i16::try_from(message.attachments.len()).unwrap_or(i16::MAX)
}

impl From<MessageRow> for Message {
    /// Without its reactions, mentions and attachments, which have rows of their
    /// own.
    fn from(row: MessageRow) -> Self {
        let about = row.about_id.map(UserId);
        let staff = role_of(row.staff);
        let system = |kind, detail| Content::System { kind, detail, about, staff };
        let client_message_id = row.client_message_id.map(unpack_client_id).unwrap_or_default();
        let content = match row.kind {
            10 => system(SystemKind::RoomCreated, row.body),
            11 => system(SystemKind::MemberJoined, row.body),
            12 => system(SystemKind::MemberLeft, row.body),
            13 => system(SystemKind::RoomRenamed, row.body),
            14 => system(SystemKind::TopicChanged, row.body),
            15 => system(SystemKind::MemberAdded, row.body),
            16 => system(SystemKind::MemberRemoved, row.body),
            17 => system(SystemKind::MemberBanned, row.body),
            18 => system(SystemKind::RoleChanged, row.body),
            19 => system(SystemKind::RoomArchived, row.body),
            20 => system(SystemKind::RoomUnarchived, row.body),
            21 => system(SystemKind::MemberMuted, row.body),
            22 => system(SystemKind::MemberUnmuted, row.body),
            23 => system(SystemKind::MemberUnbanned, row.body),
            24 => system(SystemKind::MessageDeleted, row.body),
            25 => system(SystemKind::MessagePinned, row.body),
            26 => system(SystemKind::MessageUnpinned, row.body),
            27 => system(SystemKind::SettingsChanged, row.body),
            KIND_DELETED => {
                Content::Deleted { by: about.unwrap_or(UserId(row.sender_id)), client_message_id }
            }
            _ => Content::Text { text: row.body, client_message_id },
        };
        let pin = row.pinned_by.zip(row.pinned_us);
        Self {
            room: RoomId(row.room_id),
            seq: Seq(row.seq),
            sender: UserId(row.sender_id),
            sender_version: row.sender_version.unwrap_or_default(),
            posted_at: Timestamp(row.posted_us),
            changed_seq: Seq(row.changed_seq),
            content,
            reply_to: row.reply_to_seq.map(Seq),
            edited_at: row.edited_us.map(Timestamp),
            reactions: Vec::new(),
            pin: pin.map(|(user, at)| Pin { user: UserId(user), pinned_at: Timestamp(at) }),
            mentions: Vec::new(),
            thread_of: row.thread_seq.map(Seq),
            thread: row.last_reply_seq.map(|last| Thread { replies: row.replies, last: Seq(last) }),
            attachments: Vec::new(),
        }
    }
}

impl Store {
    /// One message by its name.
    pub async fn message(&self, reader: UserId, room: RoomId, seq: Seq) -> Result<Option<Message>> {
        let sql = format!("{MESSAGES} where x.room_id = ? and x.seq = ?");
        let row: Option<MessageRow> = on_pool!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql)).bind(room.0).bind(seq.0).fetch_optional(c).await
        })
        .map_err(db_error)?;
        Ok(self.whole(reader, row.into_iter().collect()).await?.pop())
    }

    /// Messages with all that hangs on them, for one who reads them.
    pub(super) async fn whole(
        &self,
        reader: UserId,
        rows: Vec<MessageRow>,
    ) -> Result<Vec<Message>> {
        self.dressed(reader, self.with_attachments(rows).await?).await
    }

    /// The pinned messages of a room, the newest pin first.
    pub async fn pins(&self, reader: UserId, room: RoomId) -> Result<Vec<Message>> {
        let sql = format!(
            "{MESSAGES} where x.room_id = ? and p.seq is not null
             order by p.pinned_us desc, x.seq desc"
        )
        // From the few pins to their messages, not the other way.
        .replace("left join pins", "join pins");
        let rows: Vec<MessageRow> = on_pool!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql)).bind(room.0).fetch_all(c).await
        })
        .map_err(db_error)?;
        self.whole(reader, rows).await
    }

    /// The newest of a message's earlier texts, oldest first.
    pub async fn versions(&self, room: RoomId, seq: Seq) -> Result<Vec<Version>> {
        let rows: Vec<(String, i64)> = on_pool!(&self.pools, c => {
            sqlx::query_as(
                "select body, written_us from message_versions where room_id = ? and seq = ?
                 order by replaced_seq desc limit ?",
            )
            .bind(room.0).bind(seq.0).bind(limit_plus_one(limits::VERSIONS - 1))
            .fetch_all(c).await
        })
        .map_err(db_error)?;
        let version = |(text, at)| Version { text, written_at: Timestamp(at) };
        Ok(rows.into_iter().rev().map(version).collect())
    }
}

pub(super) fn limit_plus_one(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX - 1) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_client_is_kept_in_few_bytes_and_comes_back_as_it_was() {
        let v4 = "0b5c1d9e-3c57-4a0c-9f10-5d8f0c2f7f4e";
        for (id, bytes) in [
            (v4, 16),
            (&v4.to_uppercase(), 36),
            (&v4.replace('-', ""), 32),
            // No UUID of the usual variant: its bytes could be a text of 16 letters.
            ("41414141-4141-4141-4141-414141414141", 36),
            ("AAAAAAAAAAAAAAAA", 16),
            ("7", 1),
        ] {
            let kept = pack_client_id(id).into_owned();
            assert_eq!(kept.len(), bytes, "{id}");
            assert_eq!(unpack_client_id(kept), id);
        }
    }
}

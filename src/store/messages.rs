//! Reading messages and what changed in a room. Pages of its timeline are in
//! `pages.rs`, writing is in `batch.rs`.

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    Store,
    dialect::{reading, refused},
    rooms::{MEMBER_COLUMNS, MemberRow, ROOM_COLUMNS, RoomRow},
    users::{role_code, role_of},
};
use crate::{
    error::Result,
    model::{
        Change, Content, Member, MemberState, Message, Pin, Room, RoomId, Seq, SystemKind, Thread,
        Timestamp, UserId, Version, View, limits, messages::fitting, users::AccountRole,
    },
};

/// Selects messages `x`, with the pins and threads that hang on them. Answers in
/// a thread are counted in an index, up to a number that a batch cannot bring
/// below the one that is shown. MySQL, to which the hints are no comments, might
/// else walk through the room: where there are no threads, that looks as short.
pub const MESSAGES: &str = "select x.room_id, x.seq, x.sender_id, x.kind,
        x.client_message_id, x.body, x.posted_us, x.changed_seq, x.reply_to_seq, x.edited_us,
        x.about_id, x.staff, x.attachments, p.user_id as pinned_by, p.pinned_us, x.thread_seq,
        (select max(t.seq) from messages t /*! force index (messages_thread) */
         where t.room_id = x.room_id and t.thread_seq = x.seq) as last_reply_seq,
        (select count(*) from messages t /*! force index (messages_thread) */
         where t.room_id = x.room_id and t.thread_seq = x.seq and t.kind = 1
           and t.seq <= coalesce((select u.seq from messages u /*! force index (messages_thread) */
                where u.room_id = x.room_id and u.thread_seq = x.seq and u.kind = 1
                order by u.seq limit 1 offset 1500), 9223372036854775807)) as replies
     from messages x left join pins p on p.room_id = x.room_id and p.seq = x.seq";

#[derive(sqlx::FromRow)]
pub(super) struct MessageRow {
    room_id: Uuid,
    seq: i64,
    sender_id: Uuid,
    kind: i16,
    client_message_id: Option<String>,
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
    thread_seq: i64,
    last_reply_seq: Option<i64>,
    replies: i64,
}

impl MessageRow {
    pub(super) fn name(&self) -> (RoomId, Seq) {
        (RoomId(self.room_id), Seq(self.seq))
    }
}

const KIND_TEXT: i16 = 1;
const KIND_DELETED: i16 = 2;

/// How a content is stored.
pub(super) struct Stored<'a> {
    pub kind: i16,
    pub client_message_id: Option<&'a str>,
    pub body: &'a str,
    /// Who deleted it, or whom it is about.
    pub about: Option<UserId>,
    /// By which role on the server it was done; 0: as a member.
    pub staff: i16,
}

pub(super) fn stored(content: &Content) -> Stored<'_> {
    match content {
        Content::Text { text, client_message_id } => Stored {
            kind: KIND_TEXT,
            client_message_id: Some(client_message_id),
            body: text,
            about: None,
            staff: 0,
        },
        Content::Deleted { by, client_message_id } => Stored {
            kind: KIND_DELETED,
            client_message_id: Some(client_message_id),
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
            Stored { kind, client_message_id: None, body: detail, about: *about, staff }
        }
    }
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
        let client_message_id = row.client_message_id.unwrap_or_default();
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
            posted_at: Timestamp(row.posted_us),
            changed_seq: Seq(row.changed_seq),
            content,
            reply_to: row.reply_to_seq.map(Seq),
            edited_at: row.edited_us.map(Timestamp),
            reactions: Vec::new(),
            pin: pin.map(|(user, at)| Pin { user: UserId(user), pinned_at: Timestamp(at) }),
            mentions: Vec::new(),
            thread_of: (row.thread_seq > 0).then_some(Seq(row.thread_seq)),
            thread: row.last_reply_seq.map(|last| Thread { replies: row.replies, last: Seq(last) }),
            attachments: Vec::new(),
        }
    }
}

/// What changed in a room after a position.
pub struct Changes {
    /// In the order of their positions.
    pub changes: Vec<Change>,
    /// Up to where the room is known with these; less than the head if there
    /// were too many.
    pub synced: Seq,
}

impl Store {
    /// One message by its name.
    pub async fn message(&self, reader: UserId, room: RoomId, seq: Seq) -> Result<Option<Message>> {
        let sql = format!("{MESSAGES} where x.room_id = ? and x.seq = ?");
        let row: Option<MessageRow> = reading!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql)).bind(room.0).bind(seq.0).fetch_optional(c).await
        })
        .map_err(refused)?;
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
        let rows: Vec<MessageRow> = reading!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql)).bind(room.0).fetch_all(c).await
        })
        .map_err(refused)?;
        self.whole(reader, rows).await
    }

    /// The newest of a message's earlier texts, oldest first.
    pub async fn versions(&self, room: RoomId, seq: Seq) -> Result<Vec<Version>> {
        let rows: Vec<(String, i64)> = reading!(&self.pools, c => {
            sqlx::query_as(
                "select body, written_us from message_versions where room_id = ? and seq = ?
                 order by replaced_seq desc limit ?",
            )
            .bind(room.0).bind(seq.0).bind(limit_plus_one(limits::VERSIONS - 1))
            .fetch_all(c).await
        })
        .map_err(refused)?;
        let version = |(text, at)| Version { text, written_at: Timestamp(at) };
        Ok(rows.into_iter().rev().map(version).collect())
    }

    /// What changed after a position, up to `head`, which was read before, or further:
    /// messages that have changed again since come as they are now. Were they passed
    /// over, a live delta that follows would be about a message, or a text, that the
    /// reader does not have. As long as the reader is in the room as they were then;
    /// else only up to `head`. Members and settings that changed again come with a
    /// later change, which tells them as a whole. What the reader may not see leaves
    /// empty positions.
    pub async fn changes(
        &self,
        room: RoomId,
        after: Seq,
        view: View,
        limit: usize,
    ) -> Result<Changes> {
        let View { head, .. } = view;
        if after >= head {
            return Ok(Changes { changes: vec![], synced: after });
        }
        let messages = format!(
            "{MESSAGES} where x.room_id = ? and x.changed_seq > ?
               and (x.changed_seq <= ? or exists (
                   select 1 from members m where m.room_id = ? and m.user_id = ?
                     and m.state = 1 and m.floor_seq = ?))
             order by x.changed_seq limit ?"
        );
        let members = format!(
            "select {MEMBER_COLUMNS} from members m join users u on u.id = m.user_id
             where m.room_id = ? and m.changed_seq > ? and m.changed_seq <= ?
             order by m.changed_seq limit ?"
        );
        let settings = format!(
            "select {ROOM_COLUMNS} from rooms r
             where r.id = ? and r.changed_seq > ? and r.changed_seq <= ?"
        );
        let at_most = limit_plus_one(limit);
        let messages: Vec<MessageRow> = reading!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(messages))
                .bind(room.0).bind(after.0)
                .bind(head.0).bind(room.0).bind(view.reader.0).bind(view.floor.0)
                .bind(at_most).fetch_all(c).await
        })
        .map_err(refused)?;
        let head = messages.last().map_or(head, |last| head.max(Seq(last.changed_seq)));
        let members: Vec<MemberRow> = reading!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(members))
                .bind(room.0).bind(after.0).bind(head.0).bind(at_most).fetch_all(c).await
        })
        .map_err(refused)?;
        let settings: Option<RoomRow> = reading!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(settings))
                .bind(room.0).bind(after.0).bind(head.0).fetch_optional(c).await
        })
        .map_err(refused)?;
        let messages = self.whole(view.reader, messages).await?;
        let limit = limit.min(fitting(&messages));
        let rows = Rows {
            messages,
            members: members.into_iter().map(Member::from).collect(),
            settings: settings.map(Room::from),
        };
        let mut changes = merge(room, after, head, limit, rows);
        for change in &mut changes.changes {
            change.message.take_if(|message| !view.shows(message));
            // Who had left or was banned before the reader came is not for them.
            change.member.take_if(|member| {
                member.changed_seq <= view.floor && member.state != MemberState::Joined
            });
        }
        Ok(changes)
    }
}

/// Rows that changed, each kind in the order of `changed_seq`.
struct Rows {
    messages: Vec<Message>,
    members: Vec<Member>,
    settings: Option<Room>,
}

/// Puts the rows of each position together. Each change covers the positions
/// since the one before it; the last goes up to the head, unless rows remain.
fn merge(room: RoomId, after: Seq, head: Seq, limit: usize, rows: Rows) -> Changes {
    let mut positions = std::collections::BTreeMap::<Seq, Change>::new();
    // A kind of which there are more rows bounds how far all of them go.
    let cut = [
        rows.messages.get(limit).map(|message| message.changed_seq),
        rows.members.get(limit).map(|member| member.changed_seq),
    ]
    .into_iter()
    .flatten()
    .min();
    for message in rows.messages {
        let seq = message.changed_seq;
        positions.entry(seq).or_insert_with(|| Change::at(room, seq)).message = Some(message);
    }
    for member in rows.members {
        let seq = member.changed_seq;
        positions.entry(seq).or_insert_with(|| Change::at(room, seq)).member = Some(member);
    }
    if let Some(settings) = rows.settings {
        let seq = settings.changed_seq;
        positions.entry(seq).or_insert_with(|| Change::at(room, seq)).settings = Some(settings);
    }
    let complete = cut.is_none() && positions.len() <= limit;
    let mut changes: Vec<Change> = positions
        .into_values()
        .filter(|change| cut.is_none_or(|cut| change.seq < cut))
        .take(limit)
        .collect();
    if complete && changes.last().is_none_or(|last| last.seq < head) {
        changes.push(Change::at(room, head));
    }
    let mut known = after;
    for change in &mut changes {
        change.after = known;
        known = change.seq;
    }
    Changes { changes, synced: known }
}

pub(super) fn limit_plus_one(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX - 1) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(seq: i64, changed: i64) -> Message {
        Message {
            room: RoomId(Uuid::nil()),
            seq: Seq(seq),
            sender: UserId(Uuid::nil()),
            posted_at: Timestamp(0),
            changed_seq: Seq(changed),
            content: Content::Text { text: String::new(), client_message_id: "1".into() },
            reply_to: None,
            edited_at: None,
            reactions: Vec::new(),
            pin: None,
            mentions: vec![],
            thread_of: None,
            thread: None,
            attachments: Vec::new(),
        }
    }

    #[test]
    fn changes_cover_every_position_up_to_the_head() {
        let room = RoomId(Uuid::nil());
        let rows = |list: &[(i64, i64)]| Rows {
            messages: list.iter().map(|&(s, c)| message(s, c)).collect(),
            members: vec![],
            settings: None,
        };
        let covered = |changes: &Changes| -> Vec<(i64, i64)> {
            changes.changes.iter().map(|c| (c.after.0, c.seq.0)).collect()
        };
        let all = merge(room, Seq(3), Seq(9), 10, rows(&[(4, 4), (5, 7)]));
        assert_eq!(covered(&all), [(3, 4), (4, 7), (7, 9)]);
        assert_eq!(all.synced, Seq(9));

        let some = merge(room, Seq(0), Seq(9), 2, rows(&[(1, 1), (2, 2), (3, 3)]));
        assert_eq!(covered(&some), [(0, 1), (1, 2)]);
        assert_eq!(some.synced, Seq(2));

        let nothing = merge(room, Seq(3), Seq(9), 2, rows(&[]));
        assert_eq!(covered(&nothing), [(3, 9)]);
    }
}

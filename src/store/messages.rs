//! Reading messages and what changed in a room. Writing is in `batch.rs`.

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    Store,
    dialect::{reading, refused},
    rooms::{MEMBER_COLUMNS, MemberRow, ROOM_COLUMNS, RoomRow},
};
use crate::{
    error::Result,
    model::{
        Change, Content, Member, Message, Room, RoomId, Seq, SystemKind, Timestamp, UserId, limits,
        messages::{Anchor, MessagePage},
    },
};

/// In the order in which `batch.rs` writes them.
pub(super) const MESSAGE_COLUMNS: &str =
    "room_id, seq, sender_id, kind, client_message_id, body, posted_us, changed_seq";

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
}

const KIND_TEXT: i16 = 1;

/// How a content is stored: kind, client id, body.
pub(super) fn kind_of(content: &Content) -> (i16, Option<&str>, &str) {
    match content {
        Content::Text { text, client_message_id } => (KIND_TEXT, Some(client_message_id), text),
        Content::System { kind, detail } => {
            let code = match kind {
                SystemKind::RoomCreated => 10,
                SystemKind::MemberJoined => 11,
                SystemKind::MemberLeft => 12,
                SystemKind::RoomRenamed => 13,
                SystemKind::TopicChanged => 14,
            };
            (code, None, detail)
        }
    }
}

impl From<MessageRow> for Message {
    fn from(row: MessageRow) -> Self {
        let system = |kind, detail| Content::System { kind, detail };
        let content = match row.kind {
            10 => system(SystemKind::RoomCreated, row.body),
            11 => system(SystemKind::MemberJoined, row.body),
            12 => system(SystemKind::MemberLeft, row.body),
            13 => system(SystemKind::RoomRenamed, row.body),
            14 => system(SystemKind::TopicChanged, row.body),
            _ => Content::Text {
                text: row.body,
                client_message_id: row.client_message_id.unwrap_or_default(),
            },
        };
        Self {
            room: RoomId(row.room_id),
            seq: Seq(row.seq),
            sender: UserId(row.sender_id),
            posted_at: Timestamp(row.posted_us),
            changed_seq: Seq(row.changed_seq),
            content,
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
    /// A page of messages; `head` is the room's head, read before.
    pub async fn message_page(
        &self,
        room: RoomId,
        anchor: Anchor,
        limit: usize,
        head: Seq,
    ) -> Result<MessagePage> {
        let page = match anchor {
            Anchor::Newest => self.older(room, head.next(), limit).await?,
            Anchor::Before(seq) => self.older(room, seq, limit).await?,
            Anchor::After(seq) => self.newer(room, seq, limit).await?,
            Anchor::Around(seq) => {
                let (older, has_older) = self.older(room, seq, limit / 2).await?;
                let (newer, has_newer) =
                    self.newer(room, seq.before(), limit - older.len()).await?;
                let messages = older.into_iter().chain(newer).collect();
                return Ok(MessagePage { messages, has_older, has_newer, head });
            }
        };
        let (messages, more) = page;
        let (has_older, has_newer) = match anchor {
            Anchor::Newest => (more, false),
            Anchor::Before(seq) => (more, seq <= head && self.has_from(room, seq).await?),
            Anchor::After(seq) | Anchor::Around(seq) => (self.has_upto(room, seq).await?, more),
        };
        Ok(MessagePage { messages, has_older, has_newer, head })
    }

    /// The newest messages before a position, and whether there are older ones.
    async fn older(&self, room: RoomId, before: Seq, limit: usize) -> Result<(Vec<Message>, bool)> {
        let sql = format!(
            "select {MESSAGE_COLUMNS} from messages where room_id = ? and seq < ?
             order by seq desc limit ?"
        );
        let (mut messages, more) = self.messages(sql, room, before, limit).await?;
        messages.reverse();
        Ok((messages, more))
    }

    /// The oldest messages after a position, and whether there are newer ones.
    async fn newer(&self, room: RoomId, after: Seq, limit: usize) -> Result<(Vec<Message>, bool)> {
        let sql = format!(
            "select {MESSAGE_COLUMNS} from messages where room_id = ? and seq > ?
             order by seq limit ?"
        );
        self.messages(sql, room, after, limit).await
    }

    async fn messages(
        &self,
        sql: String,
        room: RoomId,
        edge: Seq,
        limit: usize,
    ) -> Result<(Vec<Message>, bool)> {
        let mut rows: Vec<MessageRow> = reading!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql))
                .bind(room.0).bind(edge.0).bind(limit_plus_one(limit))
                .fetch_all(c).await
        })
        .map_err(refused)?;
        let fit = limit.min(fitting(&rows));
        let more = rows.len() > fit;
        rows.truncate(fit);
        Ok((rows.into_iter().map(Message::from).collect(), more))
    }

    async fn has_from(&self, room: RoomId, seq: Seq) -> Result<bool> {
        self.exists("select 1 from messages where room_id = ? and seq >= ? limit 1", room, seq)
            .await
    }

    async fn has_upto(&self, room: RoomId, seq: Seq) -> Result<bool> {
        self.exists("select 1 from messages where room_id = ? and seq <= ? limit 1", room, seq)
            .await
    }

    async fn exists(&self, sql: &'static str, room: RoomId, seq: Seq) -> Result<bool> {
        let row: Option<i64> = reading!(&self.pools, c => {
            sqlx::query_scalar(sql).bind(room.0).bind(seq.0).fetch_optional(c).await
        })
        .map_err(refused)?;
        Ok(row.is_some())
    }

    /// One message by its name.
    pub async fn message(&self, room: RoomId, seq: Seq) -> Result<Option<Message>> {
        let sql = format!("select {MESSAGE_COLUMNS} from messages where room_id = ? and seq = ?");
        let row: Option<MessageRow> = reading!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql)).bind(room.0).bind(seq.0).fetch_optional(c).await
        })
        .map_err(refused)?;
        Ok(row.map(Message::from))
    }

    /// What changed after a position, up to `head`, which was read before: rows
    /// that changed again since are beyond it and come with a later change.
    pub async fn changes(
        &self,
        room: RoomId,
        after: Seq,
        head: Seq,
        limit: usize,
    ) -> Result<Changes> {
        if after >= head {
            return Ok(Changes { changes: vec![], synced: after });
        }
        let messages = format!(
            "select {MESSAGE_COLUMNS} from messages
             where room_id = ? and changed_seq > ? and changed_seq <= ?
             order by changed_seq limit ?"
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
        let (messages, members, settings): (Vec<MessageRow>, Vec<MemberRow>, Option<RoomRow>) =
            reading!(&self.pools, c => async {
                let limit = limit_plus_one(limit);
                Ok::<_, sqlx::Error>((
                    sqlx::query_as(AssertSqlSafe(messages))
                        .bind(room.0).bind(after.0).bind(head.0).bind(limit)
                        .fetch_all(c).await?,
                    sqlx::query_as(AssertSqlSafe(members))
                        .bind(room.0).bind(after.0).bind(head.0).bind(limit)
                        .fetch_all(c).await?,
                    sqlx::query_as(AssertSqlSafe(settings))
                        .bind(room.0).bind(after.0).bind(head.0)
                        .fetch_optional(c).await?,
                ))
            }.await)
            .map_err(refused)?;
        let limit = limit.min(fitting(&messages));
        Ok(merge(
            room,
            after,
            head,
            limit,
            Rows {
                messages: messages.into_iter().map(Message::from).collect(),
                members: members.into_iter().map(Member::from).collect(),
                settings: settings.map(Room::from),
            },
        ))
    }
}

/// How many of the rows a page has room for; at least one, so that it goes on.
fn fitting(rows: &[MessageRow]) -> usize {
    let mut bytes = 0;
    let cut = rows.iter().position(|row| {
        bytes += row.body.len();
        bytes > limits::PAGE_BYTES
    });
    cut.unwrap_or(rows.len()).max(1)
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

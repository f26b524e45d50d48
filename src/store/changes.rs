//! What changed in a room after a position.
//!
//! A room's log is kept in four tables, so that a plain message costs two B-trees:
//!
//! - `messages` has every message under (room, seq), its only key. The timeline and what
//!   was posted after a position are ranges of it.
//! - `message_changes` has one row for each message that was changed after it was posted
//!   (an edit, a reaction, a pin, an answer in its thread), under (room, `changed_seq`) of
//!   its last change. A change replaces the row of the one before it.
//! - `thread_replies` has one row for each answer in a thread, under (room, root, seq).
//! - `message_keys` tells a message that is sent again from a new one
//!   (`message_keys.rs`).
//!
//! So what changed after a position is the union of two ranges: messages that were
//! posted after it and have not changed since (`changed_seq` is null), and rows of `message_changes` after it.
//! Members and the room itself say in their own rows when they changed.

use sqlx::AssertSqlSafe;

use super::{
    Store,
    dialect::{reading, refused},
    messages::{MessageRow, limit_plus_one, messages_of},
    rooms::{MEMBER_COLUMNS, MemberRow, ROOM_COLUMNS, RoomRow},
};
use crate::{
    error::Result,
    model::{Change, Member, MemberState, Message, Room, RoomId, Seq, View, messages::fitting},
};

/// Messages that a catch-up looks at in one statement, to find those that have not
/// changed.
const SCANNED_MESSAGES: i64 = 4_096;

/// What changed in a room after a position.
pub struct Changes {
    /// In the order of their positions.
    pub changes: Vec<Change>,
    /// Up to where the room is known with these; less than the head if there
    /// were too many.
    pub synced: Seq,
}

/// The messages of one room that changed after a position and up to another, in the
/// order of their changes. Parameters: twice the room, both positions and the limit, and
/// the limit once more.
#[must_use]
pub fn changed_messages_sql() -> String {
    let names = "(
         select * from (
             select s.room_id, s.seq, s.seq as changed_seq from messages s
             where s.room_id = ? and s.seq > ? and s.seq <= ? and s.changed_seq is null
             order by s.seq limit ?) sent
         union all
         select * from (
             select e.room_id, e.seq, e.changed_seq from message_changes e
             where e.room_id = ? and e.changed_seq > ? and e.changed_seq <= ?
             order by e.changed_seq limit ?) changed
     )";
    format!("{} order by c.changed_seq limit ?", messages_of(names))
}

impl Store {
    /// What changed after a position, up to `head`, which was read before: rows
    /// that changed again since are beyond it and come with a later change. What
    /// the reader may not see leaves empty positions.
    pub async fn changes(
        &self,
        room: RoomId,
        after: Seq,
        view: View,
        limit: usize,
    ) -> Result<Changes> {
        if after >= view.head {
            return Ok(Changes { changes: vec![], synced: after });
        }
        let head = self.scan_end(room, after, view.head).await?;
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
        let messages = self.changed_messages(room, after, head, limit + 1).await?;
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
        let messages = self.whole(room, messages).await?;
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

    /// Up to where a catch-up may read at once, which is `head` for most: of messages that
    /// were posted after the position and changed beyond `head`, nothing comes of the
    /// scan.
    pub(super) async fn scan_end(&self, room: RoomId, after: Seq, head: Seq) -> Result<Seq> {
        if head.0 - after.0 <= SCANNED_MESSAGES {
            return Ok(head);
        }
        let last: Option<i64> = reading!(&self.pools, c => {
            sqlx::query_scalar(
                "select seq from messages where room_id = ? and seq > ?
                 order by seq limit 1 offset ?",
            )
            .bind(room.0).bind(after.0).bind(SCANNED_MESSAGES - 1).fetch_optional(c).await
        })
        .map_err(refused)?;
        Ok(last.map_or(head, Seq).min(head))
    }

    /// The first messages that changed after a position and up to another, without what
    /// has rows of its own, in the order of their changes.
    pub(super) async fn changed_messages(
        &self,
        room: RoomId,
        after: Seq,
        upto: Seq,
        limit: usize,
    ) -> Result<Vec<MessageRow>> {
        let sql = changed_messages_sql();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        reading!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql))
                .bind(room.0).bind(after.0).bind(upto.0).bind(limit)
                .bind(room.0).bind(after.0).bind(upto.0).bind(limit)
                .bind(limit)
                .fetch_all(c).await
        })
        .map_err(refused)
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

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::model::{Content, Timestamp, UserId};

    fn message(seq: i64, changed: i64) -> Message {
        Message {
            room: RoomId(Uuid::nil()),
            seq: Seq(seq),
            sender: UserId(Uuid::nil()),
            sender_version: 1,
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

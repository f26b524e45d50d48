//! What changed in rooms after positions in them: of several rooms at once.
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
//! posted after it and have not changed since (`changed_seq` is null), and rows of
//! `message_changes` after it.
//! Members and the room itself say in their own rows when they changed.

use std::collections::{BTreeMap, HashMap};

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    Store,
    dialect::{Dialect, db_error, on_pool, pad_to_power_of_two, placeholders},
    messages::{MessageRow, limit_plus_one, messages_of},
    rooms::{MEMBER_COLUMNS, MemberRow, ROOM_COLUMNS, RoomRow},
};
use crate::{
    error::Result,
    model::{
        Change, Member, MemberState, Message, Room, RoomId, Seq, UserId, VisibleRange,
        messages::fitting, resume::Behind,
    },
};

/// Messages that a catch-up looks at in one statement, to find those that have not
/// changed.
const SCANNED_MESSAGES: i64 = 4_096;

/// Up to so many positions in all rooms together are read by one pair of selects.
const FEW_POSITIONS: i64 = 512;
/// At most so many rows come of it: the rooms go on meanwhile. If that is reached, some
/// may be missing, and each room is read by a pair of its own.
const MOST_OF_FEW: usize = 1_024;

/// What changed in a room after a position.
pub struct Changes {
    /// In the order of their positions.
    pub changes: Vec<Change>,
    /// Up to where the room is known with these; less than `head` if there were too many.
    pub synced: Seq,
    /// The head that the reading began with, or beyond it where something more was found.
    pub head: Seq,
}

/// A room of which messages are read that changed.
struct Stretch {
    room: RoomId,
    after: Seq,
    upto: Seq,
    /// As many positions as are known to lie there.
    positions: i64,
}

impl Store {
    /// What changed in a room.
    pub async fn changes_in(&self, of: Behind, limit: usize) -> Result<Changes> {
        let nothing = Changes { changes: vec![], synced: of.after, head: of.view.head };
        if of.after >= of.view.head {
            return Ok(nothing);
        }
        Ok(self.changes(&[of], limit).await?.pop().unwrap_or(nothing))
    }

    /// What changed in some rooms, at most `ROOMS_AT_ONCE`, in their order, for one
    /// reader; of each up to `limit` rows.
    ///
    /// Up to `head`, which was read before, or further: messages that have changed again
    /// since come as they are now. Were they passed over, a live delta that follows would
    /// be about a message, or a text, that the reader does not have. Therefore there is
    /// nothing to read any more only once `synced` is the `head` of what was found. As
    /// long as the reader is in the room as they were then; else only up to the head that
    /// was read before. Members and settings that changed again come with a later change,
    /// which tells them as a whole.
    ///
    /// One statement reads the messages of all rooms; only those of which members or
    /// settings have changed need another, and those where something happens right now,
    /// and what hangs on messages is read where there can be any (`dress.rs`).
    pub async fn changes(&self, of: &[Behind], limit: usize) -> Result<Vec<Changes>> {
        let Some(reader) = of.first().map(|of| of.view.reader) else { return Ok(vec![]) };
        let mut heads: HashMap<RoomId, Seq> = HashMap::new();
        let mut pages = Vec::with_capacity(of.len());
        let mut stretches = Vec::with_capacity(of.len());
        for of in of.iter().filter(|of| of.after < of.view.head) {
            let end = self.scan_end(of.room, of.after, of.view.head).await?;
            // What lies between comes with a later page, as it is then.
            let upto = if end < of.view.head { end } else { Seq(i64::MAX) };
            heads.insert(of.room, end);
            let positions = end.0 - of.after.0;
            stretches.push(Stretch { room: of.room, after: of.after, upto, positions });
        }
        let mut rows = self.messages_changed(stretches, limit + 1).await?;
        self.go_beyond(reader, of, &mut heads, &mut rows).await?;
        for of in of {
            let end = heads.get(&of.room).copied().unwrap_or(of.view.head);
            pages.push(of.up_to(end));
        }
        let mut messages: HashMap<RoomId, Vec<Message>> = HashMap::new();
        for message in self.whole(reader, rows).await? {
            messages.entry(message.room).or_default().push(message);
        }
        let mut members = self.members_changed(&pages, limit).await?;
        let mut settings = self.settings_changed(&pages).await?;
        let changes = pages.iter().zip(of).map(|(page, of)| {
            if page.after >= page.view.head {
                return Changes { changes: vec![], synced: of.after, head: of.view.head };
            }
            let mut messages = messages.remove(&page.room).unwrap_or_default();
            messages.sort_unstable_by_key(|message| message.changed_seq);
            let mut members = members.remove(&page.room).unwrap_or_default();
            members.sort_unstable_by_key(|member| member.changed_seq);
            let limit = limit.min(fitting(&messages));
            let rows = Rows { messages, members, settings: settings.remove(&page.room) };
            let found = merge(page.room, page.after, page.view.head, limit, rows);
            seen(Changes { head: found.head.max(of.view.head), ..found }, of.view)
        });
        Ok(changes.collect())
    }

    /// Moves the heads of rooms up to the last change that was found there; where the
    /// reader is not in the room any more as they were, takes that away instead.
    async fn go_beyond(
        &self,
        reader: UserId,
        of: &[Behind],
        heads: &mut HashMap<RoomId, Seq>,
        rows: &mut Vec<MessageRow>,
    ) -> Result<()> {
        let mut beyond: HashMap<RoomId, Seq> = HashMap::new();
        for row in rows.iter() {
            let (room, _) = row.name();
            if heads.get(&room).is_some_and(|head| *head < row.changed_seq()) {
                let last = beyond.entry(room).or_default();
                *last = row.changed_seq().max(*last);
            }
        }
        if beyond.is_empty() {
            return Ok(());
        }
        let rooms = pad_to_power_of_two(beyond.keys().copied().collect::<Vec<_>>());
        let sql = format!(
            "select room_id, floor_seq from members
             where user_id = ? and state = 1 and room_id in {}",
            placeholders(1, rooms.len())
        );
        let floors: Vec<(Uuid, i64)> = on_pool!(&self.pools, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql)).bind(reader.0);
            for room in rooms {
                query = query.bind(room.0);
            }
            query.fetch_all(c).await
        })
        .map_err(db_error)?;
        let floors: HashMap<RoomId, Seq> =
            floors.into_iter().map(|(room, floor)| (RoomId(room), Seq(floor))).collect();
        for of in of {
            if floors.get(&of.room) == Some(&of.view.floor)
                && let Some(last) = beyond.get(&of.room)
            {
                heads.insert(of.room, *last);
            }
        }
        rows.retain(|row| heads.get(&row.name().0).is_some_and(|head| row.changed_seq() <= *head));
        Ok(())
    }

    /// The first messages that changed in a room after a position and up to another,
    /// without what has rows of its own, in the order of their changes.
    pub(super) async fn changed_messages(
        &self,
        room: RoomId,
        after: Seq,
        upto: Seq,
        limit: usize,
    ) -> Result<Vec<MessageRow>> {
        let stretch = Stretch { room, after, upto, positions: upto.0.saturating_sub(after.0) };
        let mut rows = self.messages_changed(vec![stretch], limit).await?;
        rows.sort_unstable_by_key(MessageRow::changed_seq);
        rows.truncate(limit);
        Ok(rows)
    }

    /// Of each room the first so many messages that changed, of those that were sent and
    /// of those that changed after they were sent. In no order.
    async fn messages_changed(&self, of: Vec<Stretch>, limit: usize) -> Result<Vec<MessageRow>> {
        if of.is_empty() {
            return Ok(vec![]);
        }
        let dialect = self.pools.dialect();
        let positions = of.iter().map(|of| of.positions).fold(0, i64::saturating_add);
        let of = filled(of.into_iter().map(|of| (of.room.0, of.after.0, of.upto.0)));
        if of.len() > 1 && positions <= FEW_POSITIONS {
            let rows = self.few_messages_changed(dialect, &of).await?;
            if rows.len() < MOST_OF_FEW {
                return Ok(rows);
            }
        }
        let sql = changed_messages_sql(dialect, of.len());
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        on_pool!(&self.pools, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql));
            for (room, after, upto) in of {
                query = query.bind(room).bind(after).bind(upto).bind(limit);
                query = query.bind(room).bind(after).bind(upto).bind(limit);
            }
            query.fetch_all(c).await
        })
        .map_err(db_error)
    }

    /// The same where there are few, of which none is left out unless there are
    /// [`MOST_OF_FEW`]. MySQL plans each select anew every time, and SQLite opens its
    /// tables for each: this has two, however many rooms there are.
    async fn few_messages_changed(
        &self,
        dialect: Dialect,
        of: &[(Uuid, i64, i64)],
    ) -> Result<Vec<MessageRow>> {
        let sql = few_changed_messages_sql(dialect, of.len());
        let limit = i64::try_from(MOST_OF_FEW).unwrap_or(i64::MAX);
        on_pool!(&self.pools, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql));
            for _ in 0..2 {
                for (room, after, upto) in of {
                    query = query.bind(*room).bind(*after).bind(*upto);
                }
                query = query.bind(limit);
            }
            query.fetch_all(c).await
        })
        .map_err(db_error)
    }

    /// Up to where a catch-up may read at once, which is `head` for most: of messages that
    /// were posted after the position and changed beyond `head`, nothing comes of the
    /// scan.
    pub(super) async fn scan_end(&self, room: RoomId, after: Seq, head: Seq) -> Result<Seq> {
        if head.0 - after.0 <= SCANNED_MESSAGES {
            return Ok(head);
        }
        let last: Option<i64> = on_pool!(&self.pools, c => {
            sqlx::query_scalar(
                "select seq from messages where room_id = ? and seq > ?
                 order by seq limit 1 offset ?",
            )
            .bind(room.0).bind(after.0).bind(SCANNED_MESSAGES - 1).fetch_optional(c).await
        })
        .map_err(db_error)?;
        Ok(last.map_or(head, Seq).min(head))
    }

    async fn members_changed(
        &self,
        of: &[Behind],
        limit: usize,
    ) -> Result<HashMap<RoomId, Vec<Member>>> {
        #[derive(sqlx::FromRow)]
        struct Row {
            room_id: Uuid,
            #[sqlx(flatten)]
            member: MemberRow,
        }
        let of: Vec<&Behind> =
            of.iter().filter(|of| of.after < of.view.head.min(of.members_seq)).collect();
        let mut found: HashMap<RoomId, Vec<Member>> = HashMap::new();
        if of.is_empty() {
            return Ok(found);
        }
        let of = filled(of.into_iter().map(|of| (of.room.0, of.after.0, of.view.head.0)));
        let one = format!(
            "select /*! straight_join */ m.room_id, {MEMBER_COLUMNS}
             from members m /*! force index (members_changed) */ join users u on u.id = m.user_id
             where m.room_id = ? and m.changed_seq > ? and m.changed_seq <= ?
             order by m.changed_seq limit ?"
        );
        let sql = all_of(self.pools.dialect(), &one, of.len());
        let rows: Vec<Row> = on_pool!(&self.pools, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql));
            for (room, after, head) in of {
                query = query.bind(room).bind(after).bind(head).bind(limit_plus_one(limit));
            }
            query.fetch_all(c).await
        })
        .map_err(db_error)?;
        for row in rows {
            found.entry(RoomId(row.room_id)).or_default().push(row.member.into());
        }
        Ok(found)
    }

    async fn settings_changed(&self, of: &[Behind]) -> Result<HashMap<RoomId, Room>> {
        let of: Vec<&Behind> =
            of.iter().filter(|of| of.after < of.view.head.min(of.settings_seq)).collect();
        if of.is_empty() {
            return Ok(HashMap::new());
        }
        let of = filled(of.into_iter().map(|of| (of.room.0, of.after.0, of.view.head.0)));
        let one = "(r.id = ? and r.changed_seq > ? and r.changed_seq <= ?)";
        let sql = format!(
            "select {ROOM_COLUMNS} from rooms r where {}",
            vec![one; of.len()].join(" or ")
        );
        let rows: Vec<RoomRow> = on_pool!(&self.pools, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql));
            for (room, after, head) in of {
                query = query.bind(room).bind(after).bind(head);
            }
            query.fetch_all(c).await
        })
        .map_err(db_error)?;
        Ok(rows.into_iter().map(Room::from).map(|room| (room.id, room)).collect())
    }
}

/// The messages that changed in some rooms: binds of each, twice, its id, after which
/// position and up to which, and how many at most.
#[must_use]
pub fn changed_messages_sql(dialect: Dialect, rooms: usize) -> String {
    let sent = "select s.room_id, s.seq from messages s
         where s.room_id = ? and s.seq > ? and s.seq <= ? and s.changed_seq is null
         order by s.seq limit ?";
    let changed = "select e.room_id, e.seq from message_changes e
         where e.room_id = ? and e.changed_seq > ? and e.changed_seq <= ?
         order by e.changed_seq limit ?";
    let one = [sent, changed].map(|one| all_of(dialect, one, 1)).join(" union all ");
    messages_of(&format!("({})", vec![one; rooms].join(" union all ")))
}

/// The same where there are few: binds of each room, its id, after which position and up
/// to which, and how many at most of all of them; all that twice.
#[must_use]
pub fn few_changed_messages_sql(dialect: Dialect, rooms: usize) -> String {
    let [sent, changed] = match dialect {
        Dialect::MySql => {
            let any = |one: &str| vec![one; rooms].join(" or ");
            let sent = any("(s.room_id = ? and s.seq > ? and s.seq <= ?)");
            let changed = any("(e.room_id = ? and e.changed_seq > ? and e.changed_seq <= ?)");
            [
                format!(
                    "from messages s force index (primary)
                     where ({sent}) and s.changed_seq is null"
                ),
                format!("from message_changes e force index (primary) where {changed}"),
            ]
        }
        // With "or", each room would be looked up by cursors of its own.
        Dialect::Sqlite => {
            let ranges = format!("(values {}) r", placeholders(rooms, 3));
            [
                format!(
                    "from {ranges} cross join messages s on s.room_id = r.column1
                         and s.seq > r.column2 and s.seq <= r.column3
                     where s.changed_seq is null"
                ),
                format!(
                    "from {ranges} cross join message_changes e on e.room_id = r.column1
                         and e.changed_seq > r.column2 and e.changed_seq <= r.column3"
                ),
            ]
        }
    };
    let sent = all_of(dialect, &format!("select s.room_id, s.seq {sent} limit ?"), 1);
    let changed = all_of(dialect, &format!("select e.room_id, e.seq {changed} limit ?"), 1);
    messages_of(&format!("({sent} union all {changed})"))
}

/// Selects with an order and a limit of their own, as one statement.
fn all_of(dialect: Dialect, one: &str, rooms: usize) -> String {
    let one = match dialect {
        // Not through a table of its own for each of them.
        Dialect::MySql => format!("({one})"),
        Dialect::Sqlite => format!("select * from ({one})"),
    };
    vec![one; rooms].join(" union all ")
}

/// Fills a list up to the next power of two with rooms that there are not, so that
/// statements come in few sizes.
fn filled(of: impl Iterator<Item = (Uuid, i64, i64)>) -> Vec<(Uuid, i64, i64)> {
    let mut of: Vec<_> = of.collect();
    of.resize(of.len().next_power_of_two(), (Uuid::nil(), 0, 0));
    of
}

/// Takes away what a reader may not see.
fn seen(mut changes: Changes, view: VisibleRange) -> Changes {
    for change in &mut changes.changes {
        change.message.take_if(|message| !view.shows(message));
        // Who had left or was banned before the reader came is not for them.
        change.member.take_if(|member| {
            member.changed_seq <= view.floor && member.state != MemberState::Joined
        });
    }
    changes
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
    let mut positions = BTreeMap::<Seq, Change>::new();
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
    Changes { changes, synced: known, head }
}

#[cfg(test)]
mod tests {
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

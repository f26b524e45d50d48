//! What an operation does to a room's log: the pure middle of a commit.
//!
//! A [`RoomLog`] is what a transaction has read under the room's lock. Applying
//! an operation to it checks the rules, takes positions, and appends to
//! `changes`, from which the store derives every row it writes. A refused
//! operation leaves no trace.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{
    Change, Content, Done, Draft, File, FileId, History, Invite, LogId, MemberRole, MemberState,
    Message, Op, Room, RoomKind, Seq, Timestamp, UserId,
    log_messages::Touched,
    messages::ThreadMark,
    rooms::{Access, Right},
    users::AccountRole,
};
use crate::error::{Error, Result};

/// A membership as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membership {
    pub role: MemberRole,
    pub state: MemberState,
    pub joined_at: Timestamp,
    pub muted_until: Option<Timestamp>,
    /// See [`View`](super::View).
    pub floor: Seq,
    pub changed_seq: Seq,
}

/// A message that was sent before.
#[derive(Debug, Clone)]
pub struct Sent {
    pub message: Message,
    /// What it said at first; not known any more of what is deleted.
    pub text: Option<String>,
}

impl Sent {
    fn is(&self, draft: &Draft) -> bool {
        let files = self.message.attachments.iter().map(|file| &file.id);
        (self.message.reply_to, self.message.thread_of) == (draft.reply_to, draft.thread_of)
            && self
                .text
                .as_ref()
                .is_none_or(|text| *text == draft.text && files.eq(&draft.attachments))
    }

    /// As it was sent, without what others have made of it since.
    fn as_sent(&self, draft: &Draft) -> Message {
        let client_message_id = draft.client_message_id.clone();
        Message {
            content: Content::Text { text: draft.text.clone(), client_message_id },
            changed_seq: self.message.seq,
            edited_at: None,
            reactions: Vec::new(),
            pin: None,
            mentions: Vec::new(),
            thread: None,
            ..self.message.clone()
        }
    }
}

/// A room as a transaction knows it under the room's lock.
#[derive(Debug)]
pub struct RoomLog {
    pub room: Room,
    /// The room is made by this transaction.
    pub created: bool,
    /// The time of the operation that is applied.
    pub(super) now: Timestamp,
    /// Who does not want to hear from whom, of those whom the batch brings
    /// together: the smaller id first, whoever has blocked the other.
    pub blocks: HashSet<(UserId, UserId)>,
    /// Of the users that the batch's operations name; absent: never a member.
    pub members: HashMap<UserId, Membership>,
    /// Those of them who keep order on the server, for operations that they may do
    /// as such.
    pub staff: HashMap<UserId, AccountRole>,
    /// How many owners are in the room.
    pub owners: i64,
    /// Messages that the batch's drafts may repeat, by sender and client id.
    pub sent: HashMap<(UserId, String), Sent>,
    /// Messages that the batch's operations are about.
    pub messages: BTreeMap<Seq, Message>,
    /// Which of the batch's users have which reaction under them.
    pub reacted: HashSet<(Seq, String, UserId)>,
    /// Of the files that the batch's drafts name.
    pub files: BTreeMap<FileId, File>,
    /// How many messages are pinned; read only for who pins.
    pub pins: i64,
    /// Members by the folded usernames that the batch's texts call.
    pub named: HashMap<String, UserId>,
    /// Invites that the batch's operations are about, and those who have come in
    /// by them, of the batch's users.
    pub invites: HashMap<String, Invite>,
    pub invited: HashSet<(String, UserId)>,
    /// Marks of the threads that the batch's operations are about; absent: none.
    pub thread_marks: HashMap<(Seq, UserId), ThreadMark>,

    /// What this transaction changes, one element for each position taken.
    pub changes: Vec<Change>,
    /// Who comes in by it, and where: what was said before is history, not unread.
    pub entered: HashMap<UserId, Seq>,
    /// What else it does to messages.
    pub touched: Touched,
}

impl RoomLog {
    #[must_use]
    pub fn new(room: Room) -> Self {
        Self {
            room,
            created: false,
            now: Timestamp::default(),
            blocks: HashSet::new(),
            members: HashMap::new(),
            staff: HashMap::new(),
            owners: 0,
            sent: HashMap::new(),
            messages: BTreeMap::new(),
            reacted: HashSet::new(),
            files: BTreeMap::new(),
            pins: 0,
            named: HashMap::new(),
            invites: HashMap::new(),
            invited: HashSet::new(),
            thread_marks: HashMap::new(),
            changes: Vec::new(),
            entered: HashMap::new(),
            touched: Touched::default(),
        }
    }

    /// Of a room that the transaction makes.
    #[must_use]
    pub fn of_new_room(room: Room) -> Self {
        Self { created: true, ..Self::new(room) }
    }

    /// Applies one operation, or refuses it and changes nothing.
    pub fn apply(&mut self, op: &Op, now: Timestamp) -> Result<Done> {
        self.now = now;
        if let Op::Touch { user, log, .. } = op
            && self.is_replaced(*log)
        {
            // Who may not know of the room learns nothing of its log.
            let access = self.access(*user);
            if access.may_as_staff(Right::DeleteOthers).is_none() {
                access.may(Right::Read)?;
            }
            return Err(Error::LogReplaced);
        }
        match op {
            Op::Send(draft) => self.send(draft).map(Done::Message),
            Op::Create { members, .. } => self.create(members),
            Op::Join { user, .. } => self.join(user),
            Op::Leave { user, .. } => self.leave(user),
            Op::Redeem { user, code, creator, .. } => self.redeem(user, code, *creator),
            Op::Update { user, name, topic, history, picture, join_new_accounts, .. } => {
                let texts = (name.as_deref(), topic.as_deref());
                self.update(*user, texts, (*history, *picture, *join_new_accounts))
            }
            Op::Appoint { user, .. } => Ok(self.appoint(user)),
            Op::Touch { user, seq, touch, .. } => self.touch(*user, *seq, touch).map(Done::Message),
            Op::Add { by, users, .. } => self.add(*by, users),
            Op::SetMember { by, user, change, .. } => self.set(*by, user, *change),
            Op::Archive { by, archived, .. } => self.archive(*by, *archived),
        }
    }

    /// Whether positions of this log are those of another message by now.
    fn is_replaced(&self, log: Option<LogId>) -> bool {
        log.is_some_and(|log| log != self.room.log)
    }

    pub(super) fn access(&self, user: UserId) -> Access {
        let held = self.members.get(&user);
        Access {
            kind: self.room.kind,
            archived: self.room.archived_at.is_some(),
            membership: held.map(|held| (held.role, held.state)),
            muted: held.and_then(|held| held.muted_until).is_some_and(|until| until > self.now),
            staff: self.staff_role(user),
        }
    }

    /// What a user is on the server, for operations that this matters to.
    pub(super) fn staff_role(&self, user: UserId) -> AccountRole {
        self.staff.get(&user).copied().unwrap_or_default()
    }

    /// Whether one of two users has blocked the other.
    pub(super) fn has_block(&self, one: UserId, other: UserId) -> bool {
        self.blocks.contains(&(one.min(other), one.max(other)))
    }

    /// Whether the two of a direct room do not want to hear from each other.
    pub(super) fn is_blocked(&self) -> bool {
        matches!(self.room.kind, RoomKind::Direct { a, b } if self.has_block(a, b))
    }

    /// A message, if a member may know of it.
    pub(super) fn message_for(&self, user: UserId, seq: Seq) -> Result<&Message> {
        let message = self.messages.get(&seq).filter(|message| self.shows(user, message));
        message.ok_or(Error::MessageNotFound)
    }

    /// Whether a user may read a message: a member from their floor on, anybody else
    /// if newcomers may.
    pub(super) fn shows(&self, user: UserId, message: &Message) -> bool {
        let held = self.members.get(&user).filter(|held| held.state == MemberState::Joined);
        match held {
            Some(held) => message.visible_from() > held.floor,
            None => self.room.history == History::FromStart,
        }
    }

    fn send(&mut self, draft: &Draft) -> Result<Message> {
        let key = (draft.sender, draft.client_message_id.clone());
        if let Some(first) = self.sent.get(&key) {
            // Also to who has left since: it was sent, and that is the answer.
            return match self.access(draft.sender).may(Right::Read) {
                _ if !first.is(draft) => Err(Error::ClientMessageIdReused),
                Ok(_) => Ok(first.message.clone()),
                Err(_) => Ok(first.as_sent(draft)),
            };
        }
        self.access(draft.sender).may(Right::Post)?;
        if self.is_blocked() {
            return Err(Error::Blocked);
        }
        if draft.reply_to.or(draft.thread_of).is_some() && self.is_replaced(draft.log) {
            return Err(Error::LogReplaced);
        }
        if let Some(seq) = draft.reply_to {
            self.message_for(draft.sender, seq)?.text()?;
        }
        if let Some(root) = draft.thread_of {
            self.check_thread(draft.sender, root)?;
        }
        let attachments = self.attachments(draft)?;
        let content = Content::Text {
            text: draft.text.clone(),
            client_message_id: draft.client_message_id.clone(),
        };
        let mentions = self.mentions(draft.sender, &draft.names);
        let message = self.post(draft.sender, content, |message| {
            message.reply_to = draft.reply_to;
            message.thread_of = draft.thread_of;
            message.mentions = mentions;
            message.attachments = attachments;
        });
        self.posted_in_thread(draft, &message);
        let text = Some(draft.text.clone());
        self.sent.insert(key, Sent { message: message.clone(), text });
        Ok(message)
    }

    /// The files that a draft names. Another's are as if they did not exist.
    fn attachments(&self, draft: &Draft) -> Result<Vec<File>> {
        let own = |id| self.files.get(id).filter(|file| file.uploader == draft.sender).cloned();
        draft.attachments.iter().map(|id| own(id).ok_or(Error::FileNotFound)).collect()
    }

    /// Takes the next position for a message, which `dress` makes what it is
    /// beside its content.
    pub(super) fn post(
        &mut self,
        sender: UserId,
        content: Content,
        dress: impl FnOnce(&mut Message),
    ) -> Message {
        let seq = self.next();
        let mut message = Message {
            room: self.room.id,
            seq,
            sender,
            posted_at: self.now,
            changed_seq: seq,
            content,
            reply_to: None,
            edited_at: None,
            reactions: Vec::new(),
            pin: None,
            mentions: Vec::new(),
            thread_of: None,
            thread: None,
            attachments: Vec::new(),
        };
        dress(&mut message);
        self.messages.insert(seq, message.clone());
        self.tell_message(message.clone());
        message
    }

    /// Takes the next position.
    pub(super) fn next(&mut self) -> Seq {
        self.room.head_seq = self.room.head_seq.next();
        self.room.head_seq
    }

    /// Tells a message at the position that it has just taken.
    pub(super) fn tell_message(&mut self, message: Message) {
        let mut change = Change::at(self.room.id, message.changed_seq);
        change.message = Some(message);
        self.changes.push(change);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::model::{RoomId, Touch, User, files::NewImage};

    fn user(n: u8) -> User {
        User {
            id: UserId(Uuid::from_u128(u128::from(n) + 1)),
            username: format!("user{n}"),
            display_name: format!("User {n}"),
            bio: String::new(),
            status_text: String::new(),
            created_at: Timestamp(0),
            photo: None,
        }
    }

    fn room() -> Room {
        Room {
            id: RoomId(Uuid::from_u128(1)),
            log: LogId(1),
            kind: RoomKind::Public,
            name: "General".into(),
            topic: String::new(),
            history: History::FromStart,
            creator: Some(user(0).id),
            created_at: Timestamp(0),
            archived_at: None,
            member_count: 0,
            picture: None,
            join_new_accounts: false,
            changed_seq: Seq::ZERO,
            head_seq: Seq::ZERO,
        }
    }

    fn create() -> Op {
        Op::Create {
            room: Box::new(room()),
            members: vec![(user(0), MemberRole::Owner)],
            key: None,
        }
    }

    fn new_log() -> RoomLog {
        let mut log = RoomLog { created: true, ..RoomLog::new(room()) };
        log.apply(&create(), Timestamp(1)).expect("a room can be made");
        log
    }

    fn draft(n: u8, id: u8, text: &str) -> Op {
        Op::Send(Draft {
            room: room().id,
            sender: user(n).id,
            text: text.into(),
            client_message_id: id.to_string(),
            reply_to: None,
            thread_of: (id == 3).then_some(Seq(2)),
            sent_at: Timestamp(0),
            log: None,
            names: Vec::new(),
            attachments: Vec::new(),
        })
    }

    #[test]
    fn a_repeat_returns_the_first_and_another_text_is_refused() {
        let mut log = new_log();
        let first = log.apply(&draft(0, 7, "hi"), Timestamp(2)).expect("a member may post");
        let again = log.apply(&draft(0, 7, "hi"), Timestamp(3)).expect("a repeat is harmless");
        assert_eq!(first, again);
        assert!(matches!(
            log.apply(&draft(0, 7, "ho"), Timestamp(3)),
            Err(Error::ClientMessageIdReused)
        ));
        assert_eq!(log.room.head_seq, Seq(2));
    }

    #[test]
    fn the_last_owner_stays_while_others_are_in_the_room() {
        let mut log = new_log();
        let leave = |n| Op::Leave { room: room().id, user: user(n) };
        log.apply(&Op::Join { room: room().id, user: user(1) }, Timestamp(2)).expect("may join");
        assert!(matches!(log.apply(&leave(0), Timestamp(3)), Err(Error::LastOwner)));
        assert_eq!(log.apply(&leave(1), Timestamp(3)).ok(), Some(Done::Left));
        assert_eq!(log.apply(&leave(0), Timestamp(4)).ok(), Some(Done::Left));
        assert_eq!((log.room.member_count, log.owners), (0, 0));
        log.apply(&Op::Join { room: room().id, user: user(1) }, Timestamp(5)).expect("may join");
        assert_eq!(log.owners, 1, "who comes back to an empty room owns it");
    }

    proptest! {
        /// Whatever is asked, in whatever order: positions have no holes, what
        /// is refused changes nothing, and counts agree with the members.
        #[test]
        fn the_log_has_no_holes(ops in proptest::collection::vec((0u8..11, 0u8..4, 0u8..5), 0..80)) {
            let mut log = new_log();
            for (what, who, id) in ops {
                let room = room().id;
                let touch = |touch| {
                    Op::Touch { room, user: user(who).id, seq: Seq(i64::from(id) * 2), touch, log: None }
                };
                let op = match what {
                    0 | 1 => draft(who, id, if id == 4 { "other" } else { "same" }),
                    2 => Op::Join { room, user: user(who) },
                    3 => Op::Leave { room, user: user(who) },
                    4 => Op::Update { room, user: user(who).id, name: Some(format!("n{id}")), topic: (id > 2).then(String::new), history: (id == 2).then_some(History::FromJoining), picture: (id > 3).then(|| NewImage::Of(FileId::new())), join_new_accounts: None },
                    5 => touch(Touch::Edit { text: format!("by {who}"), names: vec![] }),
                    6 => touch(Touch::Delete),
                    7 => touch(Touch::React(if who > 1 { "👍" } else { "🎉" }.into())),
                    8 => touch(Touch::Unreact("👍".into())),
                    9 => touch(Touch::Pin),
                    _ => touch(Touch::Unpin),
                };
                let before = (log.room.clone(), log.changes.len(), log.members.len());
                if log.apply(&op, Timestamp(9)).is_err() {
                    prop_assert_eq!(before, (log.room.clone(), log.changes.len(), log.members.len()));
                }
            }
            for (at, change) in log.changes.iter().enumerate() {
                let seq = Seq(i64::try_from(at).unwrap_or(0) + 1);
                prop_assert_eq!((change.after, change.seq), (seq.before(), seq));
            }
            let count = |n: usize| i64::try_from(n).unwrap_or(-1);
            prop_assert_eq!(log.room.head_seq.0, count(log.changes.len()));
            let joined = log.members.values().filter(|m| m.state == MemberState::Joined);
            prop_assert_eq!(log.room.member_count, count(joined.clone().count()));
            let owners = joined.filter(|m| m.role == MemberRole::Owner).count();
            prop_assert_eq!(log.owners, count(owners));
            prop_assert!(log.entered.values().all(|seq| *seq <= log.room.head_seq));
            // What was told last of each message is what is written, and its
            // derived parts agree with the rows.
            for (seq, message) in &log.messages {
                let told = log.changes.iter().rev().filter_map(|change| change.message.as_ref());
                prop_assert_eq!(told.into_iter().find(|told| told.seq == *seq), Some(message));
                let answers = log.messages.values().filter(|answer| answer.thread_of == Some(*seq));
                let standing = answers.filter(|answer| answer.text().is_ok()).count();
                prop_assert_eq!(message.thread.map_or(0, |thread| thread.replies), count(standing));
                for reaction in &message.reactions {
                    let rows = log.reacted.iter().filter(|(of, emoji, _)| (of, emoji) == (seq, &reaction.emoji));
                    prop_assert_eq!(reaction.count, count(rows.count()));
                    prop_assert_eq!(reaction.count, count(reaction.users.len()));
                    prop_assert!(reaction.count > 0);
                }
            }
            prop_assert_eq!(log.pins, count(log.messages.values().filter(|m| m.pin.is_some()).count()));
        }
    }
}

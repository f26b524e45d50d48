//! What an operation does to a room's log: the pure middle of a commit.
//!
//! A [`RoomLog`] is what a transaction has read under the room's lock. Applying
//! an operation to it checks the rules, takes positions, and appends to
//! `changes`, from which the store derives every row it writes. A refused
//! operation leaves no trace.

mod members;
pub mod messages;
mod threads;

use std::collections::{BTreeMap, HashMap, HashSet};

use self::messages::MessageChanges;
use super::{
    Change, Content, Draft, File, FileId, History, Invite, LogId, MemberRole, MemberState, Message,
    OpResult, Room, RoomKind, RoomOp, Seq, Timestamp, UserId,
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
    /// See [`VisibleRange`](super::VisibleRange).
    pub floor: Seq,
    pub changed_seq: Seq,
    /// `User::version` of the member.
    pub user_version: i64,
}

/// A message that was sent before.
#[derive(Debug, Clone)]
pub struct PriorSend {
    pub message: Message,
    /// What it said at first; not known any more of what is deleted.
    pub text: Option<String>,
}

impl PriorSend {
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
    /// `User::version` of those who do something here and are no members, or not yet.
    pub outsiders: HashMap<UserId, i64>,
    /// Those of them who keep order on the server, for operations that they may do
    /// as such.
    pub staff: HashMap<UserId, AccountRole>,
    /// How many owners are in the room.
    pub owners: i64,
    /// Messages that the batch's drafts may repeat, by sender and client id.
    pub sent: HashMap<(UserId, String), PriorSend>,
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
    pub message_changes: MessageChanges,
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
            outsiders: HashMap::new(),
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
            message_changes: MessageChanges::default(),
        }
    }

    /// Of a room that the transaction makes.
    #[must_use]
    pub fn of_new_room(room: Room) -> Self {
        Self { created: true, ..Self::new(room) }
    }

    /// Applies one operation, or refuses it and changes nothing.
    pub fn apply(&mut self, op: &RoomOp, now: Timestamp) -> Result<OpResult> {
        self.now = now;
        if let RoomOp::MessageAction { user, log, .. } = op
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
            RoomOp::Send(draft) => self.send(draft).map(OpResult::Message),
            RoomOp::Create { members, .. } => self.create(members),
            RoomOp::Join { user, .. } => self.join(user),
            RoomOp::Leave { user, .. } => self.leave(user),
            RoomOp::Redeem { user, code, creator, .. } => self.redeem(user, code, *creator),
            RoomOp::Update { user, name, topic, history, picture, join_new_accounts, .. } => {
                let texts = (name.as_deref(), topic.as_deref());
                self.update(*user, texts, (*history, *picture, *join_new_accounts))
            }
            RoomOp::Appoint { user, .. } => Ok(self.appoint(user)),
            RoomOp::MessageAction { user, seq, action, .. } => {
                self.apply_action(*user, *seq, action).map(OpResult::Message)
            }
            RoomOp::Add { by, users, .. } => self.add(*by, users),
            RoomOp::SetMember { by, user, change, .. } => self.set(*by, user, *change),
            RoomOp::Archive { by, archived, .. } => self.archive(*by, *archived),
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
    /// if outsiders may.
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
        self.sent.insert(key, PriorSend { message: message.clone(), text });
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
        let held = self.members.get(&sender).map(|held| held.user_version);
        let version = held.or_else(|| self.outsiders.get(&sender).copied());
        let mut message = Message {
            room: self.room.id,
            seq,
            sender,
            sender_version: version.unwrap_or_default(),
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
        self.record_change(message.clone());
        message
    }

    /// Takes the next position.
    pub(super) fn next(&mut self) -> Seq {
        self.room.head_seq = self.room.head_seq.next();
        self.room.head_seq
    }

    /// Tells a message at the position that it has just taken.
    pub(super) fn record_change(&mut self, message: Message) {
        let mut change = Change::at(self.room.id, message.changed_seq);
        change.message = Some(message);
        self.changes.push(change);
    }
}

#[cfg(test)]
mod tests;

//! Messages.

use std::collections::HashMap;

use super::{
    File, FileId, LogId, Mention, RoomId, Seq, Timestamp, UserId, limits, users::AccountRole,
};
use crate::error::{Error, Result};

/// One message, named by (room, seq).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub room: RoomId,
    pub seq: Seq,
    pub sender: UserId,
    /// `User::version` of the sender when this was read; 0: not known.
    pub sender_version: i64,
    pub posted_at: Timestamp,
    pub changed_seq: Seq,
    pub content: Content,
    /// The message that this one answers.
    pub reply_to: Option<Seq>,
    /// When the text was changed last.
    pub edited_at: Option<Timestamp>,
    pub reactions: Vec<Reaction>,
    pub pin: Option<Pin>,
    /// In the sender's order.
    pub attachments: Vec<File>,
    /// In the order of `Mentioned`.
    pub mentions: Vec<Mention>,
    /// The message in whose thread this one stands.
    pub thread_of: Option<Seq>,
    /// The thread that hangs on it.
    pub thread: Option<Thread>,
}

/// The answers to a message in a thread of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thread {
    /// Answers that are not deleted; counted up to somewhat more than
    /// `limits::THREAD_COUNT`.
    pub replies: i64,
    /// The newest answer, also if it was deleted.
    pub last: Seq,
}

impl Message {
    /// Its text; or why there is none.
    pub fn text(&self) -> Result<&str> {
        match &self.content {
            Content::Text { text, .. } => Ok(text),
            Content::Deleted { .. } => Err(Error::MessageDeleted),
            Content::System { .. } => Err(Error::SystemMessage),
        }
    }

    /// Who sees a room from after this position on does not see the message: an
    /// answer in a thread goes with the message that the thread hangs on.
    pub fn visible_from(&self) -> Seq {
        self.thread_of.unwrap_or(self.seq)
    }

    /// About how many bytes it takes in an answer.
    pub fn bytes(&self) -> usize {
        let text = self.text().map_or(0, str::len);
        let users: usize = self.reactions.iter().map(|reaction| reaction.users.len() + 2).sum();
        text + (users + 4) * ID_BYTES
            + self.mentions.len() * (2 * ID_BYTES)
            + self.attachments.len() * limits::ATTACHMENT_BYTES
    }

    /// Whether a file hangs on it.
    pub fn has_file(&self) -> bool {
        !self.attachments.is_empty()
    }
}

/// An id as text, with what is around it.
const ID_BYTES: usize = 40;

/// How many of some messages an answer has room for; at least one, so that it
/// goes on.
pub fn fitting<'a>(messages: impl IntoIterator<Item = &'a Message>) -> usize {
    let mut bytes = 0;
    let fit = messages.into_iter().take_while(|message| {
        bytes += message.bytes();
        bytes <= limits::PAGE_BYTES
    });
    fit.count().max(1)
}

/// An emoji under a message, and who put it there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaction {
    pub emoji: String,
    pub count: i64,
    /// The room's position at which it came under the message, by which the emojis are
    /// in order.
    pub first_seq: Seq,
    /// The first of them, in the order in which they did: `limits::REACTION_USERS`,
    /// or all; more only while an operation needs them.
    pub users: Vec<UserId>,
    /// Whether the reader is among them; `None` in what is not made for one reader.
    pub mine: Option<bool>,
}

impl Reaction {
    /// Whether all who put it there are in `users`.
    #[must_use]
    pub fn names_all(&self) -> bool {
        i64::try_from(self.users.len()).is_ok_and(|known| known == self.count)
    }
}

/// An emoji that somebody put under a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserReaction {
    pub emoji: String,
    pub user: UserId,
    pub reacted_at: Timestamp,
    /// The room's position at which they did.
    pub reacted_seq: Seq,
}

/// A page of who reacted to a message: after the one with this emoji and position.
pub struct ReactionPage {
    pub room: RoomId,
    pub seq: Seq,
    /// Only with this emoji.
    pub emoji: Option<String>,
    pub after: Option<(String, Seq)>,
    pub limit: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pin {
    pub user: UserId,
    pub pinned_at: Timestamp,
}

/// A text that a message had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    pub text: String,
    pub written_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    Text {
        text: String,
        client_message_id: String,
    },
    System {
        kind: SystemKind,
        detail: String,
        /// Whom it was done to.
        about: Option<UserId>,
        /// By which role on the server it was done; a user's: as a member.
        staff: AccountRole,
    },
    /// What is left of a text.
    Deleted {
        by: UserId,
        client_message_id: String,
    },
}

/// What a system message tells; the message's sender is the one who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SystemKind {
    RoomCreated,
    MemberJoined,
    MemberLeft,
    RoomRenamed,
    TopicChanged,
    MemberAdded,
    MemberRemoved,
    MemberBanned,
    RoleChanged,
    RoomArchived,
    RoomUnarchived,
    /// These are told only of what the server's staff has done.
    MemberMuted,
    MemberUnmuted,
    MemberUnbanned,
    MessageDeleted,
    MessagePinned,
    MessageUnpinned,
    SettingsChanged,
}

/// A message that someone wants to post, valid in itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub room: RoomId,
    pub sender: UserId,
    pub text: String,
    pub client_message_id: String,
    /// By the steady clock; since then the `client_message_id` is known.
    pub sent_at: Timestamp,
    pub reply_to: Option<Seq>,
    /// The message in whose thread it shall stand.
    pub thread_of: Option<Seq>,
    /// Of which log these two are; `None`: not checked.
    pub log: Option<LogId>,
    /// Names in the text that may be those of members.
    pub names: Vec<String>,
    pub attachments: Vec<FileId>,
}

/// Something to be done with a message of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageAction {
    Edit {
        text: String,
        /// As in a draft.
        names: Vec<String>,
    },
    Delete,
    React(String),
    Unreact(String),
    Pin,
    Unpin,
}

/// Which page of a room's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    Newest,
    Before(Seq),
    After(Seq),
    Around(Seq),
    /// Around the first that was posted then or later.
    AroundTime(Timestamp),
}

/// A page of messages, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessagePage {
    pub messages: Vec<Message>,
    pub has_older: bool,
    pub has_newer: bool,
    pub head: Seq,
}

/// Which page of which room.
pub struct PageQuery {
    pub room: RoomId,
    /// Of this thread, and not of the timeline.
    pub thread_of: Option<Seq>,
    pub anchor: Anchor,
    pub limit: usize,
}

impl PageQuery {
    /// The newest page of a room's timeline.
    #[must_use]
    pub fn newest(room: RoomId) -> Self {
        let limit = limits::DEFAULT_PAGE_SIZE as usize;
        Self { room, thread_of: None, anchor: Anchor::Newest, limit }
    }
}

/// A page of a thread, with the message that it hangs on.
pub struct ThreadPage {
    pub root: Message,
    pub page: MessagePage,
    pub mark: ThreadMark,
}

/// How a user stands to a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ThreadMark {
    pub read_seq: Seq,
    pub follows: bool,
}

/// Which of the threads that a user follows: after the one on this message.
pub struct ThreadsOf {
    pub room: Option<RoomId>,
    pub unread_only: bool,
    pub after: Option<(RoomId, Seq)>,
    pub limit: usize,
}

/// A thread that a user follows.
pub struct FollowedThread {
    pub root: Message,
    pub read_seq: Seq,
    /// Whether there is an answer that counts as unread.
    pub unread: bool,
}

/// A page of the threads that a user follows.
pub struct FollowedThreads {
    pub threads: Vec<FollowedThread>,
    /// The message on which the last thread of this page hangs, unless there are no
    /// more.
    pub next: Option<(RoomId, Seq)>,
}

/// A page of a user's mentions: after the one of this time, room and position.
pub struct MentionPage {
    pub after: Option<(Timestamp, RoomId, Seq)>,
    pub limit: usize,
}

/// Names a message in what is done with it.
#[derive(Debug, Clone, Copy)]
pub struct MessageName {
    pub room: RoomId,
    pub seq: Seq,
    /// Of which log the position is; `None`: not checked.
    pub log: Option<LogId>,
}

/// What changed after a position.
pub struct ChangesQuery {
    pub room: RoomId,
    pub after: Seq,
    pub limit: usize,
    /// Of which log the position is; `None`: not checked.
    pub log: Option<LogId>,
}

/// Up to where a client knows a room, or says so.
#[derive(Debug, Clone, Copy)]
pub struct Position {
    pub seq: Seq,
    /// `None` if what the client said is the id of no log.
    pub log: Option<LogId>,
}

/// Where a stream goes on.
#[derive(Debug, Default)]
pub struct Resume {
    pub positions: HashMap<RoomId, Position>,
    /// What the client takes for ids of rooms and are none.
    pub unknown: Vec<String>,
    /// What the client got with the last stream; empty: nothing.
    pub state_token: Vec<u8>,
    /// Whether further positions follow.
    pub more: bool,
}

impl Resume {
    /// Adds what followed, up to what one stream may begin with.
    pub fn extend(&mut self, next: Self) {
        let Self { positions, unknown, state_token, more } = next;
        self.more = more;
        if !state_token.is_empty() {
            self.state_token = state_token;
        }
        for (room, position) in positions {
            if self.positions.len() < limits::POSITIONS || self.positions.contains_key(&room) {
                self.positions.insert(room, position);
            }
        }
        let left = limits::UNKNOWN_IDS.saturating_sub(self.unknown.len());
        self.unknown.extend(unknown.into_iter().take(left));
    }
}

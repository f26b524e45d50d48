//! Messages.

use std::collections::HashMap;

use super::{RoomId, Seq, Timestamp, UserId};

/// One message, named by (room, seq).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub room: RoomId,
    pub seq: Seq,
    pub sender: UserId,
    pub posted_at: Timestamp,
    pub changed_seq: Seq,
    pub content: Content,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    Text { text: String, client_message_id: String },
    System { kind: SystemKind, detail: String },
}

/// What a system message tells; the message's sender is the one who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SystemKind {
    RoomCreated,
    MemberJoined,
    MemberLeft,
    RoomRenamed,
    TopicChanged,
}

/// A message that someone wants to post, valid in itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub room: RoomId,
    pub sender: UserId,
    pub text: String,
    pub client_message_id: String,
}

/// Which page of a room's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    Newest,
    Before(Seq),
    After(Seq),
    Around(Seq),
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
pub struct PageOf {
    pub room: RoomId,
    pub anchor: Anchor,
    pub limit: usize,
}

/// What changed after a position.
pub struct ChangesOf {
    pub room: RoomId,
    pub after: Seq,
    pub limit: usize,
}

/// Where a stream goes on: positions and the store they are of.
#[derive(Debug, Default)]
pub struct Resume {
    pub positions: HashMap<RoomId, Seq>,
    /// Empty: not checked.
    pub epoch: String,
}

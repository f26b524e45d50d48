//! Events, encoded as parts of a stream's response.

use std::collections::BTreeSet;

use bytes::{Bytes, BytesMut};
use prost::encoding::message::encode;

use super::{
    messages::{self, message},
    presence, rooms, timestamp, users, v1,
};
use crate::model::{
    Change, ConnectionId, Delta, MarkersMoved, Presence, PresenceChoice, RoomId, Seq, User, UserId,
};

pub use v1::event::Kind;

/// `events` of `ChatResponse` and `SubscribeResponse`.
const EVENTS: u32 = 1;
/// `replies` of `ChatResponse`.
const REPLIES: u32 = 2;

/// Appends an event to what is an encoded part of a response.
pub fn append(buf: &mut BytesMut, kind: Kind) {
    encode(EVENTS, &v1::Event { kind: Some(kind) }, buf);
}

/// One event as an encoded part of a response.
#[must_use]
pub fn encode_event(kind: Kind) -> Bytes {
    let mut buf = BytesMut::new();
    append(&mut buf, kind);
    buf.freeze()
}

/// A reply as an encoded part of a `ChatResponse`.
#[must_use]
pub fn reply(request_id: String, result: v1::reply::Result) -> Bytes {
    let reply = v1::Reply { request_id, result: Some(result) };
    let mut buf = BytesMut::new();
    encode(REPLIES, &reply, &mut buf);
    buf.freeze()
}

/// A change as it is told to catch up: messages as they are.
#[must_use]
pub fn change(change: Change) -> v1::RoomChange {
    let Change { room, after, seq, message: posted, delta: _, member, settings } = change;
    v1::RoomChange {
        room_id: room.to_string(),
        seq: seq.0,
        after_seq: after.0,
        message: posted.map(message),
        member: member.map(rooms::member),
        room: settings.map(rooms::room),
        ..Default::default()
    }
}

/// A change as it is told live: of what hangs on a message, only what has changed.
#[must_use]
pub fn live_change(mut change: Change) -> v1::RoomChange {
    let delta = change.delta.take();
    let of = if delta.is_some() { change.message.take() } else { None };
    let mut told = self::change(change);
    let (Some(delta), Some(message)) = (delta, of) else { return told };
    let message_seq = message.seq.0;
    match delta {
        Delta::Reaction { emoji, user, added } => {
            let mut reactions = message.reactions.into_iter();
            let reaction = match reactions.find(|reaction| reaction.emoji == emoji) {
                Some(reaction) => messages::reaction(reaction),
                None => v1::Reaction { emoji, ..Default::default() },
            };
            let (reaction, user_id) = (Some(reaction), user.to_string());
            told.reaction = Some(v1::ReactionDelta { message_seq, reaction, user_id, added });
        }
        Delta::Pin { user } => {
            let pin = message.pin.map(messages::pin);
            told.pin = Some(v1::PinDelta { message_seq, pin, user_id: user.to_string() });
        }
        Delta::Thread => {
            let thread = message.thread.map(messages::thread);
            told.thread = Some(v1::ThreadDelta { message_seq, thread });
        }
    }
    told
}

/// What a stream begins with.
pub struct Greeting {
    pub connection: ConnectionId,
    pub heartbeat: std::time::Duration,
    pub user: User,
    pub epoch: uuid::Uuid,
    pub choice: PresenceChoice,
    /// With whom the user has a block.
    pub blocks: BTreeSet<UserId>,
}

#[must_use]
pub fn ready(greeting: Greeting) -> Kind {
    let Greeting { connection, heartbeat, user, epoch, choice, blocks } = greeting;
    Kind::Ready(v1::Ready {
        connection_id: connection.to_string(),
        server_version: env!("CARGO_PKG_VERSION").to_owned(),
        heartbeat_interval: Some(super::duration(heartbeat)),
        user: Some(users::user(user)),
        epoch: epoch.to_string(),
        server_time: Some(timestamp(crate::model::Timestamp::now())),
        presence_choice: presence::choice(choice).into(),
        blocks: Some(self::blocks(&blocks)),
    })
}

#[must_use]
pub fn blocks(users: &BTreeSet<UserId>) -> v1::Blocks {
    v1::Blocks { user_ids: users.iter().map(ToString::to_string).collect() }
}

#[must_use]
pub fn user_changed(user: User) -> Kind {
    Kind::UserChanged(v1::UserChanged { user: Some(users::user(user)) })
}

#[must_use]
pub fn block_changed(user: UserId, blocked: bool) -> Kind {
    Kind::BlockChanged(v1::BlockChanged { user_id: user.to_string(), blocked })
}

#[must_use]
pub fn presence_choice(choice: PresenceChoice) -> Kind {
    Kind::PresenceChoice(presence::choice(choice).into())
}

#[must_use]
pub fn heartbeat(heads: impl Iterator<Item = (RoomId, Seq)>) -> Kind {
    Kind::Heartbeat(v1::Heartbeat {
        heads: heads.map(|(room, seq)| (room.to_string(), seq.0)).collect(),
    })
}

#[must_use]
pub fn typing(room: RoomId, user: UserId, typing: bool) -> Kind {
    let (room_id, user_id) = (room.to_string(), user.to_string());
    Kind::Typing(v1::Typing { room_id, user_id, typing, several: false })
}

/// In a room in which it is not said who types.
#[must_use]
pub fn several_typing(room: RoomId, typing: bool) -> Kind {
    let (room_id, user_id) = (room.to_string(), String::new());
    Kind::Typing(v1::Typing { room_id, user_id, typing, several: true })
}

#[must_use]
pub fn presence(presence: Presence) -> Kind {
    Kind::Presence(super::presence::presence(presence))
}

#[must_use]
pub fn read_marker(moved: MarkersMoved) -> Kind {
    let MarkersMoved { room, user, thread_of, marks } = moved;
    Kind::ReadMarker(v1::ReadMarker {
        room_id: room.to_string(),
        user_id: user.to_string(),
        read_seq: marks.read.0,
        thread_seq: thread_of.map_or(0, |seq| seq.0),
        unread_from_seq: marks.unread_from.map_or(0, |seq| seq.0),
    })
}

#[must_use]
pub fn room_gone(room: RoomId) -> Kind {
    Kind::RoomGone(v1::RoomGone { room_id: room.to_string() })
}

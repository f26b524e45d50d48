//! Tests of a room's log.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::model::{MessageAction, RoomId, User, files::NewImage};

fn user(n: u8) -> User {
    User {
        id: UserId(Uuid::from_u128(u128::from(n) + 1)),
        username: format!("user{n}"),
        display_name: format!("User {n}"),
        bio: String::new(),
        status_text: String::new(),
        created_at: Timestamp(0),
        photo: None,
        version: 1,
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

fn create() -> RoomOp {
    RoomOp::Create {
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

fn draft(n: u8, id: u8, text: &str) -> RoomOp {
    RoomOp::Send(Draft {
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
    let leave = |n| RoomOp::Leave { room: room().id, user: user(n) };
    log.apply(&RoomOp::Join { room: room().id, user: user(1) }, Timestamp(2)).expect("may join");
    assert!(matches!(log.apply(&leave(0), Timestamp(3)), Err(Error::LastOwner)));
    assert_eq!(log.apply(&leave(1), Timestamp(3)).ok(), Some(OpResult::Left));
    assert_eq!(log.apply(&leave(0), Timestamp(4)).ok(), Some(OpResult::Left));
    assert_eq!((log.room.member_count, log.owners), (0, 0));
    log.apply(&RoomOp::Join { room: room().id, user: user(1) }, Timestamp(5)).expect("may join");
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
            let action = |action| {
                RoomOp::MessageAction { room, user: user(who).id, seq: Seq(i64::from(id) * 2), action, log: None }
            };
            let op = match what {
                0 | 1 => draft(who, id, if id == 4 { "other" } else { "same" }),
                2 => RoomOp::Join { room, user: user(who) },
                3 => RoomOp::Leave { room, user: user(who) },
                4 => RoomOp::Update { room, user: user(who).id, name: Some(format!("n{id}")), topic: (id > 2).then(String::new), history: (id == 2).then_some(History::FromJoining), picture: (id > 3).then(|| NewImage::Of(FileId::new())), join_new_accounts: None },
                5 => action(MessageAction::Edit { text: format!("by {who}"), names: vec![] }),
                6 => action(MessageAction::Delete),
                7 => action(MessageAction::React(if who > 1 { "👍" } else { "🎉" }.into())),
                8 => action(MessageAction::Unreact("👍".into())),
                9 => action(MessageAction::Pin),
                _ => action(MessageAction::Unpin),
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

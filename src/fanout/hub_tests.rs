//! Tests of `hub.rs`.

use std::time::Duration;

use uuid::Uuid;

use super::*;
use crate::model::{
    Draft, History, LogId, MemberRole, Room, RoomKind, RoomLog, RoomOp, Timestamp, User,
};

fn user(n: u128) -> User {
    User {
        id: UserId(Uuid::from_u128(n)),
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
        name: "Room".into(),
        topic: String::new(),
        history: History::FromStart,
        creator: Some(user(1).id),
        created_at: Timestamp(0),
        archived_at: None,
        member_count: 0,
        picture: None,
        join_new_accounts: false,
        changed_seq: Seq::ZERO,
        head_seq: Seq::ZERO,
    }
}

fn message(text: &str) -> RoomOp {
    RoomOp::Send(Draft {
        room: room().id,
        sender: user(1).id,
        text: text.into(),
        client_message_id: text.into(),
        sent_at: Timestamp(0),
        reply_to: None,
        thread_of: None,
        log: None,
        names: Vec::new(),
        attachments: Vec::new(),
    })
}

/// One commit in which operations were carried out one after the other.
fn commit(log: &mut RoomLog, ops: &[RoomOp]) -> RoomCommit {
    for op in ops {
        log.apply(op, Timestamp(1)).expect("allowed");
    }
    RoomCommit { room: log.room.id, changes: std::mem::take(&mut log.changes) }
}

fn open(hub: &Arc<Hub>, user: &User) -> Subscription {
    let caller = Caller { user: user.id, session: SessionId::new(), expires_at: Timestamp(0) };
    let bounds = StreamLimits { queue: 64, sees_reads: Some(true) };
    hub.open(caller, bounds)
}

/// The kinds of what has queued up, with the last position of each batch of a log.
fn queued(subscription: &mut Subscription) -> Vec<(&'static str, i64)> {
    std::iter::from_fn(|| subscription.queue.try_recv().ok())
        .map(|item| match item {
            QueuedEvent::Log { seq, .. } => ("log", seq.0),
            QueuedEvent::State(_) => ("state", 0),
            QueuedEvent::OwnState(_) => ("mark", 0),
            QueuedEvent::Advanced { seq, .. } => ("moved", seq.0),
            QueuedEvent::Added(_) => ("added", 0),
            QueuedEvent::Removed(_) => ("removed", 0),
        })
        .collect()
}

/// A stream that has not yet noticed that its user left must not be given what
/// follows: not the rest of the same commit, and no typing.
#[test]
fn who_has_left_gets_nothing_that_comes_after_it() {
    let hub = Arc::new(Hub::new(ResponseRegistry::new(Duration::from_secs(30))));
    let (ada, bob) = (user(1), user(2));
    let (mut ada_stream, mut bob_stream) = (open(&hub, &ada), open(&hub, &bob));
    let mut log = RoomLog::of_new_room(room());
    let create = RoomOp::Create {
        room: Box::new(room()),
        members: vec![(ada.clone(), MemberRole::Owner)],
        key: None,
    };
    let join = RoomOp::Join { room: room().id, user: bob.clone() };
    hub.dispatch(commit(&mut log, &[create, join]));
    let joined = log.room.head_seq.0;
    assert_eq!(queued(&mut bob_stream), [("added", 0), ("log", joined)]);
    queued(&mut ada_stream);
    hub.watch(bob_stream.subscriber.connection, HashMap::from([(room().id, true)]));

    let leave = RoomOp::Leave { room: room().id, user: bob.clone() };
    hub.dispatch(commit(&mut log, &[message("before"), leave, message("in the same commit")]));
    hub.dispatch(commit(&mut log, &[message("in the next commit")]));
    let typist =
        Typist { room: room().id, user: ada.id, kept_from: Arc::default(), in_large_room: false };
    hub.typing(&typist, true);
    hub.advanced(room().id, log.room.head_seq);
    let left = joined + 2;
    assert_eq!(queued(&mut bob_stream), [("log", left), ("removed", 0)]);
    // The one who stayed gets all of it.
    let all = [("log", left), ("log", left + 1), ("log", left + 2), ("moved", left + 2)];
    assert_eq!(queued(&mut ada_stream), all);
}

/// The store says how large the room is; here it is noted that it has to be asked.
#[test]
fn who_watches_a_room_that_has_grown_too_large_gets_no_receipts_any_more() {
    let hub = Arc::new(Hub::new(ResponseRegistry::new(Duration::from_secs(30))));
    let (ada, bob, eve) = (user(1), user(2), user(3));
    let mut stream = open(&hub, &ada);
    let mut log = RoomLog::of_new_room(room());
    let create = RoomOp::Create {
        room: Box::new(room()),
        members: vec![(ada, MemberRole::Owner)],
        key: None,
    };
    let join = |user: &User| RoomOp::Join { room: room().id, user: user.clone() };
    hub.dispatch(commit(&mut log, &[create, join(&bob)]));
    assert!(hub.take_grown().is_empty(), "nobody watches it");
    hub.watch(stream.subscriber.connection, HashMap::from([(room().id, true)]));
    hub.dispatch(commit(&mut log, &[join(&eve)]));
    assert_eq!(hub.take_grown(), [room().id]);
    assert!(hub.take_grown().is_empty());
    queued(&mut stream);
    let marks = ReadMarkers { read: Seq(1), delivered: Seq(1), ..ReadMarkers::default() };
    let moved = MarkersMoved { room: room().id, user: bob.id, thread_of: None, marks };
    hub.marks(moved);
    assert_eq!(queued(&mut stream), [("state", 0)]);
    hub.end_telling(room().id);
    hub.marks(moved);
    assert!(queued(&mut stream).is_empty());
    assert!(hub.rooms_with_presence().is_empty());
}

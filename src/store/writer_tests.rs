//! Tests of `writer.rs`.

use std::{
    pin::pin,
    sync::{Mutex, mpsc as blocking},
};

use uuid::Uuid;

use super::*;
use crate::model::{History, LogId, MemberRole, Room, RoomKind, Timestamp, User, UserId};

fn user() -> User {
    User {
        id: UserId(Uuid::from_u128(1)),
        username: "ada".into(),
        display_name: "Ada".into(),
        bio: String::new(),
        status_text: String::new(),
        created_at: Timestamp(0),
        photo: None,
        version: 1,
    }
}

fn create() -> RoomOp {
    let room = Room {
        id: RoomId::new(),
        log: LogId::new(),
        kind: RoomKind::Public,
        name: "Room".into(),
        topic: String::new(),
        history: History::FromStart,
        creator: Some(user().id),
        created_at: Timestamp(0),
        archived_at: None,
        member_count: 0,
        picture: None,
        join_new_accounts: false,
        changed_seq: Seq::ZERO,
        head_seq: Seq::ZERO,
    };
    RoomOp::Create { room: Box::new(room), members: vec![(user(), MemberRole::Owner)], key: None }
}

/// Whoever is answered may look at once at what others were told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn senders_are_answered_after_the_commit_was_handed_on() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = format!("sqlite:{}", folder.path().join("chat.db").display());
    let store = Store::connect(&url, 2).expect("a database");
    store.migrate().await.expect("a schema");
    let (entered, has_entered) = blocking::channel();
    let (release, released) = blocking::channel::<()>();
    let released = Mutex::new(released);
    let on_commit: OnCommit = Arc::new(move |_| {
        entered.send(()).expect("the test listens");
        let released = released.lock().expect("no other call panics");
        released.recv().expect("the test lets it go on");
    });
    let writer = Writer::start(&store, 1, &on_commit).expect("a lane");
    let mut answer = pin!(writer.submit(create()).expect("queued").done());
    tokio::task::block_in_place(|| has_entered.recv()).expect("a commit");
    assert!(futures::poll!(&mut answer).is_pending(), "answered before the commit is handed on");
    release.send(()).expect("it waits");
    assert!(matches!(answer.await, Ok(OpResult::Room(_))));
    drop(writer);
    store.close().await;
}

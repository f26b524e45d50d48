//! Whoever was away comes back to exactly what happened.

use std::collections::{BTreeMap, HashMap};

use causerie_client::v1::{self, event::Kind};

use crate::support::{
    Database, Person, Process, Server, on_both_databases, people::text_of, within_secs,
};

const ROOMS: usize = 3;
const SENDERS: usize = 8;
const MESSAGES: usize = 1_000;

/// Eight people post a thousand messages, each sender in all rooms in turn. What
/// fails because the server is away is sent again under the same id.
async fn post_all(url: &str, rooms: &[String]) {
    // All are there before the first one posts: only posting is tried again.
    let people = futures::future::join_all((0..SENDERS).map(async |n| {
        let person = Person::register(url, &format!("sender{n}")).await;
        for room in rooms {
            person.join(room).await;
        }
        person
    }));
    let senders = people.await.into_iter().enumerate().map(|(n, person)| {
        let rooms = rooms.to_vec();
        tokio::spawn(async move {
            for at in (n..MESSAGES).step_by(SENDERS) {
                let room = &rooms[at % ROOMS];
                let text = format!("{n} says {at}");
                send_until_acknowledged(&person, room, &text, &at.to_string()).await;
            }
        })
    });
    for sender in senders.collect::<Vec<_>>() {
        within_secs(120, "a sender", sender).await.expect("no sender panics");
    }
}

async fn send_until_acknowledged(person: &Person, room: &str, text: &str, id: &str) {
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(50));
    loop {
        match person.try_send(room, text, id).await {
            Ok(_) => return,
            Err(error) => assert!(!error.is_final(), "refused for good: {error:?}"),
        }
        ticks.tick().await;
    }
}

/// Reads a stream until each room has come to its head, and checks that every
/// position comes once and in order.
async fn read_to_heads(
    person: &Person,
    positions: HashMap<String, i64>,
    rooms: &[String],
) -> BTreeMap<String, Vec<v1::Message>> {
    let mut heads = HashMap::new();
    for room in rooms {
        let summary = person.summary(room).await;
        heads.insert(room.clone(), summary.room.expect("a room").head_seq);
    }
    let mut at = positions.clone();
    let mut got: BTreeMap<String, Vec<v1::Message>> = BTreeMap::new();
    let mut stream = person.resume(positions).await;
    while heads.iter().any(|(room, head)| at[room] < *head) {
        let change = stream.change().await;
        let known = at.get_mut(&change.room_id).expect("a room of the test");
        assert_eq!(change.after_seq, *known, "a hole or a repeat in {}", change.room_id);
        assert!(change.seq > change.after_seq);
        *known = change.seq;
        if let Some(message) = change.message {
            got.entry(change.room_id).or_default().push(message);
        }
    }
    // What is live follows without a gap.
    for room in rooms {
        let live = person.send(room, "live").await;
        let change = stream.change().await;
        assert_eq!((change.after_seq, change.seq), (at[room], live.seq));
        at.insert(room.clone(), live.seq);
    }
    got
}

async fn rooms_of(person: &Person) -> (Vec<String>, HashMap<String, i64>) {
    let mut rooms = Vec::new();
    let mut positions = HashMap::new();
    for n in 0..ROOMS {
        let room = person.create_room(&format!("Room {n}")).await;
        let summary = person.summary(&room).await;
        positions.insert(room.clone(), summary.room.expect("a room").head_seq);
        rooms.push(room);
    }
    (rooms, positions)
}

/// Every message that was acknowledged is there once, and what the stream told
/// is what a fresh client reads.
async fn check(person: &Person, got: BTreeMap<String, Vec<v1::Message>>, sent: usize) {
    let mut texts = Vec::new();
    for (room, told) in got {
        let mut fresh = person.history(&room).await;
        fresh.retain(|message| message.seq > 1 && text_of(message) != "live");
        let told: Vec<_> = told.into_iter().collect();
        assert_eq!(told, fresh, "resumed and fresh differ");
        texts.extend(told.iter().map(text_of).filter(|text| !text.is_empty()).map(str::to_owned));
    }
    let count = texts.len();
    texts.sort();
    texts.dedup();
    assert_eq!((texts.len(), count), (sent, sent), "lost or doubled");
}

on_both_databases! {
    async fn a_thousand_missed_messages_come_once_and_in_order(database: Database) {
        let server = Server::start_with(database, |config| config.chat.resume_changes = 2_000).await;
        let reader = Person::register(&server.url, "reader").await;
        let (rooms, positions) = rooms_of(&reader).await;
        post_all(&server.url, &rooms).await;
        let got = read_to_heads(&reader, positions, &rooms).await;
        check(&reader, got, MESSAGES).await;
        server.end().await;
    }

    async fn nothing_is_lost_when_the_server_is_killed_in_the_middle(database: Database) {
        let mut server = Process::start(database).await;
        let reader = Person::register(&server.url, "reader").await;
        let (rooms, positions) = rooms_of(&reader).await;
        let posting = {
            let (url, rooms) = (server.url.clone(), rooms.clone());
            tokio::spawn(async move { post_all(&url, &rooms).await })
        };
        // In the middle: when some hundred messages are there.
        let mut stream = reader.stream().await;
        for _ in 0..200 {
            stream.message().await;
        }
        server.kill().await;
        server.start_again().await;
        within_secs(120, "all senders", posting).await.expect("no sender panics");
        let got = read_to_heads(&reader, positions, &rooms).await;
        check(&reader, got, MESSAGES).await;
        server.end().await;
    }

    async fn a_gap_that_is_too_large_begins_anew_with_the_newest_page(database: Database) {
        let server = Server::start_with(database, |config| config.chat.resume_changes = 20).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Long").await;
        for n in 0..60 {
            ada.send(&room, &format!("message {n}")).await;
        }
        let mut stream = ada.resume(HashMap::from([(room.clone(), 1)])).await;
        let reset = stream
            .until("a reset", |event| match event {
                Kind::Reset(reset) => Some(reset.clone()),
                _ => None,
            })
            .await;
        let summary = reset.summary.expect("a summary");
        assert_eq!(summary.room.expect("a room").head_seq, 61);
        assert_eq!(reset.messages.len(), 50);
        assert_eq!(reset.messages.last().map(text_of), Some("message 59"));
        let live = ada.send(&room, "live").await;
        assert_eq!(stream.message().await, live);
        server.end().await;
    }

    async fn what_changed_includes_members_and_settings(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Before").await;
        bob.join(&room).await;
        bob.leave(&room).await;
        let rename = v1::UpdateRoomRequest {
            room_id: room.clone(),
            name: Some("After".into()),
            ..Default::default()
        };
        ada.client.update_room(rename).await.expect("renamed");

        let mut stream = ada.resume(HashMap::from([(room.clone(), 1)])).await;
        let mut changes = vec![];
        while changes.last().is_none_or(|c: &v1::RoomChange| c.seq < 4) {
            changes.push(stream.change().await);
        }
        // Bob came at 2 and left at 3: his membership is told once, as it is now.
        assert_eq!(changes.iter().map(|c| (c.after_seq, c.seq)).collect::<Vec<_>>(), [(1, 2), (2, 3), (3, 4)]);
        assert!(changes[0].member.is_none());
        let member = changes[1].member.clone().expect("the one who left");
        assert_eq!(member.state, v1::MemberState::Left as i32);
        assert_eq!(changes[2].room.as_ref().map(|room| room.name.as_str()), Some("After"));

        // The same by a unary call, in pages of one.
        let mut synced = 1;
        let mut read = vec![];
        while synced < 4 {
            let request = v1::SyncRoomRequest { room_id: room.clone(), after_seq: synced, page_size: 1, ..Default::default() };
            let page = ada.client.sync_room(request).await.expect("a page");
            assert_eq!((page.changes.len(), page.head_seq), (1, 4));
            synced = page.synced_seq;
            read.extend(page.changes);
        }
        assert_eq!(read, changes);
        server.end().await;
    }

    async fn marks_that_moved_while_away_are_told_and_history_is_not_unread(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        ada.send(&room, "before Bob came").await;
        bob.join(&room).await;
        assert_eq!(bob.summary(&room).await.unread_count, 0);
        let last = ada.send(&room, "hello Bob").await;
        assert_eq!(bob.summary(&room).await.unread_count, 1);
        // Read on one device while the other is away.
        let request = v1::MarkReadRequest { room_id: room.clone(), seq: last.seq, thread_seq: 0 };
        bob.client.mark_read(request).await.expect("marked");
        let mut back = bob.resume(HashMap::from([(room.clone(), last.seq)])).await;
        let marked = |event: &Kind| match event {
            Kind::ReadMark(mark) => Some((mark.room_id.clone(), mark.read_seq)),
            _ => None,
        };
        assert_eq!(back.until("the mark", marked).await, (room, last.seq));
        server.end().await;
    }

    async fn a_room_left_elsewhere_is_gone_and_a_room_joined_elsewhere_is_added(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let old = ada.create_room("Old").await;
        let new = ada.create_room("New").await;
        bob.join(&old).await;
        let mut phone = bob.stream().await;
        let added = |event: &Kind| match event {
            Kind::RoomAdded(added) => added.summary.as_ref()?.room.as_ref().map(|r| r.id.clone()),
            _ => None,
        };
        phone.until("the room", |event| added(event).filter(|room| *room == old)).await;

        // On another device, while this one listens.
        bob.leave(&old).await;
        bob.join(&new).await;
        let gone = |event: &Kind| match event {
            Kind::RoomGone(gone) => Some(gone.room_id.clone()),
            _ => None,
        };
        assert_eq!(phone.until("the room that was left", gone).await, old);
        let joined = |event: &Kind| added(event).filter(|room| *room == new);
        phone.until("the room that was joined", joined).await;
        // Nothing of the old room comes any more; all of the new one does.
        ada.send(&old, "not for Bob").await;
        let hello = ada.send(&new, "hello Bob").await;
        assert_eq!(phone.message().await, hello);

        // While it was away.
        let mut back = bob.resume(HashMap::from([(old.clone(), 2)])).await;
        assert_eq!(back.until("the room that was left", gone).await, old);
        let mut again = bob.resume(HashMap::from([(old.clone(), 2)])).await;
        again.until("the room that was joined", joined).await;
        server.end().await;
    }
}

/// Another epoch: positions of another store mean nothing.
#[tokio::test]
async fn positions_of_another_store_are_dropped() {
    let server = Server::start(Database::Sqlite).await;
    let ada = Person::register(&server.url, "ada").await;
    let room = ada.create_room("Room").await;
    let mut stream = ada.open().await.expect("a stream");
    stream.ready.epoch = uuid::Uuid::nil().to_string();
    stream.subscribe(HashMap::from([(room.clone(), 1_000)])).await;
    let first = stream.event().await.expect("an event");
    assert!(matches!(first, Some(Kind::RoomGone(gone)) if gone.room_id == room));
    let second = stream.event().await.expect("an event");
    assert!(matches!(second, Some(Kind::RoomAdded(_))), "{second:?}");
    server.end().await;
}

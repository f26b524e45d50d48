//! Whoever was away comes back to exactly what happened.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use causerie_client::{
    Update,
    connection::State,
    cursor::Position,
    live::Options,
    v1::{self, chat_request::Command, event::Kind},
};
use tonic::Code;

use crate::support::{
    Person, Process, Server, on_both_databases,
    people::{Stream, reason, send_request, text_of},
    within, within_secs,
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
        let request = v1::MarkReadRequest { room_id: room.clone(), seq: last.seq, thread_seq: 0, ..Default::default() };
        bob.client.mark_read(request).await.expect("marked");
        let mut back = bob.resume(HashMap::from([(room.clone(), last.seq)])).await;
        let marked = |event: &Kind| match event {
            Kind::ReadMarker(mark) => Some((mark.room_id.clone(), mark.read_seq)),
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

/// What a stream tells of rooms before it is live: their ids, by kind.
#[derive(Debug, Default, PartialEq)]
struct Told {
    reset: BTreeSet<String>,
    gone: BTreeSet<String>,
    added: BTreeSet<String>,
    changed: BTreeSet<String>,
}

impl Told {
    async fn by(stream: &mut Stream) -> Self {
        let mut told = Self::default();
        let id =
            |summary: Option<v1::RoomSummary>| summary.and_then(|s| s.room).expect("a room").id;
        loop {
            match stream.event().await.expect("an event").expect("the stream goes on") {
                Kind::Reset(reset) => drop(told.reset.insert(id(reset.summary))),
                Kind::RoomAdded(added) => drop(told.added.insert(id(added.summary))),
                Kind::RoomGone(gone) => drop(told.gone.insert(gone.room_id)),
                Kind::Change(change) => drop(told.changed.insert(change.room_id)),
                Kind::Live(_) => return told,
                _ => {}
            }
        }
    }
}

/// Opens a stream that gives its positions in several commands.
async fn resume_in_parts(person: &Person, parts: &[Vec<v1::RoomPosition>]) -> Stream {
    let stream = person.open().await.expect("a stream");
    for (at, positions) in parts.iter().enumerate() {
        let (positions, more) = (positions.clone(), at + 1 < parts.len());
        let request = v1::SubscribeRequest { positions, more, ..Default::default() };
        stream.order("", Command::Subscribe(request)).await;
    }
    stream
}

on_both_databases! {
    async fn a_position_that_means_nothing_resets_its_room_alone(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let new = v1::CreateRoomRequest { name: "Hers".into(), kind: v1::RoomKind::Private.into(), ..Default::default() };
        let hers = bob.client.create_room(new).await.expect("a room").room.expect("a room");
        let mut ids = Vec::new();
        for name in ["well", "beyond", "negative", "other log", "no log", "not said"] {
            let room = ada.create_room(name).await;
            ada.send(&room, "here").await;
            ids.push(room);
        }
        let [well, beyond, negative, other_log, no_log, not_said] = &ids[..] else { panic!("{ids:?}") };
        let logs = ada.positions(ids.iter().map(|id| (id.clone(), 1)).collect()).await;
        let log = |id: &String| logs.iter().find(|at| at.room_id == *id).expect("a room").log_id.clone();
        assert!(log(well) != log(beyond) && !log(well).is_empty());
        let at = |room_id: &String, seq, log_id: String| v1::RoomPosition { room_id: room_id.clone(), seq, log_id };
        let nowhere = uuid::Uuid::new_v4().to_string();
        let strange = "no id of a room".to_owned();
        let positions = vec![
            at(well, 1, log(well)),
            at(beyond, 1_000, log(beyond)),
            at(negative, -1, log(negative)),
            at(other_log, 1, log(well)),
            at(no_log, 1, String::new()),
            // Of a room that is there and of one that is not, the same is told.
            at(&hers.id, 1, hers.log_id.clone()),
            at(&nowhere, 1, log(well)),
            at(&strange, 1, String::new()),
        ];
        let mut stream = resume_in_parts(&ada, &[positions]).await;
        let told = Told::by(&mut stream).await;
        let set = |ids: &[&String]| ids.iter().map(|id| (*id).clone()).collect::<BTreeSet<_>>();
        assert_eq!(told.reset, set(&[beyond, negative, other_log, no_log]));
        assert_eq!(told.gone, set(&[&hers.id, &nowhere, &strange]));
        assert_eq!(told.changed, set(&[well]));
        assert!(told.added.contains(not_said) && told.added.is_disjoint(&told.reset));
        // It goes on, in each of them.
        for room in &ids {
            let live = ada.send(room, "live").await;
            assert_eq!(stream.message().await, live);
        }
        server.end().await;
    }

    async fn twenty_thousand_rooms_come_back_over_several_commands(database: Database) {
        const MANY: usize = 20_000;
        let server = Server::start(database).await;
        // The first account has rooms of the server.
        Person::register(&server.url, "admin").await;
        let ada = Person::register(&server.url, "ada").await;
        let mut raw = server.database().await;
        let ids: Vec<uuid::Uuid> = (0..MANY).map(|_| uuid::Uuid::new_v4()).collect();
        let user = ada.user.id.replace('-', "");
        for ids in ids.chunks(2_000) {
            let values = |row: &dyn Fn(String) -> String| {
                ids.iter().map(|id| row(id.simple().to_string())).collect::<Vec<_>>().join(",")
            };
            let rows = values(&|id| format!("(x'{id}',1,'Room','room','','',0,1,1,1)"));
            raw.execute(format!(
                "insert into rooms (id, kind, name, name_key, topic, topic_key, created_us, head_seq,
                     changed_seq, member_count) values {rows}"
            ))
            .await;
            let rows = values(&|id| format!("(x'{id}',x'{user}',1,1,0,1)"));
            raw.execute(format!(
                "insert into members (room_id, user_id, role, state, joined_us, changed_seq)
                 values {rows}"
            ))
            .await;
        }
        let of_one = |id: &uuid::Uuid| v1::GetRoomRequest { room_id: id.to_string() };
        let one = ada.client.get_room(of_one(&ids[0])).await.expect("a room").room.expect("a room");
        let browse = v1::BrowseRoomsRequest { query: "General".into(), ..Default::default() };
        let found = ada.client.browse_rooms(browse).await.expect("rooms").rooms;
        let general = found[0].room.clone().expect("a room").id;
        let mut positions: Vec<v1::RoomPosition> = ids
            .iter()
            .map(|id| v1::RoomPosition { room_id: id.to_string(), seq: 1, log_id: one.log_id.clone() })
            .collect();
        // Without one that is left out, and with one of another log.
        let left_out = positions.pop().expect("a room").room_id;
        positions[7].log_id = "0123456789abcdef".into();
        let parts: Vec<_> = positions.chunks(6_000).map(<[_]>::to_vec).collect();
        let mut stream = resume_in_parts(&ada, &parts).await;
        let told = Told::by(&mut stream).await;
        let expected = Told {
            reset: BTreeSet::from([positions[7].room_id.clone()]),
            added: BTreeSet::from([left_out.clone(), general]),
            ..Told::default()
        };
        assert_eq!(told, expected);
        // Of the rooms of all parts comes what happens.
        for id in [&positions[0].room_id, &positions[MANY - 2].room_id, &left_out] {
            let live = ada.send(id, "live").await;
            assert_eq!(stream.message().await, live);
        }
        // The SDK needs as many commands by itself.
        let known = positions.iter().skip(10).map(|at| {
            (at.room_id.clone(), Position { seq: at.seq, log_id: at.log_id.clone() })
        });
        let options = Options { positions: known.collect(), ..Options::default() };
        let (_live, mut updates) = ada.client.live(options);
        let mut added = 0;
        loop {
            match within("an update", updates.next()).await.expect("the updates go on") {
                Update::RoomAdded(_) => added += 1,
                Update::Connection(State::Live) => break,
                Update::Reset(reset) => panic!("{reset:?}"),
                _ => {}
            }
        }
        assert_eq!(added, 12, "ten, the one that was left out, and General");
        server.end().await;
    }

    async fn a_command_about_a_log_that_was_replaced_is_refused(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room_id = ada.create_room("Room").await;
        let seq = ada.send(&room_id, "here").await.seq;
        let right = ada.summary(&room_id).await.room.expect("a room").log_id;
        let other = "0123456789abcdef".to_owned();
        let edit = |log_id: &String| v1::EditMessageRequest {
            room_id: room_id.clone(),
            seq,
            text: "there".into(),
            log_id: log_id.clone(),
        };
        let refused = (Code::FailedPrecondition, "LOG_REPLACED".to_owned());
        let (room, log_id) = (room_id.clone(), other.clone());
        let answers = [
            ada.client.edit_message(edit(&other)).await.map(drop),
            ada.client.delete_message(v1::DeleteMessageRequest { room_id: room.clone(), seq, log_id: log_id.clone() }).await.map(drop),
            ada.client.add_reaction(v1::AddReactionRequest { room_id: room.clone(), seq, emoji: "👍".into(), log_id: log_id.clone() }).await.map(drop),
            ada.client.remove_reaction(v1::RemoveReactionRequest { room_id: room.clone(), seq, emoji: "👍".into(), log_id: log_id.clone() }).await.map(drop),
            ada.client.pin_message(v1::PinMessageRequest { room_id: room.clone(), seq, log_id: log_id.clone() }).await.map(drop),
            ada.client.unpin_message(v1::UnpinMessageRequest { room_id: room.clone(), seq, log_id: log_id.clone() }).await.map(drop),
            ada.client.mark_read(v1::MarkReadRequest { room_id: room.clone(), seq, log_id: log_id.clone(), ..Default::default() }).await.map(drop),
            ada.client.mark_delivered(v1::MarkDeliveredRequest { room_id: room.clone(), seq, log_id: log_id.clone() }).await.map(drop),
            ada.client.mark_unread(v1::MarkUnreadRequest { room_id: room.clone(), seq, log_id: log_id.clone() }).await.map(drop),
            ada.client.send_message(v1::SendMessageRequest { reply_to_seq: seq, log_id: log_id.clone(), ..send_request(&room, "yes", "1") }).await.map(drop),
            ada.client.send_message(v1::SendMessageRequest { thread_seq: seq, log_id: log_id.clone(), ..send_request(&room, "yes", "2") }).await.map(drop),
        ];
        for answer in answers {
            assert_eq!(reason(answer), refused);
        }
        // What was sent before is answered as it was.
        let reply = |log_id: &str| v1::SendMessageRequest {
            reply_to_seq: seq,
            log_id: log_id.into(),
            ..send_request(&room, "yes", "4")
        };
        let first = ada.client.send_message(reply(&right)).await.expect("sent");
        assert_eq!(ada.client.send_message(reply(&log_id)).await.expect("sent before"), first);
        // What names no position is of no log.
        let plain = v1::SendMessageRequest { log_id, ..send_request(&room, "no", "3") };
        let plain = ada.client.send_message(plain).await.expect("sent").message.expect("a message");
        let edited = ada.client.edit_message(edit(&right)).await.expect("edited").message.expect("it");
        assert_eq!((edited.seq, edited.changed_seq), (seq, plain.seq + 1), "nothing happened between");
        // Who is not in a room learns nothing of its log.
        let direct = ada.client.open_direct_room(v1::OpenDirectRoomRequest { user_id: ada.user.id.clone() });
        let notes = direct.await.expect("a room").room.expect("a room");
        let read = v1::MarkReadRequest { room_id: notes.id, seq: 1, log_id: other, ..Default::default() };
        assert_eq!(reason(bob.client.mark_read(read).await), (Code::NotFound, "ROOM_NOT_FOUND".into()));
        server.end().await;
    }
}

//! What has arrived, what was read, and what one wants to hear.

use std::time::SystemTime;

use causerie_client::{
    notify::{Situation, notifies},
    v1::{self, NotificationLevel, PresenceState, chat_request::Command, event::Kind},
};
use tonic::Code;

use crate::support::{
    Database, Person, Server, Stream, on_both_databases,
    people::{reason, send_request},
    within,
};

type Answer<T> = Result<T, causerie_client::Error>;

async fn read(person: &Person, room: &str, seq: i64) -> i64 {
    let request =
        v1::MarkReadRequest { room_id: room.into(), seq, thread_seq: 0, ..Default::default() };
    person.client.mark_read(request).await.expect("marked").read_seq
}

async fn delivered(person: &Person, room: &str, seq: i64) -> Answer<i64> {
    let request = v1::MarkDeliveredRequest { room_id: room.into(), seq, ..Default::default() };
    Ok(person.client.mark_delivered(request).await?.delivered_seq)
}

async fn receipts(person: &Person, room: &str, seq: i64) -> v1::ListReceiptsResponse {
    let request = v1::ListReceiptsRequest { room_id: room.into(), seq };
    person.client.list_receipts(request).await.expect("receipts")
}

async fn send_receipts(person: &Person, read_receipts: bool) {
    let request = v1::UpdateSettingsRequest { read_receipts: Some(read_receipts) };
    let settings = person.client.update_settings(request).await.expect("set").settings;
    assert_eq!(settings.expect("settings").read_receipts, read_receipts);
}

async fn watch(stream: &mut Stream, room: &str) -> v1::WatchedRoom {
    let request = v1::WatchRoomsRequest { room_ids: vec![room.into()], ..Default::default() };
    match stream.call(Command::WatchRooms(request)).await.expect("watching") {
        v1::reply::Result::WatchRooms(mut watched) => watched.rooms.remove(0),
        other => panic!("{other:?}"),
    }
}

async fn receipt(stream: &mut Stream) -> (i64, i64) {
    stream
        .until("a receipt", |kind| match kind {
            Kind::Receipt(receipt) => Some((receipt.delivered_seq, receipt.read_seq)),
            _ => None,
        })
        .await
}

async fn set(person: &Person, change: v1::UpdateRoomPreferencesRequest) -> v1::RoomPreferences {
    person.client.update_room_preferences(change).await.expect("set").preferences.expect("settings")
}

on_both_databases! {
    async fn a_sender_sees_a_message_arrive_and_being_read(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let request = v1::OpenDirectRoomRequest { user_id: bob.user.id.clone() };
        let room = ada.client.open_direct_room(request).await.expect("a room").room.expect("a room").id;
        let mut adas = ada.stream().await;
        watch(&mut adas, &room).await;
        let first = ada.send(&room, "one").await.seq;
        let second = ada.send(&room, "two").await.seq;

        assert_eq!(delivered(&bob, &room, second).await.expect("marked"), second);
        assert_eq!(receipt(&mut adas).await.0, second);
        assert_eq!(delivered(&bob, &room, first).await.expect("marked"), second, "never back");
        let of_second = receipts(&ada, &room, second).await;
        assert_eq!((of_second.delivered_count, of_second.read_count), (1, 0));
        assert_eq!(read(&bob, &room, first).await, first);
        assert_eq!(receipt(&mut adas).await, (second, first));
        let of_first = receipts(&ada, &room, first).await;
        assert_eq!((of_first.delivered_count, of_first.read_count), (1, 1));
        assert_eq!(of_first.receipts.len(), 1);
        assert_eq!(of_first.receipts[0].user_id, bob.user.id);
        assert_eq!(receipts(&ada, &room, second).await.read_count, 0);
        // What is read has arrived.
        let third = ada.send(&room, "three").await.seq;
        read(&bob, &room, third).await;
        assert_eq!(receipt(&mut adas).await, (third, third));
        // Who comes to look later finds the marks as they are.
        let watched = watch(&mut ada.stream().await, &room).await;
        let bobs = watched.receipts.iter().find(|receipt| receipt.user_id == bob.user.id);
        let bobs = bobs.expect("bob's marks");
        assert_eq!((bobs.delivered_seq, bobs.read_seq), (third, third));

        let beyond = delivered(&bob, &room, third + 100).await;
        assert_eq!(reason(beyond), (Code::InvalidArgument, "INVALID_FIELDS".into()));
        let eve = Person::register(&server.url, "eve").await;
        let not_found = (Code::NotFound, "ROOM_NOT_FOUND".to_owned());
        assert_eq!(reason(delivered(&eve, &room, 1).await), not_found);
        let request = v1::ListReceiptsRequest { room_id: room.clone(), seq: first };
        assert_eq!(reason(eve.client.list_receipts(request).await), not_found);
        let request = v1::ListReceiptsRequest { room_id: room.clone(), seq: 999 };
        let missing = (Code::NotFound, "MESSAGE_NOT_FOUND".to_owned());
        assert_eq!(reason(ada.client.list_receipts(request).await), missing);
        server.end().await;
    }

    async fn accepted_marks_outlast_a_clean_stop_and_count_at_once(database: Database) {
        let mut server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        let root = ada.send(&room, "one").await.seq;
        let last = ada.send(&room, "two").await.seq;
        assert_eq!(bob.summary(&room).await.unread_count, 2);
        for seq in [root, last, root] {
            read(&bob, &room, seq).await;
        }
        let summary = bob.summary(&room).await;
        assert_eq!((summary.read_seq, summary.unread_count), (last, 0));
        let third = ada.send(&room, "three").await.seq;
        read(&bob, &room, third).await;
        let room_of_bob = bob.client.get_room(v1::GetRoomRequest { room_id: room.clone() }).await;
        let summary = room_of_bob.expect("the room").summary.expect("of a member");
        assert_eq!((summary.read_seq, summary.unread_count), (third, 0));
        let flag = v1::MarkUnreadRequest { room_id: room.clone(), seq: last, ..Default::default() };
        bob.client.mark_unread(flag).await.expect("flagged");
        delivered(&ada, &room, third).await.expect("marked");
        server.restart().await;
        let summary = bob.summary(&room).await;
        assert_eq!((summary.read_seq, summary.unread_from_seq), (third, last));
        read(&bob, &room, root).await;
        assert_eq!(bob.summary(&room).await.unread_from_seq, 0, "a mark takes the flag away");
        server.end().await;
    }

    async fn who_does_not_tell_what_they_read_does_not_see_it_of_others(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let eve = Person::register(&server.url, "eve").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        eve.join(&room).await;
        let me = ada.client.get_me(v1::GetMeRequest {}).await.expect("me");
        assert!(me.settings.expect("settings").read_receipts, "told unless switched off");
        let (mut adas, mut eves) = (ada.stream().await, eve.stream().await);
        watch(&mut adas, &room).await;
        watch(&mut eves, &room).await;
        send_receipts(&bob, false).await;
        // Also of a stream that is open already.
        send_receipts(&eve, false).await;
        let seq = ada.send(&room, "hi").await.seq;

        read(&bob, &room, seq).await;
        assert_eq!(receipt(&mut adas).await, (seq, 0), "bob does not tell");
        let seen = receipts(&ada, &room, seq).await;
        assert_eq!((seen.delivered_count, seen.read_count), (1, 0));
        assert!(seen.receipts.iter().all(|receipt| receipt.read_seq == 0));
        assert_eq!(receipt(&mut eves).await, (seq, 0));
        read(&ada, &room, seq).await;
        assert_eq!(receipt(&mut eves).await, (seq, 0), "eve does not see it");
        let watched = watch(&mut eves, &room).await;
        for marks in &watched.receipts {
            assert!(marks.read_seq == 0 || marks.user_id == eve.user.id, "{marks:?}");
        }
        let other = bob.send(&room, "ho").await.seq;
        read(&ada, &room, other).await;
        assert_eq!(receipts(&eve, &room, other).await.read_count, 0);
        send_receipts(&eve, true).await;
        assert_eq!(receipts(&eve, &room, other).await.read_count, 1);
        server.end().await;
    }

    async fn who_makes_a_room_does_not_tell_either(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let request = v1::OpenDirectRoomRequest { user_id: bob.user.id.clone() };
        let room = ada.client.open_direct_room(request).await.expect("a room").room.expect("a room").id;
        send_receipts(&bob, false).await;
        let mut adas = ada.stream().await;
        watch(&mut adas, &room).await;
        let seq = ada.send(&room, "hi").await.seq;
        read(&bob, &room, seq).await;
        assert_eq!(receipt(&mut adas).await, (seq, 0));
        server.end().await;
    }

    async fn who_came_later_has_not_received_what_was_there(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        let before = ada.send(&room, "before").await.seq;
        bob.join(&room).await;
        let after = ada.send(&room, "after").await.seq;
        read(&bob, &room, after).await;
        let seen = receipts(&ada, &room, before).await;
        assert_eq!((seen.delivered_count, seen.read_count, seen.receipts.len()), (0, 0, 0));
        let seen = receipts(&ada, &room, after).await;
        assert_eq!((seen.delivered_count, seen.read_count, seen.receipts.len()), (1, 1, 1));
        server.end().await;
    }

    async fn two_devices_that_set_different_things_both_have_their_way(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        for _ in 0..10 {
            let room_id = ada.create_room("Room").await;
            let change = || v1::UpdateRoomPreferencesRequest { room_id: room_id.clone(), ..Default::default() };
            let starred = v1::UpdateRoomPreferencesRequest { starred: Some(true), ..change() };
            let level = Some(NotificationLevel::Nothing.into());
            let quiet = v1::UpdateRoomPreferencesRequest { level, ..change() };
            tokio::join!(set(&ada, starred), set(&ada, quiet));
            let settings = set(&ada, change()).await;
            assert!(settings.starred && settings.level() == NotificationLevel::Nothing, "{settings:?}");
        }
        server.end().await;
    }

    async fn a_room_can_be_flagged_as_unread_on_all_devices(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let bob = Person::register(&server.url, "bob").await;
        bob.join(&room).await;
        let seq = bob.send(&room, "one").await.seq;
        let last = bob.send(&room, "two").await.seq;
        read(&ada, &room, last).await;
        let mut other = ada.stream().await;
        let flag = async |seq| {
            let request = v1::MarkUnreadRequest { room_id: room.clone(), seq, ..Default::default() };
            ada.client.mark_unread(request).await
        };
        flag(seq).await.expect("flagged");
        let told = other
            .until("the flag", |kind| match kind {
                Kind::ReadMarker(mark) if mark.unread_from_seq != 0 => Some(mark.clone()),
                _ => None,
            })
            .await;
        assert_eq!((told.read_seq, told.unread_from_seq), (last, seq), "the mark stays");
        let summary = ada.summary(&room).await;
        assert_eq!((summary.unread_count, summary.unread_from_seq), (0, seq));
        read(&ada, &room, last).await;
        assert_eq!(ada.summary(&room).await.unread_from_seq, 0, "reading takes it away");
        flag(seq).await.expect("flagged");
        flag(0).await.expect("taken away");
        assert_eq!(ada.summary(&room).await.unread_from_seq, 0);
        assert_eq!(reason(flag(-1).await).0, Code::InvalidArgument);
        assert_eq!(reason(flag(last + 9).await).0, Code::InvalidArgument);
        server.end().await;
    }

    async fn what_one_wants_to_hear_is_kept_and_told_to_ones_devices_alone(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        let unset = ada.summary(&room).await.preferences.expect("settings");
        assert_eq!((unset.level(), unset.starred), (NotificationLevel::All, false));
        let mut other = ada.stream().await;
        let change = || v1::UpdateRoomPreferencesRequest { room_id: room.clone(), ..Default::default() };
        let starred = set(&ada, v1::UpdateRoomPreferencesRequest { starred: Some(true), ..change() }).await;
        assert!(starred.starred && starred.level() == NotificationLevel::All);
        let mute_for = Some(prost_types::Duration { seconds: 3_600, nanos: 0 });
        let level = Some(NotificationLevel::Mentions.into());
        let muted = set(&ada, v1::UpdateRoomPreferencesRequest { mute_notifications_for: mute_for, level, ..change() }).await;
        assert!(muted.starred && muted.notifications_muted_until.is_some());
        for expected in [&starred, &muted] {
            let told = other
                .until("the settings", |kind| match kind {
                    Kind::RoomPreferences(settings) => Some(settings.clone()),
                    _ => None,
                })
                .await;
            assert_eq!(told, *expected);
        }
        assert_eq!(ada.summary(&room).await.preferences, Some(muted.clone()));
        // Who comes back with a position is told as well.
        let mut back = ada.resume([(room.clone(), 0)].into()).await;
        let told = back
            .until("the settings", |kind| match kind {
                Kind::RoomPreferences(settings) => Some(settings.clone()),
                _ => None,
            })
            .await;
        assert_eq!(told, muted);
        let mute_for = Some(prost_types::Duration::default());
        let ended = set(&ada, v1::UpdateRoomPreferencesRequest { mute_notifications_for: mute_for, ..change() }).await;
        assert!(ended.notifications_muted_until.is_none() && ended.level() == NotificationLevel::Mentions);

        let bad = v1::UpdateRoomPreferencesRequest {
            room_id: "x".into(),
            level: Some(9),
            mute_notifications_for: Some(prost_types::Duration { seconds: -1, nanos: 0 }),
            starred: None,
        };
        let error = ada.client.update_room_preferences(bad).await.expect_err("refused");
        let fields: Vec<_> = error.violations.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, ["room_id", "level", "mute_notifications_for"]);
        let refused = bob.client.update_room_preferences(change()).await;
        assert_eq!(reason(refused), (Code::PermissionDenied, "NOT_MEMBER".into()));
        server.end().await;
    }

    /// The table of cases that every client reads, over what a server tells.
    async fn whether_a_message_notifies_follows_from_what_a_client_is_told(database: Database) {
        #[derive(serde::Deserialize)]
        struct Case {
            name: String,
            message: serde_json::Value,
            user: serde_json::Value,
            notifies: bool,
        }
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let me = Person::register(&server.url, "me.myself").await;
        let room = ada.create_room("Room").await;
        me.join(&room).await;
        let mut stream = me.stream().await;
        let cases: Vec<Case> =
            serde_json::from_str(include_str!("../../clients/cases/notify.json")).expect("cases");
        let mut tried = 0;
        for (n, case) in cases.iter().enumerate() {
            let said = |key: &str| case.message.get(key).is_some();
            let user = |key: &str| case.user.get(key).and_then(|v| v.as_str()).unwrap_or("").to_owned();
            // An end of a mute that is over cannot be asked for.
            if user("muted") == "before" {
                continue;
            }
            tried += 1;
            let level = match user("level").as_str() {
                "mentions" => NotificationLevel::Mentions,
                "nothing" => NotificationLevel::Nothing,
                _ => NotificationLevel::All,
            };
            let seconds = if user("muted") == "now" { 3_600 } else { 0 };
            let settings = set(&me, v1::UpdateRoomPreferencesRequest {
                room_id: room.clone(),
                level: Some(level.into()),
                mute_notifications_for: Some(prost_types::Duration { seconds, nanos: 0 }),
                starred: None,
            })
            .await;
            let presence = match user("presence").as_str() {
                "away" => PresenceState::Away,
                "do_not_disturb" => PresenceState::DoNotDisturb,
                "invisible" => PresenceState::Invisible,
                _ => PresenceState::Online,
            };
            let sender = if said("own") { &me } else { &ada };
            let mut text = format!("case {n}");
            for mention in case.message.get("mentions").and_then(|m| m.as_array()).into_iter().flatten() {
                text += match mention.as_str().expect("a name") {
                    "me" => " @me.myself",
                    "you" => " @ada",
                    "all" => " @all",
                    _ => " @here",
                };
            }
            let thread_seq = if said("thread") {
                let root = if case.user.get("follows_thread").is_some() { &me } else { &ada };
                root.send(&room, &format!("root {n}")).await.seq
            } else {
                0
            };
            let mut message = if said("system") {
                let topic = Some(format!("topic {n}"));
                let request = v1::UpdateRoomRequest { room_id: room.clone(), topic, ..Default::default() };
                ada.client.update_room(request).await.expect("a system message");
                stream.until("the topic", |kind| match kind {
                    Kind::Change(v1::RoomChange { message: Some(message), .. })
                        if matches!(&message.content, Some(v1::message::Content::System(s)) if s.detail == format!("topic {n}")) =>
                    {
                        Some(message.clone())
                    }
                    _ => None,
                })
                .await
            } else {
                let request = v1::SendMessageRequest {
                    thread_seq,
                    ..send_request(&room, &text, &format!("case-{n}"))
                };
                sender.client.send_message(request).await.expect("sent").message.expect("a message")
            };
            let name = (room.clone(), message.seq);
            if said("edited") {
                let text = format!("{text} (edited)");
                let request = v1::EditMessageRequest { room_id: name.0, seq: name.1, text, ..Default::default() };
                message = sender.client.edit_message(request).await.expect("edited").message.expect("one");
            } else if said("reacted") {
                let emoji = "👍".into();
                let request = v1::AddReactionRequest { room_id: name.0, seq: name.1, emoji, ..Default::default() };
                message = sender.client.add_reaction(request).await.expect("a reaction").message.expect("one");
            } else if said("deleted") {
                let request = v1::DeleteMessageRequest { room_id: name.0, seq: name.1, ..Default::default() };
                message = sender.client.delete_message(request).await.expect("deleted").message.expect("one");
            }
            if case.user.get("has_read").is_some() {
                read(&me, &room, message.seq).await;
            }
            let thread = v1::ListThreadRequest { room_id: room.clone(), thread_seq, ..Default::default() };
            let follows_thread =
                thread_seq != 0 && me.client.list_thread(thread).await.expect("a thread").following;
            let situation = Situation {
                me: &me.user.id,
                settings: &settings,
                known_seq: if said("known") { message.seq } else { message.seq - 1 },
                read_seq: me.summary(&room).await.read_seq,
                presence,
                sender_blocked: case.user.get("blocks_sender").is_some(),
                follows_thread,
                now: SystemTime::now(),
            };
            assert_eq!(notifies(&message, &situation), case.notifies, "{}", case.name);
        }
        assert!(tried > 25);
        server.end().await;
    }
}

/// Marks are written past the room's lock: who holds it delays messages alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn marks_wait_for_no_room() {
    let server = Server::start(Database::MySql).await;
    let ada = Person::register(&server.url, "ada").await;
    let bob = Person::register(&server.url, "bob").await;
    let room = ada.create_room("Room").await;
    bob.join(&room).await;
    let seq = ada.send(&room, "one").await.seq;
    let mut lock = server.database().await;
    lock.execute("begin".into()).await;
    lock.execute("select id from rooms for update".into()).await;
    assert_eq!(within("a mark", read(&bob, &room, seq)).await, seq);
    assert_eq!(within("the rooms", bob.summary(&room)).await.unread_count, 0);
    lock.execute("rollback".into()).await;
    drop(lock);
    server.end().await;
}

//! Changes of profiles reach the streams that show them, merged and at a limited rate.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use causerie_client::v1::{self, chat_request::Command, event::Kind, reply::Result as Outcome};

use crate::{
    large_rooms::crowd,
    support::{Person, Server, Stream, on_both_databases},
};

async fn rename(person: &Person, name: &str) -> v1::User {
    let request =
        v1::UpdateProfileRequest { display_name: Some(name.into()), ..Default::default() };
    let answer = person.client.update_profile(request).await.expect("renamed");
    answer.user.expect("the user")
}

async fn watch(stream: &mut Stream, room: &str) {
    let request = v1::WatchRoomsRequest { room_ids: vec![room.into()], ..Default::default() };
    match stream.call(Command::WatchRooms(request)).await.expect("watching") {
        Outcome::WatchRooms(_) => {}
        other => panic!("another reply: {other:?}"),
    }
}

fn changed(event: &Kind) -> Option<v1::User> {
    match event {
        Kind::UserChanged(changed) => changed.user.clone(),
        _ => None,
    }
}

/// The next changed user that a stream is told of.
async fn next(stream: &mut Stream) -> v1::User {
    stream.until("a changed user", changed).await
}

/// Whom a stream is told of next: a changed user, or who has sent a message.
async fn next_user_or_message(stream: &mut Stream) -> Option<v1::User> {
    stream
        .until("a changed user or a message", |event| match event {
            Kind::Change(v1::RoomChange { message: Some(_), .. }) => Some(None),
            event => changed(event).map(Some),
        })
        .await
}

async fn direct(by: &Person, with: &Person) -> String {
    let request = v1::OpenDirectRoomRequest { user_id: with.user.id.clone() };
    by.client.open_direct_room(request).await.expect("a room").room.expect("a room").id
}

on_both_databases! {
    async fn ten_changes_within_a_second_are_one_event_with_the_newest(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        assert_eq!(ada.user.version, 1);
        let (mut desk, mut phone) = (ada.stream().await, ada.stream().await);
        loop {
            let begun = Instant::now();
            let mut newest = ada.user.clone();
            for n in 0..10 {
                newest = rename(&ada, &format!("Ada {n}")).await;
            }
            let in_time = begun.elapsed() < Duration::from_secs(1);
            let told = (next(&mut desk).await, next(&mut phone).await);
            if in_time {
                assert_eq!(told, (newest.clone(), newest), "on both devices");
                break;
            }
            // A machine that stalls for so long tells in between. Until it has told all:
            while next(&mut desk).await != newest {}
            while next(&mut phone).await != newest {}
        }
        // It is no change of a room's log, and the next one is an event of its own.
        let newest = rename(&ada, "Countess").await;
        assert_eq!(next(&mut desk).await, newest);
        // Where nothing changes, nothing is told.
        let same = rename(&ada, "Countess").await;
        assert_eq!(same.version, newest.version);
        let email = Some("ada@example.org".to_owned());
        let request = v1::UpdateProfileRequest { email, ..Default::default() };
        let answer = ada.client.update_profile(request).await.expect("changed");
        assert_eq!(answer.user.expect("a user"), newest, "others do not see the address");
        let last = rename(&ada, "Lovelace").await;
        assert_eq!((next(&mut desk).await, last.version), (last, newest.version + 1));
        server.end().await;
    }

    async fn the_version_grows_with_each_change_that_others_see(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        let changes: [(v1::UpdateProfileRequest, i64); 6] = [
            (v1::UpdateProfileRequest { bio: Some("Numbers".into()), ..Default::default() }, 2),
            (v1::UpdateProfileRequest { status_text: Some("at work".into()), ..Default::default() }, 3),
            (v1::UpdateProfileRequest { avatar_file_id: Some(String::new()), ..Default::default() }, 3),
            (v1::UpdateProfileRequest { bio: Some("Numbers".into()), ..Default::default() }, 3),
            (v1::UpdateProfileRequest { display_name: Some("Ada Byron".into()), bio: Some(String::new()), ..Default::default() }, 4),
            (v1::UpdateProfileRequest::default(), 4),
        ];
        for (request, version) in changes {
            let answer = ada.client.update_profile(request.clone()).await.expect("changed");
            assert_eq!(answer.user.expect("a user").version, version, "{request:?}");
        }
        // Wherever others meet her.
        let user_id = ada.user.id.clone();
        let found = bob.client.get_user(v1::GetUserRequest { user_id }).await.expect("Ada");
        assert_eq!(found.user.expect("a user").version, 4);
        bob.join(&room).await;
        let request = v1::ListMembersRequest { room_id: room, ..Default::default() };
        let members = bob.client.list_members(request).await.expect("members").members;
        let versions: Vec<_> = members.into_iter().map(|m| m.user.expect("a user").version).collect();
        assert_eq!(versions, [4, 1]);
        server.end().await;
    }

    async fn who_has_a_direct_room_with_somebody_or_watches_a_small_one_is_told(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let eve = Person::register(&server.url, "eve").await;
        let room = ada.create_room("Room").await;
        eve.join(&room).await;
        direct(&ada, &bob).await;
        let (mut bobs, mut eves) = (bob.stream().await, eve.stream().await);
        let mut elsewhere = eve.stream().await;
        watch(&mut eves, &room).await;
        let newest = rename(&ada, "Ada Byron").await;
        assert_eq!(next(&mut bobs).await, newest, "whatever he looks at");
        assert_eq!(next(&mut eves).await, newest, "she looks at the room");
        // Who looks at something else is not told, and sees it by the next message or page.
        let sent = ada.send(&room, "after it").await;
        assert_eq!(sent.sender_version, newest.version);
        let told = elsewhere.until("a changed user or a message", |event| match event {
            Kind::Change(v1::RoomChange { message: Some(message), .. }) => Some(message.clone()),
            event => changed(event).map(|_| v1::Message::default()),
        });
        assert_eq!(told.await.sender_version, newest.version);
        let versions: HashSet<_> = eve.history(&room).await.into_iter()
            .map(|message| (message.sender_id, message.sender_version)).collect();
        assert!(versions.contains(&(ada.user.id.clone(), newest.version)), "also of older messages");
        assert!(!versions.contains(&(ada.user.id.clone(), newest.version - 1)));
        // Both ways at once are one event.
        direct(&ada, &eve).await;
        let newest = rename(&ada, "Ada Lovelace").await;
        assert_eq!(next(&mut eves).await, newest);
        assert_eq!(next(&mut elsewhere).await, newest);
        ada.send(&room, "after it").await;
        assert_eq!(next_user_or_message(&mut eves).await, None, "the event came once");
        server.end().await;
    }

    async fn a_room_of_two_hundred_tells_of_its_members_and_one_of_more_does_not(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let eve = Person::register(&server.url, "eve").await;
        let room = ada.create_room("Hall").await;
        bob.join(&room).await;
        crowd(&server, &room, 198).await;
        let (mut adas, mut bobs) = (ada.stream().await, bob.stream().await);
        watch(&mut bobs, &room).await;
        let newest = rename(&ada, "Ada Byron").await;
        assert_eq!(next(&mut bobs).await, newest);
        assert_eq!(next(&mut adas).await, newest);
        // The 201st, while he looks at it.
        eve.join(&room).await;
        let newest = rename(&ada, "Ada Lovelace").await;
        // Once her own stream is told, all are.
        assert_eq!(next(&mut adas).await, newest);
        ada.send(&room, "after it").await;
        loop {
            let told = bobs.until("a change", |event| match event {
                Kind::Change(v1::RoomChange { message: Some(message), .. }) => Some(Ok(message.clone())),
                event => changed(event).map(Err),
            });
            let message = told.await.expect("no changed user");
            if message.sender_id == ada.user.id {
                break;
            }
        }
        server.end().await;
    }

    async fn all_of_eighty_changed_users_are_told_each_with_the_newest(database: Database) {
        let server = Server::start(database).await;
        let eye = Person::register(&server.url, "eye").await;
        let room = eye.create_room("Room").await;
        let mut people = Vec::new();
        for n in 0..80 {
            let person = Person::register(&server.url, &format!("user{n}")).await;
            person.join(&room).await;
            people.push(person);
        }
        let mut stream = eye.stream().await;
        watch(&mut stream, &room).await;
        let mut waiting = HashSet::new();
        for (n, person) in people.iter().enumerate() {
            rename(person, &format!("First {n}")).await;
            let newest = rename(person, &format!("Second {n}")).await;
            waiting.insert((newest.id, newest.display_name));
        }
        while !waiting.is_empty() {
            let user = next(&mut stream).await;
            waiting.remove(&(user.id, user.display_name));
        }
        server.end().await;
    }

    async fn a_block_is_told_to_the_streams_of_whoever_made_it_alone(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let (mut desk, mut phone) = (ada.stream().await, ada.stream().await);
        let mut bobs = bob.stream().await;
        let room = direct(&bob, &bob).await;
        let user_id = bob.user.id.clone();
        let block = v1::BlockUserRequest { user_id: user_id.clone() };
        ada.client.block_user(block).await.expect("blocked");
        let unblock = v1::UnblockUserRequest { user_id: user_id.clone() };
        ada.client.unblock_user(unblock).await.expect("unblocked");
        let told = |event: &Kind| match event {
            Kind::BlockChanged(change) => Some(change.clone()),
            _ => None,
        };
        for stream in [&mut desk, &mut phone] {
            for blocked in [true, false] {
                let expected = v1::BlockChanged { user_id: user_id.clone(), blocked };
                assert_eq!(stream.until("a block", told).await, expected);
            }
        }
        bob.send(&room, "after it").await;
        let next = bobs.until("a message", |event| match event {
            Kind::BlockChanged(_) => Some(false),
            Kind::Change(v1::RoomChange { message: Some(m), .. }) if m.sender_id == bob.user.id && m.seq > 1 => Some(true),
            _ => None,
        });
        assert!(next.await, "he is told nothing of it");
        server.end().await;
    }
}

//! A typing indicator ends with whatever ends the right to post.

use std::time::{Duration, Instant};

use causerie_client::v1::{self, chat_request::Command, event::Kind};

use crate::{
    large_rooms::crowd,
    support::{Person, Server, Stream, on_both_databases},
};

async fn watch(stream: &mut Stream, room: &str) -> Vec<String> {
    let request = v1::WatchRoomsRequest { room_ids: vec![room.into()], ..Default::default() };
    match stream.call(Command::WatchRooms(request)).await.expect("watching") {
        v1::reply::Result::WatchRooms(mut watched) => watched.rooms.remove(0).typing_user_ids,
        other => panic!("another reply: {other:?}"),
    }
}

/// Whether someone begins to type, or stops.
async fn told(stream: &mut Stream) -> bool {
    let typing = |event: &Kind| match event {
        Kind::Typing(typing) => Some(typing.typing),
        _ => None,
    };
    stream.until("typing", typing).await
}

on_both_databases! {
    async fn typing_ends_at_once_with_the_membership_or_the_right_to_post(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let mut eye = ada.stream().await;
        for how in ["leave", "remove", "ban", "mute", "archive"] {
            let room = ada.create_room(how).await;
            bob.join(&room).await;
            watch(&mut eye, &room).await;
            let (room_id, user_id) = (room.clone(), bob.user.id.clone());
            let typing = v1::SetTypingRequest { room_id: room.clone(), typing: true };
            // On a machine that stalls for so long, typing lapses by itself.
            loop {
                let begun = Instant::now();
                bob.client.set_typing(typing.clone()).await.expect("noted");
                assert!(told(&mut eye).await);
                if begun.elapsed() < Duration::from_secs(3) {
                    break;
                }
                assert!(!told(&mut eye).await);
            }
            let begun = Instant::now();
            match how {
                "leave" => bob.leave(&room).await,
                "remove" => {
                    let request = v1::RemoveMemberRequest { room_id, user_id };
                    ada.client.remove_member(request).await.map(drop).expect("removed");
                }
                "ban" => {
                    let request = v1::BanMemberRequest { room_id, user_id, ..Default::default() };
                    ada.client.ban_member(request).await.map(drop).expect("banned");
                }
                "mute" => {
                    let duration = Some(prost_types::Duration { seconds: 60, nanos: 0 });
                    let request = v1::MuteMemberRequest { room_id, user_id, duration, ..Default::default() };
                    ada.client.mute_member(request).await.map(drop).expect("muted");
                }
                _ => {
                    let request = v1::ArchiveRoomRequest { room_id, archived: true };
                    ada.client.archive_room(request).await.map(drop).expect("archived");
                }
            }
            let answered = begun.elapsed();
            assert!(watch(&mut eye, &room).await.is_empty() || answered > Duration::from_secs(1), "{how}");
            assert!(!told(&mut eye).await, "{how}");
            assert!(begun.elapsed() < Duration::from_secs(2) || answered > Duration::from_secs(1), "{how}");
        }
        server.end().await;
    }

    async fn typing_ends_with_the_account(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        let mut eye = ada.stream().await;
        watch(&mut eye, &room).await;
        let typing = v1::SetTypingRequest { room_id: room.clone(), typing: true };
        bob.client.set_typing(typing).await.expect("noted");
        assert!(told(&mut eye).await);
        let request = v1::SuspendUserRequest { user_id: bob.user.id.clone() };
        ada.client.suspend_user(request).await.expect("suspended");
        assert!(watch(&mut eye, &room).await.is_empty());
        assert!(!told(&mut eye).await);
        server.end().await;
    }

    async fn in_a_room_of_more_than_two_hundred_it_is_told_that_somebody_types_and_not_who(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let eve = Person::register(&server.url, "eve").await;
        let room = ada.create_room("Hall").await;
        bob.join(&room).await;
        eve.join(&room).await;
        crowd(&server, &room, 197).await;
        let (mut adas, mut bobs) = (ada.stream().await, bob.stream().await);
        for stream in [&mut adas, &mut bobs] {
            watch(stream, &room).await;
        }
        let types = async |person: &Person, typing| {
            let request = v1::SetTypingRequest { room_id: room.clone(), typing };
            person.client.set_typing(request).await.expect("noted");
        };
        let heard = async |stream: &mut Stream| {
            let typing = |event: &Kind| match event {
                Kind::Typing(typing) => Some((typing.user_id.clone(), typing.typing, typing.several)),
                _ => None,
            };
            stream.until("typing", typing).await
        };
        types(&eve, true).await;
        let named = (eve.user.id.clone(), true, false);
        assert_eq!((heard(&mut adas).await, heard(&mut bobs).await), (named.clone(), named), "200 members");
        types(&eve, false).await;
        heard(&mut adas).await;
        heard(&mut bobs).await;
        // One more.
        Person::register(&server.url, "joe").await.join(&room).await;
        types(&bob, true).await;
        let several = |typing| (String::new(), typing, true);
        assert_eq!(heard(&mut adas).await, several(true));
        // Whoever comes to look at the room meanwhile; but nobody is told of themselves.
        let mut late = ada.stream().await;
        let request = v1::WatchRoomsRequest { room_ids: vec![room.clone()], ..Default::default() };
        let v1::reply::Result::WatchRooms(watched) =
            late.call(Command::WatchRooms(request)).await.expect("watching") else { panic!("another reply") };
        let watched = &watched.rooms[0];
        assert!(watched.typing_user_ids.is_empty() && watched.receipts.is_empty());
        types(&eve, true).await;
        assert_eq!(heard(&mut bobs).await, several(true), "another one than himself");
        types(&bob, false).await;
        types(&eve, false).await;
        assert_eq!(heard(&mut adas).await, several(false));
        server.end().await;
    }
}

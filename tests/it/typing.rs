//! A typing indicator ends with whatever ends the right to post.

use std::time::{Duration, Instant};

use causerie_client::v1::{self, chat_request::Command, event::Kind};

use crate::support::{Person, Server, Stream, on_both_databases};

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
}

//! Calls that are given up at any moment leave nothing behind on the connections to
//! the database.

use std::time::Duration;

use causerie_client::{client::authorized, v1};
use futures::future::join_all;
use v1::{
    chat_service_client::ChatServiceClient, event::Kind, room_service_client::RoomServiceClient,
    user_service_client::UserServiceClient,
};

use crate::support::{Person, Server, on_both_databases, people::text_of};

on_both_databases! {
    async fn whoever_comes_next_is_answered(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        for n in 0..20 {
            ada.send(&room, &format!("Text {n}")).await;
        }
        let texts = |history: Vec<v1::Message>| -> Vec<(i64, String)> {
            history.iter().map(|message| (message.seq, text_of(message).to_owned())).collect()
        };
        let expected = texts(ada.history(&room).await);

        // Each is given up a bit later than the one before.
        for wait_us in (100..4_000).step_by(100) {
            give_up(&ada, &room, Duration::from_micros(wait_us)).await;
        }

        // More than there are connections, of someone else.
        let histories = join_all((0..40).map(|_| bob.history(&room))).await;
        for history in histories {
            assert_eq!(texts(history), expected);
        }
        bob.send(&room, "Still here").await;
        server.end().await;
    }

    async fn what_is_changed_is_told_although_its_client_went_away(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let mut stream = ada.stream().await;
        let token = ada.client.access_token().await.expect("a token");
        let mut users = UserServiceClient::new(ada.client.channel());
        for wait_us in (200..6_000).step_by(200) {
            let block = v1::BlockUserRequest { user_id: bob.user.id.clone() };
            let block = authorized(block, &token).expect("a request");
            let wait = Duration::from_micros(wait_us);
            let _ = tokio::time::timeout(wait, users.block_user(block)).await;
            // Whether or not it was carried out, the next call says what is true now.
            let list = v1::ListBlockedUsersRequest::default();
            let blocked = ada.client.list_blocked_users(list).await.expect("a list").users;
            if !blocked.is_empty() {
                stream.until("the block", |event| match event {
                    Kind::Blocks(blocks) => (!blocks.user_ids.is_empty()).then_some(()),
                    _ => None,
                }).await;
                let unblock = v1::UnblockUserRequest { user_id: bob.user.id.clone() };
                ada.client.unblock_user(unblock).await.expect("unblocked");
                stream.until("its end", |event| match event {
                    Kind::Blocks(blocks) => blocks.user_ids.is_empty().then_some(()),
                    _ => None,
                }).await;
            }
        }
        server.end().await;
    }
}

/// Makes calls that read and calls that write, and waits for their answers only so long.
async fn give_up(person: &Person, room: &str, wait: Duration) {
    let channel = person.client.channel();
    let token = person.client.access_token().await.expect("a token");
    let mut rooms = RoomServiceClient::new(channel.clone());
    let mut messages = ChatServiceClient::new(channel.clone());
    let mut users = UserServiceClient::new(channel);
    let list_rooms = authorized(v1::ListRoomsRequest::default(), &token).expect("a request");
    let list = v1::ListMessagesRequest { room_id: room.into(), ..Default::default() };
    let list = authorized(list, &token).expect("a request");
    let profile = v1::UpdateProfileRequest {
        display_name: Some(format!("Ada {}", wait.as_micros())),
        ..Default::default()
    };
    let profile = authorized(profile, &token).expect("a request");
    let resume = authorized(resume(person, room).await, &token).expect("a request");
    let mut streams = messages.clone();
    // Whether they are answered in time does not matter.
    let _ = tokio::join!(
        tokio::time::timeout(wait, rooms.list_rooms(list_rooms)),
        tokio::time::timeout(wait, messages.list_messages(list)),
        tokio::time::timeout(wait, users.update_profile(profile)),
        tokio::time::timeout(wait, async move {
            let mut events = streams.subscribe(resume).await?.into_inner();
            while events.message().await?.is_some() {}
            Ok::<_, tonic::Status>(())
        }),
    );
}

/// From a position at which there is all of the room to catch up with.
async fn resume(person: &Person, room: &str) -> v1::SubscribeRequest {
    let get = v1::GetRoomRequest { room_id: room.into() };
    let log_id = person.client.get_room(get).await.expect("an answer").room.expect("a room").log_id;
    let position = v1::RoomPosition { room_id: room.into(), seq: 1, log_id };
    v1::SubscribeRequest { positions: vec![position], ..Default::default() }
}

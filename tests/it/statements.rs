//! How many statements coming back takes: each is a round trip to the database, and
//! after a restart everybody comes back at once.

use causerie_client::v1;

use crate::support::{
    Person, Server, on_both_databases,
    statements::{start_counting, statements_of},
};

/// More than are read at once.
const ROOMS: usize = 70;

/// The statements of a stream that goes on from positions.
async fn resume(person: &Person, positions: &[v1::RoomPosition]) -> Vec<String> {
    let id = uuid::Uuid::new_v4().to_string();
    let mut stream = person.open_as(Some(&id)).await.expect("a stream");
    stream.subscribe(positions.to_vec()).await;
    statements_of(&id)
}

/// Where a person's rooms are now.
async fn positions(person: &Person) -> Vec<v1::RoomPosition> {
    let request = v1::ListRoomsRequest { page_size: 200, ..Default::default() };
    let rooms = person.client.list_rooms(request).await.expect("rooms").rooms;
    let position = |room: v1::Room| v1::RoomPosition {
        room_id: room.id,
        seq: room.head_seq,
        log_id: room.log_id,
    };
    rooms.into_iter().filter_map(|summary| summary.room).map(position).collect()
}

on_both_databases! {
    async fn a_resume_takes_two_statements_and_one_for_32_rooms_that_moved(database: Database) {
        start_counting();
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let mut rooms = Vec::new();
        for n in 0..ROOMS {
            let room = ada.create_room(&format!("Room {n}")).await;
            bob.join(&room).await;
            rooms.push(room);
        }
        let before = positions(&bob).await;
        for moved in [0, 1, 33, 65] {
            for room in &rooms[..moved] {
                ada.send(room, "hello").await;
            }
            let statements = resume(&bob, &before).await;
            let most = 2 + moved.div_ceil(32);
            assert!(statements.len() <= most, "{moved} moved: {statements:#?}");
        }
        // Members and settings that changed take one statement each, of 32 rooms too.
        let carol = Person::register(&server.url, "carol").await;
        let before = positions(&bob).await;
        for room in &rooms[..32] {
            carol.join(room).await;
            let rename = v1::UpdateRoomRequest {
                room_id: room.clone(),
                topic: Some("News".into()),
                ..Default::default()
            };
            ada.client.update_room(rename).await.expect("renamed");
        }
        let statements = resume(&bob, &before).await;
        // Also in the room that everybody is in.
        assert!(statements.len() <= 2 + 2 + 2 + 1, "{statements:#?}");
        server.end().await;
    }
}

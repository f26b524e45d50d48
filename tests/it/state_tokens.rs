//! Whoever comes back is told the read marks and settings that have changed.

use causerie_client::v1::{self, event::Kind};
use prost::Message as _;

use crate::support::{Person, Server, on_both_databases};

const ROOMS: usize = 500;
/// A change is told again for this long after it was made, in microseconds.
const WRITTEN_WITHIN_US: i64 = 60_000_000;

/// Where a person's rooms are now.
async fn positions(person: &Person) -> Vec<v1::RoomPosition> {
    let (mut positions, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = v1::ListRoomsRequest { page_size: 200, page_token };
        let page = person.client.list_rooms(request).await.expect("rooms");
        let rooms = page.rooms.into_iter().filter_map(|summary| summary.room);
        positions.extend(rooms.map(|room| v1::RoomPosition {
            room_id: room.id,
            seq: room.head_seq,
            log_id: room.log_id,
        }));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return positions;
        }
    }
}

/// What comes back with a token: what is told before `live`, and the next token.
async fn resume(
    person: &Person,
    positions: &[v1::RoomPosition],
    token: &[u8],
) -> (Vec<Kind>, Vec<u8>) {
    let mut stream = person.open().await.expect("a stream");
    let token = stream.subscribe_with(positions.to_vec(), token.to_vec()).await;
    (stream.take_events(), token)
}

fn bytes(events: &[Kind]) -> usize {
    let encoded = |kind: &Kind| v1::Event { kind: Some(kind.clone()) }.encoded_len();
    events.iter().map(encoded).sum()
}

/// Makes all that has changed so far older than what is told again.
async fn age(server: &Server) {
    let mut database = server.database().await;
    for table in ["marks", "thread_marks", "room_settings"] {
        let sql = format!("update {table} set changed_us = changed_us - {}", 2 * WRITTEN_WITHIN_US);
        database.execute(sql).await;
    }
}

async fn rooms(ada: &Person, bob: &Person, count: usize) -> Vec<String> {
    let mut rooms = Vec::new();
    for n in 0..count {
        let room = ada.create_room(&format!("Room {n}")).await;
        bob.join(&room).await;
        rooms.push(room);
    }
    rooms
}

on_both_databases! {
    async fn where_nothing_moved_hardly_anything_is_told(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        rooms(&ada, &bob, ROOMS).await;
        age(&server).await;
        let positions = positions(&bob).await;
        let (all, token) = resume(&bob, &positions, &[]).await;
        assert!(all.len() >= ROOMS && bytes(&all) > 20_000, "{} bytes", bytes(&all));
        assert!(token.len() < 100);
        let (told, token) = resume(&bob, &positions, &token).await;
        assert_eq!(told, []);
        assert!(bytes(&told) + token.len() < 1_000);
        server.end().await;
    }

    async fn what_changed_on_another_device_is_told_and_nothing_else(database: Database) {
        let mut server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let rooms = rooms(&ada, &bob, 4).await;
        age(&server).await;
        let positions = positions(&bob).await;
        let (_, token) = resume(&bob, &positions, &[]).await;

        // Not written yet as the phone comes back.
        let phone = bob.sign_in_again(&server.url).await;
        let read = v1::MarkReadRequest { room_id: rooms[0].clone(), seq: 2, ..Default::default() };
        bob.client.mark_unread(v1::MarkUnreadRequest { room_id: rooms[0].clone(), seq: 1, ..Default::default() })
            .await.expect("marked as unread");
        bob.client.mark_read(read).await.expect("marked");
        let starred = v1::UpdateRoomPreferencesRequest {
            room_id: rooms[1].clone(),
            starred: Some(true),
            ..Default::default()
        };
        bob.client.update_room_preferences(starred).await.expect("starred");
        let changed = |told: &[Kind]| {
            let of = |kind: &Kind| match kind {
                Kind::ReadMarker(mark) => format!("mark of {}", mark.room_id),
                Kind::RoomPreferences(settings) => format!("settings of {}", settings.room_id),
                other => panic!("told {other:?}"),
            };
            let mut changed: Vec<String> = told.iter().map(of).collect();
            changed.sort();
            changed
        };
        let mut expected =
            vec![format!("mark of {}", rooms[0]), format!("settings of {}", rooms[1])];
        expected.sort();
        let (told, newer) = resume(&phone, &positions, &token).await;
        assert_eq!(changed(&told), expected);
        // Told again for a while, and not after it.
        age(&server).await;
        assert_eq!(resume(&phone, &positions, &newer).await.0, []);

        // A server that stops in order leaves the token as it is.
        server.restart().await;
        assert_eq!(resume(&phone, &positions, &newer).await.0, []);
        server.end().await;
    }

    async fn a_token_that_means_nothing_here_is_as_none(database: Database) {
        let mut server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        rooms(&ada, &bob, 4).await;
        age(&server).await;
        let of_bob = positions(&bob).await;
        let (all, token) = resume(&bob, &of_bob, &[]).await;
        assert_eq!(resume(&bob, &of_bob, &token).await.0, []);

        let (_, of_ada) = resume(&ada, &positions(&ada).await, &[]).await;
        let mut of_another_store = token.clone();
        of_another_store[1] ^= 1;
        let mut from_the_future = token.clone();
        from_the_future[33] = 0x7f;
        for token in [&of_ada, &of_another_store, &from_the_future, &vec![7; 41], &vec![1]] {
            let mut told = resume(&bob, &of_bob, token).await.0;
            told.sort_by_key(|kind| format!("{kind:?}"));
            let mut all = all.clone();
            all.sort_by_key(|kind| format!("{kind:?}"));
            assert_eq!(told, all, "with {token:?}");
        }

        // After a crash marks may be lost that it stood for.
        server.stop().await;
        server.database().await.execute("update store set stopped_us = 0".to_owned()).await;
        server.restart().await;
        let (told, newer) = resume(&bob, &of_bob, &token).await;
        assert_eq!(told.len(), all.len());
        assert_eq!(resume(&bob, &of_bob, &newer).await.0, []);
        server.end().await;
    }
}

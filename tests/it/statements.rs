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

/// Rooms of two people, and where the second one is in them.
async fn rooms_of(ada: &Person, bob: &Person) -> (Vec<String>, Vec<v1::RoomPosition>) {
    let mut rooms = Vec::new();
    for n in 0..ROOMS {
        let room = ada.create_room(&format!("Room {n}")).await;
        bob.join(&room).await;
        rooms.push(room);
    }
    let heads = rooms.iter().map(|room| (room.clone(), 2)).collect();
    (rooms, bob.positions(heads).await)
}

on_both_databases! {
    async fn a_resume_takes_few_statements(database: Database) {
        start_counting();
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let (rooms, positions) = rooms_of(&ada, &bob).await;
        for moved in [0, 1, 33, 65] {
            for room in &rooms[..moved] {
                ada.send(room, "hello").await;
            }
            let statements = resume(&bob, &positions).await;
            let most = 9 + 4 * moved;
            assert!(statements.len() <= most, "{moved} moved: {statements:#?}");
        }
        server.end().await;
    }
}

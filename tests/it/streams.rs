//! What streams say while little happens, and in rooms of many.

use causerie_client::v1::{self, chat_request::Command, event::Kind, reply::Result as Outcome};

use crate::support::{Person, Server, on_both_databases};

on_both_databases! {
    async fn a_silent_stream_sends_heartbeats_with_the_heads_that_moved(database: Database) {
        let server = Server::start_with(database, |config| config.stream.heartbeat_ms = 200).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let quiet = ada.create_room("Quiet").await;
        let mut stream = ada.stream().await;
        assert_eq!(stream.ready.heartbeat_interval.expect("an interval").nanos, 200_000_000);
        let heads = |event: &Kind| match event {
            Kind::Heartbeat(heartbeat) => Some(heartbeat.heads.clone()),
            _ => None,
        };
        // The first tells what was told of the rooms, the next that nothing moved.
        stream.until("a heartbeat", heads).await;
        assert!(stream.until("a heartbeat", heads).await.is_empty());
        let sent = ada.send(&room, "hello").await;
        assert_eq!(stream.message().await, sent);
        let moved = stream.until("a heartbeat", heads).await;
        assert_eq!(moved.get(&room), Some(&sent.seq));
        assert!(!moved.contains_key(&quiet));
        server.end().await;
    }

    async fn a_room_of_many_tells_counts_and_not_everybodys_presence(database: Database) {
        let server = Server::start_with(database, |config| config.server.max_streams_per_user = 10).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Many").await;
        let mut last = None;
        for n in 0..200 {
            let person = Person::register(&server.url, &format!("person{n}")).await;
            person.join(&room).await;
            last = Some(person);
        }
        let _online = last.expect("a person").stream().await;
        let mut stream = ada.stream().await;
        let watch = v1::WatchRoomsRequest { room_ids: vec![room.clone()], ..Default::default() };
        let mut ticks = tokio::time::interval(std::time::Duration::from_millis(50));
        crate::support::within("two to be online", async {
            loop {
                ticks.tick().await;
                let reply = stream.call(Command::WatchRooms(watch.clone())).await.expect("watching");
                let Outcome::WatchRooms(watched) = reply else { panic!("another reply: {reply:?}") };
                let watched = &watched.rooms[0];
                assert_eq!(watched.member_count, 201);
                assert!(watched.presences.is_empty());
                if watched.online_count == 2 {
                    return;
                }
            }
        })
        .await;
        server.end().await;
    }
}

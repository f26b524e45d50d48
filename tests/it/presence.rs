//! Typing and presence: told to those who look at the room.

use std::time::{Duration, Instant};

use causerie_client::v1::{
    self, PresenceState as P, chat_request::Command, event::Kind, reply::Result as Outcome,
};

use crate::support::{Person, Process, Server, Stream, on_both_databases, within};

async fn watch(stream: &mut Stream, room: &str) -> v1::WatchedRoom {
    let request = v1::WatchRoomsRequest { room_ids: vec![room.into()], ..Default::default() };
    match stream.call(Command::WatchRooms(request)).await.expect("watching") {
        Outcome::WatchRooms(response) => response.rooms[0].clone(),
        other => panic!("another reply: {other:?}"),
    }
}

async fn until_presence(stream: &mut Stream, person: &Person, state: P) -> v1::Presence {
    let what = format!("{} to be {state:?}", person.user.username);
    stream
        .until(&what, |event| match event {
            Kind::Presence(p) if p.user_id == person.user.id && p.state() == state => {
                Some(p.clone())
            }
            _ => None,
        })
        .await
}

async fn set(stream: &mut Stream, state: P) {
    let request = v1::SetPresenceRequest { connection_id: String::new(), state: state.into() };
    stream.call(Command::SetPresence(request)).await.expect("set");
}

on_both_databases! {
    async fn presence_follows_the_streams_of_all_devices(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        let mut eye = ada.stream().await;
        assert_eq!(watch(&mut eye, &room).await.member_count, 2);

        let mut phone = bob.stream().await;
        until_presence(&mut eye, &bob, P::Online).await;
        let mut laptop = bob.stream().await;
        set(&mut phone, P::Away).await;
        set(&mut laptop, P::Away).await;
        until_presence(&mut eye, &bob, P::Away).await;
        set(&mut laptop, P::Online).await;
        until_presence(&mut eye, &bob, P::Online).await;
        set(&mut laptop, P::DoNotDisturb).await;
        until_presence(&mut eye, &bob, P::DoNotDisturb).await;
        set(&mut laptop, P::Invisible).await;
        until_presence(&mut eye, &bob, P::Offline).await;
        set(&mut phone, P::Online).await;
        until_presence(&mut eye, &bob, P::Online).await;

        drop(laptop);
        let watched = watch(&mut eye, &room).await;
        assert_eq!(watched.online_count, i64::try_from(watched.presences.len()).expect("few"));
        drop(phone);
        let gone = until_presence(&mut eye, &bob, P::Offline).await;
        assert!(gone.last_seen_at.is_some());
        let request = v1::GetUserRequest { user_id: bob.user.id.clone() };
        let seen = ada.client.get_user(request).await.expect("Bob").presence.expect("presence");
        assert_eq!(seen.state(), P::Offline);
        assert!(seen.last_seen_at.is_some());
        server.end().await;
    }

    async fn nobody_is_online_after_a_crash_who_is_not_connected(database: Database) {
        let mut server = Process::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        let mut eye = ada.stream().await;
        watch(&mut eye, &room).await;
        let _phone = bob.stream().await;
        until_presence(&mut eye, &bob, P::Online).await;
        server.kill().await;
        server.start_again().await;
        // On MySQL other nodes may live, so the dead one's lease has to run out.
        let ada = ada.sign_in_again(&server.url).await;
        let mut ticks = tokio::time::interval(Duration::from_millis(250));
        crate::support::within_secs(45, "Bob to be offline", async {
            loop {
                ticks.tick().await;
                let request = v1::GetUserRequest { user_id: bob.user.id.clone() };
                let seen = ada.client.get_user(request).await.expect("Bob").presence;
                if seen.expect("presence").state() == P::Offline {
                    return;
                }
            }
        })
        .await;
        server.end().await;
    }

    async fn typing_is_told_once_and_ends_with_the_message_or_by_itself(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        let typing = async |on| {
            let request = v1::SetTypingRequest { room_id: room.clone(), typing: on };
            bob.client.set_typing(request).await.expect("noted");
        };
        let told = async |eye: &mut Stream| {
            eye.until("typing", |event| match event {
                Kind::Typing(t) => Some(t.typing),
                _ => None,
            })
            .await
        };
        let mut eye = loop {
            let mut eye = ada.stream().await;
            watch(&mut eye, &room).await;
            let begun = Instant::now();
            typing(true).await;
            typing(true).await;
            let typed = told(&mut eye).await;
            let watched = watch(&mut eye, &room).await;
            bob.send(&room, "written").await;
            let types = told(&mut eye).await;
            // A machine that stalls for so long that typing lapses begins anew.
            if begun.elapsed() < Duration::from_secs(5) {
                assert!(typed);
                assert_eq!(watched.typing_user_ids, std::slice::from_ref(&bob.user.id));
                assert!(!types, "told once, and over with the message");
                break eye;
            }
        };
        typing(true).await;
        assert!(told(&mut eye).await);
        typing(false).await;
        assert!(!told(&mut eye).await);
        typing(true).await;
        assert!(told(&mut eye).await);
        // Nothing more is said: it lapses after five seconds.
        assert!(!within("typing to lapse", told(&mut eye)).await);
        server.end().await;
    }
}

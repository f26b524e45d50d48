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
    let request = v1::SetPresenceRequest { state: state.into(), ..Default::default() };
    stream.call(Command::SetPresence(request)).await.expect("set");
}

async fn set_idle(stream: &mut Stream, idle: bool) {
    let request = v1::SetPresenceRequest { idle: Some(idle), ..Default::default() };
    stream.call(Command::SetPresence(request)).await.expect("set");
}

/// Until a stream is told how its user chose to be seen.
async fn until_choice(stream: &mut Stream) -> P {
    let told = |event: &Kind| match event {
        Kind::PresenceChoice(choice) => P::try_from(*choice).ok(),
        _ => None,
    };
    stream.until("a choice", told).await
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

    async fn what_one_chose_holds_on_all_devices_until_another_is_chosen(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        let mut eye = ada.stream().await;
        watch(&mut eye, &room).await;
        let mut phone = bob.stream().await;
        let mut desk = bob.stream().await;
        until_presence(&mut eye, &bob, P::Online).await;

        set(&mut phone, P::DoNotDisturb).await;
        assert_eq!(until_choice(&mut desk).await, P::DoNotDisturb);
        assert_eq!(until_choice(&mut phone).await, P::DoNotDisturb);
        until_presence(&mut eye, &bob, P::DoNotDisturb).await;
        // Idle and back again: nothing of it is seen, nothing is lifted.
        for idle in [true, false] {
            set_idle(&mut desk, idle).await;
            set_idle(&mut phone, idle).await;
        }
        // A later device knows from the start, and may choose something else.
        let mut tablet = bob.stream().await;
        assert_eq!(tablet.ready.presence_choice(), P::DoNotDisturb);
        set(&mut tablet, P::Invisible).await;
        assert_eq!(until_choice(&mut desk).await, P::Invisible, "and nothing between");
        let next = eye.until("a change", |event| match event {
            Kind::Presence(presence) if presence.user_id == bob.user.id => Some(presence.state()),
            _ => None,
        });
        assert_eq!(next.await, P::Offline, "and nothing between");
        set(&mut desk, P::Online).await;
        until_presence(&mut eye, &bob, P::Online).await;
        for stream in [&mut desk, &mut phone, &mut tablet] {
            set_idle(stream, true).await;
        }
        until_presence(&mut eye, &bob, P::Away).await;
        set_idle(&mut phone, false).await;
        until_presence(&mut eye, &bob, P::Online).await;
        server.end().await;
    }

    async fn who_watches_is_told_of_their_own_presence(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let mut eye = ada.stream().await;
        // Whether or not it was stored when it was asked for.
        let watched = watch(&mut eye, &room).await;
        if watched.presences.is_empty() {
            until_presence(&mut eye, &ada, P::Online).await;
        }
        set(&mut eye, P::DoNotDisturb).await;
        until_presence(&mut eye, &ada, P::DoNotDisturb).await;
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

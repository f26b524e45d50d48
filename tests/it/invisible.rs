//! Who is invisible is not seen by a side way either, and nobody is seen by strangers.

use std::time::{Duration, Instant};

use causerie_client::v1::{
    self, PresenceState as P, chat_request::Command, event::Kind, reply::Result as Outcome,
};

use crate::{
    large_rooms::crowd,
    support::{Person, Server, Stream, on_both_databases, within},
};

async fn watch(stream: &mut Stream, rooms: &[&str]) -> Vec<v1::WatchedRoom> {
    let room_ids = rooms.iter().map(|room| (*room).to_owned()).collect();
    let request = v1::WatchRoomsRequest { room_ids, ..Default::default() };
    match stream.call(Command::WatchRooms(request)).await.expect("watching") {
        Outcome::WatchRooms(watched) => watched.rooms,
        other => panic!("another reply: {other:?}"),
    }
}

async fn set(stream: &mut Stream, state: P) {
    let request = v1::SetPresenceRequest { state: state.into(), ..Default::default() };
    stream.call(Command::SetPresence(request)).await.expect("set");
}

async fn seen(by: &Person, who: &Person) -> v1::Presence {
    let request = v1::GetUserRequest { user_id: who.user.id.clone() };
    by.client.get_user(request).await.expect("a user").presence.expect("presence")
}

async fn until_seen(by: &Person, who: &Person, state: P) -> v1::Presence {
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(20));
    within("a state", async {
        loop {
            ticks.tick().await;
            let seen = seen(by, who).await;
            if seen.state() == state {
                return seen;
            }
        }
    })
    .await
}

async fn mark(person: &Person, room: &str, seq: i64, read: bool) {
    let room_id = room.to_owned();
    if read {
        let request = v1::MarkReadRequest { room_id, seq, thread_seq: 0, ..Default::default() };
        person.client.mark_read(request).await.expect("marked");
    } else {
        let request = v1::MarkDeliveredRequest { room_id, seq, ..Default::default() };
        person.client.mark_delivered(request).await.expect("marked");
    }
}

async fn types(person: &Person, room: &str) {
    let request = v1::SetTypingRequest { room_id: room.into(), typing: true };
    person.client.set_typing(request).await.expect("noted");
}

/// Whose sign of life a stream is told next, beside messages.
async fn next_sign(stream: &mut Stream) -> (&'static str, String) {
    stream
        .until("a sign", |event| match event {
            Kind::Receipt(receipt) => Some(("receipt", receipt.user_id.clone())),
            Kind::Typing(typing) => Some(("typing", typing.user_id.clone())),
            Kind::Presence(presence) if presence.state() != P::Offline => {
                Some(("presence", presence.user_id.clone()))
            }
            _ => None,
        })
        .await
}

/// When an account was in use last, as an admin of the server sees it.
async fn last_used(admin: &Person, of: &Person) -> prost_types::Timestamp {
    let query = of.user.username.clone();
    let request = v1::ListUsersRequest { query, ..Default::default() };
    let accounts = admin.client.list_users(request).await.expect("accounts").accounts;
    accounts[0].last_used_at.expect("a time")
}

/// What of a message's receipts is about a user: delivered, read, and how many.
async fn reached(by: &Person, room: &str, seq: i64, who: &Person) -> (i32, i32, Vec<(i64, i64)>) {
    let request = v1::ListReceiptsRequest { room_id: room.into(), seq };
    let found = by.client.list_receipts(request).await.expect("receipts");
    let of = found.receipts.iter().filter(|receipt| receipt.user_id == who.user.id);
    let marks = of.map(|receipt| (receipt.delivered_seq, receipt.read_seq)).collect();
    (found.delivered_count, found.read_count, marks)
}

on_both_databases! {
    async fn an_invisible_user_shows_no_sign_of_life(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let eve = Person::register(&server.url, "eve").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        eve.join(&room).await;
        let first = ada.send(&room, "one").await.seq;
        mark(&bob, &room, first, true).await;
        let mut phone = bob.stream().await;
        let mut eye = ada.stream().await;
        let eves = eve.stream().await;
        until_seen(&ada, &bob, P::Online).await;
        until_seen(&ada, &eve, P::Online).await;
        until_seen(&ada, &ada, P::Online).await;
        types(&bob, &room).await;
        set(&mut phone, P::Invisible).await;
        let gone = until_seen(&ada, &bob, P::Offline).await;
        let used = last_used(&ada, &bob).await;
        let watched = watch(&mut eye, &[&room]).await.remove(0);
        assert!(watched.typing_user_ids.is_empty(), "typing ends with being seen");
        assert!(watched.presences.iter().all(|presence| presence.user_id != bob.user.id));

        // Whatever reaches them and whatever they read: nobody hears of it.
        let second = ada.send(&room, "two").await.seq;
        mark(&bob, &room, second, false).await;
        assert_eq!(reached(&ada, &room, second, &bob).await, (0, 0, vec![]));
        mark(&bob, &room, second, true).await;
        assert_eq!(reached(&ada, &room, second, &bob).await, (0, 0, vec![]));
        assert_eq!(reached(&ada, &room, first, &bob).await, (1, 1, vec![(first, first)]));
        types(&bob, &room).await;
        let mut tablet = bob.stream().await;
        set(&mut tablet, P::Invisible).await;
        mark(&eve, &room, second, false).await;
        assert_eq!(next_sign(&mut eye).await, ("receipt", eve.user.id.clone()));
        types(&eve, &room).await;
        assert_eq!(next_sign(&mut eye).await, ("typing", eve.user.id.clone()));
        let mut again = ada.stream().await;
        let watched = watch(&mut again, &[&room]).await.remove(0);
        assert_eq!(watched.typing_user_ids, std::slice::from_ref(&eve.user.id));
        assert_eq!(watched.online_count, 2);
        let of_bob = watched.receipts.iter().find(|receipt| receipt.user_id == bob.user.id);
        let of_bob = of_bob.map(|receipt| (receipt.delivered_seq, receipt.read_seq));
        assert_eq!(of_bob, Some((first, first)), "where they were when bob was seen last");
        drop((phone, tablet));
        let mut phone = bob.stream().await;
        assert_eq!(seen(&ada, &bob).await, gone, "nor when they come and go");
        let request = v1::ListMembersRequest { room_id: room.clone(), ..Default::default() };
        let members = ada.client.list_members(request).await.expect("members");
        assert_eq!(members.presences[1], gone);
        // Nor to the server's admins, when they sign in or renew their tokens.
        bob.sign_in_again(&server.url).await;
        assert_eq!(last_used(&ada, &bob).await, used);
        // To bob it is as ever, on each device.
        assert_eq!(bob.summary(&room).await.read_seq, second);

        // Who can be seen again shows what has reached them.
        set(&mut phone, P::Online).await;
        let told = again.until("a receipt of bob's", |event| match event {
            Kind::Receipt(receipt) if receipt.user_id == bob.user.id => {
                Some((receipt.delivered_seq, receipt.read_seq))
            }
            _ => None,
        });
        assert_eq!(told.await, (second, second));
        assert_eq!(reached(&ada, &room, second, &bob).await, (2, 1, vec![(second, second)]));
        drop(eves);
        server.end().await;
    }

    async fn presence_is_for_who_shares_a_small_room(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        // A room that all are in from the start is a small one for long.
        let for_nobody = "update rooms set join_new_accounts = 0";
        server.database().await.execute(for_nobody.into()).await;
        let bob = Person::register(&server.url, "bob").await;
        let eve = Person::register(&server.url, "eve").await;
        let stadium = ada.create_room("Stadium").await;
        let small = ada.create_room("Small").await;
        bob.join(&stadium).await;
        eve.join(&small).await;
        crowd(&server, &stadium, 198).await;
        let mut eye = ada.stream().await;
        let (mut bobs, mut eves) = (bob.stream().await, eve.stream().await);
        until_seen(&ada, &bob, P::Online).await;
        let hidden = seen(&eve, &bob).await;
        assert_eq!((hidden.state(), hidden.last_seen_at), (P::Unspecified, None), "of a stranger");
        assert_eq!(seen(&bob, &bob).await.state(), P::Online, "one's own is known");
        watch(&mut eye, &[&stadium, &small]).await;
        set(&mut bobs, P::DoNotDisturb).await;
        let of = |person: &Person, state: P| {
            let id = person.user.id.clone();
            move |event: &Kind| match event {
                Kind::Presence(p) if p.user_id == id && p.state() == state => Some(()),
                _ => None,
            }
        };
        eye.until("bob", of(&bob, P::DoNotDisturb)).await;

        // One more is too many, also for who has watched the room before.
        eve.join(&stadium).await;
        set(&mut bobs, P::Online).await;
        until_seen(&bob, &bob, P::Online).await;
        set(&mut eves, P::DoNotDisturb).await;
        let next = eye.until("presence", |event| match event {
            Kind::Presence(presence) => Some(presence.user_id.clone()),
            _ => None,
        });
        assert_eq!(next.await, eve.user.id);
        let members = async |person: &Person| {
            let query = String::new();
            let request = v1::ListMembersRequest { room_id: stadium.clone(), query, page_size: 3, ..Default::default() };
            let page = person.client.list_members(request).await.expect("members");
            page.presences.iter().map(|p| (p.state(), p.last_seen_at.is_some())).collect::<Vec<_>>()
        };
        let unknown = (P::Unspecified, false);
        assert_eq!(members(&ada).await, [(P::Online, false), unknown, unknown]);
        assert_eq!(seen(&ada, &bob).await.state(), P::Unspecified);
        // A direct room is a small one.
        let request = v1::OpenDirectRoomRequest { user_id: ada.user.id.clone() };
        bob.client.open_direct_room(request).await.expect("a room");
        assert_eq!(members(&ada).await, [(P::Online, false), (P::Online, false), unknown]);
        assert_eq!(seen(&ada, &bob).await.state(), P::Online);
        assert_eq!(seen(&bob, &ada).await.state(), P::Online);
        assert_eq!(seen(&eve, &bob).await.state(), P::Unspecified);
        // Who has left the small room is a stranger again.
        eve.leave(&small).await;
        assert_eq!(seen(&ada, &eve).await.state(), P::Unspecified);
        server.end().await;
    }

    /// Who adds somebody to a room sees no more of them by that.
    async fn who_is_invisible_comes_in_like_who_is_away(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let away = Person::register(&server.url, "away").await;
        let hidden = Person::register(&server.url, "hidden").await;
        let mut phone = hidden.stream().await;
        set(&mut phone, P::Invisible).await;
        let mut eye = ada.stream().await;
        let room = ada.create_room("Room").await;
        // Also who was there before.
        for _ in 0..2 {
            ada.send(&room, "before").await;
            let user_ids = vec![away.user.id.clone(), hidden.user.id.clone()];
            let request = v1::AddMembersRequest { room_id: room.clone(), user_ids, ..Default::default() };
            ada.client.add_members(request).await.expect("added");
            let watched = watch(&mut eye, &[&room]).await.remove(0);
            let marks = |of: &Person| {
                let found = watched.receipts.iter().find(|receipt| receipt.user_id == of.user.id);
                found.map(|receipt| (receipt.delivered_seq, receipt.read_seq))
            };
            // One came in after the other.
            let (delivered, read) = marks(&away).expect("marks");
            assert_eq!(delivered, read);
            assert_eq!(marks(&hidden), Some((delivered + 1, read + 1)));
            away.leave(&room).await;
            hidden.leave(&room).await;
        }
        server.end().await;
    }

    /// The same events after the same time, and what can be asked says what they say.
    async fn turning_invisible_looks_like_leaving(database: Database) {
        let grace = Duration::from_secs(2);
        let server = Server::start_with(database, |config| config.presence.grace_ms = 2_000).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        let mut eye = ada.stream().await;
        watch(&mut eye, &[&room]).await;
        for invisible in [false, true] {
            let mut phone = bob.stream().await;
            if !invisible {
                until_seen(&ada, &bob, P::Online).await;
            }
            set(&mut phone, P::DoNotDisturb).await;
            until_seen(&ada, &bob, P::DoNotDisturb).await;
            let begun = Instant::now();
            let phone = if invisible {
                set(&mut phone, P::Invisible).await;
                Some(phone)
            } else {
                drop(phone);
                None
            };
            let during = (seen(&ada, &bob).await, watch(&mut eye, &[&room]).await.remove(0));
            let told = eye.until("bob to be offline", |event| match event {
                Kind::Presence(told) if told.user_id == bob.user.id && told.state() == P::Offline => {
                    Some(told.clone())
                }
                _ => None,
            });
            let told = told.await;
            assert!(begun.elapsed() >= grace, "invisible: {invisible}");
            assert_eq!((during.0.state(), during.0.last_seen_at), (P::DoNotDisturb, None), "invisible: {invisible}");
            assert_eq!(during.1.online_count, 2, "invisible: {invisible}");
            assert!(told.last_seen_at.is_some());
            assert_eq!(seen(&ada, &bob).await, told, "invisible: {invisible}");
            let watched = watch(&mut eye, &[&room]).await.remove(0);
            assert_eq!((watched.online_count, watched.presences.len()), (1, 1));
            // Nothing more is seen when an invisible user really leaves.
            drop(phone);
        }
        server.end().await;
    }
}

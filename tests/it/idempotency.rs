//! What a request with an idempotency key asks for is made once, however often it
//! is sent.

use std::{collections::BTreeSet, slice, time::Duration};

use aws_lc_rs::digest;
use causerie_client::{
    Client, Error, Update, client::authorized, live::Options, outbox::Unsent, v1,
};
use prost_types::Duration as Span;
use tonic::Code;
use v1::room_service_client::RoomServiceClient;

use crate::support::{
    Database, Person, Server,
    files::bytes,
    on_both_databases,
    people::{PASSWORD, reason, text_of},
    proxy::Proxy,
    within,
};

const DAY_US: i64 = 24 * 60 * 60 * 1_000_000;

fn reused() -> (Code, String) {
    (Code::AlreadyExists, "IDEMPOTENCY_KEY_REUSED".into())
}

fn new_room(name: &str, key: &str) -> v1::CreateRoomRequest {
    v1::CreateRoomRequest { name: name.into(), idempotency_key: key.into(), ..Default::default() }
}

async fn create_room(person: &Person, name: &str, key: &str) -> Result<v1::Room, Error> {
    let answer = person.client.create_room(new_room(name, key)).await?;
    Ok(answer.room.expect("a room"))
}

/// The ids of a person's rooms with this name.
async fn rooms_named(person: &Person, name: &str) -> Vec<String> {
    let request = v1::ListRoomsRequest { page_size: 200, ..Default::default() };
    let rooms = person.client.list_rooms(request).await.expect("rooms").rooms;
    let rooms = rooms.into_iter().filter_map(|summary| summary.room);
    rooms.filter(|room| room.name == name).map(|room| room.id).collect()
}

fn add(room: &str, person: &Person, key: &str) -> v1::AddMembersRequest {
    v1::AddMembersRequest {
        room_id: room.into(),
        user_ids: vec![person.user.id.clone()],
        idempotency_key: key.into(),
    }
}

fn ban(room: &str, person: &Person, key: &str) -> v1::BanMemberRequest {
    let (room_id, user_id) = (room.into(), person.user.id.clone());
    v1::BanMemberRequest { room_id, user_id, idempotency_key: key.into() }
}

fn mute(room: &str, person: &Person, seconds: i64, key: &str) -> v1::MuteMemberRequest {
    v1::MuteMemberRequest {
        room_id: room.into(),
        user_id: person.user.id.clone(),
        duration: Some(Span { seconds, nanos: 0 }),
        idempotency_key: key.into(),
    }
}

fn invite(room: &str, max_uses: i32, key: &str) -> v1::CreateInviteRequest {
    v1::CreateInviteRequest {
        room_id: room.into(),
        expires_in: Some(Span { seconds: 3_600, nanos: 0 }),
        max_uses,
        idempotency_key: key.into(),
    }
}

fn upload(name: &str, size_bytes: i64, key: &str) -> v1::StartUploadRequest {
    v1::StartUploadRequest { name: name.into(), size_bytes, idempotency_key: key.into() }
}

fn registration(username: &str, password: &str, key: &str) -> v1::RegisterRequest {
    v1::RegisterRequest {
        username: username.into(),
        password: password.into(),
        device: "phone".into(),
        idempotency_key: key.into(),
        ..Default::default()
    }
}

fn new_password(old: &str, new: &str, key: &str) -> v1::ChangePasswordRequest {
    v1::ChangePasswordRequest {
        old_password: old.into(),
        new_password: new.into(),
        idempotency_key: key.into(),
    }
}

/// A server that slows down who guesses at passwords.
async fn start_with_delays(database: Database) -> Server {
    Server::start_with(database, |config| config.auth.failed_logins_before_delay = 5).await
}

/// An upload, without the time when it ends.
async fn start_upload(
    person: &Person,
    request: v1::StartUploadRequest,
) -> Result<v1::Upload, Error> {
    let upload = person.client.start_upload(request).await?.upload.expect("an upload");
    Ok(v1::Upload { expires_at: None, ..upload })
}

async fn list_uploads(person: &Person) -> Vec<v1::Upload> {
    let uploads = person.client.list_uploads(v1::ListUploadsRequest {}).await.expect("a list");
    let timeless = |upload| v1::Upload { expires_at: None, ..upload };
    uploads.uploads.into_iter().map(timeless).collect()
}

/// How many positions a room has taken.
async fn head(person: &Person, room: &str) -> i64 {
    let request = v1::GetRoomRequest { room_id: room.into() };
    person.client.get_room(request).await.expect("a room").room.expect("a room").head_seq
}

/// The same request twice, and another one, with the same key.
macro_rules! assert_once {
    ($client:expr, $rpc:ident, $request:expr, $other:expr) => {{
        let first = $client.$rpc($request).await.expect("made");
        assert_eq!($client.$rpc($request).await.expect("again"), first);
        assert_eq!(reason($client.$rpc($other).await), reused());
        first
    }};
}

on_both_databases! {
    async fn a_room_is_made_once_however_often_its_answer_comes_too_late(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let token = ada.client.access_token().await.expect("a token");
        let mut stub = RoomServiceClient::new(ada.client.channel());
        for _ in 0..20 {
            let mut request = authorized(new_room("Room", "key"), &token).expect("a request");
            request.set_timeout(Duration::from_millis(1));
            // Some of them come through, others are given up on either side.
            let _ = stub.create_room(request).await;
        }
        let room = create_room(&ada, "Room", "key").await.expect("a room");
        assert_eq!(rooms_named(&ada, "Room").await, slice::from_ref(&room.id));
        assert_eq!(room.head_seq, 1, "it was made once");
        server.end().await;
    }

    async fn the_sdk_makes_a_call_again_with_the_same_key(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let proxy = Proxy::to(&server.url).await;
        let far = ada.sign_in_again(&proxy.url).await;
        // Its connection breaks at some moment of the call, before or after the answer.
        for after_us in [0, 200, 500, 1_000, 2_000, 4_000, 8_000] {
            let name = format!("Room {after_us}");
            let cut = async {
                tokio::time::sleep(Duration::from_micros(after_us)).await;
                proxy.cut();
            };
            let (room, ()) = tokio::join!(create_room(&far, &name, ""), cut);
            assert_eq!(rooms_named(&ada, &name).await, [room.expect("a room").id]);
        }
        server.end().await;
    }

    async fn the_sdk_asks_before_it_sends_what_was_written_long_ago(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let young = Unsent::new(&room, "young");
        let old = Unsent::new(&room, "old");
        let old = Unsent { written_at: old.written_at - 26 * 24 * 60 * 60, ..old };
        let unsent = vec![old.clone(), young.clone()];
        let (live, mut updates) = ada.client.live(Options { unsent, ..Options::default() });
        let mut settled = async || {
            within("a message to be settled", async {
                loop {
                    if let Some(Update::Sent { message, result }) = updates.next().await {
                        return (message, result.map(drop));
                    }
                }
            })
            .await
        };
        let (message, refused) = settled().await;
        assert_eq!((&message, reason(refused).1.as_str()), (&old, "SENT_LONG_AGO"));
        assert_eq!(settled().await, (young, Ok(())));
        live.post(message.sent_anyway()).await.expect("put in again");
        assert_eq!(settled().await.1, Ok(()));
        let history = ada.history(&room).await;
        let texts: Vec<_> = history.iter().map(text_of).filter(|text| !text.is_empty()).collect();
        assert_eq!(texts, ["young", "old"]);
        server.end().await;
    }

    async fn the_same_request_has_the_same_answer_and_another_is_refused(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let eve = Person::register(&server.url, "eve").await;
        let client = &ada.client;

        let room = assert_once!(client, create_room, new_room("A", "room"), new_room("B", "room"));
        let room = room.room.expect("a room").id;
        assert_once!(client, add_members, add(&room, &bob, "add"), add(&room, &eve, "add"));
        assert_once!(client, mute_member, mute(&room, &bob, 60, "mute"), mute(&room, &bob, 61, "mute"));
        assert_once!(client, ban_member, ban(&room, &bob, "ban"), ban(&room, &eve, "ban"));
        assert_once!(client, create_invite, invite(&room, 1, "invite"), invite(&room, 2, "invite"));
        let started = start_upload(&ada, upload("a", 70_000, "upload")).await.expect("an upload");
        let again = start_upload(&ada, upload("a", 70_000, "upload")).await.expect("an upload");
        assert_eq!(again, started);
        for other in [upload("a", 70_001, "upload"), upload("b", 70_000, "upload")] {
            assert_eq!(reason(start_upload(&ada, other).await), reused());
        }
        assert_eq!(list_uploads(&ada).await, [started]);

        // Of requests to different methods none is the same.
        for key in ["room", "add", "mute", "invite", "upload"] {
            assert_eq!(reason(client.ban_member(ban(&room, &bob, key)).await), reused(), "{key}");
        }
        // What was refused has not used up its key.
        let long = v1::CreateRoomRequest { topic: "x".repeat(251), ..new_room("C", "new") };
        assert_eq!(reason(client.create_room(long).await).1, "INVALID_FIELDS");
        assert_eq!(reason(client.add_members(add(&room, &bob, "new")).await).1, "MEMBER_BANNED");
        create_room(&ada, "C", "new").await.expect("a room");
        let invites = v1::ListInvitesRequest { room_id: room.clone() };
        assert_eq!(client.list_invites(invites).await.expect("a list").invites.len(), 1);
        for bad in ["a b".to_owned(), "x".repeat(65)] {
            let error = create_room(&ada, "D", &bad).await.expect_err("no key");
            assert_eq!(error.violations[0].0, "idempotency_key");
        }
        server.end().await;
    }

    async fn a_repeat_changes_nothing_after_others_have_undone_the_first(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        let user_id = bob.user.id.clone();
        let client = &ada.client;

        client.add_members(add(&room, &bob, "add")).await.expect("added");
        let remove = v1::RemoveMemberRequest { room_id: room.clone(), user_id: user_id.clone() };
        client.remove_member(remove).await.expect("removed");
        let before = head(&ada, &room).await;
        client.add_members(add(&room, &bob, "add")).await.expect("the answer again");
        assert_eq!(head(&ada, &room).await, before);

        client.ban_member(ban(&room, &bob, "ban")).await.expect("banned");
        let unban = v1::UnbanMemberRequest { room_id: room.clone(), user_id };
        client.unban_member(unban).await.expect("let in");
        let before = head(&ada, &room).await;
        client.ban_member(ban(&room, &bob, "ban")).await.expect("the answer again");
        assert_eq!(head(&ada, &room).await, before);
        bob.join(&room).await;

        client.mute_member(mute(&room, &bob, 60, "mute")).await.expect("muted");
        client.mute_member(mute(&room, &bob, 0, "unmute")).await.expect("unmuted");
        client.mute_member(mute(&room, &bob, 60, "mute")).await.expect("the answer again");
        bob.send(&room, "I may speak").await;

        // The answer is for who may still see what it says.
        let made = client.create_invite(invite(&room, 0, "invite")).await.expect("an invite");
        let role = v1::SetMemberRoleRequest {
            room_id: room.clone(),
            user_id: bob.user.id.clone(),
            role: v1::MemberRole::Owner.into(),
        };
        client.set_member_role(role).await.expect("an owner");
        let demote = v1::SetMemberRoleRequest {
            room_id: room.clone(),
            user_id: ada.user.id.clone(),
            role: v1::MemberRole::Member.into(),
        };
        bob.client.set_member_role(demote).await.expect("a member");
        assert_eq!(reason(client.create_invite(invite(&room, 0, "invite")).await).1, "NOT_ADMIN");
        client.ban_member(ban(&room, &bob, "ban")).await.expect("the answer again");
        let promote = v1::SetMemberRoleRequest {
            room_id: room.clone(),
            user_id: ada.user.id.clone(),
            role: v1::MemberRole::Admin.into(),
        };
        bob.client.set_member_role(promote).await.expect("an admin");
        let archive = v1::ArchiveRoomRequest { room_id: room.clone(), archived: true };
        bob.client.archive_room(archive).await.expect("archived");
        let again = client.create_invite(invite(&room, 0, "invite")).await.expect("the answer again");
        assert_eq!(again, made);
        server.end().await;
    }

    async fn keys_of_different_accounts_have_nothing_to_do_with_each_other(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let adas = create_room(&ada, "Room", "key").await.expect("a room");
        let bobs = create_room(&bob, "Room", "key").await.expect("a room");
        assert_ne!(adas.id, bobs.id);
        assert_eq!(create_room(&bob, "Room", "key").await.expect("again"), bobs);
        create_room(&bob, "Other", "other").await.expect("a room");
        create_room(&ada, "Another", "other").await.expect("a room");
        // On all devices of an account they are the same.
        let phone = ada.sign_in_again(&server.url).await;
        assert_eq!(create_room(&phone, "Room", "key").await.expect("again"), adas);
        assert_eq!(reason(create_room(&phone, "Else", "key").await), reused());
        server.end().await;
    }

    async fn of_requests_that_come_at_once_one_is_carried_out(database: Database) {
        let server = Server::start_with(database, |config| {
            config.store.lanes = 4;
            config.auth.registrations_per_minute = 1_000;
        })
        .await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let mut devices = Vec::new();
        for _ in 0..4 {
            devices.push(ada.sign_in_again(&server.url).await);
        }
        let ten = || devices.iter().cycle().take(10);

        let made = futures::future::join_all(ten().map(|it| create_room(it, "Room", "room"))).await;
        let made: Vec<_> = made.into_iter().map(|room| room.expect("a room").id).collect();
        assert!(made.iter().all(|id| *id == made[0]), "{made:?}");
        assert_eq!(rooms_named(&ada, "Room").await, made[..1]);
        let room = &made[0];
        assert_eq!(head(&ada, room).await, 1);

        // Of different requests with one key one is carried out too.
        let names = ["A", "B", "C", "D", "E", "F", "G", "H"];
        let other = |name| create_room(&devices[0], name, "names");
        let made = futures::future::join_all(names.map(other)).await;
        let (made, refused): (Vec<_>, Vec<_>) = made.into_iter().partition(Result::is_ok);
        assert_eq!(made.len(), 1);
        assert!(refused.into_iter().all(|answer| reason(answer) == reused()));

        let added = ten().map(|it| it.client.add_members(add(room, &bob, "add")));
        for answer in futures::future::join_all(added).await {
            assert_eq!(answer.expect("added").room.expect("a room").member_count, 2);
        }
        assert_eq!(head(&ada, room).await, 2, "somebody was added once");

        let invited = ten().map(|it| it.client.create_invite(invite(room, 5, "invite")));
        let codes: BTreeSet<_> = futures::future::join_all(invited)
            .await
            .into_iter()
            .map(|answer| answer.expect("an invite").invite.expect("an invite").code)
            .collect();
        assert_eq!(codes.len(), 1, "{codes:?}");

        let started = ten().map(|it| start_upload(it, upload("a", 70_000, "upload")));
        let ids: BTreeSet<_> = futures::future::join_all(started)
            .await
            .into_iter()
            .map(|answer| answer.expect("an upload").id)
            .collect();
        assert_eq!(ids.len(), 1, "{ids:?}");

        let registered = (0..5).map(|_| async {
            let client = Client::connect(&server.url).expect("a URL");
            client.register(registration("cleo", PASSWORD, "register")).await
        });
        let ids: BTreeSet<_> = futures::future::join_all(registered)
            .await
            .into_iter()
            .map(|answer| answer.expect("an account").id)
            .collect();
        assert_eq!(ids.len(), 1, "{ids:?}");

        let new = "another-violet-anchor-8";
        let changed = (0..5).map(|_| devices[0].client.change_password(new_password(PASSWORD, new, "password")));
        for answer in futures::future::join_all(changed).await {
            assert_eq!(answer.expect("changed").ended_sessions, 4);
        }
        server.end().await;
    }

    async fn who_registers_again_with_the_same_key_and_password_signs_in_again(database: Database) {
        let mut server = Server::start_with(database, |config| {
            // Only the first account may be made at all.
            config.auth.sign_up = causerie::model::sign_up::SignUpPolicy::Closed;
        })
        .await;
        let register = async |request: v1::RegisterRequest| {
            let client = Client::connect(&server.url).expect("a URL");
            client.register(request).await.map(|user| (client, user))
        };
        let ada = register(registration("ada", PASSWORD, "key")).await.expect("an account");
        let again = register(registration("ada", PASSWORD, "key")).await.expect("signed in");
        let [ada, again] = [ada, again].map(|(client, user)| Person { client, user });
        assert_eq!(again.user, ada.user);
        for person in [&ada, &again] {
            let sessions = v1::ListSessionsRequest::default();
            let sessions = person.client.list_sessions(sessions).await.expect("a list").sessions;
            assert_eq!(sessions.len(), 2, "each has a session of its own");
            assert_eq!(sessions.iter().filter(|session| session.current).count(), 1);
        }

        // Neither another password nor another request tells more than the other.
        let guess = registration("ada", "quite-another-word-9", "key");
        assert_eq!(reason(register(guess).await), reused());
        let other = v1::RegisterRequest { display_name: "Eve".into(), ..registration("ada", PASSWORD, "key") };
        assert_eq!(reason(register(other).await), reused());
        let closed = (Code::PermissionDenied, "SIGN_UP_CLOSED".to_owned());
        assert_eq!(reason(register(registration("ada", PASSWORD, "other")).await), closed);
        assert_eq!(reason(register(registration("ada", PASSWORD, "")).await), closed);

        // Also after a restart, and by the password that the account has then.
        server.restart().await;
        let ada = ada.sign_in_again(&server.url).await;
        let new = "another-violet-anchor-8";
        ada.client.change_password(new_password(PASSWORD, new, "change")).await.expect("changed");
        let register = async |request: v1::RegisterRequest| {
            let client = Client::connect(&server.url).expect("a URL");
            client.register(request).await
        };
        assert_eq!(reason(register(registration("ada", PASSWORD, "key")).await), reused());
        assert_eq!(register(registration("ada", new, "key")).await.expect("signed in").id, ada.user.id);
        server.end().await;
    }

    async fn guesses_by_registering_again_are_slowed_down_as_log_ins_are(database: Database) {
        let server = start_with_delays(database).await;
        let client = Client::connect(&server.url).expect("a URL");
        client.register(registration("ada", PASSWORD, "key")).await.expect("an account");
        let mut slowed = false;
        for at in 0..10 {
            let guess = registration("ada", &format!("quite-another-word-{at}"), "key");
            let refused = client.register(guess).await.expect_err("refused");
            assert!(["IDEMPOTENCY_KEY_REUSED", "RATE_LIMITED"].contains(&refused.reason.as_str()));
            slowed |= refused.reason == "RATE_LIMITED";
        }
        assert!(slowed);
        server.end().await;
    }

    async fn a_password_is_changed_once(database: Database) {
        let server = start_with_delays(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let phone = ada.sign_in_again(&server.url).await;
        let (second, third) = ("another-violet-anchor-8", "a-third-violet-anchor-9");
        let change = |old: &str, new: &str, key: &str| {
            ada.client.change_password(new_password(old, new, key))
        };
        let first = change(PASSWORD, second, "key").await.expect("changed");
        assert_eq!(first.ended_sessions, 1);
        assert_eq!(change(PASSWORD, second, "key").await.expect("the answer again"), first);
        assert_eq!(reason(phone.client.get_me(v1::GetMeRequest {}).await).1, "SESSION_REVOKED");
        assert_eq!(reason(change(PASSWORD, third, "key").await), reused());
        assert_eq!(reason(change(PASSWORD, third, "").await).1, "BAD_CREDENTIALS");
        change(second, third, "next").await.expect("changed");
        // The account's hash is all that tells which password was meant.
        assert_eq!(reason(change(PASSWORD, second, "key").await), reused());
        let mut slowed = false;
        for at in 0..10 {
            let guess = format!("quite-another-word-{at}");
            slowed |= change("x", &guess, "key").await.expect_err("refused").reason == "RATE_LIMITED";
        }
        assert!(slowed, "it is no way to try passwords");
        server.end().await;
    }

    async fn an_upload_is_begun_once(database: Database) {
        let server = Server::start_with(database, |config| config.files.quota_bytes = 100_000).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        assert_eq!(list_uploads(&ada).await, []);
        let request = || upload("a.bin", 70_000, "first");
        let first = start_upload(&ada, request()).await.expect("an upload");
        let full = start_upload(&ada, upload("b.bin", 70_000, "other")).await;
        assert_eq!(reason(full).1, "QUOTA_REACHED");
        // Its own bytes are no reason to refuse it.
        assert_eq!(start_upload(&ada, request()).await.expect("again"), first);
        let data = bytes(1, 70_000);
        ada.chunk(&first.id, 0, &data[..66_000]).await.expect("stored");
        let there = start_upload(&ada, request()).await.expect("again");
        assert_eq!((&there.id, there.received_bytes), (&first.id, 66_000));
        assert_eq!(list_uploads(&ada).await, [there]);
        assert_eq!(list_uploads(&bob).await, [], "only one's own");

        let status = ada.status(&first.id).await.expect("there");
        let file = ada.client.resume_upload(status, &data).await.expect("a file");
        assert_eq!(list_uploads(&ada).await, []);
        let done = start_upload(&ada, request()).await.expect("again");
        assert_eq!((&done.id, done.received_bytes), (&first.id, 70_000));
        assert_eq!(ada.client.resume_upload(done, &data).await.expect("the file"), file);

        // What was given up leaves room at once, and is not begun again by its key.
        let second = start_upload(&ada, upload("b.bin", 30_000, "second")).await.expect("an upload");
        let full = start_upload(&ada, upload("c.bin", 30_000, "third")).await;
        assert_eq!(reason(full).1, "QUOTA_REACHED");
        ada.cancel(&second.id).await;
        ada.cancel(&second.id).await;
        assert_eq!(list_uploads(&ada).await, []);
        let gone = start_upload(&ada, upload("b.bin", 30_000, "second")).await;
        assert_eq!(reason(gone).1, "UPLOAD_NOT_FOUND");
        let third = start_upload(&ada, upload("c.bin", 20_000, "third")).await.expect("an upload");
        let fourth = start_upload(&ada, upload("d.bin", 10_000, "")).await.expect("an upload");
        assert_eq!(list_uploads(&ada).await, [third, fourth]);
        server.end().await;
    }

    async fn keys_are_kept_for_thirty_days(database: Database) {
        let mut server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        create_room(&ada, "A", "old").await.expect("a room");
        create_room(&ada, "B", "young").await.expect("a room");
        let mut raw = server.database().await;
        for (key, days) in [("old", 31), ("young", 29)] {
            let age = days * DAY_US;
            let sql = format!("update idempotency_keys set kept_us = kept_us - {age} where idempotency_key = '{key}'");
            raw.execute(sql).await;
        }
        drop(raw);
        // It looks for old ones at its start, and each minute.
        server.restart().await;
        let ada = ada.sign_in_again(&server.url).await;
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        let mut raw = server.database().await;
        within("the old key to go", async {
            while raw.count("select count(*) from idempotency_keys where idempotency_key = 'old'").await > 0 {
                ticks.tick().await;
            }
        })
        .await;
        drop(raw);
        create_room(&ada, "C", "old").await.expect("a new room");
        assert_eq!(reason(create_room(&ada, "C", "young").await), reused());
        // The time of day is not what their age is told by.
        server.config.clock.set_ahead(100 * 24 * 60 * 60);
        server.restart().await;
        server.config.clock.set_ahead(0);
        let ada = ada.sign_in_again(&server.url).await;
        assert_eq!(reason(create_room(&ada, "D", "old").await), reused());
        server.end().await;
    }
    async fn nothing_secret_of_a_request_is_kept(database: Database) {
        let server = Server::start(database).await;
        let client = Client::connect(&server.url).expect("a URL");
        let (first, second, wrong) =
            ("planted-password-one-1", "planted-password-two-2", "planted-password-three-3");
        let device_tokens = client.device_token();
        client.register(registration("ada", first, "a")).await.expect("an account");
        let device_token = device_tokens.borrow().clone();
        client.register(registration("ada", wrong, "a")).await.expect_err("refused");
        client.register(registration("ada", first, "a")).await.expect("signed in");
        client.change_password(new_password(first, second, "b")).await.expect("changed");
        client.change_password(new_password(wrong, second, "b")).await.expect("the answer again");
        client.change_password(new_password(first, wrong, "b")).await.expect_err("refused");
        let room = client.create_room(new_room("planted room", "c")).await.expect("made");
        let room = room.room.expect("a room").id;
        let code = client.create_invite(invite(&room, 0, "d")).await.expect("made");
        let code = code.invite.expect("an invite").code;
        let by_invite = v1::RegisterRequest {
            invite_code: code.clone(),
            ..registration("bob", first, "e")
        };
        Client::connect(&server.url).expect("a URL").register(by_invite).await.expect("an account");
        let tokens = client.tokens().borrow().clone().expect("tokens");

        let mut raw = server.database().await;
        let values = raw.values().await;
        drop(raw);
        let mut places: Vec<(String, Vec<u8>)> = values;
        if database == Database::Sqlite {
            for file in ["causerie.db", "causerie.db-wal"] {
                // Another process reads them: to close them in this one would end its locks.
                let path = server.config.server.data.join(file);
                let read = tokio::process::Command::new("cat").arg(path).output().await;
                places.push((file.into(), read.expect("cat can be run").stdout));
            }
        }
        let finds = |wanted: &[u8]| -> BTreeSet<&str> {
            let has = |bytes: &[u8]| bytes.windows(wanted.len()).any(|window| window == wanted);
            places.iter().filter(|(_, bytes)| has(bytes)).map(|(name, _)| name.as_str()).collect()
        };
        assert!(finds(b"planted room").contains("rooms.name"), "what is kept is found");
        let nowhere = BTreeSet::new();
        let secret_everywhere = [
            first, second, wrong, &tokens.access_token, &tokens.refresh_token, &device_token,
        ];
        for secret in secret_everywhere {
            assert!(!secret.is_empty());
            assert_eq!(finds(secret.as_bytes()), nowhere, "{secret}");
            for algorithm in [&digest::SHA256, &digest::SHA1_FOR_LEGACY_USE_ONLY, &digest::SHA512] {
                let hash = digest::digest(algorithm, secret.as_bytes());
                assert_eq!(finds(hash.as_ref()), nowhere, "a fast hash of {secret}");
                let digits = hash.as_ref().iter().map(|byte| format!("{byte:02x}"));
                let hex = digits.collect::<Vec<_>>().concat();
                assert_eq!(finds(hex.as_bytes()), nowhere, "a fast hash of {secret}");
            }
        }
        // An invite's code is in its own tables alone, to be listed.
        let tables = ["invite_uses.code", "invites.code", "causerie.db", "causerie.db-wal"];
        let found = finds(code.as_bytes());
        assert!(found.iter().all(|place| tables.contains(place)), "{found:?}");
        assert!(found.contains("invites.code"));
        server.end().await;
    }
}

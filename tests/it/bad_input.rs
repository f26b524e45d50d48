//! Bad input: the right status, every violated field, nothing changed.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use causerie_client::{
    Client, Error,
    client::authorized,
    v1::{
        self, chat_request::Command, chat_service_client::ChatServiceClient,
        list_messages_request::Anchor, user_service_client::UserServiceClient,
    },
};
use tonic::{Code, metadata::MetadataValue};

use crate::support::{Database, Person, Server, Stream, on_both_databases, people::send_request};

/// The violated fields of an `INVALID_ARGUMENT`.
fn fields<T: std::fmt::Debug>(result: Result<T, Error>) -> Vec<String> {
    let error = result.expect_err("invalid");
    assert_eq!((error.code, error.reason.as_str()), (Code::InvalidArgument, "INVALID_FIELDS"));
    error.violations.into_iter().map(|(field, _)| field).collect()
}

const NOT_IDS: [&str; 6] = [
    "",
    "1",
    "not-an-id",
    "00000000-0000-0000-0000-00000000000g",
    "{00000000-0000-0000-0000-000000000000}",
    "' or 1=1 --",
];

on_both_databases! {
    async fn every_violated_field_is_named_and_nothing_changes(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let long = "x".repeat(4_001);
        let heavy = "\u{65e5}".repeat(6_000);
        for text in ["", " \n\t ", "\u{200b}", &long, &heavy, "a\u{0}b", "a\u{1b}[31m", "a\u{202e}b"] {
            assert_eq!(fields(ada.try_send(&room, text, "id").await), ["text"], "{text:?}");
        }
        let long_id = "x".repeat(65);
        for id in ["", "a b", "\u{e4}", "a\n", &long_id] {
            assert_eq!(fields(ada.try_send(&room, "text", id).await), ["client_message_id"], "{id:?}");
        }
        for id in NOT_IDS {
            assert_eq!(fields(ada.try_send(id, "", "").await), ["room_id", "text", "client_message_id"]);
        }
        // Well-formed, but no room: not found, as for one that may not be known.
        let nowhere = uuid::Uuid::now_v7().to_string();
        let error = ada.try_send(&nowhere, "text", "id").await.expect_err("no room");
        assert_eq!((error.code, error.reason.as_str()), (Code::NotFound, "ROOM_NOT_FOUND"));
        assert_eq!(ada.history(&room).await.len(), 1, "nothing was posted");

        let name_rules = ["", "   ", "a\nb", "a\u{202e}b", "a\u{200b}b", &"x".repeat(65)];
        for name in name_rules {
            let request = v1::CreateRoomRequest {
                name: name.into(),
                topic: "x".repeat(251),
                kind: 99,
                ..Default::default()
            };
            assert_eq!(fields(ada.client.create_room(request).await), ["kind", "name", "topic"], "{name:?}");
            let request = v1::UpdateRoomRequest {
                room_id: room.clone(),
                name: Some(name.into()),
                avatar_file_id: Some("x".into()),
                ..Default::default()
            };
            assert_eq!(fields(ada.client.update_room(request).await), ["name", "avatar_file_id"], "{name:?}");
            let request = v1::UpdateProfileRequest {
                display_name: Some(name.into()),
                bio: Some("x".repeat(501)),
                status_text: Some("two\nlines".into()),
                avatar_file_id: Some("x".into()),
                email: Some("nobody".into()),
            };
            let mut bad = fields(ada.client.update_profile(request).await);
            bad.sort();
            assert_eq!(bad, ["avatar_file_id", "bio", "display_name", "email", "status_text"]);
        }
        let me = ada.client.get_me(v1::GetMeRequest {}).await.expect("me").user;
        assert_eq!(me.as_ref(), Some(&ada.user), "the profile is as it was");
        assert_eq!(ada.summary(&room).await.room.expect("a room").name, "Room");
        server.end().await;
    }

    async fn pages_positions_and_ids_of_every_wrong_kind(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let client = &ada.client;
        for page_size in [-1, -1_000, i32::MIN] {
            let request = v1::ListRoomsRequest { page_size, page_token: "zz".into() };
            let mut bad = fields(client.list_rooms(request).await);
            bad.sort();
            assert_eq!(bad, ["page_size", "page_token"]);
            let request = v1::BrowseRoomsRequest { page_size, page_token: "00".into(), query: "x".repeat(65) };
            let mut bad = fields(client.browse_rooms(request).await);
            bad.sort();
            assert_eq!(bad, ["page_size", "page_token", "query"]);
            let request = v1::ListMessagesRequest { page_size, ..Default::default() };
            assert_eq!(fields(client.list_messages(request).await), ["room_id", "page_size"]);
            let request = v1::ListMembersRequest { page_size, room_id: room.clone(), ..Default::default() };
            assert_eq!(fields(client.list_members(request).await), ["page_size"]);
            let request = v1::SearchUsersRequest { page_size, ..Default::default() };
            assert_eq!(fields(client.search_users(request).await), ["query", "page_size"]);
            let never = |seconds, nanos| Some(prost_types::Timestamp { seconds, nanos });
            let request = v1::SearchMessagesRequest {
                query: "word before:2026-02-30".into(),
                room_id: "x".into(),
                from_user_id: "x".into(),
                before: never(i64::MAX, 0),
                after: never(0, -1),
                has_file: false,
                page_size,
                page_token: "00".into(),
            };
            let mut bad = fields(client.search_messages(request).await);
            bad.sort();
            assert_eq!(bad, ["after", "before", "from_user_id", "page_size", "page_token", "query", "room_id"]);
            let request = v1::SyncRoomRequest { page_size, room_id: room.clone(), after_seq: -1, ..Default::default() };
            assert_eq!(fields(client.sync_room(request).await), ["after_seq", "page_size"]);
            let request = v1::SyncRoomRequest { room_id: room.clone(), log_id: "x".into(), ..Default::default() };
            assert_eq!(fields(client.sync_room(request).await), ["log_id"]);
        }
        for seq in [-1, i64::MIN, 2, 1_000_000_000, i64::MAX] {
            let request = v1::MarkReadRequest { room_id: room.clone(), seq, thread_seq: 0, ..Default::default() };
            assert_eq!(fields(client.mark_read(request).await), ["seq"], "{seq}");
            let request = v1::SyncRoomRequest { room_id: room.clone(), after_seq: seq, ..Default::default() };
            let synced = client.sync_room(request).await;
            if seq < 0 {
                assert_eq!(fields(synced), ["after_seq"], "{seq}");
            } else {
                // Of data that is gone, it seems: no error, but where to begin anew.
                assert!(synced.expect("an answer").reset.is_some(), "{seq}");
            }
            for (anchor, field) in [
                (Anchor::BeforeSeq(seq.saturating_add(1)), "before_seq"),
                (Anchor::AfterSeq(seq), "after_seq"),
                (Anchor::AroundSeq(seq), "around_seq"),
            ] {
                if matches!(anchor, Anchor::BeforeSeq(0)) {
                    continue;
                }
                let request = v1::ListMessagesRequest { room_id: room.clone(), anchor: Some(anchor), page_size: 0 };
                assert_eq!(fields(client.list_messages(request).await), [field], "{seq}");
            }
        }
        for (seconds, nanos) in [(i64::MAX, 0), (i64::MIN, 0), (0, -1), (0, 1_000_000_000)] {
            let anchor = Some(Anchor::AroundTime(prost_types::Timestamp { seconds, nanos }));
            let request = v1::ListMessagesRequest { room_id: room.clone(), anchor, page_size: -1 };
            assert_eq!(fields(client.list_messages(request).await), ["around_time", "page_size"], "{seconds}");
        }
        assert_eq!(ada.summary(&room).await.read_seq, 0, "no mark was moved");
        for id in NOT_IDS {
            let room_id = || id.to_owned();
            assert_eq!(fields(client.get_room(v1::GetRoomRequest { room_id: room_id() }).await), ["room_id"]);
            assert_eq!(fields(client.join_room(v1::JoinRoomRequest { room_id: room_id() }).await), ["room_id"]);
            assert_eq!(fields(client.leave_room(v1::LeaveRoomRequest { room_id: room_id() }).await), ["room_id"]);
            assert_eq!(fields(client.get_user(v1::GetUserRequest { user_id: room_id() }).await), ["user_id"]);
            let batch = v1::BatchGetUsersRequest { user_ids: vec![ada.user.id.clone(), room_id()] };
            assert_eq!(fields(client.batch_get_users(batch).await), ["user_ids[1]"]);
        }
        let many_names = "from:a ".repeat(11);
        for query in ["", "  ", "...", "in:Room", "after:2026-01-31", "before:soon x", &"x".repeat(257),
            "a\nb", "a\u{202e}b", &many_names] {
            let request = v1::SearchMessagesRequest { query: query.into(), ..Default::default() };
            assert_eq!(fields(client.search_messages(request).await), ["query"], "{query:?}");
        }
        for count in [0, 201] {
            let batch = v1::BatchGetUsersRequest { user_ids: vec![ada.user.id.clone(); count] };
            assert_eq!(fields(client.batch_get_users(batch).await), ["user_ids"]);
        }
        let nowhere = uuid::Uuid::now_v7().to_string();
        for error in [
            client.get_room(v1::GetRoomRequest { room_id: nowhere.clone() }).await.expect_err("no room"),
            client.join_room(v1::JoinRoomRequest { room_id: nowhere.clone() }).await.expect_err("no room"),
            client.leave_room(v1::LeaveRoomRequest { room_id: nowhere.clone() }).await.expect_err("no room"),
        ] {
            assert_eq!((error.code, error.reason.as_str()), (Code::NotFound, "ROOM_NOT_FOUND"));
        }
        server.end().await;
    }

    async fn registrations_name_every_bad_field(database: Database) {
        let server = Server::start(database).await;
        let client = Client::connect(server.url.clone()).expect("a URL");
        let bad = v1::RegisterRequest {
            username: "_x".into(),
            password: "short".into(),
            display_name: "a\nb".into(),
            email: "nobody".into(),
            device: "x".repeat(101),
            refresh_cookie: false,
            invite_code: "no code".into(),
            ..Default::default()
        };
        let named = fields(client.register(bad).await);
        assert_eq!(named, ["username", "password", "display_name", "email", "device", "invite_code"]);
        for password in ["12345678", "password", "eveeveeve", &"x".repeat(257), "with\u{0}control"] {
            let request = v1::RegisterRequest {
                username: "eveeve".into(),
                password: password.into(),
                ..Default::default()
            };
            assert_eq!(fields(client.register(request).await), ["password"], "{password:?}");
        }
        assert_eq!(fields(client.login("", "", true).await), ["login", "password"]);
        // None of them has made an account: the name is free.
        Person::register(&server.url, "eveeve").await;
        server.end().await;
    }
}

#[tokio::test]
async fn presence_and_watching_refuse_what_they_do_not_know() {
    let server = Server::start(Database::Sqlite).await;
    let ada = Person::register(&server.url, "ada").await;
    let bob = Person::register(&server.url, "bob").await;
    let room = ada.create_room("Room").await;
    let mut stream = ada.stream().await;
    for state in [0, 1, 99, -1] {
        let request = v1::SetPresenceRequest { state, ..Default::default() };
        assert_eq!(fields(stream.call(Command::SetPresence(request)).await), ["state"]);
    }
    let many = v1::WatchRoomsRequest { room_ids: vec![room.clone(); 21], ..Default::default() };
    assert_eq!(fields(stream.call(Command::WatchRooms(many)).await), ["room_ids"]);
    let bad =
        v1::WatchRoomsRequest { room_ids: vec![room.clone(), "x".into()], ..Default::default() };
    assert_eq!(fields(stream.call(Command::WatchRooms(bad)).await), ["room_ids[1]"]);
    // Another's stream, and none at all.
    let connection_id = stream.ready.connection_id.clone();
    let request = v1::WatchRoomsRequest { connection_id, room_ids: vec![] };
    let error = bob.client.watch_rooms(request).await.expect_err("not his stream");
    assert_eq!((error.code, error.reason.as_str()), (Code::NotFound, "CONNECTION_NOT_FOUND"));
    let request = v1::WatchRoomsRequest { connection_id: "x".into(), room_ids: vec![] };
    assert_eq!(fields(bob.client.watch_rooms(request).await), ["connection_id"]);
    // Of all that is wrong at once, each.
    let connection_id = || "x".to_owned();
    let request =
        v1::WatchRoomsRequest { connection_id: connection_id(), room_ids: vec!["y".into()] };
    assert_eq!(fields(bob.client.watch_rooms(request).await), ["connection_id", "room_ids[0]"]);
    let request =
        v1::SetPresenceRequest { connection_id: connection_id(), state: 99, idle: Some(true) };
    assert_eq!(fields(bob.client.set_presence(request).await), ["connection_id", "state"]);
    let request =
        v1::RenewTokenRequest { connection_id: connection_id(), access_token: String::new() };
    assert_eq!(fields(bob.client.renew_token(request).await), ["connection_id", "access_token"]);
    // Spans of time that are none.
    for (seconds, nanos) in [(i64::MIN, 0), (-1, 0), (0, -1), (1, -1), (0, 2_000_000_000)] {
        let mute_for = Some(prost_types::Duration { seconds, nanos });
        let room_id = room.clone();
        let request = v1::UpdateRoomPreferencesRequest {
            room_id,
            mute_notifications_for: mute_for,
            ..Default::default()
        };
        assert_eq!(
            fields(ada.client.update_room_preferences(request).await),
            ["mute_notifications_for"]
        );
    }
    // A token of another session, and something that is none.
    let access_token = bob.client.access_token().await.expect("a token");
    for token in [access_token, "x".into()] {
        let request = v1::RenewTokenRequest { connection_id: String::new(), access_token: token };
        assert_eq!(fields(stream.call(Command::RenewToken(request)).await), ["access_token"]);
    }
    server.end().await;
}

#[tokio::test]
async fn tokens_that_are_none_are_refused() {
    let server = Server::start(Database::Sqlite).await;
    let ada = Person::register(&server.url, "ada").await;
    let good = ada.client.access_token().await.expect("a token");
    let refresh = ada.client.tokens().borrow().clone().expect("signed in").refresh_token;
    let elsewhere = Server::start(Database::Sqlite).await;
    let foreign =
        Person::register(&elsewhere.url, "ada").await.client.access_token().await.expect("a token");
    let mut parts = good.split('.');
    let header = parts.next().expect("a header");
    let payload = parts.next().expect("a payload");
    let name = String::from_utf8(URL_SAFE_NO_PAD.decode(header).expect("base64")).expect("text");
    let none = URL_SAFE_NO_PAD.encode(name.replace("HS256", "none"));
    let upper = URL_SAFE_NO_PAD.encode(name.replace("HS256", "HS512"));

    let mut stub = UserServiceClient::new(ada.client.channel());
    let mut ask = async |value: Option<MetadataValue<tonic::metadata::Ascii>>| {
        let mut request = tonic::Request::new(v1::GetMeRequest {});
        if let Some(value) = value {
            request.metadata_mut().insert("authorization", value);
        }
        let error = Error::from(stub.get_me(request).await.expect_err("refused"));
        assert_eq!(error.code, Code::Unauthenticated);
        error.reason
    };
    assert_eq!(ask(None).await, "TOKEN_MISSING");
    for text in [
        String::new(),
        "Bearer".into(),
        "Bearer ".into(),
        "Bearer x".into(),
        "Bearer a.b.c".into(),
        format!("Basic {good}"),
        format!("Bearer {foreign}"),
        format!("Bearer {refresh}"),
        format!("Bearer {none}.{payload}."),
        format!("Bearer {none}.{}", good.split_once('.').expect("parts").1),
        format!("Bearer {upper}.{}", good.split_once('.').expect("parts").1),
        format!("Bearer {}", &good[..good.len() - 2]),
    ] {
        assert_eq!(ask(Some(text.parse().expect("metadata"))).await, "TOKEN_INVALID", "{text}");
    }
    // Streams are no way around.
    let opened = Stream::open(ada.client.channel(), &foreign).await.map(drop);
    assert_eq!(opened.expect_err("refused").reason, "TOKEN_INVALID");
    let me = authorized(v1::GetMeRequest {}, &good).expect("a token");
    UserServiceClient::new(ada.client.channel()).get_me(me).await.expect("the good one works");
    elsewhere.end().await;
    server.end().await;
}

#[tokio::test]
async fn expired_tokens_are_told_apart() {
    let server =
        Server::start_with(Database::Sqlite, |config| config.auth.access_token_ms = 1).await;
    let ada = Person::register(&server.url, "ada").await;
    let token = ada.client.tokens().borrow().clone().expect("signed in").access_token;
    let mut stub = UserServiceClient::new(ada.client.channel());
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(100));
    let error = crate::support::within("the token to expire", async {
        loop {
            ticks.tick().await;
            let request = authorized(v1::GetMeRequest {}, &token).expect("a token");
            if let Err(status) = stub.get_me(request).await {
                return Error::from(status);
            }
        }
    })
    .await;
    assert_eq!((error.code, error.reason.as_str()), (Code::Unauthenticated, "TOKEN_EXPIRED"));
    server.end().await;
}

#[tokio::test]
async fn a_message_over_one_mebibyte_is_refused() {
    let server = Server::start(Database::Sqlite).await;
    let ada = Person::register(&server.url, "ada").await;
    let room = ada.create_room("Room").await;
    let huge = "x".repeat(1_100_000);
    let error = ada.try_send(&room, &huge, "id").await.expect_err("too large");
    assert_eq!((error.code, error.reason.as_str()), (Code::ResourceExhausted, "MESSAGE_TOO_LARGE"));
    let mut stream = ada.stream().await;
    stream.order("1", Command::SendMessage(send_request(&room, &huge, "id"))).await;
    let (goodbye, error) = stream.ending().await;
    assert_eq!(goodbye.expect("a goodbye").reason(), v1::GoodbyeReason::BadRequest);
    let error = error.expect("a status");
    assert_eq!((error.code, error.reason.as_str()), (Code::ResourceExhausted, "MESSAGE_TOO_LARGE"));
    ada.send(&room, "the server goes on").await;
    server.end().await;
}

#[tokio::test]
async fn the_thirty_third_command_in_flight_is_refused() {
    // A database that is busy keeps commands in flight.
    let server = Server::start(Database::Sqlite).await;
    let ada = Person::register(&server.url, "ada").await;
    let room = ada.create_room("Room").await;
    let mut stream = ada.stream().await;
    let url = format!("sqlite:{}", server.config.server.data.join("causerie.db").display());
    let mut other =
        <sqlx::SqliteConnection as sqlx::Connection>::connect(&url).await.expect("the file");
    sqlx::raw_sql("begin immediate").execute(&mut other).await.expect("the write lock");
    for n in 0..33 {
        let id = n.to_string();
        stream.order(&id, Command::SendMessage(send_request(&room, &id, &id))).await;
    }
    let error = stream.reply("32").await.expect_err("one too many");
    assert_eq!(
        (error.code, error.reason.as_str()),
        (Code::ResourceExhausted, "TOO_MANY_IN_FLIGHT")
    );
    sqlx::raw_sql("rollback").execute(&mut other).await.expect("the lock is free");
    for n in 0..32 {
        stream.reply(&n.to_string()).await.expect("the others are carried out");
    }
    assert_eq!(ada.history(&room).await.len(), 33, "created, and 32");
    server.end().await;
}

#[tokio::test]
async fn a_stream_that_breaks_its_rules_is_told_so_and_ends() {
    let server = Server::start(Database::Sqlite).await;
    let ada = Person::register(&server.url, "ada").await;
    let room = ada.create_room("Room").await;
    let bad_end = async |mut stream: Stream| {
        let (goodbye, error) = stream.ending().await;
        let goodbye = goodbye.expect("a goodbye");
        assert_eq!(goodbye.reason(), v1::GoodbyeReason::BadRequest);
        assert!(!goodbye.reconnect);
        error.expect("a status")
    };
    // Something else first.
    let stream = ada.open().await.expect("a stream");
    stream.order("1", Command::SendMessage(send_request(&room, "hi", "1"))).await;
    assert_eq!(fields::<()>(Err(bad_end(stream).await)), ["subscribe"]);
    // Twice.
    let stream = ada.stream().await;
    stream.order("", Command::Subscribe(v1::SubscribeRequest::default())).await;
    assert_eq!(fields::<()>(Err(bad_end(stream).await)), ["subscribe"]);
    // A command that is not set is refused; the stream goes on.
    let mut stream = ada.stream().await;
    let request = v1::ChatRequest { request_id: "empty".into(), command: None };
    stream.requests.send(request).await.expect("open");
    assert_eq!(fields(stream.reply("empty").await), ["command"]);
    let live = ada.send(&room, "still here").await;
    assert_eq!(stream.message().await, live);
    server.end().await;
}

#[tokio::test]
async fn a_stream_that_sends_nothing_after_opening_is_ended() {
    let server = Server::start(Database::Sqlite).await;
    let ada = Person::register(&server.url, "ada").await;
    let mut stream = ada.open().await.expect("a stream");
    let (goodbye, error) = stream.ending().await;
    assert_eq!(goodbye.expect("a goodbye").reason(), v1::GoodbyeReason::BadRequest);
    let error = error.expect("a status");
    assert_eq!((error.code, error.reason.as_str()), (Code::DeadlineExceeded, "SUBSCRIBE_TIMEOUT"));
    server.end().await;
}

#[tokio::test]
async fn a_client_that_vanishes_frees_its_place() {
    let server = Server::start_with(Database::Sqlite, |config| config.server.max_streams = 1).await;
    let ada = Person::register(&server.url, "ada").await;
    let proxy = crate::support::proxy::Proxy::to(&server.url).await;
    let far = ada.sign_in_again(&proxy.url).await;
    let stream = far.stream().await;
    let error = ada.open().await.map(drop).expect_err("the only place is taken");
    assert_eq!((error.code, error.reason.as_str()), (Code::ResourceExhausted, "TOO_MANY_STREAMS"));
    proxy.cut();
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(20));
    crate::support::within("the place to be free", async {
        while ada.open().await.is_err() {
            ticks.tick().await;
        }
    })
    .await;
    drop(stream);
    server.end().await;
}

#[tokio::test]
async fn unary_calls_of_the_chat_service_need_a_token() {
    let server = Server::start(Database::Sqlite).await;
    let client = Client::connect(server.url.clone()).expect("a URL");
    let mut chat = ChatServiceClient::new(client.channel());
    let status = chat.send_message(send_request("x", "", "")).await.expect_err("refused");
    assert_eq!(Error::from(status).reason, "TOKEN_MISSING", "before anything is looked at");
    let subscribe = chat.subscribe(v1::SubscribeRequest::default()).await.map(drop);
    assert_eq!(Error::from(subscribe.expect_err("refused")).reason, "TOKEN_MISSING");
    server.end().await;
}

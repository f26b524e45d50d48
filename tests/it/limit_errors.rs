//! Every error about a limit says which, and so does `GetServerInfo`.

use std::fmt::Debug;

use causerie_client::{Client, Error, v1};
use tonic::Code;

use crate::support::{
    Database, Person, Server, on_both_databases,
    people::{PASSWORD, send_request},
};

/// Reason and limit of an error.
fn limit<T: Debug>(answer: Result<T, Error>) -> (String, u64) {
    let error = answer.expect_err("beyond a limit");
    let limit = error.limit.unwrap_or_else(|| panic!("no limit in {error:?}"));
    (error.reason, limit)
}

fn of_fields(limit: i32) -> (String, u64) {
    ("INVALID_FIELDS".into(), u64::try_from(limit).expect("a limit"))
}

fn x(count: i32) -> String {
    "x".repeat(usize::try_from(count).expect("a length"))
}

fn ids(count: i32) -> Vec<String> {
    (0..count).map(|_| uuid::Uuid::now_v7().to_string()).collect()
}

async fn limits(url: &str) -> v1::ServerLimits {
    let info = Client::connect(url).expect("a URL").server_info().await.expect("an answer");
    info.limits.expect("limits")
}

#[tokio::test]
async fn a_server_tells_what_it_is_to_anybody() {
    let server = Server::start_with(Database::Sqlite, |config| {
        config.files.max_bytes = 12_345;
        config.files.quota_bytes = 67_890;
        config.server.max_streams_per_user = 7;
        config.server.reflection = false;
    })
    .await;
    let info = Client::connect(server.url.clone()).expect("a URL").server_info().await;
    let info = info.expect("an answer");
    assert_eq!(info.sign_up_policy(), v1::SignUpPolicy::Open);
    assert_eq!(info.features().collect::<Vec<_>>(), [v1::ServerFeature::Search]);
    let ada = Person::register(&server.url, "ada").await;
    assert_eq!(info.version, ada.stream().await.ready.server_version);
    let limits = info.limits.expect("limits");
    assert_eq!((limits.file_bytes, limits.quota_bytes, limits.streams), (12_345, 67_890, 7));
    server.end().await;
}

on_both_databases! {
    async fn fields_beyond_a_limit_name_it(database: Database) {
        let server = Server::start(database).await;
        let limits = limits(&server.url).await;
        let ada = Person::register(&server.url, "ada").await;
        let client = &ada.client;
        let room = ada.create_room("Room").await;

        let send = |text: String| v1::SendMessageRequest {
            text,
            ..send_request(&room, "", "an-id")
        };
        let long = client.send_message(send(x(limits.message_chars + 1))).await;
        assert_eq!(limit(long), of_fields(limits.message_chars));
        let heavy = "日".repeat(usize::try_from(limits.message_bytes / 3 + 1).expect("a length"));
        assert_eq!(limit(client.send_message(send(heavy)).await), of_fields(limits.message_bytes));
        let attachment_ids = ids(limits.message_attachments + 1);
        let request = v1::SendMessageRequest { attachment_ids, ..send("text".into()) };
        assert_eq!(limit(client.send_message(request).await), of_fields(limits.message_attachments));
        assert_eq!(limit(ada.try_send(&room, "text", &x(65)).await), of_fields(64));

        let request = v1::CreateRoomRequest { name: x(limits.room_name_chars + 1), ..Default::default() };
        assert_eq!(limit(client.create_room(request).await), of_fields(limits.room_name_chars));
        let topic = x(limits.room_topic_chars + 1);
        let request = v1::CreateRoomRequest { name: "Name".into(), topic, ..Default::default() };
        assert_eq!(limit(client.create_room(request).await), of_fields(limits.room_topic_chars));
        let user_ids = ids(limits.added_members + 1);
        let request = v1::AddMembersRequest { room_id: room.clone(), user_ids, ..Default::default() };
        assert_eq!(limit(client.add_members(request).await), of_fields(limits.added_members));
        let days = |days: i64| Some(prost_types::Duration { seconds: days * 86_400, nanos: 0 });
        let request = v1::UpdateRoomPreferencesRequest {
            room_id: room.clone(),
            mute_notifications_for: days(367),
            ..Default::default()
        };
        assert_eq!(limit(client.update_room_preferences(request).await), of_fields(366 * 86_400));
        let request = v1::CreateInviteRequest { room_id: room.clone(), max_uses: 10_001, ..Default::default() };
        assert_eq!(limit(client.create_invite(request).await), of_fields(10_000));

        let account = |username: String, password: String| v1::RegisterRequest {
            username,
            password,
            ..Default::default()
        };
        let register = async |request| limit(Client::connect(server.url.clone()).expect("a URL").register(request).await);
        let least = limits.username_min_chars;
        assert_eq!(register(account(x(least - 1), PASSWORD.into())).await, of_fields(least));
        let most = limits.username_max_chars;
        assert_eq!(register(account(x(most + 1), PASSWORD.into())).await, of_fields(most));
        let least = limits.password_min_chars;
        assert_eq!(register(account("bob".into(), x(least - 1))).await, of_fields(least));
        let most = limits.password_max_chars;
        assert_eq!(register(account("bob".into(), x(most + 1))).await, of_fields(most));
        let good = || account("bob".into(), PASSWORD.into());
        let email = format!("{}@example.org", x(254));
        assert_eq!(register(v1::RegisterRequest { email, ..good() }).await, of_fields(254));
        assert_eq!(register(v1::RegisterRequest { device: x(101), ..good() }).await, of_fields(100));

        let profile = async |request| limit(client.update_profile(request).await);
        let display_name = Some(x(limits.display_name_chars + 1));
        let request = v1::UpdateProfileRequest { display_name, ..Default::default() };
        assert_eq!(profile(request).await, of_fields(limits.display_name_chars));
        let request = v1::UpdateProfileRequest { bio: Some(x(limits.bio_chars + 1)), ..Default::default() };
        assert_eq!(profile(request).await, of_fields(limits.bio_chars));
        let status_text = Some(x(limits.status_text_chars + 1));
        let request = v1::UpdateProfileRequest { status_text, ..Default::default() };
        assert_eq!(profile(request).await, of_fields(limits.status_text_chars));

        let search = async |query: String| {
            let request = v1::SearchMessagesRequest { query, ..Default::default() };
            limit(client.search_messages(request).await)
        };
        let chars = limits.search_query_chars;
        assert_eq!(search(x(chars + 1)).await, of_fields(chars));
        assert_eq!(search("from:a ".repeat(11)).await, of_fields(10));
        let request = v1::SearchUsersRequest { query: x(65), ..Default::default() };
        assert_eq!(limit(client.search_users(request).await), of_fields(64));
        let user_ids = ids(limits.batch_users + 1);
        let request = v1::BatchGetUsersRequest { user_ids };
        assert_eq!(limit(client.batch_get_users(request).await), of_fields(limits.batch_users));
        let request = v1::BatchGetUsersRequest { user_ids: vec![] };
        assert_eq!(limit(client.batch_get_users(request).await), of_fields(1));
        let stream = ada.stream().await;
        let connection_id = stream.ready.connection_id.clone();
        let room_ids = ids(limits.watched_rooms + 1);
        let request = v1::WatchRoomsRequest { connection_id, room_ids };
        assert_eq!(limit(client.watch_rooms(request).await), of_fields(limits.watched_rooms));

        let file_ids = ids(limits.download_links + 1);
        let request = v1::CreateDownloadLinksRequest { file_ids, ..Default::default() };
        assert_eq!(limit(client.create_download_links(request).await), of_fields(limits.download_links));
        let upload = ada.start("data", 1_000_000).await.expect("an upload");
        for (bytes, bound) in [
            (limits.chunk_max_bytes + 1, limits.chunk_max_bytes),
            (limits.chunk_min_bytes - 1, limits.chunk_min_bytes),
        ] {
            let data = vec![0; usize::try_from(bytes).expect("a length")];
            assert_eq!(limit(ada.chunk(&upload.id, 0, &data).await), of_fields(bound));
        }
        let short = ada.start("data", 100).await.expect("an upload");
        assert_eq!(limit(ada.chunk(&short.id, 0, &[0; 101]).await), of_fields(100));

        // What is wrong in another way has none.
        let error = ada.try_send(&room, "", "an-id").await.expect_err("empty");
        assert_eq!((error.code, error.limit), (Code::InvalidArgument, None));
        server.end().await;
    }

    async fn what_is_full_says_how_much_it_takes(database: Database) {
        let server = Server::start_with(database, |config| {
            config.server.max_streams_per_user = 1;
            config.files.max_bytes = 1_000;
            config.files.quota_bytes = 2_000;
        })
        .await;
        let limits = limits(&server.url).await;
        let ada = Person::register(&server.url, "ada").await;
        let client = &ada.client;
        let room = ada.create_room("Room").await;
        let told = |reason: &str, limit: i64| (reason.to_owned(), u64::try_from(limit).expect("a limit"));

        let message = ada.send(&room, "hello").await;
        let mut refused = None;
        for emoji in ('\u{1F600}'..).take(usize::try_from(limits.message_reactions).expect("a number") + 1) {
            let request = v1::AddReactionRequest {
                room_id: room.clone(),
                seq: message.seq,
                emoji: emoji.into(),
                ..Default::default()
            };
            refused = client.add_reaction(request).await.err();
        }
        let error = refused.expect("one too many");
        assert_eq!(limit::<()>(Err(error)), told("TOO_MANY_REACTIONS", limits.message_reactions.into()));

        let pins = usize::try_from(limits.room_pins).expect("a number");
        let mut refused = None;
        for _ in 0..=pins {
            let seq = ada.send(&room, "pinned").await.seq;
            let request = v1::PinMessageRequest { room_id: room.clone(), seq, ..Default::default() };
            refused = client.pin_message(request).await.err();
        }
        let error = refused.expect("one too many");
        assert_eq!(limit::<()>(Err(error)), told("TOO_MANY_PINS", limits.room_pins.into()));

        let mut refused = None;
        for _ in 0..=limits.room_invites {
            let request = v1::CreateInviteRequest { room_id: room.clone(), ..Default::default() };
            refused = client.create_invite(request).await.err();
        }
        let error = refused.expect("one too many");
        assert_eq!(limit::<()>(Err(error)), told("TOO_MANY_INVITES", limits.room_invites.into()));

        let size = usize::try_from(limits.file_bytes).expect("a size");
        assert_eq!(limit(ada.start("data", size + 1).await), told("FILE_TOO_LARGE", limits.file_bytes));
        for _ in 0..2 {
            ada.start("data", size).await.expect("an upload");
        }
        assert_eq!(limit(ada.start("data", 1).await), told("QUOTA_REACHED", limits.quota_bytes));
        let bob = Person::register(&server.url, "bob").await;
        for _ in 0..limits.uploads {
            bob.start("data", 1).await.expect("an upload");
        }
        assert_eq!(limit(bob.start("data", 1).await), told("TOO_MANY_UPLOADS", limits.uploads.into()));

        let _open = ada.stream().await;
        let error = ada.open().await.err().expect("one too many");
        assert_eq!(limit::<()>(Err(error)), told("TOO_MANY_STREAMS", limits.streams.into()));

        let bio = Some("x".repeat(usize::try_from(limits.request_bytes).expect("a size")));
        let request = v1::UpdateProfileRequest { bio, ..Default::default() };
        let refused = limit(client.update_profile(request).await);
        assert_eq!(refused, told("MESSAGE_TOO_LARGE", limits.request_bytes.into()));
        server.end().await;
    }
}

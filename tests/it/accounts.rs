//! Accounts, sessions and profiles.

use causerie_client::{
    Client,
    client::authorized,
    v1::{self, auth_service_client::AuthServiceClient},
};
use tonic::Code;

use crate::support::{
    Person, Server, on_both_databases,
    people::{PASSWORD, Stream},
};

async fn refresh(client: &Client, token: &str) -> Result<v1::Session, causerie_client::Error> {
    let request = v1::RefreshSessionRequest { refresh_token: token.into() };
    let mut stub = AuthServiceClient::new(client.channel());
    Ok(stub.refresh_session(request).await?.into_inner().session.expect("a session"))
}

fn refresh_token(person: &Person) -> String {
    person.client.tokens().borrow().clone().expect("signed in").refresh_token
}

on_both_databases! {
    async fn usernames_are_unique_without_regard_to_case(database: Database) {
        let server = Server::start(database).await;
        let client = Client::connect(server.url.clone()).expect("a URL");
        let register = |username: &str| {
            let request = v1::RegisterRequest {
                username: username.into(),
                password: PASSWORD.into(),
                ..Default::default()
            };
            let client = client.clone();
            async move { client.register(request).await.map_err(|e| (e.code, e.reason)) }
        };
        register("Ada").await.expect("an account");
        let taken = Err((Code::AlreadyExists, "USERNAME_TAKEN".to_owned()));
        assert_eq!(register("ADA").await, taken);
        register("bob").await.expect("an account");
        for login in ["ada", "ADA", "aDa"] {
            client.login(login, PASSWORD, false).await.expect(login);
        }
        server.end().await;
    }

    async fn an_unknown_name_and_a_wrong_password_give_the_same_answer(database: Database) {
        let server = Server::start(database).await;
        Person::register(&server.url, "ada").await;
        let client = Client::connect(server.url.clone()).expect("a URL");
        let wrong = client.login("ada", "not-her-password", true).await.expect_err("refused");
        let unknown = client.login("nobody", "not-her-password", true).await.expect_err("refused");
        let no_address = client.login("no@body", PASSWORD, true).await.expect_err("refused");
        assert_eq!(wrong, unknown);
        assert_eq!(wrong, no_address);
        assert_eq!((wrong.code, wrong.reason.as_str()), (Code::Unauthenticated, "BAD_CREDENTIALS"));
        server.end().await;
    }

    async fn a_refresh_token_works_once_and_a_copied_one_ends_the_session(database: Database) {
        let server = Server::start_with(database, |config| config.auth.refresh_grace_ms = 0).await;
        let ada = Person::register(&server.url, "ada").await;
        let mut stream = ada.stream().await;
        let spent = refresh_token(&ada);
        let renewed = refresh(&ada.client, &spent).await.expect("renewed");
        let copied = refresh(&ada.client, &spent).await.expect_err("spent");
        assert_eq!((copied.code, copied.reason.as_str()), (Code::Unauthenticated, "SESSION_REVOKED"));
        // The whole session is over: its other tokens, and its streams.
        let good = refresh(&ada.client, &renewed.refresh_token).await.expect_err("ended");
        assert_eq!(good.reason, "SESSION_REVOKED");
        let me = ada.client.get_me(v1::GetMeRequest {}).await.expect_err("ended");
        assert_eq!(me.reason, "SESSION_REVOKED");
        let (goodbye, error) = stream.ending().await;
        assert_eq!(goodbye.expect("a goodbye").reason(), v1::GoodbyeReason::SessionRevoked);
        assert_eq!(error.expect("a status").reason, "SESSION_REVOKED");
        server.end().await;
    }

    async fn two_tabs_that_refresh_at_once_both_go_on(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let token = refresh_token(&ada);
        let (one, two) = tokio::join!(refresh(&ada.client, &token), refresh(&ada.client, &token));
        let (one, two) = (one.expect("renewed"), two.expect("renewed within the grace"));
        // Either may go on; both hold the same generation.
        refresh(&ada.client, &two.refresh_token).await.expect("renewed");
        refresh(&ada.client, &one.refresh_token).await.expect("still within the grace");
        server.end().await;
    }

    async fn logging_out_ends_the_session_at_once_and_after_a_restart(database: Database) {
        let mut server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let token = ada.client.access_token().await.expect("a token");
        let mut stream = ada.stream().await;
        ada.client.logout().await.expect("signed out");
        let (goodbye, _) = stream.ending().await;
        assert!(!goodbye.expect("a goodbye").reconnect);
        let opened = Stream::open(ada.client.channel(), &token).await.map(drop);
        assert_eq!(opened.expect_err("ended").reason, "SESSION_REVOKED");
        server.restart().await;
        let client = Client::connect(server.url.clone()).expect("a URL");
        let opened = Stream::open(client.channel(), &token).await.map(drop);
        assert_eq!(opened.expect_err("ended").reason, "SESSION_REVOKED");
        server.end().await;
    }

    async fn a_new_password_ends_every_other_session(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let phone = ada.sign_in_again(&server.url).await;
        let mut stream = phone.stream().await;
        let change = |old: &str, new: &str| v1::ChangePasswordRequest {
            old_password: old.into(),
            new_password: new.into(),
            ..Default::default()
        };
        let wrong = ada.client.change_password(change("wrong", "orbit-lantern-42-moss")).await;
        let wrong = wrong.expect_err("refused");
        assert_eq!((wrong.code, wrong.reason.as_str()), (Code::PermissionDenied, "BAD_CREDENTIALS"));
        for (new, field) in [("short", "new_password"), ("password1", "new_password"), (PASSWORD, "new_password")] {
            let error = ada.client.change_password(change(PASSWORD, new)).await.expect_err(new);
            assert_eq!(error.violations[0].0, field);
        }
        let changed = ada.client.change_password(change(PASSWORD, "orbit-lantern-42-moss")).await;
        assert_eq!(changed.expect("changed").ended_sessions, 1);
        let (goodbye, _) = stream.ending().await;
        assert_eq!(goodbye.expect("a goodbye").reason(), v1::GoodbyeReason::SessionRevoked);
        ada.client.get_me(v1::GetMeRequest {}).await.expect("this session stays");
        let old = ada.client.clone().login("ada", PASSWORD, true).await.expect_err("changed");
        assert_eq!(old.reason, "BAD_CREDENTIALS");
        server.end().await;
    }

    async fn a_token_is_renewed_on_a_living_stream_or_the_stream_ends(database: Database) {
        // Short enough that a stream is warned at once, and long enough that a
        // machine that stalls still renews in time.
        let server = Server::start_with(database, |config| config.auth.access_token_ms = 8_000).await;
        let ada = Person::register(&server.url, "ada").await;
        let first = ada.client.tokens().borrow().clone().expect("signed in");
        let mut renewing = Stream::open(ada.client.channel(), &first.access_token).await.expect("a stream");
        renewing.subscribe(vec![]).await;
        let mut idle = Stream::open(ada.client.channel(), &first.access_token).await.expect("a stream");
        idle.subscribe(vec![]).await;
        let warned = |event: &v1::event::Kind| {
            matches!(event, v1::event::Kind::TokenExpiring(_)).then_some(())
        };
        renewing.until("the warning", warned).await;
        // As a unary call beside the stream, as browsers do it; again and again,
        // until the stream that is not renewed has ended.
        let connection_id = renewing.ready.connection_id.clone();
        let mut chat = v1::chat_service_client::ChatServiceClient::new(ada.client.channel());
        let mut refresh_token = first.refresh_token;
        let mut ticks = tokio::time::interval(std::time::Duration::from_millis(300));
        let keep_renewing = async {
            loop {
                ticks.tick().await;
                let newer = refresh(&ada.client, &refresh_token).await.expect("renewed");
                let request = v1::RenewTokenRequest {
                    connection_id: connection_id.clone(),
                    access_token: newer.access_token.clone(),
                };
                let request = authorized(request, &newer.access_token).expect("a token");
                chat.renew_token(request).await.expect("renewed");
                refresh_token = newer.refresh_token;
            }
        };
        let (goodbye, error) = tokio::select! {
            ending = idle.ending() => ending,
            () = keep_renewing => unreachable!("it renews for ever"),
        };
        assert_eq!(goodbye.expect("a goodbye").reason(), v1::GoodbyeReason::TokenExpired);
        assert_eq!(error.expect("a status").reason, "TOKEN_EXPIRED");
        // The other one has outlived the first token.
        let typing = v1::SetTypingRequest { room_id: uuid::Uuid::nil().to_string(), typing: true };
        let reply = renewing.call(v1::chat_request::Command::SetTyping(typing)).await;
        assert_eq!(reply.expect_err("no such room").reason, "ROOM_NOT_FOUND");
        server.end().await;
    }

    async fn people_are_found_by_the_beginning_of_their_names(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "Ada").await;
        for name in ["adam", "bob", "Beatrix", "a_b"] {
            Person::register(&server.url, name).await;
        }
        let profile = v1::UpdateProfileRequest {
            display_name: Some("  Beate Ähnlich ".into()),
            bio: Some("Two\nlines".into()),
            status_text: Some("away".into()),
            ..Default::default()
        };
        let me = ada.client.update_profile(profile).await.expect("changed").user.expect("me");
        assert_eq!((me.display_name.as_str(), me.bio.as_str()), ("Beate Ähnlich", "Two\nlines"));
        // What is not set stays.
        let clear = v1::UpdateProfileRequest { status_text: Some(String::new()), ..Default::default() };
        let me = ada.client.update_profile(clear).await.expect("changed").user.expect("me");
        assert_eq!((me.display_name.as_str(), me.status_text.as_str()), ("Beate Ähnlich", ""));

        let search = async |query: &str, page_size, page_token: &str| {
            let (query, page_token) = (query.to_owned(), page_token.to_owned());
            let request = v1::SearchUsersRequest { query, page_size, page_token };
            let found = ada.client.search_users(request).await.expect("found");
            let names: Vec<_> = found.users.into_iter().map(|user| user.username).collect();
            (names, found.next_page_token)
        };
        assert_eq!(search("AD", 0, "").await.0, ["Ada", "adam"]);
        assert_eq!(search("a_", 0, "").await.0, ["a_b"], "no character has a meaning of its own");
        assert_eq!(search("%", 0, "").await.0, [""; 0]);
        assert_eq!(search("be", 0, "").await.0, ["Ada", "Beatrix"], "by display name too");
        assert_eq!(search("beate ä", 0, "").await.0, ["Ada"]);
        let (first, token) = search("b", 3, "").await;
        assert_eq!(first, ["a_b", "Ada", "Beatrix"]);
        assert_eq!(search("b", 3, &token).await, (vec!["bob".to_owned()], String::new()));

        let bob = search("bob", 0, "").await.0;
        assert_eq!(bob, ["bob"]);
        let ids = v1::BatchGetUsersRequest {
            user_ids: vec![me.id.clone(), uuid::Uuid::nil().to_string(), me.id.clone()],
        };
        let batch = ada.client.batch_get_users(ids).await.expect("users").users;
        assert_eq!(batch.len(), 1, "without the unknown and the repeated");
        let unknown = v1::GetUserRequest { user_id: uuid::Uuid::nil().to_string() };
        let unknown = ada.client.get_user(unknown).await.expect_err("unknown");
        assert_eq!((unknown.code, unknown.reason.as_str()), (Code::NotFound, "USER_NOT_FOUND"));
        server.end().await;
    }

    async fn an_idle_session_expires(database: Database) {
        let server = Server::start_with(database, |config| config.auth.idle_ms = 1).await;
        let ada = Person::register(&server.url, "ada").await;
        ada.client.login("ada", PASSWORD, false).await.expect("signed in");
        let mut ticks = tokio::time::interval(std::time::Duration::from_millis(100));
        let token = refresh_token(&ada);
        // Expiry counts in whole seconds; until then each refresh rotates.
        let error = crate::support::within("the session to expire", async {
            let mut token = token;
            loop {
                ticks.tick().await;
                match refresh(&ada.client, &token).await {
                    Ok(session) => token = session.refresh_token,
                    Err(error) => return error,
                }
            }
        })
        .await;
        assert_eq!((error.code, error.reason.as_str()), (Code::Unauthenticated, "TOKEN_EXPIRED"));
        server.end().await;
    }

    async fn an_address_is_changed_and_taken_away_and_only_its_owner_sees_it(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let set = async |person: &Person, email: &str| {
            let request = v1::UpdateProfileRequest { email: Some(email.into()), ..Default::default() };
            person.client.update_profile(request).await
        };
        let email = async |person: &Person| {
            person.client.get_me(v1::GetMeRequest {}).await.expect("me").email
        };
        assert_eq!(email(&ada).await, "");
        // Whether another account has it makes no difference.
        for person in [&ada, &bob] {
            let answer = set(person, "ada@example.org").await.expect("changed");
            assert_eq!(answer.user.as_ref(), Some(&person.user), "nothing that others see");
            assert_eq!(email(person).await, "ada@example.org");
        }
        let bad = set(&ada, "no address").await.expect_err("refused");
        assert_eq!(bad.violations[0].0, "email");
        let other = v1::UpdateProfileRequest { bio: Some("Hello".into()), ..Default::default() };
        ada.client.update_profile(other).await.expect("changed");
        assert_eq!(email(&ada).await, "ada@example.org", "what is not set stays");
        set(&ada, "Ada@example.com").await.expect("changed");
        assert_eq!(email(&ada).await, "Ada@example.com");
        set(&ada, "").await.expect("taken away");
        assert_eq!((email(&ada).await, email(&bob).await), (String::new(), "ada@example.org".into()));
        server.end().await;
    }
}

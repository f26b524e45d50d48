//! The time of day jumps: nothing that was ended comes back, and nothing that
//! is in use is removed for its age.

use std::time::Duration;

use causerie_client::{
    Client, Error,
    client::authorized,
    v1::{self, user_service_client::UserServiceClient},
};
use tonic::Code;

use crate::support::{
    Person, Server,
    files::{bytes, sha256, stored},
    on_both_databases,
    people::{PASSWORD, reason},
    within,
};

const DAY: i64 = 24 * 60 * 60;

/// Where clocks are set to: what is kept for a month is forgotten under some.
const JUMPS: [i64; 4] = [DAY, -DAY, 100 * DAY, -100 * DAY];

/// Calls with this access token and no other.
async fn call_with(person: &Person, token: &str) -> Result<(), Error> {
    let request = authorized(v1::GetMeRequest {}, token).expect("a header");
    let mut users = UserServiceClient::new(person.client.channel());
    Ok(users.get_me(request).await.map(drop)?)
}

fn access_token(person: &Person) -> String {
    person.client.tokens().borrow().clone().expect("tokens").access_token
}

fn revoked() -> (Code, String) {
    (Code::Unauthenticated, "SESSION_REVOKED".into())
}

/// The same account, in a session that ends after half an hour without use.
async fn sign_in_for_a_while(person: &Person, url: &str) -> Person {
    let client = Client::connect(url).expect("a URL");
    let user = client.login(&person.user.username, PASSWORD, false).await.expect("signed in");
    Person { client, user }
}

/// Lets the collector remove a file, and so go through all that it looks at.
async fn let_collect(server: &Server, ada: &Person, room: &str) {
    let before = stored(server, "files");
    let file = ada.upload("witness", &bytes(1, 1_000)).await;
    let message = ada.send_files(room, "look", &[&file]).await.expect("sent");
    let request =
        v1::DeleteMessageRequest { room_id: room.into(), seq: message.seq, ..Default::default() };
    ada.client.delete_message(request).await.expect("deleted");
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    within("the collector", async {
        while stored(server, "files") > before {
            ticks.tick().await;
        }
    })
    .await;
}

on_both_databases! {
    async fn a_revoked_token_works_no_more_whatever_the_clock_does(database: Database) {
        let mut server = Server::start(database).await;
        let clock = server.config.clock.clone();
        let ada = Person::register(&server.url, "ada").await;
        let phone = ada.sign_in_again(&server.url).await;
        let token = access_token(&phone);
        call_with(&phone, &token).await.expect("it works at first");
        phone.client.logout().await.expect("ended");
        for jump in JUMPS {
            // While it is so late, the server cleans up: at its start, and each second.
            clock.set_ahead(jump);
            server.restart().await;
            let mut ticks = tokio::time::interval(Duration::from_millis(100));
            for _ in 0..25 {
                ticks.tick().await;
                let refused = call_with(&ada, &token).await.expect_err("ended");
                assert_eq!(refused.code, Code::Unauthenticated);
            }
            clock.set_ahead(0);
            assert_eq!(reason(call_with(&ada, &token).await), revoked(), "after {jump} s");
            server.restart().await;
            assert_eq!(reason(call_with(&ada, &token).await), revoked(), "after {jump} s");
        }
        call_with(&ada, &access_token(&ada)).await.expect("nobody else was signed out");
        server.end().await;
    }

    async fn sessions_ended_while_the_clock_is_wrong_stay_ended(database: Database) {
        let mut server = Server::start(database).await;
        let clock = server.config.clock.clone();
        let ada = Person::register(&server.url, "ada").await;
        for jump in [DAY, -DAY] {
            let phone = sign_in_for_a_while(&ada, &server.url).await;
            let tablet = sign_in_for_a_while(&ada, &server.url).await;
            let tokens = [access_token(&phone), access_token(&tablet)];
            clock.set_ahead(jump);
            let desk = ada.sign_in_again(&server.url).await;
            let others = v1::RevokeOtherSessionsRequest {};
            desk.client.revoke_other_sessions(others).await.expect("ended");
            clock.set_ahead(0);
            for token in &tokens {
                assert_eq!(reason(call_with(&ada, token).await), revoked());
            }
            server.restart().await;
            for token in &tokens {
                assert_eq!(reason(call_with(&ada, token).await), revoked());
            }
            let again = ada.sign_in_again(&server.url).await;
            ada.client.set_tokens(again.client.tokens().borrow().clone());
        }
        server.end().await;
    }

    async fn a_jump_of_the_clock_removes_no_upload_and_no_file(database: Database) {
        let mut server =
            Server::start_with(database, |config| config.files.collect_every_ms = 20).await;
        let clock = server.config.clock.clone();
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let data = bytes(2, 200_000);
        for jump in [DAY + 60, -DAY - 60] {
            let before = ada.start("before", data.len()).await.expect("an upload").id;
            ada.chunk(&before, 0, &data[..100_000]).await.expect("stored");
            let drafted = ada.upload("drafted", &data).await;
            clock.set_ahead(jump);
            let ada = ada.sign_in_again(&server.url).await;
            let_collect(&server, &ada, &room).await;
            let during = ada.start("during", data.len()).await.expect("an upload").id;
            ada.chunk(&during, 0, &data[..100_000]).await.expect("stored");
            ada.chunk(&before, 100_000, &data[100_000..]).await.expect("stored");
            server.restart().await;
            let_collect(&server, &ada, &room).await;
            let status = ada.status(&during).await.expect("it is under way");
            let expires = status.expires_at.expect("a time").seconds - clock.now().unix_seconds();
            assert!((3_500..=3_600).contains(&expires), "an hour by this clock: {expires} s");
            clock.set_ahead(0);
            let ada = ada.sign_in_again(&server.url).await;
            let_collect(&server, &ada, &room).await;
            ada.chunk(&during, 100_000, &data[100_000..]).await.expect("stored");
            let during = ada.finish(&during, sha256(&data)).await.expect("a file");
            let before = ada.finish(&before, sha256(&data)).await.expect("a file");
            ada.send_files(&room, "all three", &[&before, &during, &drafted])
                .await
                .expect("the files are there");
        }
        server.end().await;
    }

    async fn an_account_does_not_lose_its_sessions_to_a_clock_that_was_ahead(database: Database) {
        let mut server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let phone = sign_in_for_a_while(&ada, &server.url).await;
        // One that is long over, which the server forgets at its start, last of all.
        let long_over = "insert into sessions (id, user_id, generation, rotated_us, idle_us,
             created_us, last_used_us, expires_us, revoked_us, device, address)
             select x'00112233445566778899aabbccddeeff', user_id, 1, 0, 0, 0, 0,
                    expires_us * 2, 1, '', '' from sessions limit 1";
        server.stop().await;
        let mut database = server.database().await;
        database.execute(long_over.into()).await;
        server.config.clock.set_ahead(400 * DAY);
        server.restart().await;
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        within("the server to forget the one", async {
            while database.count("select count(*) from sessions where revoked_us = 1").await > 0 {
                ticks.tick().await;
            }
        })
        .await;
        assert_eq!(database.count("select count(*) from sessions").await, 2);
        server.config.clock.set_ahead(0);
        for person in [&ada, &phone] {
            let token = access_token(person);
            person.client.renew(&token).await.expect("the session goes on");
        }
        drop(database);
        server.end().await;
    }
}

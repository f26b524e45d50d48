//! The list of sessions, and ending them.

use std::time::{Duration, Instant};

use causerie_client::{
    Error,
    client::authorized,
    v1::{self, file_service_client::FileServiceClient},
};
use tonic::{Code, Streaming};

use crate::support::{Person, Server, Stream, files::bytes, on_both_databases};

async fn list(person: &Person) -> Vec<v1::SessionInfo> {
    let request = v1::ListSessionsRequest::default();
    person.client.list_sessions(request).await.expect("a page").sessions
}

/// More than is on its way to a client that does not read.
const LARGE: usize = 12 << 20;

/// Opens a download, and says with which access token.
async fn open(person: &Person, file: &v1::File) -> (Streaming<v1::DownloadFileResponse>, String) {
    let token = person.client.access_token().await.expect("a token");
    let request = v1::DownloadFileRequest { file_id: file.id.clone(), ..Default::default() };
    let request = authorized(request, &token).expect("a token");
    let mut files = FileServiceClient::new(person.client.channel());
    let mut pieces = files.download_file(request).await.expect("a download").into_inner();
    let first = pieces.message().await.expect("a header").expect("a header");
    assert_eq!(first.header.map(|header| header.size_bytes), i64::try_from(LARGE).ok());
    (pieces, token)
}

/// How much of a download comes, and why no more does.
async fn read(mut pieces: Streaming<v1::DownloadFileResponse>) -> (usize, String) {
    let mut received = 0;
    loop {
        match pieces.message().await {
            Ok(Some(piece)) => received += piece.data.len(),
            Ok(None) => return (received, String::new()),
            Err(error) => return (received, Error::from(error).reason),
        }
    }
}

on_both_databases! {
    async fn a_session_is_listed_and_ended_from_another(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let eve = Person::register(&server.url, "eve").await;
        let phone = ada.sign_in_again(&server.url).await;
        let sessions = list(&ada).await;
        assert_eq!(sessions.iter().map(|s| s.current).collect::<Vec<_>>(), [false, true], "the newest first");
        assert_eq!((sessions[0].device.as_str(), sessions[0].address.as_str()), ("Rust SDK", "127.0.0.1"));
        assert!(list(&phone).await[0].current);
        let mut token = String::new();
        let mut paged = Vec::new();
        loop {
            let request = v1::ListSessionsRequest { page_size: 1, page_token: token };
            let page = ada.client.list_sessions(request).await.expect("a page");
            paged.extend(page.sessions);
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(paged, sessions);

        let revoke = |id: &str| v1::RevokeSessionRequest { session_id: id.into() };
        let theirs = eve.client.revoke_session(revoke(&sessions[0].id)).await.expect_err("not Eve's");
        assert_eq!((theirs.code, theirs.reason.as_str()), (Code::NotFound, "SESSION_NOT_FOUND"));
        let bad = ada.client.revoke_session(revoke("x")).await.expect_err("no id");
        assert_eq!(bad.violations[0].0, "session_id");
        assert_eq!(list(&ada).await.len(), 2, "nothing has changed");

        let mut stream = phone.stream().await;
        ada.client.revoke_session(revoke(&sessions[0].id)).await.expect("revoked");
        let begun = Instant::now();
        let (goodbye, _) = stream.ending().await;
        assert_eq!(goodbye.expect("a goodbye").reason(), v1::GoodbyeReason::SessionRevoked);
        let took = begun.elapsed();
        println!("the stream ended after {took:?}");
        assert!(took < Duration::from_secs(5), "at once, not at its next renewal: {took:?}");
        let dead = phone.client.get_me(v1::GetMeRequest {}).await.expect_err("ended");
        assert_eq!(dead.reason, "SESSION_REVOKED");
        let token = phone.client.tokens().borrow().clone().expect("tokens").access_token;
        let renewed = phone.client.renew(&token).await;
        assert_eq!(renewed.expect_err("ended").reason, "SESSION_REVOKED");
        assert_eq!(list(&ada).await.len(), 1);
        server.end().await;
    }

    async fn all_others_are_ended_at_once_and_ones_own_goes_on(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let eve = Person::register(&server.url, "eve").await;
        let others = [ada.sign_in_again(&server.url).await, ada.sign_in_again(&server.url).await];
        let mut stream = others[0].stream().await;
        let request = v1::RevokeOtherSessionsRequest {};
        let ended = ada.client.revoke_other_sessions(request).await.expect("revoked");
        assert_eq!(ended.ended_sessions, 2);
        let (goodbye, _) = stream.ending().await;
        assert!(!goodbye.expect("a goodbye").reconnect);
        for other in &others {
            let dead = other.client.get_me(v1::GetMeRequest {}).await.expect_err("ended");
            assert_eq!(dead.reason, "SESSION_REVOKED");
        }
        assert_eq!(list(&ada).await.len(), 1);
        assert_eq!(list(&eve).await.len(), 1);
        server.end().await;
    }

    async fn a_session_that_is_not_used_ends_by_itself(database: Database) {
        let minute_ms = 60_000;
        let server = Server::start_with(database, |config| config.auth.idle_ms = 30 * minute_ms).await;
        let ada = Person::register(&server.url, "ada").await;
        let browser = causerie_client::Client::connect(server.url.clone()).expect("a URL");
        browser.login("ada", crate::support::people::PASSWORD, false).await.expect("signed in");
        assert_eq!(list(&ada).await.len(), 2);
        // Time passes as far as the sessions know.
        let mut raw = server.database().await;
        let mut pass = async |minutes: u64| {
            let us = minutes * minute_ms * 1_000;
            let columns = ["created_us", "rotated_us", "last_used_us", "expires_us"];
            let earlier = columns.map(|column| format!("{column} = {column} - {us}")).join(", ");
            raw.execute(format!("update sessions set {earlier}")).await;
        };
        // In use it lives on, beyond the time it would have had without.
        for _ in 0..3 {
            pass(20).await;
            let token = browser.tokens().borrow().clone().expect("tokens").access_token;
            browser.renew(&token).await.expect("in use");
        }
        pass(29).await;
        assert_eq!(list(&ada).await.len(), 2);
        pass(2).await;
        assert_eq!(list(&ada).await.len(), 1, "idle for longer than it may be");
        let token = browser.tokens().borrow().clone().expect("tokens").access_token;
        let late = browser.renew(&token).await.expect_err("too late");
        assert_eq!(late.reason, "TOKEN_EXPIRED");
        server.end().await;
    }

    async fn the_first_account_is_the_servers_admin(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let role = async |person: &Person| {
            person.client.get_me(v1::GetMeRequest {}).await.expect("me").role()
        };
        assert_eq!(role(&ada).await, v1::AccountRole::Admin);
        assert_eq!(role(&bob).await, v1::AccountRole::User);
        server.end().await;
    }

    async fn a_download_ends_with_its_session(database: Database) {
        let server = Server::start(database).await;
        let admin = Person::register(&server.url, "admin").await;
        let ada = Person::register(&server.url, "ada").await;
        let phone = ada.sign_in_again(&server.url).await;
        let laptop = ada.sign_in_again(&server.url).await;
        let file = ada.upload("large.bin", &bytes(1, LARGE)).await;
        let (of_phone, _) = open(&phone, &file).await;
        phone.client.logout().await.expect("signed out");
        let (of_laptop, _) = open(&laptop, &file).await;
        ada.client.revoke_other_sessions(v1::RevokeOtherSessionsRequest {}).await.expect("revoked");
        let (of_suspended, _) = open(&ada, &file).await;
        let request = v1::SuspendUserRequest { user_id: ada.user.id.clone() };
        admin.client.suspend_user(request).await.expect("suspended");
        for pieces in [of_phone, of_laptop, of_suspended] {
            let (received, why) = read(pieces).await;
            assert_eq!(why, "SESSION_REVOKED");
            assert!(received < LARGE);
        }
        server.end().await;
    }

    async fn a_download_ends_with_its_token_and_goes_on_with_another(database: Database) {
        let server = Server::start_with(database, |config| config.auth.access_token_ms = 3_000).await;
        let ada = Person::register(&server.url, "ada").await;
        let content = bytes(1, LARGE);
        let file = ada.upload("large.bin", &content).await;
        let (pieces, token) = open(&ada, &file).await;
        let mut stream = Stream::open(ada.client.channel(), &token).await.expect("a stream");
        stream.subscribe(Vec::new()).await;
        let (goodbye, _) = stream.ending().await;
        assert_eq!(goodbye.expect("a goodbye").reason(), v1::GoodbyeReason::TokenExpired);
        let (received, why) = read(pieces).await;
        assert_eq!(why, "TOKEN_EXPIRED");
        assert!(received < LARGE);
        let request = v1::DownloadFileRequest {
            file_id: file.id.clone(),
            offset: i64::try_from(received).expect("an offset"),
            ..Default::default()
        };
        assert!(ada.client.download(request).await.expect("the rest") == content[received..]);
        server.end().await;
    }
}

//! The refresh token of a browser is in a cookie, out of reach of its scripts.

use causerie_client::{Client, v1};
use tonic::Code;

use crate::support::{
    Person, Server, on_both_databases,
    page::{Answer, Page, allows_credentials},
    people::PASSWORD,
    web::request,
};

type Refreshed = Answer<v1::RefreshSessionResponse>;

async fn login(page: &mut Page, keep_signed_in: bool) -> Answer<v1::LoginResponse> {
    let request = v1::LoginRequest {
        login: "ada".into(),
        password: PASSWORD.into(),
        keep_signed_in,
        refresh_cookie: true,
        ..Default::default()
    };
    page.call("Login", request, None).await
}

/// With nothing but the cookie.
async fn refresh(page: &mut Page) -> Refreshed {
    page.call("RefreshSession", v1::RefreshSessionRequest::default(), None).await
}

fn session(answer: Refreshed) -> v1::Session {
    answer.result.expect("renewed").session.expect("a session")
}

fn refusal<T: std::fmt::Debug>(answer: Answer<T>) -> (Code, String) {
    let error = answer.result.expect_err("refused");
    (error.code, error.reason)
}

/// Of a page that has signed in.
async fn access(page: &mut Page) -> String {
    let session = login(page, true).await.result.expect("signed in").session;
    session.expect("a session").access_token
}

async fn sessions(ada: &Person) -> usize {
    ada.client
        .list_sessions(v1::ListSessionsRequest::default())
        .await
        .expect("a page")
        .sessions
        .len()
}

/// The attributes of a cookie, and how many seconds it is kept.
fn attributes(cookie: &str) -> (Vec<&str>, u64) {
    let mut parts: Vec<_> = cookie.split("; ").skip(1).collect();
    let at = parts.iter().position(|part| part.starts_with("Max-Age=")).expect("a Max-Age");
    let seconds = parts.remove(at).trim_start_matches("Max-Age=").parse().expect("seconds");
    (parts, seconds)
}

const PLAIN: [&str; 3] = ["Path=/causerie.v1.AuthService", "HttpOnly", "SameSite=Strict"];
const SECURE: [&str; 4] =
    ["Path=/causerie.v1.AuthService", "HttpOnly", "SameSite=Strict", "Secure"];

on_both_databases! {
    async fn a_page_that_asks_for_it_has_its_refresh_token_in_a_cookie_alone(database: Database) {
        let server = Server::start(database).await;
        let mut page = Page::open(&server.url);
        let registration = v1::RegisterRequest {
            username: "ada".into(),
            password: PASSWORD.into(),
            refresh_cookie: true,
            ..Default::default()
        };
        let registered: Answer<v1::RegisterResponse> = page.call("Register", registration, None).await;
        let (parts, seconds) = attributes(registered.set_cookie().expect("a cookie"));
        assert_eq!(parts, PLAIN, "over plain HTTP");
        let month = server.config.auth.keep_ms / 1_000;
        assert!((month - 60..=month).contains(&seconds), "{seconds}");
        assert_eq!(registered.result.expect("an account").session.expect("a session").refresh_token, "");

        let short = login(&mut page, false).await;
        let (_, seconds) = attributes(short.set_cookie().expect("a cookie"));
        let idle = server.config.auth.idle_ms / 1_000;
        assert!((idle - 60..=idle).contains(&seconds), "{seconds}");
        let short = short.result.expect("signed in").session.expect("a session");
        assert_eq!(short.refresh_token, "");

        let before = page.cookie.clone();
        let renewed = refresh(&mut page).await;
        assert_eq!(attributes(renewed.set_cookie().expect("a cookie")).0, PLAIN);
        assert_ne!(page.cookie, before, "rotated");
        let renewed = session(renewed);
        assert_eq!((renewed.id.as_str(), renewed.refresh_token.as_str()), (short.id.as_str(), ""));
        let list = page.call::<v1::ListSessionsResponse>(
            "ListSessions", v1::ListSessionsRequest::default(), Some(&renewed.access_token),
        );
        assert_eq!(list.await.result.expect("the token works").sessions.len(), 2);

        // Behind a proxy that speaks HTTPS and calls the server by another name.
        let https = [("origin", "https://chat.example.org"), ("sec-fetch-site", "same-origin")];
        let mut secure = page.beside(&https);
        let signed_in = login(&mut secure, true).await;
        assert_eq!(attributes(signed_in.set_cookie().expect("a cookie")).0, SECURE);
        assert_eq!(attributes(refresh(&mut secure).await.set_cookie().expect("a cookie")).0, SECURE);
        server.end().await;
    }

    async fn two_tabs_that_refresh_with_one_cookie_at_once_both_go_on(database: Database) {
        let server = Server::start(database).await;
        Person::register(&server.url, "ada").await;
        let mut one = Page::open(&server.url);
        login(&mut one, true).await.result.expect("signed in");
        let mut two = one.beside(&[("origin", &server.url)]);
        let (first, second) = tokio::join!(refresh(&mut one), refresh(&mut two));
        assert_eq!(session(first).id, session(second).id);
        // Whichever answer came last, the browser's cookie is good.
        session(refresh(&mut one).await);
        session(refresh(&mut two).await);
        server.end().await;
    }

    async fn a_cookie_that_was_copied_ends_the_session_and_is_removed(database: Database) {
        let server = Server::start_with(database, |config| config.auth.refresh_grace_ms = 0).await;
        let ada = Person::register(&server.url, "ada").await;
        let mut page = Page::open(&server.url);
        login(&mut page, true).await.result.expect("signed in");
        let mut thief = page.beside(&[]);
        session(refresh(&mut page).await);
        let theirs = refresh(&mut thief).await;
        let (parts, seconds) = attributes(theirs.set_cookie().expect("a removal"));
        assert_eq!((parts.as_slice(), seconds), (SECURE.as_slice(), 0), "no page over plain HTTP");
        assert_eq!(refusal(theirs), (Code::Unauthenticated, "SESSION_REVOKED".into()));
        assert_eq!(thief.cookie, None);
        let ours = refresh(&mut page).await;
        let (parts, seconds) = attributes(ours.set_cookie().expect("a removal"));
        assert_eq!((parts.as_slice(), seconds), (PLAIN.as_slice(), 0));
        assert_eq!(refusal(ours).1, "SESSION_REVOKED");
        assert_eq!(page.cookie, None);
        assert_eq!(sessions(&ada).await, 1);
        server.end().await;
    }

    async fn a_cookie_that_is_no_good_is_removed(database: Database) {
        let server = Server::start_with(database, |config| config.auth.idle_ms = 0).await;
        Person::register(&server.url, "ada").await;
        let mut page = Page::open(&server.url);
        login(&mut page, false).await.result.expect("signed in");
        assert_eq!(refusal(refresh(&mut page).await), (Code::Unauthenticated, "TOKEN_EXPIRED".into()));
        assert_eq!(page.cookie, None);
        page.cookie = Some("nonsense".into());
        assert_eq!(refusal(refresh(&mut page).await).1, "TOKEN_INVALID");
        assert_eq!(page.cookie, None);
        let without = refresh(&mut page).await;
        assert_eq!(without.set_cookie(), None);
        assert_eq!(refusal(without).1, "TOKEN_INVALID");
        server.end().await;
    }

    async fn signing_out_removes_the_cookie_with_an_access_token_or_without(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let mut page = Page::open(&server.url);
        for with_token in [true, false] {
            let token = access(&mut page).await;
            assert_eq!(sessions(&ada).await, 2);
            let mut copy = page.beside(&[]);
            let given = with_token.then_some(token.as_str());
            let out: Answer<v1::LogoutResponse> = page.call("Logout", v1::LogoutRequest {}, given).await;
            out.result.as_ref().expect("signed out");
            assert_eq!(attributes(out.set_cookie().expect("a removal")), (PLAIN.to_vec(), 0));
            assert_eq!(page.cookie, None);
            assert_eq!(sessions(&ada).await, 1);
            assert_eq!(refusal(refresh(&mut copy).await).1, "SESSION_REVOKED");
        }
        // A token that is no good ends nothing, whatever the cookie says.
        access(&mut page).await;
        let bad: Answer<v1::LogoutResponse> = page.call("Logout", v1::LogoutRequest {}, Some("x")).await;
        assert_eq!(bad.set_cookie(), None);
        assert_eq!(refusal(bad).1, "TOKEN_INVALID");
        assert_eq!(sessions(&ada).await, 2);
        server.end().await;
    }

    async fn pages_of_other_origins_get_nothing_from_the_cookie(database: Database) {
        let server = Server::start_with(database, |config| config.server.cors_origins = vec!["*".into()]).await;
        let ada = Person::register(&server.url, "ada").await;
        let mut own = Page::open(&server.url);
        access(&mut own).await;
        let same_host = server.url.rsplit_once(':').expect("a port").0;
        let foreign = (Code::PermissionDenied, "FOREIGN_ORIGIN".to_owned());
        for says in [
            vec![("origin", "https://evil.example.org")],
            vec![("origin", "null")],
            vec![("origin", same_host)],
            vec![("origin", server.url.as_str()), ("sec-fetch-site", "same-site")],
            vec![("origin", "https://evil.example.org"), ("sec-fetch-site", "cross-site")],
        ] {
            // A browser would not even send the cookie.
            let mut page = own.beside(&says);
            let kept = page.cookie.clone();
            let refreshed = refresh(&mut page).await;
            assert!(!allows_credentials(&refreshed.headers), "{says:?}");
            assert_eq!(refusal(refreshed), foreign, "{says:?}");
            let out: Answer<v1::LogoutResponse> = page.call("Logout", v1::LogoutRequest {}, None).await;
            assert_eq!(refusal(out), foreign, "{says:?}");
            assert_eq!(refusal(login(&mut page, true).await), foreign, "{says:?}");
            assert_eq!(page.cookie, kept, "nothing is set or removed: {says:?}");
        }
        assert_eq!(sessions(&ada).await, 2);
        session(refresh(&mut own).await);

        // And before it sends what is no plain form, it asks.
        let preflight = "OPTIONS /causerie.v1.AuthService/RefreshSession HTTP/1.1\r\nhost: test\r\n\
            origin: https://evil.example.org\r\naccess-control-request-method: POST\r\n\
            access-control-request-headers: content-type,x-grpc-web\r\nconnection: close\r\n\r\n";
        let (status, text) = request(&server.url, preflight).await.expect("an answer");
        assert_eq!(status, 200);
        assert!(text.contains("access-control-allow-origin: *"), "{text}");
        assert!(!text.contains("access-control-allow-credentials"), "{text}");
        server.end().await;
    }

    async fn whoever_does_not_ask_for_a_cookie_sees_none(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let mut page = Page::open(&server.url);
        let plain = v1::LoginRequest { login: "ada".into(), password: PASSWORD.into(), ..Default::default() };
        let answer: Answer<v1::LoginResponse> = page.call("Login", plain, None).await;
        assert_eq!(answer.set_cookie(), None);
        let tokens = answer.result.expect("signed in").session.expect("a session");

        // A token in the request is what counts, and its successor is in the answer.
        access(&mut page).await;
        let kept = page.cookie.clone();
        let given = v1::RefreshSessionRequest { refresh_token: tokens.refresh_token };
        let renewed: Refreshed = page.call("RefreshSession", given, None).await;
        assert_eq!(renewed.set_cookie(), None);
        let renewed = session(renewed);
        assert_eq!(renewed.id, tokens.id);
        assert!(!renewed.refresh_token.is_empty());
        assert_eq!(page.cookie, kept);
        session(refresh(&mut page).await);

        // A native client: no cookie, the same as ever.
        let native = Client::connect(server.url.clone()).expect("a URL");
        native.login("ada", PASSWORD, true).await.expect("signed in");
        let older = native.tokens().borrow().clone().expect("tokens");
        native.renew(&older.access_token).await.expect("renewed");
        let newer = native.tokens().borrow().clone().expect("tokens");
        assert!(!newer.refresh_token.is_empty() && newer.refresh_token != older.refresh_token);
        native.logout().await.expect("signed out");
        assert_eq!(sessions(&ada).await, 3);
        server.end().await;
    }
}

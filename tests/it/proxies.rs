//! Behind proxies: whose address counts.

use causerie_client::v1;
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use crate::support::{
    Database, Person, Server,
    people::PASSWORD,
    raw::{Answer, answer, call, connect_from, exchange, framed, http2},
    web::request,
    within,
};

const REGISTER: &str = "/causerie.v1.AuthService/Register";

/// Registers over an own connection, as a proxy does for its clients. Returns the
/// status of the call.
async fn register(stream: TcpStream, name: &str, headers: &[(&str, &str)]) -> Answer {
    let message = v1::RegisterRequest {
        username: name.into(),
        password: PASSWORD.into(),
        ..Default::default()
    };
    let mut requests = http2(stream, 65_535).await;
    answer(&mut requests, call(REGISTER, headers), framed(&message)).await.expect("an answer")
}

fn status(answer: &Answer) -> &str {
    let headers = answer.response.headers();
    let status = headers.get("grpc-status").or_else(|| answer.trailers.get("grpc-status"));
    status.and_then(|status| status.to_str().ok()).expect("a status")
}

async fn session_address(server: &Server, name: &str) -> String {
    let client = causerie_client::Client::connect(&server.url).expect("a URL");
    client.login(name, PASSWORD, true).await.expect("signed in");
    let sessions = client.list_sessions(v1::ListSessionsRequest::default()).await;
    let sessions = sessions.expect("sessions").sessions;
    let of_register = sessions.iter().find(|session| !session.current).expect("the first session");
    of_register.address.clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_trusted_proxy_limits_and_sessions_have_the_clients_address() {
    let server = Server::start_with(Database::Sqlite, |config| {
        config.server.trusted_proxies = vec!["127.0.0.2".into(), "10.0.0.0/8".into()];
        config.auth.registrations_per_minute = 2;
    })
    .await;
    let proxy = || connect_from(&server.url, "127.0.0.2").expect("connected");
    // Many in a second, each from an address of its own.
    for n in 0..10 {
        let list = format!("198.51.100.1, 203.0.113.{n}, 10.0.0.7");
        let answer =
            register(proxy(), &format!("user{n}"), &[("x-forwarded-for", list.as_str())]).await;
        assert_eq!(status(&answer), "0", "{:?}", answer.response);
    }
    assert_eq!(session_address(&server, "user3").await, "203.0.113.3");
    // One network of IPv6 has one allowance, whatever addresses it takes.
    let mut statuses = Vec::new();
    for n in 0..4 {
        let address = format!("2001:db8:1:2::{n}");
        let answer =
            register(proxy(), &format!("six{n}"), &[("x-forwarded-for", address.as_str())]).await;
        statuses.push(status(&answer).to_owned());
    }
    assert_eq!(statuses, ["0", "0", "8", "8"]);
    // Anybody else's word is not taken.
    for n in 0..3 {
        let stream = connect_from(&server.url, "127.0.0.3").expect("connected");
        let address = format!("192.0.2.{n}");
        let answer =
            register(stream, &format!("liar{n}"), &[("x-forwarded-for", address.as_str())]).await;
        assert_eq!(status(&answer), if n < 2 { "0" } else { "8" });
    }
    assert_eq!(session_address(&server, "liar0").await, "127.0.0.3");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_configured_header_counts() {
    let server = Server::start_with(Database::Sqlite, |config| {
        config.server.trusted_proxies = vec!["127.0.0.0/8".into()];
        config.server.forwarded_header = "Forwarded".into();
    })
    .await;
    let stream = connect_from(&server.url, "127.0.0.2").expect("connected");
    let headers = [
        ("x-forwarded-for", "203.0.113.1"),
        ("forwarded", "for=203.0.113.2;proto=https, for=\"127.0.0.9:80\""),
        ("x-real-ip", "203.0.113.3"),
    ];
    assert_eq!(status(&register(stream, "ada", &headers).await), "0");
    assert_eq!(session_address(&server, "ada").await, "203.0.113.2");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_from_a_trusted_network_begins_with_a_proxy_header() {
    let server = Server::start_with(Database::Sqlite, |config| {
        config.server.trusted_proxies = vec!["127.0.0.2".into()];
        config.server.proxy_protocol = true;
        config.server.max_connections_per_address = 2;
    })
    .await;
    let v2 = |command: u8, source: [u8; 4]| {
        let addresses = [source.as_slice(), &[127, 0, 0, 1, 0x12, 0x67, 0x1f, 0x90]].concat();
        [b"\r\n\r\n\0\r\nQUIT\n".as_slice(), &[command, 0x11, 0, 12], &addresses].concat()
    };
    let registered = async |from: &str, header: &[u8], name: &str| {
        let mut stream = connect_from(&server.url, from).expect("connected");
        stream.write_all(header).await.expect("sent");
        register(stream, name, &[("x-forwarded-for", "198.51.100.1")]).await
    };
    for (name, header, address) in [
        ("first", b"PROXY TCP4 203.0.113.1 127.0.0.1 4711 8080\r\n".to_vec(), "203.0.113.1"),
        ("sixth", b"PROXY TCP6 2001:db8::1 ::1 4711 8080\r\n".to_vec(), "2001:db8::1"),
        ("second", v2(0x21, [203, 0, 113, 2]), "203.0.113.2"),
        // The proxy's own connections keep the socket's address, and as that is a
        // trusted one, its headers count.
        ("unknown", b"PROXY UNKNOWN\r\n".to_vec(), "198.51.100.1"),
        ("local", v2(0x20, [203, 0, 113, 3]), "198.51.100.1"),
    ] {
        let answer = within("an answer", registered("127.0.0.2", &header, name)).await;
        assert_eq!(status(&answer), "0", "{name}");
        assert_eq!(session_address(&server, name).await, address, "{name}");
    }
    // Without one, from a trusted network: closed. With one, from elsewhere: too.
    let get = "GET /healthz HTTP/1.0\r\n\r\n";
    let trusted = connect_from(&server.url, "127.0.0.2").expect("connected");
    assert_eq!(exchange(trusted, get.as_bytes()).await, "");
    for header in [b"PROXY TCP4 203.0.113.1 127.0.0.1 1 2\r\n".to_vec(), v2(0x21, [1, 2, 3, 4])] {
        let elsewhere = connect_from(&server.url, "127.0.0.3").expect("connected");
        let answer = exchange(elsewhere, &[&header, get.as_bytes()].concat()).await;
        assert!(!answer.contains("alive"), "{answer}");
    }
    let plain = connect_from(&server.url, "127.0.0.3").expect("connected");
    assert!(exchange(plain, get.as_bytes()).await.contains("alive"));
    // The limit of connections is that of the client.
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut stream = connect_from(&server.url, "127.0.0.2").expect("connected");
        stream.write_all(b"PROXY TCP4 203.0.113.77 127.0.0.1 1 2\r\n").await.expect("sent");
        open.push(http2(stream, 65_535).await);
    }
    let answers = async |address: &str| {
        let stream = connect_from(&server.url, "127.0.0.2").expect("connected");
        let header = format!("PROXY TCP4 {address} 127.0.0.1 1 2\r\n{get}");
        exchange(stream, header.as_bytes()).await
    };
    within("the two to count", async { while answers("203.0.113.77").await.contains("alive") {} })
        .await;
    assert!(answers("203.0.113.78").await.contains("alive"));
    server.end().await;
}

#[tokio::test]
async fn options_of_proxies_that_are_not_valid_are_all_named() {
    let mut config = crate::support::server::test_config();
    let folder = tempfile::tempdir().expect("a temporary folder");
    config.server.data = folder.path().to_owned();
    config.server.trusted_proxies =
        vec!["10.0.0.0/8".into(), "nonsense".into(), "1.2.3.4/99".into()];
    config.server.forwarded_header = "two words".into();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let served = causerie::serve(config, listener, std::future::pending()).await;
    let error = served.expect_err("the options are refused").to_string();
    for option in ["trusted_proxies[1]", "trusted_proxies[2]", "forwarded_header"] {
        assert!(error.contains(option), "{option} in {error}");
    }
}

/// The log and the path are the server's; a person behind a proxy can still be
/// found in it, but not choose what stands there.
#[tokio::test]
async fn a_request_id_that_does_not_fit_is_replaced() {
    let server = Server::start(Database::Sqlite).await;
    let ada = Person::register(&server.url, "ada").await;
    for (id, stays) in [("my-id-1", true), ("two words", false), (&"x".repeat(129), false)] {
        let head = format!("GET /healthz HTTP/1.1\r\nhost: a\r\nx-request-id: {id}\r\n");
        let answer = request(&server.url, &format!("{head}connection: close\r\n\r\n")).await;
        let (_, text) = answer.expect("an answer");
        assert_eq!(text.contains(&format!("x-request-id: {id}\r\n")), stays, "{text}");
        assert!(text.contains("x-request-id: "), "{text}");
    }
    drop(ada);
    server.end().await;
}

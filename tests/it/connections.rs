//! Connections that do nothing, and those that are not HTTP.

use std::time::Duration;

use causerie_client::v1::{self, event::Kind};
use futures::{StreamExt as _, stream::FuturesUnordered};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::support::{
    Database, LoggedProcess, Person, Process, Server,
    people::PASSWORD,
    raw::{call, connect_from, exchange, framed, http2, is_closed},
    web::{get, request},
    within,
};

/// For something that is to happen.
const DEADLINE: Duration = Duration::from_secs(15);

fn address(url: &str) -> &str {
    url.trim_start_matches("http://")
}

/// With 1,024 descriptors, more connections than that do nothing; others are served.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_do_nothing_lock_nobody_out() {
    let server = Process::start_with_descriptors(1_024).await;
    let mut silent = Vec::new();
    for n in 0..1_100 {
        // From three addresses, so that the limit of one is not the only one.
        let from = format!("127.0.0.{}", 2 + n % 3);
        if let Ok(stream) = connect_from(&server.url, &from) {
            silent.push(stream);
        }
    }
    assert!(silent.len() > 1_000, "the kernel takes them all");
    let ada = Person::register(&server.url, "ada").await;
    let room = ada.create_room("Room").await;
    ada.send(&room, "hello").await;
    assert_eq!(get(&server.url, "/readyz").await.expect("an answer").0, 200);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_owes_a_request_within_its_time() {
    let server = Server::start_with(Database::Sqlite, |config| {
        config.server.head_timeout_ms = 500;
    })
    .await;
    for beginning in [
        "",
        "P",
        "PRI * HTTP/2.0\r\n",
        "GET",
        "GET / HTTP/1.1\r\nhost: test\r\n",
        "POST /causerie.v1.AuthService/Login HTTP/1.1\r\nhost: test\r\ncontent-type: applic",
    ] {
        let mut stream = TcpStream::connect(address(&server.url)).await.expect("connected");
        stream.write_all(beginning.as_bytes()).await.expect("sent");
        assert!(is_closed(&mut stream, DEADLINE).await, "{beginning:?} is waited for");
    }
    // The same for a second request of a connection.
    let mut stream = TcpStream::connect(address(&server.url)).await.expect("connected");
    let whole = "GET /healthz HTTP/1.1\r\nhost: test\r\n\r\n";
    stream.write_all(whole.as_bytes()).await.expect("sent");
    let mut bytes = [0; 1024];
    let read = stream.read(&mut bytes).await.expect("an answer");
    assert!(String::from_utf8_lossy(&bytes[..read]).starts_with("HTTP/1.1 200"));
    stream.write_all(b"GET /heal").await.expect("sent");
    assert!(is_closed(&mut stream, DEADLINE).await, "the second head is waited for");
    // Also where it comes with the first, behind a body or none.
    let post = "POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 3\r\n\r\nabc";
    for first in [whole, post] {
        let mut stream = TcpStream::connect(address(&server.url)).await.expect("connected");
        stream.write_all(format!("{first}GET /heal").as_bytes()).await.expect("sent");
        assert!(is_closed(&mut stream, DEADLINE).await, "what follows {first:?} is waited for");
    }
    // And for headers of HTTP/2 whose last frame does not come, or not to its end.
    let begun = |frames: &[&[u8]]| {
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".as_slice();
        [&[preface], frames].concat().concat()
    };
    // A GET of / over HTTP, all of it indexed.
    let headers =
        |flags: u8, stream: u8| vec![0, 0, 3, 1, flags, 0, 0, 0, stream, 0x82, 0x84, 0x86];
    let continued = [0, 0, 1, 9, 0, 0, 0, 0, 1, 0x87].as_slice();
    for (what, bytes) in [
        ("HEADERS without END_HEADERS", begun(&[&headers(0x01, 1)])),
        ("CONTINUATION without END_HEADERS", begun(&[&headers(0x01, 1), continued])),
        ("a part of HEADERS", begun(&[&headers(0x05, 1)[..10]])),
        ("a part of a frame", begun(&[&headers(0x05, 1)[..5]])),
        ("a second request's", begun(&[&headers(0x05, 1), &headers(0x01, 3)])),
    ] {
        let mut stream = TcpStream::connect(address(&server.url)).await.expect("connected");
        stream.write_all(&bytes).await.expect("sent");
        assert!(is_closed(&mut stream, DEADLINE).await, "{what} is waited for");
    }
    server.end().await;
}

/// What is whole may wait: for the next request, or for an answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_between_requests_may_wait() {
    let server = Server::start_with(Database::Sqlite, |config| {
        config.server.head_timeout_ms = 500;
    })
    .await;
    let post = "POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 3\r\n\r\nabc";
    let mut stream = TcpStream::connect(address(&server.url)).await.expect("connected");
    stream.write_all(format!("{post}{post}").as_bytes()).await.expect("sent");
    let is_closed = is_closed(&mut stream, Duration::from_secs(4)).await;
    assert!(!is_closed, "a body is no head");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_outlast_the_times_for_requests() {
    let server = Server::start_with(Database::Sqlite, |config| {
        config.server.head_timeout_ms = 300;
        config.server.request_timeout_ms = 300;
        config.server.unread_timeout_ms = 300;
        config.stream.heartbeat_ms = 4_000;
    })
    .await;
    let ada = Person::register(&server.url, "ada").await;
    let mut stream = ada.stream().await;
    // Several sweeps later.
    let heartbeat = |kind: &Kind| matches!(kind, Kind::Heartbeat(_)).then_some(());
    stream.until("a heartbeat", heartbeat).await;
    let room = ada.create_room("Room").await;
    ada.send(&room, "hello").await;
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_has_its_own_limit_of_connections() {
    let server = Server::start_with(Database::Sqlite, |config| {
        config.server.max_connections_per_address = 3;
    })
    .await;
    let mut streams: Vec<_> =
        (0..5).map(|_| connect_from(&server.url, "127.0.0.2").expect("connected")).collect();
    let closing = streams.iter_mut().map(|stream| Box::pin(is_closed(stream, DEADLINE)));
    let (closed, _, rest) = futures::future::select_all(closing).await;
    assert!(closed, "two are refused");
    let (closed, _, rest) = futures::future::select_all(rest).await;
    assert!(closed, "two are refused");
    let wait = tokio::time::timeout(Duration::from_millis(500), futures::future::select_all(rest));
    assert!(wait.await.is_err(), "the others stay");
    let other = connect_from(&server.url, "127.0.0.3").expect("connected");
    let answer = exchange(other, b"GET /healthz HTTP/1.0\r\n\r\n").await;
    assert!(answer.contains("200 OK"), "{answer}");
    // A place is free again.
    drop(streams);
    within("a free place", async {
        loop {
            let again = connect_from(&server.url, "127.0.0.2").expect("connected");
            if exchange(again, b"GET /healthz HTTP/1.0\r\n\r\n").await.contains("200 OK") {
                return;
            }
        }
    })
    .await;
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_limit_of_all_the_silent_make_room_and_the_others_stay() {
    let server = Server::start_with(Database::Sqlite, |config| {
        config.server.max_connections = 4;
    })
    .await;
    let ada = Person::register(&server.url, "ada").await;
    let mut stream = ada.stream().await;
    let mut silent = Vec::new();
    for _ in 0..12 {
        silent.push(TcpStream::connect(address(&server.url)).await.expect("connected"));
    }
    // Bob's connection takes the place of a silent one.
    let bob = Person::register(&server.url, "bob").await;
    let room = bob.create_room("Room").await;
    ada.join(&room).await;
    bob.send(&room, "hello").await;
    within("ada's stream to go on", stream.message()).await;
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_names_one_host() {
    let server = Server::start(Database::Sqlite).await;
    for head in [
        "GET /healthz HTTP/1.1\r\n",
        "GET /healthz HTTP/1.1\r\nhost:\r\n",
        "GET /healthz HTTP/1.1\r\nhost: a\r\nhost: b\r\n",
        "GET /healthz HTTP/1.1\r\nhost: a\r\nHost: a\r\n",
        "GET /healthz HTTP/1.1\r\nhost: a b\r\n",
        "GET /healthz HTTP/1.1\r\nhost: a/b\r\n",
        "POST /causerie.v1.AuthService/Login HTTP/1.1\r\ncontent-type: application/grpc-web\r\n",
    ] {
        let answer = request(&server.url, &format!("{head}connection: close\r\n\r\n")).await;
        let (status, text) = answer.expect("an answer");
        assert_eq!(status, 400, "{head:?} is answered by {text}");
        assert!(text.contains("x-request-id: "), "{text}");
        assert_eq!(text.contains("grpc-status: 3"), head.starts_with("POST"), "{text}");
    }
    let plain = request(&server.url, "GET /healthz HTTP/1.0\r\n\r\n").await.expect("an answer");
    assert_eq!(plain.0, 200, "HTTP/1.0 has no Host");
    server.end().await;
}

/// A message that comes slowly is not waited for, and its memory is bounded.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_message_of_a_unary_call_must_arrive_in_time() {
    let server = Server::start_with(Database::Sqlite, |config| {
        config.server.request_timeout_ms = 300;
    })
    .await;
    let stream = TcpStream::connect(address(&server.url)).await.expect("connected");
    let mut requests = http2(stream, 65_535).await;
    for path in ["/causerie.v1.AuthService/Login", "/causerie.v1.ChatService/Subscribe"] {
        requests = requests.ready().await.expect("a connection");
        let (response, mut body) =
            requests.send_request(call(path, &[]), false).expect("a request");
        body.send_data(vec![0, 0, 0, 1, 0, 7, 7].into(), false).expect("sent");
        let response = within("the refusal", response).await.expect("an answer");
        let code = response.headers().get("grpc-status").map(|code| code.as_bytes().to_vec());
        assert_eq!(code.as_deref(), Some(b"4".as_slice()), "{path}: {response:?}");
    }
    server.end().await;
}

/// Whatever is missing of them: the message, or the end behind it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_are_not_whole_lock_nobody_of_their_network_out() {
    let server = Server::start(Database::Sqlite).await;
    let login = framed(&v1::LoginRequest::default());
    for message in [None, Some(login)] {
        let stream = TcpStream::connect(address(&server.url)).await.expect("connected");
        let requests = http2(stream, 65_535).await;
        let mut bodies = Vec::new();
        let mut answers = FuturesUnordered::new();
        for _ in 0..300 {
            let mut requests = requests.clone().ready().await.expect("a connection");
            let login = call("/causerie.v1.AuthService/Login", &[]);
            let (response, mut body) = requests.send_request(login, false).expect("a request");
            if let Some(message) = &message {
                body.send_data(message.clone(), false).expect("sent");
            }
            bodies.push(body);
            answers.push(response);
        }
        // The oldest make room.
        for _ in 0..300 - 256 {
            let answer = within("a refusal", answers.next()).await.expect("an answer");
            assert_eq!(answer.expect("an answer").headers()["grpc-status"], "8");
        }
        let name = if message.is_some() { "ada" } else { "bob" };
        Person::register(&server.url, name).await;
    }
    server.end().await;
}

/// The end of a request is waited for as long as its message.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_request_of_a_unary_call_must_end_in_time() {
    let server = Server::start_with(Database::Sqlite, |config| {
        config.server.request_timeout_ms = 300;
    })
    .await;
    let stream = TcpStream::connect(address(&server.url)).await.expect("connected");
    let mut requests = http2(stream, 65_535).await.ready().await.expect("a connection");
    let login = call("/causerie.v1.AuthService/Login", &[]);
    let (response, mut body) = requests.send_request(login, false).expect("a request");
    body.send_data(framed(&v1::LoginRequest::default()), false).expect("sent");
    let response = within("the refusal", response).await.expect("an answer");
    assert_eq!(response.headers()["grpc-status"], "4");
    server.end().await;
}

/// Connections that there are no descriptors for wait, and the log says so once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_descriptors_connections_wait_and_the_log_says_so_once() {
    const FAILURE: &str = "connections cannot be accepted";
    let mut server = LoggedProcess::start(Database::Sqlite, &[("LOG__FILTER", "info")]).await;
    assert_eq!(get(&server.url, "/readyz").await.expect("an answer").0, 200);
    // It has more than these.
    server.limit_descriptors(3).await;
    let mut waiting = TcpStream::connect(address(&server.url)).await.expect("the kernel takes it");
    server.log_until(FAILURE).await;
    let head = b"GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    waiting.write_all(head).await.expect("sent");
    // Several pauses: it is tried again, and nothing more is said.
    let mut bytes = [0; 1024];
    let answered = tokio::time::timeout(Duration::from_millis(500), waiting.read(&mut bytes)).await;
    assert!(answered.is_err(), "there are no descriptors");
    server.limit_descriptors(1_024).await;
    let read = within("the answer", waiting.read(&mut bytes)).await.expect("an answer");
    assert!(String::from_utf8_lossy(&bytes[..read]).starts_with("HTTP/1.1 200"));
    server.terminate().await;
    let lines = server.log_until("stopping").await;
    assert!(!lines.iter().any(|line| line["fields"]["message"] == FAILURE), "{lines:#?}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unfinished_messages_of_one_network_are_bounded() {
    let server = Server::start(Database::Sqlite).await;
    let stream = TcpStream::connect(address(&server.url)).await.expect("connected");
    let requests = http2(stream, 65_535).await;
    let mut bodies = Vec::new();
    let mut answers = FuturesUnordered::new();
    for _ in 0..100 {
        let mut requests = requests.clone().ready().await.expect("a connection");
        let login = call("/causerie.v1.AuthService/Login", &[]);
        let (response, mut body) = requests.send_request(login, false).expect("a request");
        // 60 of its 64 KiB.
        let part = [&[0, 0, 1, 0, 0], vec![7; 60 * 1024].as_slice()].concat();
        body.send_data(part.into(), false).expect("sent");
        bodies.push(body);
        answers.push(response);
    }
    // Of 6 MB, 4 MiB may wait.
    for _ in 0..20 {
        let answer = within("a refusal", answers.next()).await.expect("an answer");
        let answer = answer.expect("an answer");
        assert_eq!(answer.headers()["grpc-status"], "8");
    }
    // A whole message goes through all the same once the others are gone.
    drop((bodies, answers));
    let login = causerie_client::v1::LoginRequest {
        login: "nobody".into(),
        password: PASSWORD.into(),
        ..Default::default()
    };
    let mut requests = requests;
    let answer = crate::support::raw::answer(
        &mut requests,
        call("/causerie.v1.AuthService/Login", &[]),
        framed(&login),
    )
    .await
    .expect("an answer");
    assert_eq!(answer.response.headers()["grpc-status"], "16");
    server.end().await;
}

/// Every download has an open file: there are never more than descriptors.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn downloads_that_nobody_reads_lock_nobody_out() {
    let server = Process::start_with_descriptors(1_024).await;
    let ada = Person::register(&server.url, "ada").await;
    let file = ada.client.upload("a.txt", b"only a few bytes").await.expect("uploaded");
    let links = v1::CreateDownloadLinksRequest { file_ids: vec![file.id], ..Default::default() };
    let links = ada.client.create_download_links(links).await.expect("links").links;
    let path = links[0].path.clone();
    let mut answers = FuturesUnordered::new();
    for n in 0..2 {
        let stream = connect_from(&server.url, &format!("127.0.0.{}", 2 + n)).expect("connected");
        let mut requests = http2(stream, 0).await;
        for _ in 0..700 {
            requests = requests.clone().ready().await.expect("a connection");
            let get = http::Request::get(format!("http://test{path}")).body(()).expect("it");
            answers.push(requests.send_request(get, true).expect("sent").0);
        }
    }
    let mut open = Vec::new();
    let mut refused = 0;
    for _ in 0..1_400 {
        let answer = within("an answer", answers.next()).await.expect("an answer");
        let answer = answer.expect("an answer");
        match answer.status().as_u16() {
            200 => open.push(answer),
            429 => refused += 1,
            status => panic!("{status}"),
        }
    }
    assert_eq!((open.len(), refused), (100, 1_300), "each network may have 50");
    Person::register(&server.url, "bob").await;
    server.end().await;
}

/// Who reads slowly is not taken for one who does not read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_download_comes_to_its_end() {
    let server = Server::start_with(Database::Sqlite, |config| {
        config.server.unread_timeout_ms = 1_500;
    })
    .await;
    let ada = Person::register(&server.url, "ada").await;
    let data = crate::support::files::bytes(7, 6 << 20);
    let file = ada.client.upload("a.bin", &data).await.expect("uploaded");
    let links = v1::CreateDownloadLinksRequest { file_ids: vec![file.id], ..Default::default() };
    let links = ada.client.create_download_links(links).await.expect("links").links;
    let mut stream = TcpStream::connect(address(&server.url)).await.expect("connected");
    let head = format!("GET {} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", links[0].path);
    stream.write_all(head.as_bytes()).await.expect("sent");
    // 64 KiB at a time, about 600 KiB a second.
    let mut ticks = tokio::time::interval(Duration::from_millis(100));
    let mut answer = Vec::new();
    let mut piece = vec![0; 64 * 1024];
    loop {
        ticks.tick().await;
        let read = within("more", stream.read(&mut piece)).await.expect("it is not cut off");
        if read == 0 {
            break;
        }
        answer.extend_from_slice(&piece[..read]);
    }
    assert!(answer.ends_with(&data), "{} of {} bytes", answer.len(), data.len());
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_does_not_wait_for_who_has_not_asked_for_anything() {
    let mut server = Server::start_with(Database::Sqlite, |config| {
        config.server.trusted_proxies = vec!["127.0.0.2".into()];
        config.server.proxy_protocol = true;
        config.server.stop_within_ms = 60_000;
        config.server.head_timeout_ms = 60_000;
    })
    .await;
    let _in_its_proxy_header = connect_from(&server.url, "127.0.0.2").expect("connected");
    let _silent = TcpStream::connect(address(&server.url)).await.expect("connected");
    let mut half = TcpStream::connect(address(&server.url)).await.expect("connected");
    half.write_all(b"GET / HTTP/1.1\r\nhost").await.expect("sent");
    // Its accept comes after the others'.
    assert_eq!(get(&server.url, "/healthz").await.expect("an answer").0, 200);
    // Waits for at most 20 s.
    server.stop().await;
    server.end().await;
}

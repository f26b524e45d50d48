//! What clients that do not read, or do not finish, may cost in memory.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use causerie_client::v1;
use futures::{StreamExt as _, stream::FuturesUnordered};
use h2::client::{ResponseFuture, SendRequest};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use crate::support::{
    Database, Person, Process,
    raw::{call, framed, http2},
    within, within_secs,
};

const MIB: u64 = 1 << 20;
const LIST: &str = "/causerie.v1.ChatService/ListMessages";

/// A socket from which nothing is read once it is told so.
struct Unread {
    stream: TcpStream,
    stops: Arc<AtomicBool>,
}

impl AsyncRead for Unread {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        if self.stops.load(Relaxed) {
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_read(context, buf)
    }
}

impl AsyncWrite for Unread {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

struct Scene {
    server: Process,
    ada: Person,
    /// Somebody else with an account.
    bob: Person,
    room: String,
    /// Memory before the attack.
    before: u64,
}

impl Scene {
    /// A server with a room whose page of messages is about 3 MB.
    async fn new(options: &[(&str, &str)]) -> Self {
        let server = Process::start_with(Database::Sqlite, options).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        let text = "\u{1f600}".repeat(4_000);
        for _ in 0..200 {
            ada.send(&room, &text).await;
        }
        assert!(ada.history(&room).await.len() >= 200);
        // The database's connections and their caches are there from here on.
        futures::future::join_all((0..16).map(|_| ada.history(&room))).await;
        let before = server.memory();
        Self { server, ada, bob, room, before }
    }

    async fn list(&self) -> (String, Bytes) {
        let token = format!("Bearer {}", self.ada.client.access_token().await.expect("a token"));
        let list = v1::ListMessagesRequest {
            room_id: self.room.clone(),
            page_size: 200,
            ..Default::default()
        };
        (token, framed(&list))
    }

    async fn connect(&self) -> TcpStream {
        let address = self.server.url.trim_start_matches("http://");
        TcpStream::connect(address).await.expect("connected")
    }

    /// The others are served, and memory stays below the limit.
    async fn check_others(&self, about: &str) {
        within("a message", self.bob.send(&self.room, "hello")).await;
        within("a page", self.bob.summary(&self.room)).await;
        let grown = self.server.memory().saturating_sub(self.before);
        println!("{about}: {} MiB more", grown / MIB);
        assert!(grown <= 100 * MIB, "{about}: {} MiB more", grown / MIB);
    }

    /// After the attack, the memory is given back.
    async fn end(self, about: &str) {
        let mut ticks = tokio::time::interval(Duration::from_millis(100));
        let mut grown = 0;
        let given_back = async {
            loop {
                ticks.tick().await;
                grown = self.server.memory().saturating_sub(self.before);
                if grown <= 20 * MIB {
                    return;
                }
            }
        };
        let in_time = tokio::time::timeout(Duration::from_secs(15), given_back).await;
        assert!(in_time.is_ok(), "{about}: {} MiB are kept", grown / MIB);
        self.server.end().await;
    }
}

async fn send(
    requests: &mut SendRequest<Bytes>,
    token: &str,
    body: Bytes,
) -> Result<ResponseFuture, h2::Error> {
    *requests = requests.clone().ready().await?;
    let request = call(LIST, &[("authorization", token)]);
    let (response, mut sent) = requests.send_request(request, false)?;
    sent.send_data(body, true)?;
    Ok(response)
}

/// A thousand pages for a client whose HTTP/2 window is empty.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_an_empty_window_holds_up() {
    let scene = Scene::new(&[]).await;
    let (token, body) = scene.list().await;
    let mut requests = http2(scene.connect().await, 0).await;
    let mut answers = FuturesUnordered::new();
    for _ in 0..1_000 {
        answers.push(send(&mut requests, &token, body.clone()).await.expect("sent"));
    }
    // All are answered at once, most of them by a refusal.
    let mut refused = 0;
    let mut kept = Vec::new();
    for _ in 0..1_000 {
        let answer = within_secs(60, "an answer", answers.next()).await.expect("an answer");
        let answer = answer.expect("an answer");
        match answer.headers().get("grpc-status") {
            Some(status) => {
                assert_eq!(status, "8");
                refused += 1;
            }
            None => kept.push(answer),
        }
    }
    // 4 MiB may wait: a few such pages.
    assert!((1..=10).contains(&kept.len()), "{} wait", kept.len());
    assert_eq!(refused + kept.len(), 1_000);
    scene.check_others("an empty window").await;
    drop((requests, kept, answers));
    scene.end("an empty window").await;
}

/// A thousand pages for a client that has opened all windows, and reads nothing
/// from its sockets.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_a_full_socket_holds_up() {
    let scene = Scene::new(&[]).await;
    let (token, body) = scene.list().await;
    let mut connections = Vec::new();
    for _ in 0..20 {
        let stops = Arc::new(AtomicBool::new(false));
        let stream = Unread { stream: scene.connect().await, stops: stops.clone() };
        let mut requests = http2(stream, (1 << 31) - 1).await;
        requests = requests.ready().await.expect("a connection");
        let first = send(&mut requests, &token, body.clone()).await.expect("sent");
        // Its answer has begun: the server has the settings of this connection.
        let first = within("an answer", first).await.expect("an answer");
        stops.store(true, Relaxed);
        let mut answers = Vec::new();
        for _ in 0..50 {
            answers.push(send(&mut requests, &token, body.clone()).await.expect("sent"));
        }
        connections.push((requests, first, answers));
    }
    scene.check_others("a full socket").await;
    drop(connections);
    scene.end("a full socket").await;
}

/// Small answers for windows that let a part of them through: HTTP/2 must not keep
/// the rest where nobody counts it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_a_small_window_holds_up() {
    let scene = Scene::new(&[("SERVER__UNREAD_TIMEOUT_MS", "2000")]).await;
    let (token, _) = scene.list().await;
    let list =
        v1::ListMessagesRequest { room_id: scene.room.clone(), page_size: 1, ..Default::default() };
    let mut requests = http2(scene.connect().await, 1_000).await;
    let mut answers = FuturesUnordered::new();
    for _ in 0..1_000 {
        answers.push(send(&mut requests, &token, framed(&list)).await.expect("sent"));
    }
    let mut kept = Vec::new();
    for _ in 0..1_000 {
        let answer = within_secs(60, "an answer", answers.next()).await.expect("an answer");
        let answer = answer.expect("an answer");
        if !answer.headers().contains_key("grpc-status") {
            kept.push(answer.into_body());
        }
    }
    // What waits does not wait for long: how many are answered meanwhile depends on
    // how fast the machine is.
    assert!(!kept.is_empty(), "all are refused");
    for body in &mut kept {
        let reset = async { while let Some(Ok(_)) = body.data().await {} };
        within("the reset", reset).await;
    }
    scene.check_others("a small window").await;
    drop((requests, kept, answers));
    scene.end("a small window").await;
}

/// Calls that begin and send nothing, from someone without an account.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_only_begin() {
    let scene = Scene::new(&[]).await;
    let mut answers = FuturesUnordered::new();
    let mut open = Vec::new();
    for _ in 0..10 {
        let mut requests = http2(scene.connect().await, 65_535).await;
        for _ in 0..1_000 {
            requests = requests.clone().ready().await.expect("a connection");
            let request = call("/causerie.v1.AuthService/Login", &[]);
            let (response, sent) = requests.send_request(request, false).expect("sent");
            answers.push(response);
            open.push(sent);
        }
    }
    for _ in 0..9_000 {
        let answer = within_secs(60, "a refusal", answers.next()).await.expect("an answer");
        assert_eq!(answer.expect("an answer").headers()["grpc-status"], "8");
    }
    // One with an account is not of this network.
    within("a message", scene.ada.send(&scene.room, "hello")).await;
    let grown = scene.server.memory().saturating_sub(scene.before);
    assert!(grown <= 100 * MIB, "{} MiB more", grown / MIB);
    drop((answers, open));
    scene.end("calls that only begin").await;
}

/// Messages that never come to their end, from someone without an account.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_do_not_come_to_their_end() {
    let scene = Scene::new(&[]).await;
    let mut open = Vec::new();
    for path in ["/causerie.v1.AuthService/Login", "/causerie.v1.ChatService/SendMessage"] {
        let mut requests = http2(scene.connect().await, 65_535).await;
        for _ in 0..600 {
            requests = requests.clone().ready().await.expect("a connection");
            let request = call(path, &[]);
            let (response, mut sent) = requests.send_request(request, false).expect("sent");
            // It says that it is as large as a message may be, and nearly is.
            let length: u32 = if path.ends_with("Login") { 65_536 } else { 1 << 20 };
            let most = vec![7; length as usize - 10];
            let part = [&[0], length.to_be_bytes().as_slice(), &most].concat();
            // Some are refused before this.
            let _ = sent.send_data(part.into(), false);
            open.push((response, sent));
        }
    }
    scene.check_others("unfinished messages").await;
    drop(open);
    scene.end("unfinished messages").await;
}

/// Ten thousand watchers of the server's health, from one network.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watchers_of_the_servers_health() {
    let scene = Scene::new(&[]).await;
    let mut watchers = FuturesUnordered::new();
    let mut connections = Vec::new();
    for _ in 0..10 {
        let mut requests = http2(scene.connect().await, 65_535).await;
        for _ in 0..1_000 {
            requests = requests.clone().ready().await.expect("a connection");
            let request = call("/grpc.health.v1.Health/Watch", &[]);
            let (response, mut sent) = requests.send_request(request, false).expect("sent");
            sent.send_data(vec![0; 5].into(), true).expect("sent");
            watchers.push(response);
        }
        connections.push(requests);
    }
    let mut watching = Vec::new();
    let mut refused = 0;
    for _ in 0..10_000 {
        let answer = within_secs(60, "an answer", watchers.next()).await.expect("an answer");
        let answer = answer.expect("an answer");
        if answer.headers().contains_key("grpc-status") {
            refused += 1;
        } else {
            watching.push(answer);
        }
    }
    assert!((1..=50).contains(&watching.len()), "{} watch", watching.len());
    assert_eq!(refused + watching.len(), 10_000);
    scene.check_others("watchers").await;
    drop((watching, connections));
    scene.end("watchers").await;
}

/// Streams of one account that are never read are ended, and no other is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_reads_is_reset_after_a_while() {
    let options = [("SERVER__UNREAD_TIMEOUT_MS", "1000"), ("STREAM__SLOW_READER_MS", "1000")];
    let scene = Scene::new(&options).await;
    let (token, body) = scene.list().await;
    let mut reading = scene.ada.stream().await;
    let mut requests = http2(scene.connect().await, 0).await;
    let page = send(&mut requests, &token, body).await.expect("sent");
    let mut page = within("an answer", page).await.expect("an answer").into_body();
    let subscribe = call("/causerie.v1.ChatService/Subscribe", &[("authorization", &token)]);
    requests = requests.ready().await.expect("a connection");
    let (stream, mut sent) = requests.send_request(subscribe, false).expect("sent");
    sent.send_data(framed(&v1::SubscribeRequest::default()), true).expect("sent");
    let mut stream = within("an answer", stream).await.expect("an answer").into_body();
    for (about, body) in [("a page", &mut page), ("a stream", &mut stream)] {
        let end = within(about, body.data()).await;
        assert!(end.is_none_or(|end| end.is_err()), "{about} is reset");
    }
    // Who reads goes on.
    scene.ada.send(&scene.room, "still here").await;
    within("the stream that is read", reading.message()).await;
    scene.end("reset").await;
}

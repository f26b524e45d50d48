//! Every error has our form, also those that the framework makes: a reason, a
//! request id, and the caller's framing.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use causerie_client::v1;
use h2::client::SendRequest;
use tokio::net::TcpStream;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::support::{
    Database, Person, Server,
    raw::{Answer, answer, call, framed, http2},
    web::request,
};

const LOGIN: &str = "/causerie.v1.AuthService/Login";
const GET_ME: &str = "/causerie.v1.UserService/GetMe";

async fn connect(server: &Server) -> SendRequest<Bytes> {
    let address = server.url.trim_start_matches("http://");
    http2(TcpStream::connect(address).await.expect("connected"), 1 << 20).await
}

/// The status of an answer in any framing.
fn status(answer: &Answer) -> Status {
    let headers = answer.response.headers();
    let content_type = headers["content-type"].to_str().expect("a text");
    let found = Status::from_header_map(headers)
        .or_else(|| Status::from_header_map(&answer.trailers))
        .or_else(|| {
            let body = if content_type.contains("-text") {
                STANDARD.decode(&answer.body).expect("base64")
            } else {
                answer.body.clone()
            };
            Status::from_header_map(&trailers_in(&body))
        });
    found.unwrap_or_else(|| panic!("no status in {:?} {:?}", answer.response, answer.body))
}

/// The trailers that grpc-web puts into the body.
fn trailers_in(mut body: &[u8]) -> http::HeaderMap {
    let mut trailers = http::HeaderMap::new();
    while let [flag, a, b, c, d, rest @ ..] = body {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        if flag & 0x80 != 0 {
            for line in String::from_utf8_lossy(&rest[..length]).lines() {
                if let Some((name, value)) = line.split_once(':') {
                    let name: http::HeaderName = name.trim().parse().expect("a name");
                    trailers.insert(name, value.trim().parse().expect("a value"));
                }
            }
        }
        body = &rest[length..];
    }
    trailers
}

fn assert_error(answer: &Answer, code: Code, reason: &str, about: &str) {
    let status = status(answer);
    let found = status.get_error_details();
    let found = found.error_info().map(|info| info.reason.clone());
    assert_eq!((status.code(), found.as_deref()), (code, Some(reason)), "{about}: {status:?}");
    let id = answer.response.headers().get("x-request-id");
    assert!(id.is_some_and(|id| !id.is_empty()), "{about} has a request id");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_framework_refuses_has_a_reason_in_every_framing() {
    let server = Server::start(Database::Sqlite).await;
    let mut requests = connect(&server).await;
    let empty = framed(&v1::LoginRequest::default());
    let undecodable: Bytes = [0, 0, 0, 0, 3, 0xff, 0xff, 0xff].as_slice().into();
    let cut_short: Bytes = [0, 0, 0, 0, 9, 1].as_slice().into();
    let bad_flag: Bytes = [7, 0, 0, 0, 0].as_slice().into();
    let flag_without_encoding: Bytes = [1, 0, 0, 0, 0].as_slice().into();
    let oversized = framed(&v1::LoginRequest { login: "x".repeat(70_000), ..Default::default() });
    let header = "x".repeat(17_000);
    for framing in ["application/grpc", "application/grpc-web+proto", "application/grpc-web-text"] {
        let encode = |body: &Bytes| {
            if framing.contains("text") { STANDARD.encode(body).into() } else { body.clone() }
        };
        for (about, path, headers, body, code, reason) in [
            ("oversized", LOGIN, vec![], &oversized, Code::ResourceExhausted, "MESSAGE_TOO_LARGE"),
            (
                "undecodable",
                LOGIN,
                vec![],
                &undecodable,
                Code::InvalidArgument,
                "MALFORMED_MESSAGE",
            ),
            ("cut short", LOGIN, vec![], &cut_short, Code::InvalidArgument, "MALFORMED_MESSAGE"),
            (
                "no message",
                LOGIN,
                vec![],
                &Bytes::new(),
                Code::InvalidArgument,
                "MALFORMED_MESSAGE",
            ),
            ("a bad flag", LOGIN, vec![], &bad_flag, Code::InvalidArgument, "MALFORMED_MESSAGE"),
            (
                "a flag without an encoding",
                LOGIN,
                vec![],
                &flag_without_encoding,
                Code::InvalidArgument,
                "MALFORMED_MESSAGE",
            ),
            (
                "an unknown method",
                "/causerie.v1.AuthService/Nothing",
                vec![],
                &empty,
                Code::Unimplemented,
                "UNKNOWN_METHOD",
            ),
            ("an unknown service", "/a.B/C", vec![], &empty, Code::Unimplemented, "UNKNOWN_METHOD"),
            (
                "an unknown compression",
                LOGIN,
                vec![("grpc-encoding", "zstd")],
                &empty,
                Code::Unimplemented,
                "UNSUPPORTED_COMPRESSION",
            ),
            (
                "no time",
                LOGIN,
                vec![("grpc-timeout", "0m")],
                &empty,
                Code::DeadlineExceeded,
                "DEADLINE_EXCEEDED",
            ),
            (
                "a time that is none",
                LOGIN,
                vec![("grpc-timeout", "soon")],
                &empty,
                Code::InvalidArgument,
                "INVALID_FIELDS",
            ),
            (
                "large headers",
                LOGIN,
                vec![("x-large", header.as_str())],
                &empty,
                Code::ResourceExhausted,
                "HEADERS_TOO_LARGE",
            ),
            ("no token", GET_ME, vec![], &empty, Code::Unauthenticated, "TOKEN_MISSING"),
            (
                "an unknown service's health",
                "/grpc.health.v1.Health/Check",
                vec![],
                // HealthCheckRequest { service: "x" }
                &Bytes::from_static(&[0, 0, 0, 0, 3, 0x0a, 1, b'x']),
                Code::NotFound,
                "FRAMEWORK_ERROR",
            ),
        ] {
            let headers: Vec<_> = headers.into_iter().chain([("content-type", framing)]).collect();
            let answer = answer(&mut requests, call(path, &headers), encode(body)).await;
            let answer = answer.unwrap_or_else(|error| panic!("{framing}, {about}: {error}"));
            let content_type = answer.response.headers()["content-type"].to_str().expect("a text");
            assert!(content_type.starts_with(framing), "{about}: {content_type} for {framing}");
            assert_error(&answer, code, reason, &format!("{framing}, {about}"));
        }
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_that_is_exceeded_is_named() {
    let server = Server::start(Database::Sqlite).await;
    let mut requests = connect(&server).await;
    let oversized = framed(&v1::LoginRequest { login: "x".repeat(70_000), ..Default::default() });
    let answer = answer(&mut requests, call(LOGIN, &[]), oversized).await.expect("an answer");
    let details = status(&answer).get_error_details();
    let info = details.error_info().expect("its info").clone();
    assert_eq!(info.metadata.get("limit").map(String::as_str), Some("65536"));
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_call_of_a_known_protocol_is_told_so() {
    let server = Server::start(Database::Sqlite).await;
    let mut requests = connect(&server).await;
    let empty = framed(&v1::LoginRequest::default());
    for content_type in ["application/grpc+json", "application/grpc-web+json", "application/grpcx"]
    {
        let call = call(LOGIN, &[("content-type", content_type)]);
        let answer = answer(&mut requests, call, empty.clone()).await.expect("an answer");
        assert_error(&answer, Code::Unimplemented, "UNSUPPORTED_PROTOCOL", content_type);
    }
    // Parameters and capital letters do no harm.
    for content_type in ["application/grpc; charset=utf-8", "Application/gRPC+Proto"] {
        let call = call(LOGIN, &[("content-type", content_type)]);
        let answer = answer(&mut requests, call, empty.clone()).await.expect("an answer");
        assert_error(&answer, Code::InvalidArgument, "INVALID_FIELDS", content_type);
    }
    let head = |method: &str, content_type: &str| {
        format!(
            "{method} {LOGIN} HTTP/1.1\r\nhost: a\r\ncontent-type: {content_type}\r\n\
             content-length: 5\r\nconnection: close\r\n\r\n\0\0\0\0\0"
        )
    };
    for (method, content_type, status, grpc_status) in [
        ("POST", "application/grpc", 200, "12"),
        ("GET", "application/grpc-web", 405, "12"),
        ("PUT", "application/grpc-web-text", 405, "12"),
    ] {
        let (code, text) = request(&server.url, &head(method, content_type)).await.expect("one");
        assert_eq!(code, status, "{text}");
        assert!(text.contains(&format!("grpc-status: {grpc_status}\r\n")), "{text}");
        assert!(text.contains("grpc-status-details-bin: "), "{text}");
        assert!(text.contains("x-request-id: "), "{text}");
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_and_large_answers_may_be_compressed() {
    let server = Server::start(Database::Sqlite).await;
    let ada = Person::register(&server.url, "ada").await;
    let room = ada.create_room("Room").await;
    for _ in 0..5 {
        ada.send(&room, &"a text that repeats itself. ".repeat(100)).await;
    }
    let token = format!("Bearer {}", ada.client.access_token().await.expect("a token"));
    let list = v1::ListMessagesRequest { room_id: room, ..Default::default() };
    let plain = framed(&list);
    let compressed = gzip(&plain[5..]);
    let mut requests = connect(&server).await;
    let path = "/causerie.v1.ChatService/ListMessages";
    let authorization = ("authorization", token.as_str());
    let headers = [authorization, ("grpc-encoding", "gzip")];
    let whole = answer(&mut requests, call(path, &headers), compressed.clone()).await;
    let whole = whole.expect("an answer");
    assert_eq!(status(&whole).code(), Code::Ok);
    assert_eq!(whole.body[0], 0, "it was not asked for");
    let headers = [authorization, ("grpc-accept-encoding", "identity, gzip")];
    let small = answer(&mut requests, call(path, &headers), plain).await.expect("an answer");
    assert_eq!((status(&small).code(), small.body[0]), (Code::Ok, 1));
    assert_eq!(small.response.headers()["grpc-encoding"], "gzip");
    assert!(small.body.len() * 10 < whole.body.len(), "{} bytes", small.body.len());
    let mut unzipped = Vec::new();
    let mut decoder = flate2::read::GzDecoder::new(&small.body[5..]);
    std::io::Read::read_to_end(&mut decoder, &mut unzipped).expect("gzip");
    assert_eq!(unzipped, whole.body[5..]);
    // A bomb is bounded.
    let bomb = gzip(&vec![0; 40 << 20]);
    assert!(bomb.len() < 64 * 1024);
    let headers = [("grpc-encoding", "gzip")];
    let refused = answer(&mut requests, call(LOGIN, &headers), bomb).await.expect("an answer");
    assert_error(&refused, Code::ResourceExhausted, "MESSAGE_TOO_LARGE", "a bomb");
    server.end().await;
}

/// A compressed message in its frame.
fn gzip(message: &[u8]) -> Bytes {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(message).expect("compressed");
    let body = encoder.finish().expect("compressed");
    let length = u32::try_from(body.len()).expect("a small message");
    [&[1], length.to_be_bytes().as_slice(), &body].concat().into()
}

/// A stream that has begun ends when its caller's time is over, in every framing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_when_its_callers_time_is_over() {
    let server = Server::start(Database::Sqlite).await;
    let ada = Person::register(&server.url, "ada").await;
    let token = format!("Bearer {}", ada.client.access_token().await.expect("a token"));
    let mut requests = connect(&server).await;
    for framing in ["application/grpc", "application/grpc-web+proto"] {
        for (path, message) in [
            ("/causerie.v1.ChatService/Subscribe", framed(&v1::SubscribeRequest::default())),
            ("/grpc.health.v1.Health/Watch", Bytes::from_static(&[0; 5])),
        ] {
            let headers = [
                ("authorization", token.as_str()),
                ("content-type", framing),
                ("grpc-timeout", "1S"),
            ];
            let answer = answer(&mut requests, call(path, &headers), message).await;
            let answer = answer.expect("an answer");
            assert!(answer.body.len() > 5, "{path} has begun");
            let status = status(&answer);
            assert_eq!(status.code(), Code::DeadlineExceeded, "{framing} {path}");
            let info = status.get_error_details().error_info().expect("a reason").clone();
            assert_eq!(info.reason, "DEADLINE_EXCEEDED", "{framing} {path}");
        }
    }
    ada.client.get_me(v1::GetMeRequest::default()).await.expect("the server goes on");
    server.end().await;
}

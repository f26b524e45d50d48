//! The web client's files and pages, as any HTTP client gets them.

use std::{fs, path::PathBuf};

use crate::support::{Database, Server};
use http::StatusCode;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};

struct Answer {
    status: StatusCode,
    headers: http::HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

async fn ask(server: &Server, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = http::Request::builder().method(method).uri(format!("{}{path}", server.url));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Empty::<bytes::Bytes>::new()).expect("a request");
    let client = Client::builder(TokioExecutor::new()).build_http();
    let (parts, body) = client.request(request).await.expect("an answer").into_parts();
    let body = body.collect().await.expect("a whole body").to_bytes().to_vec();
    Answer { status: parts.status, headers: parts.headers, body }
}

async fn get(server: &Server, path: &str) -> Answer {
    ask(server, "GET", path, &[]).await
}

fn dist() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("clients/web/dist")
}

/// The path of the largest script, which the build has compressed.
fn script() -> String {
    let assets = fs::read_dir(dist().join("assets")).expect("a web client; `make web` builds it");
    let files = assets.map(|entry| entry.expect("an entry"));
    let scripts = files.filter(|entry| entry.path().extension().is_some_and(|it| it == "js"));
    let largest = scripts.max_by_key(|entry| entry.metadata().expect("its size").len());
    let largest = largest.expect("a script");
    format!("/assets/{}", largest.file_name().to_string_lossy())
}

#[tokio::test]
async fn a_file_comes_as_the_build_has_compressed_it() {
    let server = Server::start(Database::Sqlite).await;
    let path = script();
    for (accept, encoding, ending) in [
        (None, "", ""),
        (Some("identity"), "", ""),
        (Some("gzip"), "gzip", ".gz"),
        (Some("gzip, deflate, br"), "br", ".br"),
        (Some("br;q=0.5, gzip;q=0.6"), "gzip", ".gz"),
        (Some("br;q=0, *"), "gzip", ".gz"),
        (Some("gzip;q=0, br;q=0"), "", ""),
        (Some("zstd"), "", ""),
    ] {
        for path in [path.as_str(), "/"] {
            let name = if path == "/" { "/index.html" } else { path };
            let file = fs::read(format!("{}{name}{ending}", dist().display())).expect("a file");
            let headers: Vec<_> =
                accept.map(|accept| ("accept-encoding", accept)).into_iter().collect();
            let answer = ask(&server, "GET", path, &headers).await;
            assert_eq!(answer.status, StatusCode::OK, "{path} {accept:?}");
            assert_eq!(answer.header("content-encoding"), encoding, "{path} {accept:?}");
            assert_eq!(answer.header("vary"), "accept-encoding");
            assert_eq!(answer.header("content-length"), file.len().to_string());
            assert!(answer.body == file, "{path} {accept:?}: not the file that was built");
            assert_eq!(answer.header("x-content-type-options"), "nosniff");

            let head = ask(&server, "HEAD", path, &headers).await;
            assert_eq!(head.status, StatusCode::OK);
            assert!(head.body.is_empty());
            for name in [
                "content-length",
                "content-encoding",
                "content-type",
                "etag",
                "vary",
                "cache-control",
            ] {
                assert_eq!(head.header(name), answer.header(name), "HEAD {path} {name}");
            }
        }
    }
    server.end().await;
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let server = Server::start(Database::Sqlite).await;
    let path = script();
    for path in [path.as_str(), "/", "/favicon.svg", "/search/example.org"] {
        let mut tags = Vec::new();
        for accept in ["identity", "gzip", "br"] {
            let tag = ask(&server, "GET", path, &[("accept-encoding", accept)]).await;
            let tag = tag.header("etag").to_owned();
            assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 10, "{tag}");
            for (method, condition) in [
                ("GET", tag.clone()),
                ("HEAD", tag.clone()),
                ("GET", format!("\"x\", W/{tag}")),
                ("GET", "*".into()),
            ] {
                let headers = [("accept-encoding", accept), ("if-none-match", condition.as_str())];
                let answer = ask(&server, method, path, &headers).await;
                assert_eq!(answer.status, StatusCode::NOT_MODIFIED, "{path} {condition}");
                assert!(answer.body.is_empty());
                assert_eq!(answer.header("etag"), tag);
                assert_eq!(answer.header("vary"), "accept-encoding");
                assert!(!answer.header("cache-control").is_empty());
                assert_eq!(answer.header("content-length"), "", "{method} {path}");
            }
            let headers = [("accept-encoding", accept), ("if-none-match", "\"another\"")];
            assert_eq!(ask(&server, "GET", path, &headers).await.status, StatusCode::OK);
            tags.push(tag);
        }
        tags.dedup();
        assert_eq!(tags.len(), 3, "each encoding has a tag of its own: {path} {tags:?}");
        // What one has of another encoding is not what would be sent now.
        let headers = [("accept-encoding", "br"), ("if-none-match", tags[0].as_str())];
        assert_eq!(ask(&server, "GET", path, &headers).await.status, StatusCode::OK);
    }
    server.end().await;
}

#[tokio::test]
async fn only_the_web_clients_pages_and_files_are_there() {
    let server = Server::start(Database::Sqlite).await;
    for path in [
        "/",
        "/login",
        "/logi%6e",
        "/rooms/some-room",
        "/rooms/some-room/7",
        "/search/example.org",
        "/settings/language",
    ] {
        let answer = get(&server, path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(answer.text().contains("<div id=\"root\">"), "{path}");
    }
    // The page comes for these too: it says itself that there is no such page.
    for path in [
        "/nowhere",
        "/login/again",
        "/rooms",
        "/rooms/x/y",
        "/settings/nothing",
        "/api/rooms",
        "/metrics",
        "/files",
        "/%ff",
        "//example",
    ] {
        let answer =
            ask(&server, "GET", path, &[("accept-encoding", "identity"), ("if-none-match", "*")])
                .await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(answer.text().contains("<div id=\"root\">"), "{path}");
        assert_eq!(answer.header("etag"), "", "{path}");
        assert_eq!(answer.header("cache-control"), "no-cache", "{path}");
        assert!(answer.header("content-security-policy").contains("script-src 'self'"), "{path}");
    }
    // Whoever names a file, or asks for something else than to read, reads no pages.
    let built = script();
    let without_ending = built.trim_end_matches(".js");
    for path in [
        "/robots.txt",
        "/%72obots.txt",
        "/manifest.webmanifest",
        "/favicon.ico",
        "/.env",
        "/%2eenv",
        "/.git/config",
        "/index.html",
        "/index.html.br",
        "/wp-login.php",
        "/assets",
        "/assets/",
        "/assets/nothing.js",
        "/assets/../favicon.svg",
        "/assets/%2e%2e/favicon.svg",
        "/assets/..%2ffavicon.svg",
        "/..%2f..%2fCargo.toml",
        "/assets%2f..%2f..%2findex.html",
        "/assets/%00",
        "/causerie.v1.ChatService/Subscribe",
        "/causerie.v1.Nothing",
        without_ending,
        &format!("{built}.br"),
        &format!("{built}.gz"),
        &format!("{built}/"),
        "/favicon.svg/x",
        // A file has one path.
        "/favicon.svg/",
        "/favicon.svg//",
        "//favicon.svg",
        &format!("/{built}"),
        &built.replace("/assets/", "/assets//"),
    ] {
        let raw = crate::support::web::get(&server.url, path).await.expect("an answer");
        assert_eq!(raw.0, 404, "{path}: {}", raw.1);
        assert!(!raw.1.contains("id=\"root\""), "{path}: {}", raw.1);
        assert!(raw.1.contains("x-content-type-options: nosniff"), "{path}: {}", raw.1);
    }
    for (method, path, status) in [
        ("POST", "/login", 405),
        ("DELETE", "/favicon.svg", 405),
        ("PUT", "/nowhere", 404),
        ("POST", "/api/rooms", 404),
        ("HEAD", "/nowhere", 404),
        ("HEAD", "/robots.txt", 404),
        ("HEAD", "/login", 200),
        ("OPTIONS", "/", 405),
        ("OPTIONS", "/login", 405),
        ("OPTIONS", "/favicon.svg", 405),
        ("OPTIONS", "/nowhere", 404),
    ] {
        let answer = ask(&server, method, path, &[]).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path}");
        assert_eq!(answer.header("allow"), if status == 405 { "GET, HEAD" } else { "" });
        assert!(method != "HEAD" || answer.body.is_empty());
    }
    server.end().await;
}

/// Only what a browser asks before a call of a page is answered with what that may do.
#[tokio::test]
async fn options_are_a_preflight_only_with_an_origin_and_a_method() {
    let server = Server::start_with(Database::Sqlite, |config| {
        config.server.cors_origins = vec!["https://chat.example.org".into()];
    })
    .await;
    let origin = ("origin", "https://chat.example.org");
    let asked = ("access-control-request-method", "GET");
    for path in ["/", "/healthz", "/readyz", "/favicon.svg", "/files/some-file"] {
        let preflight = ask(&server, "OPTIONS", path, &[origin, asked]).await;
        assert_eq!(preflight.status, StatusCode::OK, "{path}");
        assert_eq!(preflight.header("access-control-allow-origin"), origin.1, "{path}");
        for headers in [&[][..], &[origin], &[asked]] {
            let answer = ask(&server, "OPTIONS", path, headers).await;
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path} {headers:?}");
            let allow = answer.header("allow").replace(' ', "");
            assert_eq!(allow, "GET,HEAD", "{path} {headers:?}");
        }
    }
    let call = ("content-type", "application/grpc-web+proto");
    let answer = ask(&server, "OPTIONS", "/causerie.v1.AuthService/Login", &[origin, call]).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.header("allow"), "POST");
    server.end().await;
}

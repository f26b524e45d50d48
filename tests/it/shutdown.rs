//! How a server ends, and how it says how it is.

use causerie_client::v1;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use crate::support::{
    Database, Person, Process, Server, on_both_databases, server::until_ready, web,
};

on_both_databases! {
    async fn streams_are_told_before_the_server_stops(database: Database) {
        let mut server = Process::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let mut stream = ada.stream().await;
        let mut silent = ada.open().await.expect("a stream that never subscribes");
        let status = server.terminate().await;
        assert!(status.success(), "{status}");
        for stream in [&mut stream, &mut silent] {
            let (goodbye, error) = stream.ending().await;
            let goodbye = goodbye.expect("a goodbye");
            assert_eq!(goodbye.reason(), v1::GoodbyeReason::ShuttingDown);
            assert!(goodbye.reconnect && goodbye.retry_after.is_some());
            let error = error.expect("a status");
            assert_eq!((error.code, error.reason.as_str()), (tonic::Code::Unavailable, "SHUTTING_DOWN"));
        }
        server.end().await;
    }
}

#[tokio::test]
async fn health_readiness_and_pages_answer_on_the_same_port() {
    let server = Server::start(Database::Sqlite).await;
    until_ready(&server.url).await;
    let (status, _) = web::get(&server.url, "/healthz").await.expect("an answer");
    assert_eq!(status, 200);
    // Pages of the web client, which sees itself which one.
    for path in ["/", "/rooms/some-room", "/search/example.org"] {
        let (status, text) = web::get(&server.url, path).await.expect("an answer");
        assert_eq!(status, 200, "{path}");
        let text = text.to_lowercase();
        assert!(text.contains("<!doctype html>") && text.contains("<title>causerie"), "{text}");
        assert!(text.contains("script-src 'self'; style-src 'self'"), "{text}");
        assert!(text.contains("x-content-type-options: nosniff"), "{text}");
    }
    let (status, _) = web::get(&server.url, "/assets/nothing.js").await.expect("an answer");
    assert_eq!(status, 404);
    let channel =
        tonic::transport::Endpoint::from_shared(server.url.clone()).expect("a URL").connect_lazy();
    for service in ["", "causerie.v1.ChatService"] {
        let request = HealthCheckRequest { service: service.into() };
        let health = HealthClient::new(channel.clone()).check(request).await.expect("health");
        assert_eq!(health.into_inner().status, 1, "serving");
    }
    server.end().await;
}

#[tokio::test]
async fn an_unknown_service_gets_a_grpc_answer_and_every_answer_a_request_id() {
    let server = Server::start(Database::Sqlite).await;
    let call = |path: &str, kind: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\
             content-type: {kind}\r\ncontent-length: 5\r\n\r\n\0\0\0\0\0"
        )
    };
    let unknown = call("/causerie.v1.NoService/Nothing", "application/grpc-web+proto");
    let (status, text) = web::request(&server.url, &unknown).await.expect("an answer");
    assert_eq!(status, 200);
    assert!(text.contains("grpc-status: 12") || text.contains("grpc-status:12"), "{text}");
    let known = call("/causerie.v1.UserService/GetMe", "application/grpc-web+proto");
    let (_, text) = web::request(&server.url, &known).await.expect("an answer");
    assert!(text.contains("x-request-id: "), "{text}");
    assert!(text.contains("grpc-status: 16") || text.contains("grpc-status:16"), "{text}");
    server.end().await;
}

#[tokio::test]
async fn browsers_of_allowed_origins_only_may_read_answers() {
    let server = Server::start_with(Database::Sqlite, |config| {
        config.server.cors_origins = vec!["https://chat.example.org".into()];
    })
    .await;
    let preflight = |origin: &str| {
        format!(
            "OPTIONS /causerie.v1.AuthService/Login HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\
             origin: {origin}\r\naccess-control-request-method: POST\r\n\
             access-control-request-headers: content-type,x-grpc-web\r\n\r\n"
        )
    };
    let (status, text) =
        web::request(&server.url, &preflight("https://chat.example.org")).await.expect("an answer");
    assert_eq!(status, 200);
    assert!(text.contains("access-control-allow-origin: https://chat.example.org"), "{text}");
    let (_, text) =
        web::request(&server.url, &preflight("https://evil.example.org")).await.expect("an answer");
    assert!(!text.contains("access-control-allow-origin"), "{text}");
    server.end().await;
}

#[tokio::test]
async fn reflection_can_be_turned_off() {
    for reflection in [true, false] {
        let server =
            Server::start_with(Database::Sqlite, |config| config.server.reflection = reflection)
                .await;
        // One request: list_services, which is field 7, a text.
        let call = "POST /grpc.reflection.v1.ServerReflection/ServerReflectionInfo HTTP/1.1\r\nhost: test\r\n\
                    connection: close\r\ncontent-type: application/grpc-web+proto\r\ncontent-length: 8\r\n\r\n\
                    \0\0\0\0\x03\x3a\x01*";
        let (status, text) = web::request(&server.url, call).await.expect("an answer");
        assert_eq!(status, 200, "of gRPC it is the status behind that counts");
        let unimplemented = text.contains("grpc-status: 12") || text.contains("grpc-status:12");
        let lists = text.contains("causerie.v1.ChatService");
        assert_eq!((lists, unimplemented), (reflection, !reflection), "{text}");
        server.end().await;
    }
}

#[tokio::test]
async fn commands_beside_serving_work_and_bad_options_are_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = async |arguments: &[&str], variables: &[(&str, &str)]| {
        let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_causerie"))
            .args(arguments)
            .envs(variables.iter().copied())
            .env("CAUSERIE_SERVER__DATA", folder.path())
            .output()
            .await
            .expect("it runs");
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&text).into_owned())
    };
    assert!(run(&["migrate"], &[]).await.0);
    assert!(run(&["migrate"], &[]).await.0, "again does no harm");
    assert!(run(&["keys", "rotate"], &[]).await.0);
    let (well, text) = run(&["config"], &[]).await;
    assert!(well && text.contains("access_token_ms"));
    let (well, text) = run(&["migrate"], &[("CAUSERIE_STORE__LANES", "many")]).await;
    assert!(!well && text.contains("lanes"), "{text}");
    let (well, text) = run(&["migrate"], &[("CAUSERIE_STORE__URL", "postgres:x")]).await;
    assert!(!well && text.contains("store.url"), "{text}");
}

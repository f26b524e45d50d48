//! Clients keep passwords to themselves: TLS for `https://`, and nothing at all for
//! an address of another kind.

use causerie_client::{Client, Update, connection::State, live::Options, v1};

use crate::support::{
    Database, Person, Server, Terminal,
    files::bytes,
    people::{PASSWORD, reason},
    tls::{Recorder, TlsProxy},
    within,
};

fn terminal(url: &str) -> Terminal {
    Terminal { folder: tempfile::tempdir().expect("a temporary folder"), url: url.to_owned() }
}

/// Not addresses of a server, each with the host and port of one.
fn other_schemes(address: &str) -> Vec<String> {
    let schemes = ["ftp://", "httpss://", "ws://", "wss://", "grpc://", "unix://", "//", "", "://"];
    schemes.map(|scheme| format!("{scheme}{address}")).into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sdk_talks_over_tls_with_a_ca_of_ones_own() {
    let server = Server::start(Database::Sqlite).await;
    Person::register(&server.url, "ada").await;
    let proxy = TlsProxy::to(&server.url, "127.0.0.1").await;
    for url in [proxy.url.clone(), proxy.url.replace("https", "HTTPS")] {
        let builder = Client::builder(url).ca_file(proxy.ca_file.path()).expect("a file");
        let client = builder.connect().expect("a client");
        client.login("ada", PASSWORD, true).await.expect("signed in");
        let room = v1::CreateRoomRequest { name: "Room".into(), ..Default::default() };
        client.create_room(room).await.expect("a call");
        let content = bytes(1, 100_000);
        let file = client.upload("a.bin", &content).await.expect("a file");
        let request = v1::DownloadFileRequest { file_id: file.id, ..Default::default() };
        assert_eq!(client.download(request).await.expect("its bytes"), content);
        let (_live, mut updates) = client.live(Options::default());
        within("a stream", async {
            while updates.next().await.expect("an update") != Update::Connection(State::Live) {}
        })
        .await;
    }
    assert!(!proxy.wire.is_empty() && !proxy.wire.contains(PASSWORD));
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sdk_says_what_is_wrong_with_a_certificate() {
    let server = Server::start(Database::Sqlite).await;
    let unknown = TlsProxy::to(&server.url, "127.0.0.1").await;
    let other_name = TlsProxy::to(&server.url, "chat.example.org").await;
    let builder = || Client::builder(&other_name.url);
    for (client, proxy, says) in [
        // By the platform's roots, and by those of another CA.
        (Client::connect(&unknown.url), &unknown, "UnknownIssuer"),
        (
            Client::builder(&unknown.url)
                .ca_file(other_name.ca_file.path())
                .expect("a file")
                .connect(),
            &unknown,
            "UnknownIssuer",
        ),
        (
            builder().ca_file(other_name.ca_file.path()).expect("a file").connect(),
            &other_name,
            "chat.example.org",
        ),
    ] {
        // Where the machine has no roots there is no client in the first place.
        let error = match client {
            Ok(client) => client.login("ada", PASSWORD, true).await.expect_err("refused"),
            Err(error) => {
                assert_eq!(error.reason, "NO_ROOT_CERTIFICATES", "{error}");
                continue;
            }
        };
        assert_eq!(error.reason, "UNTRUSTED_CERTIFICATE", "{error:?}");
        assert!(error.message.contains(says), "{error}");
        assert!(!proxy.wire.is_empty() && !proxy.wire.contains(PASSWORD));
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sdk_sends_nothing_in_the_clear_for_https_and_nothing_at_all_for_other_schemes() {
    let recorder = Recorder::start().await;
    for url in other_schemes(&recorder.address) {
        let refused = Client::connect(&url);
        assert_eq!(reason(refused).1, "INVALID_URL", "{url}");
    }
    assert_eq!(recorder.connections(), 0);
    // Its roots are of no interest: it does not come to a certificate.
    let proxy = TlsProxy::to("http://127.0.0.1:9", "127.0.0.1").await;
    for scheme in ["https", "HTTPS", "HttpS"] {
        let builder = Client::builder(format!("{scheme}://{}", recorder.address));
        let client = builder.ca_file(proxy.ca_file.path()).expect("a file").connect();
        let client = client.expect("a client");
        let error = client.login("ada", PASSWORD, true).await.expect_err("no server");
        assert_eq!(error.reason, "TLS_FAILED", "{error:?}");
    }
    assert_eq!(recorder.connections(), 3);
    // What came begins like a TLS handshake.
    assert!(recorder.wire.contains("\u{16}\u{3}"));
    for secret in [PASSWORD, "ada", "causerie.v1"] {
        assert!(!recorder.wire.contains(secret), "{secret} was sent in the clear");
    }
    // Over plain HTTP the same listener sees what is sent, so that it would be noticed.
    let plain = Client::connect(format!("http://{}", recorder.address)).expect("a client");
    plain.login("ada", PASSWORD, true).await.expect_err("no server");
    assert!(recorder.wire.contains("PRI * HTTP/2.0"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_terminal_talks_over_tls_and_says_what_is_wrong_with_a_certificate() {
    let server = Server::start(Database::Sqlite).await;
    let proxy = TlsProxy::to(&server.url, "127.0.0.1").await;
    let terminal = terminal(&proxy.url);
    let password = format!("{PASSWORD}\n");
    let ca_file = proxy.ca_file.path().to_str().expect("a path");

    let (well, said) = terminal.run("ada", &["register", "ada"], &password).await;
    assert!(!well, "{said}");
    assert!(said.contains("certificate"), "{said}");
    let with_ca = ["--ca-file", ca_file, "register", "ada"];
    let (well, said) = terminal.run("ada", &with_ca, &password).await;
    assert!(well, "{said}");
    let (well, said) = terminal.run("ada", &["rooms", "--ca-file", ca_file], "").await;
    assert!(well, "{said}");
    let command = terminal
        .command("ada", &["create", "Room"])
        .env("CAUSERIE_CA_FILE", ca_file)
        .output()
        .await;
    assert!(command.expect("it runs").status.success());
    let (well, said) = terminal.run("ada", &["rooms", "--ca-file", "/nowhere.pem"], "").await;
    assert!(!well && said.contains("/nowhere.pem"), "{said}");
    assert!(!proxy.wire.contains(PASSWORD));
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_terminal_sends_nothing_in_the_clear_for_https_and_nothing_for_other_schemes() {
    let recorder = Recorder::start().await;
    let password = format!("{PASSWORD}\n");
    for url in other_schemes(&recorder.address) {
        let (well, said) = terminal(&url).run("ada", &["login", "ada"], &password).await;
        assert!(!well && said.contains("must begin with http:// or https://"), "{url}: {said}");
    }
    assert_eq!(recorder.connections(), 0);
    let proxy = TlsProxy::to("http://127.0.0.1:9", "127.0.0.1").await;
    let ca_file = proxy.ca_file.path().to_str().expect("a path");
    let terminal = terminal(&format!("HTTPS://{}", recorder.address));
    let login = ["--ca-file", ca_file, "login", "ada"];
    let (well, said) = terminal.run("ada", &login, &password).await;
    assert!(!well && said.contains("TLS"), "{said}");
    assert!(!recorder.wire.is_empty());
    for secret in [PASSWORD, "ada", "causerie.v1"] {
        assert!(!recorder.wire.contains(secret), "{secret} was sent in the clear");
    }
}

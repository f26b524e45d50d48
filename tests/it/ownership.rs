//! A database belongs to one server at a time.

use std::{path::Path, time::Duration};

use causerie_client::v1::{self, event::Kind};
use tokio::{net::TcpListener, process::Command};
use tonic::Code;

use crate::support::{
    Database, Person, Process, Server, database::Raw, on_both_databases, server::test_config,
    server::until_ready, web, within,
};

/// A lease that is short enough for a test to see its end.
fn short_lease(config: &mut causerie::Config) {
    config.store.lease_heartbeat_ms = 200;
    config.store.lease_expiry_ms = 1_500;
}

/// What a server says that is started on a database in use.
async fn refusal(url: &str) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_causerie"));
    command
        .env("CAUSERIE_SERVER__LISTEN", "127.0.0.1:0")
        .env("CAUSERIE_SERVER__DATA", folder.path())
        .env("CAUSERIE_STORE__URL", url);
    let output = within("a server that is refused", command.output()).await.expect("it runs");
    assert!(!output.status.success(), "it does not start");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn sqlite(path: &Path) -> String {
    format!("sqlite:{}", path.display())
}

async fn readiness(url: &str) -> u16 {
    web::get(url, "/readyz").await.expect("an answer").0
}

async fn until_readiness(url: &str, status: u16) {
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    within("another readiness", async {
        while readiness(url).await != status {
            ticks.tick().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_second_server_on_the_same_file_is_refused_by_any_path() {
    let mut server = Process::start(Database::Sqlite).await;
    until_ready(&server.url).await;
    let ada = Person::register(&server.url, "ada").await;
    let room = ada.create_room("Room").await;
    let file = server.data().join("causerie.db");
    let (symlink, hard_link) = (server.data().join("symlink"), server.data().join("hard-link"));
    std::os::unix::fs::symlink(&file, &symlink).expect("a symlink");
    std::fs::hard_link(&file, &hard_link).expect("a hard link");
    let around = server.data().join("../").join(server.data().file_name().expect("a name"));
    for path in [&file, &symlink, &hard_link, &around.join("causerie.db")] {
        let text = refusal(&sqlite(path)).await;
        assert!(text.contains("in use by another server"), "{}: {text}", path.display());
    }
    for command in [&["migrate"][..], &["epoch", "renew"]] {
        let run = Command::new(env!("CARGO_BIN_EXE_causerie"))
            .args(command)
            .env("CAUSERIE_SERVER__DATA", server.data())
            .output();
        let output = within("a command", run).await.expect("it runs");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && text.contains("in use"), "{command:?}: {text}");
    }
    ada.send(&room, "the first one goes on").await;
    // A crash leaves no lock behind.
    server.kill().await;
    server.start_again().await;
    until_ready(&server.url).await;
    assert_eq!(ada.history(&room).await.len(), 2);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_server_on_the_same_mysql_database_is_refused_by_name() {
    let mut server = Server::start(Database::MySql).await;
    let ada = Person::register(&server.url, "ada").await;
    let room = ada.create_room("Room").await;
    let run = Command::new(env!("CARGO_BIN_EXE_causerie"))
        .args(["epoch", "renew"])
        .env("CAUSERIE_STORE__URL", &server.config.store.url)
        .output();
    let output = within("a command", run).await.expect("it runs");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && text.contains("in use"), "{text}");
    let text = refusal(&server.config.store.url).await;
    let address = server.url.trim_start_matches("http://");
    let holder = format!("in use by another server: process {} at {address}", std::process::id());
    assert!(text.contains(&holder), "{text}");
    ada.send(&room, "the first one goes on").await;
    // A clean stop gives it up: the next server waits for nothing.
    server.stop().await;
    let mut database = server.database().await;
    let held = "select count(*) from server_lease where expires_us > renewed_us";
    assert_eq!(database.count(held).await, 0);
    server.restart().await;
    assert_eq!(ada.history(&room).await.len(), 2);
    assert_eq!(database.count(held).await, 1);
    drop(database);
    server.end().await;
}

/// As a virtual machine may be, while another server has the database for a while.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_suspended_while_another_had_the_database_stops() {
    let mut server = Process::start(Database::MySql).await;
    until_ready(&server.url).await;
    let ada = Person::register(&server.url, "ada").await;
    let room = ada.create_room("Room").await;
    server.signal("STOP").await;
    let mut config = test_config();
    let folder = tempfile::tempdir().expect("a temporary folder");
    config.server.data = folder.path().to_owned();
    config.store.url = server.mysql_url();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let other = format!("http://{}", listener.local_addr().expect("an address"));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(causerie::serve(config, listener, async {
        let _ = stopped.await;
    }));
    until_ready(&other).await;
    let _ = stop.send(());
    within("the other one to stop", serving).await.expect("no panic").expect("it ends well");
    server.signal("CONT").await;
    let refused = ada.try_send(&room, "too late", "id").await.expect_err("not any more");
    assert_eq!(refused.code, Code::Unavailable);
    assert!(!within("the first one to stop", server.exit()).await.success());
    server.start_again().await;
    until_ready(&server.url).await;
    assert_eq!(ada.history(&room).await.len(), 1, "nothing was written");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_of_a_dead_server_is_taken_over() {
    let mut server = Process::start(Database::MySql).await;
    let ada = Person::register(&server.url, "ada").await;
    let room = ada.create_room("Room").await;
    for n in 1..=2 {
        server.kill().await;
        server.start_again().await;
        until_ready(&server.url).await;
        ada.send(&room, "taken over").await;
        assert_eq!(ada.history(&room).await.len(), 1 + n);
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_is_judged_by_its_heartbeat_and_not_by_the_databases_clock() {
    let mut server = Server::start(Database::MySql).await;
    let url = server.config.store.url.clone();
    until_ready(&server.url).await;
    let mut database = server.database().await;
    // The database's clock was set ahead: by it the lease of the living one is over.
    database.execute("set @day = 86400000000".into()).await;
    let shift = "update server_lease set renewed_us = renewed_us - @day,
                                         expires_us = expires_us - @day";
    database.execute(shift.into()).await;
    assert!(refusal(&url).await.contains("in use by another server"));
    server.stop().await;
    // And back: by it a dead one's lease is good for another day.
    let dead = "replace into server_lease (id, holder, name, renewed_us, expires_us)
                 values (1, x'00112233445566778899aabbccddeeff', 'a dead server',
                        unix_timestamp() * 1000000 + @day,
                        unix_timestamp() * 1000000 + @day + 500000)";
    database.execute(dead.into()).await;
    server.restart().await;
    until_ready(&server.url).await;
    drop(database);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_cannot_renew_its_lease_writes_nothing_until_it_can() {
    let server = Server::start_with(Database::MySql, short_lease).await;
    let ada = Person::register(&server.url, "ada").await;
    let room = ada.create_room("Room").await;
    let mut stream = ada.stream().await;
    until_readiness(&server.url, 200).await;
    // Only the lease is out of reach; the rest of the database answers.
    let mut database = server.database().await;
    database.execute("begin".into()).await;
    database.execute("select * from server_lease where id = 1 for update".into()).await;
    until_readiness(&server.url, 503).await;
    let error = ada.try_send(&room, "too late", "id").await.expect_err("not now");
    assert_eq!((error.code, error.reason.as_str()), (Code::Unavailable, "DATABASE_UNAVAILABLE"));
    assert!(error.retry_after.is_some());
    let register = v1::RegisterRequest {
        username: "bob".into(),
        password: "violet-anchor-7-drum".into(),
        ..Default::default()
    };
    let refused = ada.client.register(register).await.expect_err("not now");
    assert_eq!(refused.code, Code::Unavailable);
    assert_eq!(ada.history(&room).await.len(), 1, "reading goes on, and nothing was written");
    database.execute("rollback".into()).await;
    until_readiness(&server.url, 200).await;
    let sent = ada.try_send(&room, "too late", "id").await.expect("it goes on");
    let seen = within("the message", stream.message()).await;
    assert_eq!(seen.seq, sent.seq);
    drop(database);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_takes_its_lease_again_or_stops_if_another_has_it() {
    let mut server = Server::start_with(Database::MySql, short_lease).await;
    let ada = Person::register(&server.url, "ada").await;
    let room = ada.create_room("Room").await;
    let mut database = server.database().await;
    // Nobody has it: as after a restored backup.
    database.execute("delete from server_lease".into()).await;
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    within("the lease to be taken again", async {
        while database.count("select count(*) from server_lease").await == 0 {
            ticks.tick().await;
        }
    })
    .await;
    ada.send(&room, "it goes on").await;
    let mut stream = ada.stream().await;
    let takes = "update server_lease set holder = x'00112233445566778899aabbccddeeff',
                                         name = 'process 7 elsewhere'";
    database.execute(takes.into()).await;
    let error = server.failure().await;
    assert!(error.to_string().contains("process 7 elsewhere"), "{error}");
    let (goodbye, _) = stream.ending().await;
    assert!(goodbye.expect("a goodbye").reconnect, "to the other one");
    assert_eq!(database.count("select count(*) from server_lease").await, 1, "it is the other's");
    database.execute("delete from server_lease".into()).await;
    drop(database);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_start_together_agree_on_one() {
    let mut server = Server::start(Database::MySql).await;
    let url = server.config.store.url.clone();
    until_ready(&server.url).await;
    server.stop().await;
    let start = async |at: usize| {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut config = test_config();
        config.server.data = folder.path().to_owned();
        config.store.url.clone_from(&url);
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let serving = tokio::spawn(async move {
            let _folder = folder;
            causerie::serve(config, listener, async {
                let _ = stopped.await;
            })
            .await
        });
        (at, address, stop, serving)
    };
    let started = futures::future::join_all((0..4).map(start)).await;
    let (mut refused, mut running) = (0, Vec::new());
    for (_, address, stop, serving) in started {
        let ready = async {
            let mut ticks = tokio::time::interval(Duration::from_millis(20));
            while web::get(&address, "/readyz").await.is_none_or(|(status, _)| status != 200) {
                ticks.tick().await;
            }
        };
        let mut serving = serving;
        let ended = within("a start or a refusal", async {
            tokio::select! {
                ended = &mut serving => Some(ended.expect("no panic")),
                () = ready => None,
            }
        })
        .await;
        match ended {
            Some(Err(causerie::Error::DatabaseInUse { .. })) => refused += 1,
            Some(other) => panic!("{other:?}"),
            None => running.push((stop, serving)),
        }
    }
    assert_eq!((running.len(), refused), (1, 3));
    for (stop, serving) in running {
        let _ = stop.send(());
        within("the server to stop", serving).await.expect("no panic").expect("it ends well");
    }
    server.end().await;
}

on_both_databases! {
    /// Nothing but the server may write while it runs. If something does all the
    /// same, the server notices at its next commit in the room.
    async fn what_is_written_past_the_server_is_noticed(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        let first = ada.send(&room, "first").await;
        let mut adas = ada.stream().await;
        let mut bobs = bob.stream().await;
        // Bob leaves, without a word to the server.
        let id = uuid::Uuid::parse_str(&room).expect("an id").simple().to_string();
        let bobs_id = uuid::Uuid::parse_str(&bob.user.id).expect("an id").simple().to_string();
        let seq = first.seq + 1;
        let mut database: Raw = server.database().await;
        for sql in [
            format!("update rooms set head_seq = {seq}, member_count = 1 where id = x'{id}'"),
            format!(
                "update members set state = 2, changed_seq = {seq}
                 where room_id = x'{id}' and user_id = x'{bobs_id}'"
            ),
        ] {
            database.execute(sql).await;
        }
        let second = ada.send(&room, "not for Bob").await;
        assert_eq!(second.seq, seq + 1);
        let gone = bobs
            .until("the room's end", |kind| match kind {
                Kind::RoomGone(gone) => Some(gone.room_id.clone()),
                Kind::Change(change) => panic!("Bob is told {change:?}"),
                _ => None,
            })
            .await;
        assert_eq!(gone, room);
        let left = adas.change().await;
        assert_eq!((left.seq, left.member.is_some()), (seq, true));
        assert_eq!(adas.message().await.seq, second.seq);
        drop(database);
        server.end().await;
    }
}

/// A start that fails later, on a database that was opened already, gives it back.
#[tokio::test]
async fn a_start_that_fails_leaves_the_database_to_the_next() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut config = crate::support::server::test_config();
    config.server.data = folder.path().to_owned();
    config.auth.signing_keys = vec!["no key".into()];
    for _ in 0..2 {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let served = causerie::serve(config.clone(), listener, std::future::pending()).await;
        let error = served.expect_err("it is refused").to_string();
        assert!(error.contains("signing_keys"), "{error}");
    }
    config.auth.signing_keys.clear();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    causerie::serve(config, listener, std::future::ready(())).await.expect("it starts");
}

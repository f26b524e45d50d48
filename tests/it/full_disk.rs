//! SQLite cannot write: the disk is full, the file is locked, or SQLite has
//! rolled a transaction back on its own. Callers are told to try again, reading
//! goes on, and writing works again as soon as its cause is gone, without a restart.

use std::time::Duration;

use causerie_client::{Client, Error, v1};
use tonic::Code;

use crate::support::{
    Database, Person, Process, Server,
    disk::SmallDisk,
    people::{PASSWORD, reason, text_of},
    server::{until_not_ready, until_ready},
    within, within_secs,
};

/// A text as long as a message may be, so that the disk is soon full.
fn long_text(n: usize) -> String {
    format!("{n} {}", "x".repeat(3_900))
}

/// Posts until that is refused, and returns what was acknowledged.
async fn post_until_refused(person: &Person, room: &str) -> Vec<(i64, String)> {
    let mut acknowledged = Vec::new();
    within("a refusal", async {
        for n in 0.. {
            let text = long_text(n);
            match person.try_send(room, &text, &n.to_string()).await {
                Ok(message) => acknowledged.push((message.seq, text)),
                Err(error) => {
                    assert_unavailable(&error);
                    return;
                }
            }
        }
    })
    .await;
    acknowledged
}

fn assert_unavailable(error: &Error) {
    let kind = (error.code, error.reason.as_str());
    assert_eq!(kind, (Code::Unavailable, "DATABASE_UNAVAILABLE"), "{error:?}");
    assert!(error.retry_after.is_some(), "{error:?}");
}

/// Changes of every kind that are not messages: a small one may still fit.
async fn assert_writes_are_done_or_unavailable(url: &str, person: &Person, room: &str) {
    let client = Client::connect(url).expect("a URL");
    let account = v1::RegisterRequest {
        username: "early".into(),
        password: PASSWORD.into(),
        ..Default::default()
    };
    let create = v1::CreateRoomRequest { name: "Another".into(), ..Default::default() };
    for refused in [
        client.register(account).await.err(),
        client.login(&person.user.username, PASSWORD, true).await.err(),
        person.start("file", 10).await.err(),
        person.client.create_room(create).await.err(),
    ] {
        refused.iter().for_each(assert_unavailable);
    }
    // Reading works all the same.
    assert!(person.summary(room).await.room.is_some());
}

/// Everything can be written, and what was acknowledged is there, once.
async fn assert_all_works(url: &str, person: &Person, room: &str, acknowledged: &[(i64, String)]) {
    until_ready(url).await;
    let message = person.send(room, "after").await;
    let late = Person::register(url, "late").await;
    late.join(room).await;
    late.send(room, "late").await;
    late.upload("file", b"0123456789").await;
    let history = late.history(room).await;
    let seqs: Vec<i64> = history.iter().map(|message| message.seq).collect();
    assert_eq!(seqs, (1..=message.seq + 2).collect::<Vec<_>>(), "a hole in the log");
    for (seq, text) in acknowledged {
        let found: Vec<i64> =
            history.iter().filter(|m| text_of(m) == text).map(|m| m.seq).collect();
        assert_eq!(found, [*seq], "an acknowledged message is there, once");
    }
}

/// Where it does not, nextest shows what this prints, though it is no failure.
#[tokio::test]
async fn whether_this_machine_lets_a_test_fill_a_disk() {
    if let Some(disk) = SmallDisk::create(1024).await {
        disk.fill().await;
        disk.empty().await;
        println!("This machine lets a test fill a disk.");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_come_back_once_a_full_disk_has_space() {
    let Some(disk) = SmallDisk::create(6 * 1024).await else { return };
    let server = Process::start_on_disk(&disk).await;
    let ada = Person::register(&server.url, "ada").await;
    let room = ada.create_room("Room").await;
    let acknowledged = post_until_refused(&ada, &room).await;
    until_not_ready(&server.url).await;
    assert_writes_are_done_or_unavailable(&server.url, &ada, &room).await;
    disk.resize(64 * 1024).await;
    assert_all_works(&server.url, &ada, &room, &acknowledged).await;
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_come_back_after_a_start_on_a_full_disk() {
    let Some(disk) = SmallDisk::create(16 * 1024).await else { return };
    let mut server = Process::start_on_disk(&disk).await;
    let ada = Person::register(&server.url, "ada").await;
    let room = ada.create_room("Room").await;
    let first = ada.send(&room, "first").await;
    let acknowledged = [(first.seq, "first".to_owned())];
    server.kill().await;
    disk.fill().await;

    server.start_again().await;
    until_not_ready(&server.url).await;
    assert_writes_are_done_or_unavailable(&server.url, &ada, &room).await;
    assert_unavailable(&ada.try_send(&room, "no", "no").await.expect_err("no space"));
    disk.empty().await;
    assert_all_works(&server.url, &ada, &room, &acknowledged).await;

    // SQLite has put its files away, and has no space to make them anew.
    assert!(server.terminate().await.success());
    disk.fill().await;
    server.start_again().await;
    disk.empty().await;
    until_ready(&server.url).await;
    ada.send(&room, "again").await;
    server.end().await;
}

/// A file that may not grow is an I/O error to SQLite, and no full disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_come_back_after_errors_of_the_disk() {
    let server = Process::start_with_file_limit(Database::Sqlite, 2 * 1024).await;
    let ada = Person::register(&server.url, "ada").await;
    let room = ada.create_room("Room").await;
    let acknowledged = post_until_refused(&ada, &room).await;
    until_not_ready(&server.url).await;
    server.lift_file_limit().await;
    assert_all_works(&server.url, &ada, &room, &acknowledged).await;
    server.end().await;
}

/// Whatever makes SQLite roll a transaction back on its own, the next one works:
/// here a trigger does it, in a transaction of a lane and in one of the pool.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_sqlite_rolls_back_on_its_own_stops_no_other() {
    let server = Server::start(Database::Sqlite).await;
    let ada = Person::register(&server.url, "ada").await;
    let room = ada.create_room("Room").await;
    let mut database = server.database().await;
    for (table, which) in [("messages", "new.body = 'no'"), ("uploads", "true")] {
        let trigger = format!(
            "create trigger no_{table} before insert on {table} when {which} begin
                 select raise(rollback, 'not now');
             end"
        );
        database.execute(trigger).await;
    }
    // No fault of the disk: nobody can say when it will be over.
    let internal = (Code::Internal, "INTERNAL".to_owned());
    for n in 0..3 {
        assert_eq!(reason(ada.try_send(&room, "no", &n.to_string()).await), internal);
        assert_eq!(reason(ada.start("file", 10).await), internal);
        // Others are not hit.
        ada.create_room("Another").await;
    }
    for table in ["messages", "uploads"] {
        database.execute(format!("drop trigger no_{table}")).await;
    }
    assert_all_works(&server.url, &ada, &room, &[]).await;
    server.end().await;
}

/// Another program locks the file for longer than SQLite waits; calls are given up
/// meanwhile, with a transaction half-way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_come_back_after_another_program_has_locked_the_file() {
    let server = Server::start(Database::Sqlite).await;
    let ada = Person::register(&server.url, "ada").await;
    let room = ada.create_room("Room").await;
    let mut database = server.database().await;
    database.execute("begin immediate".into()).await;
    for _ in 0..3 {
        let impatient = ada.start("file", 10);
        let waited = tokio::time::timeout(Duration::from_millis(50), impatient).await;
        assert!(waited.is_err(), "{waited:?}");
    }
    // SQLite waits five seconds for each transaction, one after the other.
    let refused = within_secs(90, "a refusal", ada.try_send(&room, "no", "no")).await;
    assert_unavailable(&refused.expect_err("locked"));
    until_not_ready(&server.url).await;
    database.execute("rollback".into()).await;
    assert_all_works(&server.url, &ada, &room, &[]).await;
    server.end().await;
}

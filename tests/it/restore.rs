//! A restored backup: whoever has come further than it drops that, and ends with
//! what is there.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::Path,
};

use causerie_client::{
    Live, Update, Updates,
    apply::Model,
    connection::State,
    live::Options,
    v1::{self, event::Kind},
};
use rand::{SeedableRng as _, rngs::StdRng};
use tokio::process::Command;

use crate::{
    converge,
    support::{Database, Person, Process, Server, on_both_databases, people::text_of, within},
};

/// A client that keeps what it knows, and its place in each room.
struct Watcher {
    person: Person,
    model: Model,
    connection: Option<(Live, Updates)>,
}

impl Watcher {
    fn of(person: &Person) -> Self {
        let (person, model) = (person.clone(), Model::default());
        Self { person, model, connection: None }
    }

    fn connect(&mut self) {
        let rooms = self.model.rooms.values();
        let positions = rooms.map(|view| converge::position_in(&view.room)).collect();
        let options = Options { positions, ..Options::default() };
        self.connection = Some(self.person.client.live(options));
    }

    /// Takes updates until this holds.
    async fn until(&mut self, what: &str, holds: impl Fn(&Self, &Update) -> bool) {
        loop {
            let (_, updates) = self.connection.as_mut().expect("it is connected");
            let update = within(what, updates.next()).await.expect("the updates go on");
            self.take(&update).await;
            if holds(self, &update) {
                return;
            }
        }
    }

    async fn take(&mut self, update: &Update) {
        self.model.apply(update);
        let room = match update {
            Update::RoomAdded(summary) => summary.room.as_ref(),
            Update::Reset(reset) => reset.summary.as_ref().and_then(|s| s.room.as_ref()),
            _ => None,
        };
        let Some(room) = room.map(|room| room.id.clone()) else { return };
        let request =
            v1::ListMessagesRequest { room_id: room.clone(), page_size: 200, ..Default::default() };
        let page = self.person.client.list_messages(request).await.expect("a page");
        self.model.apply_page(&room, &page);
    }

    fn head(&self, room: &str) -> i64 {
        self.model.rooms.get(room).map_or(0, |view| view.room.head_seq)
    }

    fn texts(&self, room: &str) -> Vec<String> {
        let messages = &self.model.rooms[room].messages;
        messages.values().map(text_of).filter(|text| !text.is_empty()).map(str::to_owned).collect()
    }

    /// It shows what a client shows that comes new.
    async fn check(&self, rooms: &[&str]) {
        let request = v1::ListRoomsRequest { page_size: 200, ..Default::default() };
        let fresh = self.person.client.list_rooms(request).await.expect("rooms").rooms;
        let fresh: BTreeMap<String, &v1::RoomSummary> = fresh
            .iter()
            .map(|summary| (summary.room.as_ref().expect("a room").id.clone(), summary))
            .collect();
        assert_eq!(self.model.rooms.keys().collect::<Vec<_>>(), fresh.keys().collect::<Vec<_>>());
        for room in rooms {
            let (view, summary) = (&self.model.rooms[*room], fresh[*room]);
            let history = self.person.history(room).await;
            let shown: Vec<_> = view.messages.values().cloned().collect();
            assert_eq!(shown, history);
            assert_eq!(view.room.head_seq, summary.room.as_ref().expect("a room").head_seq);
            assert_eq!(view.read_seq, summary.read_seq);
            let unread = view.unread(&self.person.user.id);
            assert_eq!(unread, (summary.unread_count.into(), summary.unread_more));
        }
    }
}

/// The epoch that a stream names.
async fn epoch(person: &Person) -> String {
    person.open().await.expect("a stream").ready.epoch
}

/// Runs a command of the server's program: whether it went well, and what it said.
async fn run(server: &Server, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_causerie"))
        .args(arguments)
        .env("CAUSERIE_SERVER__DATA", &server.config.server.data)
        .env("CAUSERIE_STORE__URL", server.config.store_url())
        .output();
    let output = within("a command", output).await.expect("it runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

async fn renew_epoch(server: &Server) {
    let (well, text) = run(server, &["epoch", "renew"]).await;
    assert!(well, "{text}");
}

const FILES: [&str; 4] =
    ["causerie.db", "causerie.db-wal", "causerie.db-shm", "causerie.db-marker"];

/// How the backup of a database comes back.
#[derive(Debug, Clone, Copy)]
enum Restore {
    /// As another file. The marker is gone: only the file itself can tell.
    AnotherFile,
    /// Over the file that is there: the marker tells that commits are missing.
    OverTheFile,
    /// Over all files that are there, as a snapshot of the volume comes back.
    OverAllFiles,
    /// Table by table, in a MySQL database.
    Tables,
}

/// A backup, taken while the server is stopped.
async fn back_up(server: &Server, restore: Restore, folder: &Path) {
    if let Restore::Tables = restore {
        let mut database = server.database().await;
        for table in database.tables().await {
            database.execute(format!("create table backup_{table} as select * from {table}")).await;
        }
        return;
    }
    for name in FILES {
        let path = server.config.server.data.join(name);
        if path.exists() {
            fs::copy(path, folder.join(name)).expect("copied");
        }
    }
}

async fn restore_from(server: &Server, restore: Restore, folder: &Path) {
    let data = &server.config.server.data;
    let over = |name: &str| match fs::read(folder.join(name)) {
        // The file stays the same one.
        Ok(bytes) => fs::write(data.join(name), bytes).expect("written"),
        Err(_) => drop(fs::remove_file(data.join(name))),
    };
    match restore {
        Restore::AnotherFile => {
            for name in FILES {
                drop(fs::remove_file(data.join(format!("{name}.old"))));
                drop(fs::rename(data.join(name), data.join(format!("{name}.old"))));
            }
            for name in FILES.iter().filter(|name| !name.ends_with("marker")) {
                drop(fs::copy(folder.join(name), data.join(name)));
            }
        }
        Restore::OverTheFile => {
            for name in FILES.iter().filter(|name| !name.ends_with("marker")) {
                over(name);
            }
        }
        Restore::OverAllFiles => {
            for name in FILES {
                over(name);
            }
            renew_epoch(server).await;
        }
        Restore::Tables => {
            let mut database = server.database().await;
            let tables = database.tables().await;
            for table in tables.iter().filter(|table| !table.starts_with("backup_")) {
                database.execute(format!("delete from {table}")).await;
                let sql = format!("insert into {table} select * from backup_{table}");
                database.execute(sql).await;
            }
            renew_epoch(server).await;
        }
    }
}

async fn clients_recover(restore: Restore) {
    let database = match restore {
        Restore::Tables => Database::MySql,
        _ => Database::Sqlite,
    };
    let mut server = Server::start(database).await;
    let ada = Person::register(&server.url, "ada").await;
    let bob = Person::register(&server.url, "bob").await;
    let mut rooms = Vec::new();
    for name in ["Ahead", "Passed"] {
        let room = ada.create_room(name).await;
        bob.join(&room).await;
        ada.send(&room, "kept").await;
        rooms.push(room);
    }
    let [ahead, passed] = [rooms[0].as_str(), rooms[1].as_str()];
    let old_epoch = epoch(&ada).await;
    server.stop().await;
    let backup = tempfile::tempdir().expect("a temporary folder");
    back_up(&server, restore, backup.path()).await;

    server.restart().await;
    assert_eq!(epoch(&ada).await, old_epoch, "a stop alone changes nothing");
    let mut watchers = [Watcher::of(&bob), Watcher::of(&bob)];
    for room in [ahead, passed] {
        for n in 0..5 {
            ada.send(room, &format!("lost {n}")).await;
        }
    }
    let read = v1::MarkReadRequest { room_id: ahead.into(), seq: 8, ..Default::default() };
    bob.client.mark_read(read).await.expect("read");
    let lost = v1::CreateRoomRequest { name: "Lost".into(), ..Default::default() };
    let lost = bob.client.create_room(lost).await.expect("a room").room.expect("a room").id;
    for watcher in &mut watchers {
        watcher.connect();
        watcher.until("live", |_, update| *update == Update::Connection(State::Live)).await;
        assert_eq!(watcher.texts(passed).len(), 6);
        assert!(watcher.model.rooms.contains_key(&lost));
    }
    // One is away until the new head has passed it; the other stays.
    let [away, staying] = &mut watchers;
    away.connection = None;
    let positions = HashMap::from([(ahead.to_owned(), away.head(ahead))]);
    server.stop().await;
    restore_from(&server, restore, backup.path()).await;
    server.restart().await;

    assert_ne!(epoch(&ada).await, old_epoch);
    for n in 0..8 {
        ada.send(passed, &format!("new {n}")).await;
    }
    let head = ada.send(passed, "the last").await.seq;
    away.connect();
    for watcher in [&mut *away, &mut *staying] {
        let settled = |watcher: &Watcher, _: &Update| {
            watcher.head(passed) == head
                && !watcher.model.rooms.contains_key(&lost)
                && watcher.model.rooms.contains_key(ahead)
                && watcher.texts(ahead).len() == 1
        };
        watcher.until("the new head", settled).await;
        watcher.check(&[ahead, passed]).await;
        assert!(watcher.texts(passed).iter().all(|text| !text.starts_with("lost")));
    }
    // They go on from there.
    let more = ada.send(ahead, "and on").await;
    for watcher in [&mut *away, &mut *staying] {
        watcher.until("one more", |watcher, _| watcher.head(ahead) == more.seq).await;
        assert_eq!(watcher.texts(ahead), ["kept", "and on"]);
        watcher.check(&[ahead, passed]).await;
    }
    // Another start is no restore.
    let new_epoch = epoch(&ada).await;
    server.restart().await;
    assert_eq!(epoch(&ada).await, new_epoch);
    // One that does not know of the restore is ahead all the same, by its position.
    let mut stream = bob.resume(positions).await;
    ada.send(ahead, "live").await;
    assert_eq!(text_of(&stream.message().await), "live");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_recover_from_a_backup_that_is_another_file() {
    clients_recover(Restore::AnotherFile).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_recover_from_a_backup_over_the_file() {
    clients_recover(Restore::OverTheFile).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_recover_from_a_snapshot_once_the_epoch_is_renewed() {
    clients_recover(Restore::OverAllFiles).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_recover_from_a_backup_of_mysql_once_the_epoch_is_renewed() {
    clients_recover(Restore::Tables).await;
}

/// The marker counts each change once: a restart after any of them is no restore.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_people_do_looks_like_a_restore() {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let mut server = Server::start(Database::Sqlite).await;
    let mut people = Vec::new();
    for name in ["ada", "bob", "carl"] {
        people.push(Person::register(&server.url, name).await);
    }
    let rooms = [people[0].create_room("One").await, people[1].create_room("Two").await];
    let before = epoch(&people[0]).await;
    for n in 0..5 {
        for step in 0..100 {
            converge::step(&mut rng, &people, &rooms, n * 100 + step).await;
        }
        server.restart().await;
        assert_eq!(epoch(&people[0]).await, before);
    }
    server.end().await;
}

on_both_databases! {
    async fn a_position_beyond_the_head_resets_the_room(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let other = ada.create_room("Other").await;
        let last = ada.send(&room, "here").await;
        for beyond in [last.seq + 1, i64::MAX] {
            let mut stream = ada.open().await.expect("a stream");
            let seqs = HashMap::from([(room.clone(), beyond), (other.clone(), 0)]);
            let positions = ada.positions(seqs).await;
            let subscribe = v1::SubscribeRequest { positions, ..Default::default() };
            stream.order("", v1::chat_request::Command::Subscribe(subscribe)).await;
            let reset = stream
                .until("the reset", |kind| match kind {
                    Kind::Reset(reset) => Some(reset.clone()),
                    Kind::Live(_) => panic!("live without a reset"),
                    _ => None,
                })
                .await;
            let head = |reset: &v1::RoomReset| {
                reset.summary.clone().expect("a summary").room.expect("a room").head_seq
            };
            let texts = |reset: &v1::RoomReset| -> Vec<String> {
                reset.messages.iter().map(|m| text_of(m).to_owned()).filter(|t| !t.is_empty()).collect()
            };
            assert_eq!((head(&reset), texts(&reset)), (last.seq, vec!["here".to_owned()]));
            stream.until("live", |kind| matches!(kind, Kind::Live(_)).then_some(())).await;

            // The same without a stream, as a command and as a call.
            let sync = |log_id: &str, after_seq| v1::SyncRoomRequest {
                room_id: room.clone(),
                after_seq,
                log_id: log_id.into(),
                ..Default::default()
            };
            let another = "0123456789abcdef";
            for request in [sync("", beyond), sync(another, last.seq - 1)] {
                let synced = ada.client.sync_room(request.clone()).await.expect("an answer");
                let reset = synced.reset.expect("a reset");
                assert_eq!((head(&reset), texts(&reset)), (last.seq, vec!["here".to_owned()]));
                assert_eq!((synced.synced_seq, synced.head_seq), (last.seq, last.seq));
                assert!(synced.changes.is_empty());
                let command = v1::chat_request::Command::SyncRoom(request);
                match stream.call(command).await.expect("an answer") {
                    v1::reply::Result::SyncRoom(answer) => assert!(answer.reset.is_some()),
                    other => panic!("{other:?}"),
                }
            }
            let same = ada.summary(&room).await.room.expect("a room").log_id;
            let synced = ada.client.sync_room(sync(&same, last.seq - 1)).await.expect("an answer");
            assert_eq!((synced.reset, synced.changes.len()), (None, 1));
        }
        server.end().await;
    }

    async fn the_epoch_of_a_running_server_cannot_be_renewed(database: Database) {
        let mut server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let before = epoch(&ada).await;
        let (well, text) = run(&server, &["epoch", "renew"]).await;
        assert!(!well && text.contains("in use by another server"), "{text}");
        assert_eq!(epoch(&ada).await, before);
        server.restart().await;
        assert_eq!(epoch(&ada).await, before);
        server.stop().await;
        renew_epoch(&server).await;
        server.restart().await;
        assert_ne!(epoch(&ada).await, before);
        server.end().await;
    }

    async fn a_crash_does_not_look_like_a_restore(database: Database) {
        let mut server = Process::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let before = epoch(&ada).await;
        for _ in 0..3 {
            let sends = (0..50).map(|n| {
                let (ada, room) = (ada.clone(), room.clone());
                tokio::spawn(async move { drop(ada.try_send(&room, "text", &n.to_string()).await) })
            });
            let sends: Vec<_> = sends.collect();
            ada.send(&room, "in the midst").await;
            server.kill().await;
            for send in sends {
                within("an answer", send).await.expect("no panic");
            }
            server.start_again().await;
            crate::support::server::until_ready(&server.url).await;
            assert_eq!(epoch(&ada).await, before);
        }
        server.end().await;
    }
}

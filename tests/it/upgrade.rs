//! A server on a schema of another version: of its predecessor, and of a successor.

use causerie::store::{Store, migrations::PendingMigrations};
use causerie_client::{Client, v1};

use crate::{
    counters::DRIFTED,
    reactions::count_differences,
    support::{
        Database, Person, Server, on_both_databases,
        people::{PASSWORD, send_request, text_of},
        within,
    },
};

/// A migration of a later release: it adds, and takes nothing away.
const EXPAND: &str = "
    alter table users add column synthetic integer null;
    alter table messages add column synthetic integer not null default 0;
    create table synthetic (id integer not null primary key);
    insert into _sqlx_migrations (version, description, success, checksum, execution_time)
    values (9000, 'synthetic', true, x'00', 0);";

async fn sign_in(url: &str, name: &str) -> Person {
    let client = Client::connect(url).expect("a URL");
    let user = within("a login", client.login(name, PASSWORD, true)).await.expect("signed in");
    Person { client, user }
}

/// The databases of tests/upgrade, as scripts/dump-schema has filled it.
fn dumps(database: Database) -> Vec<String> {
    let ending = match database {
        Database::Sqlite => ".sqlite.sql",
        Database::MySql => ".mysql.sql",
    };
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/upgrade");
    let paths = std::fs::read_dir(folder).expect("the folder").map(|entry| entry.unwrap().path());
    let dumps = paths.filter(|path| path.to_string_lossy().ends_with(ending));
    dumps.map(|path| std::fs::read_to_string(path).expect("a dump")).collect()
}

on_both_databases! {
    async fn a_database_of_the_previous_schema_is_upgraded_with_all_that_is_in_it(database: Database) {
        let dumps = dumps(database);
        assert!(!dumps.is_empty());
        for dump in dumps {
            // As if the messages were written just now, but for one of them.
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            let now = now.expect("after 1970").as_micros();
            let dump = format!(
                "{dump}
                 update messages set posted_us = {now};
                 update messages set posted_us = 1 where body = 'between the two';"
            );
            let server = Server::start_on_dump(database, &dump).await;
            let (ada, bob) = (sign_in(&server.url, "ada").await, sign_in(&server.url, "bob").await);
            assert_eq!(ada.user.display_name, "Ada Zoë");
            let rooms = ada.client.list_rooms(v1::ListRoomsRequest::default()).await;
            let rooms = rooms.expect("rooms").rooms;
            let named = |name: &str| {
                let room = |summary: &v1::RoomSummary| summary.room.clone().expect("a room");
                rooms.iter().find(|summary| room(summary).name == name).expect("the room")
            };
            let workshop = named("Workshop");
            assert_eq!((workshop.unread_count, workshop.unread_mention_count), (2, 1), "{workshop:?}");
            let room = workshop.room.clone().expect("a room");
            assert_eq!((room.topic.as_str(), room.member_count), ("Wood and glue", 4));
            let history = ada.history(&room.id).await;
            let texts: Vec<_> = history.iter().map(text_of).filter(|text| !text.is_empty()).collect();
            let expected =
                ["the first one", "the edited one", "for @ada, with a file", "the last one"];
            assert_eq!(texts, expected);
            let first = history.iter().find(|m| text_of(m) == "the first one").expect("it");
            assert_eq!((first.reactions.len(), first.thread.expect("a thread").reply_count), (1, 1));
            let pins = v1::ListPinsRequest { room_id: room.id.clone() };
            assert_eq!(ada.client.list_pins(pins).await.expect("pins").messages.len(), 1);
            assert_eq!(ada.history(&named("Cellar").room.clone().expect("a room").id).await.len(), 2);
            let blocked = bob.client.list_blocked_users(v1::ListBlockedUsersRequest::default()).await;
            assert_eq!(blocked.expect("a list").users.len(), 1);

            // All comes to who catches up from the beginning, as it is now.
            let sync = v1::SyncRoomRequest { room_id: room.id.clone(), page_size: 500, ..Default::default() };
            let synced = ada.client.sync_room(sync).await.expect("changes");
            let synced = synced.changes.into_iter().filter_map(|change| change.message);
            let mut synced: Vec<_> = synced.collect();
            synced.sort_by_key(|message| message.seq);
            let answer = synced.iter().position(|message| message.thread_seq == first.seq);
            let answer = synced.remove(answer.expect("the answer in a thread"));
            assert_eq!(synced, history);
            let request =
                v1::ListThreadRequest { room_id: room.id.clone(), thread_seq: first.seq, ..Default::default() };
            let thread = ada.client.list_thread(request).await.expect("a thread");
            assert_eq!(thread.messages, std::slice::from_ref(&answer));

            // Messages that are sent again are known, unless they are too old.
            for message in history.iter().chain([&answer]) {
                let id = message.client_message_id.as_str();
                let is_edited = message.edited_at.is_some() || !message.attachments.is_empty();
                if id.is_empty() || is_edited || text_of(message).is_empty() {
                    continue;
                }
                let sender = if message.sender_id == ada.user.id { &ada } else { &bob };
                let again = v1::SendMessageRequest {
                    thread_seq: message.thread_seq,
                    ..send_request(&room.id, text_of(message), id)
                };
                let again = sender.client.send_message(again).await.expect("sent").message;
                assert_eq!(again.expect("a message").seq, message.seq);
            }
            let direct = rooms.iter().filter_map(|summary| summary.room.clone());
            let direct = direct.filter(|room| !room.direct_user_ids.is_empty());
            let direct = direct.map(|room| room.id).next().expect("the direct room");
            let old = ada.history(&direct).await.pop().expect("a message");
            let again = ada.try_send(&direct, text_of(&old), &old.client_message_id).await;
            assert_eq!(again.expect("sent").seq, old.seq + 1);

            // What is there can be changed, and found.
            let edit = v1::EditMessageRequest {
                room_id: room.id.clone(),
                seq: first.seq,
                text: "written anew".into(),
                ..Default::default()
            };
            ada.client.edit_message(edit).await.expect("edited");
            bob.send(&room.id, "after the upgrade").await;
            let search = v1::SearchMessagesRequest { query: "anew".into(), ..Default::default() };
            let mut ticks = tokio::time::interval(std::time::Duration::from_millis(20));
            within("the search index", async {
                while ada.client.search_messages(search.clone()).await.expect("found").messages.is_empty() {
                    ticks.tick().await;
                }
            })
            .await;
            Person::register(&server.url, "newcomer").await;
            server.end().await;
        }
    }

    /// What takes long is done before, in steps; what is written meanwhile comes after.
    async fn a_message_of_an_older_server_has_its_key_before_the_schema_is_contracted(database: Database) {
        let dump = dumps(database).pop().expect("a dump");
        let mut server = Server::with_dump(database, &dump).await;
        let mut raw = server.database().await;
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now = now.expect("after 1970").as_micros();
        raw.execute(format!("update messages set posted_us = {now}")).await;
        let texts = raw.count("select count(*) from messages where client_message_id is not null").await;
        let positions = raw.count("select cast(sum(head_seq) as signed) from rooms").await.unsigned_abs();
        let keys = "select count(*) from message_keys";
        let store = Store::connect(&server.config.store_url(), 2).expect("a store");
        let contracts = store.pending_migrations().await.expect("migrations");
        assert_eq!(contracts, PendingMigrations::Contracting);
        assert_eq!(store.count_messages_without_keys().await.expect("a schema without"), None);
        store.expand().await.expect("expanded");
        let fill = async || {
            let mut looked_at = 0;
            store.fill_message_keys(|positions| looked_at += positions).await.expect("filled");
            looked_at
        };
        assert_eq!(fill().await, positions);
        assert_eq!(raw.count(keys).await, texts);

        // As the older server writes it.
        raw.execute(format!(
            "insert into messages (room_id, seq, sender_id, kind, client_message_id, body,
                                   posted_us, changed_seq)
             select r.id, r.head_seq + 1, u.id, 1, 'meanwhile', 'hello', {now}, r.head_seq + 1
             from rooms r join users u where r.name = 'Workshop' and u.username = 'ada'"
        ))
        .await;
        raw.execute("update rooms set head_seq = head_seq + 1 where name = 'Workshop'".into()).await;
        assert_eq!(store.count_messages_without_keys().await.expect("positions"), Some(1));
        // Again, and only what is new: here or at the start of the new server.
        if database == Database::MySql {
            assert_eq!((fill().await, fill().await), (1, 0));
            assert_eq!(raw.count(keys).await, texts + 1);
        }
        store.close().await;
        server.restart().await;
        let ada = sign_in(&server.url, "ada").await;
        assert_eq!(raw.count(keys).await, texts + 1);
        drop(raw);
        let rooms = ada.client.list_rooms(v1::ListRoomsRequest::default()).await;
        let rooms = rooms.expect("rooms").rooms.into_iter().filter_map(|summary| summary.room);
        let room = { rooms }.find(|room| room.name == "Workshop").expect("the room");
        let again = ada.try_send(&room.id, "hello", "meanwhile").await.expect("sent");
        assert_eq!(again.seq, room.head_seq);
        server.end().await;
    }

    async fn a_server_starts_on_a_newer_schema_that_admits_it_and_on_no_other(database: Database) {
        let mut server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        server.stop().await;
        let mut raw = server.database().await;
        raw.execute(EXPAND.into()).await;

        server.restart().await;
        ada.send(&room, "on the newer schema").await;
        let bob = Person::register(&server.url, "bob").await;
        bob.join(&room).await;
        assert_eq!(ada.history(&room).await.len(), 3);
        server.stop().await;

        raw.execute("update schema_compatibility set min_version = 9000".into()).await;
        server.restart().await;
        let text = server.failure().await.to_string();
        assert!(text.contains("needs a server of schema version 9000 or later"), "{text}");
        raw.execute("update schema_compatibility set min_version = 21".into()).await;
        server.restart().await;
        assert_eq!(ada.history(&room).await.len(), 3);
        drop(raw);
        server.end().await;
    }
}

/// MySQL keeps what half a migration has done. Wherever it was interrupted, the next start
/// goes on, and no message is missing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_contracting_migration_is_run_again_on_mysql() {
    const MESSAGES: &str = include_str!("../../migrations/mysql/0025_contract_messages.sql");
    const REACTIONS: &str =
        include_str!("../../migrations/mysql/0027_contract_reaction_counts.sql");
    let dump = dumps(Database::MySql).pop().expect("a dump");
    // The scripts that have begun, up to the last of these statements.
    for (scripts, reached) in [
        (&[MESSAGES][..], "create table"),
        (&[MESSAGES], "insert into compact_messages"),
        (&[MESSAGES], "rename table"),
        (&[MESSAGES], "drop table replaced"),
        (&[MESSAGES, REACTIONS], "insert into ordered_reactions"),
        (&[MESSAGES, REACTIONS], "rename table"),
        (&[MESSAGES, REACTIONS], "drop table replaced_reactions"),
        (&[MESSAGES, REACTIONS], "create table reaction_counts"),
        (&[MESSAGES, REACTIONS], "update schema_compatibility"),
    ] {
        let mut server = Server::with_dump(Database::MySql, &dump).await;
        let mut raw = server.database().await;
        let store = Store::connect(&server.config.store_url(), 2).expect("a store");
        store.expand().await.expect("expanded");
        store.fill_message_keys(|_| {}).await.expect("filled");
        store.close().await;
        // Texts: who comes later is told in the rooms.
        let messages = raw.count("select count(*) from messages where kind = 1").await;
        let answers = raw.count("select count(*) from messages where thread_seq > 0").await;
        // Several at the same moment, so that the ids decide.
        for emoji in ["👍", "🎉", "👩🏽‍💻"] {
            raw.execute(format!(
                "insert into reactions (room_id, seq, emoji, user_id, reacted_us)
                 with recursive n(i) as (select 1 union all select i + 1 from n where i < 5)
                 select room_id, seq, '{emoji}', unhex(md5(i)), i div 2
                 from messages join n where kind = 1"
            ))
            .await;
        }
        let reactions = raw.count("select count(*) from reactions").await;
        for (n, script) in scripts.iter().enumerate() {
            let version = [25, 27][n];
            raw.execute(format!(
                "insert into _sqlx_migrations
                     (version, description, success, checksum, execution_time)
                 values ({version}, 'contract', 0, '', -1)"
            ))
            .await;
            let is_last = n + 1 == scripts.len();
            let end = if is_last { script.rfind(reached) } else { Some(script.len()) };
            raw.execute(script[..end.expect("the statement")].to_owned()).await;
        }
        server.restart().await;
        // Answers once the schema is up to date.
        Person::register(&server.url, "newcomer").await;
        assert_eq!(
            raw.count("select count(*) from messages where kind = 1").await,
            messages,
            "{reached}"
        );
        assert_eq!(raw.count("select count(*) from thread_replies").await, answers, "{reached}");
        assert_eq!(count_differences(&mut raw).await, 0, "{reached}");
        // At the very end.
        raw.execute("update _sqlx_migrations set success = 0 where version in (25, 27, 29)".into())
            .await;
        raw.execute("update rooms set members_seq = 0, active_us = 0".into()).await;
        server.restart().await;
        Person::register(&server.url, "another").await;
        assert_eq!(raw.count("select count(*) from messages where kind = 1").await, messages);
        assert_eq!(raw.count("select count(*) from thread_replies").await, answers);
        assert_eq!(raw.count("select count(*) from reactions").await, reactions);
        assert_eq!(count_differences(&mut raw).await, 0, "{reached}");
        for drifted in DRIFTED {
            assert_eq!(raw.count(drifted).await, 0, "{reached}: {drifted}");
        }
        assert_eq!(raw.count("select count(*) from _sqlx_migrations where success = 0").await, 0);
        drop(raw);
        server.end().await;
    }
}

/// Before the new servers are started, while the old one runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_schema_of_a_mysql_database_is_expanded_while_a_server_runs() {
    let server = Server::start(Database::MySql).await;
    let ada = Person::register(&server.url, "ada").await;
    let room = ada.create_room("Room").await;
    let mut raw = server.database().await;
    raw.execute("drop table schema_compatibility".into()).await;
    raw.execute("delete from _sqlx_migrations where version = 21".into()).await;
    raw.execute("update store set folding = 0".into()).await;
    // First the rooms, then the one account.
    let expected = "Names prepared for searching: 4 of 5\n\
                    Names prepared for searching: 5 of 5\n\
                    The schema is up to date.\n";
    // Again it looks at the names again: the server may have written some meanwhile.
    for _ in 0..2 {
        let run = tokio::process::Command::new(env!("CARGO_BIN_EXE_causerie"))
            .arg("migrate")
            .env("CAUSERIE_STORE__URL", &server.config.store.url)
            .output();
        let output = within("a command", run).await.expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(raw.count("select min_version from schema_compatibility").await, 21);
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    }
    ada.send(&room, "the server goes on").await;
    drop(raw);
    server.end().await;
}

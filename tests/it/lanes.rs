//! What goes wrong in one room, or with one message, stays there: a lane carries
//! out many changes of many rooms in one transaction.

use std::{collections::HashMap, time::Duration, time::Instant};

use causerie_client::v1::{self, chat_request::Command, reply::Result as Outcome};
use tonic::Code;

use crate::support::{
    Database, Person, Server, Stream, database::Raw, on_both_databases, people::reason,
    people::send_request, people::text_of, within,
};

/// Longer than MariaDB waits for a lock.
const LOCKED_FOR: Duration = Duration::from_secs(6);

async fn start(database: Database) -> Server {
    Server::start_with(database, |config| config.store.lanes = 1).await
}

fn default<T: Default>() -> T {
    T::default()
}

fn hex(id: &str) -> String {
    id.replace('-', "")
}

async fn order(stream: &Stream, room: &str, text: &str) {
    stream.order(text, Command::SendMessage(send_request(room, text, text))).await;
}

/// The position that a message got.
async fn position(stream: &mut Stream, text: &str) -> i64 {
    match stream.reply(text).await.unwrap_or_else(|error| panic!("{text}: {error:?}")) {
        Outcome::SendMessage(sent) => sent.message.expect("a message").seq,
        other => panic!("{other:?}"),
    }
}

/// The texts of a room in their order, whose positions have no hole.
async fn texts(person: &Person, room: &str) -> Vec<String> {
    let history = person.history(room).await;
    let seqs: Vec<i64> = history.iter().map(|message| message.seq).collect();
    let last = i64::try_from(seqs.len()).expect("few");
    assert_eq!(seqs, (1..=last).collect::<Vec<_>>(), "a hole in the log");
    history.iter().map(|m| text_of(m).to_owned()).filter(|text| !text.is_empty()).collect()
}

/// Another program holds one room's row, as a backup or an administrator may.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_room_stops_no_other_room() {
    let server = start(Database::MySql).await;
    let ada = Person::register(&server.url, "ada").await;
    let locked = ada.create_room("Locked").await;
    let mut others = Vec::new();
    for n in 0..4 {
        others.push(ada.create_room(&format!("Room {n}")).await);
    }
    let mut stream = ada.stream().await;
    let mut raw = server.database().await;
    raw.execute("begin".into()).await;
    raw.execute(format!("select id from rooms where id = x'{}' for update", hex(&locked))).await;

    // More come in the locked room all the time, and none of them is done.
    let began = Instant::now();
    let mut held = Vec::new();
    let no_room = (Code::NotFound, "ROOM_NOT_FOUND".to_owned());
    for n in 0.. {
        if n < 20 {
            held.push(format!("held-{n}"));
            order(&stream, &locked, &held[n]).await;
        }
        // Several at once, so that they are in one transaction, with a room that
        // does not exist and one that is made.
        let nowhere = uuid::Uuid::new_v4().to_string();
        let (text, new) = (format!("free {n}"), format!("New {n}"));
        let sent = futures::future::join_all(others.iter().map(|room| ada.send(room, &text)));
        let all = async {
            tokio::join!(sent, ada.try_send(&nowhere, "text", "id"), ada.create_room(&new))
        };
        let (_, refused, _) = within("the other rooms", Box::pin(all)).await;
        assert_eq!(reason(refused), no_room);
        if began.elapsed() > LOCKED_FOR {
            break;
        }
    }
    assert!(texts(&ada, &locked).await.is_empty(), "the room is locked");

    raw.execute("commit".into()).await;
    order(&stream, &locked, "after").await;
    held.push("after".into());
    let mut last = 0;
    for text in &held {
        let seq = position(&mut stream, text).await;
        assert!(seq > last, "{text} was overtaken");
        last = seq;
    }
    assert_eq!(texts(&ada, &locked).await, held);
    server.end().await;
}

/// Another program holds rows that a change needs beside its room's own: a
/// member's, a read marker, a message, a file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn locked_rows_of_a_room_stop_no_other_room() {
    let server = start(Database::MySql).await;
    let ada = Person::register(&server.url, "ada").await;
    let mut others = Vec::new();
    for n in 0..4 {
        others.push(ada.create_room(&format!("Room {n}")).await);
    }
    let file = ada.upload("file", b"of a message").await;
    let mut stream = ada.stream().await;
    let file_id = hex(&file.id);
    let mut locks = Vec::new();
    let mut rooms = Vec::new();
    for table in ["members", "marks", "messages", "files"] {
        let room = ada.create_room(table).await;
        let seq = ada.send(&room, "first").await.seq;
        let id = hex(&room);
        let command = match table {
            "marks" => {
                Command::MarkRead(v1::MarkReadRequest { room_id: room.clone(), seq, ..default() })
            }
            "messages" => Command::EditMessage(v1::EditMessageRequest {
                room_id: room.clone(),
                seq,
                text: "edited".into(),
                ..Default::default()
            }),
            "files" => Command::SendMessage(v1::SendMessageRequest {
                attachment_ids: vec![file.id.clone()],
                ..send_request(&room, "a file", "file")
            }),
            _ => Command::SendMessage(send_request(&room, "text", "text")),
        };
        let rows = match table {
            "files" => format!("select id from files where id = x'{file_id}' for update"),
            _ => format!("select * from {table} where room_id = x'{id}' for update"),
        };
        let mut raw = server.database().await;
        // The rows alone, and no gap where a new room's rows have to go.
        raw.execute("set session transaction isolation level read committed".into()).await;
        raw.execute("begin".into()).await;
        raw.execute(rows).await;
        locks.push(raw);
        stream.order(table, command).await;
        rooms.push((table, room));
    }
    // Behind what waits, in the same room.
    for (table, room) in &rooms {
        order(&stream, room, &format!("after-{table}")).await;
    }
    let began = Instant::now();
    while began.elapsed() < LOCKED_FOR {
        let sent = futures::future::join_all(others.iter().map(|room| ada.send(room, "free")));
        within("the other rooms", sent).await;
    }
    for raw in &mut locks {
        raw.execute("commit".into()).await;
    }
    for (table, room) in &rooms {
        let answer = stream.reply(table).await;
        answer.unwrap_or_else(|error| panic!("{table}: {error:?}"));
        position(&mut stream, &format!("after-{table}")).await;
        let history = ada.history(room).await;
        assert_eq!(history.last().map(text_of), Some(format!("after-{table}").as_str()));
    }
    server.end().await;
}

/// Two rooms are locked in turn, so that both are skipped, waited for, and free
/// again in every order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_keep_their_order_while_rooms_are_locked_and_freed() {
    let server = start(Database::MySql).await;
    let ada = Person::register(&server.url, "ada").await;
    let rooms = [ada.create_room("One").await, ada.create_room("Two").await];
    let mut stream = ada.stream().await;
    let mut locks = [server.database().await, server.database().await];
    let mut sent: HashMap<&str, Vec<String>> = HashMap::new();
    for n in 0..60 {
        let (room, lock) = (&rooms[n / 5 % 2], &mut locks[n / 5 % 2]);
        match n % 10 {
            0 | 5 => {
                lock.execute("begin".into()).await;
                let sql = format!("select id from rooms where id = x'{}' for update", hex(room));
                lock.execute(sql).await;
            }
            3 | 8 => lock.execute("commit".into()).await,
            _ => {}
        }
        let text = format!("{n}");
        order(&stream, room, &text).await;
        sent.entry(room).or_default().push(text);
        if n % 5 == 4 {
            position(&mut stream, &n.to_string()).await;
        }
    }
    for room in &rooms {
        assert_eq!(texts(&ada, room).await, sent[room.as_str()]);
    }
    server.end().await;
}

on_both_databases! {
    /// The database does not take one message, for a reason that nobody has
    /// thought of: here a trigger refuses it.
    async fn a_message_that_fails_fails_alone(database: Database) {
        let server = start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let rooms = [ada.create_room("One").await, ada.create_room("Two").await];
        let mut raw = server.database().await;
        let refuse = match &raw {
            Raw::Sqlite(_) => {
                "create trigger refuse before insert on messages when new.body like 'poison%'
                 begin select raise(abort, 'no'); end"
            }
            Raw::MySql(_) => {
                "create trigger refuse before insert on messages for each row
                 begin
                     if new.body like 'poison%' then
                         signal sqlstate '45000' set message_text = 'no';
                     end if;
                 end"
            }
        };
        raw.execute(refuse.into()).await;
        let mut stream = ada.stream().await;
        let internal = (Code::Internal, "INTERNAL".to_owned());
        let mut sent: HashMap<&str, Vec<String>> = HashMap::new();
        for round in 0..4 {
            // All of them are on their way before the first one is done.
            let all: Vec<(&str, String)> = (0..30)
                .map(|n| {
                    let kind = if n % 10 == 7 { "poison" } else { "text" };
                    (rooms[n % 3 / 2].as_str(), format!("{kind}-{round}.{n}"))
                })
                .collect();
            for (room, text) in &all {
                order(&stream, room, text).await;
            }
            for (room, text) in all {
                if text.starts_with("poison") {
                    assert_eq!(reason(stream.reply(&text).await), internal, "{text}");
                } else {
                    position(&mut stream, &text).await;
                    sent.entry(room).or_default().push(text);
                }
            }
        }
        for room in &rooms {
            assert_eq!(texts(&ada, room).await, sent[room.as_str()]);
        }
        server.end().await;
    }
}

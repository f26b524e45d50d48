//! What was deleted is gone from SQLite's files too.

use std::{path::Path, time::Duration};

use causerie_client::v1;

use crate::support::{Database, Person, Server, within};

/// Whether the database file and its write-ahead log have a text in them. Another
/// process reads them: to close them in the server's process would end its locks.
async fn has(data: &Path, text: &str) -> (bool, bool) {
    let finds = async |name: &str| {
        let read = tokio::process::Command::new("cat").arg(data.join(name)).output().await;
        let bytes = read.expect("cat can be run").stdout;
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    };
    (finds("causerie.db").await, finds("causerie.db-wal").await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_text_of_a_deleted_message_is_in_no_file() {
    let server =
        Server::start_with(Database::Sqlite, |config| config.store.checkpoint_every_ms = 50).await;
    let data = server.config.server.data.clone();
    let ada = Person::register(&server.url, "ada").await;
    let room = ada.create_room("Room").await;
    // Texts of several pages, with marks all over them, and texts of a part of a
    // page; earlier versions of them too.
    let mut messages = Vec::new();
    for n in 0..10 {
        let text = if n % 2 == 0 { "secretmark ".repeat(300) } else { "secretmark".to_owned() };
        let message = ada.send(&room, &text).await;
        let edit = v1::EditMessageRequest {
            room_id: room.clone(),
            seq: message.seq,
            text: format!("secretmark as edited, {n}"),
            ..Default::default()
        };
        ada.client.edit_message(edit).await.expect("edited");
        messages.push(message.seq);
        ada.send(&room, "what stays").await;
    }
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    within("the text to be in the database file, and not in the log", async {
        while has(&data, "secretmark").await != (true, false) {
            ticks.tick().await;
        }
    })
    .await;
    for seq in messages {
        let delete = v1::DeleteMessageRequest { room_id: room.clone(), seq, ..Default::default() };
        ada.client.delete_message(delete).await.expect("deleted");
    }
    within("the text to be nowhere", async {
        while has(&data, "secretmark").await != (false, false) {
            ticks.tick().await;
        }
    })
    .await;
    assert!(has(&data, "what stays").await.0, "the file was looked into");
    server.end().await;
}

//! Files with messages: who gets them, who may see them, when they go.

use std::{collections::HashMap, time::Duration};

use causerie_client::{
    Error, Update,
    live::Options,
    v1::{self, FileVariant, event::Kind},
};
use tonic::Code;

use crate::support::{
    Person, Server,
    files::{bytes, png, stored},
    on_both_databases,
    people::{reason, send_request, text_of},
    proxy::Proxy,
    within,
};

const WHOLE: FileVariant = FileVariant::Unspecified;

fn not_found() -> (Code, String) {
    (Code::NotFound, "FILE_NOT_FOUND".into())
}

async fn delete(person: &Person, room_id: &str, seq: i64) -> v1::Message {
    let request = v1::DeleteMessageRequest { room_id: room_id.into(), seq, ..Default::default() };
    person.client.delete_message(request).await.expect("deleted").message.expect("a message")
}

on_both_databases! {
    async fn a_file_is_uploaded_sent_and_downloaded(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        let mut watching = bob.stream().await;

        let data = bytes(1, 900_000);
        let file = ada.upload("data.bin", &data).await;
        assert_eq!((file.name.as_str(), file.size_bytes), ("data.bin", 900_000));
        assert_eq!(file.content_type, "application/octet-stream");
        assert_eq!((&file.uploader_id, &file.image), (&ada.user.id, &None));
        let note = ada.upload("note.txt", b"a note").await;
        let sent = ada.send_files(&room, "", &[&file, &note]).await.expect("a text is not needed");
        assert_eq!(sent.attachments, [file.clone(), note]);

        assert_eq!(watching.message_with_files().await, sent, "live");
        assert_eq!(bob.history(&room).await.last(), Some(&sent), "in a page");
        assert_eq!(bob.summary(&room).await.last_message.as_ref(), Some(&sent), "in the summary");
        let one = v1::GetMessageRequest { room_id: room.clone(), seq: sent.seq };
        assert_eq!(bob.client.get_message(one).await.expect("it").message.as_ref(), Some(&sent));
        let sync = v1::SyncRoomRequest { room_id: room.clone(), after_seq: sent.seq - 1, ..Default::default() };
        let changes = bob.client.sync_room(sync).await.expect("changes").changes;
        assert_eq!(changes[0].message.as_ref(), Some(&sent), "in what changed");
        let sync = v1::SyncRoomRequest { room_id: room.clone(), after_seq: sent.seq, ..Default::default() };
        assert_eq!(bob.client.sync_room(sync).await.expect("changes").changes, [], "nothing after it");
        let mut resumed = bob.resume(HashMap::from([(room.clone(), sent.seq - 1)])).await;
        assert_eq!(resumed.message_with_files().await, sent, "in what a stream catches up with");

        assert_eq!(bob.download(&file.id, WHOLE).await.expect("bytes"), data);
        let part = |offset, length| v1::DownloadFileRequest {
            file_id: file.id.clone(),
            offset,
            length,
            ..Default::default()
        };
        assert_eq!(bob.client.download(part(300_000, 5)).await.expect("a part"), &data[300_000..300_005]);
        assert_eq!(bob.client.download(part(899_990, 0)).await.expect("the end"), &data[899_990..]);
        assert_eq!(bob.client.download(part(899_990, 999)).await.expect("the end"), &data[899_990..]);
        assert!(bob.client.download(part(900_000, 0)).await.expect("nothing").is_empty());
        let beyond = bob.client.download(part(900_001, 0)).await.expect_err("beyond");
        assert_eq!(beyond.violations[0].0, "offset");
        let mut pieces = bob.client.download_file(part(0, 1)).await.expect("a stream");
        let header = pieces.message().await.expect("a response").expect("the first").header.expect("a header");
        assert_eq!((header.size_bytes, header.file), (900_000, Some(file)));
        server.end().await;
    }

    async fn who_may_not_read_the_message_cannot_tell_that_there_is_a_file(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let carl = Person::register(&server.url, "carl").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        let file = ada.upload("secret.txt", b"a secret").await;
        let nowhere = uuid::Uuid::now_v7().to_string();
        let hidden = async |person: &Person, id: &str| {
            assert_eq!(reason(person.get_file(id).await), not_found());
            assert_eq!(reason(person.download(id, WHOLE).await), not_found());
            assert!(person.links(&[id], WHOLE).await.is_empty());
            let error = person.send_files(&room, "mine", &[&v1::File { id: id.into(), ..Default::default() }]).await;
            assert!(matches!(error, Err(Error { code: Code::NotFound | Code::PermissionDenied, .. })));
        };
        hidden(&bob, &nowhere).await;
        hidden(&bob, &file.id).await;
        assert_eq!(ada.get_file(&file.id).await.expect("her own"), file);

        let sent = ada.send_files(&room, "look", &[&file]).await.expect("sent");
        assert_eq!(bob.get_file(&file.id).await.expect("he may read the room"), file);
        hidden(&carl, &file.id).await;
        let again = bob.send_files(&room, "mine", &[&file]).await;
        assert_eq!(reason(again), not_found(), "only who uploaded it may send it");
        assert_eq!(bob.history(&room).await.last(), Some(&sent), "nothing was posted");
        bob.leave(&room).await;
        hidden(&bob, &file.id).await;
        bob.join(&room).await;
        assert!(bob.get_file(&file.id).await.is_ok());
        // In two rooms, of which one forgets it.
        let notes = v1::OpenDirectRoomRequest { user_id: carl.user.id.clone() };
        let direct = ada.client.open_direct_room(notes).await.expect("a room").room.expect("a room").id;
        ada.send_files(&direct, "", &[&file]).await.expect("sent");
        assert_eq!(carl.download(&file.id, WHOLE).await.expect("bytes"), b"a secret");
        let tombstone = delete(&ada, &room, sent.seq).await;
        assert!(tombstone.attachments.is_empty());
        hidden(&bob, &file.id).await;
        assert!(carl.get_file(&file.id).await.is_ok());
        server.end().await;
    }

    async fn a_text_may_be_emptied_where_there_are_attachments(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let file = ada.upload("a.txt", b"a").await;
        let sent = ada.send_files(&room, "wrong words @ada", &[&file]).await.expect("sent");
        let edit = async |seq, text: &str| {
            let request = v1::EditMessageRequest { room_id: room.clone(), seq, text: text.into(), ..Default::default() };
            ada.client.edit_message(request).await.map(|answer| answer.message.expect("one"))
        };
        let edited = edit(sent.seq, "").await.expect("emptied");
        assert_eq!((text_of(&edited), edited.attachments.len()), ("", 1));
        assert!(edited.edited_at.is_some() && edited.mentions.is_empty());
        assert_eq!(edit(sent.seq, "").await.expect("again"), edited);
        assert_eq!(ada.history(&room).await.last(), Some(&edited));
        let request = v1::ListMessageVersionsRequest { room_id: room.clone(), seq: sent.seq };
        let versions = ada.client.list_message_versions(request).await.expect("versions").versions;
        assert!(versions.iter().any(|version| version.text == "wrong words @ada"));
        assert_eq!(text_of(&edit(sent.seq, "right words").await.expect("edited")), "right words");

        let blank = edit(sent.seq, " \r\n").await.expect_err("white space is no text");
        assert_eq!(blank.violations[0].0, "text");
        let plain = ada.send(&room, "no file").await;
        let error = edit(plain.seq, "").await.expect_err("nothing would be left");
        assert_eq!((error.code, error.violations[0].0.as_str()), (Code::InvalidArgument, "text"));
        server.end().await;
    }

    async fn attachments_stay_with_their_message_whatever_is_done_to_it(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let (file, other) = (ada.upload("a.txt", b"a").await, ada.upload("b.txt", b"b").await);
        let request = |file: &v1::File| v1::SendMessageRequest {
            attachment_ids: vec![file.id.clone()],
            ..send_request(&room, "text", "the-id")
        };
        let sent = ada.client.send_message(request(&file)).await.expect("sent").message.expect("a message");
        let again = ada.client.send_message(request(&file)).await.expect("again").message;
        assert_eq!(again.as_ref(), Some(&sent), "a repeat is answered with them");
        let reused = (Code::AlreadyExists, "CLIENT_MESSAGE_ID_REUSED".to_owned());
        assert_eq!(reason(ada.client.send_message(request(&other)).await), reused);
        assert_eq!(reason(ada.try_send(&room, "text", "the-id").await), reused);

        let mut stream = ada.stream().await;
        let (room_id, seq) = (room.clone(), sent.seq);
        let edit = v1::EditMessageRequest { room_id, seq, text: "better".into(), ..Default::default() };
        let edited = ada.client.edit_message(edit).await.expect("edited").message.expect("a message");
        assert_eq!(edited.attachments, std::slice::from_ref(&file));
        assert_eq!(stream.message_with_files().await, edited);
        let room_id = room.clone();
        let react = v1::AddReactionRequest { room_id, seq, emoji: "👍".into(), ..Default::default() };
        let reacted = ada.client.add_reaction(react).await.expect("reacted").message.expect("a message");
        assert_eq!(reacted.attachments, [file]);
        let pin = v1::PinMessageRequest { room_id: room.clone(), seq, ..Default::default() };
        let pinned = ada.client.pin_message(pin).await.expect("pinned").message.expect("a message");
        let list = v1::ListPinsRequest { room_id: room.clone() };
        assert_eq!(ada.client.list_pins(list).await.expect("pins").messages, [pinned]);
        delete(&ada, &room, seq).await;
        assert!(ada.history(&room).await.iter().all(|message| message.attachments.is_empty()));
        server.end().await;
    }

    async fn what_nothing_refers_to_is_collected(database: Database) {
        let server = Server::start_with(database, |config| {
            config.files.unreferenced_ms = 0;
            config.files.collect_every_ms = 200;
        })
        .await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let gone = async |id: &str| {
            let mut ticks = tokio::time::interval(Duration::from_millis(20));
            within("the file to be collected", async {
                while ada.get_file(id).await.is_ok() || stored(&server, &format!("files/{id}")) > 0 {
                    ticks.tick().await;
                }
            })
            .await;
        };
        let unsent = ada.upload("never sent.png", &png(50, 40)).await;
        gone(&unsent.id).await;
        // One that is sent stays, and is gone with its message.
        let kept = loop {
            // The collector may be faster than the send.
            let file = ada.upload("sent.png", &png(50, 40)).await;
            if let Ok(sent) = ada.send_files(&room, "", &[&file]).await {
                break sent;
            }
        };
        let id = &kept.attachments[0].id;
        gone(&ada.upload("another.txt", b"later").await.id).await;
        assert_eq!(stored(&server, &format!("files/{id}")), 3, "with two thumbnails");
        delete(&ada, &room, kept.seq).await;
        gone(id).await;
        server.end().await;
    }

    async fn one_that_cannot_be_removed_holds_up_no_other(database: Database) {
        let server = Server::start_with(database, |config| config.files.collect_every_ms = 20).await;
        let ada = Person::register(&server.url, "ada").await;
        let folder = server.config.server.data.join("files");
        let until_gone = async |what: &str| {
            let mut ticks = tokio::time::interval(Duration::from_millis(20));
            within(what, async {
                while folder.join(what).exists() {
                    ticks.tick().await;
                }
            })
            .await;
        };
        let (bad, good) = (ada.upload("bad", b"bad").await.id, ada.upload("good", b"good").await.id);
        // Uploads that a crash has left, the first to be collected first.
        let [lost, behind] = [(); 2].map(|()| uuid::Uuid::now_v7().to_string());
        // A file stands where a folder should be.
        let in_the_way = [&bad, &lost].map(|id| folder.join("files").join(id));
        std::fs::remove_dir_all(&in_the_way[0]).expect("removed");
        for path in &in_the_way {
            std::fs::write(path, b"in the way").expect("a file");
        }
        for id in [&lost, &behind] {
            std::fs::create_dir_all(folder.join("uploads").join(id)).expect("a folder");
        }
        until_gone(&format!("uploads/{behind}")).await;
        let mut raw = server.database().await;
        raw.execute("update files set check_us = 1 where name = 'bad'".into()).await;
        raw.execute("update files set check_us = 2 where name = 'good'".into()).await;
        until_gone(&format!("files/{good}")).await;
        assert_eq!(reason(ada.get_file(&bad).await), not_found(), "nobody sees it any more");
        assert!(folder.join("uploads").join(&lost).exists(), "its turn comes again");
        for path in &in_the_way {
            std::fs::remove_file(path).expect("removed");
        }
        until_gone(&format!("uploads/{lost}")).await;
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        within("all to be forgotten", async {
            while raw.count("select count(*) from files").await > 0 {
                ticks.tick().await;
            }
        })
        .await;
        server.end().await;
    }

    async fn the_sdk_sends_files_through_its_outbox_once(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let file = ada.upload("a.txt", b"a note").await;
        let proxy = Proxy::to(&server.url).await;
        let far = ada.sign_in_again(&proxy.url).await;
        let (live, mut updates) = far.client.live(Options::default());
        for n in 0..5 {
            let files = vec![file.id.clone()];
            live.send_with(&room, &n.to_string(), files).await.expect("into the outbox");
            proxy.cut();
        }
        within("all to be sent", async {
            let mut sent = 0;
            while sent < 5 {
                if let Update::Sent { result, .. } = updates.next().await.expect("an update") {
                    assert_eq!(result.expect("sent").attachments, std::slice::from_ref(&file));
                    sent += 1;
                }
            }
        })
        .await;
        let texts = ada.history(&room).await;
        let texts: Vec<_> = texts.iter().map(text_of).filter(|text| !text.is_empty()).collect();
        assert_eq!(texts, ["0", "1", "2", "3", "4"]);
        server.end().await;
    }

    async fn bad_attachments_are_named(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let file = ada.upload("a.txt", b"a").await;
        let send = async |ids: Vec<&str>, text: &str| {
            let request = v1::SendMessageRequest {
                attachment_ids: ids.into_iter().map(str::to_owned).collect(),
                ..send_request(&room, text, "id")
            };
            let error = ada.client.send_message(request).await.expect_err("refused");
            error.violations.into_iter().map(|(field, _)| field).collect::<Vec<_>>()
        };
        let id = file.id.as_str();
        assert_eq!(send(vec![], "").await, ["text"]);
        assert_eq!(send(vec!["x", id, ""], " ").await, ["text", "attachment_ids[0]", "attachment_ids[2]"]);
        assert_eq!(send(vec![id, id], "").await, ["attachment_ids[1]"]);
        assert_eq!(send(vec![id; 11], "").await, ["attachment_ids"]);
        assert_eq!(ada.history(&room).await.len(), 1, "nothing was posted");
        server.end().await;
    }
}

impl crate::support::Stream {
    /// Waits for the next message with attachments.
    async fn message_with_files(&mut self) -> v1::Message {
        self.until("a message with files", |event| match event {
            Kind::Change(v1::RoomChange { message: Some(message), .. })
                if !message.attachments.is_empty() =>
            {
                Some(message.clone())
            }
            _ => None,
        })
        .await
    }
}

//! The Rust SDK against the real server: whatever breaks, each message is sent
//! once and each change told once.

use std::time::{Duration, Instant};

use causerie_client::{Update, Updates, connection::State, cursor::Position, live::Options, v1};

use tonic::Code;

use crate::support::{
    Database, Person, Process, Server,
    files::{bytes, png},
    on_both_databases,
    people::text_of,
    proxy::Proxy,
    within,
};

async fn until<T>(
    updates: &mut Updates,
    what: &str,
    mut fits: impl FnMut(&Update) -> Option<T>,
) -> T {
    within(what, async {
        loop {
            let update = updates.next().await.expect("the updates go on");
            if let Some(found) = fits(&update) {
                return found;
            }
        }
    })
    .await
}

fn is_live(update: &Update) -> Option<()> {
    matches!(update, Update::Connection(State::Live)).then_some(())
}

on_both_databases! {
    async fn an_application_may_call_while_it_takes_what_it_missed(database: Database) {
        let server = Server::start(database).await;
        let proxy = Proxy::to(&server.url).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let far = ada.sign_in_again(&proxy.url).await;
        let (live, mut updates) = far.client.live(Options::default());
        until(&mut updates, "the first connection", is_live).await;
        proxy.cut();
        for n in 0..600 {
            ada.send(&room, &n.to_string()).await;
        }
        // For each of the missed ones it waits for an answer, and says something.
        let mut seen = 0;
        crate::support::within_secs(60, "all that was missed", async {
            while seen < 600 {
                let update = updates.next().await.expect("the updates go on");
                let Update::Change { change, .. } = update else { continue };
                let Some(message) = change.message else { continue };
                if text_of(&message) != seen.to_string() {
                    continue;
                }
                seen += 1;
                if seen % 3 == 0 {
                    let mark = v1::MarkReadRequest { room_id: room.clone(), seq: message.seq, thread_seq: 0, ..Default::default() };
                    // It may fail while there is no connection; it must answer.
                    let _ = within("an answer", live.mark_read(mark)).await;
                }
                within("the outbox", live.send(&room, "seen")).await.expect("into the outbox");
            }
        })
        .await;
        server.end().await;
    }

    async fn nothing_is_lost_or_doubled_however_often_the_connection_is_cut(database: Database) {
        let server = Server::start(database).await;
        let proxy = Proxy::to(&server.url).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let far = ada.sign_in_again(&proxy.url).await;
        let (live, mut updates) = far.client.live(Options::default());
        until(&mut updates, "the first connection", is_live).await;

        let sending = {
            let (live, room) = (live.clone(), room.clone());
            tokio::spawn(async move {
                let mut pace = tokio::time::interval(Duration::from_millis(10));
                for n in 0..200 {
                    pace.tick().await;
                    live.send(&room, &n.to_string()).await.expect("into the outbox");
                }
            })
        };
        let cutting = tokio::spawn(async move {
            let mut ticks = tokio::time::interval(Duration::from_millis(300));
            for _ in 0..8 {
                ticks.tick().await;
                proxy.cut();
            }
            proxy
        });
        let mut told = Vec::new();
        let mut settled = 0;
        crate::support::within_secs(90, "all messages", async {
            while told.len() < 200 || settled < 200 {
                match updates.next().await.expect("the updates go on") {
                    Update::Change { change, .. } => {
                        told.extend(change.message.as_ref().map(text_of).map(str::to_owned));
                    }
                    Update::Sent { result, .. } => {
                        result.expect("sent");
                        settled += 1;
                    }
                    _ => {}
                }
            }
        })
        .await;
        sending.await.expect("all were put into the outbox");
        let expected: Vec<_> = (0..200).map(|n| n.to_string()).collect();
        assert_eq!(told, expected);
        let stored: Vec<_> = ada.history(&room).await.iter().skip(1).map(|m| text_of(m).to_owned()).collect();
        assert_eq!(stored, expected);
        drop(cutting.await);
        server.end().await;
    }

    async fn marks_that_moved_while_the_connection_was_away_are_told(database: Database) {
        let server = Server::start(database).await;
        let proxy = Proxy::to(&server.url).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        let sent = ada.send(&room, "have you seen this?").await;
        let far = ada.sign_in_again(&proxy.url).await;
        let (live, mut updates) = far.client.live(Options::default());
        until(&mut updates, "the first connection", is_live).await;
        let watch = v1::WatchRoomsRequest { room_ids: vec![room.clone()], ..Default::default() };
        let watched = live.watch_rooms(watch).await.expect("watching").rooms.remove(0);
        assert!(watched.receipts.iter().all(|receipt| receipt.user_id != bob.user.id || receipt.read_seq < sent.seq));

        proxy.hold();
        let mark = v1::MarkReadRequest { room_id: room, seq: sent.seq, thread_seq: 0, ..Default::default() };
        bob.client.mark_read(mark).await.expect("marked");
        proxy.cut();
        until(&mut updates, "Bob's mark", |update| match update {
            Update::Receipt(receipt) if receipt.user_id == bob.user.id => {
                (receipt.read_seq == sent.seq).then_some(())
            }
            _ => None,
        })
        .await;
        server.end().await;
    }

    async fn an_upload_survives_that_answers_are_lost(database: Database) {
        let server = Server::start(database).await;
        let proxy = Proxy::to(&server.url).await;
        let ada = Person::register(&server.url, "ada").await;
        let far = ada.sign_in_again(&proxy.url).await;
        let data = bytes(1, 700 * 1024);
        let mut ticks = tokio::time::interval(Duration::from_millis(10));

        // The answer to the start.
        proxy.hold();
        let uploading = {
            let (client, data) = (far.client.clone(), data.clone());
            tokio::spawn(async move { client.upload("a.bin", &data).await })
        };
        let mut raw = server.database().await;
        within("the upload to be there", async {
            while raw.count("select count(*) from uploads").await == 0 {
                ticks.tick().await;
            }
        })
        .await;
        proxy.cut();
        let file = within("the upload", uploading).await.expect("no panic").expect("uploaded");
        assert!(ada.download(&file.id, v1::FileVariant::Unspecified).await.expect("bytes") == data);

        // The answer to a chunk.
        let upload = ada.start("b.bin", data.len()).await.expect("an upload");
        let id = upload.id.clone();
        let go_on = |upload: v1::Upload| {
            let (client, data) = (far.client.clone(), data.clone());
            tokio::spawn(async move { client.resume_upload(upload, &data).await })
        };
        proxy.hold();
        let uploading = go_on(upload);
        within("a chunk to be stored", async {
            while ada.status(&id).await.expect("there").received_bytes == 0 {
                ticks.tick().await;
            }
        })
        .await;
        proxy.cut();
        let file = within("the upload", uploading).await.expect("no panic").expect("uploaded");
        assert_eq!(file.id, id);
        assert!(ada.download(&id, v1::FileVariant::Unspecified).await.expect("bytes") == data);

        // The answer to the end.
        let mut upload = ada.start("c.bin", data.len()).await.expect("an upload");
        let id = upload.id.clone();
        for (at, chunk) in data.chunks(256 * 1024).enumerate() {
            upload = ada.chunk(&id, at * 256 * 1024, chunk).await.expect("stored");
        }
        proxy.hold();
        let uploading = go_on(upload);
        within("the file to be there", async {
            while ada.get_file(&id).await.is_err() {
                ticks.tick().await;
            }
        })
        .await;
        proxy.cut();
        let file = within("the upload", uploading).await.expect("no panic").expect("uploaded");
        assert_eq!(ada.get_file(&id).await.expect("there"), file);
        server.end().await;
    }

    async fn an_upload_that_is_given_up_says_whether_it_can_go_on(database: Database) {
        // As in the tests of uploads, no file can become this large.
        let mut server = Process::start_with_file_limit(database, 3 * 1024).await;
        let ada = Person::register(&server.url, "ada").await;
        let data = bytes(2, 3_500 * 1024);
        let full = ada.client.upload("large.bin", &data).await.expect_err("too large");
        assert_eq!(full.error.reason, "STORAGE_FULL");
        let id = full.upload_id.expect("it is still there");
        let image = png(300, 300);
        let half = ada.client.upload("half.png", &image[..image.len() / 2]).await.expect_err("half");
        assert_eq!((half.error.reason.as_str(), half.upload_id), ("IMAGE_INVALID", None));
        server.kill().await;
        server.start_again_without_limit().await;
        let ada = ada.sign_in_again(&server.url).await;
        let upload = ada.status(&id).await.expect("it is still there");
        assert_eq!(ada.client.resume_upload(upload, &data).await.expect("uploaded").id, id);
        server.end().await;
    }

    async fn a_message_written_while_the_server_is_down_arrives_when_it_is_back(database: Database) {
        let mut server = Process::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let (live, mut updates) = ada.client.live(Options::default());
        until(&mut updates, "the first connection", is_live).await;
        server.kill().await;
        until(&mut updates, "the loss", |update| {
            matches!(update, Update::Connection(State::Waiting { .. })).then_some(())
        })
        .await;
        let id = live.send(&room, "written in the dark").await.expect("into the outbox");
        server.start_again().await;
        let message = until(&mut updates, "the message", |update| match update {
            Update::Sent { message, result } if message.client_message_id == id => {
                Some(result.clone().expect("sent"))
            }
            _ => None,
        })
        .await;
        assert_eq!(text_of(&message), "written in the dark");
        server.end().await;
    }

    async fn what_its_writer_takes_out_does_not_arrive_and_a_nudge_need_not_wait(database: Database) {
        let mut server = Process::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let (live, mut updates) = ada.client.live(Options::default());
        until(&mut updates, "the first connection", is_live).await;
        server.kill().await;
        let waiting = |update: &Update| match update {
            Update::Connection(State::Waiting { until }) => Some(*until),
            _ => None,
        };
        let mut until_then = until(&mut updates, "the loss", waiting).await;
        let unwanted = live.send(&room, "unwanted").await.expect("into the outbox");
        let wanted = live.send(&room, "wanted").await.expect("into the outbox");
        live.discard(&unwanted).await.expect("taken out");
        // The waits grow, so that some nudge comes well before the end of one.
        crate::support::within_secs(120, "an attempt before its time", async {
            loop {
                live.nudge().await.expect("heard");
                until(&mut updates, "an attempt", |update| {
                    matches!(update, Update::Connection(State::Connecting)).then_some(())
                })
                .await;
                if Instant::now() < until_then {
                    break;
                }
                until_then = until(&mut updates, "a wait", waiting).await;
            }
        })
        .await;
        server.start_again().await;
        live.nudge().await.expect("heard");
        let sent = until(&mut updates, "the message", |update| match update {
            Update::Sent { message, result } => {
                result.as_ref().expect("sent");
                Some(message.client_message_id.clone())
            }
            _ => None,
        })
        .await;
        assert_eq!(sent, wanted);
        let ada = ada.sign_in_again(&server.url).await;
        let history = ada.history(&room).await;
        assert!(history.iter().all(|message| text_of(message) != "unwanted"));
        server.end().await;
    }

    async fn a_refused_message_is_told_and_the_next_one_goes(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let (live, mut updates) = ada.client.live(Options::default());
        live.send(&room, "   ").await.expect("into the outbox");
        live.send(&room, "good").await.expect("into the outbox");
        let sent = |update: &Update| match update {
            Update::Sent { result, .. } => Some(result.clone()),
            _ => None,
        };
        let refused = until(&mut updates, "the refusal", sent).await.expect_err("refused");
        assert_eq!(refused.violations[0].0, "text");
        until(&mut updates, "the good one", sent).await.expect("sent");
        server.end().await;
    }
}

#[tokio::test]
async fn tokens_are_renewed_while_the_connection_lives() {
    let server =
        Server::start_with(Database::Sqlite, |config| config.auth.access_token_ms = 1_500).await;
    let ada = Person::register(&server.url, "ada").await;
    let room = ada.create_room("Room").await;
    let (live, mut updates) = ada.client.live(Options::default());
    until(&mut updates, "the connection", is_live).await;
    // Through several lifetimes of a token, with a new one each time.
    let mut tokens = ada.client.tokens();
    for _ in 0..3 {
        tokens.mark_unchanged();
        within("a new token", tokens.changed()).await.expect("the client lives");
        live.send(&room, "still here").await.expect("into the outbox");
        until(&mut updates, "the message", |update| match update {
            Update::Sent { result, .. } => Some(result.clone().expect("sent")),
            _ => None,
        })
        .await;
    }
    server.end().await;
}

#[tokio::test]
async fn the_end_of_the_session_is_the_end_of_the_updates() {
    let server = Server::start(Database::Sqlite).await;
    let ada = Person::register(&server.url, "ada").await;
    let (_live, mut updates) = ada.client.live(Options::default());
    until(&mut updates, "the connection", is_live).await;
    ada.client.logout().await.expect("signed out");
    until(&mut updates, "the end", |update| {
        matches!(update, Update::Connection(State::Ended)).then_some(())
    })
    .await;
    assert_eq!(within("the last update", updates.next()).await, None);
    server.end().await;
}

/// Where somebody was who knew the room up to there.
async fn position_at(person: &Person, room: &str, seq: i64) -> Position {
    let log_id = person.summary(room).await.room.expect("a room").log_id;
    Position { seq, log_id }
}

#[tokio::test]
async fn what_is_new_after_an_absence_is_beyond_the_position_that_was_known() {
    let server = Server::start(Database::Sqlite).await;
    let ada = Person::register(&server.url, "ada").await;
    let room = ada.create_room("Room").await;
    let old = ada.send(&room, "from before").await;
    let react = async |seq| {
        let room_id = room.clone();
        let request =
            v1::AddReactionRequest { room_id, seq, emoji: "👍".into(), ..Default::default() };
        ada.client.add_reaction(request).await.expect("a reaction");
    };
    let positions = [(room.clone(), position_at(&ada, &room, old.seq).await)].into();
    let mention = ada.send(&room, "@ada look").await;
    react(old.seq).await;
    let last = ada.send(&room, "the last").await;
    react(mention.seq).await;
    let (_live, mut updates) = ada.client.live(Options { positions, ..Options::default() });
    let mut told = Vec::new();
    until(&mut updates, "live", |update| match update {
        Update::Change { change, known_seq } => {
            let message = change.message.as_ref().expect("a message");
            told.push((message.seq, message.seq > *known_seq));
            None
        }
        update => (*update == Update::Connection(State::Live)).then_some(()),
    })
    .await;
    assert_eq!(told, [(old.seq, false), (last.seq, true), (mention.seq, true)]);
    // Live, each is new once.
    react(last.seq).await;
    let next = ada.send(&room, "one more").await;
    let mut change = async || {
        until(&mut updates, "a change", |update| match update {
            Update::Change { change, known_seq } => {
                let delta = change.reaction.as_ref().map(|delta| delta.message_seq);
                let seq = delta.or(change.message.as_ref().map(|message| message.seq));
                let seq = seq.expect("a message or a reaction to one");
                Some((seq, seq > *known_seq))
            }
            _ => None,
        })
        .await
    };
    assert_eq!([change().await, change().await], [(last.seq, false), (next.seq, true)]);
    server.end().await;
}

#[tokio::test]
async fn what_a_reset_leaves_out_can_be_read() {
    let server =
        Server::start_with(Database::Sqlite, |config| config.chat.resume_changes = 100).await;
    let ada = Person::register(&server.url, "ada").await;
    let room = ada.create_room("Room").await;
    let known = position_at(&ada, &room, ada.send(&room, "known").await.seq).await;
    for n in 0..250 {
        ada.send(&room, &n.to_string()).await;
    }
    let positions = [(room.clone(), known.clone())].into();
    let (_live, mut updates) = ada.client.live(Options { positions, ..Options::default() });
    let reset = until(&mut updates, "the reset", |update| match update {
        Update::Reset(reset) => Some(reset.clone()),
        _ => None,
    })
    .await;
    let head = reset.summary.and_then(|summary| summary.room).expect("a room");
    assert_eq!((reset.messages.len(), &head.log_id), (50, &known.log_id));
    let left_out = ada.client.fill_gap(&room, &known, head.head_seq).await.expect("an answer");
    let texts: Vec<_> = left_out
        .expect("the same log")
        .iter()
        .map(|change| text_of(change.message.as_ref().expect("a message")).to_owned())
        .collect();
    assert_eq!(texts, (0..250).map(|n| n.to_string()).collect::<Vec<_>>());
    let other = Position { log_id: "0123456789abcdef".into(), ..known };
    assert_eq!(ada.client.fill_gap(&room, &other, head.head_seq).await.expect("an answer"), None);
    server.end().await;
}

#[tokio::test]
async fn a_server_that_refuses_to_go_on_says_why() {
    let server = Server::start(Database::Sqlite).await;
    let ada = Person::register(&server.url, "ada").await;
    let refusal = async |mut updates: Updates| {
        let mut refusal = None;
        loop {
            match within("the end", updates.next()).await.expect("an end") {
                Update::Refused(error) => refusal = Some(error),
                Update::Connection(State::Ended) => return refusal.expect("a reason before it"),
                _ => {}
            }
        }
    };
    let phone = ada.sign_in_again(&server.url).await;
    let (_live, updates) = phone.client.live(Options::default());
    ada.client.revoke_other_sessions(v1::RevokeOtherSessionsRequest {}).await.expect("ended");
    let error = refusal(updates).await;
    assert_eq!((error.code, error.reason.as_str()), (Code::Unauthenticated, "SESSION_REVOKED"));
    server.end().await;
}

//! A message is posted once, however often it is sent.

use std::time::Duration;

use causerie_client::v1::{self, chat_request::Command, reply::Result as Outcome};
use tonic::Code;

use crate::support::{
    Person, Server, on_both_databases,
    people::{reason, send_request, text_of},
    within,
};

/// Lets the steady clock go on while no server runs.
async fn restart_days_later(server: &mut Server, days: i64) {
    server.stop().await;
    let later = days * 24 * 60 * 60 * 1_000_000;
    let sql = format!("update store set steady_us = steady_us + {later}");
    server.database().await.execute(sql).await;
    server.restart().await;
}

on_both_databases! {
    async fn a_hundred_concurrent_repeats_make_one_message_and_a_hundred_equal_replies(
        database: Database
    ) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let mut watching = ada.stream().await;

        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..10 {
            let (ada, room, url) = (ada.clone(), room.clone(), server.url.clone());
            tasks.spawn(async move {
                let mut replies = Vec::new();
                if n % 2 == 0 {
                    // Ten at once on a stream of its own.
                    let mut stream = ada.stream().await;
                    for at in 0..10 {
                        let request = send_request(&room, "once", "the-id");
                        stream.order(&at.to_string(), Command::SendMessage(request)).await;
                    }
                    for at in 0..10 {
                        match stream.reply(&at.to_string()).await.expect("a reply") {
                            Outcome::SendMessage(sent) => replies.extend(sent.message),
                            other => panic!("another reply: {other:?}"),
                        }
                    }
                } else {
                    // Ten unary calls on connections of their own.
                    let again = ada.sign_in_again(&url).await;
                    let sends = (0..10).map(|_| again.try_send(&room, "once", "the-id"));
                    for sent in futures::future::join_all(sends).await {
                        replies.push(sent.expect("sent"));
                    }
                }
                replies
            });
        }
        let mut replies = Vec::new();
        while let Some(done) = tasks.join_next().await {
            replies.extend(done.expect("no task panics"));
        }
        assert_eq!(replies.len(), 100);
        assert!(replies.iter().all(|reply| *reply == replies[0]), "{replies:?}");

        let history = ada.history(&room).await;
        assert_eq!(history.iter().filter(|message| text_of(message) == "once").count(), 1);
        // Who listens hears it once: what comes next is the next message.
        assert_eq!(watching.message().await, replies[0]);
        let next = ada.send(&room, "next").await;
        assert_eq!(watching.message().await, next);
        server.end().await;
    }

    async fn the_same_id_with_another_text_is_a_clear_error(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        let first = ada.try_send(&room, "one", "id").await.expect("sent");
        let error = ada.try_send(&room, "two", "id").await.expect_err("refused");
        assert_eq!((error.code, error.reason.as_str()), (Code::AlreadyExists, "CLIENT_MESSAGE_ID_REUSED"));
        // The id is the sender's own, in that room.
        let bobs = bob.try_send(&room, "two", "id").await.expect("sent");
        assert_eq!(bobs.seq, first.seq + 1);
        let other = ada.create_room("Other").await;
        ada.try_send(&other, "two", "id").await.expect("sent");
        assert_eq!(ada.history(&room).await.len(), 4, "created, joined, one, two");
        server.end().await;
    }

    async fn the_same_id_as_another_answer_is_a_clear_error(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        let one = ada.send(&room, "one").await.seq;
        let two = ada.send(&room, "two").await.seq;
        let send = async |id: &str, reply_to_seq: i64, thread_seq: i64| {
            let request = v1::SendMessageRequest {
                reply_to_seq,
                thread_seq,
                ..send_request(&room, "answer", id)
            };
            bob.client.send_message(request).await.map(|sent| sent.message.expect("a message"))
        };
        let drafts = [("plain", 0, 0), ("reply", one, 0), ("thread", 0, one), ("both", one, two)];
        let others = [(0, 0), (one, 0), (two, 0), (0, one), (0, two), (one, two), (two, one)];
        let reused = (Code::AlreadyExists, "CLIENT_MESSAGE_ID_REUSED".to_owned());
        for (id, reply, thread) in drafts {
            let first = send(id, reply, thread).await.expect("sent");
            for (other_reply, other_thread) in others {
                let again = send(id, other_reply, other_thread).await;
                if (other_reply, other_thread) == (reply, thread) {
                    assert_eq!(again.expect("a repeat"), first);
                } else {
                    assert_eq!(reason(again), reused, "{id}: {other_reply}, {other_thread}");
                }
            }
            // Also of what is deleted, and for who has left.
            let delete = v1::DeleteMessageRequest { room_id: room.clone(), seq: first.seq, ..Default::default() };
            bob.client.delete_message(delete).await.expect("deleted");
            assert_eq!(reason(send(id, two, two).await), reused);
            assert_eq!(send(id, reply, thread).await.expect("a repeat").seq, first.seq);
            bob.leave(&room).await;
            assert_eq!(reason(send(id, two, two).await), reused);
            assert_eq!(send(id, reply, thread).await.expect("a repeat").seq, first.seq);
            bob.join(&room).await;
        }
        server.end().await;
    }

    async fn a_repeat_days_later_after_a_restart_returns_the_first(database: Database) {
        let mut server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let first = ada.try_send(&room, "one", "id").await.expect("sent");
        server.restart().await;
        let ada = ada.sign_in_again(&server.url).await;
        assert_eq!(ada.try_send(&room, "one", "id").await.expect("sent"), first);
        server.end().await;
    }

    async fn a_repeat_after_more_than_thirty_days_is_a_new_message(database: Database) {
        let mut server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let first = ada.try_send(&room, "one", "id").await.expect("sent");
        // The time of day is not what the age of a message is told by.
        server.config.clock.set_ahead(100 * 24 * 60 * 60);
        // On another node, as far as the database knows.
        restart_days_later(&mut server, 29).await;
        let ada = ada.sign_in_again(&server.url).await;
        assert_eq!(ada.try_send(&room, "one", "id").await.expect("sent"), first);
        ada.try_send(&room, "two", "younger").await.expect("sent");
        restart_days_later(&mut server, 2).await;
        let ada = ada.sign_in_again(&server.url).await;
        // It looks through the keys at its start.
        let mut raw = server.database().await;
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        within("the old key to go", async {
            while raw.count("select count(*) from message_keys").await > 1 {
                ticks.tick().await;
            }
        })
        .await;
        drop(raw);
        let again = ada.try_send(&room, "one", "id").await.expect("sent");
        assert_eq!((again.seq, text_of(&again)), (first.seq + 2, "one"));
        assert_eq!(ada.try_send(&room, "one", "id").await.expect("sent"), again);
        assert_eq!(ada.try_send(&room, "two", "younger").await.expect("sent").seq, first.seq + 1);
        server.end().await;
    }

    async fn a_repeat_after_leaving_returns_the_first_and_a_new_message_is_refused(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        let first = bob.try_send(&room, "one", "id").await.expect("sent");
        bob.leave(&room).await;
        assert_eq!(bob.try_send(&room, "one", "id").await.expect("it was sent"), first);
        let error = bob.try_send(&room, "two", "other").await.expect_err("refused");
        assert_eq!(error.reason, "NOT_MEMBER");
        server.end().await;
    }

    async fn what_cannot_be_sent_any_more_was_sent_all_the_same(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        let asked = ada.send(&room, "lunch?").await;
        let reply = v1::SendMessageRequest {
            reply_to_seq: asked.seq,
            ..send_request(&room, "yes", "reply")
        };
        let sent = bob.client.send_message(reply.clone()).await.expect("sent").message;
        let name = v1::DeleteMessageRequest { room_id: room.clone(), seq: asked.seq, ..Default::default() };
        ada.client.delete_message(name).await.expect("deleted");
        let again = bob.client.send_message(reply.clone()).await.expect("it was sent").message;
        assert_eq!(again, sent);
        let late = v1::SendMessageRequest { client_message_id: "late".into(), ..reply.clone() };
        let error = bob.client.send_message(late).await.expect_err("too late");
        assert_eq!(error.reason, "MESSAGE_DELETED");

        // What it said at first is what counts, however often it is edited.
        let seq = sent.expect("a message").seq;
        for text in ["no", "maybe"] {
            let edit = v1::EditMessageRequest { room_id: room.clone(), seq, text: text.into(), ..Default::default() };
            bob.client.edit_message(edit).await.expect("edited");
        }
        let again = bob.client.send_message(reply.clone()).await.expect("it was sent");
        let edited = again.message.expect("a message");
        assert_eq!(text_of(&edited), "maybe");
        let other = v1::SendMessageRequest { text: "maybe".into(), ..reply.clone() };
        let error = bob.client.send_message(other).await.expect_err("another text");
        assert_eq!(error.reason, "CLIENT_MESSAGE_ID_REUSED");

        // Who was removed learns that it was sent, and nothing of what came after.
        let (room_id, user_id) = (room.clone(), bob.user.id.clone());
        let remove = v1::RemoveMemberRequest { room_id, user_id };
        ada.client.remove_member(remove).await.expect("removed");
        let (room_id, emoji) = (room.clone(), "👍".to_owned());
        let react = v1::AddReactionRequest { room_id: room_id.clone(), seq, emoji, ..Default::default() };
        ada.client.add_reaction(react).await.expect("reacted");
        ada.client.pin_message(v1::PinMessageRequest { room_id, seq, ..Default::default() }).await.expect("pinned");
        let seen = bob.client.send_message(reply).await.expect("it was sent");
        let seen = seen.message.expect("a message");
        assert_eq!((seen.seq, seen.changed_seq, text_of(&seen)), (seq, seq, "yes"));
        assert!(seen.reactions.is_empty() && seen.pin.is_none() && seen.edited_at.is_none());
        server.end().await;
    }

    async fn commands_of_a_stream_keep_their_order(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let mut stream = ada.stream().await;
        for n in 0..30 {
            let request = send_request(&room, &n.to_string(), &n.to_string());
            stream.order(&n.to_string(), Command::SendMessage(request)).await;
        }
        for n in 0..30 {
            assert_eq!(text_of(&stream.message().await), n.to_string());
        }
        server.end().await;
    }
}

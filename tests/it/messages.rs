//! What can be done with a message once it is posted.

use std::collections::HashMap;

use causerie_client::v1::{
    self, chat_request::Command, message::Content, reply::Result as Outcome,
};
use tonic::Code;

use crate::support::{
    Person, Server, on_both_databases,
    people::{reason, text_of},
};

type Answer<T> = Result<T, causerie_client::Error>;

async fn edit(person: &Person, (room_id, seq): (&str, i64), text: &str) -> Answer<v1::Message> {
    let request = v1::EditMessageRequest {
        room_id: room_id.into(),
        seq,
        text: text.into(),
        ..Default::default()
    };
    Ok(person.client.edit_message(request).await?.message.expect("a message"))
}

async fn delete(person: &Person, (room_id, seq): (&str, i64)) -> Answer<v1::Message> {
    let request = v1::DeleteMessageRequest { room_id: room_id.into(), seq, ..Default::default() };
    Ok(person.client.delete_message(request).await?.message.expect("a message"))
}

async fn react(person: &Person, (room_id, seq): (&str, i64), emoji: &str) -> Answer<v1::Message> {
    let request = v1::AddReactionRequest {
        room_id: room_id.into(),
        seq,
        emoji: emoji.into(),
        ..Default::default()
    };
    Ok(person.client.add_reaction(request).await?.message.expect("a message"))
}

async fn unreact(person: &Person, (room_id, seq): (&str, i64), emoji: &str) -> Answer<v1::Message> {
    let request = v1::RemoveReactionRequest {
        room_id: room_id.into(),
        seq,
        emoji: emoji.into(),
        ..Default::default()
    };
    Ok(person.client.remove_reaction(request).await?.message.expect("a message"))
}

async fn pin(person: &Person, (room_id, seq): (&str, i64)) -> Answer<v1::Message> {
    let request = v1::PinMessageRequest { room_id: room_id.into(), seq, ..Default::default() };
    Ok(person.client.pin_message(request).await?.message.expect("a message"))
}

async fn versions(person: &Person, (room_id, seq): (&str, i64)) -> Vec<String> {
    let request = v1::ListMessageVersionsRequest { room_id: room_id.into(), seq };
    let listed = person.client.list_message_versions(request).await.expect("versions");
    listed.versions.into_iter().map(|version| version.text).collect()
}

async fn get(person: &Person, (room_id, seq): (&str, i64)) -> v1::Message {
    let request = v1::GetMessageRequest { room_id: room_id.into(), seq };
    person.client.get_message(request).await.expect("it is there").message.expect("a message")
}

fn reactions(message: &v1::Message) -> Vec<(&str, i64)> {
    message.reactions.iter().map(|reaction| (reaction.emoji.as_str(), reaction.count)).collect()
}

on_both_databases! {
    async fn an_edit_is_told_keeps_its_place_and_its_versions(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        let mut watching = bob.stream().await;
        let first = ada.try_send(&room, "helo", "the-id").await.expect("sent");
        let name = (room.as_str(), first.seq);
        assert_eq!(watching.message().await, first);

        let edited = edit(&ada, name, "hello").await.expect("edited");
        assert_eq!((text_of(&edited), edited.seq), ("hello", first.seq));
        assert_eq!(edited.changed_seq, first.seq + 1);
        assert!(edited.edited_at.is_some());
        assert_eq!(watching.message().await, edited, "everybody is told");
        assert_eq!(edit(&ada, name, "hello").await.expect("no change"), edited);
        let again = edit(&ada, name, "hello there").await.expect("edited");
        assert_eq!(versions(&bob, name).await, ["helo", "hello"]);
        assert_eq!(get(&bob, name).await, again);
        // The first send repeated is still that message, whatever became of it.
        assert_eq!(ada.try_send(&room, "helo", "the-id").await.expect("sent once").seq, first.seq);
        assert_eq!(bob.summary(&room).await.unread_count, 1, "an edit is not another message");

        assert_eq!(reason(edit(&bob, name, "mine").await), (Code::PermissionDenied, "NOT_SENDER".into()));
        assert_eq!(reason(edit(&ada, (&room, 1), "x").await), (Code::FailedPrecondition, "SYSTEM_MESSAGE".into()));
        assert_eq!(reason(edit(&ada, (&room, 999), "x").await), (Code::NotFound, "MESSAGE_NOT_FOUND".into()));
        let empty = edit(&ada, name, " ").await.expect_err("refused");
        assert_eq!(empty.violations[0].0, "text");
        assert_eq!(get(&bob, name).await, again, "what is refused changes nothing");
        server.end().await;
    }

    async fn a_deleted_message_leaves_only_a_tombstone(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let carl = Person::register(&server.url, "carl").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        carl.join(&room).await;
        let secret = bob.try_send(&room, "a secret", "the-id").await.expect("sent");
        let name = (room.as_str(), secret.seq);
        edit(&bob, name, "another secret").await.expect("edited");
        react(&carl, name, "👍").await.expect("reacted");
        pin(&ada, name).await.expect("pinned");
        assert_eq!(ada.summary(&room).await.unread_count, 1);

        assert_eq!(reason(delete(&carl, name).await), (Code::PermissionDenied, "NOT_SENDER".into()));
        // By an admin of the room.
        let tombstone = delete(&ada, name).await.expect("deleted");
        assert_eq!(delete(&bob, name).await.expect("again"), tombstone);
        let Some(Content::Deleted(by)) = &tombstone.content else { panic!("{tombstone:?}") };
        assert_eq!(by.deleted_by_id, ada.user.id);
        assert_eq!((tombstone.reactions.len(), &tombstone.pin), (0, &None));
        assert_eq!(get(&carl, name).await, tombstone);
        assert!(versions(&carl, name).await.is_empty());
        assert_eq!(ada.summary(&room).await.unread_count, 0, "it counts no more");
        assert!(!format!("{:?}", carl.history(&room).await).contains("secret"));

        let gone = (Code::FailedPrecondition, "MESSAGE_DELETED".to_owned());
        assert_eq!(reason(edit(&bob, name, "back").await), gone);
        assert_eq!(reason(react(&bob, name, "👍").await), gone);
        assert_eq!(reason(pin(&ada, name).await), gone);
        // A repeat of the send does not bring it back.
        let repeated = bob.try_send(&room, "a secret", "the-id").await.expect("it was sent once");
        assert_eq!(repeated.seq, secret.seq);
        assert!(text_of(&repeated).is_empty());
        server.end().await;
    }

    async fn whatever_emoji_a_keyboard_sends_is_one_reaction_in_one_form(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        for (sent, same, stored) in [
            // Unicode 17
            ("\u{1FAEA}", "\u{1FAEA}\u{FE0F}", "\u{1FAEA}"),
            ("1\u{20E3}", "1\u{FE0F}\u{20E3}", "1\u{FE0F}\u{20E3}"),
            ("☝\u{FE0F}🏽", "☝🏽", "☝🏽"),
            ("🏳\u{200D}🌈", "🏳\u{FE0F}\u{200D}🌈", "🏳\u{FE0F}\u{200D}🌈"),
            ("🇩🇪", "🇩🇪\u{FE0F}", "🇩🇪"),
            ("🐱\u{200D}👤", "🐱\u{FE0F}\u{200D}👤", "🐱\u{200D}👤"),
            ("👨🏽\u{200D}👩🏽\u{200D}👧🏽", "👨🏽\u{200D}👩🏽\u{200D}👧🏽\u{FE0F}", "👨🏽\u{200D}👩🏽\u{200D}👧🏽"),
        ] {
            let message = ada.send(&room, "hello").await;
            let name = (room.as_str(), message.seq);
            react(&ada, name, sent).await.expect("reacted");
            let both = react(&bob, name, same).await.expect("the same");
            assert_eq!(reactions(&both), [(stored, 2)]);
            unreact(&ada, name, same).await.expect("taken away");
            let none = unreact(&bob, name, sent).await.expect("taken away");
            assert!(none.reactions.is_empty());
        }
        server.end().await;
    }

    async fn lines_end_alike_on_whatever_system_they_were_written(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let sent = ada.try_send(&room, "one\r\ntwo\rthree @ada\r\n", "id").await.expect("sent");
        assert_eq!(text_of(&sent), "one\ntwo\nthree @ada\n");
        assert_eq!(sent.mentions.len(), 1);
        let again = ada.try_send(&room, "one\ntwo\nthree @ada\n", "id").await.expect("the same");
        assert_eq!(again, sent);
        let name = (room.as_str(), sent.seq);
        let edited = edit(&ada, name, "a\r\n\r\nb\rc").await.expect("edited");
        assert_eq!(text_of(&edited), "a\n\nb\nc");
        assert_eq!(edit(&ada, name, "a\n\nb\nc").await.expect("the same"), edited);
        let request = v1::UpdateProfileRequest {
            bio: Some("Line\r\nby\rline".into()),
            status_text: Some("Away\r\n".into()),
            ..Default::default()
        };
        let user = ada.client.update_profile(request).await.expect("saved").user.expect("a user");
        assert_eq!((user.bio.as_str(), user.status_text.as_str()), ("Line\nby\nline", "Away"));
        let topic = Some("two\rlines".to_owned());
        let request = v1::UpdateRoomRequest { room_id: room.clone(), topic, ..Default::default() };
        let error = ada.client.update_room(request).await.expect_err("a topic is one line");
        assert_eq!(error.violations, [("topic".to_owned(), "must be a single line".to_owned())]);
        server.end().await;
    }

    async fn reactions_are_counted_with_who_and_each_once(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        let message = ada.send(&room, "hello").await;
        let name = (room.as_str(), message.seq);
        react(&bob, name, "❤️").await.expect("reacted");
        react(&ada, name, "👩🏽‍💻").await.expect("reacted");
        let both = react(&ada, name, "❤").await.expect("the same emoji, written shorter");
        assert_eq!(reactions(&both), [("❤️", 2), ("👩🏽‍💻", 1)]);
        assert_eq!(both.reactions[0].user_ids, [bob.user.id.clone(), ada.user.id.clone()]);
        assert_eq!(react(&ada, name, "❤️").await.expect("again"), both);
        let less = unreact(&bob, name, "❤️").await.expect("taken away");
        assert_eq!(reactions(&less), [("❤️", 1), ("👩🏽‍💻", 1)], "it keeps its place");
        assert_eq!(less.reactions[0].user_ids, std::slice::from_ref(&ada.user.id));
        assert_eq!(unreact(&bob, name, "❤️").await.expect("again"), less);
        assert_eq!(get(&bob, name).await, less);
        assert_eq!(bob.history(&room).await.last(), Some(&less));
        let none = unreact(&ada, name, "❤️").await.expect("taken away");
        assert_eq!(reactions(&none), [("👩🏽‍💻", 1)]);

        for bad in ["", "x", "👍👍", ":thumbsup:", "<b>", "🏽", "❤\u{FE0E}"] {
            let error = react(&ada, name, bad).await.expect_err("no emoji");
            assert_eq!(error.violations[0].0, "emoji", "{bad}");
        }
        let emojis = ["😀", "😃", "😄", "😁", "😆", "😅", "🤣", "😂", "🙂", "🙃", "🫠", "😉", "😊",
            "😇", "🥰", "😍", "🤩", "😘", "😗", "😚"];
        for emoji in &emojis[..19] {
            react(&bob, name, emoji).await.expect("reacted");
        }
        let many = (Code::FailedPrecondition, "TOO_MANY_REACTIONS".to_owned());
        assert_eq!(reason(react(&bob, name, emojis[19]).await), many);
        react(&ada, name, emojis[0]).await.expect("one that is there may always be joined");
        server.end().await;
    }

    async fn pins_are_for_admins_and_listed_newest_first(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        let one = bob.send(&room, "one").await;
        let two = bob.send(&room, "two").await;
        assert_eq!(reason(pin(&bob, (&room, one.seq)).await), (Code::PermissionDenied, "NOT_ADMIN".into()));
        let two = pin(&ada, (&room, two.seq)).await.expect("pinned");
        let one = pin(&ada, (&room, one.seq)).await.expect("pinned");
        assert_eq!(one.pin.as_ref().map(|pin| pin.user_id.as_str()), Some(ada.user.id.as_str()));
        assert_eq!(pin(&ada, (&room, one.seq)).await.expect("again"), one);
        let list = async || {
            let request = v1::ListPinsRequest { room_id: room.clone() };
            bob.client.list_pins(request).await.expect("pins").messages
        };
        assert_eq!(list().await, [one.clone(), two.clone()]);
        let request = v1::UnpinMessageRequest { room_id: room.clone(), seq: one.seq, ..Default::default() };
        let unpinned = ada.client.unpin_message(request).await.expect("unpinned").message;
        assert_eq!(unpinned.expect("a message").pin, None);
        assert_eq!(list().await, [two]);
        server.end().await;
    }

    async fn an_answer_names_the_message_it_answers(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let other = ada.create_room("Other").await;
        let question = ada.send(&room, "who?").await;
        let answer = async |room: &str, reply_to_seq, id: &str| {
            let request = v1::SendMessageRequest {
                room_id: room.into(),
                text: "me".into(),
                client_message_id: id.into(),
                reply_to_seq,
                ..Default::default()
            };
            let sent = ada.client.send_message(request).await?;
            Ok(sent.message.expect("a message"))
        };
        let sent = answer(&room, question.seq, "1").await.expect("sent");
        assert_eq!(sent.reply_to_seq, question.seq);
        assert_eq!(get(&ada, (&room, sent.seq)).await, sent);
        let missing = (Code::NotFound, "MESSAGE_NOT_FOUND".to_owned());
        assert_eq!(reason(answer(&other, question.seq, "2").await), missing);
        assert_eq!(reason(answer(&room, 77, "3").await), missing);
        delete(&ada, (&room, question.seq)).await.expect("deleted");
        let gone = (Code::FailedPrecondition, "MESSAGE_DELETED".to_owned());
        assert_eq!(reason(answer(&room, question.seq, "4").await), gone);
        assert_eq!(get(&ada, (&room, sent.seq)).await, sent, "the answer stays");
        server.end().await;
    }

    async fn who_was_away_sees_what_became_of_old_messages(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let mut old = Vec::new();
        for n in 0..5 {
            old.push(ada.send(&room, &n.to_string()).await);
        }
        let known = old[4].seq;
        edit(&ada, (&room, old[0].seq), "edited").await.expect("edited");
        delete(&ada, (&room, old[1].seq)).await.expect("deleted");
        react(&ada, (&room, old[2].seq), "👍").await.expect("reacted");
        pin(&ada, (&room, old[3].seq)).await.expect("pinned");
        react(&ada, (&room, old[0].seq), "🎉").await.expect("reacted");

        let mut back = ada.resume(HashMap::from([(room.clone(), known)])).await;
        let mut state: HashMap<i64, v1::Message> =
            old.iter().map(|message| (message.seq, message.clone())).collect();
        let mut at = known;
        while at < known + 5 {
            let change = back.change().await;
            assert_eq!(change.after_seq, at);
            at = change.seq;
            state.extend(change.message.map(|message| (message.seq, message)));
        }
        for message in ada.history(&room).await.iter().filter(|message| message.seq > 1) {
            assert_eq!(state.get(&message.seq), Some(message), "as someone sees it who comes new");
        }
        server.end().await;
    }

    async fn a_stream_does_the_same_as_unary_calls(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let message = ada.send(&room, "helo").await;
        let mut stream = ada.stream().await;
        let (room_id, seq) = (room.clone(), message.seq);
        let edit = v1::EditMessageRequest { room_id, seq, text: "hello".into(), ..Default::default() };
        let reply = stream.call(Command::EditMessage(edit)).await.expect("edited");
        let Outcome::EditMessage(edited) = reply else { panic!("another reply: {reply:?}") };
        let edited = edited.message.expect("a message");
        assert_eq!(edited, get(&ada, (&room, seq)).await);
        let react =
            v1::AddReactionRequest { room_id: room.clone(), seq, emoji: "nothing".into(), ..Default::default() };
        let error = stream.call(Command::AddReaction(react)).await.expect_err("refused");
        assert_eq!(error.violations[0].0, "emoji");
        server.end().await;
    }

    async fn strangers_learn_nothing_of_messages(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let eve = Person::register(&server.url, "eve").await;
        let room = ada.create_room("Room").await;
        let seq = ada.send(&room, "hello").await.seq;
        let name = (room.as_str(), seq);
        let refused = (Code::PermissionDenied, "NOT_MEMBER".to_owned());
        assert_eq!(reason(edit(&eve, name, "x").await), refused);
        assert_eq!(reason(delete(&eve, name).await), refused);
        assert_eq!(reason(react(&eve, name, "👍").await), refused);
        assert_eq!(reason(unreact(&eve, name, "👍").await), refused);
        assert_eq!(reason(pin(&eve, name).await), refused);
        let request = v1::ListPinsRequest { room_id: room.clone() };
        assert_eq!(reason(eve.client.list_pins(request).await), refused);
        let request = v1::ListMessageVersionsRequest { room_id: room.clone(), seq };
        assert_eq!(reason(eve.client.list_message_versions(request).await), refused);
        assert_eq!(reason(edit(&eve, (&room, 999), "x").await), refused, "not even what there is");
        server.end().await;
    }
}

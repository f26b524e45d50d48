//! Threads and mentions.

use causerie_client::v1::{self, event::Kind, mention::Who};
use tonic::Code;

use crate::support::{
    Person, Server, on_both_databases,
    people::{reason, send_request, text_of},
};

type Answer<T> = Result<T, causerie_client::Error>;

/// Posts an answer in a thread.
async fn answer(person: &Person, (room, root): (&str, i64), text: &str) -> Answer<v1::Message> {
    let id: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    let request = v1::SendMessageRequest { thread_seq: root, ..send_request(room, text, &id) };
    Ok(person.client.send_message(request).await?.message.expect("a message"))
}

async fn thread(person: &Person, (room, root): (&str, i64)) -> Answer<v1::ListThreadResponse> {
    let request =
        v1::ListThreadRequest { room_id: room.into(), thread_seq: root, ..Default::default() };
    person.client.list_thread(request).await
}

async fn mark(person: &Person, (room, thread_seq): (&str, i64), seq: i64) -> Answer<i64> {
    let request =
        v1::MarkReadRequest { room_id: room.into(), seq, thread_seq, ..Default::default() };
    Ok(person.client.mark_read(request).await?.read_seq)
}

async fn edit(person: &Person, (room, seq): (&str, i64), text: &str) -> v1::Message {
    let request = v1::EditMessageRequest {
        room_id: room.into(),
        seq,
        text: text.into(),
        ..Default::default()
    };
    person.client.edit_message(request).await.expect("edited").message.expect("a message")
}

async fn delete(person: &Person, (room, seq): (&str, i64)) {
    let request = v1::DeleteMessageRequest { room_id: room.into(), seq, ..Default::default() };
    person.client.delete_message(request).await.expect("deleted");
}

async fn inbox(person: &Person) -> Vec<String> {
    let mut texts = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = v1::ListMentionsRequest { page_size: 2, page_token };
        let page = person.client.list_mentions(request).await.expect("mentions");
        texts.extend(page.messages.iter().map(|message| text_of(message).to_owned()));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return texts;
        }
    }
}

/// Whom a message calls, by the name in the text.
fn called(message: &v1::Message) -> Vec<(String, String)> {
    let mut called: Vec<_> = message
        .mentions
        .iter()
        .map(|mention| {
            let who = match mention.who.as_ref().expect("someone") {
                Who::UserId(id) => id.clone(),
                Who::All(_) => "all".into(),
                Who::Here(_) => "here".into(),
            };
            (mention.name.clone(), who)
        })
        .collect();
    called.sort();
    called
}

fn texts(messages: &[v1::Message]) -> Vec<&str> {
    messages.iter().map(text_of).collect()
}

on_both_databases! {
    async fn answers_stand_in_their_thread_and_count_there_alone(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let eve = Person::register(&server.url, "eve").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        eve.join(&room).await;
        let root = ada.send(&room, "lunch?").await;
        let name = (room.as_str(), root.seq);
        for person in [&ada, &bob, &eve] {
            mark(person, (&room, 0), root.seq).await.expect("marked");
        }
        let mut watching = eve.stream().await;

        let first = answer(&bob, name, "yes").await.expect("sent");
        assert_eq!(first.thread_seq, root.seq);
        assert_eq!(watching.message().await, first);
        let told = watching.change().await;
        let delta = told.thread.expect("what has become of the thread");
        assert_eq!((delta.message_seq, told.seq), (root.seq, first.seq + 1));
        let shown = delta.thread.expect("a thread");
        assert_eq!((shown.reply_count, shown.last_reply_seq), (1, first.seq));
        let second = answer(&ada, name, "at noon").await.expect("sent");
        let later = ada.send(&room, "done").await;

        // The timeline has the root and what follows, not the answers.
        let history = bob.history(&room).await;
        let timeline: Vec<_> =
            history.iter().filter(|message| !message.client_message_id.is_empty()).collect();
        assert_eq!(timeline.iter().map(|m| m.seq).collect::<Vec<_>>(), [root.seq, later.seq]);
        assert_eq!(timeline[0].thread.as_ref().expect("a thread").reply_count, 2);
        let page = thread(&eve, name).await.expect("a page");
        assert_eq!(texts(&page.messages), ["yes", "at noon"]);
        assert_eq!(page.root.as_ref(), Some(timeline[0]));
        assert!(!page.following && page.read_seq == 0);

        // Answers are unread in threads that one follows, and nowhere else.
        let unread = async |person: &Person| {
            let summary = person.summary(&room).await;
            (summary.unread_count, summary.unread_thread_count)
        };
        assert_eq!(unread(&ada).await, (0, 0), "who answers has read what is above");
        assert_eq!(unread(&bob).await, (1, 1), "bob has not seen the second answer");
        assert_eq!(unread(&eve).await, (1, 0), "eve does not follow");
        assert_eq!(bob.summary(&room).await.last_message.expect("one").seq, later.seq);
        assert_eq!(mark(&bob, (&room, 0), later.seq).await.expect("marked"), later.seq);
        assert_eq!(unread(&bob).await, (0, 1), "the room's mark is not the thread's");
        let mut bobs = bob.stream().await;
        assert_eq!(mark(&bob, name, second.seq).await.expect("marked"), second.seq);
        assert_eq!(mark(&bob, name, first.seq).await.expect("marked"), second.seq, "never back");
        assert_eq!(unread(&bob).await, (0, 0));
        let told = bobs
            .until("the mark on his other device", |kind| match kind {
                v1::event::Kind::ReadMarker(mark) if mark.thread_seq != 0 => Some(mark.clone()),
                _ => None,
            })
            .await;
        assert_eq!((told.thread_seq, told.read_seq), (root.seq, second.seq));

        // A deleted answer does not count any more; the thread stays.
        delete(&ada, (&room, second.seq)).await;
        let page = thread(&bob, name).await.expect("a page");
        let shown = page.root.expect("the root").thread.expect("a thread");
        assert_eq!((shown.reply_count, shown.last_reply_seq), (1, second.seq));
        assert_eq!(page.messages.len(), 2, "with its tombstone");
        assert!(page.following);

        // Threads have none of their own, and what is not there has none.
        let thread_in_thread = (Code::FailedPrecondition, "THREAD_IN_THREAD".into());
        assert_eq!(reason(answer(&bob, (&room, first.seq), "x").await), thread_in_thread);
        assert_eq!(reason(thread(&bob, (&room, first.seq)).await), thread_in_thread);
        assert_eq!(reason(mark(&bob, (&room, first.seq), 1).await), thread_in_thread);
        let missing = (Code::NotFound, "MESSAGE_NOT_FOUND".into());
        assert_eq!(reason(answer(&bob, (&room, 9_999), "x").await), missing);
        assert_eq!(reason(thread(&bob, (&room, 9_999)).await), missing);
        let system = (Code::FailedPrecondition, "SYSTEM_MESSAGE".into());
        assert_eq!(reason(answer(&bob, (&room, 1), "x").await), system);
        assert_eq!(reason(thread(&bob, (&room, 1)).await), system);
        delete(&ada, name).await;
        let deleted = (Code::FailedPrecondition, "MESSAGE_DELETED".into());
        assert_eq!(reason(answer(&bob, name, "too late").await), deleted);
        assert_eq!(thread(&bob, name).await.expect("still read").messages.len(), 2);
        server.end().await;
    }

    async fn who_is_called_by_an_edit_follows_the_thread(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let eve = Person::register(&server.url, "eve").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        eve.join(&room).await;
        let root = ada.send(&room, "lunch?").await;
        let name = (room.as_str(), root.seq);
        let first = answer(&bob, name, "ask her").await.expect("sent");
        assert!(!thread(&eve, name).await.expect("a thread").following);
        edit(&bob, (&room, first.seq), "ask @eve").await;
        assert!(thread(&eve, name).await.expect("a thread").following);
        assert_eq!(eve.summary(&room).await.unread_thread_count, 1);
        // Whom it calls stays called, also when only a word is mended after they left.
        eve.leave(&room).await;
        let mended = edit(&bob, (&room, first.seq), "please ask @eve").await;
        assert_eq!(mended.mentions.len(), 1);
        // What is said while one is away is not unread.
        eve.join(&room).await;
        mark(&eve, name, first.seq).await.expect("read");
        eve.leave(&room).await;
        answer(&bob, name, "she is away").await.expect("sent");
        eve.join(&room).await;
        assert_eq!(eve.summary(&room).await.unread_thread_count, 0);
        server.end().await;
    }

    async fn a_resumed_stream_is_told_what_was_read_of_threads(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        let root = ada.send(&room, "lunch?").await;
        let name = (room.as_str(), root.seq);
        let first = answer(&bob, name, "yes").await.expect("sent");
        let head = ada.summary(&room).await.room.expect("a room").head_seq;
        // Meanwhile on another device.
        mark(&ada, name, first.seq).await.expect("read");
        let mut stream = ada.resume([(room.clone(), head)].into()).await;
        let told = stream
            .until("the mark of the thread", |kind| match kind {
                Kind::ReadMarker(mark) if mark.thread_seq == root.seq => Some(mark.read_seq),
                _ => None,
            })
            .await;
        assert_eq!(told, first.seq);
        server.end().await;
    }

    async fn a_name_is_called_beside_letters_of_other_scripts_but_not_in_addresses(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        for text in ["请@bob看一下", "日本@bob", "é@bob", "(@bob)", "\"@bob\"", "привет,@Bob.", "https://example.org，@bob"] {
            let message = ada.send(&room, text).await;
            assert_eq!(message.mentions.len(), 1, "{text}");
        }
        let unread = bob.summary(&room).await.unread_mention_count;
        assert_eq!(unread, 7);
        for text in ["a@bob", "@@bob", "_@bob", "x=@bob", "https://example.org/(@bob)", "www.example.org/é@bob",
            "`@bob`", "```\n请@bob\n```", "mail @bob@example.org"] {
            let message = ada.send(&room, text).await;
            assert!(message.mentions.is_empty(), "{text}");
        }
        server.end().await;
    }

    async fn many_are_called_whatever_else_stands_there(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let mut names: Vec<String> = (0..60).map(|n| format!("@nobody{n}")).collect();
        names.push("@ada.".into());
        let sent = ada.send(&room, &names.join(" ")).await;
        assert_eq!(called(&sent).len(), 1);
        server.end().await;
    }

    async fn a_repeated_answer_stands_once(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let root = ada.send(&room, "root").await;
        let name = (room.as_str(), root.seq);
        let first = answer(&ada, name, "once").await.expect("sent");
        assert_eq!(answer(&ada, name, "once").await.expect("the first"), first);
        let page = thread(&ada, name).await.expect("a page");
        assert_eq!(page.messages, [first]);
        assert_eq!(page.root.expect("root").thread.expect("a thread").reply_count, 1);
        server.end().await;
    }

    async fn a_long_thread_is_counted_up_to_a_bound_and_paged(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let root = ada.send(&room, "root").await;
        let name = (room.as_str(), root.seq);
        let sends = (0..1_005).map(|n| {
            let text = n.to_string();
            let ada = &ada;
            async move { answer(ada, name, &text).await.expect("sent") }
        });
        let sent: Vec<_> = futures::StreamExt::collect(futures::StreamExt::buffer_unordered(
            futures::stream::iter(sends),
            64,
        ))
        .await;
        let shown = async || {
            let page = thread(&ada, name).await.expect("a page");
            let thread = page.root.expect("the root").thread.expect("a thread");
            (thread.reply_count, thread.reply_more)
        };
        assert_eq!(shown().await, (999, true));
        for message in &sent[..7] {
            delete(&ada, (&room, message.seq)).await;
        }
        assert_eq!(shown().await, (998, false));

        // Backwards through all of it, by pages.
        let mut seen = 0;
        let mut anchor = None;
        loop {
            let request = v1::ListThreadRequest {
                room_id: room.clone(),
                thread_seq: root.seq,
                anchor,
                page_size: 200,
            };
            let page = ada.client.list_thread(request).await.expect("a page");
            seen += page.messages.len();
            if !page.has_older {
                break;
            }
            anchor = Some(v1::list_thread_request::Anchor::BeforeSeq(page.messages[0].seq));
        }
        assert_eq!(seen, 1_005);
        server.end().await;
    }

    async fn mentions_are_kept_by_id_counted_and_listed(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let eve = Person::register(&server.url, "eve").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;

        let both = ada.send(&room, "hi @Bob, `@eve` and @eve and @nobody").await;
        assert_eq!(called(&both), [("Bob".to_owned(), bob.user.id.clone())], "eve is not in the room");
        let all = ada.send(&room, "@all @here @bob").await;
        assert_eq!(
            called(&all),
            [("all", "all"), ("bob", &bob.user.id), ("here", "here")]
                .map(|(name, who)| (name.to_owned(), who.to_owned()))
        );
        let plain = bob.send(&room, "@all, hello @ada and @bob").await;
        assert_eq!(
            called(&plain),
            [("ada".to_owned(), ada.user.id.clone()), ("bob".to_owned(), bob.user.id.clone())],
            "only admins call all"
        );
        eve.join(&room).await;

        let counts = async |person: &Person| person.summary(&room).await.unread_mention_count;
        assert_eq!(counts(&bob).await, 2, "once for each message");
        assert_eq!(counts(&ada).await, 1);
        assert_eq!(counts(&eve).await, 0, "what was before she joined");
        assert_eq!(inbox(&bob).await, ["@all @here @bob", "hi @Bob, `@eve` and @eve and @nobody"]);
        assert_eq!(inbox(&ada).await, ["@all, hello @ada and @bob"]);
        assert_eq!(inbox(&eve).await, Vec::<String>::new());

        // Who is called follows the text; the history agrees with what was told.
        let edited = edit(&ada, (&room, all.seq), "@eve instead").await;
        assert_eq!(called(&edited), [("eve".to_owned(), eve.user.id.clone())]);
        assert_eq!(counts(&bob).await, 1);
        let history = bob.history(&room).await;
        assert_eq!(history.iter().find(|m| m.seq == all.seq), Some(&edited));
        assert_eq!(history.iter().find(|m| m.seq == both.seq), Some(&both));
        delete(&ada, (&room, both.seq)).await;
        assert_eq!((counts(&bob).await, inbox(&bob).await), (0, vec![]));
        mark(&ada, (&room, 0), plain.seq).await.expect("marked");
        assert_eq!(counts(&ada).await, 0);

        // A mention in a thread lets one follow it, and is in the inbox too.
        let name = (room.as_str(), plain.seq);
        let in_thread = answer(&bob, name, "see @eve").await.expect("sent");
        let summary = eve.summary(&room).await;
        assert_eq!((summary.unread_mention_count, summary.unread_thread_count), (0, 1));
        assert_eq!(inbox(&eve).await, ["see @eve"]);
        mark(&eve, name, in_thread.seq).await.expect("marked");
        assert_eq!(eve.summary(&room).await.unread_thread_count, 0);

        // A repeat answers with all that hangs on the first.
        let first = ada.try_send(&room, "again @bob", "the-id").await.expect("sent");
        assert_eq!(ada.try_send(&room, "again @bob", "the-id").await.expect("sent"), first);
        assert_eq!(called(&first).len(), 1);

        // Who has left sees no mention of that room any more.
        eve.leave(&room).await;
        assert_eq!(inbox(&eve).await, Vec::<String>::new());
        server.end().await;
    }
}

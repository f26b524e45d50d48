//! The list of the threads that one follows.

use causerie_client::v1::{
    self, chat_request::Command, message::Content, reply::Result as Outcome,
};
use tonic::Code;

use crate::support::{
    Person, Server, on_both_databases,
    people::{reason, send_request, text_of},
};

/// Posts an answer in a thread.
async fn answer(person: &Person, (room, root): (&str, i64), text: &str) -> v1::Message {
    let id: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    let request = v1::SendMessageRequest { thread_seq: root, ..send_request(room, text, &id) };
    let sent = person.client.send_message(request).await.expect("sent");
    sent.message.expect("a message")
}

async fn delete(person: &Person, (room, seq): (&str, i64)) {
    let request = v1::DeleteMessageRequest { room_id: room.into(), seq, ..Default::default() };
    person.client.delete_message(request).await.expect("deleted");
}

/// All pages of a list, of `page_size` threads each: the texts of their roots.
async fn listed(person: &Person, request: v1::ListThreadsRequest) -> Vec<String> {
    let (mut texts, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = v1::ListThreadsRequest { page_token, ..request.clone() };
        let page = person.client.list_threads(request).await.expect("threads");
        for thread in page.threads {
            texts.push(text_of(&thread.root.expect("a root")).to_owned());
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return texts;
        }
    }
}

async fn all(person: &Person) -> Vec<String> {
    listed(person, v1::ListThreadsRequest::default()).await
}

/// The unread ones, one on a page; as many as the summaries count.
async fn unread(person: &Person) -> Vec<String> {
    let request = v1::ListThreadsRequest { unread_only: true, page_size: 1, ..Default::default() };
    let texts = listed(person, request).await;
    let rooms = person.client.list_rooms(v1::ListRoomsRequest::default()).await.expect("rooms");
    let counted: i32 = rooms.rooms.iter().map(|room| room.unread_thread_count).sum();
    assert_eq!(usize::try_from(counted), Ok(texts.len()), "{texts:?}");
    texts
}

on_both_databases! {
    async fn threads_are_listed_while_they_are_followed_and_told_when_unread(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let eve = Person::register(&server.url, "eve").await;
        let room = bob.create_room("Room").await;
        let other = bob.create_room("Other").await;
        for (person, room) in [(&ada, &room), (&ada, &other), (&eve, &room)] {
            person.join(room).await;
        }
        assert!(all(&ada).await.is_empty());
        let first = ada.send(&room, "first").await;
        let second = ada.send(&room, "second").await;
        let elsewhere = ada.send(&other, "elsewhere").await;
        assert!(all(&ada).await.is_empty(), "nobody has answered");
        let early = answer(&bob, (&room, first.seq), "early").await;
        let late = answer(&bob, (&room, second.seq), "late").await;
        answer(&bob, (&other, elsewhere.seq), "there").await;

        // Room by room, in each the newest thread first.
        let in_order = all(&ada).await;
        let position = |text: &str| in_order.iter().position(|it| it == text);
        assert_eq!(in_order.len(), 3, "{in_order:?}");
        assert_eq!(position("first").zip(position("second")).map(|(a, b)| a - b), Some(1));
        assert_eq!(all(&bob).await, in_order, "who has answered follows");
        assert!(all(&eve).await.is_empty());
        assert_eq!(unread(&ada).await, in_order);
        assert!(unread(&bob).await.is_empty());

        // With what the root tells of its thread, and up to where it is read.
        let of_room = v1::ListThreadsRequest { room_id: room.clone(), ..Default::default() };
        let threads = ada.client.list_threads(of_room.clone()).await.expect("threads").threads;
        assert_eq!(threads.len(), 2);
        let root = threads[0].root.clone().expect("a root");
        assert_eq!((root.seq, root.thread.map(|it| it.last_reply_seq)), (second.seq, Some(late.seq)));
        assert!(threads.iter().all(|it| it.unread && it.read_seq < late.seq));
        let read = v1::MarkReadRequest { room_id: room.clone(), seq: early.seq, thread_seq: first.seq, ..Default::default() };
        ada.client.mark_read(read).await.expect("marked");
        let threads = ada.client.list_threads(of_room.clone()).await.expect("threads").threads;
        let states: Vec<_> = threads.iter().map(|it| (it.unread, it.read_seq)).collect();
        assert_eq!(states[1], (false, early.seq));
        assert!(states[0].0);
        assert_eq!(unread(&ada).await.len(), 2);

        // The same on a stream.
        let mut stream = ada.stream().await;
        let answered = stream.call(Command::ListThreads(of_room.clone())).await.expect("a reply");
        assert!(matches!(answered, Outcome::ListThreads(page) if page.threads == threads));

        // An answer that is deleted is not unread; a root that is deleted has its thread.
        delete(&bob, (&room, late.seq)).await;
        assert_eq!(unread(&ada).await, ["elsewhere"]);
        delete(&ada, (&room, second.seq)).await;
        let threads = ada.client.list_threads(of_room.clone()).await.expect("threads").threads;
        let root = threads[0].root.clone().expect("a root");
        assert!(root.seq == second.seq && matches!(root.content, Some(Content::Deleted(_))));

        // Not across a block, and not in rooms that one has left.
        let request = v1::BlockUserRequest { user_id: bob.user.id.clone() };
        ada.client.block_user(request).await.expect("blocked");
        assert!(unread(&ada).await.is_empty());
        assert_eq!(all(&ada).await.len(), 3);
        ada.leave(&other).await;
        assert_eq!(all(&ada).await.len(), 2);
        let of_other = v1::ListThreadsRequest { room_id: other, ..Default::default() };
        let refused = reason(ada.client.list_threads(of_other).await);
        assert_eq!(refused, (Code::PermissionDenied, "NOT_MEMBER".into()));
        let room_id = uuid::Uuid::now_v7().to_string();
        let nowhere = v1::ListThreadsRequest { room_id, ..Default::default() };
        let refused = reason(ada.client.list_threads(nowhere).await);
        assert_eq!(refused, (Code::NotFound, "ROOM_NOT_FOUND".into()));
        server.end().await;
    }

    async fn a_call_looks_at_a_bounded_number_of_threads(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let root = ada.send(&room, "root").await;
        answer(&ada, (&room, root.seq), "answer").await;
        // Many threads of a room that ada is not in, which come before.
        let user = ada.user.id.replace('-', "");
        let far = "ff".repeat(16);
        let rows: Vec<String> =
            (1..=1_500).map(|seq| format!("(x'{user}',x'{far}',{seq},0,1)")).collect();
        let insert = "insert into thread_marks (user_id, room_id, thread_seq, read_seq, follows)";
        server.database().await.execute(format!("{insert} values {}", rows.join(","))).await;
        let request = v1::ListThreadsRequest { page_size: 5, ..Default::default() };
        let page = ada.client.list_threads(request.clone()).await.expect("a page");
        assert!(page.threads.is_empty() && !page.next_page_token.is_empty());
        let request = v1::ListThreadsRequest { page_token: page.next_page_token, ..request };
        let page = ada.client.list_threads(request).await.expect("a page");
        assert_eq!((page.threads.len(), page.next_page_token.as_str()), (1, ""));
        server.end().await;
    }

    async fn one_room_is_had_with_what_is_unread_in_it(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        let get = async |person: &Person| {
            let request = v1::GetRoomRequest { room_id: room.clone() };
            person.client.get_room(request).await.expect("a room")
        };
        let seen = get(&bob).await;
        assert!(!seen.joined && seen.summary.is_none() && seen.room.is_some());
        bob.join(&room).await;
        ada.send(&room, "hello @bob").await;
        let seen = get(&bob).await;
        let summary = seen.summary.expect("a member's summary");
        assert!(seen.joined);
        assert_eq!((summary.unread_count, summary.unread_mention_count), (1, 1));
        assert_eq!(summary.room, seen.room);
        assert_eq!(summary, bob.summary(&room).await);
        server.end().await;
    }
}

//! A block between two people holds in every room, and does not tell whose it is.

use causerie_client::v1::{
    self, MemberRole, RoomKind, chat_request::Command, event::Kind, mention::Who,
};
use tonic::Code;

use crate::support::{
    Person, Server, Stream, on_both_databases,
    people::{reason, send_request, text_of},
};

type Answer<T> = Result<T, causerie_client::Error>;

fn blocked() -> (Code, String) {
    (Code::PermissionDenied, "BLOCKED".into())
}

async fn block(by: &Person, who: &Person) {
    let request = v1::BlockUserRequest { user_id: who.user.id.clone() };
    by.client.block_user(request).await.expect("blocked");
}

async fn unblock(by: &Person, who: &Person) {
    let request = v1::UnblockUserRequest { user_id: who.user.id.clone() };
    by.client.unblock_user(request).await.expect("unblocked");
}

async fn private_room(person: &Person) -> String {
    let kind = RoomKind::Private.into();
    let request = v1::CreateRoomRequest { name: "Room".into(), kind, ..Default::default() };
    person.client.create_room(request).await.expect("a room").room.expect("a room").id
}

async fn add(by: &Person, room: &str, users: &[&Person]) -> Answer<v1::AddMembersResponse> {
    let user_ids = users.iter().map(|person| person.user.id.clone()).collect();
    by.client
        .add_members(v1::AddMembersRequest { room_id: room.into(), user_ids, ..Default::default() })
        .await
}

async fn members(person: &Person, room: &str) -> Vec<String> {
    let request = v1::ListMembersRequest { room_id: room.into(), ..Default::default() };
    let page = person.client.list_members(request).await.expect("members");
    page.members.into_iter().filter_map(|member| Some(member.user?.username)).collect()
}

async fn make_admin(by: &Person, room: &str, who: &Person) {
    let (room_id, user_id) = (room.to_owned(), who.user.id.clone());
    let request = v1::SetMemberRoleRequest { room_id, user_id, role: MemberRole::Admin.into() };
    by.client.set_member_role(request).await.expect("made admin");
}

/// What mentions a person: the count of a room, and the list.
async fn mentioned(person: &Person, room: &str) -> (i32, Vec<String>) {
    let request = v1::ListMentionsRequest::default();
    let page = person.client.list_mentions(request).await.expect("mentions");
    let texts = page.messages.iter().map(|message| text_of(message).to_owned()).collect();
    (person.summary(room).await.unread_mention_count, texts)
}

fn calls(message: &v1::Message, person: &Person) -> bool {
    message.mentions.iter().any(|mention| mention.who == Some(Who::UserId(person.user.id.clone())))
}

async fn watch(stream: &mut Stream, room: &str) -> Vec<String> {
    let request = v1::WatchRoomsRequest { room_ids: vec![room.into()], ..Default::default() };
    match stream.call(Command::WatchRooms(request)).await.expect("watching") {
        v1::reply::Result::WatchRooms(mut watched) => watched.rooms.remove(0).typing_user_ids,
        other => panic!("another reply: {other:?}"),
    }
}

async fn types(person: &Person, room: &str) {
    let request = v1::SetTypingRequest { room_id: room.into(), typing: true };
    person.client.set_typing(request).await.expect("noted");
}

/// Who is told next to type, before a message comes.
async fn next_typist(stream: &mut Stream) -> Option<String> {
    stream
        .until("a typist or a message", |event| match event {
            Kind::Typing(typing) if typing.typing => Some(Some(typing.user_id.clone())),
            Kind::Change(v1::RoomChange { message: Some(_), .. }) => Some(None),
            _ => None,
        })
        .await
}

on_both_databases! {
    async fn nobody_is_added_by_one_with_whom_they_have_a_block(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let eve = Person::register(&server.url, "eve").await;
        let room = private_room(&ada).await;
        for (by, who) in [(&bob, &ada), (&ada, &bob)] {
            block(by, who).await;
            let head = ada.history(&room).await.len();
            assert_eq!(reason(add(&ada, &room, &[&bob]).await), blocked());
            assert_eq!(reason(add(&ada, &room, &[&eve, &bob]).await), blocked());
            assert_eq!((members(&ada, &room).await, ada.history(&room).await.len()), (vec!["ada".into()], head));
            unblock(by, who).await;
        }
        // What is between others is neither looked at nor shown.
        block(&bob, &eve).await;
        add(&ada, &room, &[&eve]).await.expect("added");
        add(&ada, &room, &[&bob]).await.expect("added");
        // Of a member too: what is asked for is refused as a whole.
        block(&bob, &ada).await;
        assert_eq!(reason(add(&ada, &room, &[&bob]).await), blocked());
        assert_eq!(members(&ada, &room).await, ["ada", "bob", "eve"]);
        server.end().await;
    }

    async fn what_one_writes_mentions_nobody_with_whom_they_have_a_block(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let eve = Person::register(&server.url, "eve").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        eve.join(&room).await;
        make_admin(&ada, &room, &eve).await;
        let before = eve.send(&room, "@bob before").await;
        assert!(calls(&before, &bob));
        assert_eq!(mentioned(&bob, &room).await, (1, vec!["@bob before".into()]));
        for (by, who) in [(&bob, &eve), (&eve, &bob)] {
            block(by, who).await;
            // In both directions, whoever has blocked whom; others are called as ever.
            let sent = eve.send(&room, "@bob @ada hear me").await;
            assert!(!calls(&sent, &bob) && calls(&sent, &ada));
            assert!(!calls(&bob.send(&room, "@eve and you").await, &eve));
            eve.send(&room, "@all of you").await;
            let plain = eve.send(&room, "nothing").await;
            let edit = v1::EditMessageRequest { room_id: room.clone(), seq: plain.seq, text: "@bob!".into(), ..Default::default() };
            let edited = eve.client.edit_message(edit).await.expect("edited").message.expect("a message");
            assert!(!calls(&edited, &bob));
            assert_eq!(mentioned(&bob, &room).await, (0, vec![]), "what was said before counts no more");
            assert_eq!(mentioned(&eve, &room).await, (0, vec![]));
            // It stays visible, and counts as unread like any other.
            assert!(bob.history(&room).await.iter().any(|message| text_of(message) == "@all of you"));
            assert!(bob.summary(&room).await.unread_count >= 3);
            // Nor does an answer in a thread make them follow it.
            let root = ada.send(&room, "a thread").await;
            let request = v1::SendMessageRequest {
                thread_seq: root.seq,
                ..send_request(&room, "@bob here", &uuid::Uuid::new_v4().to_string())
            };
            eve.client.send_message(request).await.expect("sent");
            let request = v1::ListThreadRequest { room_id: room.clone(), thread_seq: root.seq, ..Default::default() };
            assert!(!bob.client.list_thread(request).await.expect("a page").following);
            unblock(by, who).await;
        }
        // An edit keeps no name of one who must not be called.
        block(&eve, &bob).await;
        let edit = v1::EditMessageRequest { room_id: room.clone(), seq: before.seq, text: "@bob again".into(), ..Default::default() };
        let edited = eve.client.edit_message(edit).await.expect("edited").message.expect("a message");
        assert!(!calls(&edited, &bob));
        unblock(&eve, &bob).await;
        assert_eq!(mentioned(&bob, &room).await, (2, vec!["@all of you".into(); 2]));
        assert!(calls(&eve.send(&room, "@bob at last").await, &bob));
        server.end().await;
    }

    async fn both_are_told_of_a_block_and_not_whose_it_is(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let (mut adas, mut bobs) = (ada.stream().await, bob.stream().await);
        let told = |event: &Kind| match event {
            Kind::Blocks(blocks) => Some(blocks.user_ids.clone()),
            _ => None,
        };
        assert!(adas.ready.blocks.take().expect("blocks").user_ids.is_empty());
        block(&ada, &bob).await;
        assert_eq!(adas.until("bob", told).await, std::slice::from_ref(&bob.user.id));
        assert_eq!(bobs.until("ada", told).await, std::slice::from_ref(&ada.user.id));
        // A later stream knows from the start.
        for (person, other) in [(&ada, &bob), (&bob, &ada)] {
            let blocks = person.stream().await.ready.blocks.expect("blocks");
            assert_eq!(blocks.user_ids, std::slice::from_ref(&other.user.id));
        }
        block(&bob, &ada).await;
        unblock(&ada, &bob).await;
        for _ in 0..2 {
            assert_eq!(adas.until("bob's", told).await, std::slice::from_ref(&bob.user.id));
        }
        unblock(&bob, &ada).await;
        assert!(adas.until("nobody", told).await.is_empty());
        server.end().await;
    }

    async fn typing_is_not_told_to_one_with_whom_the_typist_has_a_block(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let eve = Person::register(&server.url, "eve").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        eve.join(&room).await;
        for (by, who) in [(&bob, &eve), (&eve, &bob)] {
            let (mut adas, mut bobs) = (ada.stream().await, bob.stream().await);
            watch(&mut adas, &room).await;
            watch(&mut bobs, &room).await;
            types(&eve, &room).await;
            assert_eq!(next_typist(&mut bobs).await, Some(eve.user.id.clone()));
            assert_eq!(next_typist(&mut adas).await, Some(eve.user.id.clone()));
            block(by, who).await;
            // It ends for all, and goes on for those who may know of it.
            types(&eve, &room).await;
            assert_eq!(next_typist(&mut adas).await, Some(eve.user.id.clone()));
            assert!(watch(&mut bobs, &room).await.is_empty());
            ada.send(&room, "over").await;
            assert_eq!(next_typist(&mut bobs).await, None);
            eve.send(&room, "done").await;
            unblock(by, who).await;
        }
        server.end().await;
    }

    async fn answers_across_a_block_make_no_thread_unread(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        let root = ada.send(&room, "root").await.seq;
        let answer = async |id: &str| {
            let request = v1::SendMessageRequest { thread_seq: root, ..send_request(&room, id, id) };
            bob.client.send_message(request).await.expect("answered");
        };
        for (by, who) in [(&ada, &bob), (&bob, &ada)] {
            block(by, who).await;
            answer(&format!("by-{}", by.user.username)).await;
            assert_eq!(ada.summary(&room).await.unread_thread_count, 0);
            unblock(by, who).await;
        }
        answer("at-last").await;
        assert_eq!(ada.summary(&room).await.unread_thread_count, 1);
        server.end().await;
    }
}

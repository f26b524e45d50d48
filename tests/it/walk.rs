//! The walk of a message, as the README tells it: two people, one at a native
//! client and one in a browser, talk. Read this first.

use std::collections::HashMap;

use causerie_client::{
    client::authorized,
    v1::{self, chat_request::Command, event::Kind, reply::Result as Outcome},
};

use crate::support::{
    Person, Server, on_both_databases,
    people::{PASSWORD, send_request, text_of},
    web::WebClient,
    within,
};

on_both_databases! {
    async fn two_people_talk(database: Database) {
        let server = Server::start(database).await;

        // Ada has a native client: generated stubs over HTTP/2.
        let ada = Person::register(&server.url, "ada").await;
        let directory = ada.client.browse_rooms(v1::BrowseRoomsRequest::default()).await;
        let rooms = directory.expect("the directory").rooms;
        let names: Vec<_> = rooms.iter().filter_map(|r| Some(&r.room.as_ref()?.name)).collect();
        assert_eq!(names, ["General", "Random", "Technology"]);
        let general = rooms[0].room.clone().expect("a room").id;
        ada.join(&general).await;
        let mut ada_stream = ada.stream().await;

        // Bob is in a browser: the same services over grpc-web and HTTP/1.1.
        let mut bob = WebClient::connect(&server.url);
        let registered = bob
            .auth
            .register(v1::RegisterRequest {
                username: "bob".into(),
                password: PASSWORD.into(),
                display_name: "Bob".into(),
                ..Default::default()
            })
            .await
            .expect("an account")
            .into_inner();
        let bob_user = registered.user.expect("a user");
        let token = registered.session.expect("a session").access_token;
        let subscribe = authorized(v1::SubscribeRequest::default(), &token).expect("a token");
        let mut bob_events = bob.chat.subscribe(subscribe).await.expect("a stream").into_inner();

        // He joins the room; Ada sees him come.
        let join = v1::JoinRoomRequest { room_id: general.clone() };
        bob.rooms.join_room(authorized(join, &token).expect("a token")).await.expect("joined");
        let joined = ada_stream.change().await;
        let member = joined.member.expect("the change tells who");
        assert_eq!(member.user.expect("a user").display_name, "Bob");
        assert_eq!(member.state, v1::MemberState::Joined as i32);

        // Both look at the room: typing and presence come to those who do.
        let watch = v1::WatchRoomsRequest { room_ids: vec![general.clone()], ..Default::default() };
        let watched = ada_stream.call(Command::WatchRooms(watch)).await.expect("watching");
        let Outcome::WatchRooms(watched) = watched else { panic!("another reply: {watched:?}") };
        assert_eq!(watched.rooms[0].member_count, 2);
        let typing = v1::SetTypingRequest { room_id: general.clone(), typing: true };
        bob.chat.set_typing(authorized(typing, &token).expect("a token")).await.expect("typing");
        let typist = ada_stream
            .until("typing", |event| match event {
                Kind::Typing(v1::Typing { user_id, typing: true, .. }) => Some(user_id.clone()),
                _ => None,
            })
            .await;
        assert_eq!(typist, bob_user.id);

        // Bob says something; Ada answers on her stream.
        let hello = send_request(&general, "Hello, Ada", "1");
        let sent = bob.chat.send_message(authorized(hello, &token).expect("a token")).await;
        let sent = sent.expect("sent").into_inner().message.expect("a message");
        let heard = ada_stream.message().await;
        assert_eq!(heard, sent);
        let answer = send_request(&general, "Hello, Bob", "1");
        ada_stream.call(Command::SendMessage(answer)).await.expect("sent");

        // Bob sees the room that he joined, then both messages, each once and in order.
        let mut texts = Vec::new();
        let mut position = None;
        within("both messages in the browser", async {
            while texts.len() < 2 {
                let response = bob_events.message().await.expect("a response").expect("an event");
                for event in response.events.into_iter().filter_map(|event| event.kind) {
                    match event {
                        Kind::RoomAdded(added) => {
                            let room = added.summary.and_then(|s| s.room).expect("a room");
                            position = Some(room.head_seq);
                        }
                        Kind::Change(change) => {
                            assert_eq!(Some(change.after_seq), position);
                            position = Some(change.seq);
                            texts.extend(change.message.map(|m| text_of(&m).to_owned()));
                        }
                        _ => {}
                    }
                }
            }
        })
        .await;
        assert_eq!(texts, ["Hello, Ada", "Hello, Bob"]);

        // One is unread for Ada until she says that she has read it; on all her devices.
        assert_eq!(ada.summary(&general).await.unread_count, 1);
        let mark = v1::MarkReadRequest { room_id: general.clone(), seq: sent.seq, thread_seq: 0, ..Default::default() };
        ada_stream.call(Command::MarkRead(mark)).await.expect("marked");
        assert_eq!(ada.summary(&general).await.unread_count, 0);
        let mark = ada_stream
            .until("the read mark", |event| match event {
                Kind::ReadMarker(mark) => Some(mark.read_seq),
                _ => None,
            })
            .await;
        assert_eq!(mark, sent.seq);

        // The history is there for whoever comes later.
        let history = ada.history(&general).await;
        let texts: Vec<_> = history.iter().map(text_of).filter(|text| !text.is_empty()).collect();
        assert_eq!(texts, ["Hello, Ada", "Hello, Bob"]);

        // Ada's connection breaks; when she is back she gets what she missed, once.
        let known = heard.seq;
        drop(ada_stream);
        let missed = send_request(&general, "Are you there?", "2");
        bob.chat.send_message(authorized(missed, &token).expect("a token")).await.expect("sent");
        let mut back = ada.resume(HashMap::from([(general.clone(), known)])).await;
        assert_eq!(text_of(&back.message().await), "Hello, Bob");
        assert_eq!(text_of(&back.message().await), "Are you there?");
        let live = ada.send(&general, "I am back").await;
        assert_eq!(back.message().await, live);

        server.end().await;
    }
}

//! Rooms, members, history and unread counts.

use causerie_client::v1::{
    self, MemberRole,
    SystemMessageKind::{MemberJoined, MemberLeft, RoomCreated},
    list_messages_request::Anchor,
    message::Content,
};
use prost_types::Timestamp;
use tonic::Code;

use crate::support::{Person, Server, on_both_databases, people::text_of};

on_both_databases! {
    async fn the_directory_is_searched_and_paged_by_name(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        for name in ["Astronomy", "astronomy", "Böögg", "100%_sure"] {
            ada.create_room(name).await;
        }
        let browse = async |query: &str, page_size, page_token: &str| {
            let (query, page_token) = (query.to_owned(), page_token.to_owned());
            let request = v1::BrowseRoomsRequest { query, page_size, page_token };
            let page = ada.client.browse_rooms(request).await.expect("a page");
            let rooms = page.rooms.into_iter();
            let names: Vec<_> = rooms.map(|r| (r.room.expect("a room").name, r.joined)).collect();
            (names, page.next_page_token)
        };
        let name = |name: &str, joined| (name.to_owned(), joined);
        let mut all = vec![];
        let mut token = String::new();
        loop {
            let (names, next) = browse("", 2, &token).await;
            all.extend(names.into_iter().map(|(name, _)| name));
            token = next;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(all[0], "100%_sure");
        assert_eq!(all[1..3].iter().map(|n| n.to_lowercase()).collect::<Vec<_>>(), ["astronomy"; 2]);
        assert_eq!(all[3..], ["Böögg", "General", "Random", "Technology"]);
        assert_eq!(browse("BOOGG", 0, "").await.0, [name("Böögg", true)]);
        assert_eq!(browse("böÖ", 0, "").await.0, [name("Böögg", true)]);
        assert_eq!(browse("networks", 0, "").await.0, [name("Technology", true)], "in the topic");
        assert_eq!(browse("%_", 0, "").await.0, [name("100%_sure", true)]);
        server.end().await;
    }

    async fn joining_and_leaving_are_told_once_each(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        bob.join(&room).await;
        let get = |person: &Person| {
            let client = person.client.clone();
            let request = v1::GetRoomRequest { room_id: room.clone() };
            async move { client.get_room(request).await.expect("the room") }
        };
        let seen = get(&bob).await;
        assert!(seen.joined);
        assert_eq!(seen.room.expect("a room").member_count, 2);
        bob.leave(&room).await;
        bob.leave(&room).await;
        assert!(!get(&bob).await.joined);
        let kinds: Vec<_> = ada
            .history(&room)
            .await
            .into_iter()
            .filter_map(|message| match message.content {
                Some(Content::System(system)) => Some((system.kind(), message.sender_id)),
                _ => None,
            })
            .collect();
        let (a, b) = (ada.user.id.clone(), bob.user.id.clone());
        assert_eq!(kinds, [(RoomCreated, a), (MemberJoined, b.clone()), (MemberLeft, b)]);
        server.end().await;
    }

    async fn only_members_read_and_post_and_only_admins_change_settings(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        ada.send(&room, "for members").await;
        let room_id = || room.clone();
        let reasons = [
            bob.try_send(&room, "hi", "1").await.map(drop),
            bob.client.list_messages(v1::ListMessagesRequest { room_id: room_id(), ..Default::default() }).await.map(drop),
            bob.client.get_message(v1::GetMessageRequest { room_id: room_id(), seq: 2 }).await.map(drop),
            bob.client.sync_room(v1::SyncRoomRequest { room_id: room_id(), ..Default::default() }).await.map(drop),
            bob.client.mark_read(v1::MarkReadRequest { room_id: room_id(), seq: 1, thread_seq: 0, ..Default::default() }).await.map(drop),
            bob.client.set_typing(v1::SetTypingRequest { room_id: room_id(), typing: true }).await.map(drop),
            bob.client.list_members(v1::ListMembersRequest { room_id: room_id(), ..Default::default() }).await.map(drop),
            bob.client.update_room(v1::UpdateRoomRequest { room_id: room_id(), name: Some("Bob's".into()), ..Default::default() }).await.map(drop),
        ];
        for result in reasons {
            let error = result.expect_err("not a member");
            assert_eq!((error.code, error.reason.as_str()), (Code::PermissionDenied, "NOT_MEMBER"));
        }
        bob.join(&room).await;
        let rename = v1::UpdateRoomRequest { room_id: room_id(), name: Some("Bob's".into()), ..Default::default() };
        let error = bob.client.update_room(rename).await.expect_err("not an admin");
        assert_eq!((error.code, error.reason.as_str()), (Code::PermissionDenied, "NOT_ADMIN"));
        let leave = v1::LeaveRoomRequest { room_id: room_id() };
        let error = ada.client.leave_room(leave).await.expect_err("the last owner");
        assert_eq!((error.code, error.reason.as_str()), (Code::FailedPrecondition, "LAST_OWNER"));

        let change = v1::UpdateRoomRequest {
            room_id: room_id(),
            name: Some(" Renamed ".into()),
            topic: Some("With a topic".into()),
            ..Default::default()
        };
        let changed = ada.client.update_room(change.clone()).await.expect("changed").room.expect("a room");
        assert_eq!((changed.name.as_str(), changed.topic.as_str()), ("Renamed", "With a topic"));
        assert_eq!(changed.head_seq, 5, "created, message, joined, name, topic");
        let again = ada.client.update_room(change).await.expect("nothing to do").room;
        assert_eq!(again.expect("a room"), changed);
        server.end().await;
    }

    async fn history_is_read_before_after_and_around_a_position(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        for n in 2..=21 {
            ada.send(&room, &n.to_string()).await;
        }
        let page = async |anchor: Option<Anchor>, page_size| {
            let request = v1::ListMessagesRequest { room_id: room.clone(), anchor, page_size };
            let page = ada.client.list_messages(request).await.expect("a page");
            let seqs: Vec<_> = page.messages.iter().map(|m| m.seq).collect();
            let ends = (seqs.first().copied().unwrap_or(0), seqs.last().copied().unwrap_or(0));
            assert!(seqs.is_sorted());
            (ends, seqs.len(), page.has_older, page.has_newer)
        };
        assert_eq!(page(None, 5).await, ((17, 21), 5, true, false));
        assert_eq!(page(Some(Anchor::BeforeSeq(10)), 5).await, ((5, 9), 5, true, true));
        assert_eq!(page(Some(Anchor::BeforeSeq(4)), 5).await, ((1, 3), 3, false, true));
        assert_eq!(page(Some(Anchor::BeforeSeq(22)), 50).await, ((1, 21), 21, false, false));
        assert_eq!(page(Some(Anchor::AfterSeq(0)), 5).await, ((1, 5), 5, false, true));
        assert_eq!(page(Some(Anchor::AfterSeq(18)), 5).await, ((19, 21), 3, true, false));
        assert_eq!(page(Some(Anchor::AfterSeq(21)), 5).await, ((0, 0), 0, true, false));
        assert_eq!(page(Some(Anchor::AroundSeq(10)), 5).await, ((8, 12), 5, true, true));
        assert_eq!(page(Some(Anchor::AroundSeq(1)), 5).await, ((1, 5), 5, false, true));
        let posted = async |seq| {
            let request = v1::GetMessageRequest { room_id: room.clone(), seq };
            ada.client.get_message(request).await.expect("there").message.expect("a message").posted_at.expect("a time")
        };
        let (first, tenth, last) = (posted(1).await, posted(10).await, posted(21).await);
        let earlier = |at: Timestamp, seconds| Timestamp { seconds: at.seconds - seconds, ..at };
        for (at, found) in [
            (tenth, ((8, 12), 5, true, true)),
            (Timestamp { nanos: (tenth.nanos - 1_000).max(0), ..tenth }, ((8, 12), 5, true, true)),
            (first, ((1, 5), 5, false, true)),
            (earlier(first, 1_000_000_000), ((1, 5), 5, false, true)),
            (last, ((19, 21), 3, true, false)),
            (earlier(last, -3_600), ((17, 21), 5, true, false)),
        ] {
            assert_eq!(page(Some(Anchor::AroundTime(at)), 5).await, found, "{at:?}");
        }
        let one = v1::GetMessageRequest { room_id: room.clone(), seq: 7 };
        let one = ada.client.get_message(one).await.expect("there").message.expect("a message");
        assert_eq!(text_of(&one), "7");
        let none = v1::GetMessageRequest { room_id: room.clone(), seq: 99 };
        let none = ada.client.get_message(none).await.expect_err("not there");
        assert_eq!((none.code, none.reason.as_str()), (Code::NotFound, "MESSAGE_NOT_FOUND"));
        server.end().await;
    }

    async fn unread_counts_are_exact_up_to_999_and_leave_out_own_and_system_messages(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        ada.send(&room, "own").await;
        bob.send(&room, "first").await;
        let last = bob.send(&room, "second").await;
        let state = async || {
            let summary = ada.summary(&room).await;
            (summary.unread_count, summary.unread_more)
        };
        assert_eq!(state().await, (2, false));
        assert_eq!(ada.summary(&room).await.last_message.as_ref(), Some(&last));
        let mark = async |seq| {
            let request = v1::MarkReadRequest { room_id: room.clone(), seq, thread_seq: 0, ..Default::default() };
            ada.client.mark_read(request).await.expect("marked").read_seq
        };
        assert_eq!(mark(last.seq - 1).await, last.seq - 1);
        assert_eq!(state().await, (1, false));
        assert_eq!(mark(1).await, last.seq - 1, "a mark never moves backwards");
        assert_eq!(mark(last.seq).await, last.seq);
        assert_eq!(state().await, (0, false));

        let mut stream = bob.stream().await;
        let numbers: Vec<String> = (0..1_000).map(|n| n.to_string()).collect();
        let mut post = async |numbers: &[String]| {
            // The server takes 32 at once.
            for some in numbers.chunks(32) {
                for n in some {
                    let request = crate::support::people::send_request(&room, "more", n);
                    stream.order(n, v1::chat_request::Command::SendMessage(request)).await;
                }
                for n in some {
                    stream.reply(n).await.expect("posted");
                }
            }
        };
        post(&numbers[..999]).await;
        assert_eq!(state().await, (999, false));
        post(&numbers[999..]).await;
        assert_eq!(state().await, (999, true));
        server.end().await;
    }

    async fn members_are_listed_with_presence_and_found_by_name(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        for name in ["bob", "Bea", "carl"] {
            Person::register(&server.url, name).await.join(&room).await;
        }
        let list = async |query: &str, page_size, page_token: &str| {
            let request = v1::ListMembersRequest {
                room_id: room.clone(),
                query: query.into(),
                page_size,
                page_token: page_token.into(),
            };
            let page = ada.client.list_members(request).await.expect("a page");
            assert_eq!(page.members.len(), page.presences.len());
            let names = page.members.iter().filter_map(|m| Some(m.user.as_ref()?.username.clone()));
            (names.collect::<Vec<_>>(), page.next_page_token)
        };
        let (first, token) = list("", 3, "").await;
        assert_eq!(first, ["ada", "Bea", "bob"]);
        assert_eq!(list("", 3, &token).await, (vec!["carl".to_owned()], String::new()));
        assert_eq!(list("B", 0, "").await.0, ["Bea", "bob"]);
        server.end().await;
    }

    async fn the_callers_rooms_are_paged(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        // Those that a server comes with, which its first account owns.
        let request = v1::ListRoomsRequest::default();
        let first = ada.client.list_rooms(request).await.expect("a page").rooms;
        let mut made: Vec<_> = first.into_iter().filter_map(|s| Some(s.room?.id)).collect();
        for n in 0..7 {
            made.push(ada.create_room(&n.to_string()).await);
        }
        let mut listed = vec![];
        let mut page_token = String::new();
        loop {
            let request = v1::ListRoomsRequest { page_size: 3, page_token };
            let page = ada.client.list_rooms(request).await.expect("a page");
            listed.extend(page.rooms.into_iter().filter_map(|s| Some(s.room?.id)));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(listed, made, "by id, and ids grow");
        server.end().await;
    }

    async fn a_room_without_an_owner_belongs_again_to_who_left_as_its_owner(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let carl = Person::register(&server.url, "carl").await;
        let browse = v1::BrowseRoomsRequest { query: "random".into(), ..Default::default() };
        let found = ada.client.browse_rooms(browse).await.expect("rooms").rooms.remove(0);
        let random = found.room.expect("a room").id;
        let role = async |person: &Person| person.summary(&random).await.role();
        assert_eq!(role(&ada).await, MemberRole::Owner, "of a room that the server comes with");
        ada.leave(&random).await;
        bob.join(&random).await;
        assert_eq!(role(&bob).await, MemberRole::Member);
        ada.join(&random).await;
        assert_eq!(role(&ada).await, MemberRole::Owner);

        // With two owners, each that leaves may be back too late.
        let (room_id, user_id) = (random.clone(), bob.user.id.clone());
        let request = v1::SetMemberRoleRequest { room_id, user_id, role: MemberRole::Owner.into() };
        ada.client.set_member_role(request).await.expect("an owner");
        ada.leave(&random).await;
        ada.join(&random).await;
        assert_eq!(role(&ada).await, MemberRole::Member, "bob owns it");
        ada.leave(&random).await;

        // Who was taken out of it has lost it.
        let (room_id, user_id) = (random.clone(), bob.user.id.clone());
        let request = v1::RemoveMemberRequest { room_id, user_id };
        ada.client.remove_member(request).await.expect("removed by the server's admin");
        bob.join(&random).await;
        assert_eq!(role(&bob).await, MemberRole::Member);

        // A room that somebody has made belongs to who comes back first.
        let room = carl.create_room("Room").await;
        carl.leave(&room).await;
        bob.join(&room).await;
        assert_eq!(bob.summary(&room).await.role(), MemberRole::Owner);
        carl.join(&room).await;
        assert_eq!(carl.summary(&room).await.role(), MemberRole::Member);
        server.end().await;
    }
}

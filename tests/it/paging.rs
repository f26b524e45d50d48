//! Pages of lists: their sizes, and tokens that belong to one request.

#![expect(clippy::needless_update, reason = "a macro serves requests with and without more fields")]

use std::fmt::Debug;

use causerie_client::{Error, v1};
use tonic::Code;

use crate::{
    search::until_indexed,
    support::{Person, Server, on_both_databases, people::send_request},
};

/// A token that is refused, and nothing else.
fn assert_refused<T: Debug>(answer: Result<T, Error>, about: &str) {
    let error = answer.expect_err(about);
    assert_eq!((error.code, error.reason.as_str()), (Code::InvalidArgument, "INVALID_FIELDS"));
    let fields: Vec<_> = error.violations.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["page_token"], "{about}");
}

/// Asks for a page of one element. Its token is good for the same request with another
/// page size, and for none of the others that are given.
macro_rules! assert_bound {
    ($client:expr, $rpc:ident($request:ident { $($field:ident: $value:expr),* $(,)? })
        $(, not { $($other:ident: $changed:expr),* $(,)? })* $(,)?) => {{
        let request = v1::$request { page_size: 1, $($field: $value,)* ..Default::default() };
        let page = $client.$rpc(request.clone()).await.expect(stringify!($rpc));
        let page_token = page.next_page_token;
        assert!(!page_token.is_empty(), "{} has another page", stringify!($rpc));
        let next = v1::$request { page_size: 7, page_token: page_token.clone(), ..request };
        $client.$rpc(next.clone()).await.expect("the next page");
        $(
            let other = v1::$request { $($other: $changed,)* ..next.clone() };
            assert_refused($client.$rpc(other).await, stringify!($rpc $($other)*));
        )*
        page_token
    }};
}

on_both_databases! {
    async fn a_page_token_is_good_for_its_own_request_alone(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let eve = Person::register(&server.url, "eve").await;
        ada.sign_in_again(&server.url).await;
        let room = ada.create_room("Room").await;
        let other = ada.create_room("Other").await;
        bob.join(&room).await;
        for text in ["hello one", "hello two"] {
            let root = ada.send(&room, text).await;
            let send = send_request(&room, "hello @ada", &format!("to{}", root.seq));
            let answer = v1::SendMessageRequest { thread_seq: root.seq, ..send };
            bob.client.send_message(answer).await.expect("sent");
        }
        until_indexed(&ada, &room).await;
        let client = &ada.client;
        assert_bound!(
            client,
            list_members(ListMembersRequest { room_id: room.clone() }),
            not { room_id: other.clone() },
            not { query: "b".into() },
        );
        assert_bound!(client, list_mentions(ListMentionsRequest {}));

        for user_id in [&bob.user.id, &eve.user.id] {
            for room_id in [&room, &other] {
                let (room_id, user_id) = (room_id.clone(), user_id.clone());
                let request = v1::BanMemberRequest { room_id, user_id, ..Default::default() };
                ada.client.ban_member(request).await.expect("banned");
            }
            let request = v1::BlockUserRequest { user_id: user_id.clone() };
            ada.client.block_user(request).await.expect("blocked");
        }

        let rooms = assert_bound!(client, list_rooms(ListRoomsRequest {}));
        let sessions = assert_bound!(client, list_sessions(ListSessionsRequest {}));
        assert_bound!(client, browse_rooms(BrowseRoomsRequest {}), not { query: "o".into() });
        assert_bound!(
            client,
            list_bans(ListBansRequest { room_id: room.clone() }),
            not { room_id: other.clone() },
        );
        assert_bound!(client, list_blocked_users(ListBlockedUsersRequest {}));
        assert_bound!(
            client,
            list_users(ListUsersRequest {}),
            not { query: "e".into() },
            not { role: v1::AccountRole::User.into() },
        );
        assert_bound!(
            client,
            list_threads(ListThreadsRequest {}),
            not { room_id: room.clone() },
            not { unread_only: true },
        );
        assert_bound!(
            client,
            search_messages(SearchMessagesRequest { query: "hello".into() }),
            not { query: "hell".into() },
            not { room_id: room.clone() },
            not { from_user_id: ada.user.id.clone() },
            not { before: Some(prost_types::Timestamp { seconds: 4_000_000_000, nanos: 0 }) },
            not { after: Some(prost_types::Timestamp { seconds: 1, nanos: 0 }) },
            not { has_file: true },
        );
        Person::register(&server.url, "adam").await;
        assert_bound!(
            client,
            search_users(SearchUsersRequest { query: "ada".into() }),
            not { query: "ad".into() },
        );
        // A request has no other field, but there are other lists.
        let request = v1::ListSessionsRequest { page_token: rooms, ..Default::default() };
        assert_refused(client.list_sessions(request).await, "a token of ListRooms");
        let request = v1::ListRoomsRequest { page_token: sessions, ..Default::default() };
        assert_refused(client.list_rooms(request).await, "a token of ListSessions");
        server.end().await;
    }

    async fn a_page_is_never_larger_than_the_largest(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let sends = (0..205).map(|n| {
            let (ada, room, text) = (&ada, &room, n.to_string());
            async move { ada.try_send(room, &text, &text).await.expect("sent") }
        });
        futures::future::join_all(sends).await;
        for page_size in [200, 201, i32::MAX] {
            let request = v1::ListMessagesRequest { room_id: room.clone(), page_size, ..Default::default() };
            let page = ada.client.list_messages(request).await.expect("a page");
            assert_eq!((page.messages.len(), page.has_older), (200, true), "{page_size}");
        }
        let request = v1::SyncRoomRequest { room_id: room, page_size: i32::MAX, ..Default::default() };
        assert_eq!(ada.client.sync_room(request).await.expect("changes").changes.len(), 200);
        server.end().await;
    }
}

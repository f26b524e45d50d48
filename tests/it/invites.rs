//! Invitations, and what those who join see of the history.

use causerie_client::v1::{
    self, HistoryVisibility, RoomKind, chat_request::Command, event::Kind,
    list_messages_request::Anchor, reply::Result as Outcome,
};
use tonic::Code;

use crate::{
    search::until_found,
    support::{
        Person, Server, on_both_databases,
        people::{reason, send_request, text_of},
    },
};

type Answer<T> = Result<T, causerie_client::Error>;

async fn private_room(person: &Person, history: HistoryVisibility) -> String {
    let request = v1::CreateRoomRequest {
        name: "Secret garden".into(),
        topic: "Roses".into(),
        kind: RoomKind::Private.into(),
        history: history.into(),
        ..Default::default()
    };
    person.client.create_room(request).await.expect("a room").room.expect("a room").id
}

async fn invite(person: &Person, room: &str, max_uses: i32) -> Answer<v1::Invite> {
    let expires_in = Some(prost_types::Duration { seconds: 3_600, nanos: 0 });
    let request = v1::CreateInviteRequest {
        room_id: room.into(),
        expires_in,
        max_uses,
        ..Default::default()
    };
    Ok(person.client.create_invite(request).await?.invite.expect("an invite"))
}

async fn redeem(person: &Person, code: &str) -> Answer<v1::Room> {
    let request = v1::RedeemInviteRequest { code: code.into() };
    Ok(person.client.redeem_invite(request).await?.room.expect("a room"))
}

async fn preview(person: &Person, code: &str) -> Answer<v1::GetInviteResponse> {
    person.client.get_invite(v1::GetInviteRequest { code: code.into() }).await
}

async fn listed(person: &Person, room: &str) -> Answer<Vec<(String, i32)>> {
    let request = v1::ListInvitesRequest { room_id: room.into() };
    let invites = person.client.list_invites(request).await?.invites;
    Ok(invites.into_iter().map(|invite| (invite.code, invite.uses)).collect())
}

async fn revoke(person: &Person, code: &str) -> Answer<()> {
    let request = v1::RevokeInviteRequest { code: code.into() };
    person.client.revoke_invite(request).await.map(drop)
}

fn texts(messages: &[v1::Message]) -> Vec<&str> {
    let written = |message: &&v1::Message| !message.client_message_id.is_empty();
    messages.iter().filter(written).map(text_of).collect()
}

on_both_databases! {
    async fn an_invite_shows_its_room_and_lets_as_many_in_as_it_says(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = private_room(&ada, HistoryVisibility::FromStart).await;
        let made = invite(&ada, &room, 2).await.expect("an invite");
        assert!(made.expires_at.is_some() && made.uses == 0);
        let mut guests = Vec::new();
        for name in ["bob", "carl", "dora"] {
            guests.push(Person::register(&server.url, name).await);
        }
        let shown = preview(&guests[0], &made.code).await.expect("a preview");
        assert_eq!((shown.room_name.as_str(), shown.room_topic.as_str()), ("Secret garden", "Roses"));
        assert_eq!((shown.kind(), shown.member_count), (RoomKind::Private, 1));
        assert_eq!(shown.creator.expect("ada").username, "ada");
        assert_eq!(shown.joined_room_id, "", "a stranger does not learn the id");

        // All at once: no more come in than may.
        let came = futures::future::join_all(guests.iter().map(|guest| redeem(guest, &made.code))).await;
        let inside = came.iter().filter(|answer| answer.is_ok()).count();
        assert_eq!(inside, 2);
        let expired = (Code::FailedPrecondition, "INVITE_EXPIRED".to_owned());
        let (guest, late) = guests.iter().zip(came).find(|(_, answer)| answer.is_err()).expect("one");
        assert_eq!(reason(late), expired);
        assert_eq!(reason(preview(guest, &made.code).await), expired);
        assert_eq!(listed(&ada, &room).await.expect("a list"), [], "it is not good any more");

        // To a member it changes nothing; it is used up also for who came in by it.
        let member = guests.iter().find(|other| other.user.id != guest.user.id).expect("one");
        assert_eq!(redeem(member, &made.code).await.expect("still there").id, room);
        member.leave(&room).await;
        assert_eq!(reason(redeem(member, &made.code).await), expired);
        // Who comes back by one that is still good is counted once.
        let other = invite(&ada, &room, 2).await.expect("an invite");
        redeem(member, &other.code).await.expect("in");
        member.leave(&room).await;
        redeem(member, &other.code).await.expect("in again");
        assert_eq!(listed(&ada, &room).await.expect("a list"), [(other.code, 1)]);
        server.end().await;
    }

    async fn an_invite_is_as_good_as_its_creators_right_to_invite(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let eve = Person::register(&server.url, "eve").await;
        let room = private_room(&ada, HistoryVisibility::FromStart).await;
        let user_id = bob.user.id.clone();
        let add = v1::AddMembersRequest { room_id: room.clone(), user_ids: vec![user_id.clone()], ..Default::default() };
        let set_role = async |role: v1::MemberRole| {
            let (room_id, user_id) = (room.clone(), user_id.clone());
            let request = v1::SetMemberRoleRequest { room_id, user_id, role: role.into() };
            ada.client.set_member_role(request).await.expect("set");
        };
        let gone = (Code::NotFound, "INVITE_NOT_FOUND".to_owned());
        for how in ["demoted", "removed", "left", "banned"] {
            ada.client.add_members(add.clone()).await.expect("added");
            set_role(v1::MemberRole::Admin).await;
            let made = invite(&bob, &room, 0).await.expect("an invite");
            preview(&eve, &made.code).await.expect("good so far");
            assert_eq!(listed(&ada, &room).await.expect("a list").len(), 1);
            let (room_id, user_id) = (room.clone(), user_id.clone());
            match how {
                "demoted" => set_role(v1::MemberRole::Member).await,
                "removed" => {
                    let request = v1::RemoveMemberRequest { room_id, user_id };
                    ada.client.remove_member(request).await.map(drop).expect("removed");
                }
                "left" => bob.leave(&room).await,
                _ => {
                    let request = v1::BanMemberRequest { room_id, user_id, ..Default::default() };
                    ada.client.ban_member(request).await.map(drop).expect("banned");
                }
            }
            assert_eq!(reason(redeem(&eve, &made.code).await), gone, "{how}");
            assert_eq!(reason(preview(&eve, &made.code).await), gone, "{how}");
            assert_eq!(listed(&ada, &room).await.expect("a list"), [], "{how}");
            if how == "left" {
                assert_eq!(reason(redeem(&bob, &made.code).await), gone, "also for its creator");
            }
            revoke(&ada, &made.code).await.expect("it may still be ended");
        }
        server.end().await;
    }

    async fn a_room_has_no_more_good_invites_than_it_may(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = private_room(&ada, HistoryVisibility::FromStart).await;
        let calls = (0..110).map(|_| invite(&ada, &room, 0));
        let made = futures::future::join_all(calls).await;
        assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 100);
        let too_many = made.into_iter().find(Result::is_err).expect("one");
        assert_eq!(reason(too_many).1, "TOO_MANY_INVITES");
        assert_eq!(listed(&ada, &room).await.expect("a list").len(), 100);
        server.end().await;
    }

    async fn nobody_is_called_by_what_they_may_not_see(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        for _ in 0..10 {
            let room = private_room(&ada, HistoryVisibility::FromJoining).await;
            let (room_id, user_ids) = (room.clone(), vec![bob.user.id.clone()]);
            let add = ada.client.add_members(v1::AddMembersRequest { room_id, user_ids, ..Default::default() });
            // In one batch with what is posted before and after.
            let calls = (0..6).map(|n| {
                let (ada, room) = (&ada, &room);
                async move { ada.send(room, &format!("@all {n}")).await }
            });
            let (_, added) = tokio::join!(futures::future::join_all(calls), add);
            added.expect("added");
        }
        let mentions = bob.client.list_mentions(v1::ListMentionsRequest::default()).await;
        for message in mentions.expect("a page").messages {
            let name = v1::GetMessageRequest { room_id: message.room_id, seq: message.seq };
            bob.client.get_message(name).await.expect("one that bob may see");
        }
        server.end().await;
    }

    async fn an_answer_in_a_thread_from_before_is_hidden_like_the_thread(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = private_room(&ada, HistoryVisibility::FromJoining).await;
        let old = ada.send(&room, "before").await;
        let (room_id, user_ids) = (room.clone(), vec![bob.user.id.clone()]);
        ada.client.add_members(v1::AddMembersRequest { room_id, user_ids, ..Default::default() }).await.expect("added");
        let new = ada.send(&room, "after").await;
        let mut stream = bob.stream().await;
        let file = ada.upload("old.txt", b"of the old thread").await;
        let answer = async |thread_seq: i64, text: &str, attachment_ids: Vec<String>| {
            let id = uuid::Uuid::new_v4().to_string();
            let request =
                v1::SendMessageRequest { thread_seq, attachment_ids, ..send_request(&room, text, &id) };
            ada.client.send_message(request).await.expect("sent").message.expect("a message")
        };
        let hidden = answer(old.seq, "@bob hidden", vec![file.id.clone()]).await;
        let shown = answer(new.seq, "@bob shown", vec![]).await;
        // One rule for the thread, for its answers, and for whom they mention.
        let missing = (Code::NotFound, "MESSAGE_NOT_FOUND".to_owned());
        let thread = async |thread_seq: i64| {
            let request =
                v1::ListThreadRequest { room_id: room.clone(), thread_seq, ..Default::default() };
            bob.client.list_thread(request).await
        };
        assert_eq!(reason(thread(old.seq).await), missing);
        assert_eq!(texts(&thread(new.seq).await.expect("a page").messages), ["@bob shown"]);
        let mentions = bob.client.list_mentions(v1::ListMentionsRequest::default()).await;
        assert_eq!(texts(&mentions.expect("a page").messages), ["@bob shown"]);
        let get = async |seq: i64| {
            bob.client.get_message(v1::GetMessageRequest { room_id: room.clone(), seq }).await
        };
        assert_eq!(reason(get(hidden.seq).await), missing);
        get(shown.seq).await.expect("a message");
        let (room_id, emoji) = (room.clone(), "👍".to_owned());
        let react = v1::AddReactionRequest { room_id, seq: hidden.seq, emoji, ..Default::default() };
        assert_eq!(reason(bob.client.add_reaction(react).await), missing);
        let sync = v1::SyncRoomRequest { room_id: room.clone(), after_seq: new.seq, ..Default::default() };
        let changes = bob.client.sync_room(sync).await.expect("changes").changes;
        let told: Vec<_> = changes.into_iter().filter_map(|change| change.message).collect();
        assert_eq!(texts(&told), ["@bob shown", "after"], "the answer, then what it hangs on");
        let file = bob.client.get_file(v1::GetFileRequest { file_id: file.id }).await;
        assert_eq!(reason(file).1, "FILE_NOT_FOUND");
        assert_eq!(bob.summary(&room).await.unread_thread_count, 1);
        // Live too: what comes first is what may be seen.
        assert_eq!(text_of(&stream.message().await), "@bob shown");
        until_found(&ada, "hidden", &["@bob hidden"]).await;
        let request = v1::SearchMessagesRequest { query: "hidden".into(), ..Default::default() };
        assert!(bob.client.search_messages(request).await.expect("a page").messages.is_empty());
        server.end().await;
    }

    async fn a_newcomer_does_not_learn_who_was_banned_before(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let eve = Person::register(&server.url, "eve").await;
        let room = private_room(&ada, HistoryVisibility::FromJoining).await;
        let (room_id, user_id) = (room.clone(), eve.user.id.clone());
        ada.client.ban_member(v1::BanMemberRequest { room_id, user_id, ..Default::default() }).await.expect("banned");
        let (room_id, user_ids) = (room.clone(), vec![bob.user.id.clone()]);
        ada.client.add_members(v1::AddMembersRequest { room_id, user_ids, ..Default::default() }).await.expect("added");
        let sync = v1::SyncRoomRequest { room_id: room, after_seq: 0, ..Default::default() };
        let synced = bob.client.sync_room(sync).await.expect("changes");
        let told: Vec<&str> = synced
            .changes
            .iter()
            .filter_map(|change| Some(change.member.as_ref()?.user.as_ref()?.username.as_str()))
            .collect();
        assert!(told.contains(&"bob") && !told.contains(&"eve"), "{told:?}");
        server.end().await;
    }

    async fn invites_are_for_admins_and_end_when_they_say_so(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let eve = Person::register(&server.url, "eve").await;
        let room = private_room(&ada, HistoryVisibility::FromStart).await;
        let made = invite(&ada, &room, 0).await.expect("an invite");
        redeem(&bob, &made.code).await.expect("in");
        assert_eq!(listed(&ada, &room).await.expect("a list"), [(made.code.clone(), 1)]);
        let shown = preview(&bob, &made.code).await.expect("a preview");
        assert_eq!(shown.joined_room_id, room);

        let not_admin = (Code::PermissionDenied, "NOT_ADMIN".to_owned());
        assert_eq!(reason(invite(&bob, &room, 0).await), not_admin);
        assert_eq!(reason(listed(&bob, &room).await), not_admin);
        assert_eq!(reason(revoke(&bob, &made.code).await), not_admin);
        let no_room = (Code::NotFound, "ROOM_NOT_FOUND".to_owned());
        assert_eq!(reason(invite(&eve, &room, 0).await), no_room);
        assert_eq!(reason(listed(&eve, &room).await), no_room);
        let no_invite = (Code::NotFound, "INVITE_NOT_FOUND".to_owned());
        assert_eq!(reason(revoke(&eve, &made.code).await), no_invite);
        assert_eq!(reason(redeem(&eve, "nothing-like-it").await), no_invite);
        assert_eq!(reason(preview(&eve, "nothing-like-it").await), no_invite);

        revoke(&ada, &made.code).await.expect("revoked");
        revoke(&ada, &made.code).await.expect("again changes nothing");
        assert_eq!(reason(redeem(&eve, &made.code).await), no_invite);
        assert_eq!(reason(preview(&eve, &made.code).await), no_invite);
        let again = invite(&ada, &room, 0).await.expect("an invite");
        let ban = v1::BanMemberRequest { room_id: room.clone(), user_id: eve.user.id.clone(), ..Default::default() };
        ada.client.ban_member(ban).await.expect("banned");
        let banned = (Code::PermissionDenied, "BANNED".to_owned());
        assert_eq!(reason(redeem(&eve, &again.code).await), banned);

        let bad = v1::CreateInviteRequest {
            room_id: "x".into(),
            expires_in: Some(prost_types::Duration { seconds: -5, nanos: 0 }),
            max_uses: -1,
            ..Default::default()
        };
        let error = ada.client.create_invite(bad).await.expect_err("refused");
        let fields: Vec<_> = error.violations.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, ["room_id", "expires_in", "max_uses"]);
        for code in ["", "a b", &"x".repeat(65)] {
            assert_eq!(reason(redeem(&eve, code).await).0, Code::InvalidArgument);
        }
        let request = v1::OpenDirectRoomRequest { user_id: bob.user.id.clone() };
        let direct = ada.client.open_direct_room(request).await.expect("a room").room.expect("a room");
        let refused = invite(&ada, &direct.id, 0).await;
        assert_eq!(reason(refused), (Code::FailedPrecondition, "DIRECT_ROOM".into()));
        server.end().await;
    }

    async fn who_joins_a_room_with_a_floor_learns_nothing_of_what_was_before(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = private_room(&ada, HistoryVisibility::FromJoining).await;
        let old = ada.send(&room, "before @ada").await;
        let thread_seq = old.seq;
        let old_answer = v1::SendMessageRequest { thread_seq, ..send_request(&room, "old", "old") };
        ada.client.send_message(old_answer).await.expect("sent");
        let pin = v1::PinMessageRequest { room_id: room.clone(), seq: old.seq, ..Default::default() };
        ada.client.pin_message(pin).await.expect("pinned");
        let code = invite(&ada, &room, 0).await.expect("an invite").code;
        let mut bobs = bob.stream().await;
        redeem(&bob, &code).await.expect("in");
        // What is posted before the room is told comes with it, not after it.
        let added = |kind: &Kind| matches!(kind, Kind::RoomAdded(_)).then_some(());
        bobs.until("the room", added).await;
        let new = ada.send(&room, "after").await;

        assert_eq!(texts(&bob.history(&room).await), ["after"]);
        assert_eq!(texts(&ada.history(&room).await), ["before @ada", "after"]);
        let anchor = Some(Anchor::AroundTime(old.posted_at.expect("a time")));
        let page = v1::ListMessagesRequest { room_id: room.clone(), anchor, page_size: 0 };
        assert_eq!(texts(&bob.client.list_messages(page).await.expect("a page").messages), ["after"]);
        let missing = (Code::NotFound, "MESSAGE_NOT_FOUND".to_owned());
        let name = || (room.clone(), old.seq);
        let get = |(room_id, seq)| bob.client.get_message(v1::GetMessageRequest { room_id, seq });
        assert_eq!(reason(get(name()).await), missing);
        let versions = |(room_id, seq)| {
            bob.client.list_message_versions(v1::ListMessageVersionsRequest { room_id, seq })
        };
        assert_eq!(reason(versions(name()).await), missing);
        let thread = v1::ListThreadRequest { room_id: room.clone(), thread_seq: old.seq, ..Default::default() };
        assert_eq!(reason(bob.client.list_thread(thread).await), missing);
        let receipts = v1::ListReceiptsRequest { room_id: room.clone(), seq: old.seq };
        assert_eq!(reason(bob.client.list_receipts(receipts).await), missing);
        let pins = v1::ListPinsRequest { room_id: room.clone() };
        assert_eq!(bob.client.list_pins(pins).await.expect("pins").messages, []);
        let emoji = "👍".to_owned();
        let react = v1::AddReactionRequest { room_id: room.clone(), seq: old.seq, emoji, ..Default::default() };
        assert_eq!(reason(bob.client.add_reaction(react).await), missing);
        let answer = v1::SendMessageRequest { reply_to_seq: old.seq, ..send_request(&room, "?", "1") };
        assert_eq!(reason(bob.client.send_message(answer).await), missing);
        let answer = v1::SendMessageRequest { thread_seq: old.seq, ..send_request(&room, "?", "2") };
        assert_eq!(reason(bob.client.send_message(answer).await), missing);

        // What becomes of an old message comes as an empty position, live, when
        // asked for and on resuming; what follows comes as ever.
        bobs.until("the message", |kind| match kind {
            Kind::Change(change) => change.message.as_ref().filter(|m| m.seq == new.seq).cloned(),
            _ => None,
        })
        .await;
        let edit = v1::EditMessageRequest { room_id: room.clone(), seq: old.seq, text: "changed".into(), ..Default::default() };
        let edited = ada.client.edit_message(edit).await.expect("edited").message.expect("one");
        let last = ada.send(&room, "and on").await;
        let empty = bobs.change().await;
        assert_eq!((empty.seq, &empty.message), (edited.changed_seq, &None));
        assert_eq!(bobs.change().await.message.as_ref(), Some(&last));
        let sync = v1::SyncRoomRequest { room_id: room.clone(), after_seq: 0, page_size: 200, ..Default::default() };
        let changes = bob.client.sync_room(sync).await.expect("changes").changes;
        let told: Vec<_> = changes.iter().filter_map(|change| change.message.as_ref()).collect();
        assert!(told.iter().all(|message| message.seq > old.seq + 2), "{told:?}");
        assert_eq!(changes.last().expect("some").seq, last.seq);
        let mut back = bob.resume([(room.clone(), new.seq)].into()).await;
        loop {
            let change = back.change().await;
            assert_ne!(change.message.as_ref().map(|message| message.seq), Some(old.seq));
            if change.seq == last.seq {
                break;
            }
        }
        // Who resumes from before their joining begins anew.
        let mut early = bob.resume([(room.clone(), 1)].into()).await;
        let page = early
            .until("a reset", |kind| match kind {
                Kind::Reset(reset) => Some(reset.messages.clone()),
                _ => None,
            })
            .await;
        assert_eq!(texts(&page), ["after", "and on"]);
        let page = v1::ListMessagesRequest { room_id: room.clone(), ..Default::default() };
        match early.call(Command::ListMessages(page)).await.expect("a page") {
            Outcome::ListMessages(page) => assert!(!page.has_older && page.messages.len() == 3),
            other => panic!("{other:?}"),
        }

        // A search shows each what they may see.
        until_found(&ada, "changed", &["changed"]).await;
        until_found(&bob, "on", &["and on"]).await;
        until_found(&bob, "changed", &[]).await;

        // A member who sees all keeps it; who comes from now on sees all too.
        let change = v1::UpdateRoomRequest {
            room_id: room.clone(),
            history: Some(HistoryVisibility::FromStart.into()),
            ..Default::default()
        };
        let changed = ada.client.update_room(change).await.expect("changed").room.expect("a room");
        assert_eq!(changed.history(), HistoryVisibility::FromStart);
        assert_eq!(texts(&bob.history(&room).await), ["after", "and on"]);
        let eve = Person::register(&server.url, "eve").await;
        redeem(&eve, &code).await.expect("in");
        assert_eq!(texts(&eve.history(&room).await), ["changed", "after", "and on"]);
        server.end().await;
    }
}

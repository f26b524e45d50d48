//! Private and direct rooms, and order in rooms.

use causerie_client::v1::{
    self, MemberRole, MemberState, RoomKind, SystemMessageKind as Told, event::Kind,
    message::Content,
};
use tonic::Code;

use crate::support::{
    Person, Server, on_both_databases,
    people::{reason, text_of},
};

type Answer<T> = Result<T, causerie_client::Error>;

fn denied(reason: &str) -> (Code, String) {
    (Code::PermissionDenied, reason.into())
}

fn failed(reason: &str) -> (Code, String) {
    (Code::FailedPrecondition, reason.into())
}

fn no_room() -> (Code, String) {
    (Code::NotFound, "ROOM_NOT_FOUND".into())
}

async fn private_room(person: &Person, name: &str) -> String {
    let kind = RoomKind::Private.into();
    let request = v1::CreateRoomRequest { name: name.into(), kind, ..Default::default() };
    person.client.create_room(request).await.expect("a room").room.expect("a room").id
}

async fn direct(person: &Person, other: &Person) -> Answer<v1::Room> {
    let request = v1::OpenDirectRoomRequest { user_id: other.user.id.clone() };
    Ok(person.client.open_direct_room(request).await?.room.expect("a room"))
}

async fn add(person: &Person, room: &str, users: &[&Person]) -> Answer<v1::AddMembersResponse> {
    let user_ids = users.iter().map(|person| person.user.id.clone()).collect();
    person
        .client
        .add_members(v1::AddMembersRequest { room_id: room.into(), user_ids, ..Default::default() })
        .await
}

async fn set_role(by: &Person, room: &str, who: &Person, role: MemberRole) -> Answer<v1::Member> {
    let request = v1::SetMemberRoleRequest {
        room_id: room.into(),
        user_id: who.user.id.clone(),
        role: role.into(),
    };
    Ok(by.client.set_member_role(request).await?.member.expect("a member"))
}

async fn mute(by: &Person, room: &str, who: &Person, seconds: i64) -> Answer<v1::Member> {
    let request = v1::MuteMemberRequest {
        room_id: room.into(),
        user_id: who.user.id.clone(),
        duration: Some(prost_types::Duration { seconds, nanos: 0 }),
        ..Default::default()
    };
    Ok(by.client.mute_member(request).await?.member.expect("a member"))
}

macro_rules! to_member {
    ($name:ident, $request:ident) => {
        async fn $name(by: &Person, room: &str, who: &Person) -> Answer<v1::Member> {
            let request = v1::$request { room_id: room.into(), user_id: who.user.id.clone() };
            Ok(by.client.$name(request).await?.member.expect("a member"))
        }
    };
}
to_member!(remove_member, RemoveMemberRequest);
to_member!(unban_member, UnbanMemberRequest);

async fn ban_member(by: &Person, room: &str, who: &Person) -> Answer<v1::Member> {
    let user_id = who.user.id.clone();
    let request = v1::BanMemberRequest { room_id: room.into(), user_id, ..Default::default() };
    Ok(by.client.ban_member(request).await?.member.expect("a member"))
}

async fn join(person: &Person, room: &str) -> Answer<v1::JoinRoomResponse> {
    person.client.join_room(v1::JoinRoomRequest { room_id: room.into() }).await
}

async fn leave(person: &Person, room: &str) -> Answer<v1::LeaveRoomResponse> {
    person.client.leave_room(v1::LeaveRoomRequest { room_id: room.into() }).await
}

async fn archive(person: &Person, room: &str, archived: bool) -> Answer<v1::ArchiveRoomResponse> {
    person.client.archive_room(v1::ArchiveRoomRequest { room_id: room.into(), archived }).await
}

async fn say(person: &Person, room: &str) -> Answer<v1::Message> {
    person.try_send(room, "hello", &uuid::Uuid::new_v4().to_string()).await
}

on_both_databases! {
    async fn both_open_the_same_direct_room_also_at_once(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let eve = Person::register(&server.url, "eve").await;
        let mut watching = bob.stream().await;
        // Of rooms that are for all one is told first.
        let is_direct = |room: &v1::Room| room.kind() == RoomKind::Direct;
        let opened = futures::future::join_all((0..10).map(|n| {
            let (one, other) = if n % 2 == 0 { (&ada, &bob) } else { (&bob, &ada) };
            direct(one, other)
        }))
        .await;
        let rooms: Vec<v1::Room> = opened.into_iter().map(|room| room.expect("a room")).collect();
        assert!(rooms.iter().all(|room| room.id == rooms[0].id), "{rooms:?}");
        let room = &rooms[0];
        assert_eq!((room.kind(), room.name.as_str()), (RoomKind::Direct, ""));
        let mut pair = [ada.user.id.clone(), bob.user.id.clone()];
        pair.sort();
        assert_eq!(room.direct_user_ids, pair);

        let added = |event: &Kind| match event {
            Kind::RoomAdded(added) => {
                let room = added.summary.as_ref()?.room.as_ref();
                room.filter(|room| is_direct(room)).map(|room| room.id.clone())
            }
            _ => None,
        };
        assert_eq!(watching.until("the direct room", added).await, room.id);
        let sent = say(&ada, &room.id).await.expect("sent");
        assert_eq!(watching.message().await, sent);
        assert_eq!(bob.summary(&room.id).await.unread_count, 1);
        assert_eq!(ada.history(&room.id).await.len(), 1, "nothing else is told in it");

        // Nobody else knows of it, joins, leaves, or rules.
        assert_eq!(reason(say(&eve, &room.id).await), no_room());
        assert_eq!(reason(join(&eve, &room.id).await), no_room());
        assert_eq!(reason(leave(&eve, &room.id).await), no_room());
        assert_eq!(reason(leave(&ada, &room.id).await), failed("DIRECT_ROOM"));
        assert_eq!(reason(add(&ada, &room.id, &[&eve]).await), failed("DIRECT_ROOM"));
        assert_eq!(reason(ban_member(&ada, &room.id, &bob).await), failed("DIRECT_ROOM"));
        assert_eq!(reason(archive(&ada, &room.id, true).await), failed("DIRECT_ROOM"));
        let pin = v1::PinMessageRequest { room_id: room.id.clone(), seq: sent.seq, ..Default::default() };
        bob.client.pin_message(pin).await.expect("both may pin");
        let delete = v1::DeleteMessageRequest { room_id: room.id.clone(), seq: sent.seq, ..Default::default() };
        assert_eq!(reason(bob.client.delete_message(delete).await), denied("NOT_SENDER"));

        let notes = direct(&ada, &ada).await.expect("a room for notes");
        assert_eq!((notes.member_count, notes.direct_user_ids.len()), (1, 2));
        say(&ada, &notes.id).await.expect("noted");
        let nobody = v1::OpenDirectRoomRequest { user_id: uuid::Uuid::new_v4().to_string() };
        assert_eq!(reason(ada.client.open_direct_room(nobody).await), (Code::NotFound, "USER_NOT_FOUND".into()));
        server.end().await;
    }

    async fn a_block_stops_messages_both_ways_and_does_not_tell_whose_it_is(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let eve = Person::register(&server.url, "eve").await;
        let room = direct(&ada, &bob).await.expect("a room").id;
        let before = say(&bob, &room).await.expect("sent");
        let block = |who: &Person| v1::BlockUserRequest { user_id: who.user.id.clone() };
        ada.client.block_user(block(&bob)).await.expect("blocked");
        ada.client.block_user(block(&bob)).await.expect("again");
        ada.client.block_user(block(&eve)).await.expect("blocked");
        assert_eq!(reason(say(&bob, &room).await), denied("BLOCKED"));
        assert_eq!(reason(say(&ada, &room).await), denied("BLOCKED"));
        // Neither by another way.
        let (room_id, seq) = (room.clone(), before.seq);
        let edit = v1::EditMessageRequest { room_id, seq, text: "@ada hear me".into(), ..Default::default() };
        assert_eq!(reason(bob.client.edit_message(edit).await), denied("BLOCKED"));
        let pin = v1::PinMessageRequest { room_id: room.clone(), seq, ..Default::default() };
        assert_eq!(reason(bob.client.pin_message(pin).await), denied("BLOCKED"));
        let typing = v1::SetTypingRequest { room_id: room.clone(), typing: true };
        assert_eq!(reason(bob.client.set_typing(typing).await), denied("BLOCKED"));
        assert_eq!(direct(&bob, &ada).await.expect("it is there").id, room);
        assert_eq!(reason(direct(&eve, &ada).await), denied("BLOCKED"));
        assert_eq!(reason(direct(&ada, &eve).await), denied("BLOCKED"));
        assert_eq!(ada.history(&room).await.last(), Some(&before));
        let blocked = async |person: &Person| -> Vec<String> {
            let request = v1::ListBlockedUsersRequest::default();
            let page = person.client.list_blocked_users(request).await.expect("a page");
            page.users.into_iter().map(|user| user.username).collect()
        };
        assert_eq!(blocked(&ada).await, ["bob", "eve"]);
        assert!(blocked(&bob).await.is_empty());
        let unblock = v1::UnblockUserRequest { user_id: bob.user.id.clone() };
        ada.client.unblock_user(unblock).await.expect("unblocked");
        say(&bob, &room).await.expect("sent");
        let oneself = ada.client.block_user(block(&ada)).await.expect_err("refused");
        assert_eq!(oneself.violations[0].0, "user_id");
        server.end().await;
    }

    async fn a_private_room_is_known_to_its_members_only(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let eve = Person::register(&server.url, "eve").await;
        let room = private_room(&ada, "Plans").await;
        let sent = say(&ada, &room).await.expect("sent");
        let mut watching = bob.stream().await;
        add(&ada, &room, &[&bob]).await.expect("added");
        add(&ada, &room, &[&bob]).await.expect("again");
        let added = |event: &Kind| match event {
            Kind::RoomAdded(added) => {
                let room = added.summary.as_ref()?.room.as_ref();
                room.filter(|room| room.kind() == RoomKind::Private).map(|room| room.id.clone())
            }
            _ => None,
        };
        assert_eq!(watching.until("the room", added).await, room);
        let history = bob.history(&room).await;
        let Some(Content::System(told)) = &history.last().expect("messages").content else {
            panic!("{history:?}")
        };
        assert_eq!((told.kind(), &told.about_user_id), (Told::MemberAdded, &bob.user.id));
        assert_eq!(history.len(), 3, "made, hello, added");

        // As if there were no such room, whatever is asked.
        let nowhere = uuid::Uuid::new_v4().to_string();
        for room in [&room, &nowhere] {
            let seq = sent.seq;
            let room_id = room.clone();
            let get = v1::GetRoomRequest { room_id: room_id.clone() };
            assert_eq!(reason(eve.client.get_room(get).await), no_room());
            assert_eq!(reason(say(&eve, room).await), no_room());
            assert_eq!(reason(join(&eve, room).await), no_room());
            assert_eq!(reason(leave(&eve, room).await), no_room());
            assert_eq!(reason(add(&eve, room, &[&eve]).await), no_room());
            assert_eq!(reason(ban_member(&eve, room, &ada).await), no_room());
            assert_eq!(reason(set_role(&eve, room, &eve, MemberRole::Owner).await), no_room());
            assert_eq!(reason(mute(&eve, room, &ada, 60).await), no_room());
            assert_eq!(reason(archive(&eve, room, true).await), no_room());
            let list = v1::ListMessagesRequest { room_id: room_id.clone(), ..Default::default() };
            assert_eq!(reason(eve.client.list_messages(list).await), no_room());
            let one = v1::GetMessageRequest { room_id: room_id.clone(), seq };
            assert_eq!(reason(eve.client.get_message(one).await), no_room());
            let members = v1::ListMembersRequest { room_id: room_id.clone(), ..Default::default() };
            assert_eq!(reason(eve.client.list_members(members).await), no_room());
            let bans = v1::ListBansRequest { room_id: room_id.clone(), ..Default::default() };
            assert_eq!(reason(eve.client.list_bans(bans).await), no_room());
            let pins = v1::ListPinsRequest { room_id: room_id.clone() };
            assert_eq!(reason(eve.client.list_pins(pins).await), no_room());
            let react = v1::AddReactionRequest { room_id: room_id.clone(), seq, emoji: "👍".into(), ..Default::default() };
            assert_eq!(reason(eve.client.add_reaction(react).await), no_room());
            let update = v1::UpdateRoomRequest { room_id: room_id.clone(), ..Default::default() };
            assert_eq!(reason(eve.client.update_room(update).await), no_room());
            let sync = v1::SyncRoomRequest { room_id, ..Default::default() };
            assert_eq!(reason(eve.client.sync_room(sync).await), no_room());
        }
        let browse = v1::BrowseRoomsRequest { query: "plans".into(), ..Default::default() };
        assert!(eve.client.browse_rooms(browse).await.expect("a page").rooms.is_empty());

        // Who is taken out learns nothing more.
        remove_member(&ada, &room, &bob).await.expect("removed");
        let gone = |event: &Kind| matches!(event, Kind::RoomGone(_)).then_some(());
        watching.until("the room to go", gone).await;
        assert_eq!(reason(say(&bob, &room).await), no_room());
        assert_eq!(reason(join(&bob, &room).await), no_room());
        server.end().await;
    }

    async fn roles_decide_and_the_last_owner_stays(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let carl = Person::register(&server.url, "carl").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        carl.join(&room).await;
        assert_eq!(reason(add(&bob, &room, &[&carl]).await), denied("NOT_ADMIN"));
        assert_eq!(reason(remove_member(&bob, &room, &carl).await), denied("NOT_ADMIN"));
        assert_eq!(reason(set_role(&bob, &room, &bob, MemberRole::Owner).await), denied("NOT_OWNER"));
        let admin = set_role(&ada, &room, &bob, MemberRole::Admin).await.expect("made admin");
        assert_eq!(admin.role(), MemberRole::Admin);
        assert_eq!(reason(set_role(&bob, &room, &carl, MemberRole::Admin).await), denied("NOT_OWNER"));
        assert_eq!(reason(archive(&bob, &room, true).await), denied("NOT_OWNER"));
        assert_eq!(reason(remove_member(&bob, &room, &ada).await), denied("MEMBER_RANK"));
        assert_eq!(reason(set_role(&ada, &room, &ada, MemberRole::Member).await), failed("LAST_OWNER"));
        assert_eq!(reason(leave(&ada, &room).await), failed("LAST_OWNER"));
        // Handing the room over.
        set_role(&ada, &room, &bob, MemberRole::Owner).await.expect("made owner");
        assert_eq!(set_role(&ada, &room, &ada, MemberRole::Member).await.expect("stepped down").role(), MemberRole::Member);
        leave(&ada, &room).await.expect("left");
        remove_member(&bob, &room, &carl).await.expect("removed");
        let missing = (Code::NotFound, "MEMBER_NOT_FOUND".to_owned());
        assert_eq!(reason(remove_member(&bob, &room, &carl).await), missing);
        assert_eq!(reason(mute(&bob, &room, &carl, 60).await), missing);
        assert_eq!(reason(set_role(&bob, &room, &carl, MemberRole::Admin).await), missing);
        join(&carl, &room).await.expect("who was removed may come back");
        let summary = bob.summary(&room).await;
        assert_eq!((summary.role(), summary.room.expect("a room").member_count), (MemberRole::Owner, 2));
        server.end().await;
    }

    async fn banned_and_muted_members_are_kept_out_and_quiet(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let eve = Person::register(&server.url, "eve").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        let message = say(&bob, &room).await.expect("sent");
        let muted = mute(&ada, &room, &bob, 3_600).await.expect("muted");
        assert!(muted.muted_until.is_some());
        assert_eq!(bob.summary(&room).await.muted_until, muted.muted_until);
        assert_eq!(reason(say(&bob, &room).await), denied("MUTED"));
        let edit = v1::EditMessageRequest { room_id: room.clone(), seq: message.seq, text: "x".into(), ..Default::default() };
        assert_eq!(reason(bob.client.edit_message(edit).await), denied("MUTED"));
        bob.leave(&room).await;
        bob.join(&room).await;
        assert_eq!(reason(say(&bob, &room).await), denied("MUTED"), "it does not help");
        mute(&ada, &room, &bob, 0).await.expect("may speak again");
        say(&bob, &room).await.expect("sent");
        let late = mute(&ada, &room, &bob, 400 * 86_400).await.expect_err("refused");
        assert_eq!(late.violations[0].0, "duration");

        let mut watching = bob.stream().await;
        let banned = ban_member(&ada, &room, &bob).await.expect("banned");
        assert_eq!(banned.state(), MemberState::Banned);
        ban_member(&ada, &room, &bob).await.expect("again");
        ban_member(&ada, &room, &eve).await.expect("one who never was here");
        watching.until("the room to go", |event| matches!(event, Kind::RoomGone(_)).then_some(())).await;
        for person in [&bob, &eve] {
            assert_eq!(reason(join(person, &room).await), denied("BANNED"));
            assert_eq!(reason(say(person, &room).await), denied("BANNED"));
        }
        assert_eq!(reason(add(&ada, &room, &[&bob]).await), failed("MEMBER_BANNED"));
        let bans = async || -> Vec<String> {
            let request = v1::ListBansRequest { room_id: room.clone(), ..Default::default() };
            let page = ada.client.list_bans(request).await.expect("a page");
            page.members.into_iter().filter_map(|m| Some(m.user?.username)).collect()
        };
        assert_eq!(bans().await, ["bob", "eve"]);
        unban_member(&ada, &room, &bob).await.expect("unbanned");
        unban_member(&ada, &room, &bob).await.expect("again");
        assert_eq!(bans().await, ["eve"]);
        join(&bob, &room).await.expect("may come back");
        let oneself = ban_member(&ada, &room, &ada).await.expect_err("refused");
        assert_eq!(oneself.violations[0].0, "user_id");
        server.end().await;
    }

    async fn an_archived_room_is_read_only(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let cid = Person::register(&server.url, "cid").await;
        let room = ada.create_room("Room").await;
        join(&cid, &room).await.expect("joined");
        let message = say(&ada, &room).await.expect("sent");
        let archived = archive(&ada, &room, true).await.expect("archived").room.expect("a room");
        assert!(archived.archived_at.is_some());
        let again = archive(&ada, &room, true).await.expect("again").room.expect("a room");
        assert_eq!(again, archived);
        assert_eq!(reason(say(&ada, &room).await), failed("ROOM_ARCHIVED"));
        let delete = v1::DeleteMessageRequest { room_id: room.clone(), seq: message.seq, ..Default::default() };
        assert_eq!(reason(ada.client.delete_message(delete).await), failed("ROOM_ARCHIVED"));
        assert_eq!(reason(join(&bob, &room).await), failed("ROOM_ARCHIVED"));
        assert_eq!(text_of(&ada.history(&room).await[2]), "hello");
        let last = ada.history(&room).await.last().cloned();
        leave(&cid, &room).await.expect("left");
        assert_eq!(ada.history(&room).await.last(), last.as_ref(), "nothing is written in it");
        let open = archive(&ada, &room, false).await.expect("open again").room.expect("a room");
        assert_eq!(open.archived_at, None);
        say(&ada, &room).await.expect("sent");
        join(&bob, &room).await.expect("joined");
        server.end().await;
    }
}

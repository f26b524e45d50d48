//! Who runs the server keeps order in its public rooms, and each time it is told.

use causerie_client::v1::{
    self, AccountRole, HistoryVisibility, MemberRole, RoomKind, StaffRole,
    SystemMessageKind as Told, message::Content,
};
use tonic::Code;

use crate::support::{Person, Server, on_both_databases, people::reason};

type Answer<T = ()> = Result<T, causerie_client::Error>;

fn denied(reason: &str) -> (Code, String) {
    (Code::PermissionDenied, reason.into())
}

async fn give_role(by: &Person, who: &Person, role: AccountRole) {
    let request = v1::SetUserRoleRequest { user_id: who.user.id.clone(), role: role.into() };
    by.client.set_user_role(request).await.expect("set");
}

/// What the server's staff may do in a public room.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Deed {
    Delete,
    Pin,
    Unpin,
    Mute,
    Unmute,
    Remove,
    Ban,
    Unban,
    Rename,
    Topic,
    History,
    Archive,
    Unarchive,
}

use Deed::{
    Archive, Ban, Delete, History, Mute, Pin, Remove, Rename, Topic, Unarchive, Unban, Unmute,
    Unpin,
};

/// In an order in which each changes something.
const OF_MODERATORS: [Deed; 8] = [Pin, Unpin, Delete, Mute, Unmute, Remove, Ban, Unban];
const OF_ADMINS: [Deed; 5] = [Rename, Topic, History, Archive, Unarchive];

impl Deed {
    fn told(self) -> Told {
        match self {
            Delete => Told::MessageDeleted,
            Pin => Told::MessagePinned,
            Unpin => Told::MessageUnpinned,
            Mute => Told::MemberMuted,
            Unmute => Told::MemberUnmuted,
            Remove => Told::MemberRemoved,
            Ban => Told::MemberBanned,
            Unban => Told::MemberUnbanned,
            Rename => Told::RoomRenamed,
            Topic => Told::TopicChanged,
            History => Told::SettingsChanged,
            Archive => Told::RoomArchived,
            Unarchive => Told::RoomUnarchived,
        }
    }
}

async fn mute(by: &Person, room: &str, whom: &Person, seconds: i64) -> Answer {
    let (room_id, user_id) = (room.to_owned(), whom.user.id.clone());
    let duration = Some(prost_types::Duration { seconds, nanos: 0 });
    by.client
        .mute_member(v1::MuteMemberRequest { room_id, user_id, duration, ..Default::default() })
        .await
        .map(drop)
}

async fn ban(by: &Person, room: &str, whom: &Person) -> Answer {
    let (room_id, user_id) = (room.to_owned(), whom.user.id.clone());
    by.client
        .ban_member(v1::BanMemberRequest { room_id, user_id, ..Default::default() })
        .await
        .map(drop)
}

/// Does it to a message and to somebody who has posted it.
async fn act(by: &Person, deed: Deed, (room, seq): (&str, i64), whom: &Person) -> Answer {
    let client = &by.client;
    let (room_id, user_id) = (room.to_owned(), whom.user.id.clone());
    let update = v1::UpdateRoomRequest { room_id: room_id.clone(), ..Default::default() };
    match deed {
        Delete => client
            .delete_message(v1::DeleteMessageRequest { room_id, seq, ..Default::default() })
            .await
            .map(drop),
        Pin => client
            .pin_message(v1::PinMessageRequest { room_id, seq, ..Default::default() })
            .await
            .map(drop),
        Unpin => client
            .unpin_message(v1::UnpinMessageRequest { room_id, seq, ..Default::default() })
            .await
            .map(drop),
        Mute => mute(by, room, whom, 60).await,
        Unmute => mute(by, room, whom, 0).await,
        Remove => {
            client.remove_member(v1::RemoveMemberRequest { room_id, user_id }).await.map(drop)
        }
        Ban => ban(by, room, whom).await,
        Unban => client.unban_member(v1::UnbanMemberRequest { room_id, user_id }).await.map(drop),
        Rename => {
            let request = v1::UpdateRoomRequest { name: Some("Other".into()), ..update };
            client.update_room(request).await.map(drop)
        }
        Topic => {
            let request = v1::UpdateRoomRequest { topic: Some("Order".into()), ..update };
            client.update_room(request).await.map(drop)
        }
        History => {
            let history = Some(HistoryVisibility::FromJoining.into());
            client.update_room(v1::UpdateRoomRequest { history, ..update }).await.map(drop)
        }
        Archive | Unarchive => {
            let archived = deed == Archive;
            client.archive_room(v1::ArchiveRoomRequest { room_id, archived }).await.map(drop)
        }
    }
}

/// The newest system message: who did what, by what, and to whom.
async fn last_told(person: &Person, room: &str) -> (String, Told, StaffRole, String) {
    let history = person.history(room).await;
    let told = history.into_iter().rev().find_map(|message| match message.content {
        Some(Content::System(told)) => {
            Some((message.sender_id, told.kind(), told.staff(), told.about_user_id))
        }
        _ => None,
    });
    told.expect("a system message")
}

async fn set_join(by: &Person, room: &str, join: bool) -> Answer<v1::Room> {
    let join_new_accounts = Some(join);
    let request =
        v1::UpdateRoomRequest { room_id: room.into(), join_new_accounts, ..Default::default() };
    Ok(by.client.update_room(request).await?.room.expect("a room"))
}

/// A person's rooms by name, with their role.
async fn rooms(person: &Person) -> Vec<(String, MemberRole)> {
    let page = person.client.list_rooms(v1::ListRoomsRequest::default()).await.expect("rooms");
    let of = |summary: v1::RoomSummary| {
        let role = summary.role();
        (summary.room.expect("a room").name, role)
    };
    let mut rooms: Vec<_> = page.rooms.into_iter().map(of).collect();
    rooms.sort_by(|one, other| one.0.cmp(&other.0));
    rooms
}

async fn room_named(person: &Person, name: &str) -> v1::Room {
    let request = v1::BrowseRoomsRequest { query: name.into(), ..Default::default() };
    let page = person.client.browse_rooms(request).await.expect("rooms");
    page.rooms.into_iter().find_map(|found| found.room).expect("a room")
}

async fn private_room(person: &Person) -> String {
    let kind = RoomKind::Private.into();
    let request = v1::CreateRoomRequest { name: "Private".into(), kind, ..Default::default() };
    person.client.create_room(request).await.expect("a room").room.expect("a room").id
}

on_both_databases! {
    async fn staff_keeps_order_in_public_rooms_and_each_deed_is_told(database: Database) {
        let server = Server::start(database).await;
        let admin = Person::register(&server.url, "admin").await;
        let moderator = Person::register(&server.url, "moderator").await;
        let owner = Person::register(&server.url, "owner").await;
        let user = Person::register(&server.url, "user").await;
        give_role(&admin, &moderator, AccountRole::Moderator).await;
        // Without a role in the room, and as a plain member.
        for inside in [false, true] {
            for (staff, role) in [(&moderator, StaffRole::Moderator), (&admin, StaffRole::Admin)] {
                let room = owner.create_room("Room").await;
                if inside {
                    staff.join(&room).await;
                }
                let refusal = denied(if inside { "NOT_ADMIN" } else { "NOT_MEMBER" });
                for deed in OF_MODERATORS.into_iter().chain(OF_ADMINS) {
                    if OF_MODERATORS.contains(&deed) && deed != Unban {
                        user.join(&room).await;
                    }
                    // The message that was pinned is the one that goes.
                    let pinned = owner.client.list_pins(v1::ListPinsRequest { room_id: room.clone() });
                    let pinned = pinned.await.expect("pins").messages;
                    let seq = match pinned.first() {
                        Some(message) => message.seq,
                        None if OF_MODERATORS[..4].contains(&deed) => user.send(&room, "hello").await.seq,
                        None => 1,
                    };
                    let head = owner.summary(&room).await.room.expect("a room").head_seq;
                    let done = act(staff, deed, (&room, seq), &user).await;
                    if role == StaffRole::Moderator && OF_ADMINS.contains(&deed) {
                        let owners = [Archive, Unarchive].contains(&deed) && inside;
                        let refusal = if owners { denied("NOT_OWNER") } else { refusal.clone() };
                        assert_eq!(reason(done), refusal, "{deed:?}");
                        continue;
                    }
                    done.unwrap_or_else(|error| panic!("{deed:?} by {role:?}: {error:?}"));
                    let (by, what, by_what, about) = last_told(&owner, &room).await;
                    assert_eq!((by, what, by_what), (staff.user.id.clone(), deed.told(), role));
                    let about_user = !OF_ADMINS.contains(&deed);
                    assert_eq!(about, if about_user { user.user.id.clone() } else { String::new() }, "{deed:?}");
                    // Once more changes nothing, and tells nothing.
                    let then = owner.summary(&room).await.room.expect("a room").head_seq;
                    assert!(then > head);
                    // A mute ends later by as much.
                    if ![Remove, Mute].contains(&deed) {
                        act(staff, deed, (&room, seq), &user).await.expect("again");
                    }
                    assert_eq!(owner.summary(&room).await.room.expect("a room").head_seq, then, "{deed:?}");
                }
            }
        }
        server.end().await;
    }

    async fn a_role_on_the_server_is_nothing_in_other_rooms_and_lasts_as_long_as_it_does(database: Database) {
        let server = Server::start(database).await;
        let admin = Person::register(&server.url, "admin").await;
        let moderator = Person::register(&server.url, "moderator").await;
        let owner = Person::register(&server.url, "owner").await;
        let user = Person::register(&server.url, "user").await;
        give_role(&admin, &moderator, AccountRole::Moderator).await;
        let room = private_room(&owner).await;
        let seq = owner.send(&room, "hello").await.seq;
        let user_ids = vec![user.user.id.clone()];
        let add = v1::AddMembersRequest { room_id: room.clone(), user_ids, ..Default::default() };
        owner.client.add_members(add).await.expect("added");
        let nowhere = (Code::NotFound, "ROOM_NOT_FOUND".to_owned());
        for staff in [&admin, &moderator] {
            for deed in OF_MODERATORS.into_iter().chain(OF_ADMINS) {
                assert_eq!(reason(act(staff, deed, (&room, seq), &user).await), nowhere, "{deed:?}");
            }
        }
        let request = v1::OpenDirectRoomRequest { user_id: user.user.id.clone() };
        let direct = admin.client.open_direct_room(request).await.expect("a room").room.expect("a room").id;
        let seq = user.send(&direct, "hello").await.seq;
        assert_eq!(reason(act(&admin, Delete, (&direct, seq), &user).await), denied("NOT_SENDER"));

        // A public room of which they are admin too: nothing is told that was not.
        let room = owner.create_room("Room").await;
        user.join(&room).await;
        moderator.join(&room).await;
        let (room_id, user_id) = (room.clone(), moderator.user.id.clone());
        let request = v1::SetMemberRoleRequest { room_id, user_id, role: MemberRole::Admin.into() };
        owner.client.set_member_role(request).await.expect("made admin");
        ban(&moderator, &room, &user).await.expect("banned");
        let (_, what, by_what, _) = last_told(&owner, &room).await;
        assert_eq!((what, by_what), (Told::MemberBanned, StaffRole::Unspecified));

        // Ranks: nobody over the same or a higher role on the server, nor the only
        // owner out of the room.
        admin.join(&room).await;
        mute(&moderator, &room, &owner, 60).await.expect("an owner may be muted");
        let last_owner = (Code::FailedPrecondition, "LAST_OWNER".to_owned());
        assert_eq!(reason(ban(&moderator, &room, &owner).await), last_owner);
        let (room_id, user_id) = (room.clone(), owner.user.id.clone());
        let remove = admin.client.remove_member(v1::RemoveMemberRequest { room_id, user_id });
        assert_eq!(reason(remove.await), last_owner);
        let general = room_named(&admin, "General").await.id;
        assert_eq!(reason(ban(&moderator, &general, &admin).await), denied("MEMBER_RANK"));
        assert_eq!(reason(mute(&moderator, &general, &admin, 60).await), denied("MEMBER_RANK"));
        give_role(&admin, &user, AccountRole::Moderator).await;
        assert_eq!(reason(ban(&moderator, &general, &user).await), denied("MEMBER_RANK"));
        assert_eq!(reason(ban(&user, &general, &moderator).await), denied("MEMBER_RANK"));
        mute(&admin, &general, &user, 60).await.expect("muted");

        // It ends with the role.
        let other = owner.create_room("Other").await;
        let seq = owner.send(&other, "hello").await.seq;
        give_role(&admin, &moderator, AccountRole::User).await;
        assert_eq!(reason(act(&moderator, Delete, (&other, seq), &owner).await), denied("NOT_MEMBER"));
        server.end().await;
    }

    async fn the_first_account_owns_the_first_rooms_and_new_ones_join_those_for_all(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let own = |name: &str| (name.to_owned(), MemberRole::Owner);
        assert_eq!(rooms(&ada).await, [own("General"), own("Random"), own("Technology")]);
        let bob = Person::register(&server.url, "bob").await;
        let member = |name: &str| (name.to_owned(), MemberRole::Member);
        assert_eq!(rooms(&bob).await, [member("General")]);
        let general = room_named(&ada, "General").await;
        assert!(general.join_new_accounts && !room_named(&ada, "Random").await.join_new_accounts);

        // Only the server's admins say which rooms these are.
        let room = bob.create_room("Of Bob").await;
        assert_eq!(reason(set_join(&bob, &room, true).await), denied("NOT_SERVER_ADMIN"));
        assert_eq!(reason(set_join(&bob, &general.id, false).await), denied("NOT_ADMIN"));
        assert!(set_join(&ada, &room, true).await.expect("set").join_new_accounts);
        let (by, what, by_what, _) = last_told(&bob, &room).await;
        assert_eq!((by, what, by_what), (ada.user.id.clone(), Told::SettingsChanged, StaffRole::Admin));
        set_join(&ada, &room, true).await.expect("again");
        assert!(!set_join(&ada, &general.id, false).await.expect("set").join_new_accounts);
        let private = private_room(&ada).await;
        let refused = set_join(&ada, &private, true).await.expect_err("refused");
        assert_eq!(refused.violations[0].0, "join_new_accounts");
        let carl = Person::register(&server.url, "carl").await;
        assert_eq!(rooms(&carl).await, [member("Of Bob")]);
        let archive = v1::ArchiveRoomRequest { room_id: room, archived: true };
        bob.client.archive_room(archive).await.expect("archived");
        let dora = Person::register(&server.url, "dora").await;
        assert_eq!(rooms(&dora).await, []);
        server.end().await;
    }

    async fn on_upgrade_the_oldest_admin_owns_the_first_rooms_once(database: Database) {
        let mut server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        give_role(&ada, &bob, AccountRole::Admin).await;
        // As older servers have left it: bob alone in one of the rooms.
        let mut raw = server.database().await;
        raw.execute("delete from members where role = 3".into()).await;
        let counted = "update rooms set owner_count = 0, member_count =
                 (select count(*) from members m where m.room_id = rooms.id and m.state = 1)";
        raw.execute(counted.into()).await;
        drop(raw);
        server.restart().await;
        let ada = ada.sign_in_again(&server.url).await;
        let bob = bob.sign_in_again(&server.url).await;
        let own = |name: &str| (name.to_owned(), MemberRole::Owner);
        assert_eq!(rooms(&ada).await, [own("General"), own("Random"), own("Technology")]);
        assert_eq!(rooms(&bob).await, [("General".to_owned(), MemberRole::Member)]);
        let random = room_named(&ada, "Random").await.id;
        ada.leave(&random).await;
        server.restart().await;
        let ada = ada.sign_in_again(&server.url).await;
        assert_eq!(rooms(&ada).await, [own("General"), own("Technology")], "once");
        server.end().await;
    }

    /// By the owner of a room, who is nobody on the server.
    async fn staff_that_was_banned_from_a_public_room_is_let_in_again_by_staff(database: Database) {
        let server = Server::start(database).await;
        let admin = Person::register(&server.url, "admin").await;
        let other = Person::register(&server.url, "other").await;
        let owner = Person::register(&server.url, "owner").await;
        give_role(&admin, &other, AccountRole::Admin).await;
        let room = owner.create_room("Room").await;
        admin.join(&room).await;
        ban(&owner, &room, &admin).await.expect("banned");
        act(&other, Unban, (&room, 0), &admin).await.expect("unbanned");
        admin.join(&room).await;
        mute(&owner, &room, &admin, 600).await.expect("muted");
        act(&other, Unmute, (&room, 0), &admin).await.expect("unmuted");
        admin.send(&room, "here again").await;
        assert_eq!(reason(act(&other, Mute, (&room, 0), &admin).await), denied("MEMBER_RANK"));
        server.end().await;
    }

    /// The same as staff that is no member.
    async fn staff_that_joined_late_deletes_what_was_posted_before(database: Database) {
        let server = Server::start(database).await;
        let admin = Person::register(&server.url, "admin").await;
        let moderator = Person::register(&server.url, "moderator").await;
        let owner = Person::register(&server.url, "owner").await;
        let late = Person::register(&server.url, "late").await;
        give_role(&admin, &moderator, AccountRole::Moderator).await;
        let room = owner.create_room("Room").await;
        act(&owner, History, (&room, 0), &owner).await.expect("hidden");
        let mut seqs = Vec::new();
        for n in 0..3 {
            seqs.push(owner.send(&room, &format!("message {n}")).await.seq);
        }
        let nowhere = (Code::NotFound, "MESSAGE_NOT_FOUND".to_owned());
        let deleted = (moderator.user.id.clone(), Told::MessageDeleted, StaffRole::Moderator, owner.user.id.clone());
        act(&moderator, Delete, (&room, seqs[0]), &owner).await.expect("by no member");
        moderator.join(&room).await;
        late.join(&room).await;
        let (room_id, user_id) = (room.clone(), late.user.id.clone());
        let request = v1::SetMemberRoleRequest { room_id, user_id, role: MemberRole::Admin.into() };
        owner.client.set_member_role(request).await.expect("made admin");
        assert_eq!(reason(act(&late, Delete, (&room, seqs[1]), &owner).await), nowhere, "no staff");
        for deed in [Pin, Unpin] {
            assert_eq!(reason(act(&moderator, deed, (&room, seqs[1]), &owner).await), nowhere, "{deed:?}");
        }
        act(&moderator, Delete, (&room, seqs[1]), &owner).await.expect("as a member");
        assert_eq!(last_told(&owner, &room).await, deleted);
        moderator.leave(&room).await;
        act(&moderator, Delete, (&room, seqs[2]), &owner).await.expect("after leaving");
        assert_eq!(last_told(&owner, &room).await, deleted);
        assert_eq!(reason(act(&moderator, Delete, (&room, 99), &owner).await), nowhere);
        server.end().await;
    }

    async fn a_suspended_account_is_no_staff(database: Database) {
        let server = Server::start(database).await;
        let admin = Person::register(&server.url, "admin").await;
        let [moderator, other] = [Person::register(&server.url, "one").await, Person::register(&server.url, "other").await];
        for one in [&moderator, &other] {
            give_role(&admin, one, AccountRole::Moderator).await;
        }
        let general = room_named(&admin, "General").await.id;
        assert_eq!(reason(ban(&moderator, &general, &other).await), denied("MEMBER_RANK"));
        let request = v1::SuspendUserRequest { user_id: other.user.id.clone() };
        admin.client.suspend_user(request).await.expect("suspended");
        ban(&moderator, &general, &other).await.expect("banned");
        server.end().await;
    }
}

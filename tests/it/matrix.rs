//! Who may do what: every RPC that names a room or what is in it, called by
//! everyone who stands to that room in some way. The table is a snapshot.

use std::{collections::BTreeSet, fmt::Write as _};

use causerie_client::{
    Error,
    v1::{self, MemberRole, RoomKind},
};
use prost::Message as _;

use crate::support::{Person, Server, on_both_databases};

/// A room, and what is in it, for one caller.
struct Case {
    room_id: String,
    /// A message of the owner.
    seq: i64,
    /// A member whom only this caller's call is about.
    target: String,
    code: String,
    /// A file in the owner's message, and one of the caller.
    file_id: String,
}

/// The RPCs of the table. Those that a room's state does not decide, or that
/// another test is about, are named in `elsewhere`.
const RPCS: &[&str] = &[
    "GetRoom",
    "UpdateRoom",
    "JoinRoom",
    "LeaveRoom",
    "ListMembers",
    "AddMembers",
    "RemoveMember",
    "BanMember",
    "UnbanMember",
    "ListBans",
    "MuteMember",
    "SetMemberRole",
    "ArchiveRoom",
    "UpdateRoomPreferences",
    "CreateInvite",
    "ListInvites",
    "RevokeInvite",
    "GetInvite",
    "RedeemInvite",
    "SendMessage",
    "EditMessage",
    "DeleteMessage",
    "AddReaction",
    "RemoveReaction",
    "PinMessage",
    "UnpinMessage",
    "ListPins",
    "ListReactions",
    "ListMessageVersions",
    "SearchMessages",
    "ListMessages",
    "ListThread",
    "ListThreads",
    "GetMessage",
    "MarkRead",
    "MarkDelivered",
    "MarkUnread",
    "ListReceipts",
    "SetTyping",
    "SyncRoom",
    "GetFile",
];

#[expect(clippy::too_many_lines, reason = "one arm for each RPC")]
async fn call(rpc: &str, person: &Person, case: &Case) -> Result<(), Error> {
    let client = &person.client;
    let Case { room_id, seq, target, code, file_id } = case;
    let (room_id, user_id, seq) = (room_id.clone(), target.clone(), *seq);
    let (code, file_id) = (code.clone(), file_id.clone());
    let emoji = "👍".to_owned();
    match rpc {
        "GetRoom" => client.get_room(v1::GetRoomRequest { room_id }).await.map(drop),
        "UpdateRoom" => {
            let topic = Some(format!("by {}", person.user.username));
            let request = v1::UpdateRoomRequest { room_id, topic, ..Default::default() };
            client.update_room(request).await.map(drop)
        }
        "JoinRoom" => client.join_room(v1::JoinRoomRequest { room_id }).await.map(drop),
        "LeaveRoom" => client.leave_room(v1::LeaveRoomRequest { room_id }).await.map(drop),
        "ListMembers" => {
            let request = v1::ListMembersRequest { room_id, ..Default::default() };
            client.list_members(request).await.map(drop)
        }
        "AddMembers" => {
            let request =
                v1::AddMembersRequest { room_id, user_ids: vec![user_id], ..Default::default() };
            client.add_members(request).await.map(drop)
        }
        "RemoveMember" => {
            client.remove_member(v1::RemoveMemberRequest { room_id, user_id }).await.map(drop)
        }
        "BanMember" => client
            .ban_member(v1::BanMemberRequest { room_id, user_id, ..Default::default() })
            .await
            .map(drop),
        "UnbanMember" => {
            client.unban_member(v1::UnbanMemberRequest { room_id, user_id }).await.map(drop)
        }
        "ListBans" => {
            let request = v1::ListBansRequest { room_id, ..Default::default() };
            client.list_bans(request).await.map(drop)
        }
        "MuteMember" => {
            let duration = Some(prost_types::Duration { seconds: 60, nanos: 0 });
            let request =
                v1::MuteMemberRequest { room_id, user_id, duration, ..Default::default() };
            client.mute_member(request).await.map(drop)
        }
        "SetMemberRole" => {
            let role = MemberRole::Admin.into();
            let request = v1::SetMemberRoleRequest { room_id, user_id, role };
            client.set_member_role(request).await.map(drop)
        }
        "ArchiveRoom" => {
            let request = v1::ArchiveRoomRequest { room_id, archived: true };
            client.archive_room(request).await.map(drop)
        }
        "UpdateRoomPreferences" => {
            let starred = Some(true);
            let request =
                v1::UpdateRoomPreferencesRequest { room_id, starred, ..Default::default() };
            client.update_room_preferences(request).await.map(drop)
        }
        "CreateInvite" => {
            let request = v1::CreateInviteRequest { room_id, ..Default::default() };
            client.create_invite(request).await.map(drop)
        }
        "ListInvites" => client.list_invites(v1::ListInvitesRequest { room_id }).await.map(drop),
        "RevokeInvite" => client.revoke_invite(v1::RevokeInviteRequest { code }).await.map(drop),
        "GetInvite" => client.get_invite(v1::GetInviteRequest { code }).await.map(drop),
        "RedeemInvite" => client.redeem_invite(v1::RedeemInviteRequest { code }).await.map(drop),
        "SendMessage" => person.try_send(&room_id, "hi", "matrix").await.map(drop),
        "EditMessage" => {
            let request = v1::EditMessageRequest {
                room_id,
                seq,
                text: "edited".into(),
                ..Default::default()
            };
            client.edit_message(request).await.map(drop)
        }
        "DeleteMessage" => client
            .delete_message(v1::DeleteMessageRequest { room_id, seq, ..Default::default() })
            .await
            .map(drop),
        "AddReaction" => client
            .add_reaction(v1::AddReactionRequest { room_id, seq, emoji, ..Default::default() })
            .await
            .map(drop),
        "RemoveReaction" => client
            .remove_reaction(v1::RemoveReactionRequest {
                room_id,
                seq,
                emoji,
                ..Default::default()
            })
            .await
            .map(drop),
        "PinMessage" => client
            .pin_message(v1::PinMessageRequest { room_id, seq, ..Default::default() })
            .await
            .map(drop),
        "UnpinMessage" => client
            .unpin_message(v1::UnpinMessageRequest { room_id, seq, ..Default::default() })
            .await
            .map(drop),
        "ListReactions" => {
            let request = v1::ListReactionsRequest { room_id, seq, ..Default::default() };
            client.list_reactions(request).await.map(drop)
        }
        "ListPins" => client.list_pins(v1::ListPinsRequest { room_id }).await.map(drop),
        "ListMessageVersions" => {
            let request = v1::ListMessageVersionsRequest { room_id, seq };
            client.list_message_versions(request).await.map(drop)
        }
        "SearchMessages" => {
            let query = "hello".to_owned();
            let request = v1::SearchMessagesRequest { room_id, query, ..Default::default() };
            client.search_messages(request).await.map(drop)
        }
        "ListMessages" => {
            let request = v1::ListMessagesRequest { room_id, ..Default::default() };
            client.list_messages(request).await.map(drop)
        }
        "ListThreads" => {
            let request = v1::ListThreadsRequest { room_id, ..Default::default() };
            client.list_threads(request).await.map(drop)
        }
        "ListThread" => {
            let request = v1::ListThreadRequest { room_id, thread_seq: seq, ..Default::default() };
            client.list_thread(request).await.map(drop)
        }
        "GetMessage" => client.get_message(v1::GetMessageRequest { room_id, seq }).await.map(drop),
        "MarkRead" => {
            let request = v1::MarkReadRequest { room_id, seq, thread_seq: 0, ..Default::default() };
            client.mark_read(request).await.map(drop)
        }
        "MarkDelivered" => client
            .mark_delivered(v1::MarkDeliveredRequest { room_id, seq, ..Default::default() })
            .await
            .map(drop),
        "MarkUnread" => client
            .mark_unread(v1::MarkUnreadRequest { room_id, seq, ..Default::default() })
            .await
            .map(drop),
        "ListReceipts" => {
            client.list_receipts(v1::ListReceiptsRequest { room_id, seq }).await.map(drop)
        }
        "SetTyping" => {
            client.set_typing(v1::SetTypingRequest { room_id, typing: true }).await.map(drop)
        }
        "SyncRoom" => {
            let request =
                v1::SyncRoomRequest { room_id, after_seq: 0, page_size: 10, ..Default::default() };
            client.sync_room(request).await.map(drop)
        }
        "GetFile" => client.get_file(v1::GetFileRequest { file_id }).await.map(drop),
        other => panic!("{other} has no arm"),
    }
}

/// RPCs that name a room, a message, an invite or a file, by the protos.
fn rpcs_about_rooms() -> BTreeSet<String> {
    let set = prost_types::FileDescriptorSet::decode(causerie::wire::DESCRIPTORS).expect("protos");
    let mut messages = std::collections::HashMap::new();
    for file in &set.file {
        for message in &file.message_type {
            let name = format!(".{}.{}", file.package(), message.name());
            let fields: Vec<_> = message.field.iter().map(|f| f.name().to_owned()).collect();
            messages.insert(name, fields);
        }
    }
    let about = ["room_id", "room_ids", "code", "file_id", "file_ids"];
    let methods = set.file.iter().flat_map(|file| &file.service).flat_map(|s| &s.method);
    methods
        .filter(|method| {
            let fields = messages.get(method.input_type());
            fields.is_some_and(|fields| fields.iter().any(|field| about.contains(&field.as_str())))
        })
        .map(|method| method.name().to_owned())
        .collect()
}

/// Those who stand to a room in some way, those who may the least first.
const CALLERS: [&str; 7] = ["stranger", "banned", "left", "muted", "member", "admin", "owner"];

struct Cast {
    callers: Vec<Person>,
    targets: Vec<Person>,
}

impl Cast {
    fn of(&self, name: &str) -> &Person {
        let at = CALLERS.iter().position(|caller| *caller == name).expect("a caller");
        &self.callers[at]
    }

    /// A room with all of them in it as they stand to it.
    async fn room(&self, kind: RoomKind, archived: bool, file: &v1::File) -> Case {
        let owner = self.of("owner");
        let request =
            v1::CreateRoomRequest { name: "Room".into(), kind: kind.into(), ..Default::default() };
        let room = owner.client.create_room(request).await.expect("a room").room.expect("a room");
        let room_id = room.id;
        let inside = ["left", "muted", "member", "admin"].map(|name| self.of(name));
        let targets = self.targets.iter();
        let user_ids = inside.into_iter().chain(targets).map(|p| p.user.id.clone()).collect();
        let request =
            v1::AddMembersRequest { room_id: room_id.clone(), user_ids, ..Default::default() };
        owner.client.add_members(request).await.expect("added");
        let id = |name: &str| self.of(name).user.id.clone();
        let request = v1::SetMemberRoleRequest {
            room_id: room_id.clone(),
            user_id: id("admin"),
            role: MemberRole::Admin.into(),
        };
        owner.client.set_member_role(request).await.expect("an admin");
        let request = v1::MuteMemberRequest {
            room_id: room_id.clone(),
            user_id: id("muted"),
            duration: Some(prost_types::Duration { seconds: 3_600, nanos: 0 }),
            ..Default::default()
        };
        owner.client.mute_member(request).await.expect("muted");
        let request = v1::BanMemberRequest {
            room_id: room_id.clone(),
            user_id: id("banned"),
            ..Default::default()
        };
        owner.client.ban_member(request).await.expect("banned");
        self.of("left").leave(&room_id).await;
        let sent = owner.send_files(&room_id, "hello", &[file]).await.expect("sent");
        let request = v1::CreateInviteRequest { room_id: room_id.clone(), ..Default::default() };
        let invite = owner.client.create_invite(request).await.expect("made").invite;
        if archived {
            let request = v1::ArchiveRoomRequest { room_id: room_id.clone(), archived };
            owner.client.archive_room(request).await.expect("archived");
        }
        Case {
            room_id,
            seq: sent.seq,
            target: String::new(),
            code: invite.expect("an invite").code,
            file_id: file.id.clone(),
        }
    }
}

fn cell(answer: Result<(), Error>) -> String {
    match answer {
        Ok(()) => "yes".into(),
        Err(error) => error.reason.to_lowercase(),
    }
}

on_both_databases! {
    async fn every_rpc_as_everyone(database: Database) {
        let elsewhere: BTreeSet<String> =
            // Their rooms are the caller's own, or they are streams' own matters.
            ["WatchRooms", "DownloadFile", "CreateDownloadLinks"].map(String::from).into();
        let listed = RPCS.iter().map(|rpc| (*rpc).to_owned()).chain(elsewhere).collect();
        assert_eq!(rpcs_about_rooms(), listed, "an RPC is missing from the table");

        let server = Server::start(database).await;
        // Who runs the server may more than the others.
        Person::register(&server.url, "founder").await;
        let mut cast = Cast { callers: vec![], targets: vec![] };
        for name in CALLERS {
            cast.callers.push(Person::register(&server.url, name).await);
            cast.targets.push(Person::register(&server.url, &format!("of.{name}")).await);
        }
        let owner = cast.of("owner");
        let mut table = String::new();
        let kinds = [
            ("a public room", RoomKind::Public, false),
            ("a private room", RoomKind::Private, false),
            ("an archived public room", RoomKind::Public, true),
        ];
        for (title, kind, archived) in kinds {
            let _ = writeln!(table, "{title}");
            let columns = CALLERS.map(|name| format!("{name:<19}")).concat();
            let _ = writeln!(table, "{:<22}{}", "", columns.trim_end());
            for rpc in RPCS {
                // A file of this room alone: what one may see elsewhere would count too.
                let file = owner.upload("note.txt", rpc.as_bytes()).await;
                let mut case = cast.room(kind, archived, &file).await;
                let mut row = String::new();
                for (caller, target) in cast.callers.iter().zip(&cast.targets) {
                    case.target.clone_from(&target.user.id);
                    let _ = write!(row, "{:<19}", cell(call(rpc, caller, &case).await));
                }
                let _ = writeln!(table, "{rpc:<22}{}", row.trim_end());
            }
            let _ = writeln!(table);
        }

        let _ = writeln!(table, "a direct room");
        let _ = writeln!(table, "{:<22}{:<19}one of the two", "", "stranger");
        let (one, other) = (cast.of("owner"), cast.of("member"));
        let request = v1::OpenDirectRoomRequest { user_id: other.user.id.clone() };
        let direct = one.client.open_direct_room(request).await.expect("a room").room.expect("a room");
        for rpc in RPCS.iter().filter(|rpc| !rpc.contains("Invite") || **rpc == "CreateInvite") {
            let file = one.upload("note.txt", rpc.as_bytes()).await;
            let sent = one.client
                .send_message(v1::SendMessageRequest {
                    room_id: direct.id.clone(),
                    text: "hello".into(),
                    client_message_id: (*rpc).into(),
                    attachment_ids: vec![file.id.clone()],
                    ..Default::default()
                })
                .await
                .expect("sent")
                .message
                .expect("a message");
            let case = Case {
                room_id: direct.id.clone(),
                seq: sent.seq,
                target: other.user.id.clone(),
                code: String::new(),
                file_id: file.id,
            };
            let stranger = cell(call(rpc, cast.of("stranger"), &case).await);
            let _ = writeln!(table, "{rpc:<22}{stranger:<19}{}", cell(call(rpc, one, &case).await));
        }
        insta::assert_snapshot!("who_may_do_what", table.trim_end());
        server.end().await;
    }
}

//! Rooms and members.

use std::collections::BTreeSet;

use super::{fields::Fields, marks::room_preferences, messages::message, timestamp, users, v1};
use crate::{
    error::{Result, Rule},
    model::{
        History, Member, MemberRole, MemberState, Room, RoomId, RoomKind, RoomSummary, Timestamp,
        UserId, limits,
        rooms::{
            DirectorySearch, MemberChange, MemberSearch, MemberUpdate, NewRoom, RoomPage,
            RoomReset, RoomUpdate,
        },
        text,
    },
};

#[must_use]
pub fn room(room: Room) -> v1::Room {
    let Room {
        id,
        log,
        kind,
        name,
        topic,
        history,
        creator,
        created_at,
        archived_at,
        member_count,
        picture,
        join_new_accounts,
        changed_seq,
        head_seq,
    } = room;
    let direct_user_ids = match kind {
        RoomKind::Public | RoomKind::Private => vec![],
        RoomKind::Direct { a, b } => vec![a.to_string(), b.to_string()],
    };
    v1::Room {
        id: id.to_string(),
        kind: self::kind(kind).into(),
        name,
        topic,
        creator_id: creator.map(|user| user.to_string()).unwrap_or_default(),
        created_at: Some(timestamp(created_at)),
        member_count,
        changed_seq: changed_seq.0,
        head_seq: head_seq.0,
        archived_at: archived_at.map(timestamp),
        direct_user_ids,
        history: match history {
            History::FromStart => v1::HistoryVisibility::FromStart.into(),
            History::FromJoining => v1::HistoryVisibility::FromJoining.into(),
        },
        avatar_file_id: picture.map(|file| file.to_string()).unwrap_or_default(),
        join_new_accounts,
        log_id: log.to_string(),
    }
}

#[must_use]
pub fn kind(kind: RoomKind) -> v1::RoomKind {
    match kind {
        RoomKind::Public => v1::RoomKind::Public,
        RoomKind::Private => v1::RoomKind::Private,
        RoomKind::Direct { .. } => v1::RoomKind::Direct,
    }
}

fn history(fields: &mut Fields, wire: i32) -> Option<History> {
    match v1::HistoryVisibility::try_from(wire) {
        Ok(v1::HistoryVisibility::FromStart) => Some(History::FromStart),
        Ok(v1::HistoryVisibility::FromJoining) => Some(History::FromJoining),
        Ok(v1::HistoryVisibility::Unspecified) => None,
        Err(_) => {
            fields.violate("history", "must be FROM_START or FROM_JOINING");
            None
        }
    }
}

fn role(role: MemberRole) -> v1::MemberRole {
    match role {
        MemberRole::Member => v1::MemberRole::Member,
        MemberRole::Admin => v1::MemberRole::Admin,
        MemberRole::Owner => v1::MemberRole::Owner,
    }
}

#[must_use]
pub fn member(member: Member) -> v1::Member {
    let Member { user, role: held, state, joined_at, muted_until, changed_seq } = member;
    v1::Member {
        user: Some(users::user(user)),
        role: role(held).into(),
        state: match state {
            MemberState::Joined => v1::MemberState::Joined.into(),
            MemberState::Left => v1::MemberState::Left.into(),
            MemberState::Banned => v1::MemberState::Banned.into(),
        },
        joined_at: Some(timestamp(joined_at)),
        changed_seq: changed_seq.0,
        muted_until: muted_until.map(timestamp),
    }
}

/// Where to begin anew with a room.
#[must_use]
pub fn reset(reset: RoomReset) -> v1::RoomReset {
    let RoomReset { summary: of, messages } = reset;
    v1::RoomReset {
        summary: Some(summary(of)),
        messages: messages.into_iter().map(message).collect(),
    }
}

#[must_use]
pub fn summary(summary: RoomSummary) -> v1::RoomSummary {
    let RoomSummary {
        room: of,
        role: held,
        floor: _,
        muted_until,
        read_seq,
        unread,
        unread_more,
        unread_mentions,
        unread_threads,
        last_message,
        unread_from,
        settings,
    } = summary;
    let preferences = Some(room_preferences(of.id, settings));
    let has_receipts = of.member_count <= limits::PRESENCE_MEMBERS;
    v1::RoomSummary {
        room: Some(room(of)),
        role: role(held).into(),
        read_seq: read_seq.0,
        unread_count: i32::try_from(unread).unwrap_or(i32::MAX),
        unread_more,
        last_message: last_message.map(message),
        unread_mention_count: i32::try_from(unread_mentions).unwrap_or(i32::MAX),
        unread_thread_count: i32::try_from(unread_threads).unwrap_or(i32::MAX),
        unread_from_seq: unread_from.map_or(0, |seq| seq.0),
        preferences,
        muted_until: muted_until.map(timestamp),
        has_receipts,
    }
}

/// The room that a request names in `room_id`.
pub fn room_id(id: &str) -> Result<RoomId> {
    let mut fields = Fields::new();
    let room = fields.room("room_id", id);
    fields.finish(room)
}

pub fn create_room(request: &v1::CreateRoomRequest) -> Result<NewRoom> {
    let mut fields = Fields::new();
    let kind = match v1::RoomKind::try_from(request.kind) {
        Ok(v1::RoomKind::Unspecified | v1::RoomKind::Public) => RoomKind::Public,
        Ok(v1::RoomKind::Private) => RoomKind::Private,
        Ok(v1::RoomKind::Direct) | Err(_) => {
            fields.violate("kind", "must be ROOM_KIND_PUBLIC or ROOM_KIND_PRIVATE, or unspecified");
            RoomKind::Public
        }
    };
    let room = NewRoom {
        kind,
        name: fields.clean("name", text::check_name(&request.name, limits::ROOM_NAME_CHARS)),
        topic: fields.clean("topic", text::check_line(&request.topic, limits::TOPIC_CHARS)),
        history: history(&mut fields, request.history).unwrap_or_default(),
    };
    fields.finish(room)
}

pub fn add_members(request: &v1::AddMembersRequest) -> Result<(RoomId, Vec<UserId>)> {
    let mut fields = Fields::new();
    let room = fields.room("room_id", &request.room_id);
    let (range, count) = (1..=limits::ADD_MEMBERS, request.user_ids.len());
    if !range.contains(&count) {
        fields.violate("user_ids", Rule::between(&range, count, "items"));
        return fields.finish((room, vec![]));
    }
    let ids = request.user_ids.iter().enumerate();
    let users: BTreeSet<UserId> =
        ids.map(|(at, id)| fields.user(&format!("user_ids[{at}]"), id)).collect();
    fields.finish((room, users.into_iter().collect()))
}

/// What is done to a member by a request of these two fields.
pub fn member_order(
    caller: UserId,
    (room_id, user_id): (&str, &str),
    change: MemberChange,
) -> Result<MemberUpdate> {
    let mut fields = Fields::new();
    let order = member_fields(&mut fields, caller, (room_id, user_id), change);
    fields.finish(order)
}

fn member_fields(
    fields: &mut Fields,
    caller: UserId,
    (room_id, user_id): (&str, &str),
    change: MemberChange,
) -> MemberUpdate {
    let room = fields.room("room_id", room_id);
    let user = fields.user("user_id", user_id);
    if user == caller && !matches!(change, MemberChange::Role(_)) {
        fields.violate("user_id", "must not be yourself");
    }
    MemberUpdate { room, user, change }
}

pub fn mute_member(
    caller: UserId,
    now: Timestamp,
    request: &v1::MuteMemberRequest,
) -> Result<MemberUpdate> {
    let mut fields = Fields::new();
    let until = fields.until("duration", &request.duration.unwrap_or_default(), now);
    let names = (request.room_id.as_str(), request.user_id.as_str());
    let order = member_fields(&mut fields, caller, names, MemberChange::Mute(until));
    fields.finish(order)
}

pub fn set_member_role(caller: UserId, request: &v1::SetMemberRoleRequest) -> Result<MemberUpdate> {
    let mut fields = Fields::new();
    let role = match v1::MemberRole::try_from(request.role) {
        Ok(v1::MemberRole::Member) => MemberRole::Member,
        Ok(v1::MemberRole::Admin) => MemberRole::Admin,
        Ok(v1::MemberRole::Owner) => MemberRole::Owner,
        Ok(v1::MemberRole::Unspecified) | Err(_) => {
            fields.violate("role", "must be a role");
            MemberRole::Member
        }
    };
    let names = (request.room_id.as_str(), request.user_id.as_str());
    let order = member_fields(&mut fields, caller, names, MemberChange::Role(role));
    fields.finish(order)
}

pub fn list_bans(request: &v1::ListBansRequest) -> Result<MemberSearch> {
    let mut fields = Fields::new();
    let search = MemberSearch {
        room: fields.room("room_id", &request.room_id),
        prefix: String::new(),
        after: fields.page_after_text(request),
        limit: fields.page_size(request.page_size),
    };
    fields.finish(search)
}

pub fn update_room(request: v1::UpdateRoomRequest) -> Result<RoomUpdate> {
    let v1::UpdateRoomRequest {
        room_id,
        name,
        topic,
        history: visible,
        avatar_file_id,
        join_new_accounts,
    } = request;
    let mut fields = Fields::new();
    let settings = RoomUpdate {
        room: fields.room("room_id", &room_id),
        name: name
            .map(|name| fields.clean("name", text::check_name(&name, limits::ROOM_NAME_CHARS))),
        topic: topic
            .map(|topic| fields.clean("topic", text::check_line(&topic, limits::TOPIC_CHARS))),
        history: visible.and_then(|visible| history(&mut fields, visible)),
        picture: avatar_file_id.map(|id| fields.new_image("avatar_file_id", &id)),
        join_new_accounts,
    };
    fields.finish(settings)
}

pub fn list_rooms(request: &v1::ListRoomsRequest) -> Result<RoomPage> {
    let mut fields = Fields::new();
    let page = RoomPage {
        after: fields.page_after_id(request),
        limit: fields.page_size(request.page_size),
    };
    fields.finish(page)
}

pub fn browse_rooms(request: &v1::BrowseRoomsRequest) -> Result<DirectorySearch> {
    let mut fields = Fields::new();
    let search = DirectorySearch {
        query: fields.query(&request.query),
        after: fields.page_after_name_and_id(request),
        limit: fields.page_size(request.page_size),
    };
    fields.finish(search)
}

pub fn list_members(request: &v1::ListMembersRequest) -> Result<MemberSearch> {
    let mut fields = Fields::new();
    let search = MemberSearch {
        room: fields.room("room_id", &request.room_id),
        prefix: fields.query(&request.query),
        after: fields.page_after_text(request),
        limit: fields.page_size(request.page_size),
    };
    fields.finish(search)
}

//! Rooms and members.

use super::{fields::Fields, messages::message, timestamp, users, v1};
use crate::{
    error::Result,
    model::{
        Member, MemberRole, MemberState, Room, RoomId, RoomKind, RoomSummary, limits,
        rooms::{DirectorySearch, MemberSearch, RoomPage, Settings},
        text,
    },
};

#[must_use]
pub fn room(room: Room) -> v1::Room {
    let Room { id, kind, name, topic, creator, created_at, member_count, changed_seq, head_seq } =
        room;
    v1::Room {
        id: id.to_string(),
        kind: match kind {
            RoomKind::Public => v1::RoomKind::Public.into(),
        },
        name,
        topic,
        creator_id: creator.map(|user| user.to_string()).unwrap_or_default(),
        created_at: Some(timestamp(created_at)),
        member_count,
        changed_seq: changed_seq.0,
        head_seq: head_seq.0,
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
    let Member { user, role: held, state, joined_at, changed_seq } = member;
    v1::Member {
        user: Some(users::user(user)),
        role: role(held).into(),
        state: match state {
            MemberState::Joined => v1::MemberState::Joined.into(),
            MemberState::Left => v1::MemberState::Left.into(),
        },
        joined_at: Some(timestamp(joined_at)),
        changed_seq: changed_seq.0,
    }
}

#[must_use]
pub fn summary(summary: RoomSummary) -> v1::RoomSummary {
    let RoomSummary { room: of, role: held, read_seq, unread, unread_more, last_message } = summary;
    v1::RoomSummary {
        room: Some(room(of)),
        role: role(held).into(),
        read_seq: read_seq.0,
        unread_count: i32::try_from(unread).unwrap_or(i32::MAX),
        unread_more,
        last_message: last_message.map(message),
    }
}

/// The room that a request names in `room_id`.
pub fn room_id(id: &str) -> Result<RoomId> {
    let mut fields = Fields::new();
    let room = fields.room("room_id", id);
    fields.finish(room)
}

/// Name and topic of a new room.
pub fn create_room(request: &v1::CreateRoomRequest) -> Result<(String, String)> {
    let mut fields = Fields::new();
    match v1::RoomKind::try_from(request.kind) {
        Ok(v1::RoomKind::Unspecified | v1::RoomKind::Public) => {}
        Err(_) => fields.violate("kind", "must be ROOM_KIND_PUBLIC or unspecified"),
    }
    let room = (
        fields.clean("name", text::check_name(&request.name, limits::ROOM_NAME_CHARS)),
        fields.clean("topic", text::check_line(&request.topic, limits::TOPIC_CHARS)),
    );
    fields.finish(room)
}

pub fn update_room(request: v1::UpdateRoomRequest) -> Result<Settings> {
    let v1::UpdateRoomRequest { room_id, name, topic } = request;
    let mut fields = Fields::new();
    let settings = Settings {
        room: fields.room("room_id", &room_id),
        name: name
            .map(|name| fields.clean("name", text::check_name(&name, limits::ROOM_NAME_CHARS))),
        topic: topic
            .map(|topic| fields.clean("topic", text::check_line(&topic, limits::TOPIC_CHARS))),
    };
    fields.finish(settings)
}

pub fn list_rooms(request: &v1::ListRoomsRequest) -> Result<RoomPage> {
    let mut fields = Fields::new();
    let page = RoomPage {
        after: fields.page_after_id(&request.page_token),
        limit: fields.page_size(request.page_size),
    };
    fields.finish(page)
}

pub fn browse_rooms(request: &v1::BrowseRoomsRequest) -> Result<DirectorySearch> {
    let mut fields = Fields::new();
    let search = DirectorySearch {
        query: fields.query(&request.query),
        after: fields.page_after_name_and_id(&request.page_token),
        limit: fields.page_size(request.page_size),
    };
    fields.finish(search)
}

pub fn list_members(request: &v1::ListMembersRequest) -> Result<MemberSearch> {
    let mut fields = Fields::new();
    let search = MemberSearch {
        room: fields.room("room_id", &request.room_id),
        prefix: fields.query(&request.query),
        after: fields.page_after_text(&request.page_token),
        limit: fields.page_size(request.page_size),
    };
    fields.finish(search)
}

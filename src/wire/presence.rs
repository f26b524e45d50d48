//! Presence and watching.

use super::{fields::Fields, marks::receipt, timestamp, v1};
use crate::{
    error::{Result, Rule},
    model::{
        Presence, PresenceChoice, PresenceState, RoomId, limits,
        presence::{PresenceUpdate, Watched},
    },
};

#[must_use]
pub fn presence(presence: Presence) -> v1::Presence {
    let Presence { user, state, last_seen_at } = presence;
    let state = match state {
        PresenceState::Unknown => v1::PresenceState::Unspecified,
        PresenceState::Offline => v1::PresenceState::Offline,
        PresenceState::Online => v1::PresenceState::Online,
        PresenceState::Away => v1::PresenceState::Away,
        PresenceState::DoNotDisturb => v1::PresenceState::DoNotDisturb,
    };
    v1::Presence {
        user_id: user.to_string(),
        state: state.into(),
        last_seen_at: last_seen_at.map(timestamp),
    }
}

pub fn set_presence(request: &v1::SetPresenceRequest) -> Result<PresenceUpdate> {
    let mut fields = Fields::new();
    let (choice, idle) = match v1::PresenceState::try_from(request.state) {
        Ok(v1::PresenceState::Online) => (Some(PresenceChoice::Automatic), Some(false)),
        Ok(v1::PresenceState::Away) => (Some(PresenceChoice::Automatic), Some(true)),
        Ok(v1::PresenceState::DoNotDisturb) => (Some(PresenceChoice::DoNotDisturb), Some(false)),
        Ok(v1::PresenceState::Invisible) => (Some(PresenceChoice::Invisible), Some(false)),
        Ok(v1::PresenceState::Unspecified) if request.idle.is_some() => (None, None),
        Ok(v1::PresenceState::Unspecified | v1::PresenceState::Offline) | Err(_) => {
            fields.violate("state", "must be ONLINE, AWAY, DO_NOT_DISTURB or INVISIBLE");
            (None, None)
        }
    };
    fields.finish(PresenceUpdate { choice, idle: request.idle.or(idle) })
}

/// What a user chose, for the user alone.
#[must_use]
pub fn choice(choice: PresenceChoice) -> v1::PresenceState {
    match choice {
        PresenceChoice::Automatic => v1::PresenceState::Online,
        PresenceChoice::DoNotDisturb => v1::PresenceState::DoNotDisturb,
        PresenceChoice::Invisible => v1::PresenceState::Invisible,
    }
}

pub fn watch_rooms(request: &v1::WatchRoomsRequest) -> Result<Vec<RoomId>> {
    let mut fields = Fields::new();
    if request.room_ids.len() > limits::WATCHED_ROOMS {
        fields.violate("room_ids", Rule::at_most(limits::WATCHED_ROOMS, "items"));
        return fields.finish(vec![]);
    }
    let mut rooms = Vec::new();
    for (at, id) in request.room_ids.iter().enumerate() {
        let room = fields.room(&format!("room_ids[{at}]"), id);
        if !rooms.contains(&room) {
            rooms.push(room);
        }
    }
    fields.finish(rooms)
}

#[must_use]
pub fn watched(rooms: Vec<Watched>) -> v1::WatchRoomsResponse {
    let rooms = rooms
        .into_iter()
        .map(|watched| {
            let Watched { room, member_count, online_count, presences, typing, .. } = watched;
            v1::WatchedRoom {
                room_id: room.to_string(),
                member_count,
                online_count,
                presences: presences.into_iter().map(presence).collect(),
                typing_user_ids: typing.iter().map(ToString::to_string).collect(),
                several_typing: watched.several_typing,
                receipts: watched
                    .marks
                    .into_iter()
                    .map(|(user, marks)| receipt(room, user, marks))
                    .collect(),
            }
        })
        .collect();
    v1::WatchRoomsResponse { rooms }
}

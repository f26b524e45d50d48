//! Invitations.

use super::{fields::Fields, rooms, timestamp, users, v1};
use crate::{
    error::{Result, Rule},
    model::{
        Invite, Timestamp,
        invites::{InvitePreview, NewInvite},
        limits,
    },
};

fn count(n: i64) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

#[must_use]
pub fn invite(invite: Invite) -> v1::Invite {
    let Invite { id: _, code, room, creator, created_at, expires_at, max_uses, uses, revoked: _ } =
        invite;
    v1::Invite {
        code,
        room_id: room.to_string(),
        creator_id: creator.to_string(),
        created_at: Some(timestamp(created_at)),
        expires_at: expires_at.map(timestamp),
        max_uses: count(max_uses),
        uses: count(uses),
    }
}

#[must_use]
pub fn preview(preview: InvitePreview) -> v1::GetInviteResponse {
    let InvitePreview { invite, room, creator, joined } = preview;
    v1::GetInviteResponse {
        kind: rooms::kind(room.kind).into(),
        room_name: room.name,
        room_topic: room.topic,
        member_count: room.member_count,
        creator: creator.map(users::user),
        expires_at: invite.expires_at.map(timestamp),
        joined_room_id: if joined { room.id.to_string() } else { String::new() },
    }
}

pub fn create_invite(request: &v1::CreateInviteRequest, now: Timestamp) -> Result<NewInvite> {
    let mut fields = Fields::new();
    let room = fields.room("room_id", &request.room_id);
    let span = request.expires_in.unwrap_or_default();
    let expires_at = fields.until("expires_in", &span, now);
    if !(0..=limits::INVITE_USES).contains(&request.max_uses) {
        let text = format!("must be 0 to {}", limits::INVITE_USES).into();
        let limit = u64::try_from(limits::INVITE_USES).ok().filter(|_| request.max_uses > 0);
        fields.violate("max_uses", Rule { text, limit });
    }
    fields.finish(NewInvite { room, expires_at, max_uses: request.max_uses.into() })
}

/// The code that a request names.
pub fn code(code: &str) -> Result<String> {
    let mut fields = Fields::new();
    fields.check("code", check_code(code));
    fields.finish(code.to_owned())
}

pub(super) fn check_code(code: &str) -> Result<(), Rule> {
    let fits = (1..=64).contains(&code.len())
        && code.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if fits { Ok(()) } else { Err("must be the code of an invite".into()) }
}

//! What a server says of itself.

use super::{accounts, v1};
use crate::model::{limits, server_info::ServerInfo};

#[must_use]
pub fn info(info: &ServerInfo) -> v1::GetServerInfoResponse {
    let features = [
        (info.has_search, v1::ServerFeature::Search),
        (info.has_reflection, v1::ServerFeature::Reflection),
    ];
    let enabled = features.into_iter().filter(|(is_enabled, _)| *is_enabled);
    v1::GetServerInfoResponse {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        sign_up_policy: accounts::sign_up_policy(info.sign_up_policy).into(),
        features: enabled.map(|(_, feature)| feature.into()).collect(),
        limits: Some(server_limits(info)),
    }
}

fn server_limits(info: &ServerInfo) -> v1::ServerLimits {
    v1::ServerLimits {
        message_chars: int(limits::MESSAGE_CHARS),
        message_bytes: int(limits::MESSAGE_BYTES),
        message_attachments: int(limits::ATTACHMENTS),
        message_mentions: int(limits::MENTIONS),
        message_reactions: int(limits::REACTIONS),
        room_pins: int(limits::PINS),
        room_invites: int(limits::INVITES),
        room_name_chars: int(limits::ROOM_NAME_CHARS),
        room_topic_chars: int(limits::TOPIC_CHARS),
        added_members: int(limits::ADD_MEMBERS),
        username_min_chars: int(*limits::USERNAME_CHARS.start()),
        username_max_chars: int(*limits::USERNAME_CHARS.end()),
        password_min_chars: int(*limits::PASSWORD_CHARS.start()),
        password_max_chars: int(*limits::PASSWORD_CHARS.end()),
        display_name_chars: int(limits::DISPLAY_NAME_CHARS),
        bio_chars: int(limits::BIO_CHARS),
        status_text_chars: int(limits::STATUS_TEXT_CHARS),
        search_query_chars: int(limits::SEARCH_CHARS),
        page_size: int(limits::PAGE_SIZE),
        batch_users: int(limits::BATCH_USERS),
        watched_rooms: int(limits::WATCHED_ROOMS),
        commands_in_flight: int(limits::COMMANDS_IN_FLIGHT),
        streams: int(info.max_streams),
        request_bytes: int(limits::GRPC_MESSAGE_BYTES),
        file_bytes: i64::try_from(info.max_file_bytes).unwrap_or(i64::MAX),
        quota_bytes: i64::try_from(info.quota_bytes).unwrap_or(i64::MAX),
        chunk_min_bytes: int(*limits::CHUNK_BYTES.start()),
        chunk_max_bytes: int(*limits::CHUNK_BYTES.end()),
        uploads: int(limits::UPLOADS),
        download_links: int(limits::LINKS),
    }
}

fn int(limit: impl TryInto<i32>) -> i32 {
    limit.try_into().unwrap_or(i32::MAX)
}

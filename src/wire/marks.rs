//! Marks, receipts, and what users want to hear.

use super::{fields::Fields, timestamp, v1};
use crate::{
    error::Result,
    model::{
        LogId, ReadMarker, ReadMarkers, RoomId, RoomPreferences, Seq, Timestamp, UserId, limits,
        marks::{NotificationLevel, Receipts, SettingsChange},
    },
};

#[must_use]
pub fn receipt(room: RoomId, user: UserId, marks: ReadMarkers) -> v1::Receipt {
    v1::Receipt {
        room_id: room.to_string(),
        user_id: user.to_string(),
        delivered_seq: marks.delivered.0,
        read_seq: if marks.secret { 0 } else { marks.read.0 },
    }
}

#[must_use]
pub fn receipts(room: RoomId, receipts: Receipts) -> v1::ListReceiptsResponse {
    let Receipts { read, delivered, members } = receipts;
    let count = |n: i64| i32::try_from(n.min(limits::RECEIPT_COUNT)).unwrap_or(i32::MAX);
    v1::ListReceiptsResponse {
        read_count: count(read),
        read_more: read > limits::RECEIPT_COUNT,
        delivered_count: count(delivered),
        delivered_more: delivered > limits::RECEIPT_COUNT,
        receipts: members.into_iter().map(|(user, marks)| receipt(room, user, marks)).collect(),
    }
}

#[must_use]
pub fn room_preferences(room: RoomId, settings: RoomPreferences) -> v1::RoomPreferences {
    let RoomPreferences { level, muted_until, starred } = settings;
    let level = match level {
        NotificationLevel::All => v1::NotificationLevel::All,
        NotificationLevel::Mentions => v1::NotificationLevel::Mentions,
        NotificationLevel::Nothing => v1::NotificationLevel::Nothing,
    };
    v1::RoomPreferences {
        room_id: room.to_string(),
        level: level.into(),
        notifications_muted_until: muted_until.map(timestamp),
        starred,
    }
}

/// Which room or thread was read, and how far.
pub fn mark_read(request: &v1::MarkReadRequest) -> Result<(RoomId, (ReadMarker, Option<LogId>))> {
    let mut fields = Fields::new();
    let room = fields.room("room_id", &request.room_id);
    let seq = fields.seq("seq", request.seq);
    let mark = match fields.seq("thread_seq", request.thread_seq) {
        Seq::ZERO => ReadMarker::Read(seq),
        root => ReadMarker::ThreadRead { root, seq },
    };
    let log = fields.log(&request.log_id);
    fields.finish((room, (mark, log)))
}

pub fn mark_delivered(
    request: &v1::MarkDeliveredRequest,
) -> Result<(RoomId, (ReadMarker, Option<LogId>))> {
    let mut fields = Fields::new();
    let room = fields.room("room_id", &request.room_id);
    let mark = ReadMarker::Delivered(fields.seq("seq", request.seq));
    let log = fields.log(&request.log_id);
    fields.finish((room, (mark, log)))
}

pub fn mark_unread(
    request: &v1::MarkUnreadRequest,
) -> Result<(RoomId, (ReadMarker, Option<LogId>))> {
    let mut fields = Fields::new();
    let room = fields.room("room_id", &request.room_id);
    let seq = fields.seq("seq", request.seq);
    let mark = ReadMarker::Unread((seq > Seq::ZERO).then_some(seq));
    let log = fields.log(&request.log_id);
    fields.finish((room, (mark, log)))
}

pub fn update_room_preferences(
    request: &v1::UpdateRoomPreferencesRequest,
    now: Timestamp,
) -> Result<(RoomId, SettingsChange)> {
    let mut fields = Fields::new();
    let room = fields.room("room_id", &request.room_id);
    let level = request.level.and_then(|level| match v1::NotificationLevel::try_from(level) {
        Ok(v1::NotificationLevel::All) => Some(NotificationLevel::All),
        Ok(v1::NotificationLevel::Mentions) => Some(NotificationLevel::Mentions),
        Ok(v1::NotificationLevel::Nothing) => Some(NotificationLevel::Nothing),
        Ok(v1::NotificationLevel::Unspecified) | Err(_) => {
            fields.violate("level", "must be ALL, MENTIONS or NOTHING");
            None
        }
    });
    let span = request.mute_notifications_for.as_ref();
    let muted_until = span.map(|span| fields.until("mute_notifications_for", span, now));
    fields.finish((room, SettingsChange { level, muted_until, starred: request.starred }))
}

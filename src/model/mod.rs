//! The nouns and their pure rules. No IO, no proto, no clock.

pub mod admin;
pub mod emoji;
pub mod events;
pub mod files;
pub mod folding;
pub mod idempotency;
pub mod ids;
pub mod invites;
pub mod limits;
pub mod marks;
pub mod mentions;
pub mod messages;
mod ops;
pub mod passwords;
pub mod presence;
pub mod resume;
pub mod room_log;
pub mod rooms;
pub mod search;
pub mod server_info;
pub mod sessions;
pub mod sign_up;
pub mod terms;
pub mod text;
pub mod time;
pub mod users;

pub use events::{Change, Delta, RoomCommit};
pub use files::{File, ImageInfo, StoredFile, Upload, Variant};
pub use ids::{ConnectionId, DeviceId, FileId, LogId, RoomId, Seq, SessionId, UserId};
pub use invites::Invite;

pub use marks::{MarkersMoved, ReadMarker, ReadMarkers, ReadMarkersChange, RoomPreferences};
pub use mentions::{Mention, Mentioned};
pub use messages::{
    Content, Draft, Message, MessageAction, Pin, Reaction, SystemKind, Thread, Version,
};
pub use ops::{OpResult, RoomOp};
pub use presence::{Presence, PresenceChoice, PresenceState};
pub use room_log::RoomLog;
pub use rooms::{
    History, Member, MemberRole, MemberState, Room, RoomKind, RoomSummary, VisibleRange,
};
pub use sessions::{Caller, Tokens};
pub use time::Timestamp;
pub use users::User;

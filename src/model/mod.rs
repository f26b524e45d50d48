//! The nouns and their pure rules. No IO, no proto, no clock.

pub mod admin;
pub mod events;
pub mod files;
pub mod ids;
pub mod invites;
pub mod limits;
pub mod log;
mod log_members;
pub mod log_messages;
mod log_threads;
pub mod marks;
pub mod mentions;
pub mod messages;
mod ops;
pub mod presence;
pub mod rooms;
pub mod search;
pub mod sessions;
pub mod terms;
pub mod text;
pub mod time;
pub mod users;

pub use events::{Change, RoomCommit};
pub use files::{File, ImageInfo, StoredFile, Upload, Variant};
pub use ids::{ConnectionId, FileId, RoomId, Seq, SessionId, UserId};
pub use invites::Invite;
pub use log::RoomLog;
pub use marks::{Mark, Marks, MovedMarks, RoomSettings};
pub use mentions::{Mention, Mentioned};
pub use messages::{Content, Draft, Message, Pin, Reaction, SystemKind, Thread, Touch, Version};
pub use ops::{Done, Op};
pub use presence::{Presence, PresenceChoice, PresenceState};
pub use rooms::{History, Member, MemberRole, MemberState, Room, RoomKind, RoomSummary, View};
pub use sessions::{Caller, Tokens};
pub use time::Timestamp;
pub use users::User;

//! The nouns and their pure rules. No IO, no proto, no clock.

pub mod events;
pub mod ids;
pub mod limits;
pub mod log;
mod log_members;
pub mod log_messages;
pub mod messages;
pub mod presence;
pub mod rooms;
pub mod sessions;
pub mod text;
pub mod time;
pub mod users;

pub use events::{Change, ReadMark, RoomCommit};
pub use ids::{ConnectionId, RoomId, Seq, SessionId, UserId};
pub use log::{Done, Op, RoomLog};
pub use messages::{Content, Draft, Message, Pin, Reaction, SystemKind, Touch, Version};
pub use presence::{Presence, PresenceChoice, PresenceState};
pub use rooms::{Member, MemberRole, MemberState, Room, RoomKind, RoomSummary};
pub use sessions::{Caller, Tokens};
pub use time::Timestamp;
pub use users::User;

//! What can go wrong, in words a user could read.
//!
//! The text of an error may be shown to people. What programs switch on is the
//! reason; `api/status.rs` gives each error its status, reason and details.

use std::{borrow::Cow, ops::RangeInclusive, time::Duration};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One field of a request that breaks its rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field as the proto names it, such as `room_ids[3]`.
    pub field: String,
    pub rule: Rule,
}

/// What a field must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// A sentence without its subject, such as "must not be empty".
    pub text: Cow<'static, str>,
    /// The limit that the field does not keep, in the unit that the text names.
    pub limit: Option<u64>,
}

impl Rule {
    /// A rule with a limit.
    pub fn with_limit(text: impl Into<Cow<'static, str>>, limit: usize) -> Self {
        Self { text: text.into(), limit: u64::try_from(limit).ok() }
    }

    /// For what has more than `limit` of something.
    #[must_use]
    pub fn at_most(limit: usize, what: &str) -> Self {
        Self::with_limit(format!("must have at most {limit} {what}"), limit)
    }

    /// For what has `count` of something, which is outside of `limits`.
    #[must_use]
    pub fn between(limits: &RangeInclusive<usize>, count: usize, what: &str) -> Self {
        let (least, most) = (*limits.start(), *limits.end());
        let limit = if count < least { least } else { most };
        Self::with_limit(format!("must have {least} to {most} {what}"), limit)
    }
}

impl From<&'static str> for Rule {
    fn from(text: &'static str) -> Self {
        Self { text: text.into(), limit: None }
    }
}

impl From<String> for Rule {
    fn from(text: String) -> Self {
        Self { text: text.into(), limit: None }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{}", violations_text(.0))]
    Invalid(Vec<Violation>),

    #[error("This call needs an access token in the metadata `authorization: Bearer …`.")]
    TokenMissing,
    #[error("The token is not one of this server's.")]
    TokenInvalid,
    #[error("The token has expired.")]
    TokenExpired,
    #[error("The session has ended; sign in again.")]
    SessionRevoked,
    #[error("The name or the password is wrong.")]
    BadCredentials,

    #[error("There is no such user.")]
    UserNotFound,
    #[error("This link has been used or replaced, or it has expired.")]
    RecoveryLinkNotFound,
    #[error("None of your sessions has this id.")]
    SessionNotFound,
    #[error("There is no such room.")]
    RoomNotFound,
    #[error("This person is not a member of the room.")]
    MemberNotFound,
    #[error("There is no such message.")]
    MessageNotFound,
    #[error("There is no such file.")]
    FileNotFound,
    #[error("You have no such upload under way.")]
    UploadNotFound,
    #[error("None of your streams has this connection id.")]
    ConnectionNotFound,

    #[error("This username is taken.")]
    UsernameTaken,
    #[error("You have posted something else in this room with this client_message_id.")]
    ClientMessageIdReused,
    #[error("You have sent another request with this idempotency_key.")]
    IdempotencyKeyReused,

    #[error("The old password is wrong.")]
    WrongPassword,
    #[error("This account is suspended; ask who runs this server.")]
    AccountSuspended,
    #[error("This server takes no new accounts.")]
    SignUpClosed,
    #[error("This server takes new accounts by invite only.")]
    InviteRequired,
    #[error("Only pages of the server's own origin may do this.")]
    ForeignOrigin,
    #[error("You are not a member of this room.")]
    NotMember,
    #[error("Only an owner or admin of this room may do this.")]
    NotAdmin,
    #[error("Only an admin of this server may do this.")]
    NotServerAdmin,

    #[error("Only an owner of this room may do this.")]
    NotOwner,
    #[error("This member's role is not below yours.")]
    MemberRank,
    #[error("You may not post in this room.")]
    Muted,
    #[error("You are banned from this room.")]
    Banned,
    #[error("You and this person cannot write to each other.")]
    Blocked,
    #[error("Only who has posted this message may do this.")]
    NotSender,

    #[error("The only owner cannot leave a room with others in it.")]
    LastOwner,
    #[error("The only admin of a server stays its admin.")]
    LastAdmin,
    #[error("This person is banned from the room.")]
    MemberBanned,
    #[error("This is not done in a direct room.")]
    DirectRoom,
    #[error("The room's messages were replaced, as by a restored backup; load them anew.")]
    LogReplaced,
    #[error("This room is archived.")]
    RoomArchived,
    #[error("This message has been deleted.")]
    MessageDeleted,
    #[error("This is not a message that a person has written.")]
    SystemMessage,
    #[error("There is no such invite.")]
    InviteNotFound,
    #[error("This invite has expired or is used up.")]
    InviteExpired,
    #[error("This room has too many invites.")]
    TooManyInvites,
    #[error("This message stands in a thread; threads have none of their own.")]
    ThreadInThread,
    #[error("This message has too many different reactions.")]
    TooManyReactions,
    #[error("This room has too many pinned messages.")]
    TooManyPins,

    #[error("The file is larger than the {limit} bytes that this server takes.")]
    FileTooLarge { limit: u64 },
    #[error("The upload is at another offset; ask how far it is.")]
    UploadOffset,
    #[error("Bytes of the upload are missing.")]
    UploadIncomplete,
    #[error("What has arrived has another checksum; upload it again.")]
    ChecksumMismatch,
    #[error("This image has too many pixels, or too many frames.")]
    ImageTooLarge,
    #[error("This image cannot be read.")]
    ImageInvalid,
    #[error("This file is not an image.")]
    NotAnImage,

    #[error("All your files together would be larger than the {limit} bytes that you may have.")]
    QuotaReached { limit: u64 },
    #[error("You have too many uploads under way.")]
    TooManyUploads,
    #[error("The server has no room for more files.")]
    StorageFull,
    #[error("Too fast; try again in a moment.")]
    RateLimited { retry_after: Duration },
    #[error("The server is busy; try again in a moment.")]
    Overloaded,
    #[error("Too many of your calls or commands are not answered yet; try again in a moment.")]
    TooManyInFlight { limit: usize },
    #[error("Too many streams are open.")]
    TooManyStreams { limit: usize },
    #[error("The stream was not read for too long.")]
    SlowReader,
    #[error("No subscribe request came in time.")]
    SubscribeTimeout,

    #[error("Too many answers to you wait until you read them; read, then try again.")]
    ResponsesUnread { limit: usize },
    #[error("Too many requests have begun to arrive and not ended; try again in a moment.")]
    RequestsUnfinished { limit: usize },
    #[error("The message is larger than the {limit} bytes that this method takes.")]
    MessageTooLarge { limit: usize },
    #[error("The headers together are larger than the {limit} bytes that a call may have.")]
    HeadersTooLarge { limit: usize },
    #[error("The request's message cannot be read: {0}.")]
    MalformedMessage(String),
    #[error("The request did not arrive within {} s.", .limit.as_secs())]
    RequestTimeout { limit: Duration },
    #[error("The time that the caller gave for the answer is over.")]
    DeadlineExceeded,
    #[error("There is no such method.")]
    UnknownMethod,
    #[error("Messages may be compressed with gzip, and with nothing else.")]
    UnsupportedCompression,
    #[error("{0}")]
    UnsupportedProtocol(&'static str),
    /// Of the gRPC framework or a standard service, with the code of its status.
    #[error("{message}")]
    Framework { code: i32, message: String },

    #[error("The database does not answer; try again in a moment.")]
    DatabaseUnavailable,
    #[error("The database is in use by another server: {holder}.")]
    DatabaseInUse { holder: String },
    #[error(
        "The database's schema has version {newest} and needs a server of schema version \
         {needed} or later; this one has {own}. Use a newer release."
    )]
    SchemaTooNew { newest: i64, needed: i64, own: i64 },
    #[error("The file storage does not answer; try again in a moment.")]
    StorageUnavailable,
    #[error("The server is shutting down.")]
    ShuttingDown,

    #[error("Something went wrong on the server.")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// A single violated field.
    pub fn invalid(field: impl Into<String>, rule: impl Into<Rule>) -> Self {
        Self::Invalid(vec![Violation { field: field.into(), rule: rule.into() }])
    }

    /// A cause that the caller can do nothing about.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }
}

fn violations_text(violations: &[Violation]) -> String {
    let rules: Vec<_> = violations.iter().map(|v| format!("{} {}", v.field, v.rule.text)).collect();
    format!("The request is not valid: {}.", rules.join("; "))
}

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
        Self::outside(limits, count, "have", what)
    }

    /// For a text of `count` characters, which is outside of `limits`.
    #[must_use]
    pub fn length_between(limits: &RangeInclusive<usize>, count: usize, what: &str) -> Self {
        Self::outside(limits, count, "be", what)
    }

    fn outside(limits: &RangeInclusive<usize>, count: usize, verb: &str, what: &str) -> Self {
        let (least, most) = (*limits.start(), *limits.end());
        let limit = if count < least { least } else { most };
        Self::with_limit(format!("must {verb} {least} to {most} {what}"), limit)
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

    #[error("Missing access token. Send it as `authorization: Bearer …` metadata.")]
    TokenMissing,
    #[error("The access token is invalid.")]
    TokenInvalid,
    #[error("The access token has expired.")]
    TokenExpired,
    #[error("The session has ended. Sign in again.")]
    SessionRevoked,
    #[error("Incorrect username or password.")]
    BadCredentials,

    #[error("User not found.")]
    UserNotFound,
    #[error("This link has been used or replaced, or it has expired.")]
    RecoveryLinkNotFound,
    #[error("Session not found.")]
    SessionNotFound,
    #[error("Room not found.")]
    RoomNotFound,
    #[error("This person is not a member of the room.")]
    MemberNotFound,
    #[error("Message not found.")]
    MessageNotFound,
    #[error("File not found.")]
    FileNotFound,
    #[error("Upload not found.")]
    UploadNotFound,
    #[error("Connection not found.")]
    ConnectionNotFound,

    #[error("This username is already taken.")]
    UsernameTaken,
    #[error("This client_message_id was already used for a different message in this room.")]
    ClientMessageIdReused,
    #[error("This idempotency_key was already used for a different request.")]
    IdempotencyKeyReused,

    #[error("Your current password is incorrect.")]
    WrongPassword,
    #[error("This account is suspended; ask who runs this server.")]
    AccountSuspended,
    #[error("This server takes no new accounts.")]
    SignUpClosed,
    #[error("This server takes new accounts by invite only.")]
    InviteRequired,
    #[error("Requests from this origin are not allowed.")]
    ForeignOrigin,
    #[error("You are not a member of this room.")]
    NotMember,
    #[error("Only room owners and admins can do this.")]
    NotAdmin,
    #[error("Only server admins can do this.")]
    NotServerAdmin,

    #[error("Only room owners can do this.")]
    NotOwner,
    #[error("You can only do this to members with a lower role than yours.")]
    MemberRank,
    #[error("You are muted in this room.")]
    Muted,
    #[error("You are banned from this room.")]
    Banned,
    #[error("You can't message each other because one of you has blocked the other.")]
    Blocked,
    #[error("Only the sender of this message can do this.")]
    NotSender,

    #[error("A room with other members must keep at least one owner.")]
    LastOwner,
    #[error("A server must have at least one admin.")]
    LastAdmin,
    #[error("This person is banned from the room.")]
    MemberBanned,
    #[error("This is not possible in a direct room.")]
    DirectRoom,
    #[error("The room's messages were replaced, as by a restored backup; load them anew.")]
    LogReplaced,
    #[error("This room is archived.")]
    RoomArchived,
    #[error("This message was deleted.")]
    MessageDeleted,
    #[error("This is not possible for a system message.")]
    SystemMessage,
    #[error("Invite not found.")]
    InviteNotFound,
    #[error("This invite has expired or reached its maximum number of uses.")]
    InviteExpired,
    #[error("This room has reached its limit of invites.")]
    TooManyInvites,
    #[error("This message is already in a thread. Threads cannot be nested.")]
    ThreadInThread,
    #[error("This message has reached its limit of different reactions.")]
    TooManyReactions,
    #[error("This room has reached its limit of pinned messages.")]
    TooManyPins,

    #[error("The file is too large. The limit is {limit} bytes.")]
    FileTooLarge { limit: u64 },
    #[error("Wrong upload offset. Query the upload for the current one.")]
    UploadOffset,
    #[error("The upload is incomplete.")]
    UploadIncomplete,
    #[error("Checksum mismatch. Upload the file again.")]
    ChecksumMismatch,
    #[error("This image has too many pixels or frames.")]
    ImageTooLarge,
    #[error("This image cannot be read.")]
    ImageInvalid,
    #[error("This file is not an image.")]
    NotAnImage,

    #[error("Storage limit reached ({limit} bytes).")]
    QuotaReached { limit: u64 },
    #[error("Too many uploads in progress.")]
    TooManyUploads,
    #[error("The server is out of storage space.")]
    StorageFull,
    #[error("Too many requests. Try again in a moment.")]
    RateLimited { retry_after: Duration },
    #[error("The server is busy. Try again in a moment.")]
    Overloaded,
    #[error("Too many unanswered calls or commands. Try again in a moment.")]
    TooManyInFlight { limit: usize },
    #[error("Too many open streams.")]
    TooManyStreams { limit: usize },
    #[error("The stream was closed because it was not read in time.")]
    SlowReader,
    #[error("No subscribe request arrived in time.")]
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

    #[error("The database is not responding. Try again in a moment.")]
    DatabaseUnavailable,
    #[error("The database is in use by another server: {holder}.")]
    DatabaseInUse { holder: String },
    #[error(
        "The database's schema has version {newest} and needs a server of schema version \
         {needed} or later; this one has {own}. Use a newer release."
    )]
    SchemaTooNew { newest: i64, needed: i64, own: i64 },
    #[error("The file storage is not responding. Try again in a moment.")]
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
    format!("Invalid request: {}.", rules.join("; "))
}

//! What each error is on the wire. Clients switch on the reason, never on the
//! text.

use std::{collections::HashMap, time::Duration};

use tonic::{Code, Status, metadata::MetadataValue};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::error::Error;

const DOMAIN: &str = "causerie";

/// Status and reason of an error, and how long to wait if it may be tried again.
fn classify(error: &Error) -> (Code, &'static str, Option<Duration>) {
    const SOON: Option<Duration> = Some(Duration::from_secs(1));
    match error {
        Error::Invalid(_) => (Code::InvalidArgument, "INVALID_FIELDS", None),
        Error::TokenMissing => (Code::Unauthenticated, "TOKEN_MISSING", None),
        Error::TokenInvalid => (Code::Unauthenticated, "TOKEN_INVALID", None),
        Error::TokenExpired => (Code::Unauthenticated, "TOKEN_EXPIRED", None),
        Error::SessionRevoked => (Code::Unauthenticated, "SESSION_REVOKED", None),
        Error::BadCredentials => (Code::Unauthenticated, "BAD_CREDENTIALS", None),
        Error::RecoveryLinkNotFound => (Code::NotFound, "RECOVERY_LINK_NOT_FOUND", None),
        Error::UserNotFound => (Code::NotFound, "USER_NOT_FOUND", None),
        Error::SessionNotFound => (Code::NotFound, "SESSION_NOT_FOUND", None),
        Error::RoomNotFound => (Code::NotFound, "ROOM_NOT_FOUND", None),
        Error::MemberNotFound => (Code::NotFound, "MEMBER_NOT_FOUND", None),
        Error::MessageNotFound => (Code::NotFound, "MESSAGE_NOT_FOUND", None),
        Error::FileNotFound => (Code::NotFound, "FILE_NOT_FOUND", None),
        Error::UploadNotFound => (Code::NotFound, "UPLOAD_NOT_FOUND", None),
        Error::ConnectionNotFound => (Code::NotFound, "CONNECTION_NOT_FOUND", None),
        Error::UsernameTaken => (Code::AlreadyExists, "USERNAME_TAKEN", None),
        Error::ClientMessageIdReused => (Code::AlreadyExists, "CLIENT_MESSAGE_ID_REUSED", None),
        Error::WrongPassword => (Code::PermissionDenied, "BAD_CREDENTIALS", None),
        Error::AccountSuspended => (Code::PermissionDenied, "ACCOUNT_SUSPENDED", None),
        Error::SignUpClosed => (Code::PermissionDenied, "SIGN_UP_CLOSED", None),
        Error::InviteRequired => (Code::PermissionDenied, "INVITE_REQUIRED", None),
        Error::ForeignOrigin => (Code::PermissionDenied, "FOREIGN_ORIGIN", None),
        Error::NotMember => (Code::PermissionDenied, "NOT_MEMBER", None),
        Error::NotAdmin => (Code::PermissionDenied, "NOT_ADMIN", None),
        Error::NotServerAdmin => (Code::PermissionDenied, "NOT_SERVER_ADMIN", None),
        Error::NotOwner => (Code::PermissionDenied, "NOT_OWNER", None),
        Error::MemberRank => (Code::PermissionDenied, "MEMBER_RANK", None),
        Error::Muted => (Code::PermissionDenied, "MUTED", None),
        Error::Banned => (Code::PermissionDenied, "BANNED", None),
        Error::Blocked => (Code::PermissionDenied, "BLOCKED", None),
        Error::NotSender => (Code::PermissionDenied, "NOT_SENDER", None),
        Error::LastOwner => (Code::FailedPrecondition, "LAST_OWNER", None),
        Error::LastAdmin => (Code::FailedPrecondition, "LAST_ADMIN", None),
        Error::MemberBanned => (Code::FailedPrecondition, "MEMBER_BANNED", None),
        Error::DirectRoom => (Code::FailedPrecondition, "DIRECT_ROOM", None),
        Error::LogReplaced => (Code::FailedPrecondition, "LOG_REPLACED", None),
        Error::RoomArchived => (Code::FailedPrecondition, "ROOM_ARCHIVED", None),
        Error::MessageDeleted => (Code::FailedPrecondition, "MESSAGE_DELETED", None),
        Error::SystemMessage => (Code::FailedPrecondition, "SYSTEM_MESSAGE", None),
        Error::InviteNotFound => (Code::NotFound, "INVITE_NOT_FOUND", None),
        Error::InviteExpired => (Code::FailedPrecondition, "INVITE_EXPIRED", None),
        Error::TooManyInvites => (Code::FailedPrecondition, "TOO_MANY_INVITES", None),
        Error::ThreadInThread => (Code::FailedPrecondition, "THREAD_IN_THREAD", None),
        Error::TooManyReactions => (Code::FailedPrecondition, "TOO_MANY_REACTIONS", None),
        Error::TooManyPins => (Code::FailedPrecondition, "TOO_MANY_PINS", None),
        Error::FileTooLarge { .. } => (Code::FailedPrecondition, "FILE_TOO_LARGE", None),
        Error::UploadOffset => (Code::FailedPrecondition, "UPLOAD_OFFSET", None),
        Error::UploadIncomplete => (Code::FailedPrecondition, "UPLOAD_INCOMPLETE", None),
        Error::ChecksumMismatch => (Code::FailedPrecondition, "CHECKSUM_MISMATCH", None),
        Error::ImageTooLarge => (Code::FailedPrecondition, "IMAGE_TOO_LARGE", None),
        Error::ImageInvalid => (Code::FailedPrecondition, "IMAGE_INVALID", None),
        Error::NotAnImage => (Code::FailedPrecondition, "NOT_AN_IMAGE", None),
        Error::QuotaReached { .. } => (Code::ResourceExhausted, "QUOTA_REACHED", None),
        Error::TooManyUploads => (Code::ResourceExhausted, "TOO_MANY_UPLOADS", None),
        Error::StorageFull => (Code::ResourceExhausted, "STORAGE_FULL", None),
        Error::TooFast { retry_after } => (Code::ResourceExhausted, "TOO_FAST", Some(*retry_after)),
        Error::Overloaded => (Code::ResourceExhausted, "OVERLOADED", SOON),
        Error::TooManyInFlight => (Code::ResourceExhausted, "TOO_MANY_IN_FLIGHT", SOON),
        Error::TooManyStreams => (Code::ResourceExhausted, "TOO_MANY_STREAMS", None),
        Error::SlowReader => (Code::ResourceExhausted, "SLOW_READER", SOON),
        Error::SubscribeTimeout => (Code::DeadlineExceeded, "SUBSCRIBE_TIMEOUT", None),
        Error::ResponsesUnread { .. } => (Code::ResourceExhausted, "RESPONSES_UNREAD", SOON),
        Error::RequestsUnfinished { .. } => (Code::ResourceExhausted, "REQUESTS_UNFINISHED", SOON),
        Error::MessageTooLarge { .. } => (Code::ResourceExhausted, "MESSAGE_TOO_LARGE", None),
        Error::HeadersTooLarge { .. } => (Code::ResourceExhausted, "HEADERS_TOO_LARGE", None),
        Error::MalformedMessage(_) => (Code::InvalidArgument, "MALFORMED_MESSAGE", None),
        Error::RequestTimeout { .. } => (Code::DeadlineExceeded, "REQUEST_TIMEOUT", None),
        Error::DeadlineExceeded => (Code::DeadlineExceeded, "DEADLINE_EXCEEDED", None),
        Error::UnknownMethod => (Code::Unimplemented, "UNKNOWN_METHOD", None),
        Error::UnsupportedCompression => (Code::Unimplemented, "UNSUPPORTED_COMPRESSION", None),
        Error::UnsupportedProtocol(_) => (Code::Unimplemented, "UNSUPPORTED_PROTOCOL", None),
        Error::Framework { code, .. } => (Code::from_i32(*code), "FRAMEWORK_ERROR", None),
        Error::DatabaseUnavailable => (Code::Unavailable, "DATABASE_UNAVAILABLE", SOON),
        Error::DatabaseInUse { .. } => (Code::Unavailable, "DATABASE_IN_USE", None),
        Error::StorageUnavailable => (Code::Unavailable, "STORAGE_UNAVAILABLE", SOON),
        Error::ShuttingDown => (Code::Unavailable, "SHUTTING_DOWN", SOON),
        Error::Internal(_) => (Code::Internal, "INTERNAL", None),
    }
}

/// The limit that was exceeded, in the unit that the error's text names.
fn limit(error: &Error) -> Option<u64> {
    match error {
        Error::FileTooLarge { limit } | Error::QuotaReached { limit } => Some(*limit),
        Error::ResponsesUnread { limit }
        | Error::RequestsUnfinished { limit }
        | Error::MessageTooLarge { limit }
        | Error::HeadersTooLarge { limit } => u64::try_from(*limit).ok(),
        Error::RequestTimeout { limit } => Some(limit.as_secs()),
        _ => None,
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        if let Error::Internal(cause) = &error {
            // Once, here at the edge; the call's span has its request id.
            tracing::error!(cause = %cause, "internal error");
        }
        let (code, reason, retry_after) = classify(&error);
        let limit = limit(&error).map(|limit| ("limit".to_owned(), limit.to_string()));
        let metadata: HashMap<_, _> = limit.into_iter().collect();
        let mut details = ErrorDetails::with_error_info(reason, DOMAIN, metadata);
        if let Error::Invalid(violations) = &error {
            for violation in violations {
                details.add_bad_request_violation(&violation.field, &violation.description);
            }
        }
        if let Some(delay) = retry_after {
            details.set_retry_info(Some(delay));
        }
        let mut status = Status::with_error_details(code, error.to_string(), details);
        if matches!(error, Error::UnsupportedCompression) {
            // What the protocol demands beside it.
            let encodings = MetadataValue::from_static("gzip,identity");
            status.metadata_mut().insert("grpc-accept-encoding", encodings);
        }
        status
    }
}

/// The same as a message, for a reply on a stream.
#[must_use]
pub fn as_message(error: Error) -> tonic_types::Status {
    let status = Status::from(error);
    tonic_types::Status {
        code: status.code().into(),
        message: status.message().to_owned(),
        details: prost::Message::decode(status.details())
            .map(|encoded: tonic_types::Status| encoded.details)
            .unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_errors() {
        let all = [
            Error::invalid("text", "must not be empty"),
            Error::TokenMissing,
            Error::TokenInvalid,
            Error::TokenExpired,
            Error::SessionRevoked,
            Error::BadCredentials,
            Error::UserNotFound,
            Error::SessionNotFound,
            Error::RoomNotFound,
            Error::MemberNotFound,
            Error::MessageNotFound,
            Error::FileNotFound,
            Error::UploadNotFound,
            Error::ConnectionNotFound,
            Error::UsernameTaken,
            Error::AccountSuspended,
            Error::SignUpClosed,
            Error::InviteRequired,
            Error::RecoveryLinkNotFound,
            Error::ClientMessageIdReused,
            Error::WrongPassword,
            Error::ForeignOrigin,
            Error::NotMember,
            Error::NotAdmin,
            Error::NotServerAdmin,
            Error::NotOwner,
            Error::MemberRank,
            Error::Muted,
            Error::Banned,
            Error::Blocked,
            Error::NotSender,
            Error::LastOwner,
            Error::LastAdmin,
            Error::MemberBanned,
            Error::DirectRoom,
            Error::LogReplaced,
            Error::RoomArchived,
            Error::MessageDeleted,
            Error::SystemMessage,
            Error::InviteNotFound,
            Error::InviteExpired,
            Error::TooManyInvites,
            Error::ThreadInThread,
            Error::TooManyReactions,
            Error::TooManyPins,
            Error::FileTooLarge { limit: 16_777_216 },
            Error::UploadOffset,
            Error::UploadIncomplete,
            Error::ChecksumMismatch,
            Error::ImageTooLarge,
            Error::ImageInvalid,
            Error::NotAnImage,
            Error::QuotaReached { limit: 1_073_741_824 },
            Error::TooManyUploads,
            Error::StorageFull,
            Error::TooFast { retry_after: Duration::from_millis(250) },
            Error::Overloaded,
            Error::TooManyInFlight,
            Error::TooManyStreams,
            Error::SlowReader,
            Error::SubscribeTimeout,
            Error::ResponsesUnread { limit: 4 },
            Error::RequestsUnfinished { limit: 4 },
            Error::MessageTooLarge { limit: 4 },
            Error::HeadersTooLarge { limit: 4 },
            Error::MalformedMessage("a reason".into()),
            Error::RequestTimeout { limit: Duration::from_secs(30) },
            Error::DeadlineExceeded,
            Error::UnknownMethod,
            Error::UnsupportedCompression,
            Error::UnsupportedProtocol("gRPC needs HTTP/2."),
            Error::Framework { code: 5, message: "unknown service".into() },
            Error::DatabaseUnavailable,
            Error::DatabaseInUse { holder: "process 7 on host".into() },
            Error::StorageUnavailable,
            Error::ShuttingDown,
            Error::internal("select secret from users"),
        ];
        let lines: Vec<String> = all
            .into_iter()
            .map(|error| {
                let (code, reason, retry) = classify(&error);
                let retry = retry.map_or(String::new(), |d| format!(" (again after {d:?})"));
                format!("{code:?} {reason}{retry}: {error}")
            })
            .collect();
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn a_cause_never_leaves_the_process() {
        let status = Status::from(Error::internal("select secret from users"));
        assert!(!format!("{status:?}").contains("secret"));
    }
}

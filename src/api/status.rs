//! What each error is on the wire. Clients switch on the reason, never on the
//! text.

use std::{collections::HashMap, time::Duration};

use tonic::{Code, Status, metadata::MetadataValue};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::{error::Error, model::limits};

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
        Error::IdempotencyKeyReused => (Code::AlreadyExists, "IDEMPOTENCY_KEY_REUSED", None),
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
        Error::RateLimited { retry_after } => {
            (Code::ResourceExhausted, "RATE_LIMITED", Some(*retry_after))
        }
        Error::Overloaded => (Code::ResourceExhausted, "OVERLOADED", SOON),
        Error::TooManyInFlight { .. } => (Code::ResourceExhausted, "TOO_MANY_IN_FLIGHT", SOON),
        Error::TooManyStreams { .. } => (Code::ResourceExhausted, "TOO_MANY_STREAMS", None),
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
        Error::SchemaTooNew { .. } => (Code::Unavailable, "SCHEMA_TOO_NEW", None),
        Error::StorageUnavailable => (Code::Unavailable, "STORAGE_UNAVAILABLE", SOON),
        Error::ShuttingDown => (Code::Unavailable, "SHUTTING_DOWN", SOON),
        Error::Internal(_) => (Code::Internal, "INTERNAL", None),
    }
}

/// The limit that an error is about, in the unit that the protos name.
fn limit(error: &Error) -> Option<u64> {
    match error {
        Error::FileTooLarge { limit } | Error::QuotaReached { limit } => Some(*limit),
        Error::ResponsesUnread { limit }
        | Error::RequestsUnfinished { limit }
        | Error::MessageTooLarge { limit }
        | Error::HeadersTooLarge { limit }
        | Error::TooManyInFlight { limit }
        | Error::TooManyStreams { limit } => u64::try_from(*limit).ok(),
        Error::TooManyInvites => u64::try_from(limits::INVITES).ok(),
        Error::TooManyReactions => u64::try_from(limits::REACTIONS).ok(),
        Error::TooManyPins => u64::try_from(limits::PINS).ok(),
        Error::TooManyUploads => u64::try_from(limits::UPLOADS).ok(),
        Error::RequestTimeout { limit } => Some(limit.as_secs()),
        Error::SubscribeTimeout => Some(limits::SUBSCRIBE_WITHIN.as_secs()),
        _ => None,
    }
}

/// What an error about a limit says of it.
fn metadata(error: &Error) -> HashMap<String, String> {
    let mut metadata = HashMap::new();
    let mut put = |name: &str, value: String| metadata.insert(name.to_owned(), value);
    if let Error::Invalid(violations) = error {
        let mut beyond = violations.iter().filter_map(|it| it.rule.limit.map(|limit| (it, limit)));
        if let Some((violation, limit)) = beyond.next() {
            put("limit", limit.to_string());
            put("limit_field", violation.field.clone());
        }
    } else if let Some(limit) = limit(error) {
        put("limit", limit.to_string());
    }
    metadata
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        if let Error::Internal(cause) = &error {
            // Once, here at the edge; the call's span has its request id.
            tracing::error!(cause = %cause, "internal error");
        }
        let (code, reason, retry_after) = classify(&error);
        let mut details = ErrorDetails::with_error_info(reason, DOMAIN, metadata(&error));
        if let Error::Invalid(violations) = &error {
            for violation in violations {
                details.add_bad_request_violation(&violation.field, violation.rule.text.as_ref());
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
        let all = all();
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

    /// One of each kind of error.
    fn all() -> Vec<Error> {
        vec![
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
            Error::IdempotencyKeyReused,
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
            Error::RateLimited { retry_after: Duration::from_millis(250) },
            Error::Overloaded,
            Error::TooManyInFlight { limit: 32 },
            Error::TooManyStreams { limit: 50 },
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
            Error::SchemaTooNew { newest: 9, needed: 8, own: 7 },
            Error::StorageUnavailable,
            Error::ShuttingDown,
            Error::internal("select secret from users"),
        ]
    }

    /// The protos and their README, in which a client's author reads.
    fn documentation() -> String {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("proto");
        let protos = std::fs::read_dir(folder.join("causerie/v1")).expect("the protos");
        let mut paths: Vec<_> = protos.map(|entry| entry.expect("a proto").path()).collect();
        paths.push(folder.join("README.md"));
        let read = |path| std::fs::read_to_string(path).expect("a text");
        paths.into_iter().map(read).collect::<Vec<_>>().join("\n")
    }

    /// Words such as `NOT_MEMBER`.
    fn capitals(text: &str) -> std::collections::BTreeSet<&str> {
        text.split(|c: char| !c.is_ascii_uppercase() && c != '_')
            .filter(|word| word.len() > 3)
            .collect()
    }

    #[test]
    fn every_reason_is_documented_and_no_other() {
        let documentation = documentation();
        // These end a server's start, before it answers anybody.
        let ends_start = |error: &Error| {
            matches!(error, Error::DatabaseInUse { .. } | Error::SchemaTooNew { .. })
        };
        let is_heard = |error: &Error| !ends_start(error);
        let errors = all().into_iter().filter(is_heard);
        let reasons: Vec<_> = errors.map(|error| classify(&error).1).collect();
        let documented = capitals(&documentation);
        let missing: Vec<_> = reasons.iter().filter(|it| !documented.contains(*it)).collect();
        assert_eq!(missing, [&""; 0], "reasons that neither the protos nor their README name");

        // What follows a status in a comment is a reason.
        let codes = "INVALID_ARGUMENT|UNAUTHENTICATED|PERMISSION_DENIED|NOT_FOUND|ALREADY_EXISTS|\
                     FAILED_PRECONDITION|RESOURCE_EXHAUSTED|DEADLINE_EXCEEDED|UNAVAILABLE|\
                     UNIMPLEMENTED|INTERNAL";
        let codes: Vec<_> = codes.split('|').collect();
        let mut unknown = Vec::new();
        for line in documentation.lines().map(str::trim) {
            let comment = line.strip_prefix("// ").unwrap_or_default();
            let Some((code, rest)) = comment.split_once(": ") else { continue };
            if codes.contains(&code) {
                // Its first word; further ones may be values of enums.
                let word = capitals(rest.split([' ', ',', ';', '.']).next().unwrap_or_default());
                unknown.extend(word.into_iter().filter(|word| !reasons.contains(word)));
            }
        }
        assert_eq!(unknown, [""; 0], "reasons in the protos that no error has");
    }

    #[test]
    fn a_violated_limit_is_named_with_its_field() {
        use crate::error::{Rule, Violation};
        let violation = |field: &str, rule| Violation { field: field.into(), rule };
        let status = Status::from(Error::Invalid(vec![
            violation("room_id", "must be the id of a room".into()),
            violation("text", Rule::at_most(4_000, "characters")),
            violation("client_message_id", Rule::between(&(1..=64), 0, "characters")),
        ]));
        let details = status.get_error_details();
        let metadata = &details.error_info().expect("an ErrorInfo").metadata;
        let found = (metadata["limit"].as_str(), metadata["limit_field"].as_str());
        assert_eq!(found, ("4000", "text"));
        let status = Status::from(Error::invalid("room_id", "must be the id of a room"));
        assert!(status.get_error_details().error_info().expect("one").metadata.is_empty());
    }

    #[test]
    fn a_cause_never_leaves_the_process() {
        let status = Status::from(Error::internal("select secret from users"));
        assert!(!format!("{status:?}").contains("secret"));
    }
}

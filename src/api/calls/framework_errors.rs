//! Errors that tonic makes by itself, in our form: a status with a reason.

use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::{
    error::Error, model::limits::GRPC_MESSAGE_BYTES,
    transport::responses::MAX_UNFINISHED_PER_ACCOUNT,
};

/// Whether a status is the framework's: ours all carry details.
pub fn is_bare(status: &Status) -> bool {
    status.code() != Code::Ok && status.details().is_empty()
}

/// What an error of the framework means to the caller. tonic tells apart by code
/// and text only what has gone wrong with a request's message.
pub fn translate(status: &Status, message_limit: usize) -> Error {
    let text = status.message();
    match status.code() {
        // Over-long as it is, or once it is decompressed.
        Code::OutOfRange => Error::MessageTooLarge { limit: message_limit },
        Code::ResourceExhausted if text.contains("decompressing") => {
            Error::MessageTooLarge { limit: message_limit }
        }
        Code::Unimplemented if text.contains("ompressed") => Error::UnsupportedCompression,
        Code::Unimplemented => Error::UnknownMethod,
        // Not decodable, cut short, or none: the server's own errors have details.
        Code::Internal | Code::InvalidArgument => Error::MalformedMessage(reason(text)),
        Code::DeadlineExceeded => Error::DeadlineExceeded,
        code => Error::Framework { code: code.into(), message: text.to_owned() },
    }
}

/// The same for the messages of a client's stream.
pub fn translate_inbound(status: &Status) -> Error {
    if is_bare(status) {
        return translate(status, GRPC_MESSAGE_BYTES);
    }
    // Ours, by way of the request's body.
    let details = status.get_error_details();
    let info = details.error_info();
    let limit = info.and_then(|info| info.metadata.get("limit")?.parse().ok()).unwrap_or_default();
    match info.map(|info| info.reason.as_str()) {
        Some("REQUEST_TIMEOUT") => Error::RequestTimeout { limit: Duration::from_secs(limit) },
        Some("MESSAGE_TOO_LARGE") => Error::MessageTooLarge { limit: GRPC_MESSAGE_BYTES },
        Some("REQUESTS_UNFINISHED") => {
            Error::RequestsUnfinished { limit: MAX_UNFINISHED_PER_ACCOUNT }
        }
        _ => Error::MalformedMessage(status.message().trim_end_matches('.').to_owned()),
    }
}

/// The decoder's own words, which name the field.
fn reason(text: &str) -> String {
    let text = text.trim_end_matches('.');
    text.strip_prefix("failed to decode Protobuf message: ").unwrap_or(text).to_owned()
}

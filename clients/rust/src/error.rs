//! What can go wrong, as the server says it.

use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// A failed call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    pub code: Code,
    /// The stable reason, such as `NOT_MEMBER`; empty if the server gave none.
    pub reason: String,
    /// A text that may be shown to a user, in English.
    pub message: String,
    /// Every violated field with its rule.
    pub violations: Vec<(String, String)>,
    /// The limit that the call went beyond, if it is about one.
    pub limit: Option<u64>,
    /// When it may be tried again.
    pub retry_after: Option<Duration>,
}

impl Error {
    pub(crate) fn local(code: Code, reason: &str, message: &str) -> Self {
        Self {
            code,
            reason: reason.to_owned(),
            message: message.to_owned(),
            violations: vec![],
            limit: None,
            retry_after: None,
        }
    }

    pub(crate) fn not_connected() -> Self {
        Self::local(Code::Unavailable, "NOT_CONNECTED", "Not connected.")
    }

    pub(crate) fn sent_long_ago() -> Self {
        let text =
            "It was written more than 25 days ago and may have been sent; send it again if not.";
        Self::local(Code::FailedPrecondition, "SENT_LONG_AGO", text)
    }

    pub(crate) fn signed_out() -> Self {
        Self::local(Code::Unauthenticated, "SIGNED_OUT", "Sign in first.")
    }

    /// Whether sending the same again could only fail the same way.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(
            self.code,
            Code::InvalidArgument
                | Code::NotFound
                | Code::AlreadyExists
                | Code::PermissionDenied
                | Code::FailedPrecondition
                | Code::OutOfRange
                | Code::Unimplemented
        )
    }

    /// Whether the access token has to be renewed.
    #[must_use]
    pub fn is_token_expired(&self) -> bool {
        self.code == Code::Unauthenticated && self.reason == "TOKEN_EXPIRED"
    }
}

/// What went wrong before the server could answer: reason and text.
fn failure_on_the_way(status: &Status) -> Option<(&'static str, String)> {
    let mut cause = std::error::Error::source(status)?;
    loop {
        // An I/O error has its cause inside, and names only that one's source.
        let inner = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let tls = inner.and_then(|inner| inner.downcast_ref());
        match tls.or_else(|| cause.downcast_ref::<rustls::Error>()) {
            Some(rustls::Error::InvalidCertificate(problem)) => {
                let message = format!("The server's certificate is not trusted: {problem}.");
                return Some(("UNTRUSTED_CERTIFICATE", message));
            }
            Some(error) => {
                let message = format!("The server does not speak TLS with this client: {error}.");
                return Some(("TLS_FAILED", message));
            }
            None => {}
        }
        match cause.source() {
            Some(deeper) => cause = deeper,
            None => {
                return (status.code() == Code::Unavailable)
                    .then(|| ("TRANSPORT", format!("The server cannot be reached: {cause}.")));
            }
        }
    }
}

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        if let Some((reason, message)) = failure_on_the_way(&status) {
            return Self::local(status.code(), reason, &message);
        }
        let details = status.get_error_details();
        Self {
            code: status.code(),
            reason: details.error_info().map(|info| info.reason.clone()).unwrap_or_default(),
            message: status.message().to_owned(),
            violations: details
                .bad_request()
                .map(|bad| {
                    let violations = bad.field_violations.iter();
                    violations.map(|v| (v.field.clone(), v.description.clone())).collect()
                })
                .unwrap_or_default(),
            limit: details.error_info().and_then(|info| info.metadata.get("limit")?.parse().ok()),
            retry_after: details.retry_info().and_then(|retry| retry.retry_delay),
        }
    }
}

/// The error of a reply on a stream.
impl From<tonic_types::Status> for Error {
    fn from(status: tonic_types::Status) -> Self {
        let details = prost::Message::encode_to_vec(&status);
        Status::with_details(Code::from(status.code), status.message, details.into()).into()
    }
}

//! Making a call again after a failure that may pass.

use std::time::Duration;

use tonic::Code;
use uuid::Uuid;

use crate::Error;

/// So often in a row a call of an upload may fail and is made again: for about half a
/// minute.
const UPLOAD_TRIES: u32 = 7;
/// So often a call that makes something is made again.
const KEYED_TRIES: u32 = 3;
const FIRST_DELAY: Duration = Duration::from_millis(200);
const LONGEST_DELAY: Duration = Duration::from_secs(15);

/// A new idempotency key: with it the server tells a call that is made again from
/// another one.
#[must_use]
pub fn new_key() -> String {
    Uuid::new_v4().to_string()
}

/// How often something has failed in a row.
#[derive(Debug)]
pub(crate) struct Tries {
    failures: u32,
    most: u32,
}

impl Default for Tries {
    fn default() -> Self {
        Self { failures: 0, most: UPLOAD_TRIES }
    }
}

impl Tries {
    /// Of a call that has an idempotency key.
    pub(crate) fn of_keyed_call() -> Self {
        Self { failures: 0, most: KEYED_TRIES }
    }

    /// Waits until it may be tried again; gives the error back if it may not.
    pub(crate) async fn wait_after(
        &mut self,
        error: Error,
        may_pass: impl Fn(&Error) -> bool,
    ) -> Result<(), Error> {
        if !may_pass(&error) {
            return Err(error);
        }
        let delay = self.delay_after(&error).ok_or(error)?;
        tokio::time::sleep(delay).await;
        Ok(())
    }

    fn delay_after(&mut self, error: &Error) -> Option<Duration> {
        if self.failures == self.most {
            return None;
        }
        let delay = error.retry_after.unwrap_or(FIRST_DELAY * 2_u32.pow(self.failures));
        self.failures += 1;
        Some(delay.min(LONGEST_DELAY))
    }
}

/// Whether a failure of an upload is of the connection or of the moment.
pub(crate) fn may_pass(error: &Error) -> bool {
    match error.code {
        // A call renews its token itself: this is the end of the session.
        Code::Unauthenticated => false,
        // Some limits are of speed; the others, such as a quota, stay.
        Code::ResourceExhausted => error.retry_after.is_some(),
        // An offset is wrong when a chunk has arrived and its answer has not.
        _ => !error.is_final() || error.reason == "UPLOAD_OFFSET",
    }
}

/// Whether a call failed without an answer, so that it may have been carried out. What
/// the connection does has no reason of the server.
pub(crate) fn is_unanswered(error: &Error) -> bool {
    match error.code {
        Code::Unavailable | Code::DeadlineExceeded => true,
        Code::Unknown | Code::Cancelled | Code::Internal => {
            error.reason.is_empty() || error.reason == "TRANSPORT"
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_tried_again_later_each_time_but_not_for_ever() {
        let cut = Error::not_connected();
        let delays = |mut tries: Tries| {
            let delays = std::iter::from_fn(|| tries.delay_after(&cut));
            delays.map(|delay| delay.as_millis()).collect::<Vec<_>>()
        };
        assert_eq!(delays(Tries::default()), [200, 400, 800, 1_600, 3_200, 6_400, 12_800]);
        assert_eq!(delays(Tries::of_keyed_call()), [200, 400, 800]);
        let busy = |retry_after| Error { retry_after, ..Error::local(Code::Unavailable, "", "") };
        for (said, waited) in [(3, 3), (3_600, 15)] {
            let said = busy(Some(Duration::from_secs(said)));
            let waited = Duration::from_secs(waited);
            assert_eq!(Tries::default().delay_after(&said), Some(waited));
        }
    }

    #[test]
    fn a_call_without_an_answer_is_told_from_one_that_was_refused() {
        for (code, reason, unanswered) in [
            (Code::Unavailable, "DATABASE_UNAVAILABLE", true),
            (Code::DeadlineExceeded, "DEADLINE_EXCEEDED", true),
            (Code::Unknown, "", true),
            (Code::Internal, "", true),
            (Code::Internal, "INTERNAL", false),
            (Code::AlreadyExists, "IDEMPOTENCY_KEY_REUSED", false),
            (Code::ResourceExhausted, "RATE_LIMITED", false),
        ] {
            assert_eq!(is_unanswered(&Error::local(code, reason, "")), unanswered, "{reason}");
        }
    }

    #[test]
    fn what_stays_is_not_tried_again() {
        for (code, reason, passes) in [
            (Code::Unavailable, "STORAGE_UNAVAILABLE", true),
            (Code::Unknown, "", true),
            (Code::FailedPrecondition, "UPLOAD_OFFSET", true),
            (Code::FailedPrecondition, "CHECKSUM_MISMATCH", false),
            (Code::NotFound, "UPLOAD_NOT_FOUND", false),
            (Code::ResourceExhausted, "QUOTA_REACHED", false),
            (Code::Unauthenticated, "SESSION_REVOKED", false),
        ] {
            assert_eq!(may_pass(&Error::local(code, reason, "")), passes, "{reason}");
        }
        let retry_after = Some(Duration::from_secs(1));
        let fast = Error::local(Code::ResourceExhausted, "RATE_LIMITED", "");
        assert!(may_pass(&Error { retry_after, ..fast }));
    }
}

//! How streams end: always with a goodbye that says why and whether to come
//! back, then with the status that says the same.

use std::time::Duration;

use rand::Rng as _;
use tokio::sync::watch;

use crate::{
    clock::Clock,
    error::Error,
    fanout::subscriber::{Control, StopReason},
    wire::{self, events::Kind, v1},
};

/// Why a stream ends.
#[derive(Debug)]
pub enum StreamEnd {
    /// With so many streams at once.
    ShuttingDown {
        streams: usize,
    },
    TokenExpired,
    SessionRevoked,
    SlowReader,
    /// The client closed its side.
    ClientClosed,
    /// The connection is gone; nobody hears the goodbye.
    Vanished,
    Broken(Error),
    /// The store failed.
    Failed(Error),
}

impl From<Error> for StreamEnd {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<StopReason> for StreamEnd {
    fn from(ending: StopReason) -> Self {
        match ending {
            StopReason::Revoked => Self::SessionRevoked,
            StopReason::ShuttingDown { streams } => Self::ShuttingDown { streams },
        }
    }
}

impl StreamEnd {
    /// What the stream says last.
    #[must_use]
    pub fn goodbye(&self) -> Kind {
        use v1::GoodbyeReason as Reason;
        let (reason, reconnect) = match self {
            Self::ShuttingDown { .. } => (Reason::ShuttingDown, true),
            Self::TokenExpired => (Reason::TokenExpired, false),
            Self::SessionRevoked => (Reason::SessionRevoked, false),
            Self::SlowReader => (Reason::SlowReader, true),
            Self::ClientClosed | Self::Vanished => (Reason::ClientClosed, false),
            Self::Broken(_) => (Reason::BadRequest, false),
            Self::Failed(Error::DatabaseUnavailable) => (Reason::DatabaseUnavailable, true),
            Self::Failed(_) => (Reason::Unspecified, true),
        };
        let longest = match (self, reason) {
            // Everybody comes back: at the rate at which they can be served.
            (Self::ShuttingDown { streams }, _) => back_within(*streams),
            (_, Reason::DatabaseUnavailable) => Duration::from_secs(5),
            _ => Duration::from_secs(1),
        };
        let delay = longest.mul_f64(rand::rng().random_range(0.1..1.0));
        Kind::Goodbye(v1::Goodbye {
            reason: reason.into(),
            reconnect,
            retry_after: reconnect.then(|| wire::duration(delay)),
        })
    }

    /// The status; `None` is OK.
    #[must_use]
    pub fn into_error(self) -> Option<Error> {
        match self {
            Self::ShuttingDown { .. } => Some(Error::ShuttingDown),
            Self::TokenExpired => Some(Error::TokenExpired),
            Self::SessionRevoked => Some(Error::SessionRevoked),
            Self::SlowReader => Some(Error::SlowReader),
            Self::ClientClosed | Self::Vanished => None,
            Self::Broken(error) | Self::Failed(error) => Some(error),
        }
    }
}

/// Streams that are let come back in a second, half as many as two cores serve: see the
/// row "5,000 streams with 100 rooms at once" of `make bench`.
const BACK_PER_SECOND: u32 = 200;
/// A server that starts again needs a moment, and nobody is told to wait for long.
const BACK_WITHIN: (Duration, Duration) = (Duration::from_secs(3), Duration::from_mins(1));

/// Over which time that many streams come back.
fn back_within(streams: usize) -> Duration {
    let streams = u32::try_from(streams).unwrap_or(u32::MAX);
    let (shortest, longest) = BACK_WITHIN;
    (Duration::from_secs(1) / BACK_PER_SECOND).saturating_mul(streams).clamp(shortest, longest)
}

/// Waits until the stream is told from outside to end, or its token expires.
pub async fn told(control: &mut watch::Receiver<Control>, clock: &Clock) -> StreamEnd {
    loop {
        let Control { ending, token_expires_at } = *control.borrow_and_update();
        if let Some(ending) = ending {
            return ending.into();
        }
        tokio::select! {
            changed = control.changed() => if changed.is_err() {
                return StreamEnd::Vanished;
            },
            () = tokio::time::sleep(clock.now().until(token_expires_at)) => {
                return StreamEnd::TokenExpired;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_streams_come_back_over_a_longer_time() {
        let seconds = |streams| back_within(streams).as_secs();
        assert_eq!([1, 5_000, 1_000_000].map(seconds), [3, 25, 60]);
    }
}

//! How streams end: always with a goodbye that says why and whether to come
//! back, then with the status that says the same.

use std::time::Duration;

use rand::Rng as _;
use tokio::sync::watch;

use crate::{
    clock::Clock,
    error::Error,
    fanout::hub::{Control, Ending},
    wire::{self, events::Kind, v1},
};

/// Why a stream ends.
#[derive(Debug)]
pub enum End {
    ShuttingDown,
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

impl From<Error> for End {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Ending> for End {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Revoked => Self::SessionRevoked,
            Ending::ShuttingDown => Self::ShuttingDown,
        }
    }
}

impl End {
    /// What the stream says last.
    #[must_use]
    pub fn goodbye(&self) -> Kind {
        use v1::GoodbyeReason as Reason;
        let (reason, reconnect) = match self {
            Self::ShuttingDown => (Reason::ShuttingDown, true),
            Self::TokenExpired => (Reason::TokenExpired, false),
            Self::SessionRevoked => (Reason::SessionRevoked, false),
            Self::SlowReader => (Reason::SlowReader, true),
            Self::ClientClosed | Self::Vanished => (Reason::ClientClosed, false),
            Self::Broken(_) => (Reason::BadRequest, false),
            Self::Failed(Error::DatabaseUnavailable) => (Reason::DatabaseUnavailable, true),
            Self::Failed(_) => (Reason::Unspecified, true),
        };
        let longest = match reason {
            // Everybody comes back at once: spread them out.
            Reason::ShuttingDown => Duration::from_secs(3),
            Reason::DatabaseUnavailable => Duration::from_secs(5),
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
            Self::ShuttingDown => Some(Error::ShuttingDown),
            Self::TokenExpired => Some(Error::TokenExpired),
            Self::SessionRevoked => Some(Error::SessionRevoked),
            Self::SlowReader => Some(Error::SlowReader),
            Self::ClientClosed | Self::Vanished => None,
            Self::Broken(error) | Self::Failed(error) => Some(error),
        }
    }
}

/// Waits until the stream is told from outside to end, or its token expires.
pub async fn told(control: &mut watch::Receiver<Control>, clock: &Clock) -> End {
    loop {
        let Control { ending, token_expires_at } = *control.borrow_and_update();
        if let Some(ending) = ending {
            return ending.into();
        }
        tokio::select! {
            changed = control.changed() => if changed.is_err() {
                return End::Vanished;
            },
            () = tokio::time::sleep(clock.now().until(token_expires_at)) => {
                return End::TokenExpired;
            }
        }
    }
}

//! Who is calling: passwords, tokens, and sessions that have ended.

mod failures;
pub mod keys;
pub mod login_limits;
pub mod passwords;
pub mod rate_limit;
pub mod recovery;
pub mod revoked;
pub mod security_log;
pub mod tokens;

use std::{path::Path, time::Duration};

use keys::Keys;
use login_limits::LoginLimits;
use passwords::Passwords;
use rate_limit::RateLimiter;
use revoked::Revoked;
use security_log::SecurityLog;
use tokens::Moment;

use crate::{
    clock::{Clock, SteadyClock},
    config::{self, ms},
    error::{Error, Result},
    model::{Caller, SessionId, Timestamp, UserId},
};

const AGE_MARGIN: Duration = Duration::from_mins(1);

/// Everything that proves who someone is.
pub struct Auth {
    pub(crate) config: config::Auth,
    pub(crate) clock: Clock,
    pub(crate) steady: SteadyClock,
    pub(crate) keys: Keys,
    pub(crate) passwords: Passwords,
    /// Sessions that have ended.
    pub(crate) revoked: Revoked,
    pub(crate) login_limits: LoginLimits,
    /// Accounts made, by address.
    pub(crate) registrations: RateLimiter<String>,
    /// Failed attempts to sign in, for whoever runs the server.
    pub(crate) security_log: SecurityLog,
}

impl Auth {
    /// Reads the keys, or makes one on first start.
    pub async fn new(
        config: &config::Auth,
        (clock, steady): (Clock, SteadyClock),
        data: &Path,
    ) -> Result<Self> {
        let keys = if config.signing_keys.is_empty() {
            Keys::load_or_make(data)?
        } else {
            Keys::parse("auth.signing_keys", config.signing_keys.iter().map(String::as_str))?
        };
        Ok(Self {
            security_log: SecurityLog::new(&keys),
            keys,
            passwords: Passwords::new(config).await?,
            revoked: Revoked::default(),
            login_limits: LoginLimits::new(config),
            registrations: RateLimiter::per_minute(config.registrations_per_minute),
            config: config.clone(),
            clock,
            steady,
        })
    }

    /// Who an access token belongs to. Works in memory alone: a call costs a
    /// signature and a look-up.
    pub fn verify(&self, token: &str) -> Result<Caller> {
        let moment = Moment {
            now: self.clock.now(),
            steady: self.steady.now(),
            max_age: self.max_access_age(),
        };
        let caller = tokens::verify_access(&self.keys, token, moment)?;
        self.check_live(caller.session)?;
        Ok(caller)
    }

    /// How old an access token may be by the steady clock: a little more than by
    /// the time of day, which is told in whole seconds.
    fn max_access_age(&self) -> Duration {
        ms(self.config.access_token_ms) + AGE_MARGIN
    }

    /// Whoever had a token of a session that ended before then has none any more.
    pub fn revoked_since(&self) -> Timestamp {
        self.steady.now().minus(self.max_access_age() + AGE_MARGIN)
    }

    /// The account that a device token was made for, if it is good.
    pub fn device_owner(&self, token: &str) -> Option<UserId> {
        let verified = tokens::verify_device(&self.keys, token, self.clock.now());
        verified.ok().map(|known| known.user)
    }

    /// Refuses who was verified before, if their session has ended or their token has
    /// expired since.
    pub fn check_caller(&self, caller: Caller) -> Result<()> {
        if caller.expires_at <= self.clock.now() {
            return Err(Error::TokenExpired);
        }
        self.check_live(caller.session)
    }

    /// Refuses a session that has ended.
    pub fn check_live(&self, session: SessionId) -> Result<()> {
        if self.revoked.contains(session) { Err(Error::SessionRevoked) } else { Ok(()) }
    }

    /// Forgets those who have their full allowance again, and sessions that ended so
    /// long ago that none of their tokens is good.
    pub fn forget_idle(&self) {
        self.security_log.flush();
        self.revoked.forget_before(self.revoked_since());
        self.login_limits.forget_idle();
        self.registrations.forget_idle();
    }
}

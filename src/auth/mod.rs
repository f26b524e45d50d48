//! Who is calling: passwords, tokens, and sessions that have ended.

pub mod keys;
pub mod limits;
pub mod passwords;
pub mod revoked;
pub mod security_log;
pub mod tokens;

use std::path::Path;

use keys::Keys;
use limits::PerKey;
use passwords::Passwords;
use revoked::Revoked;
use security_log::SecurityLog;

use crate::{
    clock::Clock,
    config,
    error::{Error, Result},
    model::{Caller, SessionId},
};

/// Everything that proves who someone is.
pub struct Auth {
    pub(crate) config: config::Auth,
    pub(crate) clock: Clock,
    pub(crate) keys: Keys,
    pub(crate) passwords: Passwords,
    /// Sessions that have ended.
    pub(crate) revoked: Revoked,
    /// Attempts to sign in, by the name tried.
    pub(crate) logins: PerKey<String>,
    /// Attempts to sign in, by address.
    pub(crate) login_addresses: PerKey<String>,
    /// Accounts made, by address.
    pub(crate) registrations: PerKey<String>,
    /// Failed attempts to sign in, for whoever runs the server.
    pub(crate) security_log: SecurityLog,
}

impl Auth {
    /// Reads the keys, or makes one on first start.
    pub async fn new(config: &config::Auth, clock: Clock, data: &Path) -> Result<Self> {
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
            logins: PerKey::per_minute(config.logins_per_minute),
            login_addresses: PerKey::per_minute(config.logins_per_address_per_minute),
            registrations: PerKey::per_minute(config.registrations_per_minute),
            config: config.clone(),
            clock,
        })
    }

    /// Who an access token belongs to. Works in memory alone: a call costs a
    /// signature and a look-up.
    pub fn verify(&self, token: &str) -> Result<Caller> {
        let caller = tokens::verify_access(&self.keys, token, self.clock.now())?;
        self.check_live(caller.session)?;
        Ok(caller)
    }

    /// Refuses a session that has ended.
    pub fn check_live(&self, session: SessionId) -> Result<()> {
        if self.revoked.contains(session) { Err(Error::SessionRevoked) } else { Ok(()) }
    }

    /// Forgets those who have their full allowance again.
    pub fn forget_idle(&self) {
        self.security_log.flush();
        self.logins.forget_idle();
        self.login_addresses.forget_idle();
        self.registrations.forget_idle();
    }
}

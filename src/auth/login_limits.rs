//! How often a log-in may fail. Whoever guesses somebody's password must not use up
//! what its owner has: each network has its own failures for a name, and so has each
//! device that has signed in before.

use std::time::{Duration, Instant};

use super::failures::{FailureDelay, FailureQuota};
use crate::{
    config,
    error::{Error, Result},
    model::{DeviceId, UserId},
};

/// Where an attempt comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A device on which this account has signed in before.
    KnownDevice(DeviceId),
    /// What the addresses of one household or machine have in common.
    Network(String),
}

/// Which limit an attempt has met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginLimit {
    /// Of one network or device, for one name.
    Origin,
    /// Of one network, for all names.
    Network,
    /// Of one name, from everywhere.
    Name,
}

pub struct LoginLimits {
    origins: FailureDelay<(Origin, String)>,
    networks: FailureQuota<String>,
    names: FailureQuota<String>,
    /// Guesses at the old password, by who is signed in.
    password_changes: FailureDelay<UserId>,
}

impl LoginLimits {
    #[must_use]
    pub fn new(config: &config::Auth) -> Self {
        let config::Auth {
            failed_logins_before_delay: free,
            failed_logins_per_address_per_minute: per_address,
            failed_logins_per_name_per_hour: per_name,
            ..
        } = *config;
        Self {
            origins: FailureDelay::after(free),
            networks: FailureQuota::new(per_address, Duration::from_mins(1)),
            names: FailureQuota::new(per_name, Duration::from_hours(1)),
            password_changes: FailureDelay::after(free),
        }
    }

    /// Counts an attempt as failed until [`Self::succeed`]; or says which limit it
    /// meets, and then counts nothing. `name` is folded.
    pub fn begin(&self, origin: &Origin, name: &str) -> Result<(), (LoginLimit, Error)> {
        let now = Instant::now();
        let key = (origin.clone(), name.to_owned());
        self.origins.begin(&key, now).map_err(|error| (LoginLimit::Origin, error))?;
        let Origin::Network(network) = origin else { return Ok(()) };
        if let Err(error) = self.networks.begin(network, now) {
            self.origins.give_back(&key, now);
            return Err((LoginLimit::Network, error));
        }
        if let Err(error) = self.names.begin(&key.1, now) {
            self.origins.give_back(&key, now);
            self.networks.give_back(network);
            return Err((LoginLimit::Name, error));
        }
        Ok(())
    }

    /// The password was right.
    pub fn succeed(&self, origin: &Origin, name: &str) {
        let key = (origin.clone(), name.to_owned());
        self.origins.succeed(&key);
        if let Origin::Network(network) = origin {
            self.networks.give_back(network);
            self.names.give_back(&key.1);
        }
    }

    /// The password was not compared: the server is busy, or the database away.
    pub fn give_back(&self, origin: &Origin, name: &str) {
        let key = (origin.clone(), name.to_owned());
        self.origins.give_back(&key, Instant::now());
        if let Origin::Network(network) = origin {
            self.networks.give_back(network);
            self.names.give_back(&key.1);
        }
    }

    /// Counts a change of a password as failed until [`Self::change_succeeded`].
    pub fn begin_change(&self, user: UserId) -> Result<()> {
        self.password_changes.begin(&user, Instant::now())
    }

    pub fn change_succeeded(&self, user: UserId) {
        self.password_changes.succeed(&user);
    }

    pub fn give_back_change(&self, user: UserId) {
        self.password_changes.give_back(&user, Instant::now());
    }

    /// Counts the use of a link that sets a password as a failed log-in.
    pub fn begin_recovery(&self, network: &str) -> Result<()> {
        self.networks.begin(&network.to_owned(), Instant::now())
    }

    pub fn give_back_recovery(&self, network: &str) {
        self.networks.give_back(&network.to_owned());
    }

    pub fn forget_idle(&self) {
        let now = Instant::now();
        self.origins.forget_idle(now);
        self.networks.forget_idle(now);
        self.names.forget_idle(now);
        self.password_changes.forget_idle(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(free: u32, per_address: u32, per_name: u32) -> LoginLimits {
        let mut config = config::Config::default().auth;
        config.failed_logins_before_delay = free;
        config.failed_logins_per_address_per_minute = per_address;
        config.failed_logins_per_name_per_hour = per_name;
        LoginLimits::new(&config)
    }

    fn network(n: usize) -> Origin {
        Origin::Network(format!("192.0.2.{n}"))
    }

    fn met(outcome: Result<(), (LoginLimit, Error)>) -> Option<LoginLimit> {
        outcome.err().map(|(limit, _)| limit)
    }

    #[test]
    fn guesses_of_others_leave_the_owner_their_own() {
        let limits = limits(2, 0, 6);
        for n in 0..3 {
            for _ in 0..2 {
                assert_eq!(met(limits.begin(&network(n), "ada")), None);
            }
            assert_eq!(met(limits.begin(&network(n), "ada")), Some(LoginLimit::Origin));
        }
        // All that may fail in an hour have failed: only a known device gets through.
        assert_eq!(met(limits.begin(&network(9), "ada")), Some(LoginLimit::Name));
        assert_eq!(met(limits.begin(&network(9), "bob")), None);
        let phone = Origin::KnownDevice(DeviceId::new());
        for _ in 0..2 {
            assert_eq!(met(limits.begin(&phone, "ada")), None);
        }
        assert_eq!(met(limits.begin(&phone, "ada")), Some(LoginLimit::Origin), "it may be stolen");
    }

    #[test]
    fn what_is_right_or_refused_is_not_counted() {
        let limits = limits(2, 3, 4);
        for _ in 0..50 {
            assert_eq!(met(limits.begin(&network(1), "ada")), None);
            limits.succeed(&network(1), "ada");
        }
        for name in ["a", "b", "c"] {
            assert_eq!(met(limits.begin(&network(1), name)), None);
        }
        for _ in 0..50 {
            assert_eq!(met(limits.begin(&network(1), "ada")), Some(LoginLimit::Network));
        }
        for n in 2..6 {
            assert_eq!(met(limits.begin(&network(n), "ada")), None, "{n}");
        }
        assert_eq!(met(limits.begin(&network(6), "ada")), Some(LoginLimit::Name));
    }
}

//! How often a log-in may fail. Whoever guesses somebody's password must not use up
//! what its owner has: each network has its own failures for a name, and so has each
//! device that has signed in before.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::Notify;

use super::failures::{FailureDelay, FailureQuota, GuessEnd, Turn};
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
    counters: Mutex<Counters>,
    /// A guess under way has ended, which may be another's turn.
    ended: Notify,
}

struct Counters {
    origins: FailureDelay<(Origin, String)>,
    networks: FailureQuota<String>,
    names: FailureQuota<String>,
    /// Guesses at the old password, by who is signed in.
    password_changes: FailureDelay<UserId>,
}

/// What is guessed, and so under which keys it is counted.
#[derive(Debug, Clone)]
enum Subject {
    Login {
        origin: Origin,
        name: String,
    },
    PasswordChange(UserId),
    /// A link that sets a password; counts for its network as a log-in does.
    Recovery {
        network: String,
    },
}

/// A guess that is under way. Whoever drops it has compared nothing: the server is
/// busy, or the database away.
pub struct Guess<'a> {
    limits: &'a LoginLimits,
    subject: Subject,
    end: GuessEnd,
}

impl Guess<'_> {
    pub fn was_right(mut self) {
        self.end = GuessEnd::Right;
    }

    pub fn was_wrong(mut self) {
        self.end = GuessEnd::Wrong;
    }
}

impl Drop for Guess<'_> {
    fn drop(&mut self) {
        self.limits.lock().end(&self.subject, self.end, Instant::now());
        self.limits.ended.notify_waiters();
    }
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
        let counters = Counters {
            origins: FailureDelay::after(free),
            networks: FailureQuota::new(per_address, Duration::from_mins(1)),
            names: FailureQuota::new(per_name, Duration::from_hours(1)),
            password_changes: FailureDelay::after(free),
        };
        Self { counters: Mutex::new(counters), ended: Notify::new() }
    }

    /// Begins a log-in when it is its turn, or says which limit it meets. `name` is
    /// folded.
    pub async fn begin(
        &self,
        origin: Origin,
        name: String,
    ) -> Result<Guess<'_>, (LoginLimit, Error)> {
        self.begin_guess(Subject::Login { origin, name }).await
    }

    /// Begins a guess at the old password of who is signed in.
    pub async fn begin_change(&self, user: UserId) -> Result<Guess<'_>> {
        self.begin_guess(Subject::PasswordChange(user)).await.map_err(|(_, error)| error)
    }

    /// Begins the use of a link that sets a password.
    pub async fn begin_recovery(&self, network: String) -> Result<Guess<'_>> {
        self.begin_guess(Subject::Recovery { network }).await.map_err(|(_, error)| error)
    }

    async fn begin_guess(&self, subject: Subject) -> Result<Guess<'_>, (LoginLimit, Error)> {
        loop {
            // Made before the look, so that no end is missed between.
            let ended = self.ended.notified();
            if self.lock().try_begin(&subject, Instant::now())? == Turn::Now {
                return Ok(Guess { limits: self, subject, end: GuessEnd::NotMade });
            }
            ended.await;
        }
    }

    pub fn forget_idle(&self) {
        let now = Instant::now();
        let mut counters = self.lock();
        counters.origins.forget_idle(now);
        counters.networks.forget_idle(now);
        counters.names.forget_idle(now);
        counters.password_changes.forget_idle(now);
    }

    fn lock(&self) -> MutexGuard<'_, Counters> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counters {
    /// Begins a guess if it is its turn under each of its keys.
    fn try_begin(&mut self, subject: &Subject, now: Instant) -> Result<Turn, (LoginLimit, Error)> {
        let met = |limit| move |error| (limit, error);
        let turns = match subject {
            Subject::Login { origin, name } => {
                let key = (origin.clone(), name.clone());
                let of_origin = self.origins.check(&key, now).map_err(met(LoginLimit::Origin))?;
                let mut turns = vec![of_origin];
                if let Origin::Network(network) = origin {
                    let of_network = self.networks.check(network, now);
                    turns.push(of_network.map_err(met(LoginLimit::Network))?);
                    turns.push(self.names.check(name, now).map_err(met(LoginLimit::Name))?);
                }
                turns
            }
            Subject::PasswordChange(user) => {
                let of_user = self.password_changes.check(user, now);
                vec![of_user.map_err(met(LoginLimit::Origin))?]
            }
            Subject::Recovery { network } => {
                vec![self.networks.check(network, now).map_err(met(LoginLimit::Network))?]
            }
        };
        if turns.contains(&Turn::Later) {
            return Ok(Turn::Later);
        }
        match subject {
            Subject::Login { origin, name } => {
                self.origins.begin(&(origin.clone(), name.clone()), now);
                if let Origin::Network(network) = origin {
                    self.networks.begin(network, now);
                    self.names.begin(name, now);
                }
            }
            Subject::PasswordChange(user) => self.password_changes.begin(user, now),
            Subject::Recovery { network } => self.networks.begin(network, now),
        }
        Ok(Turn::Now)
    }

    fn end(&mut self, subject: &Subject, end: GuessEnd, now: Instant) {
        match subject {
            Subject::Login { origin, name } => {
                self.origins.end(&(origin.clone(), name.clone()), end, now);
                if let Origin::Network(network) = origin {
                    self.networks.end(network, end, now);
                    self.names.end(name, end, now);
                }
            }
            Subject::PasswordChange(user) => self.password_changes.end(user, end, now),
            Subject::Recovery { network } => self.networks.end(network, end, now),
        }
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

    /// Which limit a guess meets; if none, it is wrong.
    async fn guess(limits: &LoginLimits, origin: &Origin, name: &str) -> Option<LoginLimit> {
        match limits.begin(origin.clone(), name.into()).await {
            Ok(guess) => {
                guess.was_wrong();
                None
            }
            Err((limit, _)) => Some(limit),
        }
    }

    #[tokio::test]
    async fn guesses_of_others_leave_the_owner_their_own() {
        let limits = limits(2, 0, 6);
        for n in 0..3 {
            for _ in 0..2 {
                assert_eq!(guess(&limits, &network(n), "ada").await, None);
            }
            assert_eq!(guess(&limits, &network(n), "ada").await, Some(LoginLimit::Origin));
        }
        // All that may fail in an hour have failed: only a known device gets through.
        assert_eq!(guess(&limits, &network(9), "ada").await, Some(LoginLimit::Name));
        assert_eq!(guess(&limits, &network(9), "bob").await, None);
        let phone = Origin::KnownDevice(DeviceId::new());
        for _ in 0..2 {
            assert_eq!(guess(&limits, &phone, "ada").await, None);
        }
        assert_eq!(
            guess(&limits, &phone, "ada").await,
            Some(LoginLimit::Origin),
            "it may be stolen"
        );
    }

    #[tokio::test]
    async fn what_is_right_or_refused_is_not_counted() {
        let limits = limits(2, 3, 4);
        for _ in 0..50 {
            let right = limits.begin(network(1), "ada".into()).await;
            right.expect("a turn").was_right();
        }
        for name in ["a", "b", "c"] {
            assert_eq!(guess(&limits, &network(1), name).await, None);
        }
        for _ in 0..50 {
            assert_eq!(guess(&limits, &network(1), "ada").await, Some(LoginLimit::Network));
        }
        for n in 2..6 {
            assert_eq!(guess(&limits, &network(n), "ada").await, None, "{n}");
        }
        assert_eq!(guess(&limits, &network(6), "ada").await, Some(LoginLimit::Name));
    }

    #[tokio::test]
    async fn who_comes_at_once_waits_for_each_other_and_nobody_is_refused_for_it() {
        let limits = limits(2, 3, 4);
        let begin = |name: &str| Box::pin(limits.begin(network(1), name.into()));
        let first = begin("ada").await.expect("a turn");
        let second = begin("ada").await.expect("a turn");
        let mut third = begin("ada");
        assert!(futures::poll!(&mut third).is_pending(), "both may be wrong");
        let other = begin("bob").await.expect("a turn");
        let mut another = begin("cyd");
        assert!(futures::poll!(&mut another).is_pending(), "all of the network may be wrong");
        first.was_right();
        let third = third.await.expect("a turn");
        assert!(futures::poll!(&mut another).is_pending());
        drop((second, other));
        another.await.expect("a turn").was_right();
        third.was_right();
        assert!(limits.lock().origins.check(&(network(1), "ada".into()), Instant::now()).is_ok());
    }
}

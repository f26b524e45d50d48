//! Failed attempts to sign in, for the log: enough to see an attack and where it
//! comes from, and never so many lines that the attack fills the disk.
//!
//! Of each kind of event, the first from an address is a line at once. More of
//! them within a minute are counted, and a line says how many were left out.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use aws_lc_rs::hmac;

use super::keys::Keys;
use crate::model::users::fold;

/// One line for each kind of event and address in this time.
const WINDOW: Duration = Duration::from_mins(1);
/// Addresses that are told apart. With more at once, the others share one window,
/// which bounds both memory and the number of lines.
const MAX_WINDOWS: usize = 1_000;
/// The address of those that share one window.
const OTHERS: &str = "other addresses";

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecurityEvent {
    /// Signing in with a name or a password that is wrong.
    LoginFailed,
    /// Refused because too many attempts came from one address.
    AddressLockedOut,
    /// Refused because too many attempts were made on one account.
    AccountLockedOut,
    /// Refused because too many accounts were made from one address.
    RegistrationsLockedOut,
    /// Changing a password with an old one that is wrong.
    PasswordChangeFailed,
    /// Setting a password by a link that is not good.
    RecoveryFailed,
    /// A spent refresh token came back: it was copied, and its session has ended.
    RefreshTokenReused,
}

impl SecurityEvent {
    fn text(self) -> &'static str {
        match self {
            Self::LoginFailed => "log-in failed",
            Self::AddressLockedOut => "log-in refused: too many attempts from this address",
            Self::AccountLockedOut => "log-in refused: too many attempts on this account",
            Self::RegistrationsLockedOut => "registration refused: too many from this address",
            Self::PasswordChangeFailed => "password change failed: the old password is wrong",
            Self::RecoveryFailed => "recovery failed: the link is not good",
            Self::RefreshTokenReused => "a spent refresh token came back; its session has ended",
        }
    }
}

/// Writes security events to the log.
pub struct SecurityLog {
    /// Makes the tags of accounts. It follows from the signing key, so that a tag
    /// stays the same over a restart.
    tag_key: hmac::Key,
    windows: Mutex<Windows>,
}

impl SecurityLog {
    #[must_use]
    pub fn new(keys: &Keys) -> Self {
        let signing = hmac::Key::new(hmac::HMAC_SHA256, keys.signing.1.as_bytes());
        let derived = hmac::sign(&signing, b"tags of accounts in the log");
        Self {
            tag_key: hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()),
            windows: Mutex::default(),
        }
    }

    /// Logs an event, or counts it. `network` is what the addresses of one
    /// household or machine have in common; `account` is the name that was tried,
    /// which is shown as a tag only: people type passwords into the wrong field.
    pub fn record(&self, event: SecurityEvent, network: &str, address: &str, account: &str) {
        let admitted = self.windows().admit(event, network, Instant::now());
        let Some((omitted, is_own)) = admitted else { return };
        let address = if is_own { address } else { OTHERS };
        let account = self.tag(account);
        tracing::warn!(address, account, omitted, "{}", event.text());
    }

    /// Says how many lines were left out in the windows that are over.
    pub fn flush(&self) {
        let ended = self.windows().remove_ended(Instant::now());
        for (event, network, omitted) in ended {
            tracing::warn!(address = network, omitted, "{} (more of the same)", event.text());
        }
    }

    fn windows(&self) -> std::sync::MutexGuard<'_, Windows> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Twelve hexadecimal digits that stand for an account's name.
    fn tag(&self, account: &str) -> String {
        use std::fmt::Write as _;
        let digest = hmac::sign(&self.tag_key, fold(account).as_bytes());
        digest.as_ref().iter().take(6).fold(String::new(), |mut tag, byte| {
            let _ = write!(tag, "{byte:02x}");
            tag
        })
    }
}

#[derive(Default)]
struct Windows(HashMap<(SecurityEvent, String), Window>);

struct Window {
    started: Instant,
    omitted: u64,
}

impl Windows {
    /// Whether to write a line now: how many were left out before it, and whether
    /// the window belongs to this network alone.
    fn admit(&mut self, event: SecurityEvent, network: &str, now: Instant) -> Option<(u64, bool)> {
        let mut key = (event, network.to_owned());
        let is_own = self.0.contains_key(&key) || self.0.len() < MAX_WINDOWS;
        if !is_own {
            OTHERS.clone_into(&mut key.1);
        }
        let Some(window) = self.0.get_mut(&key) else {
            self.0.insert(key, Window { started: now, omitted: 0 });
            return Some((0, is_own));
        };
        if now.duration_since(window.started) < WINDOW {
            window.omitted += 1;
            return None;
        }
        window.started = now;
        Some((std::mem::take(&mut window.omitted), is_own))
    }

    /// Removes the windows that are over; returns those in which lines were left
    /// out.
    fn remove_ended(&mut self, now: Instant) -> Vec<(SecurityEvent, String, u64)> {
        let is_over = |window: &mut Window| now.duration_since(window.started) >= WINDOW;
        let ended = self.0.extract_if(|_, window| is_over(window));
        ended
            .filter(|(_, window)| window.omitted > 0)
            .map(|((event, network), window)| (event, network, window.omitted))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: SecurityEvent = SecurityEvent::LoginFailed;

    fn log() -> SecurityLog {
        let line = format!("a:{}=", "A".repeat(43));
        SecurityLog::new(&Keys::parse("test", [line.as_str()].into_iter()).expect("a key"))
    }

    #[test]
    fn an_account_has_one_tag_that_does_not_contain_its_name() {
        let log = log();
        assert_eq!(log.tag("Ada"), log.tag("ADA"));
        assert_ne!(log.tag("ada"), log.tag("bob"));
        assert_eq!(log.tag("ada").len(), 12);
        assert_eq!(log.tag("ada"), self::log().tag("ada"), "the same after a restart");
    }

    #[test]
    fn an_address_has_one_line_a_minute_which_says_what_was_left_out() {
        let mut windows = Windows::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(windows.admit(EVENT, "192.0.2.1", at(0)), Some((0, true)));
        for second in 1..60 {
            assert_eq!(windows.admit(EVENT, "192.0.2.1", at(second)), None);
        }
        assert_eq!(windows.admit(EVENT, "192.0.2.2", at(30)), Some((0, true)));
        let other = SecurityEvent::AccountLockedOut;
        assert_eq!(windows.admit(other, "192.0.2.1", at(30)), Some((0, true)));
        assert_eq!(windows.admit(EVENT, "192.0.2.1", at(60)), Some((59, true)));
        assert_eq!(windows.admit(EVENT, "192.0.2.1", at(61)), None);
        assert_eq!(windows.remove_ended(at(119)), [], "two had nothing left out");
        assert_eq!(windows.remove_ended(at(120)), [(EVENT, "192.0.2.1".to_owned(), 1)]);
        assert!(windows.0.is_empty());
    }

    #[test]
    fn addresses_without_number_take_bounded_memory_and_lines() {
        let mut windows = Windows::default();
        let now = Instant::now();
        let admitted = (0..100_000).filter(|n| {
            windows.admit(EVENT, &format!("10.0.{}.{}", n / 256, n % 256), now).is_some()
        });
        assert_eq!(admitted.count(), MAX_WINDOWS + 1);
        assert_eq!(windows.0.len(), MAX_WINDOWS + 1);
        let ended = windows.remove_ended(now + WINDOW);
        let omitted = 100_000 - MAX_WINDOWS as u64 - 1;
        assert_eq!(ended, [(EVENT, OTHERS.to_owned(), omitted)]);
    }
}

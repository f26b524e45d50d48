//! Passwords: argon2id, off the async threads and bounded, so that many
//! sign-ins at once cost time and not the server.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher as _, PasswordVerifier as _, Version,
};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{
    config,
    error::{Error, Result},
    model::passwords::{StoredPassword, TypedPassword},
};

/// Who may wait for each hash that runs; more are refused as overload.
const WAITING_PER_HASH: usize = 64;
/// How many of them may come from one network: it cannot keep others waiting.
const WAITING_PER_NETWORK: usize = 16;
/// zxcvbn takes long for long texts; the beginning says enough.
const JUDGED_CHARS: usize = 100;

/// Hashes and verifies passwords.
pub struct Passwords {
    argon2: Argon2<'static>,
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// How many wait or run, by the network that they came from.
    networks: Mutex<HashMap<String, usize>>,
    /// Verified against when there is no such account, so that it takes the
    /// same work.
    nobodys: String,
}

/// What verifying a password found.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    Wrong,
    Right,
    /// Right, and made with other parameters than today's, or perhaps of a spelling
    /// that was not mapped: to be hashed anew.
    RightButOld,
}

impl Passwords {
    pub async fn new(config: &config::Auth) -> Result<Self> {
        let memory = config.argon2_memory_kib;
        let params = Params::new(memory, config.argon2_passes, 1, Some(Params::DEFAULT_OUTPUT_LEN))
            .map_err(|error| Error::invalid("auth.argon2_memory_kib", error.to_string()))?;
        let parallel = match config.argon2_parallel {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            given => given,
        };
        let mut passwords = Self {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            running: Arc::new(Semaphore::new(parallel)),
            waiting: Arc::new(Semaphore::new(parallel * WAITING_PER_HASH)),
            networks: Mutex::default(),
            nobodys: String::new(),
        };
        passwords.nobodys = passwords.hash("no account has this password".into(), "").await?;
        Ok(passwords)
    }

    /// Hashes a mapped password. `network` is where the wish comes from.
    pub async fn hash(&self, mapped: String, network: &str) -> Result<String> {
        let argon2 = self.argon2.clone();
        self.run(network, move || {
            argon2
                .hash_password(mapped.as_bytes())
                .map(|hash| hash.to_string())
                .map_err(|error| Error::internal(error.to_string()))
        })
        .await?
    }

    /// Compares a password with a hash; `None` if there is no such account. What is
    /// wrong takes as many hashes as what was typed has spellings, whatever the
    /// account is.
    pub async fn verify(
        &self,
        typed: &TypedPassword,
        stored: Option<StoredPassword>,
        network: &str,
    ) -> Result<Verdict> {
        let argon2 = self.argon2.clone();
        let forms = typed.forms();
        let exists = stored.is_some();
        let nobodys = || StoredPassword { hash: self.nobodys.clone(), is_mapped: true };
        let StoredPassword { hash, is_mapped } = stored.unwrap_or_else(nobodys);
        self.run(network, move || {
            let parsed =
                PasswordHash::new(&hash).map_err(|error| Error::internal(error.to_string()))?;
            // Lazy: it stops at the one that is right.
            let right = forms.iter().enumerate().any(|(at, form)| {
                let same = argon2.verify_password(form.as_bytes(), &parsed).is_ok();
                same && exists && (at == 0 || !is_mapped)
            });
            let same = Params::try_from(&parsed).is_ok_and(|used| used == *argon2.params());
            Ok(match (right, same && is_mapped) {
                (false, _) => Verdict::Wrong,
                (true, true) => Verdict::Right,
                (true, false) => Verdict::RightButOld,
            })
        })
        .await?
    }

    /// Whether a password is hard enough to guess, for someone who knows
    /// `about` its owner.
    pub async fn is_strong(
        &self,
        password: &str,
        about: Vec<String>,
        network: &str,
    ) -> Result<bool> {
        let judged: String = password.chars().take(JUDGED_CHARS).collect();
        self.run(network, move || {
            let about: Vec<&str> = about.iter().map(String::as_str).collect();
            zxcvbn::zxcvbn(&judged, &about).score() >= zxcvbn::Score::Two
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        network: &str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let _place = self.queue(network)?;
        let permit = self.running.clone().acquire_owned().await.map_err(Error::internal)?;
        tokio::task::spawn_blocking(move || {
            // Held by the work itself: a caller who goes away does not free it.
            let _permit = permit;
            work()
        })
        .await
        .map_err(Error::internal)
    }

    /// A place among those who wait, for a hash or for their turn to ask for one.
    pub fn queue(&self, network: &str) -> Result<QueuePlace<'_>> {
        let waiting = self.waiting.try_acquire().map_err(|_| Error::Overloaded)?;
        let mut networks = self.networks();
        let count = networks.entry(network.to_owned()).or_default();
        if *count >= WAITING_PER_NETWORK {
            return Err(Error::Overloaded);
        }
        *count += 1;
        Ok(QueuePlace { passwords: self, network: network.to_owned(), _waiting: waiting })
    }

    fn networks(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.networks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the queue of a network.
pub struct QueuePlace<'a> {
    passwords: &'a Passwords,
    network: String,
    _waiting: SemaphorePermit<'a>,
}

impl Drop for QueuePlace<'_> {
    fn drop(&mut self) {
        let mut networks = self.passwords.networks();
        if let Some(count) = networks.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                networks.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn passwords(memory_kib: u32) -> Passwords {
        let mut config = config::Config::default().auth;
        config.argon2_memory_kib = memory_kib;
        config.argon2_passes = 1;
        Passwords::new(&config).await.expect("good parameters")
    }

    fn typed(text: &str) -> TypedPassword {
        TypedPassword::new(text.into())
    }

    #[tokio::test]
    async fn a_hash_with_other_parameters_is_right_but_old() {
        let (old, new) = (passwords(64).await, passwords(128).await);
        let hash = old.hash("correct horse".into(), "").await.expect("hashed");
        assert!(hash.starts_with("$argon2id$"));
        let stored = StoredPassword { hash, is_mapped: true };
        let verify = async |with: &Passwords, word: &str| {
            with.verify(&typed(word), Some(stored.clone()), "").await.expect("verified")
        };
        assert_eq!(verify(&old, "correct horse").await, Verdict::Right);
        assert_eq!(verify(&new, "correct horse").await, Verdict::RightButOld);
        assert_eq!(verify(&new, "wrong horse").await, Verdict::Wrong);
    }

    #[tokio::test]
    async fn hashes_of_before_the_mapping_are_right_as_they_were_typed() {
        let passwords = passwords(64).await;
        let (composed, decomposed) = ("pässwörd", "pa\u{308}sswo\u{308}rd");
        let verify = async |of: &str, is_mapped, word: &str| {
            let hash = passwords.hash(of.into(), "").await.expect("hashed");
            let stored = StoredPassword { hash, is_mapped };
            passwords.verify(&typed(word), Some(stored), "").await.expect("verified")
        };
        for word in [composed, decomposed] {
            assert_eq!(verify(composed, true, word).await, Verdict::Right);
            assert_eq!(verify(decomposed, true, word).await, Verdict::Wrong, "not mapped");
            for of in [composed, decomposed] {
                assert_eq!(verify(of, false, word).await, Verdict::RightButOld, "{of} {word}");
            }
        }
    }

    #[tokio::test]
    async fn nobody_can_sign_in_as_nobody() {
        let passwords = passwords(64).await;
        let verdict = passwords.verify(&typed("no account has this password"), None, "").await;
        assert_eq!(verdict.expect("verified"), Verdict::Wrong);
    }

    #[tokio::test]
    async fn a_network_cannot_keep_others_waiting() {
        let passwords = passwords(64).await;
        // Nothing runs, so that all wait.
        let all = passwords.running.available_permits();
        let _running = passwords.running.acquire_many(u32::try_from(all).expect("few")).await;
        let hash = |network: &'static str| Box::pin(passwords.hash("word".into(), network));
        let mut waiting: Vec<_> = (0..WAITING_PER_NETWORK).map(|_| hash("one")).collect();
        for one in &mut waiting {
            assert!(futures::poll!(one).is_pending());
        }
        assert!(matches!(hash("one").await, Err(Error::Overloaded)));
        assert!(futures::poll!(hash("other")).is_pending());
        waiting.clear();
        assert!(futures::poll!(hash("one")).is_pending(), "their places are free again");
        assert!(passwords.networks().is_empty());
    }

    #[tokio::test]
    async fn easy_passwords_are_found_out() {
        let passwords = passwords(64).await;
        let strong = async |word: &str| {
            passwords.is_strong(word, vec!["adalovelace".into()], "").await.expect("judged")
        };
        assert!(!strong("password1").await);
        assert!(!strong("adalovelace").await);
        assert!(strong("violet-anchor-7-drum").await);
    }
}

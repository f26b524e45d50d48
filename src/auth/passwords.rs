//! Passwords: argon2id, off the async threads and bounded, so that many
//! sign-ins at once cost time and not the server.

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher as _, PasswordVerifier as _, Version,
};
use tokio::sync::Semaphore;

use crate::{
    config,
    error::{Error, Result},
};

/// Who may wait for each hash that runs; more are refused as overload.
const WAITING_PER_HASH: usize = 16;
/// zxcvbn takes long for long texts; the beginning says enough.
const JUDGED_CHARS: usize = 100;

/// Hashes and verifies passwords.
pub struct Passwords {
    argon2: Argon2<'static>,
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// Verified against when there is no such account, so that it takes the
    /// same work.
    nobodys: String,
}

/// What verifying a password found.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    Wrong,
    Right,
    /// Right, and made with other parameters than today's: to be hashed anew.
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
            nobodys: String::new(),
        };
        passwords.nobodys = passwords.hash("no account has this password".into()).await?;
        Ok(passwords)
    }

    /// Hashes a password, with its parameters, as a PHC string.
    pub async fn hash(&self, password: String) -> Result<String> {
        let argon2 = self.argon2.clone();
        self.run(move || {
            argon2
                .hash_password(password.as_bytes())
                .map(|hash| hash.to_string())
                .map_err(|error| Error::internal(error.to_string()))
        })
        .await?
    }

    /// Compares a password with a hash; `None` if there is no such account.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<Verdict> {
        let argon2 = self.argon2.clone();
        let exists = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobodys.clone());
        self.run(move || {
            let parsed =
                PasswordHash::new(&hash).map_err(|error| Error::internal(error.to_string()))?;
            let right = argon2.verify_password(password.as_bytes(), &parsed).is_ok();
            let same = Params::try_from(&parsed).is_ok_and(|used| used == *argon2.params());
            Ok(match (right && exists, same) {
                (false, _) => Verdict::Wrong,
                (true, true) => Verdict::Right,
                (true, false) => Verdict::RightButOld,
            })
        })
        .await?
    }

    /// Whether a password is hard enough to guess, for someone who knows
    /// `about` its owner.
    pub async fn is_strong(&self, password: &str, about: Vec<String>) -> Result<bool> {
        let judged: String = password.chars().take(JUDGED_CHARS).collect();
        self.run(move || {
            let about: Vec<&str> = about.iter().map(String::as_str).collect();
            zxcvbn::zxcvbn(&judged, &about).score() >= zxcvbn::Score::Two
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let _waiting = self.waiting.try_acquire().map_err(|_| Error::Overloaded)?;
        let permit = self.running.clone().acquire_owned().await.map_err(Error::internal)?;
        tokio::task::spawn_blocking(move || {
            // Held by the work itself: a caller who goes away does not free it.
            let _permit = permit;
            work()
        })
        .await
        .map_err(Error::internal)
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

    #[tokio::test]
    async fn a_hash_with_other_parameters_is_right_but_old() {
        let (old, new) = (passwords(64).await, passwords(128).await);
        let hash = old.hash("correct horse".into()).await.expect("hashed");
        assert!(hash.starts_with("$argon2id$"));
        let verify = async |with: &Passwords, word: &str| {
            with.verify(word.into(), Some(hash.clone())).await.expect("verified")
        };
        assert_eq!(verify(&old, "correct horse").await, Verdict::Right);
        assert_eq!(verify(&new, "correct horse").await, Verdict::RightButOld);
        assert_eq!(verify(&new, "wrong horse").await, Verdict::Wrong);
    }

    #[tokio::test]
    async fn nobody_can_sign_in_as_nobody() {
        let passwords = passwords(64).await;
        let verdict = passwords.verify("no account has this password".into(), None).await;
        assert_eq!(verdict.expect("verified"), Verdict::Wrong);
    }

    #[tokio::test]
    async fn easy_passwords_are_found_out() {
        let passwords = passwords(64).await;
        let strong = async |word: &str| {
            passwords.is_strong(word, vec!["adalovelace".into()]).await.expect("judged")
        };
        assert!(!strong("password1").await);
        assert!(!strong("adalovelace").await);
        assert!(strong("violet-anchor-7-drum").await);
    }
}

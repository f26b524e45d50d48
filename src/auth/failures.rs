//! How often guesses may fail. A guess is counted when it begins, so that many at
//! once count too, and given back if it was right.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::error::{Error, Result};

/// Failures are forgiven after this long without another.
const FORGIVEN_AFTER: Duration = Duration::from_hours(1);
const FIRST_DELAY: Duration = Duration::from_secs(1);
const MAX_DELAY: Duration = Duration::from_mins(15);

/// Under each key some failures are free, and each one more doubles the time until
/// the next guess.
pub struct FailureDelay<K> {
    /// 0: there is no delay.
    free: u32,
    keys: Mutex<HashMap<K, Failures>>,
}

struct Failures {
    count: u32,
    last: Instant,
    next: Instant,
}

impl<K: Hash + Eq + Clone> FailureDelay<K> {
    #[must_use]
    pub fn after(free: u32) -> Self {
        Self { free, keys: Mutex::default() }
    }

    /// Counts a guess, or says when the next one may be made.
    pub fn begin(&self, key: &K, now: Instant) -> Result<()> {
        if self.free == 0 {
            return Ok(());
        }
        let mut keys = lock(&self.keys);
        let new = || Failures { count: 0, last: now, next: now };
        let failures = keys.entry(key.clone()).or_insert_with(new);
        check(failures.next, now)?;
        if now.duration_since(failures.last) > FORGIVEN_AFTER {
            failures.count = 0;
        }
        failures.count += 1;
        failures.last = now;
        let doublings = failures.count.checked_sub(self.free);
        let delay = doublings.map_or(Duration::ZERO, |doublings| {
            FIRST_DELAY.saturating_mul(2_u32.saturating_pow(doublings)).min(MAX_DELAY)
        });
        failures.next = now + delay;
        Ok(())
    }

    /// The last guess was right: whoever made it has forgotten nothing.
    pub fn succeed(&self, key: &K) {
        lock(&self.keys).remove(key);
    }

    /// The last guess was not made after all.
    pub fn give_back(&self, key: &K, now: Instant) {
        let mut keys = lock(&self.keys);
        let Some(failures) = keys.get_mut(key) else { return };
        failures.count = failures.count.saturating_sub(1);
        failures.next = now;
        if failures.count == 0 {
            keys.remove(key);
        }
    }

    pub fn forget_idle(&self, now: Instant) {
        let mut keys = lock(&self.keys);
        keys.retain(|_, failures| now.duration_since(failures.last) <= FORGIVEN_AFTER);
        keys.shrink_to_fit();
    }
}

/// Under each key so many guesses may fail in a time, which come back evenly.
pub struct FailureQuota<K> {
    /// 0: there is no limit.
    most: u32,
    each: Duration,
    /// When a key will have all of its guesses again.
    full_at: Mutex<HashMap<K, Instant>>,
}

impl<K: Hash + Eq + Clone> FailureQuota<K> {
    #[must_use]
    pub fn new(most: u32, within: Duration) -> Self {
        Self { most, each: within / most.max(1), full_at: Mutex::default() }
    }

    /// Counts a guess, or says when the next one may be made.
    pub fn begin(&self, key: &K, now: Instant) -> Result<()> {
        if self.most == 0 {
            return Ok(());
        }
        let mut full_at = lock(&self.full_at);
        let at = full_at.entry(key.clone()).or_insert(now);
        let after = (*at).max(now) + self.each;
        // With this one, no more may be used up than there are.
        check(after.checked_sub(self.each * self.most).unwrap_or(now), now)?;
        *at = after;
        Ok(())
    }

    /// The guess was right, or not made after all.
    pub fn give_back(&self, key: &K) {
        if let Some(at) = lock(&self.full_at).get_mut(key) {
            *at = at.checked_sub(self.each).unwrap_or(*at);
        }
    }

    pub fn forget_idle(&self, now: Instant) {
        let mut full_at = lock(&self.full_at);
        full_at.retain(|_, at| *at > now);
        full_at.shrink_to_fit();
    }
}

fn check(next: Instant, now: Instant) -> Result<()> {
    let retry_after = next.saturating_duration_since(now);
    if retry_after.is_zero() { Ok(()) } else { Err(Error::TooFast { retry_after }) }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait<T>(outcome: Result<T>) -> Option<Duration> {
        match outcome {
            Ok(_) => None,
            Err(Error::TooFast { retry_after }) => Some(retry_after),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_failure_beyond_the_free_ones_doubles_the_delay() {
        let delay = FailureDelay::after(3);
        let mut now = Instant::now();
        for _ in 0..3 {
            assert_eq!(wait(delay.begin(&"ada", now)), None);
        }
        for expected in [1, 2, 4, 8, 16] {
            let expected = Duration::from_secs(expected);
            assert_eq!(wait(delay.begin(&"ada", now)), Some(expected));
            assert_eq!(wait(delay.begin(&"bob", now)), None, "another key");
            delay.succeed(&"bob");
            now += expected;
            assert_eq!(wait(delay.begin(&"ada", now)), None);
        }
        for _ in 0..20 {
            let left = wait(delay.begin(&"ada", now)).expect("a delay");
            assert!(left <= MAX_DELAY);
            now += left;
            assert_eq!(wait(delay.begin(&"ada", now)), None);
        }
        delay.succeed(&"ada");
        assert_eq!(wait(delay.begin(&"ada", now)), None, "all is forgiven");
    }

    #[test]
    fn nothing_is_kept_of_guesses_that_were_not_made() {
        let (delay, now) = (FailureDelay::after(3), Instant::now());
        for name in 0..1_000 {
            delay.begin(&name, now).expect("the first");
            delay.give_back(&name, now);
        }
        assert!(lock(&delay.keys).is_empty());
    }

    #[test]
    fn failures_are_forgiven_with_time() {
        let delay = FailureDelay::after(1);
        let now = Instant::now();
        assert_eq!(wait(delay.begin(&1, now)), None);
        assert!(wait(delay.begin(&1, now)).is_some());
        let later = now + FORGIVEN_AFTER + Duration::from_secs(1);
        assert_eq!(wait(delay.begin(&1, later)), None);
        assert_eq!(wait(delay.begin(&1, later)), Some(FIRST_DELAY), "it begins anew");
        delay.forget_idle(later);
        assert_eq!(lock(&delay.keys).len(), 1);
        delay.forget_idle(later + FORGIVEN_AFTER + Duration::from_secs(1));
        assert!(lock(&delay.keys).is_empty());
    }

    #[test]
    fn a_quota_comes_back_evenly() {
        let quota = FailureQuota::new(3, Duration::from_secs(30));
        let now = Instant::now();
        for _ in 0..3 {
            assert_eq!(wait(quota.begin(&1, now)), None);
        }
        assert_eq!(wait(quota.begin(&1, now)), Some(Duration::from_secs(10)));
        assert_eq!(wait(quota.begin(&2, now)), None);
        quota.give_back(&1);
        assert_eq!(wait(quota.begin(&1, now)), None, "the one that was right");
        let later = now + Duration::from_secs(15);
        assert_eq!(wait(quota.begin(&1, later)), None);
        assert_eq!(wait(quota.begin(&1, later)), Some(Duration::from_secs(5)));
        quota.forget_idle(later);
        assert_eq!(lock(&quota.full_at).len(), 1);
        quota.forget_idle(later + Duration::from_secs(30));
        assert!(lock(&quota.full_at).is_empty());
    }

    #[test]
    fn zero_means_no_limit() {
        let (delay, quota) = (FailureDelay::after(0), FailureQuota::new(0, FORGIVEN_AFTER));
        let now = Instant::now();
        for _ in 0..1_000 {
            assert_eq!(wait(delay.begin(&1, now)), None);
            assert_eq!(wait(quota.begin(&1, now)), None);
        }
    }
}

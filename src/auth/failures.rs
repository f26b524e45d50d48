//! How often guesses may fail. Guesses under way are counted apart: they may be right.
//! Only if all of them could fail without using up what there is, they run side by
//! side; beyond that one runs at a time, and the others wait for how it ends.

use std::{
    collections::HashMap,
    hash::Hash,
    time::{Duration, Instant},
};

use crate::error::{Error, Result};

/// Failures are forgiven after this long without another.
const FORGIVEN_AFTER: Duration = Duration::from_hours(1);
const FIRST_DELAY: Duration = Duration::from_secs(1);
const MAX_DELAY: Duration = Duration::from_mins(15);

/// Whether a guess that is not refused may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    Now,
    /// Not before one of those under way has ended.
    Later,
}

/// How a guess has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GuessEnd {
    Wrong,
    Right,
    /// Nothing was compared.
    NotMade,
}

/// Under each key some failures are free, and each one more doubles the time until
/// the next guess.
pub struct FailureDelay<K> {
    /// 0: there is no delay.
    free: u32,
    keys: HashMap<K, Failures>,
}

struct Failures {
    count: u32,
    under_way: u32,
    last: Instant,
    next: Instant,
}

impl<K: Hash + Eq + Clone> FailureDelay<K> {
    #[must_use]
    pub fn after(free: u32) -> Self {
        Self { free, keys: HashMap::new() }
    }

    /// Whether a guess may begin, or by the error when the next one may.
    pub fn check(&self, key: &K, now: Instant) -> Result<Turn> {
        let Some(failures) = self.keys.get(key) else { return Ok(Turn::Now) };
        refuse_until(failures.next, now)?;
        let used = failures.count_at(now) + failures.under_way;
        Ok(if failures.under_way == 0 || used < self.free { Turn::Now } else { Turn::Later })
    }

    pub fn begin(&mut self, key: &K, now: Instant) {
        if self.free == 0 {
            return;
        }
        let new = || Failures { count: 0, under_way: 0, last: now, next: now };
        self.keys.entry(key.clone()).or_insert_with(new).under_way += 1;
    }

    pub fn end(&mut self, key: &K, end: GuessEnd, now: Instant) {
        let Some(failures) = self.keys.get_mut(key) else { return };
        failures.under_way = failures.under_way.saturating_sub(1);
        match end {
            GuessEnd::Wrong => {
                failures.count = failures.count_at(now) + 1;
                failures.last = now;
                let doublings = failures.count.checked_sub(self.free);
                let delay = doublings.map_or(Duration::ZERO, |doublings| {
                    FIRST_DELAY.saturating_mul(2_u32.saturating_pow(doublings)).min(MAX_DELAY)
                });
                failures.next = now + delay;
            }
            // Whoever made it has forgotten nothing.
            GuessEnd::Right => (failures.count, failures.next) = (0, now),
            GuessEnd::NotMade => {}
        }
        if failures.count == 0 && failures.under_way == 0 {
            self.keys.remove(key);
        }
    }

    pub fn forget_idle(&mut self, now: Instant) {
        self.keys.retain(|_, failures| failures.under_way > 0 || failures.count_at(now) > 0);
        self.keys.shrink_to_fit();
    }
}

impl Failures {
    fn count_at(&self, now: Instant) -> u32 {
        if now.duration_since(self.last) > FORGIVEN_AFTER { 0 } else { self.count }
    }
}

/// Under each key so many guesses may fail in a time, which come back evenly.
pub struct FailureQuota<K> {
    /// 0: there is no limit.
    most: u32,
    each: Duration,
    keys: HashMap<K, Used>,
}

struct Used {
    under_way: u32,
    /// When the key will have all of its guesses again.
    full_at: Instant,
}

impl<K: Hash + Eq + Clone> FailureQuota<K> {
    #[must_use]
    pub fn new(most: u32, within: Duration) -> Self {
        Self { most, each: within / most.max(1), keys: HashMap::new() }
    }

    /// Whether a guess may begin, or by the error when the next one may.
    pub fn check(&self, key: &K, now: Instant) -> Result<Turn> {
        let Some(used) = self.keys.get(key) else { return Ok(Turn::Now) };
        // With so many more that fail, no more may be used up than there are.
        let possible_at = |more: u32| {
            let after = used.full_at.max(now) + self.each * more;
            after.checked_sub(self.each * self.most).unwrap_or(now)
        };
        refuse_until(possible_at(1), now)?;
        Ok(if possible_at(used.under_way + 1) <= now { Turn::Now } else { Turn::Later })
    }

    pub fn begin(&mut self, key: &K, now: Instant) {
        if self.most == 0 {
            return;
        }
        let new = || Used { under_way: 0, full_at: now };
        self.keys.entry(key.clone()).or_insert_with(new).under_way += 1;
    }

    pub fn end(&mut self, key: &K, end: GuessEnd, now: Instant) {
        let Some(used) = self.keys.get_mut(key) else { return };
        used.under_way = used.under_way.saturating_sub(1);
        if end == GuessEnd::Wrong {
            used.full_at = used.full_at.max(now) + self.each;
        }
        if used.is_idle(now) {
            self.keys.remove(key);
        }
    }

    pub fn forget_idle(&mut self, now: Instant) {
        self.keys.retain(|_, used| !used.is_idle(now));
        self.keys.shrink_to_fit();
    }
}

impl Used {
    fn is_idle(&self, now: Instant) -> bool {
        self.under_way == 0 && self.full_at <= now
    }
}

fn refuse_until(next: Instant, now: Instant) -> Result<()> {
    let retry_after = next.saturating_duration_since(now);
    if retry_after.is_zero() { Ok(()) } else { Err(Error::RateLimited { retry_after }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delay_of(outcome: Result<Turn>) -> Option<Duration> {
        match outcome {
            Ok(turn) => {
                assert_eq!(turn, Turn::Now);
                None
            }
            Err(Error::RateLimited { retry_after }) => Some(retry_after),
            Err(other) => panic!("{other:?}"),
        }
    }

    /// A guess that is wrong, or how long it has to wait.
    fn guess<K: Hash + Eq + Clone>(
        delay: &mut FailureDelay<K>,
        key: &K,
        now: Instant,
    ) -> Option<Duration> {
        let wait = delay_of(delay.check(key, now));
        if wait.is_none() {
            delay.begin(key, now);
            delay.end(key, GuessEnd::Wrong, now);
        }
        wait
    }

    #[test]
    fn each_failure_beyond_the_free_ones_doubles_the_delay() {
        let mut delay = FailureDelay::after(3);
        let mut now = Instant::now();
        for _ in 0..3 {
            assert_eq!(guess(&mut delay, &"ada", now), None);
        }
        for expected in [1, 2, 4, 8, 16] {
            let expected = Duration::from_secs(expected);
            assert_eq!(guess(&mut delay, &"ada", now), Some(expected));
            assert_eq!(delay_of(delay.check(&"bob", now)), None, "another key");
            now += expected;
            assert_eq!(guess(&mut delay, &"ada", now), None);
        }
        for _ in 0..20 {
            let left = guess(&mut delay, &"ada", now).expect("a delay");
            assert!(left <= MAX_DELAY);
            now += left;
            assert_eq!(guess(&mut delay, &"ada", now), None);
        }
        delay.end(&"ada", GuessEnd::Right, now);
        assert_eq!(guess(&mut delay, &"ada", now), None, "all is forgiven");
    }

    #[test]
    fn guesses_under_way_wait_for_each_other_and_are_not_failures() {
        let (mut delay, now) = (FailureDelay::after(3), Instant::now());
        for _ in 0..3 {
            assert_eq!(delay_of(delay.check(&1, now)), None);
            delay.begin(&1, now);
        }
        assert_eq!(delay.check(&1, now).ok(), Some(Turn::Later));
        delay.end(&1, GuessEnd::Right, now);
        assert_eq!(delay_of(delay.check(&1, now)), None, "one has ended well");
        delay.begin(&1, now);
        for _ in 0..2 {
            delay.end(&1, GuessEnd::Wrong, now);
            assert_eq!(delay.check(&1, now).ok(), Some(Turn::Later));
        }
        delay.end(&1, GuessEnd::Wrong, now);
        assert_eq!(delay_of(delay.check(&1, now)), Some(FIRST_DELAY), "all were wrong");
        // Then one at a time.
        let later = now + FIRST_DELAY;
        assert_eq!(delay_of(delay.check(&1, later)), None);
        delay.begin(&1, later);
        assert_eq!(delay.check(&1, later).ok(), Some(Turn::Later));
        delay.end(&1, GuessEnd::NotMade, later);
        assert_eq!(delay_of(delay.check(&1, later)), None);
    }

    #[test]
    fn nothing_is_kept_of_guesses_that_were_not_made() {
        let (mut delay, now) = (FailureDelay::after(3), Instant::now());
        let mut quota = FailureQuota::new(3, FORGIVEN_AFTER);
        for name in 0..1_000 {
            delay.begin(&name, now);
            delay.end(&name, GuessEnd::NotMade, now);
            quota.begin(&name, now);
            quota.end(&name, GuessEnd::NotMade, now);
        }
        assert!(delay.keys.is_empty() && quota.keys.is_empty());
    }

    #[test]
    fn failures_are_forgiven_with_time() {
        let mut delay = FailureDelay::after(1);
        let now = Instant::now();
        assert_eq!(guess(&mut delay, &1, now), None);
        assert!(guess(&mut delay, &1, now).is_some());
        let later = now + FORGIVEN_AFTER + Duration::from_secs(1);
        assert_eq!(guess(&mut delay, &1, later), None);
        assert_eq!(guess(&mut delay, &1, later), Some(FIRST_DELAY), "it begins anew");
        delay.forget_idle(later);
        assert_eq!(delay.keys.len(), 1);
        delay.forget_idle(later + FORGIVEN_AFTER + Duration::from_secs(1));
        assert!(delay.keys.is_empty());
    }

    #[test]
    fn a_quota_comes_back_evenly() {
        let mut quota = FailureQuota::new(3, Duration::from_secs(30));
        let now = Instant::now();
        for _ in 0..3 {
            assert_eq!(delay_of(quota.check(&1, now)), None);
            quota.begin(&1, now);
        }
        assert_eq!(quota.check(&1, now).ok(), Some(Turn::Later));
        assert_eq!(delay_of(quota.check(&2, now)), None);
        quota.end(&1, GuessEnd::Right, now);
        assert_eq!(delay_of(quota.check(&1, now)), None, "the one that was right");
        quota.begin(&1, now);
        for _ in 0..3 {
            quota.end(&1, GuessEnd::Wrong, now);
        }
        assert_eq!(delay_of(quota.check(&1, now)), Some(Duration::from_secs(10)));
        let later = now + Duration::from_secs(15);
        assert_eq!(delay_of(quota.check(&1, later)), None);
        quota.begin(&1, later);
        assert_eq!(quota.check(&1, later).ok(), Some(Turn::Later));
        quota.end(&1, GuessEnd::Wrong, later);
        assert_eq!(delay_of(quota.check(&1, later)), Some(Duration::from_secs(5)));
        quota.forget_idle(later);
        assert_eq!(quota.keys.len(), 1);
        quota.forget_idle(later + Duration::from_secs(30));
        assert!(quota.keys.is_empty());
    }

    #[test]
    fn zero_means_no_limit() {
        let (mut delay, mut quota) = (FailureDelay::after(0), FailureQuota::new(0, FORGIVEN_AFTER));
        let now = Instant::now();
        for _ in 0..1_000 {
            assert_eq!(delay_of(delay.check(&1, now)), None);
            assert_eq!(delay_of(quota.check(&1, now)), None);
            delay.begin(&1, now);
            quota.begin(&1, now);
        }
        for _ in 0..1_000 {
            delay.end(&1, GuessEnd::Wrong, now);
            quota.end(&1, GuessEnd::Wrong, now);
        }
        assert_eq!(delay_of(delay.check(&1, now)), None);
    }
}

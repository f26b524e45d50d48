//! How often something may be done under one key: a user, a name, an address.

use std::{hash::Hash, num::NonZeroU32, time::Duration};

use governor::{
    DefaultKeyedRateLimiter, Quota,
    clock::{Clock as _, DefaultClock},
};

use crate::error::{Error, Result};

/// A limit for each key; none if made with 0.
pub struct RateLimiter<K: Hash + Eq + Clone> {
    limiter: Option<DefaultKeyedRateLimiter<K>>,
    clock: DefaultClock,
}

impl<K: Hash + Eq + Clone> RateLimiter<K> {
    #[must_use]
    pub fn per_minute(times: u32) -> Self {
        Self::new(NonZeroU32::new(times).map(Quota::per_minute))
    }

    #[must_use]
    pub fn per_second(times: u32, burst: u32) -> Self {
        let quota =
            |times| Quota::per_second(times).allow_burst(NonZeroU32::new(burst).unwrap_or(times));
        Self::new(NonZeroU32::new(times).map(quota))
    }

    fn new(quota: Option<Quota>) -> Self {
        Self { limiter: quota.map(governor::RateLimiter::keyed), clock: DefaultClock::default() }
    }

    /// Takes one from the key's allowance.
    pub fn check(&self, key: &K) -> Result<()> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        limiter.check_key(key).map_err(|not_until| Error::RateLimited {
            retry_after: not_until.wait_time_from(self.clock.now()).max(Duration::from_millis(1)),
        })
    }

    /// Forgets keys that have their full allowance again.
    pub fn forget_idle(&self) {
        if let Some(limiter) = &self.limiter {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

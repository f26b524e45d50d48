//! Waiting for something, with a deadline.

use std::{future::Future, time::Duration};

/// Waits for at most 20 seconds.
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    within_secs(20, what, future).await
}

pub async fn within_secs<T>(secs: u64, what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(secs), future)
        .await
        .unwrap_or_else(|_| panic!("waited {secs} s in vain for {what}"))
}

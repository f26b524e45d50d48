//! Runs what hyper spawns, so that it can be ended from outside.

use futures::future::{AbortHandle, Abortable};

tokio::task_local! {
    /// Ends the HTTP/2 stream, or the HTTP/1.1 connection, that is being polled.
    static RESET: AbortHandle;
}

/// Spawns each HTTP/2 stream in a task of its own that can be aborted: dropping
/// the stream's future resets the stream.
#[derive(Debug, Clone, Copy, Default)]
pub struct StreamExecutor;

impl<F> hyper::rt::Executor<F> for StreamExecutor
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, future: F) {
        let (reset, registration) = AbortHandle::new_pair();
        tokio::spawn(RESET.scope(reset, Abortable::new(future, registration)));
    }
}

/// Runs a connection; aborting `reset` ends it where no stream of its own is
/// meant, as in HTTP/1.1.
pub async fn run_connection<F: Future>(reset: AbortHandle, connection: F) -> F::Output {
    RESET.scope(reset, connection).await
}

/// What ends the stream or connection that the calling task serves.
pub fn current_reset() -> Option<AbortHandle> {
    RESET.try_with(AbortHandle::clone).ok()
}

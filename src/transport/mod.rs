//! Bytes in and out: one accept loop for every client and protocol.
//!
//! ```text
//! socket → admission (how many connections) → PROXY header → TLS
//!        → HTTP/1.1 or HTTP/2 → client (whose request it is) → router
//!        → tracked body (what is not read)
//! ```
//!
//! Knows nothing of gRPC. What a connection or a response may make the server
//! wait for is looked at by one sweep each second.

mod activity;
mod admission;
mod body;
pub mod client;
mod connection;
mod executor;
mod framing;
mod host;
mod io;
mod proxy_protocol;
pub mod responses;
pub mod tls;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

pub use body::Counted;
pub use client::{Client, network};
pub use connection::Router;
pub use host::check_host;
pub use responses::{CallPermit, MAX_CALLS, Owner, OwnerUsage, ResponseRegistry, StreamPermit};
use tokio::{
    net::TcpListener,
    sync::watch,
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep},
};
use tokio_rustls::TlsAcceptor;

use crate::{
    config::{self, ms},
    error::Result,
};

use activity::Timeouts;
use admission::Admission;
use client::TrustedProxies;

/// Descriptors that are left for the database and the log; a quarter of all is left
/// for files besides.
const RESERVED_DESCRIPTORS: u64 = 128;
/// After a failed accept, such as for want of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
const SWEEP_EVERY: Duration = Duration::from_secs(1);
/// What goes on failing is logged once in this time.
const LOG_EVERY: Duration = Duration::from_secs(30);

/// What all connections share.
pub struct Transport {
    proxies: TrustedProxies,
    proxy_protocol: bool,
    tls: Option<TlsAcceptor>,
    responses: Arc<ResponseRegistry>,
    admission: Arc<Admission>,
    timeouts: Timeouts,
}

impl Transport {
    /// Reads the options; names every one that is not valid.
    pub fn new(
        config: &config::Server,
        tls: Option<TlsAcceptor>,
        responses: Arc<ResponseRegistry>,
    ) -> Result<Arc<Self>> {
        Ok(Arc::new(Self {
            proxies: TrustedProxies::new(&config.trusted_proxies, &config.forwarded_header)?,
            proxy_protocol: config.proxy_protocol,
            tls,
            responses,
            admission: Admission::new(
                config.max_connections.min(affordable_connections()),
                config.max_connections_per_address,
            ),
            timeouts: Timeouts {
                head: ms(config.head_timeout_ms),
                write: ms(config.unread_timeout_ms),
            },
        }))
    }

    /// Serves connections until `stop` says so, then those that are open until
    /// what is under way on them is done.
    pub async fn serve(
        self: Arc<Self>,
        listener: TcpListener,
        router: impl Router,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut connections = JoinSet::new();
        let mut sweep = interval(SWEEP_EVERY);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut full = RateLimitedLog::default();
        let mut failed = RateLimitedLog::default();
        loop {
            let accepted = tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                accepted = listener.accept() => accepted,
                _ = sweep.tick() => {
                    self.sweep();
                    continue;
                }
                Some(_) = connections.join_next() => continue,
            };
            let accepted = match accepted {
                Ok(accepted) => accepted,
                Err(error) if is_client_error(&error) => continue,
                Err(error) => {
                    failed.log(|| tracing::error!(%error, "connections cannot be accepted"));
                    sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let (reset, registration) = futures::future::AbortHandle::new_pair();
            let Some(slot) = self.admission.admit(reset.clone()) else {
                full.log(|| tracing::warn!("connections are refused: there are too many"));
                continue;
            };
            let serve = connection::serve(
                self.clone(),
                router.clone(),
                accepted,
                (slot, reset),
                stop.clone(),
            );
            connections.spawn(futures::future::Abortable::new(serve, registration));
        }
        drop(listener);
        // Who has not asked for anything is not waited for.
        self.admission.abort_unserved();
        loop {
            tokio::select! {
                ended = connections.join_next() => if ended.is_none() { return },
                _ = sweep.tick() => self.sweep(),
            }
        }
    }

    fn sweep(&self) {
        self.admission.sweep(self.timeouts);
        self.responses.sweep();
    }
}

/// How many connections the process has descriptors for.
fn affordable_connections() -> usize {
    let limit = rlimit::Resource::NOFILE.get_soft().unwrap_or(1024);
    let left = (limit - limit / 4).saturating_sub(RESERVED_DESCRIPTORS).max(limit / 4);
    usize::try_from(left).unwrap_or(usize::MAX)
}

/// The client went away before its connection was accepted.
fn is_client_error(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Something that may go wrong very often, and is logged now and then.
#[derive(Default)]
struct RateLimitedLog {
    last: Option<Instant>,
}

impl RateLimitedLog {
    fn log(&mut self, write: impl FnOnce()) {
        if self.last.is_none_or(|last| last.elapsed() > LOG_EVERY) {
            self.last = Some(Instant::now());
            write();
        }
    }
}

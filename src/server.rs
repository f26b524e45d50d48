//! Puts the parts together: one port for everything, and its end.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{net::TcpListener, sync::watch, task::JoinSet, time::timeout};

use crate::{
    auth::Auth,
    clock::SteadyClock,
    config::{self, Config, ms},
    error::{Error, Result},
    fanout::hub::Hub,
    files::BlobStore,
    routes::{self, Readiness},
    service::Services,
    store::{
        Store,
        lease::{Lease, LeaseTimes},
    },
    transport::{ResponseRegistry, Transport, tls::Certificate},
};

/// The services whose health is told: each by its name, and the server as "".
const SERVICES: [&str; 8] = [
    "",
    "causerie.v1.ServerService",
    "causerie.v1.AuthService",
    "causerie.v1.UserService",
    "causerie.v1.RoomService",
    "causerie.v1.ChatService",
    "causerie.v1.FileService",
    "causerie.v1.AdminService",
];

/// A database that is away at the start is waited for this long.
const FIRST_CONNECT: Duration = Duration::from_secs(30);
/// Whether the database takes writes is tested this often while it does, and at
/// once after a write has failed.
const PROBE_EVERY: Duration = Duration::from_secs(5);
/// Between two tests there is at least this time.
const PROBE_PAUSE: Duration = Duration::from_secs(1);
/// So long the port waits for names that are to be folded anew after an upgrade.
const FOLDING_BEFORE_SERVING: Duration = Duration::from_secs(2);
const HOUSEKEEPING_EVERY: Duration = Duration::from_mins(1);
/// The steady clock goes on by at most one and a half of this with a crash.
const STEADY_CLOCK_EVERY: Duration = Duration::from_mins(1);

/// Serves on `listener` until `shutdown` is done; then tells the streams, waits
/// for what is under way, and returns.
pub async fn serve(
    config: Config,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<()> {
    // Options first: what is not valid must leave nothing behind.
    let certificate = load_certificate(&config.server)?;
    let tls = certificate.as_ref().map(Certificate::acceptor).transpose()?;
    let responses = ResponseRegistry::new(ms(config.server.unread_timeout_ms));
    let transport = Transport::new(&config.server, tls, responses.clone())?;
    make_data_folder(&config)?;
    let store = Store::connect(&config.store_url(), config.store.connections)?;
    let outcome = match take_database(&store, &config, &listener).await {
        Ok(mut lease) => {
            let parts = Parts { store: store.clone(), responses, transport, certificate };
            let ended = run(config, listener, shutdown, parts, &mut lease).await;
            // Where it was cut off there may be a transaction under way: the lease then
            // expires.
            let is_over = matches!(ended, Ok(End::Drained) | Err(_));
            if let Some(lease) = lease.filter(|_| is_over)
                && let Err(error) = lease.release().await
            {
                tracing::debug!(%error, "the lease is left to expire");
            }
            match ended {
                Ok(End::Drained | End::CutOff) => Ok(()),
                Ok(End::Lost(error)) | Err(error) => Err(error),
            }
        }
        Err(error) => Err(error),
    };
    let _ = timeout(Duration::from_secs(5), store.close()).await;
    outcome
}

/// What is made before the database is looked at.
struct Parts {
    store: Store,
    responses: Arc<ResponseRegistry>,
    transport: Arc<Transport>,
    certificate: Option<Arc<Certificate>>,
}

/// How a server ends that has started.
enum End {
    /// Everything that was under way is done.
    Drained,
    /// Something was under way for too long.
    CutOff,
    /// Another server has taken the database.
    Lost(Error),
}

async fn run(
    config: Config,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send,
    parts: Parts,
    lease: &mut Option<Lease>,
) -> Result<End> {
    let Parts { store, responses, transport, certificate } = parts;
    let files = BlobStore::open(&config.files, &config.server.data)?;
    let steady = SteadyClock::go_on_from(store.steady_clock(config.clock.now()).await?);
    let clocks = (config.clock.clone(), steady);
    let auth = Auth::new(&config.auth, clocks, &config.server.data).await?;
    let hub = Hub::new(responses.clone());
    let services = Services::new(config.clone(), store.clone(), auth, files, hub).await?;
    services.remember_revoked().await?;
    // What a crash left behind must not count as connected. On a full disk this is
    // tried again later.
    match services.end_other_leases().await {
        Ok(()) | Err(Error::DatabaseUnavailable) => {}
        Err(error) => return Err(error),
    }

    // Of a database from before there were owners of these rooms.
    if let Err(error) = services.appoint_first_owner().await {
        tracing::warn!(%error, "the first rooms have no owner yet; the next start tries again");
    }

    let ready = Ready::default();
    let (health, health_service) = tonic_health::server::health_reporter();
    let mut tasks = JoinSet::new();
    tasks.spawn(services.clone().keep_presence());
    tasks.spawn(services.clone().tell_changed_users());
    tasks.spawn(crate::service::sessions::watch_revoked(services.clone()));
    tasks.spawn(housekeeping(services.clone()));
    tasks.spawn(services.clone().forget_message_keys());
    tasks.spawn(services.pending_marks.clone().keep());
    if let Some(certificate) = certificate {
        tasks.spawn(certificate.follow());
    }
    tasks.spawn(checkpoints(store.clone(), ms(config.store.checkpoint_every_ms.max(10))));
    if config.search.index {
        tasks.spawn(services.clone().run_indexer());
    }
    tasks.spawn(services.clone().run_file_gc());
    let mut folding = Box::pin(services.clone().fold_names());
    if timeout(FOLDING_BEFORE_SERVING, &mut folding).await.is_err() {
        tracing::info!("names are still being folded; until then some are not found");
        tasks.spawn(folding);
    }
    tasks.spawn(keep_steady_clock(store.clone(), steady));
    // Before the port answers: who asks at once must not hear "not registered".
    let takes_writes = services.probe_database().await.is_ok();
    tell_health(&health, takes_writes, &ready.sender).await;
    tasks.spawn(watch_health(services.clone(), takes_writes, health, ready.sender.clone()));

    let app = routes::app(&services, responses, health_service, ready.receiver.clone())?;

    let (stop, stopped) = watch::channel(false);
    let mut serving = std::pin::pin!(transport.serve(listener, app, stopped));
    let mut lost = None;
    tokio::select! {
        () = &mut serving => {}
        () = shutdown => {}
        error = lease_lost(lease) => {
            tracing::error!(%error, "this server has lost its database");
            lost = Some(error);
        }
    }

    // Not ready first, so that nobody is sent here any more; then streams are
    // told, and the rest may finish what it has begun.
    tracing::info!("stopping");
    ready.sender.send_replace(Readiness::Stopping);
    services.hub.end_all();
    stop.send_replace(true);
    let within = ms(config.server.stop_within_ms);
    let drained = timeout(within, async {
        serving.await;
        // Calls whose clients have gone away.
        services.running.close();
        services.running.wait().await;
    })
    .await;
    if drained.is_err() {
        tracing::warn!(?within, "calls were still under way; they are cut off");
    }
    tasks.shutdown().await;
    let stored = timeout(Duration::from_secs(2), services.pending_marks.store(None)).await;
    tracing::debug!(?stored, "the newest marks are stored");
    if let Err(error) = timeout(Duration::from_secs(2), services.forget_presence()).await {
        tracing::debug!(%error, "presence is left to its lease");
    }
    if lost.is_none() {
        // Not more than it has come, as a crash leaves it.
        let in_order = drained.is_ok() && matches!(stored, Ok(Ok(())));
        let save = Box::pin(store.stop_steady_clock(steady.now(), in_order));
        let saved = timeout(Duration::from_secs(2), save).await;
        tracing::debug!(?saved, in_order, "the steady clock stops");
    }
    Ok(match lost {
        Some(error) => End::Lost(error),
        None if drained.is_err() => End::CutOff,
        None => End::Drained,
    })
}

/// Waits until another server has taken the database; never, without a lease.
async fn lease_lost(lease: &mut Option<Lease>) -> Error {
    match lease {
        Some(lease) => lease.lost().await,
        None => std::future::pending().await,
    }
}

struct Ready {
    sender: watch::Sender<Readiness>,
    receiver: watch::Receiver<Readiness>,
}

impl Default for Ready {
    fn default() -> Self {
        let (sender, receiver) = watch::channel(Readiness::Ready);
        Self { sender, receiver }
    }
}

/// The certificate, if TLS is on.
fn load_certificate(config: &config::Server) -> Result<Option<Arc<Certificate>>> {
    let (certificate, key) = (&config.tls_certificate, &config.tls_key);
    match (certificate.as_os_str().is_empty(), key.as_os_str().is_empty()) {
        (true, true) => Ok(None),
        (false, false) => Certificate::load(certificate, key).map(Some),
        (true, false) => Err(Error::invalid("server.tls_certificate", "must be set with tls_key")),
        (false, true) => Err(Error::invalid("server.tls_key", "must be set with tls_certificate")),
    }
}

fn make_data_folder(config: &Config) -> Result<()> {
    std::fs::create_dir_all(&config.server.data).map_err(|error| {
        let folder = config.server.data.display();
        Error::invalid("server.data", format!("cannot be made at {folder}: {error}"))
    })
}

/// Makes the database this server's alone, and brings its schema up to date.
async fn take_database(
    store: &Store,
    config: &Config,
    listener: &TcpListener,
) -> Result<Option<Lease>> {
    let address = listener.local_addr().map_err(Error::internal)?;
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = format!("process {} at {address} on {}", std::process::id(), host.trim());
    let times = LeaseTimes::from_ms(config.store.lease_heartbeat_ms, config.store.lease_expiry_ms);
    let lease = wait_for_database(|| store.acquire_lease(name.clone(), times)).await?;
    wait_for_database(|| store.migrate()).await?;
    wait_for_database(|| store.check_identity()).await?;
    Ok(lease)
}

/// Tries until the database answers: it may still be starting.
async fn wait_for_database<T, F>(attempt: impl Fn() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let deadline = tokio::time::Instant::now() + FIRST_CONNECT;
    loop {
        match attempt().await {
            Err(Error::DatabaseUnavailable) if tokio::time::Instant::now() < deadline => {
                tracing::info!("waiting for the database");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            other => return other,
        }
    }
}

/// Lets health and readiness follow the database.
async fn watch_health(
    services: Arc<Services>,
    mut takes_writes: bool,
    health: tonic_health::server::HealthReporter,
    ready: watch::Sender<Readiness>,
) {
    loop {
        tokio::time::sleep(PROBE_PAUSE).await;
        if takes_writes {
            let _ = timeout(PROBE_EVERY.saturating_sub(PROBE_PAUSE), services.store.write_failed())
                .await;
        }
        let outcome = services.probe_database().await;
        if outcome.is_ok() != takes_writes {
            takes_writes = outcome.is_ok();
            if takes_writes {
                tracing::info!("the database takes writes again");
            } else {
                tracing::warn!("the database takes no writes");
            }
            tell_health(&health, takes_writes, &ready).await;
        }
    }
}

async fn tell_health(
    health: &tonic_health::server::HealthReporter,
    takes_writes: bool,
    ready: &watch::Sender<Readiness>,
) {
    use tonic_health::ServingStatus;
    let (state, status) = if takes_writes {
        (Readiness::Ready, ServingStatus::Serving)
    } else {
        (Readiness::DatabaseAway, ServingStatus::NotServing)
    };
    ready.send_if_modified(|now| {
        let change = *now != Readiness::Stopping && *now != state;
        if change {
            *now = state;
        }
        change
    });
    for service in SERVICES {
        health.set_service_status(service, status).await;
    }
}

/// Empties the log that SQLite keeps beside its database file.
async fn checkpoints(store: Store, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        if let Err(error) = store.checkpoint().await {
            tracing::debug!(%error, "the write-ahead log is kept for another while");
        }
    }
}

async fn keep_steady_clock(store: Store, steady: SteadyClock) {
    let mut ticks = tokio::time::interval(STEADY_CLOCK_EVERY);
    loop {
        ticks.tick().await;
        let until = steady.now().plus(STEADY_CLOCK_EVERY + STEADY_CLOCK_EVERY / 2);
        if let Err(error) = store.save_steady_clock(until).await {
            tracing::debug!(%error, "the steady clock is kept later");
        }
    }
}

/// Forgets what is of no use any more.
async fn housekeeping(services: Arc<Services>) {
    let mut ticks = tokio::time::interval(HOUSEKEEPING_EVERY);
    loop {
        ticks.tick().await;
        services.posting.forget_idle();
        services.calls.forget_idle();
        services.auth.forget_idle();
        if let Err(error) = services.forget_sessions().await {
            tracing::debug!(%error, "old sessions are kept for another while");
        }
        if let Err(error) = services.forget_keys().await {
            tracing::debug!(%error, "old idempotency keys are kept for another while");
        }
    }
}

//! Puts the parts together: one port for everything, and its end.

use std::{future::Future, sync::Arc, time::Duration};

use axum::{Router, routing::get};
use http::{HeaderName, StatusCode, header};
use tokio::{net::TcpListener, sync::watch, task::JoinSet, time::timeout};
use tonic::{service::Routes, transport::server::TcpIncoming};
use tower::ServiceExt as _;
use tower_http::{
    cors::{AllowOrigin, CorsLayer},
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    trace::TraceLayer,
};

use crate::{
    api,
    auth::Auth,
    chat::Chat,
    config::{Config, ms},
    error::{Error, Result},
    files::Files,
    model::{Timestamp, limits::GRPC_MESSAGE_BYTES},
    store::Store,
    wire::{
        self,
        v1::{
            admin_service_server::AdminServiceServer, auth_service_server::AuthServiceServer,
            chat_service_server::ChatServiceServer, file_service_server::FileServiceServer,
            room_service_server::RoomServiceServer, user_service_server::UserServiceServer,
        },
    },
};

/// The services whose health is told: each by its name, and the server as "".
const SERVICES: [&str; 7] = [
    "",
    "causerie.v1.AuthService",
    "causerie.v1.UserService",
    "causerie.v1.RoomService",
    "causerie.v1.ChatService",
    "causerie.v1.FileService",
    "causerie.v1.AdminService",
];

/// A database that is away at the start is waited for this long.
const FIRST_CONNECT: Duration = Duration::from_secs(30);
const HEALTH_EVERY: Duration = Duration::from_secs(1);
const HOUSEKEEPING_EVERY: Duration = Duration::from_mins(1);
/// Sessions are forgotten this long after their end.
const KEEP_ENDED_SESSIONS: Duration = Duration::from_hours(720);

macro_rules! limited {
    ($service:expr) => {
        $service.max_decoding_message_size(GRPC_MESSAGE_BYTES)
    };
}

/// Serves on `listener` until `shutdown` is done; then tells the streams, waits
/// for what is under way, and returns.
pub async fn serve(
    config: Config,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<()> {
    let _lock = lock_data(&config)?;
    let store = Store::connect(&config.store_url(), config.store.connections).await?;
    migrate(&store).await?;
    let files = Files::open(&config.files, &config.server.data)?;
    let auth = Auth::new(&config.auth, &config.server.data).await?;
    let chat = Chat::new(config.clone(), store.clone(), auth, files).await?;
    chat.remember_revoked().await?;
    if store.is_private() {
        // What a crash left behind must not count as connected.
        store.end_all_leases(Timestamp::now()).await?;
    }

    let ready = Ready::default();
    let (health, health_service) = tonic_health::server::health_reporter();
    let mut tasks = JoinSet::new();
    tasks.spawn(chat.clone().keep_presence());
    tasks.spawn(crate::chat::accounts::watch_revoked(chat.clone()));
    tasks.spawn(housekeeping(chat.clone()));
    if config.search.index {
        tasks.spawn(chat.clone().keep_index());
    }
    tasks.spawn(chat.clone().collect_files());
    // Before the port answers: who asks at once must not hear "not registered".
    tell_health(&health, store.ping().await.is_ok(), &ready.sender).await;
    tasks.spawn(watch_health(store.clone(), health, ready.sender.clone()));

    let mut grpc = Routes::new(health_service)
        .add_service(limited!(AuthServiceServer::new(api::auth::AuthApi { chat: chat.clone() })))
        .add_service(limited!(UserServiceServer::new(api::users::UserApi { chat: chat.clone() })))
        .add_service(limited!(RoomServiceServer::new(api::rooms::RoomApi { chat: chat.clone() })))
        .add_service(limited!(ChatServiceServer::new(api::chat::ChatApi { chat: chat.clone() })))
        .add_service(limited!(FileServiceServer::new(api::files::FileApi { chat: chat.clone() })))
        .add_service(limited!(AdminServiceServer::new(api::admin::AdminApi {
            chat: chat.clone()
        })));
    if config.server.reflection {
        let builder = || {
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(wire::DESCRIPTORS)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        };
        grpc = grpc
            .add_service(builder().build_v1().map_err(Error::internal)?)
            .add_service(builder().build_v1alpha().map_err(Error::internal)?);
    }
    let pages = pages(ready.receiver.clone()).merge(api::downloads::pages(chat.clone()));
    let app = app(&config, grpc, pages);

    let (stop, stopped) = watch::channel(false);
    let stop_listening = async move {
        let mut stopped = stopped;
        let _ = stopped.wait_for(|stop| *stop).await;
    };
    // An event and the reply that follows it are two small writes: the second
    // must not wait for the acknowledgement of the first.
    let connections = TcpIncoming::from(listener).with_nodelay(Some(true));
    let mut serving = std::pin::pin!(
        tonic::transport::Server::builder()
            .accept_http1(true)
            .http2_keepalive_interval(Some(Duration::from_secs(30)))
            .http2_keepalive_timeout(Some(Duration::from_secs(10)))
            .max_concurrent_streams(1_000)
            .add_routes(Routes::from(app))
            .serve_with_incoming_shutdown(connections, stop_listening)
    );
    let early = tokio::select! {
        result = &mut serving => Some(result),
        () = shutdown => None,
    };
    if let Some(result) = early {
        return result.map_err(Error::internal);
    }

    // Not ready first, so that nobody is sent here any more; then streams are
    // told, and the rest may finish what it has begun.
    tracing::info!("stopping");
    ready.sender.send_replace(Readiness::Stopping);
    chat.hub.end_all();
    stop.send_replace(true);
    let within = ms(config.server.stop_within_ms);
    let drained = timeout(within, async {
        let served = serving.await;
        // A stream that was opening while the others were told.
        chat.hub.end_all();
        served
    })
    .await;
    if drained.is_err() {
        tracing::warn!(?within, "calls were still under way; they are cut off");
    }
    tasks.shutdown().await;
    if let Err(error) = timeout(Duration::from_secs(2), chat.forget_presence()).await {
        tracing::debug!(%error, "presence is left to its lease");
    }
    let _ = timeout(Duration::from_secs(2), store.close()).await;
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Readiness {
    Ready,
    DatabaseAway,
    Stopping,
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

/// Splits by content type, and not by path: an unknown gRPC service must get a
/// gRPC answer, and a page never one.
fn app(config: &Config, grpc: Routes, pages: Router) -> Router {
    let grpc = Router::new()
        .fallback_service(grpc.prepare().into_axum_router())
        .layer(tonic_web::GrpcWebLayer::new());
    let split = tower::service_fn(move |mut request: axum::extract::Request| {
        api::cookie::name_host(&mut request);
        let is_grpc = request
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"));
        if is_grpc { grpc.clone() } else { pages.clone() }.oneshot(request)
    });
    Router::new()
        .fallback_service(split)
        .layer(cors(&config.server.cors_origins))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(TraceLayer::new_for_http().make_span_with(|request: &http::Request<_>| {
            let id = request.headers().get("x-request-id").and_then(|id| id.to_str().ok());
            tracing::info_span!("call", path = request.uri().path(), id)
        }))
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
}

fn pages(ready: watch::Receiver<Readiness>) -> Router {
    let readyz = move || {
        let state = *ready.borrow();
        async move {
            match state {
                Readiness::Ready => (StatusCode::OK, "ready\n"),
                Readiness::DatabaseAway => {
                    (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
                }
                Readiness::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping\n"),
            }
        }
    };
    Router::new()
        .route("/healthz", get(|| async { "alive\n" }))
        .route("/readyz", get(readyz))
        .fallback(crate::web::page)
}

/// What browsers on other origins may do: grpc-web calls, and read their answers.
fn cors(origins: &[String]) -> CorsLayer {
    let exposed = [
        "grpc-status",
        "grpc-message",
        "grpc-status-details-bin",
        "grpc-encoding",
        "x-request-id",
        "content-range",
        "accept-ranges",
        "content-disposition",
    ];
    let allowed = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(origins.iter().filter_map(|origin| origin.parse().ok()))
    };
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([http::Method::POST, http::Method::GET, http::Method::OPTIONS])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::RANGE,
            HeaderName::from_static("x-grpc-web"),
            HeaderName::from_static("x-user-agent"),
            HeaderName::from_static("x-request-id"),
            HeaderName::from_static("grpc-timeout"),
            HeaderName::from_static("connect-protocol-version"),
        ])
        .expose_headers(exposed.map(HeaderName::from_static))
        .max_age(Duration::from_hours(2))
}

/// A SQLite database belongs to one process: another would not see its events.
fn lock_data(config: &Config) -> Result<Option<std::fs::File>> {
    std::fs::create_dir_all(&config.server.data).map_err(|error| {
        let folder = config.server.data.display();
        Error::invalid("server.data", format!("cannot be made at {folder}: {error}"))
    })?;
    if !config.store_url().starts_with("sqlite:") {
        return Ok(None);
    }
    let file = std::fs::File::create(config.server.data.join("lock")).map_err(Error::internal)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(_) => Err(Error::invalid("server.data", "is in use by another server")),
    }
}

/// Migrates; a database that is still starting is waited for.
async fn migrate(store: &Store) -> Result<()> {
    let deadline = tokio::time::Instant::now() + FIRST_CONNECT;
    loop {
        match store.migrate().await {
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
    store: Store,
    health: tonic_health::server::HealthReporter,
    ready: watch::Sender<Readiness>,
) {
    let mut ticks = tokio::time::interval(HEALTH_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut told = None;
    loop {
        ticks.tick().await;
        let answers = store.ping().await.is_ok();
        if told.replace(answers) != Some(answers) {
            tell_health(&health, answers, &ready).await;
        }
    }
}

async fn tell_health(
    health: &tonic_health::server::HealthReporter,
    answers: bool,
    ready: &watch::Sender<Readiness>,
) {
    use tonic_health::ServingStatus;
    let (state, status) = if answers {
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

/// Forgets what is of no use any more.
async fn housekeeping(chat: Arc<Chat>) {
    let mut ticks = tokio::time::interval(HOUSEKEEPING_EVERY);
    loop {
        ticks.tick().await;
        chat.posting.forget_idle();
        chat.calls.forget_idle();
        chat.auth.forget_idle();
        let before = Timestamp::now().minus(KEEP_ENDED_SESSIONS);
        if let Err(error) = chat.store.forget_sessions(before).await {
            tracing::debug!(%error, "old sessions are kept for another while");
        }
    }
}

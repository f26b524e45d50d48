//! Every route on one page: calls by their content type, everything else by path.

use std::{sync::Arc, time::Duration};

use axum::{Router, response::Response, routing::get};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use tokio::sync::{Semaphore, watch};
use tonic::{Status, codec::CompressionEncoding, service::Routes};
use tonic_health::pb::health_server::{Health, HealthServer};
use tower::{Layer as _, ServiceExt as _, util::MapResponseLayer};
use tower_http::{
    cors::{AllowOrigin, CorsLayer},
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    set_header::SetResponseHeaderLayer,
    trace::{DefaultOnFailure, TraceLayer},
};
use tracing::Level;

use crate::{
    api::{
        admin::AdminApi,
        auth::AuthApi,
        calls::{Calls, Limits, Methods, protocol},
        chat::ChatApi,
        downloads,
        files::FileApi,
        rooms::RoomApi,
        server::ServerApi,
        users::UserApi,
    },
    config::ms,
    error::{Error, Result},
    model::limits::{AUTH_MESSAGE_BYTES, GRPC_MESSAGE_BYTES},
    service::Services,
    transport::{self, Client, ResponseRegistry, check_host},
    wire::{
        self,
        v1::{
            admin_service_server::AdminServiceServer, auth_service_server::AuthServiceServer,
            chat_service_server::ChatServiceServer, file_service_server::FileServiceServer,
            room_service_server::RoomServiceServer, server_service_server::ServerServiceServer,
            user_service_server::UserServiceServer,
        },
    },
};

/// Browsers that have seen the server over TLS come back over TLS only, for a
/// year.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");
/// A caller's own request id may have this many printable characters; any other
/// is replaced.
const MAX_REQUEST_ID: usize = 128;
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What `/readyz` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    Ready,
    DatabaseAway,
    Stopping,
}

/// Everything that the port answers.
pub fn app(
    services: &Arc<Services>,
    responses: Arc<ResponseRegistry>,
    health: HealthServer<impl Health>,
    ready: watch::Receiver<Readiness>,
) -> Result<impl transport::Router> {
    let config = &services.config;
    let (router, methods) = grpc_router(services, health)?;
    let max_open_streams = (config.server.max_streams / 10).max(1);
    let limits = Limits {
        methods,
        auth: services.auth.clone(),
        responses: responses.clone(),
        streams: services.streams.clone(),
        max_streams: config.server.max_streams,
        open_streams: Arc::new(Semaphore::new(max_open_streams)),
        max_open_streams,
        max_streams_per_owner: config.server.max_streams_per_user,
        request_timeout: ms(config.server.request_timeout_ms),
        running: services.running.clone(),
    };
    let calls = tonic_web::GrpcWebLayer::new().layer(Calls::new(router, limits));
    let pages = pages(ready).merge(downloads::pages(services.clone(), responses));
    // By content type, and not by path: an unknown gRPC service must get a gRPC
    // answer, and a page never one.
    let split = tower::service_fn(move |mut request: axum::extract::Request| {
        let (calls, pages) = (calls.clone(), pages.clone());
        async move {
            let is_call = protocol::is_call(&request);
            if let Err(rule) = check_host(&mut request) {
                return Ok(no_host(rule, is_call));
            }
            if !is_call {
                return pages.oneshot(request).await;
            }
            let response = match protocol::normalize(&mut request) {
                None => calls.oneshot(request).await?,
                Some(refusal) => refusal,
            };
            Ok(response.map(axum::body::Body::new))
        }
    });
    let has_tls = !config.server.tls_certificate.as_os_str().is_empty();
    let hsts = SetResponseHeaderLayer::if_not_present(
        header::STRICT_TRANSPORT_SECURITY,
        move |_: &Response| has_tls.then_some(HSTS),
    );
    let answers = Router::new().fallback_service(split);
    let shared = answers.clone().layer(cors(&config.server.cors_origins));
    // CORS would take every OPTIONS for its own.
    let by_method = tower::service_fn(move |request: axum::extract::Request| {
        let is_own = request.method() == Method::OPTIONS && !is_preflight(request.headers());
        let answers = if is_own { answers.clone() } else { shared.clone() };
        answers.oneshot(request)
    });
    let app = Router::new()
        .fallback_service(by_method)
        .layer(hsts)
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(span)
                // What fails is logged where it fails; a probe that is told "not
                // ready" is no fault.
                .on_failure(DefaultOnFailure::new().level(Level::DEBUG)),
        )
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(axum::middleware::map_request(check_request_id));
    // Around everything: the router itself adds the length.
    Ok(MapResponseLayer::new(without_length_of_nothing).layer(app))
}

/// Whether an OPTIONS request is a browser's, which asks what a page may do.
fn is_preflight(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// A length in the answer "not modified" would be that of what the client has, and not
/// of the body that does not come.
fn without_length_of_nothing(mut response: Response) -> Response {
    if response.status() == StatusCode::NOT_MODIFIED {
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    response
}

/// The answer to a request that does not name one host.
fn no_host(rule: &'static str, is_call: bool) -> Response {
    let mut response = if is_call {
        Status::from(Error::invalid("host", rule)).into_http()
    } else {
        Response::new(format!("{rule}\n").into())
    };
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}

fn span(request: &http::Request<axum::body::Body>) -> tracing::Span {
    let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok());
    let client = request.extensions().get::<Client>().map(|client| client.address);
    let client = client.map(tracing::field::display);
    tracing::info_span!("call", path = request.uri().path(), id, client)
}

/// A caller's own request id goes into the log and back to the caller; one that
/// does not fit there is dropped, and a new one made.
async fn check_request_id(mut request: axum::extract::Request) -> axum::extract::Request {
    let mut ids = request.headers().get_all(REQUEST_ID).iter();
    let fits = |id: &HeaderValue| {
        let id = id.as_bytes();
        (1..=MAX_REQUEST_ID).contains(&id.len()) && id.iter().all(u8::is_ascii_graphic)
    };
    let is_one_that_fits = ids.next().is_none_or(fits) && ids.next().is_none();
    if !is_one_that_fits {
        request.headers_mut().remove(REQUEST_ID);
    }
    request
}

/// The gRPC services, and what methods they have.
fn grpc_router(
    services: &Arc<Services>,
    health: HealthServer<impl Health>,
) -> Result<(Router, Methods)> {
    macro_rules! limited {
        ($service:expr, $bytes:expr) => {
            $service.max_decoding_message_size($bytes).accept_compressed(CompressionEncoding::Gzip)
        };
    }
    macro_rules! with_services {
        ($server:ident, $api:ident, $bytes:expr) => {
            limited!($server::new($api { services: services.clone() }), $bytes)
        };
    }
    let mut routes = Routes::new(limited!(health, GRPC_MESSAGE_BYTES))
        .add_service(with_services!(ServerServiceServer, ServerApi, AUTH_MESSAGE_BYTES))
        .add_service(with_services!(AuthServiceServer, AuthApi, AUTH_MESSAGE_BYTES))
        .add_service(with_services!(UserServiceServer, UserApi, GRPC_MESSAGE_BYTES))
        .add_service(with_services!(RoomServiceServer, RoomApi, GRPC_MESSAGE_BYTES))
        .add_service(with_services!(ChatServiceServer, ChatApi, GRPC_MESSAGE_BYTES))
        .add_service(with_services!(FileServiceServer, FileApi, GRPC_MESSAGE_BYTES))
        .add_service(with_services!(AdminServiceServer, AdminApi, GRPC_MESSAGE_BYTES));
    let mut methods = Methods::default();
    methods.add(wire::DESCRIPTORS)?;
    methods.add(tonic_health::pb::FILE_DESCRIPTOR_SET)?;
    if services.config.server.reflection {
        let builder = || {
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(wire::DESCRIPTORS)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        };
        let v1 = builder().build_v1().map_err(Error::internal)?;
        let v1alpha = builder().build_v1alpha().map_err(Error::internal)?;
        routes = routes
            .add_service(limited!(v1, GRPC_MESSAGE_BYTES))
            .add_service(limited!(v1alpha, GRPC_MESSAGE_BYTES));
        methods.add(tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET)?;
        methods.add(tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET)?;
    }
    Ok((routes.prepare().into_axum_router(), methods))
}

fn pages(ready: watch::Receiver<Readiness>) -> Router {
    let readyz = move || {
        let state = *ready.borrow();
        async move {
            match state {
                Readiness::Ready => (StatusCode::OK, "ready\n"),
                Readiness::DatabaseAway => {
                    (StatusCode::SERVICE_UNAVAILABLE, "the database takes no writes\n")
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
        .allow_methods([Method::POST, Method::GET, Method::OPTIONS])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::RANGE,
            HeaderName::from_static("x-grpc-web"),
            HeaderName::from_static("x-user-agent"),
            HeaderName::from_static("x-request-id"),
            HeaderName::from_static("grpc-timeout"),
            HeaderName::from_static("grpc-encoding"),
            HeaderName::from_static("grpc-accept-encoding"),
            HeaderName::from_static("connect-protocol-version"),
        ])
        .expose_headers(exposed.map(HeaderName::from_static))
        .max_age(Duration::from_hours(2))
}

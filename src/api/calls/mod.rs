//! The outermost layer of every gRPC call: what it may cost, and that every
//! answer has our form.
//!
//! It stands between tonic-web, which translates grpc-web to native framing and
//! back, and tonic's services. A unary response is taken as a whole here, so that
//! its size is known. Frames of a stream pass untouched.

mod compression;
mod deadline;
pub mod framework_errors;
mod methods;
pub mod protocol;
mod request_body;
mod stream_body;

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::Router;
use bytes::Bytes;
use futures::{FutureExt as _, future::BoxFuture, stream};
use http::{HeaderMap, Request, Response, header};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use tokio::{sync::Semaphore, time::timeout};
use tonic::{Code, Status, body::Body};
use tower::{Service, ServiceExt as _};

pub use self::methods::Methods;
use self::{
    framework_errors::{is_bare, translate},
    methods::{Kind, Method},
    request_body::RequestBody,
    stream_body::CountedStream,
};
use super::auth::caller_of;
use crate::{
    auth::Auth,
    error::{Error, Result},
    model::limits::HEADER_BYTES,
    transport::{Client, Counted, Owner, OwnerUsage, Responses, network},
};

/// What calls are checked against.
pub struct Limits {
    pub methods: Methods,
    pub auth: Arc<Auth>,
    pub responses: Arc<Responses>,
    /// One permit for each stream that may be open, of any service.
    pub streams: Arc<Semaphore>,
    /// Streams that one account, or one network without an account, may have open
    /// at a service other than `ChatService`, which counts its own.
    pub max_streams: usize,
    /// How long the message of a request that has only one may take to arrive.
    pub request_timeout: Duration,
}

/// All gRPC services, behind the checks.
#[derive(Clone)]
pub struct Calls {
    services: Router,
    limits: Arc<Limits>,
}

impl Calls {
    #[must_use]
    pub fn new(services: Router, limits: Limits) -> Self {
        Self { services, limits: Arc::new(limits) }
    }
}

impl Service<Request<Body>> for Calls {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (services, limits) = (self.services.clone(), self.limits.clone());
        async move {
            let answered = answer(services, &limits, request).await;
            Ok(answered.unwrap_or_else(|error| Status::from(error).into_http()))
        }
        .boxed()
    }
}

async fn answer(
    services: Router,
    limits: &Arc<Limits>,
    mut request: Request<Body>,
) -> Result<Response<Body>> {
    check_headers(request.headers())?;
    let method = limits.methods.get(request.uri().path()).ok_or(Error::UnknownMethod)?;
    let within = deadline::timeout(request.headers())?;
    let usage = limits.responses.usage(owner(limits, &mut request));
    request.extensions_mut().insert(usage.clone());
    let takes_gzip = compression::accepts_gzip(request.headers());

    let arrives_within = (!method.client_streams).then_some(limits.request_timeout);
    let unfinished = usage.unfinished();
    let request = request.map(|body| Body::new(RequestBody::new(body, unfinished, arrives_within)));
    let call = call(services, limits, method, &usage, request, takes_gzip);
    match within {
        Some(Duration::ZERO) => Err(Error::DeadlineExceeded),
        Some(within) => timeout(within, call).await.unwrap_or(Err(Error::DeadlineExceeded)),
        None => call.await,
    }
}

async fn call(
    services: Router,
    limits: &Limits,
    method: Method,
    usage: &OwnerUsage,
    request: Request<Body>,
    takes_gzip: bool,
) -> Result<Response<Body>> {
    if matches!(method.kind, Kind::Unary | Kind::Read) {
        let _turn = if method.kind == Kind::Read { usage.read_turn().await } else { None };
        let response = services.oneshot(request.map(axum::body::Body::new)).await;
        let response = response.unwrap_or_else(|never| match never {});
        return whole(response, method, usage, takes_gzip).await;
    }
    let permits = if method.kind == Kind::EventStream {
        None
    } else {
        let of_all =
            limits.streams.clone().try_acquire_owned().map_err(|_| Error::TooManyStreams)?;
        Some((of_all, usage.open_stream(limits.max_streams)?))
    };
    let response = services.oneshot(request.map(axum::body::Body::new)).await;
    let mut response = response.unwrap_or_else(|never| match never {});
    if let Some(error) = framework_error(response.headers(), method) {
        return Err(error);
    }
    response.extensions_mut().insert(Counted::Stream(usage.clone()));
    Ok(match permits {
        // Its errors are ours already.
        None => response.map(Body::new),
        Some(permits) => response.map(|body| Body::new(CountedStream::new(body, method, permits))),
    })
}

/// Refuses headers that are too large, before anything reads them.
fn check_headers(headers: &HeaderMap) -> Result<()> {
    let size: usize =
        headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
    if size > HEADER_BYTES { Err(Error::HeadersTooLarge { limit: HEADER_BYTES }) } else { Ok(()) }
}

/// Who pays for what waits in memory: the account that calls, or else the
/// client's network. Who calls is noted, so that it need not be found out again.
fn owner(limits: &Limits, request: &mut Request<Body>) -> Owner {
    if let Ok(caller) = caller_of(&limits.auth, request.headers()) {
        request.extensions_mut().insert(caller);
        return Owner::Account(caller.user.0);
    }
    let client = request.extensions().get::<Client>();
    let unknown = std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);
    Owner::Network(network(client.map_or(unknown, |client| client.address)))
}

/// The error that a response without messages carries, if it is the framework's.
fn framework_error(headers: &HeaderMap, method: Method) -> Option<Error> {
    let status = Status::from_header_map(headers)?;
    is_bare(&status).then(|| translate(&status, method.message_limit))
}

/// Takes a unary response as a whole: its message, if it has one, and its status.
async fn whole(
    response: Response<axum::body::Body>,
    method: Method,
    usage: &OwnerUsage,
    takes_gzip: bool,
) -> Result<Response<Body>> {
    let (mut parts, body) = response.into_parts();
    if parts.headers.contains_key(Status::GRPC_STATUS) {
        return match framework_error(&parts.headers, method) {
            Some(error) => Err(error),
            None => Ok(Response::from_parts(parts, Body::empty())),
        };
    }
    let body = body.collect().await.map_err(Error::internal)?;
    let trailers = body.trailers().cloned().unwrap_or_default();
    if let Some(status) = Status::from_header_map(&trailers)
        && status.code() != Code::Ok
    {
        // The message could not be encoded.
        return Err(Error::internal(status));
    }
    let mut message = body.to_bytes();
    if takes_gzip && let Some(compressed) = compression::compress(&message).await {
        parts.headers.insert(compression::ENCODING, header::HeaderValue::from_static("gzip"));
        message = compressed;
    }
    let reserved = usage.reserve(message.len())?;
    parts.extensions.insert(Counted::Whole(Arc::new(reserved)));
    Ok(Response::from_parts(parts, Body::new(unary_body(message, trailers))))
}

fn unary_body(
    message: Bytes,
    trailers: HeaderMap,
) -> impl http_body::Body<Data = Bytes, Error = Status> {
    let frames = [Frame::data(message), Frame::trailers(trailers)];
    StreamBody::new(stream::iter(frames.map(Ok::<_, Status>)))
}

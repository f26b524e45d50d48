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

use std::{convert::Infallible, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use axum::Router;
use bytes::Bytes;
use futures::{
    FutureExt as _,
    future::{Abortable, BoxFuture},
    stream,
};
use http::{HeaderMap, Request, Response, header, response::Parts};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{self, Instant},
};
use tokio_util::task::TaskTracker;
use tonic::{Code, Status, body::Body};
use tower::{Service, ServiceExt as _};
use tracing::Instrument as _;

pub use self::methods::Methods;
use self::{
    deadline::TimedStream,
    framework_errors::{is_bare, translate},
    methods::{Kind, Method},
    request_body::{BodyLimits, RequestBody},
    stream_body::CountedStream,
};
use super::auth::caller_of;
use crate::{
    auth::Auth,
    error::{Error, Result},
    model::limits::HEADER_BYTES,
    transport::{
        CallPermit, Client, Counted, MAX_CALLS, Owner, OwnerUsage, ResponseRegistry, network,
    },
};

/// What calls are checked against.
pub struct Limits {
    pub methods: Methods,
    pub auth: Arc<Auth>,
    pub responses: Arc<ResponseRegistry>,
    /// One permit for each stream that may be open, of any service.
    pub streams: Arc<Semaphore>,
    pub max_streams: usize,
    /// The same for streams of those who have no account.
    pub open_streams: Arc<Semaphore>,
    pub max_open_streams: usize,
    /// Streams that one account, or one network without an account, may have open.
    pub max_streams_per_owner: usize,
    /// How long the message of a request that has only one may take to arrive.
    pub request_timeout: Duration,
    /// Calls that are being carried out, also those whose clients are gone.
    pub running: TaskTracker,
}

/// All gRPC services, behind the checks.
#[derive(Clone)]
pub struct Calls {
    router: Router,
    limits: Arc<Limits>,
}

impl Calls {
    #[must_use]
    pub fn new(router: Router, limits: Limits) -> Self {
        Self { router, limits: Arc::new(limits) }
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
        let (router, limits) = (self.router.clone(), self.limits.clone());
        async move {
            // A fault of the program ends one call, in our form.
            let answered = AssertUnwindSafe(answer(router, &limits, request)).catch_unwind();
            let answered =
                answered.await.unwrap_or_else(|_| Err(Error::internal("a call panicked").into()));
            Ok(answered.unwrap_or_else(Status::into_http))
        }
        .boxed()
    }
}

async fn answer(
    router: Router,
    limits: &Arc<Limits>,
    mut request: Request<Body>,
) -> Result<Response<Body>, Status> {
    check_headers(request.headers())?;
    let method = limits.methods.get(request.uri().path()).ok_or(Error::UnknownMethod)?;
    let deadline = deadline::read(request.headers())?;
    let usage = limits.responses.usage(owner(limits, &mut request));
    request.extensions_mut().insert(usage.clone());
    let call = call(router, limits, method, &usage, request);
    let Some(deadline) = deadline else { return call.await };
    if deadline <= Instant::now() {
        return Err(Error::DeadlineExceeded.into());
    }
    let answered = time::timeout_at(deadline, call).await;
    let response = answered.unwrap_or_else(|_| Err(Error::DeadlineExceeded.into()))?;
    Ok(match method.kind {
        Kind::Unary | Kind::Read => response,
        Kind::Stream | Kind::EventStream => {
            response.map(|body| Body::new(TimedStream::new(body, deadline)))
        }
    })
}

async fn call(
    router: Router,
    limits: &Limits,
    method: Method,
    usage: &OwnerUsage,
    request: Request<Body>,
) -> Result<Response<Body>, Status> {
    let body_limits = BodyLimits {
        message: method.message_limit,
        timeout: limits.request_timeout,
        is_unary: !method.client_streams,
    };
    let request = request.map(|body| RequestBody::new(body, usage.unfinished(), body_limits));
    let (mut permit, registration) = usage.begin_call();
    if method.client_streams {
        permit.run()?;
        let request = request.map(axum::body::Body::new);
        return carry_out(router, limits, method, usage, permit, request).await;
    }
    // The message first: what is waited for then is the server's own work.
    let request = Abortable::new(with_whole_message(request), registration).await;
    let request = request.map_err(|_| Error::TooManyInFlight { limit: MAX_CALLS })??;
    permit.run()?;
    carry_out(router, limits, method, usage, permit, request).await
}

/// Carries a call out whose request is whole, or a stream.
async fn carry_out(
    router: Router,
    limits: &Limits,
    method: Method,
    usage: &OwnerUsage,
    permit: CallPermit,
    request: Request<axum::body::Body>,
) -> Result<Response<Body>, Status> {
    match method.kind {
        Kind::Unary | Kind::Read => {
            let accepts_gzip = compression::accepts_gzip(request.headers());
            let turn = match method.kind {
                Kind::Read => Some(usage.read_turn().await?),
                _ => None,
            };
            // In a task of its own, which goes on when the client goes away or its
            // deadline passes: else a change could be stored and nobody told, and a
            // statement given up on the database's connection.
            let work = async move {
                let answer = collect_unary(serve(router, request).await, method).await;
                (answer, permit, turn)
            };
            let work = limits.running.spawn(work.in_current_span()).await;
            let (answer, _permit, _turn) = work.map_err(Error::internal)?;
            let (parts, message, trailers) = match answer? {
                Collected::Refusal(response) => return Ok(response),
                Collected::Message(parts, message, trailers) => (parts, message, trailers),
            };
            finish_unary(parts, message, trailers, usage, accepts_gzip).await
        }
        Kind::Stream => {
            let permits =
                (open_stream(limits, usage)?, usage.open_stream(limits.max_streams_per_owner)?);
            let response = stream(router, request, method, usage).await?;
            Ok(response.map(|body| Body::new(CountedStream::new(body, method, permits))))
        }
        // Its errors are ours already.
        Kind::EventStream => Ok(stream(router, request, method, usage).await?.map(Body::new)),
    }
}

async fn serve(router: Router, request: Request<axum::body::Body>) -> Response<axum::body::Body> {
    router.oneshot(request).await.unwrap_or_else(|never| match never {})
}

async fn stream(
    router: Router,
    request: Request<axum::body::Body>,
    method: Method,
    usage: &OwnerUsage,
) -> Result<Response<axum::body::Body>, Status> {
    let mut response = serve(router, request).await;
    if let Some(error) = framework_error(response.headers(), method) {
        return Err(error.into());
    }
    response.extensions_mut().insert(Counted::Stream(usage.clone()));
    Ok(response)
}

/// A permit of all streams; without an account, of the few that are kept for that.
fn open_stream(limits: &Limits, usage: &OwnerUsage) -> Result<OwnedSemaphorePermit> {
    let (streams, limit) = if usage.has_account() {
        (&limits.streams, limits.max_streams)
    } else {
        (&limits.open_streams, limits.max_open_streams)
    };
    streams.clone().try_acquire_owned().map_err(|_| Error::TooManyStreams { limit })
}

/// Waits for the message of a request that has only one.
async fn with_whole_message(
    request: Request<RequestBody>,
) -> Result<Request<axum::body::Body>, Status> {
    let (parts, body) = request.into_parts();
    let message = body.collect().await?.to_bytes();
    Ok(Request::from_parts(parts, message.into()))
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

/// A unary response that was taken as a whole.
enum Collected {
    /// Only a status.
    Refusal(Response<Body>),
    Message(Parts, Bytes, HeaderMap),
}

/// Takes a unary response as a whole: its message, if it has one, and its status.
async fn collect_unary(
    response: Response<axum::body::Body>,
    method: Method,
) -> Result<Collected, Status> {
    let (parts, body) = response.into_parts();
    if parts.headers.contains_key(Status::GRPC_STATUS) {
        return match framework_error(&parts.headers, method) {
            Some(error) => Err(error.into()),
            None => Ok(Collected::Refusal(Response::from_parts(parts, Body::empty()))),
        };
    }
    let body = body.collect().await.map_err(Error::internal)?;
    let trailers = body.trailers().cloned().unwrap_or_default();
    if let Some(status) = Status::from_header_map(&trailers)
        && status.code() != Code::Ok
    {
        // The message could not be encoded.
        return Err(Error::internal(status).into());
    }
    Ok(Collected::Message(parts, body.to_bytes(), trailers))
}

/// A unary response that counts for its owner until the client has read it.
async fn finish_unary(
    mut parts: Parts,
    mut message: Bytes,
    trailers: HeaderMap,
    usage: &OwnerUsage,
    accepts_gzip: bool,
) -> Result<Response<Body>, Status> {
    if accepts_gzip && let Some(compressed) = compression::compress(&message).await {
        parts.headers.insert(compression::ENCODING, header::HeaderValue::from_static("gzip"));
        message = compressed;
    }
    let reserved = usage.reserve(message.len()).await?;
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

//! One connection: PROXY header, TLS, then HTTP/1.1 or HTTP/2, whichever the
//! client speaks.

use std::{
    convert::Infallible,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::body::Body;
use futures::future::AbortHandle;
use http::{Request, Response};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::conn::auto,
};
use socket2::SockRef;
use tokio::{net::TcpStream, sync::watch};
use tower::{Service, ServiceExt as _};

use super::{
    Transport,
    admission::Slot,
    body::{Counted, TrackedBody},
    executor::{StreamExecutor, current_reset, run_connection},
    io::{Socket, WatchedSocket},
    proxy_protocol,
    responses::Owner,
};
use crate::transport::client::network;

/// Requests that a connection may have under way.
const MAX_CONCURRENT_STREAMS: u32 = 1_000;
/// All headers of a request together. Calls have a lower limit, which is told as
/// an error of theirs; beyond this one, there is no request to answer.
const MAX_HEADER_BYTES: u32 = 64 * 1024;
/// Bytes of requests' bodies that may be on their way before they are read: one
/// whole message.
const RECEIVE_WINDOW: u32 = 1024 * 1024 + 1024;
/// Bytes of a response that HTTP/2 keeps for the socket.
const SEND_BUFFER: usize = 64 * 1024;
/// Bytes that a socket keeps for the network before it takes more.
const NOT_SENT: u32 = 64 * 1024;
/// A client that does not answer a ping in this time is gone.
const PING_EVERY: Duration = Duration::from_secs(20);
const PING_WITHIN: Duration = Duration::from_secs(10);
/// An idle HTTP/1.1 connection is closed after this long: longer than proxies
/// keep theirs, so that none is closed at the moment in which it is used.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// Requests go here.
pub trait Router:
    Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send>
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S> Router for S where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// Where a connection comes from.
struct Peer {
    address: IpAddr,
    is_tls: bool,
}

/// Serves a connection until it ends, or until `stop` says so and what is under
/// way is done.
pub async fn serve(
    transport: Arc<Transport>,
    router: impl Router,
    (stream, socket_address): (TcpStream, SocketAddr),
    (slot, reset): (Slot, AbortHandle),
    mut stop: watch::Receiver<bool>,
) {
    let slot = Arc::new(slot);
    let prepared = tokio::select! {
        prepared = prepare(&transport, stream, socket_address.ip(), &slot) => prepared,
        _ = stop.wait_for(|stop| *stop) => return,
    };
    let (socket, peer) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => {
            tracing::debug!(%error, address = %socket_address.ip(), "a connection is refused");
            return;
        }
    };
    let io = TokioIo::new(WatchedSocket::new(socket, slot.activity.clone()));
    let peer = Arc::new(peer);
    let service = service_fn(|request: Request<Incoming>| {
        slot.activity.request_begins();
        slot.serves();
        let (transport, router) = (transport.clone(), router.clone());
        let (peer, slot) = (peer.clone(), slot.clone());
        async move { Ok::<_, Infallible>(answer(&transport, router, &peer, &slot, request).await) }
    });
    let builder = http();
    let connection = builder.serve_connection(io, service);
    let served = run_connection(reset, until_stopped(connection, stop)).await;
    if let Err(error) = served {
        tracing::debug!(error = &*error, "a connection ended");
    }
}

/// From the socket to where HTTP begins.
async fn prepare(
    transport: &Transport,
    mut stream: TcpStream,
    mut address: IpAddr,
    slot: &Slot,
) -> io::Result<(Socket, Peer)> {
    // An event and the reply that follows it are two small writes: the second
    // must not wait for the acknowledgement of the first.
    stream.set_nodelay(true)?;
    // A socket then takes bytes as its client reads, and not only when much of its
    // buffer is free again: who reads slowly is told from who does not read.
    SockRef::from(&stream).set_tcp_notsent_lowat(NOT_SENT)?;
    let is_proxy = transport.proxies.contains(address);
    if is_proxy && transport.proxy_protocol {
        address = proxy_protocol::read(&mut stream).await?.unwrap_or(address);
    }
    if !transport.proxies.contains(address) && !slot.claim(address) {
        return Err(io::Error::other("its network has too many connections"));
    }
    let socket = match &transport.tls {
        None => Socket::Plain(stream),
        Some(tls) => Socket::Tls(Box::new(tls.accept(stream).await?)),
    };
    Ok((socket, Peer { address, is_tls: transport.tls.is_some() }))
}

fn http() -> auto::Builder<StreamExecutor> {
    let mut builder = auto::Builder::new(StreamExecutor);
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(KEEP_ALIVE)
        .max_buf_size(MAX_HEADER_BYTES as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_WITHIN)
        .initial_stream_window_size(RECEIVE_WINDOW)
        .initial_connection_window_size(RECEIVE_WINDOW)
        .max_concurrent_streams(MAX_CONCURRENT_STREAMS)
        .max_header_list_size(MAX_HEADER_BYTES)
        .max_send_buf_size(SEND_BUFFER);
    builder
}

async fn until_stopped<S, E>(
    connection: auto::Connection<'_, TokioIo<WatchedSocket>, S, StreamExecutor>,
    mut stop: watch::Receiver<bool>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>>
where
    S: hyper::service::Service<Request<Incoming>, Response = Response<TrackedBody>, Error = E>,
    S::Future: Send + 'static,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        served = connection.as_mut() => return served,
        _ = stop.wait_for(|stop| *stop) => {}
    }
    connection.as_mut().graceful_shutdown();
    connection.await
}

/// Answers a request, and registers the answer until it has left.
async fn answer(
    transport: &Arc<Transport>,
    router: impl Router,
    peer: &Peer,
    slot: &Arc<Slot>,
    request: Request<Incoming>,
) -> Response<TrackedBody> {
    let mut request = request.map(Body::new);
    let client = transport.proxies.resolve(peer.address, peer.is_tls, request.headers_mut());
    request.extensions_mut().insert(client);
    let response = router.oneshot(request).await.unwrap_or_else(|never| match never {});
    let (mut parts, body) = response.into_parts();
    // Both protocols run in a task that can be reset.
    let reset = current_reset().unwrap_or_else(|| AbortHandle::new_pair().0);
    let counted = parts.extensions.remove::<Counted>();
    let is_stream = matches!(counted, Some(Counted::Stream(_)));
    let tracked = match counted {
        Some(Counted::Whole(reserved)) => {
            let tracked = reserved.owner().track(reset);
            tracked.adopt(&reserved);
            tracked
        }
        Some(Counted::Stream(usage)) => usage.track(reset),
        None => transport.responses.usage(Owner::Network(network(client.address))).track(reset),
    };
    let body = TrackedBody::new(body, tracked, is_stream, slot.activity.clone());
    Response::from_parts(parts, body)
}

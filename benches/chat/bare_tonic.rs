//! Bare tonic servers. One streams bytes from memory to its subscribers, many
//! events in one write as they come, and does nothing else: what tonic can do.
//! With a database it is the chat that one would write first, with a
//! transaction for each message.

use std::{
    convert::Infallible,
    future::{Future, ready},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use tokio::{net::TcpListener, sync::mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{
    Request, Response, Status,
    body::Body,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    server::{Grpc, NamedService, ServerStreamingService, UnaryService},
    transport::server::TcpIncoming,
};

use crate::{
    Outcome,
    bare_rows::{self, Write},
};

/// Bytes of an event, as long as one of ours with a short message.
pub const EVENT: usize = 190;

/// `bare-tonic [URL CONNECTIONS]` prints its address and serves.
pub async fn main(arguments: &[&str]) -> Outcome {
    let write = match arguments {
        [url, connections] => Some(bare_rows::writer(url, connections.parse()?).await?),
        _ => None,
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    tonic::transport::Server::builder()
        .add_service(Bare { write, subscribers: Arc::default() })
        .serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true)))
        .await?;
    Ok(())
}

type Subscriber = mpsc::Sender<Result<Bytes, Status>>;

#[derive(Clone)]
struct Bare {
    write: Option<Write>,
    subscribers: Arc<Mutex<Vec<Subscriber>>>,
}

impl NamedService for Bare {
    const NAME: &'static str = "causerie.v1.ChatService";
}

type Soon<T> = Pin<Box<dyn Future<Output = T> + Send>>;

impl tower::Service<http::Request<Body>> for Bare {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Soon<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let bare = self.clone();
        Box::pin(async move {
            let mut grpc = Grpc::new(Raw);
            Ok(if request.uri().path().ends_with("/Subscribe") {
                grpc.server_streaming(bare, request).await
            } else {
                grpc.unary(bare, request).await
            })
        })
    }
}

impl ServerStreamingService<Bytes> for Bare {
    type Response = Bytes;
    type ResponseStream = ReceiverStream<Result<Bytes, Status>>;
    type Future = std::future::Ready<Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, _: Request<Bytes>) -> Self::Future {
        let (sender, receiver) = mpsc::channel(64);
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        ready(Ok(Response::new(ReceiverStream::new(receiver))))
    }
}

/// `SendMessage`, where there is a database; else the body's first byte says how
/// many events to send to everybody.
impl UnaryService<Bytes> for Bare {
    type Response = Bytes;
    type Future = Soon<Result<Response<Bytes>, Status>>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let bare = self.clone();
        Box::pin(async move {
            if let Some(write) = bare.write {
                write(0, 1).await.map_err(|error| Status::internal(error.to_string()))?;
                return Ok(Response::new(request.into_inner()));
            }
            let count = request.into_inner().first().copied().unwrap_or(0);
            let mut events = BytesMut::new();
            for _ in 0..count {
                events.put_u8(10);
                prost::encoding::encode_varint(EVENT as u64, &mut events);
                events.put_bytes(b'x', EVENT);
            }
            let events = events.freeze();
            let subscribers =
                bare.subscribers.lock().unwrap_or_else(PoisonError::into_inner).clone();
            for subscriber in subscribers {
                let _ = subscriber.send(Ok(events.clone())).await;
            }
            Ok(Response::new(Bytes::new()))
        })
    }
}

/// Bytes as they are.
#[derive(Clone, Copy, Default)]
pub struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buf: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buf.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buf: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buf.copy_to_bytes(buf.remaining())))
    }
}

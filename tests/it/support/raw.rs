//! Connections without a client library, to send what none would send.

use std::{io, net::SocketAddr, time::Duration};

use bytes::Bytes;
use h2::client::SendRequest;
use http::{HeaderMap, Request, Response};
use socket2::{Domain, SockAddr, Socket, Type};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
};

use super::within;

/// Connects to a server from an address of the loopback network.
pub fn connect_from(url: &str, from: &str) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    let from: SocketAddr = format!("{from}:0").parse().expect("an address");
    socket.bind(&SockAddr::from(from))?;
    let to: SocketAddr = url.trim_start_matches("http://").parse().expect("an address");
    socket.connect(&SockAddr::from(to))?;
    socket.set_nonblocking(true)?;
    TcpStream::from_std(socket.into())
}

/// Sends bytes, and reads until the server closes the connection.
pub async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, bytes: &[u8]) -> String {
    let answer = within("the server to close the connection", async {
        // It may be closed before everything is sent.
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        answer
    });
    String::from_utf8_lossy(&answer.await).into_owned()
}

/// Whether the server closes a connection within this time.
pub async fn is_closed(stream: &mut (impl AsyncRead + Unpin), within: Duration) -> bool {
    let mut bytes = [0; 1024];
    let closed = async {
        while let Ok(length) = stream.read(&mut bytes).await {
            if length == 0 {
                return;
            }
        }
    };
    tokio::time::timeout(within, closed).await.is_ok()
}

/// An HTTP/2 connection whose windows are as large as asked for.
pub async fn http2(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    window: u32,
) -> SendRequest<Bytes> {
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(window).initial_max_send_streams(100_000);
    let (requests, connection) = builder.handshake(stream).await.expect("HTTP/2");
    tokio::spawn(async move {
        // Ends with the test, or because the server closes it.
        let _ = connection.await;
    });
    requests
}

/// A gRPC message in its frame.
pub fn framed(message: &impl prost::Message) -> Bytes {
    let body = message.encode_to_vec();
    let length = u32::try_from(body.len()).expect("a small message");
    [&[0], length.to_be_bytes().as_slice(), &body].concat().into()
}

/// A call's request, without its body.
pub fn call(path: &str, headers: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::post(format!("http://test{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    for (name, value) in headers {
        request = match *name {
            "content-type" => {
                request.headers_mut().expect("a request").remove(*name);
                request.header(*name, *value)
            }
            _ => request.header(*name, *value),
        };
    }
    request.body(()).expect("a request")
}

/// An answer that has been read to its end.
pub struct Answer {
    pub response: Response<()>,
    pub body: Vec<u8>,
    pub trailers: HeaderMap,
}

/// Makes a call and reads its answer.
pub async fn answer(
    requests: &mut SendRequest<Bytes>,
    request: Request<()>,
    body: Bytes,
) -> Result<Answer, h2::Error> {
    let mut requests = requests.clone().ready().await?;
    let (response, mut sent) = requests.send_request(request, false)?;
    // A call may be refused before its message is looked at.
    let _ = sent.send_data(body, true);
    let (parts, mut received) = within("an answer", response).await?.into_parts();
    let mut body = Vec::new();
    while let Some(data) = within("the rest of an answer", received.data()).await {
        let data = data?;
        received.flow_control().release_capacity(data.len())?;
        body.extend_from_slice(&data);
    }
    let trailers = received.trailers().await?.unwrap_or_default();
    Ok(Answer { response: Response::from_parts(parts, ()), body, trailers })
}

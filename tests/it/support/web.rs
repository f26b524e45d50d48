//! What a browser uses: grpc-web over HTTP/1.1, and plain pages.

use causerie_client::v1::{
    auth_service_client::AuthServiceClient, chat_service_client::ChatServiceClient,
    room_service_client::RoomServiceClient,
};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tonic::body::Body;
use tonic_web::{GrpcWebCall, GrpcWebClientLayer, GrpcWebClientService};
use tower::Layer as _;

type Web = GrpcWebClientService<Client<HttpConnector, GrpcWebCall<Body>>>;

/// Generated stubs that speak grpc-web.
pub struct WebClient {
    pub auth: AuthServiceClient<Web>,
    pub rooms: RoomServiceClient<Web>,
    pub chat: ChatServiceClient<Web>,
}

impl WebClient {
    pub fn connect(url: &str) -> Self {
        let http = Client::builder(TokioExecutor::new()).build_http();
        let web: Web = GrpcWebClientLayer::new().layer(http);
        let origin: http::Uri = url.parse().expect("a URL");
        Self {
            auth: AuthServiceClient::with_origin(web.clone(), origin.clone()),
            rooms: RoomServiceClient::with_origin(web.clone(), origin.clone()),
            chat: ChatServiceClient::with_origin(web, origin),
        }
    }
}

/// Status and whole text of a page; `None` if the server does not answer.
pub async fn get(url: &str, path: &str) -> Option<(u16, String)> {
    request(url, &format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n")).await
}

/// Sends a request as it stands and reads to the end.
pub async fn request(url: &str, request: &str) -> Option<(u16, String)> {
    let address = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.ok()?;
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok()?;
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text.split(' ').nth(1)?.parse().ok()?;
    Some((status, text))
}

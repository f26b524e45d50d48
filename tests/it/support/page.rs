//! A page in a browser, as far as HTTP goes: it says its origin, and it keeps a
//! cookie.

use bytes::Bytes;
use causerie_client::Error;
use http::{HeaderMap, HeaderValue, Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use prost::Message;
use tonic::{Code, Status};

use super::within;

pub struct Page {
    url: String,
    /// What its browser says of it with each call.
    pub says: Vec<(&'static str, String)>,
    /// The refresh token's.
    pub cookie: Option<String>,
    /// That of the device tokens.
    pub devices: Option<String>,
}

/// What came back, and its headers.
pub struct Answer<T> {
    pub result: Result<T, Error>,
    pub headers: HeaderMap,
}

impl<T> Answer<T> {
    /// What is set of the refresh token.
    pub fn set_cookie(&self) -> Option<&str> {
        self.set("causerie_refresh=")
    }

    fn set(&self, name: &str) -> Option<&str> {
        let all = self.headers.get_all(header::SET_COOKIE).iter();
        let mut found = all
            .map(|value| value.to_str().expect("a text"))
            .filter(|cookie| cookie.starts_with(name));
        let first = found.next();
        assert!(found.next().is_none(), "once at most");
        first
    }
}

impl Page {
    /// A page of the server's own origin.
    pub fn open(url: &str) -> Self {
        Self { url: url.into(), says: vec![("origin", url.into())], cookie: None, devices: None }
    }

    /// Another tab of the same browser, or a page that somebody else has made.
    pub fn beside(&self, says: &[(&'static str, &str)]) -> Self {
        let says = says.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self {
            url: self.url.clone(),
            says,
            cookie: self.cookie.clone(),
            devices: self.devices.clone(),
        }
    }

    /// A call of `AuthService` over grpc-web.
    pub async fn call<T: Message + Default>(
        &mut self,
        method: &str,
        message: impl Message,
        token: Option<&str>,
    ) -> Answer<T> {
        let mut frame = vec![0];
        let message = message.encode_to_vec();
        frame.extend(u32::try_from(message.len()).expect("a small message").to_be_bytes());
        frame.extend(message);
        let mut request = Request::post(format!("{}/causerie.v1.AuthService/{method}", self.url))
            .header(header::CONTENT_TYPE, "application/grpc-web+proto")
            .header("x-grpc-web", "1");
        for (name, value) in &self.says {
            request = request.header(*name, value);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, format!("other=1; causerie_refresh={cookie}"));
        }
        if let Some(devices) = &self.devices {
            request = request.header(header::COOKIE, format!("causerie_devices={devices}"));
        }
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Full::new(Bytes::from(frame))).expect("a request");
        let http = Client::builder(TokioExecutor::new()).build_http();
        let (parts, body) =
            within("an answer", http.request(request)).await.expect("an answer").into_parts();
        let body = body.collect().await.expect("a whole answer").to_bytes();
        let answer = Answer { result: read(&parts.headers, &body), headers: parts.headers };
        // As browsers do it: what is empty and over is gone.
        if let Some(cookie) = answer.set_cookie() {
            let (pair, _) = cookie.split_once(';').expect("attributes");
            let value = pair.strip_prefix("causerie_refresh=").expect("our cookie");
            self.cookie = (!value.is_empty()).then(|| value.to_owned());
        }
        if let Some(cookie) = answer.set("causerie_devices=") {
            let (pair, attributes) = cookie.split_once("; ").expect("attributes");
            assert!(attributes.contains("HttpOnly; SameSite=Strict"), "{attributes}");
            let value = pair.strip_prefix("causerie_devices=").expect("our cookie");
            self.devices = Some(value.to_owned());
        }
        answer
    }
}

/// The message or the status: of the headers alone, or of the frame that ends
/// the body.
fn read<T: Message + Default>(headers: &HeaderMap, body: &[u8]) -> Result<T, Error> {
    if let Some(status) =
        Status::from_header_map(headers).filter(|status| status.code() != Code::Ok)
    {
        return Err(status.into());
    }
    let (message, rest) = frame(body);
    let (trailers, rest) = frame(rest);
    assert!(rest.is_empty(), "two frames");
    assert_eq!(trailers, b"grpc-status:0\r\n", "nothing but the status is in the trailers");
    Ok(T::decode(message).expect("a message"))
}

fn frame(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (head, rest) = bytes.split_at_checked(5).expect("a frame");
    let length = u32::from_be_bytes(head[1..].try_into().expect("four bytes"));
    rest.split_at_checked(usize::try_from(length).expect("a length")).expect("a whole frame")
}

/// Whether a browser would let a page of another origin send or read credentials.
pub fn allows_credentials(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCESS_CONTROL_ALLOW_CREDENTIALS)
        .is_some_and(|it| it == HeaderValue::from_static("true"))
}

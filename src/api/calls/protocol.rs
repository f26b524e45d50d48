//! Which of gRPC's protocols a request speaks, and whether it can be answered.

use http::{HeaderValue, Method, Request, Response, StatusCode, Version, header};
use tonic::{Status, body::Body};

use crate::error::Error;

const PREFIX: &str = "application/grpc";
/// Types that are answered, without parameters: as tonic-web knows them.
const NATIVE: [&str; 2] = ["application/grpc", "application/grpc+proto"];
const WEB: [&str; 4] = [
    "application/grpc-web",
    "application/grpc-web+proto",
    "application/grpc-web-text",
    "application/grpc-web-text+proto",
];

/// Whether a request is a call, by its content type. Anything else is for the
/// pages.
pub fn is_call<T>(request: &Request<T>) -> bool {
    request.headers().get(header::CONTENT_TYPE).is_some_and(|value| {
        value
            .as_bytes()
            .get(..PREFIX.len())
            .is_some_and(|it| it.eq_ignore_ascii_case(PREFIX.as_bytes()))
    })
}

/// Gives the content type the form in which the services look for it. Returns the
/// refusal of a call that cannot be answered, in the form of its protocol.
pub fn normalize<T>(request: &mut Request<T>) -> Option<Response<Body>> {
    let value = request.headers().get(header::CONTENT_TYPE);
    let text = value.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let base = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let known = |types: &[&'static str]| types.iter().copied().find(|it| *it == base);
    let (native, web) = (known(&NATIVE), known(&WEB));
    let Some(content_type) = native.or(web) else {
        let error = Error::UnsupportedProtocol(
            "The content type must be that of gRPC or grpc-web, with messages of protobuf.",
        );
        let is_web = base.starts_with(WEB[0]);
        return Some(refusal(error, is_web.then_some(WEB[1])));
    };
    if request.method() != Method::POST {
        let mut refusal = refusal(Error::UnsupportedProtocol("A call is a POST request."), web);
        *refusal.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        refusal.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
        return Some(refusal);
    }
    if native.is_some() && request.version() < Version::HTTP_2 {
        let error = "gRPC needs HTTP/2; over HTTP/1.1 there is grpc-web.";
        return Some(refusal(Error::UnsupportedProtocol(error), None));
    }
    let content_type = HeaderValue::from_static(content_type);
    if web.is_some() && !names_web(request.headers().get(header::ACCEPT)) {
        // Answered as it is asked.
        request.headers_mut().insert(header::ACCEPT, content_type.clone());
    }
    request.headers_mut().insert(header::CONTENT_TYPE, content_type);
    None
}

/// Whether a caller names the form of grpc-web in which it takes answers.
fn names_web(accept: Option<&HeaderValue>) -> bool {
    accept.and_then(|accept| accept.to_str().ok()).is_some_and(|accept| WEB.contains(&accept))
}

/// A status without messages stands in the headers, in every protocol.
fn refusal(error: Error, content_type: Option<&'static str>) -> Response<Body> {
    let mut response = Status::from(error).into_http();
    if let Some(content_type) = content_type {
        let content_type = HeaderValue::from_static(content_type);
        response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: Method, version: Version, content_type: &str) -> Request<()> {
        let request = Request::builder().method(method).version(version);
        request.header(header::CONTENT_TYPE, content_type).body(()).expect("a request")
    }

    #[test]
    fn a_call_is_known_by_its_content_type() {
        for (content_type, is) in [
            ("application/grpc", true),
            ("Application/gRPC-web+proto", true),
            ("application/grpc+json", true),
            ("application/json", false),
            ("text/html", false),
        ] {
            assert_eq!(is_call(&request(Method::POST, Version::HTTP_2, content_type)), is);
        }
    }

    #[test]
    fn only_what_can_be_answered_goes_on() {
        let normalized = |method: &Method, version, content_type: &str| {
            let mut request = request(method.clone(), version, content_type);
            match normalize(&mut request) {
                Some(refusal) => Err(refusal.status().as_u16()),
                None => Ok(request.headers()[header::CONTENT_TYPE].clone()),
            }
        };
        let (post, h1, h2) = (&Method::POST, Version::HTTP_11, Version::HTTP_2);
        assert_eq!(
            normalized(post, h2, "application/grpc"),
            Ok("application/grpc".parse().unwrap())
        );
        let web = Ok("application/grpc-web+proto".parse().unwrap());
        assert_eq!(normalized(post, h1, "application/grpc-web+proto; charset=utf-8"), web);
        assert_eq!(normalized(post, h2, "Application/gRPC-Web+Proto"), web);
        assert_eq!(normalized(post, h1, "application/grpc"), Err(200));
        assert_eq!(normalized(post, h2, "application/grpc+json"), Err(200));
        assert_eq!(normalized(post, h2, "application/grpc-web+json"), Err(200));
        assert_eq!(normalized(post, h2, "application/grpcx"), Err(200));
        assert_eq!(normalized(&Method::GET, h2, "application/grpc"), Err(405));
        assert_eq!(normalized(&Method::PUT, h1, "application/grpc-web"), Err(405));
    }
}

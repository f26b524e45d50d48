//! Downloads by HTTP, through the links of `FileService.CreateDownloadLinks`.

use std::sync::Arc;

use axum::{
    Extension, Router,
    body::Body,
    extract::{Path, Request, State},
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body_util::BodyExt as _;

use crate::{
    error::{Error, Result},
    model::{
        FileId, StoredFile, Timestamp, Variant,
        files::{image_name, is_shown},
    },
    service::{Services, files::Download},
    transport::{Client, Counted, Owner, ResponseRegistry, network},
};

/// A file is what someone has uploaded: even if a browser is led to show it as
/// a page, it can do nothing there.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; \
     frame-ancestors 'none'; sandbox",
);

pub fn pages(services: Arc<Services>, responses: Arc<ResponseRegistry>) -> Router {
    Router::new().route("/files/{id}", get(download)).with_state((services, responses))
}

async fn download(
    State((services, responses)): State<(Arc<Services>, Arc<ResponseRegistry>)>,
    Extension(client): Extension<Client>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let token = request
        .uri()
        .query()
        .and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("token=")));
    let usage = responses.usage(Owner::Network(network(client.address)));
    let permit = match usage.open_stream(services.config.server.max_streams_per_user) {
        Ok(permit) => permit,
        Err(error) => return refusal(error),
    };
    match answer(&services, &id, token.unwrap_or_default(), request.headers()).await {
        Ok(response) => {
            // It counts as a stream until it has been read.
            let mut response = response.map(|body| {
                Body::new(body.map_frame(move |frame| {
                    let _ = &permit;
                    frame
                }))
            });
            response.extensions_mut().insert(Counted::Stream(usage));
            response
        }
        Err(error) => refusal(error),
    }
}

async fn answer(services: &Services, id: &str, token: &str, asked: &HeaderMap) -> Result<Response> {
    let id = FileId::parse(id).ok_or(Error::FileNotFound)?;
    let (stored, variant, until) = services.linked(id, token).await?;
    let tag = format!("\"{id}-{}\"", variant.name());
    let text = |name: HeaderName| asked.get(name).and_then(|value| value.to_str().ok());
    let mut headers = common(&tag, until)?;
    if text(header::IF_NONE_MATCH).is_some_and(|tags| names(tags, &tag)) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    // A part of another version would not fit; there is none, but a client that
    // names one gets the whole.
    let range = text(header::RANGE).filter(|_| text(header::IF_RANGE).is_none_or(|of| of == tag));
    describe(&mut headers, &stored, variant)?;
    match services.linked_part(stored, variant, range).await? {
        Err(size) => {
            headers.insert(header::CONTENT_RANGE, value(format!("bytes */{size}"))?);
            Ok((StatusCode::RANGE_NOT_SATISFIABLE, headers).into_response())
        }
        Ok(Download { size, range, part, .. }) => {
            let length = range.end - range.start;
            headers.insert(header::CONTENT_LENGTH, length.into());
            let status = if length == size {
                StatusCode::OK
            } else {
                let last = range.end.saturating_sub(1);
                let of = format!("bytes {}-{last}/{size}", range.start);
                headers.insert(header::CONTENT_RANGE, value(of)?);
                StatusCode::PARTIAL_CONTENT
            };
            Ok((status, headers, Body::from_stream(part)).into_response())
        }
    }
}

fn common(tag: &str, until: Timestamp) -> Result<HeaderMap> {
    // Under one link the bytes never change; shared caches must not keep them, and
    // the reader's own no longer than the link is good.
    let left = Timestamp::now().until(until).as_secs();
    let cache = format!("private, max-age={left}, immutable");
    Ok(HeaderMap::from_iter([
        (header::ETAG, value(tag.to_owned())?),
        (header::CACHE_CONTROL, value(cache)?),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        // The link is a secret.
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
    ]))
}

fn describe(headers: &mut HeaderMap, stored: &StoredFile, variant: Variant) -> Result<()> {
    let (content_type, _) = stored.variant(variant).ok_or(Error::NotAnImage)?;
    let shown = is_shown(content_type);
    let content_type = if shown { content_type } else { "application/octet-stream" };
    let disposition = if shown { "inline" } else { "attachment" };
    // A thumbnail may be of another kind than its image.
    let name = match &stored.file.image {
        Some(_) => encoded(&image_name(&stored.file.name, content_type)),
        None => encoded(&stored.file.name),
    };
    headers.insert(header::CONTENT_TYPE, value(content_type.to_owned())?);
    let disposition = format!("{disposition}; filename*=UTF-8''{name}");
    headers.insert(header::CONTENT_DISPOSITION, value(disposition)?);
    Ok(())
}

/// A file name in the form of RFC 8187.
fn encoded(name: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Whether an If-None-Match names the tag.
fn names(tags: &str, tag: &str) -> bool {
    tags.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag)
}

fn value(text: String) -> Result<HeaderValue> {
    HeaderValue::try_from(text).map_err(Error::internal)
}

/// A link that does not work says as little as a file that does not exist.
fn refusal(error: Error) -> Response {
    let status = match &error {
        Error::TokenExpired => StatusCode::GONE,
        Error::TokenInvalid | Error::FileNotFound | Error::NotAnImage => StatusCode::NOT_FOUND,
        Error::DatabaseUnavailable | Error::StorageUnavailable | Error::Overloaded => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        Error::TooManyStreams { .. } => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let text = match error {
        Error::TokenExpired => "This link has expired.\n",
        Error::TooManyStreams { .. } => "Too many downloads are under way.\n",
        Error::Overloaded => "The server is busy. Try again in a moment.\n",
        Error::TokenInvalid | Error::FileNotFound | Error::NotAnImage => {
            "There is no such file, or the link to it is wrong.\n"
        }
        error => {
            tracing::error!(%error, "a download failed");
            "The file cannot be had right now; try again in a moment.\n"
        }
    };
    let headers = [
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_header() {
        assert_eq!(encoded("a b\"; x=\r\n.png"), "a%20b%22%3B%20x%3D%0D%0A.png");
        assert_eq!(encoded("\u{e4}.txt"), "%C3%A4.txt");
    }
}

//! The web client, carried inside the binary: its files as the build has
//! compressed them, and its pages.

mod encoding;
mod routes;

use std::{borrow::Cow, fmt::Write as _};

use axum::{
    body::{Body, HttpBody as _},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use rust_embed::{Embed, EmbeddedFile};

use encoding::Encoding;

/// What `npm run build` has made. Empty in a build without it.
#[derive(Embed)]
#[folder = "clients/web/dist"]
#[allow_missing = true]
struct Dist;

/// What the pages may load and run: their own files, and nothing inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' blob:; media-src 'self' blob:; font-src 'self'; connect-src 'self'; \
    manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// What no page here asks for, nobody gets by way of one.
const PERMISSIONS: &str = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";

/// The page that all pages begin with.
const START: &str = "index.html";

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
    <title>Causerie</title><p>The server runs. This build has no web client in it: \
    <code>make run</code> builds both.</p></html>";

/// A file of the web client, or the page that every path of its pages begins
/// with. The page comes for unknown paths too, with 404, and says so itself;
/// where a file was meant, a line of text does.
pub async fn page(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path();
    let is_read = matches!(method, Method::GET | Method::HEAD);
    let mut response = match find(path) {
        Found::File(_) | Found::Page if !is_read => not_allowed(),
        Found::File(name) if name.starts_with("assets/") => {
            // Their names change with their content.
            file(&name, &headers, StatusCode::OK, "public, max-age=31536000, immutable")
        }
        Found::File(name) => file(&name, &headers, StatusCode::OK, "public, max-age=3600"),
        Found::Page => file(START, &headers, StatusCode::OK, "no-cache"),
        Found::Nothing { file_wanted: false } if is_read => {
            file(START, &headers, StatusCode::NOT_FOUND, "no-cache")
        }
        Found::Nothing { .. } => nothing(),
    };
    if method == Method::HEAD {
        let bytes = response.body().size_hint().exact();
        *response.body_mut() = Body::empty();
        if let Some(bytes) = bytes.filter(|_| response.status() != StatusCode::NOT_MODIFIED) {
            response.headers_mut().insert(header::CONTENT_LENGTH, bytes.into());
        }
    }
    guarded(response)
}

/// What a path leads to.
enum Found {
    /// A file of the web client, by its name.
    File(String),
    /// One of the web client's pages: which one, it sees itself.
    Page,
    /// Neither. Whoever names a file does not read pages.
    Nothing { file_wanted: bool },
}

fn find(path: &str) -> Found {
    if routes::is_page(path) {
        return Found::Page;
    }
    let segments = routes::segments(path);
    let name = segments.join("/");
    let is_plain = |segment: &Cow<'_, str>| {
        !matches!(segment.as_ref(), "." | "..") && !segment.contains(['/', '\\', '\0'])
    };
    // A file has one path; that of a page may have slashes too many.
    let is_exact = path.split('/').skip(1).all(|segment| !segment.is_empty());
    let is_encoded = Encoding::ALL
        .into_iter()
        .any(|encoding| !encoding.suffix().is_empty() && name.ends_with(encoding.suffix()));
    let may_be_file = is_exact && name != START && !is_encoded && segments.iter().all(is_plain);
    if may_be_file && Dist::get(&name).is_some() {
        return Found::File(name);
    }
    let file_wanted = segments.first().is_some_and(|first| first == "assets")
        || segments.iter().any(|segment| segment.contains('.'));
    Found::Nothing { file_wanted }
}

/// A file in the encoding that the request prefers, of those that the build has
/// made. What is asked for again and has not changed is not sent again.
fn file(name: &str, headers: &HeaderMap, status: StatusCode, cache: &'static str) -> Response {
    let variants = encoding::preferred(headers).into_iter();
    let mut variants = variants.filter_map(|encoding| {
        Some((encoding, Dist::get(&format!("{name}{}", encoding.suffix()))?))
    });
    let Some((encoding, file)) = variants.next() else {
        let html = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
        return (status, html, NOT_BUILT).into_response();
    };
    let shared = [(header::CACHE_CONTROL, cache), (header::VARY, "accept-encoding")];
    let tag = tag(&file);
    if status == StatusCode::OK && encoding::has_tag(headers, &tag) {
        return (StatusCode::NOT_MODIFIED, shared, [(header::ETAG, tag)]).into_response();
    }
    let kind = [(header::CONTENT_TYPE, content_type(name))];
    let mut response = (status, shared, kind, file.data).into_response();
    if let Some(name) = encoding.name() {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    if status == StatusCode::OK {
        let tag = HeaderValue::from_str(&tag).expect("hexadecimal digits in quotes");
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// A strong one: of the very bytes that are sent, so that each encoding has its own.
fn tag(file: &EmbeddedFile) -> String {
    let mut tag = String::from("\"");
    for byte in &file.metadata.sha256_hash()[..16] {
        let _ = write!(tag, "{byte:02x}");
    }
    tag + "\""
}

fn nothing() -> Response {
    let cache = [(header::CACHE_CONTROL, "no-cache")];
    (StatusCode::NOT_FOUND, cache, "There is nothing at this path.\n").into_response()
}

fn not_allowed() -> Response {
    let allow = [(header::ALLOW, "GET, HEAD")];
    (StatusCode::METHOD_NOT_ALLOWED, allow, "This can only be read.\n").into_response()
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json" | "webmanifest") => "application/json",
        Some("woff2") => "font/woff2",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}

/// With what keeps a page from doing what it should not, and other pages from
/// getting at it: whoever opened it has no hold on its window.
fn guarded(mut response: Response) -> Response {
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), PERMISSIONS),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

//! The web client, carried inside the binary.

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use rust_embed::{Embed, EmbeddedFile};

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

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
    <title>Causerie</title><p>The server runs. This build has no web client in it: \
    <code>make run</code> builds both.</p></html>";

/// A file of the web client. Every other path is a page of it: which one, it
/// sees itself.
pub async fn page(uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path.starts_with("assets/") {
        // Their names change with their content.
        return match Dist::get(path) {
            Some(file) => answer(path, file, "public, max-age=31536000, immutable"),
            None => guarded((StatusCode::NOT_FOUND, "There is no such file.\n").into_response()),
        };
    }
    match Dist::get(path).filter(|_| path != "index.html") {
        Some(file) => answer(path, file, "public, max-age=3600"),
        None => start(),
    }
}

/// The page that every path begins with.
fn start() -> Response {
    let Some(file) = Dist::get("index.html") else {
        let html = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
        return guarded((html, NOT_BUILT).into_response());
    };
    answer("index.html", file, "no-cache")
}

fn answer(path: &str, file: EmbeddedFile, cache: &'static str) -> Response {
    let kind = match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json" | "webmanifest") => "application/json",
        Some("woff2") => "font/woff2",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    };
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, cache)];
    guarded((headers, file.data).into_response())
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

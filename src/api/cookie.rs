//! The refresh token of a web page, in a cookie that its scripts cannot read; and
//! another one with what says that accounts have signed in on this device.
//!
//! The name has no `__Host-` before it, which would ask for `Path=/` and HTTPS:
//! this cookie is sent with the calls of one service only, and a server on a
//! laptop or in a local network has plain HTTP.

use std::time::Duration;

use tonic::metadata::{Ascii, MetadataMap, MetadataValue};

use crate::error::{Error, Result};

const NAME: &str = "causerie_refresh";
const DEVICES: &str = "causerie_devices";
/// Between the tokens of several accounts; it is in none of them.
const SEPARATOR: char = '~';
/// Of so many accounts, those that signed in last.
const MAX_DEVICES: usize = 4;
/// With no other calls is it sent.
const PATH: &str = "/causerie.v1.AuthService";

/// The refresh token that came with a call.
pub fn kept(metadata: &MetadataMap) -> Option<&str> {
    cookie(metadata, NAME)
}

/// The device tokens that came with a call.
pub fn devices(metadata: &MetadataMap) -> Vec<String> {
    let kept = cookie(metadata, DEVICES).unwrap_or_default();
    let tokens = kept.split(SEPARATOR).filter(|token| !token.is_empty());
    tokens.take(MAX_DEVICES).map(str::to_owned).collect()
}

fn cookie<'a>(metadata: &'a MetadataMap, name: &str) -> Option<&'a str> {
    // HTTP/2 may spread cookies over several headers.
    metadata
        .get_all("cookie")
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find_map(|(of, value)| (of == name && !value.is_empty()).then_some(value))
}

/// Where the browser that calls keeps its cookies.
pub struct RefreshCookie {
    secure: bool,
}

impl RefreshCookie {
    /// Only a page of the server's own origin gets at it. A browser would keep
    /// the others from it anyway (by `SameSite`, by asking before it sends what is
    /// no plain form, and as credentials are never allowed); but to `SameSite` all
    /// ports of a host, and all hosts of a domain, are one.
    pub fn open(metadata: &MetadataMap) -> Result<Self> {
        if is_foreign(metadata) {
            return Err(Error::ForeignOrigin);
        }
        // The page's own scheme, as its browser says it, whatever proxies there
        // are on the way.
        let is_plain = text(metadata, "origin").is_some_and(|origin| origin.starts_with("http:"));
        Ok(Self { secure: !is_plain })
    }

    /// The header that puts a token into it.
    pub fn put(&self, token: &str, lasts: Duration) -> Result<MetadataValue<Ascii>> {
        self.set(NAME, token, lasts)
    }

    /// The header that keeps a device token, before those that are kept already.
    pub fn put_device(
        &self,
        token: String,
        kept: &[String],
        lasts: Duration,
    ) -> Result<MetadataValue<Ascii>> {
        let mut tokens = vec![token];
        tokens.extend(kept.iter().take(MAX_DEVICES - 1).cloned());
        self.set(DEVICES, &tokens.join(&SEPARATOR.to_string()), lasts)
    }

    fn set(&self, name: &str, value: &str, lasts: Duration) -> Result<MetadataValue<Ascii>> {
        let secure = if self.secure { "; Secure" } else { "" };
        let seconds = lasts.as_secs();
        format!("{name}={value}; Path={PATH}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
            .parse()
            .map_err(Error::internal)
    }

    /// The header that takes it out.
    pub fn clear(&self) -> Result<MetadataValue<Ascii>> {
        self.put("", Duration::ZERO)
    }
}

/// Whether a page of another origin makes this call. What is no browser has no
/// origin, and nobody's cookies but its own.
fn is_foreign(metadata: &MetadataMap) -> bool {
    // No script can set or change these. The first is for pages over HTTPS and
    // of localhost, and stays true where a proxy changes the host.
    if let Some(site) = text(metadata, "sec-fetch-site") {
        return site != "same-origin";
    }
    let Some(origin) = text(metadata, "origin") else { return false };
    let own = text(metadata, "host");
    !origin
        .split_once("://")
        .zip(own)
        .is_some_and(|((_, host), own)| host.eq_ignore_ascii_case(own))
}

fn text<'a>(metadata: &'a MetadataMap, name: &str) -> Option<&'a str> {
    metadata.get(name).map(|value| value.to_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(headers: &[(&'static str, &str)]) -> MetadataMap {
        let mut metadata = MetadataMap::new();
        for (name, value) in headers {
            metadata.append(*name, value.parse().expect("a value"));
        }
        metadata
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let found = |headers: &[(&'static str, &str)]| kept(&metadata(headers)).map(str::to_owned);
        assert_eq!(found(&[("cookie", "a=b; causerie_refresh=x.y.z; c=d")]), Some("x.y.z".into()));
        assert_eq!(found(&[("cookie", "a=b"), ("cookie", "causerie_refresh=x")]), Some("x".into()));
        assert_eq!(found(&[("cookie", "causerie_refresh=; not_causerie_refresh=x; y")]), None);
        assert_eq!(found(&[]), None);
    }

    #[test]
    fn a_page_is_foreign_unless_its_browser_says_otherwise() {
        let own = ("host", "chat.example.org:8080");
        for (headers, foreign) in [
            (vec![own], false),
            (vec![own, ("origin", "http://chat.example.org:8080")], false),
            (vec![own, ("origin", "https://CHAT.example.org:8080")], false),
            (vec![own, ("origin", "http://chat.example.org:3000")], true),
            (vec![own, ("origin", "https://example.org")], true),
            (vec![own, ("origin", "null")], true),
            (vec![("origin", "https://chat.example.org")], true),
            (
                vec![
                    own,
                    ("origin", "https://chat.example.org"),
                    ("sec-fetch-site", "same-origin"),
                ],
                false,
            ),
            (
                vec![
                    own,
                    ("origin", "http://chat.example.org:8080"),
                    ("sec-fetch-site", "same-site"),
                ],
                true,
            ),
            (vec![own, ("sec-fetch-site", "cross-site")], true),
        ] {
            assert_eq!(is_foreign(&metadata(&headers)), foreign, "{headers:?}");
        }
    }

    #[test]
    fn only_a_page_over_plain_http_gets_a_cookie_that_is_not_secure() {
        let secure = |origin| {
            let metadata = metadata(&[("host", "h"), ("origin", origin)]);
            let cookie =
                RefreshCookie::open(&metadata).and_then(|jar| jar.put("t", Duration::from_secs(9)));
            let cookie = cookie.expect("a cookie");
            let cookie = cookie.to_str().expect("a text").to_owned();
            let bare = cookie.strip_suffix("; Secure");
            let plain = "causerie_refresh=t; Path=/causerie.v1.AuthService; Max-Age=9; HttpOnly; SameSite=Strict";
            assert_eq!(bare.unwrap_or(&cookie), plain);
            bare.is_some()
        };
        assert!(secure("https://h"));
        assert!(!secure("http://h"));
    }
}

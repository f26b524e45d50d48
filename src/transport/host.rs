//! The host that a request is for.

use http::{HeaderValue, Request, Version, header, uri::Authority};

/// Sees to it that a request has one host, in its Host header, and says why not.
///
/// HTTP/1.1 demands the header (RFC 9112, 3.2). HTTP/2 names the host beside the
/// headers, from where it is put among them.
pub fn check_host<T>(request: &mut Request<T>) -> Result<(), &'static str> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (host, second) = (hosts.next(), hosts.next());
    if second.is_some() {
        return Err("A request has one Host header.");
    }
    match host {
        Some(host)
            if host.as_bytes().contains(&b'@') || Authority::try_from(host.as_bytes()).is_err() =>
        {
            return Err("The Host header must be a host, perhaps with a port.");
        }
        None if request.version() == Version::HTTP_11 => {
            return Err("A request of HTTP/1.1 has a Host header.");
        }
        _ => {}
    }
    // What the request line or `:authority` says goes before the header.
    let authority = request.uri().authority().map(|it| HeaderValue::from_str(it.as_str()));
    if let Some(Ok(authority)) = authority {
        request.headers_mut().insert(header::HOST, authority);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_one_host() {
        let host = |version, uri: &str, hosts: &[&str]| {
            let mut request = Request::builder().version(version).uri(uri);
            for host in hosts {
                request = request.header(header::HOST, *host);
            }
            let mut request = request.body(()).expect("a request");
            check_host(&mut request).map_err(drop)?;
            Ok::<_, ()>(request.headers().get(header::HOST).cloned())
        };
        let named = |host: &'static str| Ok(Some(HeaderValue::from_static(host)));
        for hosts in
            [&[][..], &[""], &["a", "b"], &["a", "a"], &["a b"], &["a/b"], &["c@d"], &["http://a"]]
        {
            assert_eq!(host(Version::HTTP_11, "/", hosts), Err(()), "{hosts:?}");
        }
        assert_eq!(host(Version::HTTP_11, "/", &["a"]), named("a"));
        assert_eq!(host(Version::HTTP_11, "/", &["[::1]:80"]), named("[::1]:80"));
        assert_eq!(host(Version::HTTP_11, "http://b/", &["a"]), named("b"));
        assert_eq!(host(Version::HTTP_10, "/", &[]), Ok(None));
        assert_eq!(host(Version::HTTP_2, "https://b:8443/", &[]), named("b:8443"));
        assert_eq!(host(Version::HTTP_2, "https://b/", &["a", "b"]), Err(()));
    }
}

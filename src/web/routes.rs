//! Which paths are pages of the web client. Its own router reads the same table,
//! so that both agree on what there is (`clients/web/src/routes.txt`).

use std::borrow::Cow;

/// One path a line; `*` stands for any segment, `#` for digits.
const TABLE: &str = include_str!("../../clients/web/src/routes.txt");

/// Whether a path is one of the web client's pages. Empty segments do not count,
/// and each segment is decoded, as in the client's router.
pub fn is_page(path: &str) -> bool {
    let segments = segments(path);
    TABLE.lines().any(|pattern| {
        let pattern = pattern.split('/').filter(|part| !part.is_empty());
        pattern.clone().count() == segments.len()
            && pattern.zip(&segments).all(|(part, segment)| matches(part, segment))
    })
}

/// The segments of a path, decoded.
pub fn segments(path: &str) -> Vec<Cow<'_, str>> {
    path.split('/').filter(|segment| !segment.is_empty()).map(decode).collect()
}

fn matches(part: &str, segment: &str) -> bool {
    match part {
        // Browsers resolve these before they ask: whoever sends them means no page.
        "*" => !matches!(segment, "." | ".."),
        "#" => segment.bytes().all(|byte| byte.is_ascii_digit()),
        _ => part == segment,
    }
}

/// Percent-decoded; as it is, if it is not encoded UTF-8.
fn decode(segment: &str) -> Cow<'_, str> {
    if !segment.contains('%') {
        return segment.into();
    }
    let mut decoded = Vec::with_capacity(segment.len());
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let (Some(high), Some(low)) = (digit(bytes.next()), digit(bytes.next())) else {
            return segment.into();
        };
        decoded.push(u8::try_from(high * 16 + low).expect("two digits make a byte"));
    }
    String::from_utf8(decoded).map_or_else(|_| segment.into(), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same cases as those of the web client's router (`clients/web/tests/router.test.ts`).
    #[test]
    fn the_shared_cases() {
        let cases = include_str!("../../clients/cases/routes.json");
        let cases: Vec<(String, String)> = serde_json::from_str(cases).expect("pairs");
        assert!(cases.len() > 30);
        for (path, page) in cases {
            assert_eq!(is_page(&path), page != "lost", "{path}");
        }
    }

    #[test]
    fn segments_that_browsers_resolve_are_no_pages() {
        for path in
            ["/rooms/..", "/rooms/%2e%2e", "/rooms/../login", "/search/.", "/assets/../login"]
        {
            assert!(!is_page(path), "{path}");
        }
    }
}

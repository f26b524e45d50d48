//! In which encoding a file goes to a browser, and whether it has it already.

use axum::http::{HeaderMap, HeaderName, header};

/// How the bytes of a file are encoded, from the smallest to the plain ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Brotli,
    Gzip,
    Identity,
}

impl Encoding {
    pub const ALL: [Self; 3] = [Self::Brotli, Self::Gzip, Self::Identity];

    /// Its name in Content-Encoding, which the plain bytes do not have.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
            Self::Identity => None,
        }
    }

    /// What the build puts after a file's name (`clients/web/scripts/vite/compress.ts`).
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Gzip => ".gz",
            Self::Identity => "",
        }
    }
}

/// The encodings in the order in which the request prefers them, the smallest
/// first among equals (RFC 9110, 12.5.3). The plain bytes are always among them:
/// an answer that was not wished for is better than none.
pub fn preferred(headers: &HeaderMap) -> Vec<Encoding> {
    let weights = weights(headers);
    let named = |names: &[&str]| {
        weights.iter().find(|(name, _)| names.iter().any(|it| name.eq_ignore_ascii_case(it)))
    };
    let weight = |encoding| {
        let (names, otherwise): (&[&str], _) = match encoding {
            Encoding::Brotli => (&["br"], 0),
            Encoding::Gzip => (&["gzip", "x-gzip"], 0),
            // Acceptable without being named, and last among all that is.
            Encoding::Identity => (&["identity"], 1),
        };
        named(names).or_else(|| named(&["*"])).map_or(otherwise, |(_, weight)| *weight)
    };
    let mut all = Encoding::ALL.map(|encoding| (weight(encoding), encoding)).to_vec();
    all.retain(|(weight, encoding)| *weight > 0 || *encoding == Encoding::Identity);
    all.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    all.into_iter().map(|(_, encoding)| encoding).collect()
}

/// What Accept-Encoding names, each with its weight in thousandths. What is
/// malformed is passed over.
fn weights(headers: &HeaderMap) -> Vec<(&str, u16)> {
    elements(headers, &header::ACCEPT_ENCODING)
        .filter_map(|element| {
            let mut parts = element.split(';').map(str::trim);
            let name = parts.next().filter(|name| !name.is_empty())?;
            let weight = parts.find_map(|part| {
                let (key, value) = part.split_once('=')?;
                key.trim().eq_ignore_ascii_case("q").then(|| value.trim())
            });
            Some((name, weight.map_or(Some(1_000), thousandths)?))
        })
        .collect()
}

/// `0` to `1` with at most three digits after the point.
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, rest) = weight.split_once('.').unwrap_or((weight, ""));
    let digits = rest.len() <= 3 && rest.bytes().all(|byte| byte.is_ascii_digit());
    let weight = format!("{whole}{rest:0<3}").parse().ok()?;
    (matches!(whole, "0" | "1") && digits && weight <= 1_000).then_some(weight)
}

/// Whether If-None-Match names this tag, or any. Without the quotes of a tag a
/// comma would part two of them: ours has none inside.
pub fn has_tag(headers: &HeaderMap, tag: &str) -> bool {
    elements(headers, &header::IF_NONE_MATCH)
        .any(|element| element == "*" || element.trim_start_matches("W/") == tag)
}

/// The elements of a header that is a list, of all its lines.
fn elements<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = &'a str> + use<'a> {
    headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::{Encoding::*, *};

    fn with(name: &HeaderName, lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name, line.parse().expect("a value"));
        }
        headers
    }

    #[test]
    fn the_encoding_that_is_accepted_and_smallest_comes_first() {
        let cases: [(&[&str], &[Encoding]); 19] = [
            (&[], &[Identity]),
            (&[""], &[Identity]),
            (&["gzip, deflate, br, zstd"], &[Brotli, Gzip, Identity]),
            (&["gzip"], &[Gzip, Identity]),
            (&["x-gzip"], &[Gzip, Identity]),
            (&["GZIP, BR;q=0.5"], &[Gzip, Brotli, Identity]),
            (&["br;q=0, gzip;q=0.001"], &[Gzip, Identity]),
            (&["br;q=0.000"], &[Identity]),
            (&["br ; Q=0.5 , gzip;q=0.51"], &[Gzip, Brotli, Identity]),
            (&["gzip;q=0.5, identity"], &[Identity, Gzip]),
            (&["*"], &[Brotli, Gzip, Identity]),
            (&["*;q=0"], &[Identity]),
            (&["*;q=0, br"], &[Brotli, Identity]),
            (&["br;q=0, *"], &[Gzip, Identity]),
            (&["identity;q=0"], &[Identity]),
            (&["gzip", "br"], &[Brotli, Gzip, Identity]),
            (&["br;q=2, gzip"], &[Gzip, Identity]),
            (&["br;q=0.1234, gzip;q=nan"], &[Identity]),
            (&["brotli, gzipped, zstd;q=1.0"], &[Identity]),
        ];
        for (lines, expected) in cases {
            assert_eq!(preferred(&with(&header::ACCEPT_ENCODING, lines)), expected, "{lines:?}");
        }
    }

    #[test]
    fn a_tag_is_found_alone_in_a_list_in_any_line_and_weak() {
        let tag = "\"abc\"";
        for lines in [
            &["\"abc\""][..],
            &["W/\"abc\""],
            &["*"],
            &["\"x\",\"abc\" , \"y\""],
            &["\"x\"", "\"abc\""],
        ] {
            assert!(has_tag(&with(&header::IF_NONE_MATCH, lines), tag), "{lines:?}");
        }
        for lines in [&[][..], &["\"abd\""], &["abc"], &["\"ab\""], &[""]] {
            assert!(!has_tag(&with(&header::IF_NONE_MATCH, lines), tag), "{lines:?}");
        }
    }
}

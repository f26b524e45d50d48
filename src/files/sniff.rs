//! What a file is, by its first bytes. Its name says nothing.

/// For what is nothing known.
pub const UNKNOWN: &str = "application/octet-stream";

/// The media type of a file that begins like this.
#[must_use]
pub fn content_type(begin: &[u8]) -> &'static str {
    match infer::get(begin).map(|found| found.mime_type()) {
        // The names that browsers know.
        Some("audio/m4a") => "audio/mp4",
        Some("audio/x-flac") => "audio/flac",
        Some("audio/x-wav") => "audio/wav",
        Some("video/x-m4v") => "video/mp4",
        Some(found) => found,
        None if is_text(begin) => "text/plain",
        None => UNKNOWN,
    }
}

/// UTF-8 without control characters; the last character may be cut.
fn is_text(begin: &[u8]) -> bool {
    let text = match std::str::from_utf8(begin) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&begin[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.is_empty() && text.chars().all(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_says_what_a_file_is() {
        let html = b"<!DOCTYPE html><html><script>alert(1)</script></html>";
        for (begin, found) in [
            (b"\x89PNG\r\n\x1a\n....".as_slice(), "image/png"),
            (b"\xff\xd8\xff\xe0..JFIF", "image/jpeg"),
            (b"GIF89a......", "image/gif"),
            (html, "text/html"),
            (b"%PDF-1.7", "application/pdf"),
            (b"PK\x03\x04........", "application/zip"),
            (b"Hello, world\n", "text/plain"),
            ("gr\u{fc}\u{df}e".as_bytes(), "text/plain"),
            (b"a cut \xc3", "text/plain"),
            (b"\x00\x01\x02", UNKNOWN),
            (b"bad \xff\xff text", UNKNOWN),
        ] {
            assert_eq!(content_type(begin), found, "{begin:?}");
        }
    }
}

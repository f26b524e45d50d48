//! What a file is, by its first bytes. Its name says nothing, and neither do a few letters
//! at its beginning: a text may begin with any of them. What is not certain is a file.

use super::signatures;

/// For what is nothing known.
pub const UNKNOWN: &str = "application/octet-stream";
const TEXT: &str = "text/plain";

/// The media type of a file that begins like this.
#[must_use]
pub fn content_type(begin: &[u8]) -> &'static str {
    let guess = infer::get(begin).map(|guess| guess.mime_type());
    if is_text(begin) {
        let is_confirmed = |guess: &&str| signatures::confirms_text(guess, begin);
        return guess.filter(is_confirmed).unwrap_or(TEXT);
    }
    match guess.filter(|guess| signatures::confirms(guess, begin)) {
        // The names that browsers know.
        Some("audio/m4a") => "audio/mp4",
        Some("audio/x-flac") => "audio/flac",
        Some("audio/x-wav") => "audio/wav",
        Some("video/x-m4v") => "video/mp4",
        Some(confirmed) => confirmed,
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
        // Of 128 kbit/s and 44,100 samples a second: 417 bytes.
        let mp3 = [b"\xff\xfb\x90\x00".as_slice(), &[0; 413], b"\xff\xfb"].concat();
        let html = b"<!DOCTYPE html><html><script>alert(1)</script></html>";
        for (begin, found) in [
            (b"\x89PNG\r\n\x1a\n....".as_slice(), "image/png"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
            (b"\xff\xd8\xff\xff\xdb\0\x43", "image/jpeg"),
            (b"GIF89a\x01\0\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02", "image/gif"),
            (b"GIF87a\x01\0\x01\0\x80\0\0abcdef,\0\0\0\0\x01\0\x01\0\0\x02", "image/gif"),
            (b"RIFF\x04\0\0\0WEBPVP8L", "image/webp"),
            (b"BM\x3a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x01\0\0\0", "image/bmp"),
            (b"II*\0\x08\0\0\0\0\0\0", "image/tiff"),
            (html, "text/html"),
            (b"%PDF-1.7\n%\xe2\xe3", "application/pdf"),
            (b"%PDF-1.4\n1 0 obj\n", "application/pdf"),
            (b"PK\x03\x04........", "application/zip"),
            (b"ID3\x03\0\0\0\0\x01\x10", "audio/mpeg"),
            (&mp3, "audio/mpeg"),
            (b"\xff\xf1\x50\x80\x01\x1f\xfc.\xff\xf1", "audio/aac"),
            (b"\0\0\0\x18ftypisom....", "video/mp4"),
            (b"\0\0\0\x14ftypM4A \0\0", "audio/mp4"),
            (b"\0\0\0\x14ftypqt  \0\0\0\0", "video/quicktime"),
            (b"OggS\0\x02......", "audio/ogg"),
            (b"fLaC\0\0\0\x22....", "audio/flac"),
            (b"RIFF\x24\0\0\0WAVEfmt ", "audio/wav"),
            (b"#!/bin/sh\necho\n", "text/x-shellscript"),
            (b"Hello, world\n", TEXT),
            ("gr\u{fc}\u{df}e".as_bytes(), TEXT),
            (b"a cut \xc3", TEXT),
            (b"\x00\x01\x02", UNKNOWN),
            (b"bad \xff\xff text", UNKNOWN),
        ] {
            assert_eq!(content_type(begin), found, "{}", begin.escape_ascii());
        }
    }

    #[test]
    fn a_text_may_begin_with_any_letters() {
        for text in [
            "GIFT IDEAS",
            "GIF89a is a format of images",
            "GIF",
            "BM stands for bench mark, 40 of them",
            "BMW",
            "BCC: nobody",
            "BZh or not",
            "MZ, the initials",
            "RIFF, n.: a phrase",
            "RIFF 2024WEBP notes",
            "RIFF 2024WEBPVP8 notes",
            "RIFF 2024WAVEfmt notes",
            "ID3 tags explained in a long text",
            "OggS and other formats",
            "fLaC\u{20}is lossless",
            "FORM 12: AIFF files",
            "Yes, moov is an atom",
            "Yes, ftypisom is a brand",
            "8BPS is Photoshop",
            "SQLite is a database",
            "LZIP",
            "%!",
            "We know that %PDF begins one",
            "%PDF is how one begins",
            "#! is a shebang",
            "II*",
            "0, then more",
            "FWS",
            "wOFF",
            "AC1015",
            "!<arch>",
            "Rar!",
        ] {
            assert_eq!(content_type(text.as_bytes()), TEXT, "{text}");
        }
    }

    #[test]
    fn what_is_no_text_needs_more_than_a_few_bytes_too() {
        // In Latin-1, or with a control character.
        for begin in [
            b"GIFT IDEAS f\xfcr Papa".as_slice(),
            b"GIF89a is f\xfcr images, and so on",
            b"GIF89a und so, f\xfcr Papa und f\xfcr alle",
            b"GIF89a and so! f\xfcr Papa und f\xfcr alle",
            b"\xff\xd8\xff is how it begins",
            b"\xff\xd8\xff",
            b"\x89PNG, it said",
            b"BM f\xfcr Papa, and so on and on",
            b"BCC f\xfcr Papa",
            b"MZ f\xfcr Papa",
            b"BZh f\xfcr Papa",
            b"RIFF 10\xfc WEBP notes",
            b"RIFF 10\xfc WAVE notes",
            b"RIFF 10\xfc AVI  notes",
            b"ID3 f\xfcr Papa",
            b"\xff\xfb, it said",
            b"\xff\xf1, it said",
            b"OggS f\xfcr Papa",
            b"fLaC f\xfcr Papa",
            b"Yes,moov f\xfcr Papa, and so on",
            b"Yes,ftypisom f\xfcr Papa",
            b"Yes,ftypqt   f\xfcr Papa",
            b"Yes,ftypM4A  f\xfcr Papa",
            b"SQLi f\xfcr Papa",
            b"8BPS f\xfcr Papa",
            b"FWS f\xfcr Papa",
            b"%! f\xfcr Papa",
            b"%PDF f\xfcr Papa",
            b"d\x86, it said",
            b"L\x01, it said",
            b"0\x82, it said",
            b"\x1f\x9d, it said",
            b"\xff\x0a, it said",
        ] {
            assert_eq!(content_type(begin), UNKNOWN, "{}", begin.escape_ascii());
        }
    }
}

//! What must stand behind the first bytes of a file for it to be what these say. The types
//! are those that `infer` guesses, some of them by two or three letters.

/// The longest `ftyp` box that there is: its brands have four bytes each.
const MAX_BRANDS_BYTES: u32 = 1024;
const RIFF_CHUNK: usize = 12;

/// Whether a text is of this type.
pub fn confirms_text(guess: &str, text: &[u8]) -> bool {
    match guess {
        "text/html" | "text/xml" | "application/rtf" => true,
        "text/x-shellscript" => text[2..].trim_ascii_start().starts_with(b"/"),
        "application/pdf" => is_pdf(text),
        "application/postscript" => text.starts_with(b"%!PS"),
        "application/x-x509-ca-cert" => text.starts_with(b"-----BEGIN "),
        // No other begins with a long text.
        _ => false,
    }
}

/// Whether something that is no text is of this type. `file` is how it begins: up to 64 KiB
/// of it at least.
pub fn confirms(guess: &str, file: &[u8]) -> bool {
    match guess {
        "image/png" => file.starts_with(b"\x89PNG\r\n\x1a\n"),
        "image/jpeg" => is_jpeg(file),
        "image/gif" => is_gif(file),
        "image/webp" => is_riff_of(file, b"WEBP", &[b"VP8 ", b"VP8L", b"VP8X"]),
        "image/bmp" => is_bmp(file),
        "image/vnd.adobe.photoshop" => file.starts_with(b"8BPS\0"),
        "image/vnd.ms-photo" => file.starts_with(b"II\xbc\x01"),
        "image/jxl" => file.starts_with(b"\0\0\0\x0cJXL "),
        // The version is followed by nothing.
        "image/vnd.dwg" => file.get(6..11) == Some(&[0; 5]),
        "audio/mpeg" => has_id3(file) || is_mp3_frame(file),
        "audio/aac" => is_adts_frame(file),
        "audio/ogg" | "audio/opus" | "video/ogg" => file.starts_with(b"OggS\0"),
        "audio/x-flac" => file.starts_with(b"fLaC") && matches!(file.get(4), Some(0 | 0x80)),
        "audio/x-wav" => is_riff_of(
            file,
            b"WAVE",
            &[b"fmt ", b"JUNK", b"junk", b"bext", b"LIST", b"fact", b"ds64", b"PAD ", b"FLLR"],
        ),
        "video/x-msvideo" => is_riff_of(file, b"AVI ", &[b"LIST", b"JUNK"]),
        "audio/m4a" | "video/x-m4v" | "video/mp4" => has_brands(file),
        "video/quicktime" => has_brands(file) || is_old_movie(file),
        "audio/midi" => file.starts_with(b"MThd\0\0\0\x06"),
        "audio/x-ape" => file.starts_with(b"MAC ") && file.get(5).is_some_and(|high| *high < 0x20),
        "audio/x-dsf" => file.starts_with(b"DSD \x1c\0\0\0"),
        "application/pdf" => is_pdf(file),
        "application/postscript" => file.starts_with(b"%!PS"),
        "application/x-shockwave-flash" => file.get(3).is_some_and(|version| *version < 0x20),
        "application/x-bzip2" => file.get(4..10) == Some(b"\x31\x41\x59\x26\x53\x59"),
        "application/vnd.sqlite3" => file.starts_with(b"SQLite format 3\0"),
        "application/x-lzip" => file.get(4).is_some_and(|version| *version < 2),
        "application/vnd.ms-cab-compressed" => file.get(4..8) == Some(&[0; 4]),
        "application/x-google-chrome-extension" => file.get(5..8) == Some(&[0; 3]),
        "application/vnd.microsoft.portable-executable" => is_windows_program(file),
        "application/x-executable" => file.starts_with(b"\x7fELF"),
        "application/x-llvm" => file.starts_with(b"BC\xc0\xde"),
        // One sequence in another.
        "application/x-x509-ca-cert" => file.get(4) == Some(&0x30),
        "application/font-sfnt" => file.get(4) == Some(&0),
        "application/font-woff" => {
            matches!(file.get(4..8), Some(b"\0\x01\0\0" | b"OTTO" | b"true"))
        }
        "application/x-cpio" => file.starts_with(b"07070"),
        // By two bytes, of which more cannot be told.
        "application/x-compress" => false,
        _ => true,
    }
}

/// The first marker, then one that may follow, with its length.
fn is_jpeg(file: &[u8]) -> bool {
    // Any number of these may fill the space before a marker.
    let fill = file.iter().skip(2).take_while(|byte| **byte == 0xff).count();
    match file.get(2 + fill..) {
        Some([marker, high, low, ..]) => {
            let is_segment = matches!(marker, 0xc0..=0xcf | 0xda..=0xef | 0xfe);
            file.starts_with(b"\xff\xd8\xff")
                && is_segment
                && u16::from_be_bytes([*high, *low]) >= 2
        }
        _ => false,
    }
}

/// The screen with its palette, then an extension that there is, a frame with a code
/// size that there can be, or the end.
fn is_gif(file: &[u8]) -> bool {
    const SCREEN_BYTES: usize = 13;
    const FRAME_BYTES: usize = 10;
    let palette = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    let Some(flags) = file.get(10) else { return false };
    let rest = file.get(SCREEN_BYTES + palette(*flags)..).unwrap_or_default();
    let fits = match rest {
        [b'!', label, ..] => matches!(label, 0x01 | 0xf9 | 0xfe | 0xff),
        [b',', ..] => rest
            .get(FRAME_BYTES - 1)
            .and_then(|flags| rest.get(FRAME_BYTES + palette(*flags)))
            .is_some_and(|code_size| (1..=12).contains(code_size)),
        [b';', ..] => true,
        _ => false,
    };
    fits && (file.starts_with(b"GIF87a") || file.starts_with(b"GIF89a"))
}

fn is_riff_of(file: &[u8], form: &[u8], first_chunks: &[&[u8; 4]]) -> bool {
    let chunk = file.get(RIFF_CHUNK..RIFF_CHUNK + 4);
    file.starts_with(b"RIFF")
        && file.get(8..RIFF_CHUNK) == Some(form)
        && chunk.is_some_and(|chunk| first_chunks.iter().any(|name| name.as_slice() == chunk))
}

/// Nothing in the reserved bytes, and one of the headers that there are.
fn is_bmp(file: &[u8]) -> bool {
    let header = file.get(14..18).and_then(|bytes| bytes.first_chunk());
    file.get(6..10) == Some(&[0; 4])
        && header.is_some_and(|bytes| {
            matches!(u32::from_le_bytes(*bytes), 12 | 16 | 40 | 52 | 56 | 64 | 108 | 124)
        })
}

/// A version, flags, and a length of which each byte has seven bits.
fn has_id3(file: &[u8]) -> bool {
    match file.first_chunk::<10>() {
        Some([b'I', b'D', b'3', version, _, flags, length @ ..]) => {
            (2..=4).contains(version)
                && flags.trailing_zeros() >= 4
                && length.iter().all(|byte| *byte < 0x80)
        }
        _ => false,
    }
}

/// A frame of MPEG layer III, and another behind it.
fn is_mp3_frame(file: &[u8]) -> bool {
    /// In kbit/s, of MPEG 1 and 2.
    const BIT_RATES: [[usize; 14]; 2] = [
        [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
        [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ];
    const SAMPLE_RATES: [[usize; 3]; 2] = [[44_100, 48_000, 32_000], [22_050, 24_000, 16_000]];
    let [0xff, kind @ (0xf2 | 0xf3 | 0xfb), rates, ..] = file else { return false };
    let version = usize::from(*kind != 0xfb);
    // The first says that the rate is another.
    let bits = usize::from(rates >> 4).checked_sub(1).and_then(|at| BIT_RATES[version].get(at));
    let samples = SAMPLE_RATES[version].get(usize::from((rates >> 2) & 3));
    let (Some(bits), Some(samples)) = (bits, samples) else { return false };
    let padding = usize::from((rates >> 1) & 1);
    let times = if version == 0 { 144_000 } else { 72_000 };
    is_followed(file, times * bits / samples + padding)
}

/// A frame of AAC: a sample rate that there is, a length, and another behind it.
fn is_adts_frame(file: &[u8]) -> bool {
    let [0xff, 0xf1 | 0xf9, profile, a, b, c, ..] = file else { return false };
    let length = (u32::from_be_bytes([0, *a, *b, *c]) >> 5) & 0x1fff;
    let length = usize::try_from(length).unwrap_or_default();
    (profile >> 2) & 0xf < 13 && length > 7 && is_followed(file, length)
}

/// Whether another frame follows one of this length, or the end.
fn is_followed(file: &[u8], length: usize) -> bool {
    length == file.len() || file.get(length) == Some(&0xff)
}

/// The first box of a film or sound: the brands, and how long they are.
fn has_brands(file: &[u8]) -> bool {
    let length = file.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
    file.get(4..8) == Some(b"ftyp") && (16..=MAX_BRANDS_BYTES).contains(&length)
}

/// A film from before there were brands: a box of less than 16 MiB, or whose length stands
/// behind its name.
fn is_old_movie(file: &[u8]) -> bool {
    let is_box = |at: usize| {
        let name = file.get(at + 4..at + 8);
        let length = file.get(at..at + 4).and_then(|bytes| bytes.first_chunk());
        let length = length.map_or(0, |bytes| u32::from_be_bytes(*bytes));
        let is_long_enough = length == 1 || (8..1 << 24).contains(&length);
        matches!(name, Some(b"moov" | b"mdat" | b"wide" | b"free" | b"skip")) && is_long_enough
    };
    is_box(0) && (file.get(4..8) != Some(b"wide") || is_box(8))
}

/// A version, and the end of its line.
fn is_pdf(file: &[u8]) -> bool {
    match file {
        [b'%', b'P', b'D', b'F', b'-', major, b'.', minor, end, ..] => {
            major.is_ascii_digit() && minor.is_ascii_digit() && end.is_ascii_whitespace()
        }
        _ => false,
    }
}

/// The header of DOS says where that of Windows is.
fn is_windows_program(file: &[u8]) -> bool {
    let at = file.get(0x3c..0x40).and_then(|bytes| bytes.first_chunk());
    let at = at.and_then(|bytes| usize::try_from(u32::from_le_bytes(*bytes)).ok());
    at.and_then(|at| file.get(at..)?.get(..4)) == Some(b"PE\0\0")
}

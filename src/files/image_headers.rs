//! What makes an image larger in memory than its size in pixels says. All of it is
//! read without decoding a pixel.

use std::io::Cursor;

use gif::{DecodeOptions, Repeat};

use super::animations::Repeats;
use crate::error::{Error, Result};

/// Bytes of a coefficient of a JPEG.
const COEFFICIENT_BYTES: u64 = 2;
/// More components than this no JPEG has that is decoded.
const MAX_COMPONENTS: u8 = 4;
const START_OF_SCAN: u8 = 0xda;
/// The markers of frame headers: baseline, extended and progressive.
const START_OF_FRAME: [u8; 3] = [0xc0, 0xc1, PROGRESSIVE];
const PROGRESSIVE: u8 = 0xc2;

/// Another name under which a GIF says how often it is repeated: after it the length
/// and the kind of what is said.
const ANIMATION_EXTENSION: &[u8] = b"!\xff\x0bANIMEXTS1.0\x03\x01";

/// What a GIF says of its frames: the pixels, of which a frame may have more than the
/// screen, and the repeats.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GifFrames {
    pub first: u64,
    pub largest: u64,
    /// Of all frames together; each counts at least as much as the screen.
    pub total: u64,
    pub repeats: Repeats,
}

impl GifFrames {
    /// Reads the frames' headers up to the first that is not one: the decoder gets no
    /// further either.
    pub fn read(gif: &[u8]) -> Result<Self> {
        let mut options = DecodeOptions::new();
        options.skip_frame_decoding(true);
        let mut decoder = options.read_info(Cursor::new(gif)).map_err(|_| Error::ImageInvalid)?;
        let screen = u64::from(decoder.width()) * u64::from(decoder.height());
        let mut frames = Self::default();
        while let Ok(Some(frame)) = decoder.next_frame_info() {
            let pixels = u64::from(frame.width) * u64::from(frame.height);
            if frames.total == 0 {
                frames.first = pixels;
            }
            frames.largest = frames.largest.max(pixels);
            frames.total = frames.total.saturating_add(pixels.max(screen));
        }
        frames.repeats = match decoder.repeat() {
            Repeat::Infinite => Some(0),
            Repeat::Finite(0) => said_otherwise(gif),
            Repeat::Finite(times) => Some(times),
        };
        Ok(frames)
    }
}

/// The repeats, where the decoder does not look for them.
fn said_otherwise(gif: &[u8]) -> Repeats {
    let at = gif.windows(ANIMATION_EXTENSION.len()).position(|name| name == ANIMATION_EXTENSION)?;
    let times = gif.get(at + ANIMATION_EXTENSION.len()..)?.first_chunk()?;
    Some(u16::from_le_bytes(*times))
}

/// Bytes that the decoder of a JPEG keeps for each pixel until the last one is there,
/// beside its result. They are the coefficients of an image that comes in several
/// scans: of a progressive one, or of a baseline one with its components apart.
///
/// Looks for the markers anywhere in the file, so that it cannot lose its way where
/// the decoder does not. They stand nowhere in the pixels. In a preview or behind the
/// image they may make it count for more than it takes.
pub fn jpeg_coefficient_bytes(jpeg: &[u8]) -> u64 {
    let mut components = 0;
    let mut is_progressive = false;
    let mut smallest_scan = u8::MAX;
    for (at, _) in jpeg.windows(2).enumerate().filter(|(_, pair)| pair[0] == 0xff) {
        let byte = |offset: usize| jpeg.get(at + offset).copied();
        match byte(1) {
            // After the length.
            Some(START_OF_SCAN) => smallest_scan = smallest_scan.min(byte(4).unwrap_or(0)),
            // After length, depth, height and width.
            Some(marker) if START_OF_FRAME.contains(&marker) => {
                is_progressive |= marker == PROGRESSIVE;
                components = components.max(byte(9).unwrap_or(0)).min(MAX_COMPONENTS);
            }
            _ => {}
        }
    }
    if is_progressive || smallest_scan < components {
        u64::from(components) * COEFFICIENT_BYTES
    } else {
        0
    }
}

/// Refuses a WebP with a lossy frame that is larger than the image: its decoder makes
/// room for the frame before it compares the two. Looks for frames anywhere in the
/// file, for the same reason as above.
pub fn check_webp_frames(webp: &[u8], (width, height): (u32, u32)) -> Result<()> {
    // The chunk's name and length, the frame's tag, its start code and size.
    const HEADER: usize = 18;
    for header in webp.windows(HEADER).filter(|header| header.starts_with(b"VP8 ")) {
        if header[11..14] != [0x9d, 0x01, 0x2a] {
            continue;
        }
        // The two highest bits of each say how to scale it.
        let side = |at: usize| u32::from(u16::from_le_bytes([header[at], header[at + 1]]) & 0x3fff);
        if side(14) > width || side(16) > height {
            return Err(Error::ImageInvalid);
        }
    }
    Ok(())
}

/// Whether a WebP has a chunk of transparency, which is decoded by itself.
pub fn has_alpha_chunk(webp: &[u8]) -> bool {
    webp.windows(4).any(|name| name == b"ALPH")
}

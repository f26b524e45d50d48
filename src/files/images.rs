//! Images are never passed on as they came: they are decoded and encoded anew,
//! so that nothing but the picture is left of them.

use std::io::Cursor;

use image::{
    AnimationDecoder as _, DynamicImage, ImageDecoder, ImageEncoder, ImageError, Limits,
    codecs::{
        gif::GifDecoder,
        jpeg::{JpegDecoder, JpegEncoder},
        png::{PngDecoder, PngEncoder},
        webp::WebPDecoder,
    },
    imageops::FilterType,
    metadata::Orientation,
};

use super::{
    animations,
    apng::{self, Animation},
    bounded::Bounded,
    colors::{self, InkDecoder},
    image_headers::{GifFrames, check_webp_frames, has_alpha_chunk, jpeg_coefficient_bytes},
    png_chunks::{self, without_metadata},
};
use crate::error::{Error, Result};

/// Longer side of the thumbnails, in pixels.
const SMALL: u32 = 320;
const LARGE: u32 = 1_280;
/// Side of a photo or picture, and of its thumbnail.
const SQUARE: u32 = 512;
const SQUARE_SMALL: u32 = 128;
/// What a header may say of a side.
const SIDE: u32 = 16_384;
/// Of all frames of an animation together.
pub(super) const ANIMATION_PIXELS: u64 = 250_000_000;
const JPEG_QUALITY: u8 = 88;
/// Color profiles are kept up to this size: larger than any that a camera or
/// program writes.
pub(super) const PROFILE_BYTES: usize = 64 * 1024;
/// Memory for each pixel of the largest image, as `files.image_pixels` says.
const PIXEL_BYTES: u64 = 12;
/// Memory that any image may take.
const FREE_BYTES: u64 = 48 << 20;
/// What takes more may be so many times as large as its file. Photos and drawings
/// stay far below it; flat colors, packed a thousand times over, do not.
const PACKED_TIMES: u64 = 200;
/// A frame of an animated PNG as it is decoded, and as it is encoded, which may be twice
/// before it is the file's.
const APNG_FRAMES: u64 = 3;
/// Memory for each pixel of a GIF's frame: its colors, and which they are in the
/// palette. The same for a still one, beside the image.
const GIF_PIXEL_BYTES: u64 = 5;
/// What the reader of a PNG may need beside the image: rows and small chunks.
const PNG_READER_BYTES: u64 = 16 << 20;

const PNG: &str = "image/png";
const JPEG: &str = "image/jpeg";
pub(super) const GIF: &str = "image/gif";
const WEBP: &str = "image/webp";

/// What an image may be.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    pub pixels: u64,
    /// As it is kept: encoded anew, it may be larger than it came.
    pub bytes: usize,
}

/// An image in its new form.
#[derive(Debug)]
pub struct ProcessedImage {
    pub original: Encoded,
    pub width: i32,
    pub height: i32,
    pub small: Encoded,
    /// None of a photo or picture.
    pub large: Option<Encoded>,
}

#[derive(Debug)]
pub struct Encoded {
    pub content_type: &'static str,
    pub bytes: Vec<u8>,
}

/// Whether a file of this type is decoded; others stay as they are.
#[must_use]
pub fn is_image(content_type: &str) -> bool {
    [PNG, JPEG, GIF, WEBP].contains(&content_type)
}

/// An image as a message has it.
pub fn prepare(bytes: &[u8], content_type: &str, bounds: Bounds) -> Result<ProcessedImage> {
    match content_type {
        GIF => {
            let decoder = GifDecoder::new(Cursor::new(bytes)).map_err(invalid)?;
            let frames = GifFrames::read(bytes)?;
            if frames.total > ANIMATION_PIXELS {
                return Err(Error::ImageTooLarge);
            }
            let beyond = frames.largest.saturating_sub(pixels(&decoder));
            let beside = beyond * GIF_PIXEL_BYTES;
            animations::prepare(decoder, frames.repeats, bytes.len(), beside, bounds)
        }
        WEBP if webp(bytes)?.has_animation() => {
            let decoder = webp(bytes)?;
            let repeats = animations::repeats(decoder.loop_count());
            animations::prepare(decoder, repeats, bytes.len(), 0, bounds)
        }
        PNG if let Some(animation) = png_chunks::animation(bytes) => {
            animated_png(bytes, animation, bounds)
        }
        _ => {
            let picture = still(bytes, content_type, bounds)?;
            let lossless = content_type == PNG || picture.image.color().has_alpha();
            let original = picture.encoded(&picture.image, lossless)?;
            if original.bytes.len() > bounds.bytes {
                return Err(Error::ImageTooLarge);
            }
            picture.prepared(original)
        }
    }
}

/// The picture is the image that is shown where nothing moves.
fn animated_png(bytes: &[u8], animation: Animation, bounds: Bounds) -> Result<ProcessedImage> {
    let mut decoder = png(bytes, bounds)?;
    check(&mut decoder, bounds)?;
    let frame = decoder.total_bytes();
    let total = pixels(&decoder).saturating_mul(u64::from(animation.images()));
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    drop(decoder);
    if total > ANIMATION_PIXELS {
        return Err(Error::ImageTooLarge);
    }
    check_memory(frame.saturating_mul(APNG_FRAMES), bytes.len(), bounds)?;
    let picture = still(bytes, PNG, bounds)?;
    let mut prepared = picture.prepared(Encoded { content_type: PNG, bytes: vec![] })?;
    drop(picture);
    let mut out = Bounded::new(bounds.bytes);
    let kept = png_chunks::with_animation(bytes);
    let reader_bytes = usize::try_from(PNG_READER_BYTES).map_err(Error::internal)?;
    apng::encode(&kept, animation, orientation, reader_bytes, &mut out)?;
    prepared.original.bytes = out.into_bytes().ok_or(Error::ImageTooLarge)?;
    Ok(prepared)
}

/// The middle of an image, square, in the two sizes of a photo. Both have the
/// same type. It is never enlarged.
pub fn square(bytes: &[u8], content_type: &str, bounds: Bounds) -> Result<ProcessedImage> {
    let picture = still(bytes, content_type, bounds)?;
    let side = picture.image.width().min(picture.image.height());
    let cut = |to: u32| {
        let to = to.min(side);
        picture.encoded(
            &picture.image.resize_to_fill(to, to, FilterType::Triangle),
            picture.image.color().has_alpha(),
        )
    };
    let shown = i32::try_from(SQUARE.min(side)).map_err(Error::internal)?;
    Ok(ProcessedImage {
        original: cut(SQUARE)?,
        width: shown,
        height: shown,
        small: cut(SQUARE_SMALL)?,
        large: None,
    })
}

/// An upright image with its color profile, if that describes its pixels.
pub(super) struct Picture {
    pub image: DynamicImage,
    pub profile: Option<Vec<u8>>,
}

impl Picture {
    /// With its thumbnails.
    pub(super) fn prepared(&self, original: Encoded) -> Result<ProcessedImage> {
        let (width, height) = (self.image.width(), self.image.height());
        let within = |side: u32| -> Result<Encoded> {
            if width <= side && height <= side {
                return self.encoded(&self.image, self.image.color().has_alpha());
            }
            let smaller = self.image.thumbnail(side, side);
            self.encoded(&smaller, smaller.color().has_alpha())
        };
        let side = |pixels: u32| i32::try_from(pixels).map_err(Error::internal);
        Ok(ProcessedImage {
            small: within(SMALL)?,
            large: Some(within(LARGE)?),
            width: side(width)?,
            height: side(height)?,
            original,
        })
    }

    fn encoded(&self, image: &DynamicImage, lossless: bool) -> Result<Encoded> {
        let mut bytes = Vec::new();
        if lossless {
            let mut encoder = PngEncoder::new(&mut bytes);
            if let Some(profile) = &self.profile {
                encoder.set_icc_profile(profile.clone()).map_err(Error::internal)?;
            }
            image.write_with_encoder(encoder).map_err(Error::internal)?;
            return Ok(Encoded { content_type: PNG, bytes });
        }
        let mut encoder = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
        if let Some(profile) = &self.profile {
            encoder.set_icc_profile(profile.clone()).map_err(Error::internal)?;
        }
        // JPEG knows 8 bits of grey or of three colors.
        match image {
            DynamicImage::ImageLuma8(_) | DynamicImage::ImageRgb8(_) => {
                image.write_with_encoder(encoder).map_err(Error::internal)?;
            }
            other if other.color().has_color() => {
                other.to_rgb8().write_with_encoder(encoder).map_err(Error::internal)?;
            }
            // The profile is one of grey pixels.
            grey => grey.to_luma8().write_with_encoder(encoder).map_err(Error::internal)?,
        }
        Ok(Encoded { content_type: JPEG, bytes })
    }
}

fn webp(bytes: &[u8]) -> Result<WebPDecoder<Cursor<&[u8]>>> {
    let decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(invalid)?;
    check_webp_frames(bytes, decoder.dimensions())?;
    Ok(decoder)
}

/// A PNG without what moves.
fn png(bytes: &[u8], bounds: Bounds) -> Result<PngDecoder<Cursor<Vec<u8>>>> {
    // Its reader allocates by the header before it can be asked.
    let mut reader = limits(bounds);
    reader.max_alloc = Some(PNG_READER_BYTES);
    PngDecoder::with_limits(Cursor::new(without_metadata(bytes)), reader).map_err(invalid)
}

/// Of a whole image, or of an animation's screen.
pub(super) fn pixels(decoder: &impl ImageDecoder) -> u64 {
    let (width, height) = decoder.dimensions();
    u64::from(width) * u64::from(height)
}

/// Decodes one image: of an animation the first.
fn still(bytes: &[u8], content_type: &str, bounds: Bounds) -> Result<Picture> {
    let (from, packed) = (Cursor::new(bytes), bytes.len());
    match content_type {
        PNG => decode(png(bytes, bounds)?, packed, 0, bounds),
        JPEG => {
            let decoder = JpegDecoder::new(from).map_err(invalid)?;
            let beside = jpeg_coefficient_bytes(bytes);
            if let Some(inks) = InkDecoder::new(bytes).map_err(invalid)? {
                let beside = pixels(&inks) * (beside + InkDecoder::BESIDE);
                return decode(inks, packed, beside, bounds);
            }
            let beside = pixels(&decoder) * beside;
            decode(decoder, packed, beside, bounds)
        }
        GIF => {
            let decoder = GifDecoder::new(from).map_err(invalid)?;
            let beside = GifFrames::read(bytes)?.first * GIF_PIXEL_BYTES;
            decode(decoder, packed, beside, bounds)
        }
        WEBP => {
            let decoder = webp(bytes)?;
            // Decoded to four bytes first; transparency of its own likewise.
            let beside = pixels(&decoder) * if has_alpha_chunk(bytes) { 7 } else { 4 };
            decode(decoder, packed, beside, bounds)
        }
        _ => Err(Error::ImageInvalid),
    }
}

/// Decodes a file of so many bytes, by a decoder that takes `beside` bytes beside
/// its result.
fn decode(
    mut decoder: impl ImageDecoder,
    packed: usize,
    beside: u64,
    bounds: Bounds,
) -> Result<Picture> {
    check(&mut decoder, bounds)?;
    // Neither is worth refusing an image.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = decoder.icc_profile().ok().flatten();
    // Sixteen bits are turned around in a copy when they are encoded.
    let color = decoder.color_type();
    let copies = if color.bytes_per_pixel() > color.channel_count() { 2 } else { 1 };
    let decoded = decoder.total_bytes();
    let while_decoding = decoded.saturating_mul(copies).saturating_add(beside);
    // What lies on its side is stood up in a copy, once the decoder is gone.
    let while_turning = if is_turned(orientation) { decoded.saturating_mul(2) } else { 0 };
    check_memory(while_decoding.max(while_turning), packed, bounds)?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(invalid)?;
    image.apply_orientation(orientation);
    let is_kept =
        |profile: &Vec<u8>| profile.len() <= PROFILE_BYTES && colors::fits(profile, color);
    Ok(Picture { image, profile: profile.filter(is_kept) })
}

/// Whether width and height change places.
pub(super) fn is_turned(orientation: Orientation) -> bool {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    matches!(orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH)
}

/// Refuses by the header, before anything is decoded.
pub(super) fn check(decoder: &mut impl ImageDecoder, bounds: Bounds) -> Result<()> {
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(Error::ImageInvalid);
    }
    if u64::from(width) * u64::from(height) > bounds.pixels {
        return Err(Error::ImageTooLarge);
    }
    decoder.set_limits(limits(bounds)).map_err(invalid)
}

/// Refuses a small file that would take much memory, and what would take more
/// than any image may.
pub(super) fn check_memory(needed: u64, packed: usize, bounds: Bounds) -> Result<()> {
    let packed = u64::try_from(packed).map_err(Error::internal)?;
    let fits = needed <= FREE_BYTES.max(packed.saturating_mul(PACKED_TIMES));
    if fits && needed <= bounds.pixels.saturating_mul(PIXEL_BYTES) {
        return Ok(());
    }
    Err(Error::ImageTooLarge)
}

fn limits(bounds: Bounds) -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(SIDE);
    limits.max_image_height = Some(SIDE);
    // Two buffers of the widest pixels: a decoder needs a little beside its
    // result.
    limits.max_alloc = Some(bounds.pixels.saturating_mul(16));
    limits
}

#[expect(clippy::needless_pass_by_value, reason = "it serves map_err")]
pub(super) fn invalid(error: ImageError) -> Error {
    match error {
        ImageError::Limits(_) => Error::ImageTooLarge,
        _ => Error::ImageInvalid,
    }
}

pub(super) fn unwritten(error: ImageError) -> Error {
    match error {
        // Memory itself refuses nothing.
        ImageError::IoError(_) => Error::ImageTooLarge,
        other => Error::internal(other),
    }
}

#[cfg(test)]
#[path = "images_tests.rs"]
mod tests;

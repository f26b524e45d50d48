//! Images are never passed on as they came: they are decoded and encoded anew,
//! so that nothing but the picture is left of them.

use std::io::{self, Cursor, Write};

use image::{
    AnimationDecoder, DynamicImage, ImageDecoder, ImageEncoder, ImageError, Limits,
    codecs::{
        gif::{GifDecoder, GifEncoder, Repeat},
        jpeg::{JpegDecoder, JpegEncoder},
        png::{PngDecoder, PngEncoder},
        webp::WebPDecoder,
    },
    imageops::FilterType,
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
const ANIMATION_PIXELS: u64 = 250_000_000;
const JPEG_QUALITY: u8 = 88;
/// Colour profiles are kept up to this size: larger than any that a camera or
/// program writes.
const PROFILE_BYTES: usize = 64 * 1024;

const PNG: &str = "image/png";
const JPEG: &str = "image/jpeg";
const GIF: &str = "image/gif";
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
pub struct Prepared {
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
pub fn prepare(bytes: &[u8], content_type: &str, bounds: Bounds) -> Result<Prepared> {
    let (picture, original) = match content_type {
        GIF => {
            let decoder = GifDecoder::new(Cursor::new(bytes)).map_err(invalid)?;
            let (picture, bytes) = animation(decoder, bounds)?;
            (picture, Encoded { content_type: GIF, bytes })
        }
        WEBP if webp(bytes)?.has_animation() => {
            let (picture, bytes) = animation(webp(bytes)?, bounds)?;
            (picture, Encoded { content_type: GIF, bytes })
        }
        _ => {
            let picture = still(bytes, content_type, bounds)?;
            let lossless = content_type == PNG || picture.image.color().has_alpha();
            let original = picture.encoded(&picture.image, lossless)?;
            (picture, original)
        }
    };
    if original.bytes.len() > bounds.bytes {
        return Err(Error::ImageTooLarge);
    }
    let (width, height) = (picture.image.width(), picture.image.height());
    let within = |side: u32| -> Result<Encoded> {
        if width <= side && height <= side {
            return picture.encoded(&picture.image, picture.image.color().has_alpha());
        }
        let smaller = picture.image.thumbnail(side, side);
        picture.encoded(&smaller, smaller.color().has_alpha())
    };
    let side = |pixels: u32| i32::try_from(pixels).map_err(Error::internal);
    Ok(Prepared {
        small: within(SMALL)?,
        large: Some(within(LARGE)?),
        width: side(width)?,
        height: side(height)?,
        original,
    })
}

/// The middle of an image, square, in the two sizes of a photo. Both have the
/// same type. It is never enlarged.
pub fn square(bytes: &[u8], content_type: &str, bounds: Bounds) -> Result<Prepared> {
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
    Ok(Prepared {
        original: cut(SQUARE)?,
        width: shown,
        height: shown,
        small: cut(SQUARE_SMALL)?,
        large: None,
    })
}

/// An upright image with its colour profile.
struct Picture {
    image: DynamicImage,
    profile: Option<Vec<u8>>,
}

impl Picture {
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
        // JPEG knows 8 bits of grey or of three colours.
        match image {
            DynamicImage::ImageLuma8(_) | DynamicImage::ImageRgb8(_) => {
                image.write_with_encoder(encoder).map_err(Error::internal)?;
            }
            other => other.to_rgb8().write_with_encoder(encoder).map_err(Error::internal)?,
        }
        Ok(Encoded { content_type: JPEG, bytes })
    }
}

fn webp(bytes: &[u8]) -> Result<WebPDecoder<Cursor<&[u8]>>> {
    WebPDecoder::new(Cursor::new(bytes)).map_err(invalid)
}

/// Decodes one image: of an animation the first.
fn still(bytes: &[u8], content_type: &str, bounds: Bounds) -> Result<Picture> {
    let from = Cursor::new(bytes);
    match content_type {
        // Its reader allocates by the header before it can be asked.
        PNG => {
            let decoder = PngDecoder::with_limits(from, limits(bounds)).map_err(invalid)?;
            decode(decoder, bounds)
        }
        JPEG => decode(JpegDecoder::new(from).map_err(invalid)?, bounds),
        GIF => decode(GifDecoder::new(from).map_err(invalid)?, bounds),
        WEBP => decode(webp(bytes)?, bounds),
        _ => Err(Error::ImageInvalid),
    }
}

fn decode(mut decoder: impl ImageDecoder, bounds: Bounds) -> Result<Picture> {
    check(&mut decoder, bounds)?;
    // Neither is worth refusing an image.
    let orientation = decoder.orientation();
    let profile = decoder.icc_profile().ok().flatten();
    let mut image = DynamicImage::from_decoder(decoder).map_err(invalid)?;
    if let Ok(orientation) = orientation {
        image.apply_orientation(orientation);
    }
    Ok(Picture { image, profile: profile.filter(|profile| profile.len() <= PROFILE_BYTES) })
}

/// Encodes every frame as GIF, one after the other; the first is the picture.
fn animation<'a>(
    mut decoder: impl ImageDecoder + AnimationDecoder<'a>,
    bounds: Bounds,
) -> Result<(Picture, Vec<u8>)> {
    check(&mut decoder, bounds)?;
    let (width, height) = decoder.dimensions();
    let frame_pixels = u64::from(width) * u64::from(height);
    let mut frames = decoder.into_frames();
    let first = frames.next().ok_or(Error::ImageInvalid)?.map_err(invalid)?;
    let picture =
        Picture { image: DynamicImage::ImageRgba8(first.buffer().clone()), profile: None };
    let mut out = Bounded { bytes: Vec::new(), most: bounds.bytes };
    // The speed that its authors advise.
    let mut encoder = GifEncoder::new_with_speed(&mut out, 10);
    let mut next = frames.next();
    if next.is_some() {
        encoder.set_repeat(Repeat::Infinite).map_err(Error::internal)?;
    }
    encoder.encode_frame(first).map_err(unwritten)?;
    let mut pixels = frame_pixels;
    while let Some(frame) = next {
        pixels = pixels.saturating_add(frame_pixels);
        if pixels > ANIMATION_PIXELS {
            return Err(Error::ImageTooLarge);
        }
        encoder.encode_frame(frame.map_err(invalid)?).map_err(unwritten)?;
        next = frames.next();
    }
    drop(encoder);
    Ok((picture, out.bytes))
}

/// Takes nothing more once it has too much: every frame is encoded as a whole,
/// so that a small animation could become a very large one.
struct Bounded {
    bytes: Vec<u8>,
    most: usize,
}

impl Write for Bounded {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.bytes.len() > self.most {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Refuses by the header, before anything is decoded.
fn check(decoder: &mut impl ImageDecoder, bounds: Bounds) -> Result<()> {
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(Error::ImageInvalid);
    }
    if u64::from(width) * u64::from(height) > bounds.pixels {
        return Err(Error::ImageTooLarge);
    }
    decoder.set_limits(limits(bounds)).map_err(invalid)
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
fn invalid(error: ImageError) -> Error {
    match error {
        ImageError::Limits(_) => Error::ImageTooLarge,
        _ => Error::ImageInvalid,
    }
}

fn unwritten(error: ImageError) -> Error {
    match error {
        // Memory itself refuses nothing.
        ImageError::IoError(_) => Error::ImageTooLarge,
        other => Error::internal(other),
    }
}

#[cfg(test)]
#[path = "images_tests.rs"]
mod tests;

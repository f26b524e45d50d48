//! Color profiles: which of them fit the pixels that are kept, and the colors of those that
//! do not.

use std::io::Cursor;

use image::{
    ColorType, ImageDecoder, ImageError, ImageResult, Limits, RgbaImage,
    codecs::jpeg::JpegDecoder,
    error::{DecodingError, ImageFormatHint},
    metadata::Orientation,
};
use moxcms::{ColorProfile, Layout, Transform8BitExecutor, TransformOptions};
use zune_jpeg::zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};

/// Where a profile says what it is for, its colors, and that it is one.
const CLASS: usize = 12;
const SPACE: usize = 16;
const SIGNATURE: usize = 36;
/// Ink and red, green and blue are the same: what shines through all of it.
const INKS: usize = 4;

fn says(profile: &[u8], at: usize, name: &[u8]) -> bool {
    profile.get(at..at + name.len()) == Some(name)
}

/// Whether a profile describes such pixels: grey ones, or of red, green and blue.
pub fn fits(profile: &[u8], color: ColorType) -> bool {
    let space = if color.has_color() { b"RGB " } else { b"GRAY" };
    let is_of_a_device =
        [b"mntr", b"scnr", b"prtr", b"spac"].iter().any(|class| says(profile, CLASS, *class));
    says(profile, SIGNATURE, b"acsp") && says(profile, SPACE, space) && is_of_a_device
}

/// Colors on their way to sRGB, which needs no profile.
struct Conversion(std::sync::Arc<Transform8BitExecutor>);

impl Conversion {
    /// `None` for a profile that cannot be used.
    fn from_profile(profile: &[u8], from: Layout, to: Layout) -> Option<Self> {
        let profile = ColorProfile::new_from_slice(profile).ok()?;
        let srgb = ColorProfile::new_srgb();
        profile.create_transform_8bit(from, &srgb, to, TransformOptions::default()).ok().map(Self)
    }
}

/// Frames with a profile, on their way to a format that has none.
pub struct FrameColors(Option<Conversion>);

impl FrameColors {
    pub fn new(profile: Option<&[u8]>) -> Self {
        let fitting = profile.filter(|profile| fits(profile, ColorType::Rgba8));
        let conversion = |profile| Conversion::from_profile(profile, Layout::Rgba, Layout::Rgba);
        Self(fitting.and_then(conversion))
    }

    /// Makes them those of sRGB.
    pub fn convert(&self, image: &mut RgbaImage) {
        let Some(Conversion(transform)) = &self.0 else { return };
        let row_bytes = usize::try_from(image.width()).unwrap_or_default() * 4;
        let mut converted = vec![0; row_bytes];
        for row in image.chunks_exact_mut(row_bytes.max(1)) {
            if transform.transform(row, &mut converted).is_ok() {
                row.copy_from_slice(&converted);
            }
        }
    }
}

/// Decodes a JPEG of four inks to sRGB, by its profile if it has one that can be used.
pub struct InkDecoder<'a> {
    /// Knows all else of it.
    jpeg: JpegDecoder<Cursor<&'a [u8]>>,
    bytes: &'a [u8],
    space: ColorSpace,
}

impl<'a> InkDecoder<'a> {
    /// `None` for a JPEG of other colors.
    pub fn new(bytes: &'a [u8]) -> ImageResult<Option<Self>> {
        let mut headers = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(bytes), options());
        headers.decode_headers().map_err(unreadable)?;
        match headers.input_colorspace() {
            Some(space @ (ColorSpace::CMYK | ColorSpace::YCCK)) => {
                Ok(Some(Self { jpeg: JpegDecoder::new(Cursor::new(bytes))?, bytes, space }))
            }
            _ => Ok(None),
        }
    }

    /// Bytes for each pixel beside the result.
    pub const BESIDE: u64 = INKS as u64;
}

impl ImageDecoder for InkDecoder<'_> {
    fn dimensions(&self) -> (u32, u32) {
        self.jpeg.dimensions()
    }

    fn color_type(&self) -> ColorType {
        ColorType::Rgb8
    }

    fn orientation(&mut self) -> ImageResult<Orientation> {
        self.jpeg.orientation()
    }

    fn set_limits(&mut self, limits: Limits) -> ImageResult<()> {
        self.jpeg.set_limits(limits)
    }

    fn read_image(mut self, rgb: &mut [u8]) -> ImageResult<()> {
        let profile = self.jpeg.icc_profile()?.filter(|profile| says(profile, SPACE, b"CMYK"));
        let conversion = profile.and_then(|profile| {
            // Inks are laid out like three colors and transparency.
            Conversion::from_profile(&profile, Layout::Rgba, Layout::Rgb)
        });
        let options = options().jpeg_set_out_colorspace(self.space);
        let mut decoder =
            zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(self.bytes), options);
        let mut inks = decoder.decode().map_err(unreadable)?;
        let width = usize::try_from(self.dimensions().0).unwrap_or(usize::MAX);
        for (inks, rgb) in inks.chunks_exact_mut(width * INKS).zip(rgb.chunks_exact_mut(width * 3))
        {
            for pixel in inks.as_chunks_mut::<INKS>().0 {
                *pixel = if self.space == ColorSpace::YCCK {
                    of_luma(*pixel)
                } else {
                    pixel.map(|of| 255 - of)
                };
            }
            let converted = conversion
                .as_ref()
                .is_some_and(|Conversion(transform)| transform.transform(inks, rgb).is_ok());
            if !converted {
                print(inks, rgb);
            }
        }
        Ok(())
    }

    fn read_image_boxed(self: Box<Self>, rgb: &mut [u8]) -> ImageResult<()> {
        (*self).read_image(rgb)
    }
}

/// The inks of luma, chroma and black. All programs that write them write the opposite of an
/// ink, and so does what comes of it here.
fn of_luma([luma, blue, red, black]: [u8; INKS]) -> [u8; INKS] {
    let (luma, blue, red) = (f32::from(luma), f32::from(blue) - 128.0, f32::from(red) - 128.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is clamped")]
    let byte = |value: f32| value.round().clamp(0.0, 255.0) as u8;
    [
        byte(luma + 1.402 * red),
        byte(luma - 0.344_136 * blue - 0.714_136 * red),
        byte(luma + 1.772 * blue),
        255 - black,
    ]
}

/// What is seen of inks of which no more is known: what passes both a color's and the black.
fn print(inks: &[u8], rgb: &mut [u8]) {
    for (inks, rgb) in inks.as_chunks::<INKS>().0.iter().zip(rgb.as_chunks_mut::<3>().0) {
        let passes = |ink: u8| u32::from(255 - ink);
        for (ink, color) in inks.iter().zip(rgb) {
            let seen = (passes(*ink) * passes(inks[3]) + 127) / 255;
            *color = u8::try_from(seen).unwrap_or(u8::MAX);
        }
    }
}

fn options() -> DecoderOptions {
    DecoderOptions::default()
        .set_strict_mode(false)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX)
}

fn unreadable(error: zune_jpeg::errors::DecodeErrors) -> ImageError {
    ImageError::Decoding(DecodingError::new(
        ImageFormatHint::Exact(image::ImageFormat::Jpeg),
        error,
    ))
}

#[cfg(test)]
#[path = "colors_tests.rs"]
mod tests;

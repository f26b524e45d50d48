//! Animated PNGs. Each frame is decoded and encoded anew as it lies on the one before, so
//! that nothing of it is lost: not its colors or transparency, nor how long it lasts.

use std::io::{Cursor, Write};

use image::{ColorType, metadata::Orientation};
use png::{
    Compression, Decoder, DecodingError, Encoder, EncodingError, Filter, FrameControl, Info,
    InterlaceInfo, Limits, Reader, Transformations, Writer,
};

use super::{colors, images::PROFILE_BYTES};
use crate::error::{Error, Result};

/// What the chunks before the pixels say of an animation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Animation {
    pub frames: u32,
    /// 0 is for ever.
    pub plays: u32,
    /// The image itself is none of the frames: it is shown where nothing moves.
    pub has_still: bool,
}

impl Animation {
    /// Images in the file.
    pub fn images(self) -> u32 {
        self.frames.saturating_add(u32::from(self.has_still))
    }
}

type Input<'a> = Reader<Cursor<&'a [u8]>>;

/// Encodes an animation anew. Its reader may take so many bytes beside a frame.
pub fn encode<W: Write>(
    png: &[u8],
    animation: Animation,
    orientation: Orientation,
    reader_bytes: usize,
    out: W,
) -> Result<()> {
    let limits = Limits { bytes: reader_bytes };
    let mut decoder = Decoder::new_with_limits(Cursor::new(png), limits);
    // Pixels that share a byte cannot be turned.
    let is_upright = orientation == Orientation::NoTransforms;
    let form = if is_upright { Transformations::IDENTITY } else { Transformations::EXPAND };
    decoder.set_transformations(form);
    let mut reader = decoder.read_info().map_err(unread)?;
    let canvas = reader.info().size();
    let mut writer = writer(&reader, animation, orientation, out)?;
    for image in 0..animation.images() {
        if image > 0 {
            reader.next_frame_info().map_err(unread)?;
        }
        let control = reader.info().frame_control.filter(|_| image > 0 || !animation.has_still);
        let size = control.map_or(canvas, |control| (control.width, control.height));
        let mut pixels = read_frame(&mut reader, size)?;
        if !is_upright {
            pixels = turned(&pixels, size, orientation);
        }
        if let Some(control) = control {
            describe_frame(&mut writer, control, canvas, orientation).map_err(unwritten)?;
        }
        writer.write_image_data(&pixels).map_err(unwritten)?;
    }
    writer.finish().map_err(unwritten)
}

/// Writes what stands before the frames.
fn writer<W: Write>(
    reader: &Input<'_>,
    animation: Animation,
    orientation: Orientation,
    out: W,
) -> Result<Writer<W>> {
    let info = reader.info();
    let (color, depth) = reader.output_color_type();
    let (width, height) = place(orientation, info.size(), (0, 0)).0;
    let mut new = Info::with_size(width, height);
    (new.color_type, new.bit_depth) = (color, depth);
    if (color, depth) == (info.color_type, info.bit_depth) {
        new.palette.clone_from(&info.palette);
        new.trns = info.trns.as_ref().map(|trns| {
            // The reader keeps one byte of each two where one is enough.
            let is_short = color != png::ColorType::Indexed && depth != png::BitDepth::Sixteen;
            if is_short { trns.iter().flat_map(|byte| [0, *byte]).collect() } else { trns.clone() }
        });
    }
    let is_grey = matches!(color, png::ColorType::Grayscale | png::ColorType::GrayscaleAlpha);
    let kind = if is_grey { ColorType::L8 } else { ColorType::Rgb8 };
    let fits = |profile: &&std::borrow::Cow<'_, [u8]>| {
        profile.len() <= PROFILE_BYTES && colors::fits(profile, kind)
    };
    new.icc_profile = info.icc_profile.as_ref().filter(fits).cloned();
    let mut encoder = Encoder::with_info(out, new).map_err(unwritten)?;
    // As still images are, but of few colors better.
    if color == png::ColorType::Indexed {
        encoder.set_compression(Compression::Balanced);
        encoder.set_filter(Filter::NoFilter);
    } else {
        encoder.set_compression(Compression::Fast);
        encoder.set_filter(Filter::Adaptive);
    }
    encoder.set_animated(animation.frames, animation.plays).map_err(unwritten)?;
    encoder.set_sep_def_img(animation.has_still).map_err(unwritten)?;
    encoder.write_header().map_err(unwritten)
}

/// The pixels of the next frame, row by row.
fn read_frame(reader: &mut Input<'_>, (width, height): (u32, u32)) -> Result<Vec<u8>> {
    let row_bytes = reader.output_line_size(width).ok_or(Error::ImageTooLarge)?;
    let rows = usize::try_from(height).map_err(Error::internal)?;
    let mut pixels = vec![0; row_bytes.saturating_mul(rows)];
    if !reader.info().interlaced {
        for row in pixels.chunks_exact_mut(row_bytes) {
            reader.read_row(row).map_err(unread)?;
        }
        return Ok(pixels);
    }
    let (color, depth) = reader.output_color_type();
    let samples = u8::try_from(color.samples()).map_err(Error::internal)?;
    while let Some(row) = reader.next_interlaced_row().map_err(unread)? {
        if let InterlaceInfo::Adam7(place) = row.interlace() {
            png::expand_interlaced_row(
                &mut pixels,
                row_bytes,
                row.data(),
                place,
                samples * depth as u8,
            );
        }
    }
    Ok(pixels)
}

/// Says of the next frame where it lies, how it is laid on the others, and how long it lasts.
fn describe_frame<W: Write>(
    writer: &mut Writer<W>,
    control: FrameControl,
    canvas: (u32, u32),
    orientation: Orientation,
) -> Result<(), EncodingError> {
    let (left, top) = (control.x_offset, control.y_offset);
    let (right, bottom) = (left + control.width - 1, top + control.height - 1);
    let (_, one) = place(orientation, canvas, (left, top));
    let (_, other) = place(orientation, canvas, (right, bottom));
    writer.reset_frame_position()?;
    writer.set_frame_dimension(one.0.abs_diff(other.0) + 1, one.1.abs_diff(other.1) + 1)?;
    writer.set_frame_position(one.0.min(other.0), one.1.min(other.1))?;
    writer.set_frame_delay(control.delay_num, control.delay_den)?;
    writer.set_blend_op(control.blend_op)?;
    writer.set_dispose_op(control.dispose_op)
}

/// The size of something that is stood up, and where a pixel of it comes to lie.
fn place(
    orientation: Orientation,
    (width, height): (u32, u32),
    (x, y): (u32, u32),
) -> ((u32, u32), (u32, u32)) {
    let (right, below) = (width - 1 - x, height - 1 - y);
    match orientation {
        Orientation::NoTransforms => ((width, height), (x, y)),
        Orientation::FlipHorizontal => ((width, height), (right, y)),
        Orientation::FlipVertical => ((width, height), (x, below)),
        Orientation::Rotate180 => ((width, height), (right, below)),
        Orientation::Rotate90 => ((height, width), (below, x)),
        Orientation::Rotate270 => ((height, width), (y, right)),
        Orientation::Rotate90FlipH => ((height, width), (y, x)),
        Orientation::Rotate270FlipH => ((height, width), (below, right)),
    }
}

/// Stands the pixels of a frame up. Each has whole bytes.
fn turned(pixels: &[u8], size: (u32, u32), orientation: Orientation) -> Vec<u8> {
    let index =
        |(width, _): (u32, u32), (x, y): (u32, u32)| y as usize * width as usize + x as usize;
    let pixel_bytes = pixels.len() / (size.0 as usize * size.1 as usize);
    let mut turned = vec![0; pixels.len()];
    for y in 0..size.1 {
        for x in 0..size.0 {
            let from = index(size, (x, y)) * pixel_bytes;
            let (turned_size, at) = place(orientation, size, (x, y));
            let to = index(turned_size, at) * pixel_bytes;
            turned[to..to + pixel_bytes].copy_from_slice(&pixels[from..from + pixel_bytes]);
        }
    }
    turned
}

#[expect(clippy::needless_pass_by_value, reason = "it serves map_err")]
fn unread(error: DecodingError) -> Error {
    match error {
        DecodingError::LimitsExceeded => Error::ImageTooLarge,
        _ => Error::ImageInvalid,
    }
}

fn unwritten(error: EncodingError) -> Error {
    match error {
        // Memory itself refuses nothing.
        EncodingError::IoError(_) | EncodingError::LimitsExceeded => Error::ImageTooLarge,
        other => Error::internal(other),
    }
}

#[cfg(test)]
#[path = "apng_tests.rs"]
mod tests;

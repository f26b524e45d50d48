//! Animations that are kept as GIF: those that came so, and those of WebP.

use image::{
    AnimationDecoder, Delay, DynamicImage, Frame, ImageDecoder, RgbaImage,
    codecs::gif::{GifEncoder, Repeat},
    metadata::{LoopCount, Orientation},
};

use super::{
    bounded::Bounded,
    colors::FrameColors,
    images::{
        ANIMATION_PIXELS, Bounds, Encoded, GIF, Picture, ProcessedImage, check, check_memory,
        invalid, is_turned, pixels, unwritten,
    },
};
use crate::error::{Error, Result};

/// Memory for each pixel of an animation: in the decoder, as decoded, and as it is
/// encoded.
const FRAME_PIXEL_BYTES: u64 = 14;
/// And of one that is stood up.
const TURNED_PIXEL_BYTES: u64 = 4;
/// GIF knows no pixels that are half transparent: below this they are wholly so.
const OPAQUE: u8 = 128;
/// Browsers show a frame that lasts no longer than this ten times as long.
const HASTE_MS: i64 = 10;
/// The unit of a GIF's delays.
const UNIT_MS: i64 = 10;

/// How often a GIF says that an animation is repeated: not at all, or so many times, of
/// which 0 is for ever.
pub type Repeats = Option<u16>;

/// What a GIF says of an animation that is shown so many times in all.
pub fn repeats(shown: LoopCount) -> Repeats {
    match shown {
        LoopCount::Infinite => Some(0),
        LoopCount::Finite(times) => match times.get() - 1 {
            0 => None,
            again => Some(u16::try_from(again).unwrap_or(u16::MAX)),
        },
    }
}

/// Encodes every frame as GIF, one after the other; the first is the picture. The
/// decoder takes `beside` bytes beside the screen.
pub fn prepare<'a>(
    mut decoder: impl ImageDecoder + AnimationDecoder<'a>,
    repeats: Repeats,
    packed: usize,
    beside: u64,
    bounds: Bounds,
) -> Result<ProcessedImage> {
    check(&mut decoder, bounds)?;
    // Neither is worth refusing an image.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = decoder.icc_profile().ok().flatten();
    let screen = pixels(&decoder);
    let turned = if is_turned(orientation) { TURNED_PIXEL_BYTES } else { 0 };
    let needed = screen.saturating_mul(FRAME_PIXEL_BYTES + turned).saturating_add(beside);
    check_memory(needed, packed, bounds)?;
    let form = FrameForm { orientation, colors: FrameColors::new(profile.as_deref()) };
    let mut frames = decoder.into_frames();
    let mut delays = Delays::default();

    let first = frames.next().ok_or(Error::ImageInvalid)?.map_err(invalid)?;
    let delay = first.delay();
    let picture = Picture { image: form.apply(first).into(), profile: None };
    let mut prepared = picture.prepared(Encoded { content_type: GIF, bytes: vec![] })?;
    let mut out = Bounded::new(bounds.bytes);
    // The speed that its authors advise.
    let mut encoder = GifEncoder::new_with_speed(&mut out, 10);
    if let Some(times) = repeats {
        let repeat = if times == 0 { Repeat::Infinite } else { Repeat::Finite(times) };
        encoder.set_repeat(repeat).map_err(Error::internal)?;
    }
    let mut put = |mut image: RgbaImage, delay: Delay| {
        // The encoder takes all that is not wholly transparent as opaque.
        for pixel in image.pixels_mut().filter(|pixel| pixel[3] < OPAQUE) {
            pixel[3] = 0;
        }
        encoder.encode_frame(Frame::from_parts(image, 0, 0, delays.next(delay))).map_err(unwritten)
    };
    put(picture.image.into_rgba8(), delay)?;
    let mut total = screen;
    for frame in frames {
        total = total.saturating_add(screen);
        if total > ANIMATION_PIXELS {
            return Err(Error::ImageTooLarge);
        }
        let frame = frame.map_err(invalid)?;
        let delay = frame.delay();
        put(form.apply(frame), delay)?;
    }
    drop(encoder);
    prepared.original.bytes = out.into_bytes().ok_or(Error::ImageTooLarge)?;
    Ok(prepared)
}

/// What is done to each frame, as it is done to an image.
struct FrameForm {
    orientation: Orientation,
    colors: FrameColors,
}

impl FrameForm {
    fn apply(&self, frame: Frame) -> RgbaImage {
        let mut image = frame.into_buffer();
        self.colors.convert(&mut image);
        let mut image = DynamicImage::from(image);
        image.apply_orientation(self.orientation);
        image.into_rgba8()
    }
}

/// Delays in the unit of a GIF. What is rounded off one is added to the next, so that the
/// whole lasts as long as it did.
#[derive(Default)]
struct Delays {
    owed_ms: i64,
}

impl Delays {
    fn next(&mut self, delay: Delay) -> Delay {
        let (numerator, denominator) = delay.numer_denom_ms();
        let delay_ms = i64::from(numerator) / i64::from(denominator.max(1));
        // As it is: what browsers make of it is the same in every format.
        let units = if delay_ms <= HASTE_MS {
            delay_ms / UNIT_MS
        } else {
            let due_ms = delay_ms + self.owed_ms;
            let units = ((due_ms + UNIT_MS / 2) / UNIT_MS).max(HASTE_MS / UNIT_MS + 1);
            self.owed_ms = (due_ms - units * UNIT_MS).clamp(-UNIT_MS, UNIT_MS);
            units
        };
        let ms = u32::try_from(units * UNIT_MS).unwrap_or(u32::MAX);
        Delay::from_numer_denom_ms(ms, 1)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    fn in_gif(delays_ms: &[u32]) -> Vec<u32> {
        let mut delays = Delays::default();
        let next = |ms: &u32| delays.next(Delay::from_numer_denom_ms(*ms, 1)).numer_denom_ms().0;
        delays_ms.iter().map(next).collect()
    }

    #[test]
    fn an_animation_lasts_as_long_as_it_did() {
        assert_eq!(in_gif(&[0, 10, 20, 100, 0, 655_350]), [0, 10, 20, 100, 0, 655_350]);
        assert_eq!(in_gif(&[33; 6]), [30, 40, 30, 30, 40, 30]);
        assert_eq!(in_gif(&[4, 9]), [0, 0], "browsers show both for 100 ms");
        assert_eq!(in_gif(&[11, 14, 16]), [20, 20, 20], "and these for what they say");
    }

    #[test]
    fn a_gif_says_how_often_it_is_repeated() {
        let times = |n| LoopCount::Finite(NonZeroU32::new(n).expect("not zero"));
        assert_eq!(repeats(LoopCount::Infinite), Some(0));
        assert_eq!(repeats(times(1)), None);
        assert_eq!(repeats(times(4)), Some(3));
        assert_eq!(repeats(times(u32::MAX)), Some(u16::MAX));
    }
}

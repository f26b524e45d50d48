//! Tests of `images.rs`.

use image::{
    ExtendedColorType, Frame, Rgba, RgbaImage,
    codecs::{
        gif::{GifEncoder, Repeat},
        webp::WebPEncoder,
    },
};

use super::*;

const BOUNDS: Bounds = Bounds { pixels: 40_000_000, bytes: 32 << 20 };

fn rainbow(width: u32, height: u32, alpha: u8) -> DynamicImage {
    let byte = |value: u32| u8::try_from(value % 256).unwrap_or_default();
    let image = RgbaImage::from_fn(width, height, |x, y| Rgba([byte(x), byte(y), 90, alpha]));
    if alpha == 255 { DynamicImage::ImageRgba8(image).to_rgb8().into() } else { image.into() }
}

fn png(image: &DynamicImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    image.write_with_encoder(PngEncoder::new(&mut bytes)).expect("a PNG");
    bytes
}

/// A JPEG whose EXIF says that it lies on its side, and where it was taken.
fn lying_jpeg(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new(&mut bytes);
    // TIFF, little endian; one entry: orientation (0x112), short, 6.
    let mut exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
    exif.extend(b"the coordinates of my home");
    encoder.set_exif_metadata(exif).expect("EXIF");
    rainbow(width, height, 255).write_with_encoder(encoder).expect("a JPEG");
    bytes
}

fn size(encoded: &Encoded) -> (u32, u32) {
    let image = still(&encoded.bytes, encoded.content_type, BOUNDS).expect("it can be read").image;
    (image.width(), image.height())
}

fn frames(count: u32, side: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new_with_speed(&mut bytes, 30);
    for _ in 0..count {
        encoder.encode_frame(Frame::new(rainbow(side, side, 200).to_rgba8())).expect("a frame");
    }
    drop(encoder);
    bytes
}

#[test]
fn a_photo_stands_upright_and_says_nothing_of_its_place() {
    let bytes = lying_jpeg(600, 400);
    assert!(bytes.windows(11).any(|part| part == b"coordinates"));
    let prepared = prepare(&bytes, JPEG, BOUNDS).expect("prepared");
    assert_eq!((prepared.width, prepared.height), (400, 600));
    assert_eq!(prepared.original.content_type, JPEG);
    for encoded in [&prepared.original, &prepared.small, prepared.large.as_ref().expect("two")] {
        assert!(!encoded.bytes.windows(4).any(|part| part == b"Exif"));
        assert!(!encoded.bytes.windows(11).any(|part| part == b"coordinates"));
    }
    assert_eq!(size(&prepared.small), (213, 320));
    assert_eq!(size(prepared.large.as_ref().expect("two")), (400, 600), "never enlarged");
}

#[test]
fn transparency_stays_in_every_form() {
    let bytes = png(&rainbow(2_000, 100, 120));
    let prepared = prepare(&bytes, PNG, BOUNDS).expect("prepared");
    for encoded in [&prepared.original, &prepared.small, prepared.large.as_ref().expect("two")] {
        assert_eq!(encoded.content_type, PNG);
        assert!(still(&encoded.bytes, PNG, BOUNDS).expect("read").image.color().has_alpha());
    }
    assert_eq!(size(prepared.large.as_ref().expect("two")), (1_280, 64));
    assert_eq!(size(&prepared.small), (320, 16));
}

#[test]
fn webp_becomes_what_suits_it() {
    for (alpha, becomes) in [(255, JPEG), (100, PNG)] {
        let image = rainbow(40, 30, alpha);
        let mut bytes = Vec::new();
        let color: ExtendedColorType = image.color().into();
        WebPEncoder::new_lossless(&mut bytes)
            .encode(image.as_bytes(), 40, 30, color)
            .expect("a WebP");
        let prepared = prepare(&bytes, WEBP, BOUNDS).expect("prepared");
        assert_eq!(prepared.original.content_type, becomes);
    }
}

#[test]
fn an_animation_goes_on_moving() {
    let prepared = prepare(&frames(3, 50), GIF, BOUNDS).expect("prepared");
    assert_eq!(prepared.original.content_type, GIF);
    let decoder = GifDecoder::new(Cursor::new(&prepared.original.bytes)).expect("a GIF");
    assert_eq!(decoder.into_frames().count(), 3);
    assert_eq!(size(&prepared.small), (50, 50));
    assert_ne!(prepared.small.content_type, GIF, "a thumbnail stands still");
}

#[test]
fn an_animation_is_repeated_as_often_as_it_was() {
    let repeats = |gif: &[u8]| GifFrames::read(gif).expect("a GIF").repeats;
    let kept = |bytes: &[u8], content_type| {
        repeats(&prepare(bytes, content_type, BOUNDS).expect("prepared").original.bytes)
    };
    for times in [None, Some(0), Some(1), Some(3), Some(u16::MAX)] {
        let mut gif = Vec::new();
        let mut encoder = GifEncoder::new_with_speed(&mut gif, 30);
        if let Some(times) = times {
            let repeat = if times == 0 { Repeat::Infinite } else { Repeat::Finite(times) };
            encoder.set_repeat(repeat).expect("the repeats");
        }
        for _ in 0..2 {
            encoder.encode_frame(Frame::new(rainbow(4, 4, 255).to_rgba8())).expect("a frame");
        }
        drop(encoder);
        assert_eq!(repeats(&gif), times);
        assert_eq!(kept(&gif, GIF), times);
        let at = gif.windows(11).position(|name| name == b"NETSCAPE2.0");
        if let Some(at) = at {
            gif[at..at + 11].copy_from_slice(b"ANIMEXTS1.0");
            assert_eq!(kept(&gif, GIF), times, "by its other name");
        }
    }
    // WebP counts how often it is shown.
    for (shown, times) in [(0, Some(0)), (1, None), (2, Some(1)), (4, Some(3))] {
        assert_eq!(kept(&animated_webp(shown, &[100, 100]), WEBP), times);
    }
}

/// Two bytes of loops, then frames of one color that last so long.
fn animated_webp(shown: u16, delays_ms: &[u8]) -> Vec<u8> {
    let chunk = |name: &[u8; 4], data: &[u8]| {
        let length = u32::try_from(data.len()).expect("a length").to_le_bytes();
        [name.as_slice(), &length, data].concat()
    };
    let mut still = Vec::new();
    let image = rainbow(4, 4, 100);
    WebPEncoder::new_lossless(&mut still)
        .encode(image.as_bytes(), 4, 4, ExtendedColorType::Rgba8)
        .expect("a WebP");
    let frames = delays_ms.iter().flat_map(|delay| {
        // Place, size less one, delay, and that it replaces what was there.
        let place = [0, 0, 0, 0, 0, 0, 3, 0, 0, 3, 0, 0, *delay, 0, 0, 2];
        chunk(b"ANMF", &[place.as_slice(), &still[12..]].concat())
    });
    let body = [
        b"WEBP".to_vec(),
        chunk(b"VP8X", &[0x12, 0, 0, 0, 3, 0, 0, 3, 0, 0]),
        chunk(b"ANIM", &[[0; 4].as_slice(), &shown.to_le_bytes()].concat()),
        frames.collect(),
    ];
    chunk(b"RIFF", &body.concat())
}

#[test]
fn a_moving_webp_keeps_its_time_and_what_is_transparent() {
    let prepared = prepare(&animated_webp(0, &[33, 33, 33, 250]), WEBP, BOUNDS).expect("prepared");
    assert_eq!(prepared.original.content_type, GIF);
    let decoder = GifDecoder::new(Cursor::new(&prepared.original.bytes)).expect("a GIF");
    let frames = decoder.into_frames().collect_frames().expect("frames");
    let delays: Vec<u32> = frames.iter().map(|frame| frame.delay().numer_denom_ms().0).collect();
    assert_eq!(delays, [30, 40, 30, 250]);
    assert!(frames.iter().all(|frame| frame.buffer().pixels().all(|pixel| pixel[3] == 0)));
}

#[test]
fn what_would_be_kept_in_too_many_bytes_is_refused() {
    let (few, many) = (frames(2, 300), frames(30, 300));
    let kept =
        |bytes: &[u8], bounds| prepare(bytes, GIF, bounds).map(|new| new.original.bytes.len());
    let one = kept(&few, BOUNDS).expect("prepared") / 2;
    assert!(kept(&many, BOUNDS).expect("prepared") > 10 * one);
    let small = Bounds { bytes: 4 * one, ..BOUNDS };
    assert!(kept(&few, small).is_ok());
    assert!(matches!(kept(&many, small), Err(Error::ImageTooLarge)));
    let still = png(&rainbow(300, 300, 255));
    let small = Bounds { bytes: 1_000, ..BOUNDS };
    assert!(matches!(prepare(&still, PNG, small), Err(Error::ImageTooLarge)));
}

#[test]
fn bombs_are_refused_by_their_header() {
    // The header of a PNG of 50,000 by 50,000, and nothing behind.
    let mut bytes = png(&rainbow(1, 1, 255));
    bytes[16..20].copy_from_slice(&50_000_u32.to_be_bytes());
    bytes[20..24].copy_from_slice(&50_000_u32.to_be_bytes());
    let crc = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&crc.to_be_bytes());
    assert!(matches!(prepare(&bytes, PNG, BOUNDS), Err(Error::ImageTooLarge)));
    let small = Bounds { pixels: 99, ..BOUNDS };
    assert!(matches!(prepare(&png(&rainbow(10, 10, 9)), PNG, small), Err(Error::ImageTooLarge)));
    assert!(matches!(prepare(&lying_jpeg(10, 10), JPEG, small), Err(Error::ImageTooLarge)));
    assert!(matches!(prepare(&frames(1, 10), GIF, small), Err(Error::ImageTooLarge)));
}

#[test]
fn what_cannot_be_read_is_refused() {
    let whole = png(&rainbow(100, 100, 255));
    for bad in [&whole[..whole.len() / 2], &whole[..8], b"\x89PNG\r\n\x1a\nrubbish".as_slice()] {
        assert!(matches!(prepare(bad, PNG, BOUNDS), Err(Error::ImageInvalid)), "{}", bad.len());
    }
    assert!(matches!(prepare(b"GIF89a", GIF, BOUNDS), Err(Error::ImageInvalid)));
    assert!(matches!(prepare(b"\xff\xd8\xff\xe0", JPEG, BOUNDS), Err(Error::ImageInvalid)));
    assert!(matches!(prepare(b"RIFF\x04\0\0\0WEBP", WEBP, BOUNDS), Err(Error::ImageInvalid)));
}

#[test]
fn a_square_is_the_middle_in_two_sizes() {
    let prepared = square(&lying_jpeg(900, 600), JPEG, BOUNDS).expect("a square");
    assert_eq!((size(&prepared.original), size(&prepared.small)), ((512, 512), (128, 128)));
    let prepared = square(&png(&rainbow(100, 60, 9)), PNG, BOUNDS).expect("a square");
    assert_eq!((size(&prepared.original), size(&prepared.small)), ((60, 60), (60, 60)));
    assert_eq!(prepared.original.content_type, PNG);
}

/// As PNG has it.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }
        })
    })
}

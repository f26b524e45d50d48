//! Tests of `colors.rs`.

use image::{
    DynamicImage, GrayImage, ImageEncoder as _, Rgb, RgbImage,
    codecs::{jpeg::JpegEncoder, png::PngEncoder},
};

use super::{
    super::images::{Bounds, Encoded, ProcessedImage, prepare},
    *,
};

const BOUNDS: Bounds = Bounds { pixels: 40_000_000, bytes: 32 << 20 };

/// A profile's header, and nothing behind.
fn header(space: &[u8]) -> Vec<u8> {
    let mut profile = vec![0; 132];
    profile[CLASS..CLASS + 4].copy_from_slice(b"prtr");
    profile[SPACE..SPACE + 4].copy_from_slice(space);
    profile[SIGNATURE..SIGNATURE + 4].copy_from_slice(b"acsp");
    profile
}

fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 2).expect("a segment").to_be_bytes();
    [&[0xff, marker], length.as_slice(), data].concat()
}

fn binary(number: i64, digits: u32) -> impl Iterator<Item = char> {
    (0..digits).rev().map(move |digit| if number >> digit & 1 == 1 { '1' } else { '0' })
}

/// A JPEG of one block and four components, each of one value as it is stored; Adobe's
/// marker says what they are.
fn ink_jpeg(stored: [u8; 4], transform: u8, profile: Option<&[u8]>) -> Vec<u8> {
    let table = [vec![0], vec![1; 64]].concat();
    let components: Vec<u8> = (1..=4).flat_map(|n| [n, 0x11, 0]).collect();
    let frame = [[8, 0, 8, 0, 8, 4].as_slice(), &components].concat();
    // Differences of 0 to 11 bits have codes of 4; the end of a block is one bit.
    let differences: Vec<u8> = [0, 0, 0, 0, 12].into_iter().chain([0; 12]).chain(0..12).collect();
    let coefficients = [[0x10, 1].as_slice(), &[0; 15], &[0]].concat();
    let scan: Vec<u8> = (1..=4).flat_map(|n| [n, 0]).collect();
    let scan = [[4].as_slice(), &scan, &[0, 63, 0]].concat();
    let mut bits = String::new();
    for value in stored {
        // Eight times the distance to the middle.
        let difference = (i32::from(value) - 128) * 8;
        let size = u32::BITS - difference.unsigned_abs().leading_zeros();
        let code = if difference < 0 { difference + (1 << size) - 1 } else { difference };
        bits.extend(binary(size.into(), 4));
        bits.extend(binary(code.into(), size));
        bits.push('0');
    }
    while !bits.len().is_multiple_of(8) {
        bits.push('1');
    }
    let mut data = vec![];
    for byte in bits.as_bytes().chunks(8) {
        let byte = byte.iter().fold(0_u8, |byte, bit| (byte << 1) | (bit - b'0'));
        data.push(byte);
        if byte == 0xff {
            data.push(0);
        }
    }
    let adobe = [b"Adobe\0\x64\0\0\0\0".as_slice(), &[transform]].concat();
    let icc = profile.map(|profile| [b"ICC_PROFILE\0\x01\x01".as_slice(), profile].concat());
    [
        vec![0xff, 0xd8],
        segment(0xee, &adobe),
        icc.map_or_else(Vec::new, |icc| segment(0xe2, &icc)),
        segment(0xdb, &table),
        segment(0xc0, &frame),
        segment(0xc4, &differences),
        segment(0xc4, &coefficients),
        segment(0xda, &scan),
        data,
        vec![0xff, 0xd9],
    ]
    .concat()
}

fn prepared(bytes: &[u8], content_type: &str) -> ProcessedImage {
    prepare(bytes, content_type, BOUNDS).expect("prepared")
}

fn has_profile(encoded: &Encoded) -> bool {
    let mark: &[u8] = if encoded.content_type == "image/png" { b"iCCP" } else { b"ICC_PROFILE" };
    encoded.bytes.windows(mark.len()).any(|part| part == mark)
}

fn color(encoded: &Encoded) -> [u8; 3] {
    image::load_from_memory(&encoded.bytes).expect("an image").to_rgb8().get_pixel(3, 3).0
}

fn is_near(one: [u8; 3], other: [u8; 3]) -> bool {
    one.iter().zip(other).all(|(one, other)| one.abs_diff(other) <= 3)
}

#[test]
fn inks_become_the_colors_that_are_seen() {
    // Stored is the opposite of an ink.
    for (stored, transform, seen) in [
        ([20, 240, 200, 250], 0, [20, 235, 196]),
        ([254, 254, 254, 254], 0, [253, 253, 253]),
        ([254, 254, 254, 10], 0, [10, 10, 10]),
        ([200, 200, 200, 100], 0, [78, 78, 78]),
        // Grey, of which the opposite is stored, and half of that seen.
        ([200, 127, 129, 129], 2, [27, 28, 28]),
        // The luma and chroma of red 10, green 240 and blue 10: cyan and yellow inks.
        ([145, 52, 32, 254], 2, [244, 14, 245]),
    ] {
        for profile in [None, Some(header(b"CMYK")), Some(header(b"RGB "))] {
            let jpeg = ink_jpeg(stored, transform, profile.as_deref());
            let prepared = prepared(&jpeg, "image/jpeg");
            let found = color(&prepared.original);
            assert!(is_near(found, seen), "{stored:?} {transform}: {found:?} for {seen:?}");
            assert!(!has_profile(&prepared.original) && !has_profile(&prepared.small));
        }
    }
}

#[test]
fn a_profile_is_kept_where_it_fits_the_pixels() {
    let color: DynamicImage = RgbImage::from_pixel(8, 8, Rgb([200, 100, 50])).into();
    let grey: DynamicImage = GrayImage::from_pixel(8, 8, image::Luma([99])).into();
    let deep_grey: DynamicImage = grey.to_luma16().into();
    for (image, space, is_kept) in [
        (&color, b"RGB ", true),
        (&color, b"GRAY", false),
        (&color, b"CMYK", false),
        (&color, b"Lab ", false),
        (&grey, b"GRAY", true),
        (&grey, b"RGB ", false),
        (&deep_grey, b"GRAY", true),
    ] {
        let mut png = Vec::new();
        let mut encoder = PngEncoder::new(&mut png);
        encoder.set_icc_profile(header(space)).expect("a profile");
        image.write_with_encoder(encoder).expect("a PNG");
        let of_png = prepared(&png, "image/png");
        assert_eq!(has_profile(&of_png.original), is_kept, "{space:?}");
        assert_eq!(has_profile(&of_png.small), is_kept, "{space:?}");
        let small = image::load_from_memory(&of_png.small.bytes).expect("an image").color();
        assert_eq!(small.has_color(), image.color().has_color(), "{space:?}");
        if *image != deep_grey {
            let mut jpeg = Vec::new();
            let mut encoder = JpegEncoder::new(&mut jpeg);
            encoder.set_icc_profile(header(space)).expect("a profile");
            image.write_with_encoder(encoder).expect("a JPEG");
            assert_eq!(has_profile(&prepared(&jpeg, "image/jpeg").original), is_kept, "{space:?}");
        }
    }
    let mut no_profile = header(b"RGB ");
    no_profile[SIGNATURE] = b'x';
    assert!(!fits(&no_profile, ColorType::Rgb8) && !fits(b"short", ColorType::Rgb8));
}

#[test]
fn frames_are_converted_by_their_profile() {
    let wide = ColorProfile::new_display_p3().encode().expect("a profile");
    let mut image = RgbaImage::from_pixel(3, 2, image::Rgba([200, 100, 100, 77]));
    FrameColors::new(Some(&wide)).convert(&mut image);
    let [red, green, _, alpha] = image.get_pixel(2, 1).0;
    assert!(red > 205 && green < 100 && alpha == 77, "{red} {green} {alpha}");
    let before = image.clone();
    FrameColors::new(Some(b"no profile")).convert(&mut image);
    FrameColors::new(None).convert(&mut image);
    assert!(image == before);
}

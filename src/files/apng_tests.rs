//! Tests of `apng.rs`.

use image::{AnimationDecoder as _, Frame, codecs::png::PngDecoder};
use png::{BitDepth, BlendOp, ColorType, DisposeOp};

use super::{
    super::images::{Bounds, prepare},
    *,
};

const BOUNDS: Bounds = Bounds { pixels: 40_000_000, bytes: 32 << 20 };

/// A frame: place, size, and the byte of which its pixels are.
struct Drawn {
    at: (u32, u32),
    size: (u32, u32),
    byte: u8,
}

const CANVAS: (u32, u32) = (6, 4);

fn drawn() -> [Drawn; 3] {
    [
        Drawn { at: (0, 0), size: CANVAS, byte: 10 },
        Drawn { at: (1, 2), size: (3, 1), byte: 200 },
        Drawn { at: (5, 0), size: (1, 4), byte: 90 },
    ]
}

/// An animation of three frames, each with operations of its own.
fn apng(color: ColorType, depth: BitDepth, has_still: bool, plays: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, CANVAS.0, CANVAS.1);
    encoder.set_color(color);
    encoder.set_depth(depth);
    if color == ColorType::Indexed {
        encoder.set_palette((0..=255).flat_map(|n| [n, 255 - n, 7]).collect::<Vec<u8>>());
        encoder.set_trns((0..=255).rev().collect::<Vec<u8>>());
    }
    encoder.set_animated(3, plays).expect("frames");
    encoder.set_sep_def_img(has_still).expect("it is animated");
    let mut writer = encoder.write_header().expect("a header");
    let data = |(width, height): (u32, u32), byte: u8| {
        let row = (width as usize * color.samples() * depth as usize).div_ceil(8);
        vec![byte; row * height as usize]
    };
    if has_still {
        writer.write_image_data(&data(CANVAS, 1)).expect("the image");
    }
    let operations = [
        (BlendOp::Source, DisposeOp::None, (1, 30)),
        (BlendOp::Over, DisposeOp::Previous, (0, 0)),
        (BlendOp::Source, DisposeOp::Background, (7, 1000)),
    ];
    for (Drawn { at, size, byte }, (blend, dispose, delay)) in drawn().into_iter().zip(operations) {
        writer.reset_frame_position().expect("animated");
        writer.set_frame_dimension(size.0, size.1).expect("inside");
        writer.set_frame_position(at.0, at.1).expect("inside");
        writer.set_blend_op(blend).expect("animated");
        writer.set_dispose_op(dispose).expect("animated");
        writer.set_frame_delay(delay.0, delay.1).expect("animated");
        writer.write_image_data(&data(size, byte)).expect("a frame");
    }
    writer.finish().expect("the end");
    bytes
}

/// What a player shows.
fn shown(png: &[u8]) -> Vec<Frame> {
    let decoder = PngDecoder::new(Cursor::new(png)).expect("a PNG").apng().expect("animated");
    decoder.into_frames().collect_frames().expect("frames")
}

fn kept(png: &[u8]) -> Vec<u8> {
    let prepared = prepare(png, "image/png", BOUNDS).expect("prepared");
    assert_eq!(prepared.original.content_type, "image/png");
    prepared.original.bytes
}

/// All that is said of each image, in the order of the file.
fn said(png: &[u8]) -> (u32, Vec<String>, Vec<Vec<u8>>) {
    let mut reader = Decoder::new(Cursor::new(png)).read_info().expect("a PNG");
    let control = reader.info().animation_control.expect("animated");
    let images = control.num_frames + u32::from(reader.info().frame_control.is_none());
    let (mut controls, mut pixels) = (vec![], vec![]);
    for image in 0..images {
        if image > 0 {
            reader.next_frame_info().expect("a frame");
        }
        controls.push(format!("{:?}", reader.info().frame_control));
        let mut frame = vec![0; reader.output_buffer_size().expect("a size")];
        reader.next_frame(&mut frame).expect("a frame");
        pixels.push(frame);
    }
    (control.num_plays, controls, pixels)
}

#[test]
fn an_animated_png_loses_nothing_whatever_its_pixels_are() {
    for (color, depth) in [
        (ColorType::Rgba, BitDepth::Eight),
        (ColorType::Rgba, BitDepth::Sixteen),
        (ColorType::Rgb, BitDepth::Eight),
        (ColorType::Rgb, BitDepth::Sixteen),
        (ColorType::Grayscale, BitDepth::One),
        (ColorType::Grayscale, BitDepth::Sixteen),
        (ColorType::GrayscaleAlpha, BitDepth::Eight),
        (ColorType::Indexed, BitDepth::Eight),
    ] {
        for (has_still, plays) in [(false, 0), (true, 3)] {
            let png = apng(color, depth, has_still, plays);
            let kept = kept(&png);
            assert!(said(&kept) == said(&png), "{color:?} {depth:?} {has_still}");
            let info = |png: &[u8]| {
                let reader = Decoder::new(Cursor::new(png.to_vec())).read_info().expect("a PNG");
                (reader.info().palette.clone(), reader.info().trns.clone())
            };
            assert!(info(&kept) == info(&png), "{color:?} {depth:?}");
        }
    }
}

/// Puts a chunk behind the header.
fn with_chunk(mut png: Vec<u8>, kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let mut chunk = Vec::new();
    let mut crc = flate2::Crc::new();
    crc.update(&kind);
    crc.update(data);
    let length = u32::try_from(data.len()).expect("a short chunk");
    chunk.extend(length.to_be_bytes());
    chunk.extend(kind);
    chunk.extend(data);
    chunk.extend(crc.sum().to_be_bytes());
    png.splice(33..33, chunk);
    png
}

#[test]
fn one_color_that_is_transparent_stays_so() {
    let png = apng(ColorType::Rgb, BitDepth::Eight, false, 1);
    let png = with_chunk(png, *b"tRNS", &[0, 200, 0, 200, 0, 200]);
    let kept = kept(&png);
    let trns = |png: &[u8]| {
        let reader = Decoder::new(Cursor::new(png.to_vec())).read_info().expect("a PNG");
        reader.info().trns.clone()
    };
    assert_eq!(trns(&kept).as_deref(), Some([200, 200, 200].as_slice()));
    assert!(kept.windows(10).any(|chunk| chunk == b"tRNS\0\xc8\0\xc8\0\xc8"));
}

#[test]
fn nothing_but_the_animation_is_left() {
    let png = apng(ColorType::Rgb, BitDepth::Eight, false, 0);
    let png = with_chunk(png, *b"tEXt", b"Comment\0the coordinates of my home");
    assert!(!kept(&png).windows(11).any(|part| part == b"coordinates"));
}

#[test]
fn an_animation_on_its_side_is_stood_up() {
    // TIFF, big endian; one entry: orientation (0x112), short.
    let exif = |orientation: u8| {
        let mut exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
        exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
        exif
    };
    for color in [ColorType::Rgba, ColorType::Indexed] {
        for number in 1..=8 {
            let png = apng(color, BitDepth::Eight, true, 0);
            let kept = kept(&with_chunk(png.clone(), *b"eXIf", &exif(number)));
            let orientation = Orientation::from_exif(number).expect("one of eight");
            let upright = shown(&png).into_iter().map(|frame| {
                let mut image = image::DynamicImage::from(frame.into_buffer());
                image.apply_orientation(orientation);
                image.into_rgba8()
            });
            let shown = shown(&kept).into_iter().map(Frame::into_buffer);
            assert!(shown.eq(upright), "{color:?} {number}");
        }
    }
}

#[test]
fn a_thumbnail_is_of_what_is_shown_where_nothing_moves() {
    for (has_still, byte) in [(true, 1), (false, 10)] {
        let png = apng(ColorType::Rgb, BitDepth::Eight, has_still, 0);
        let prepared = prepare(&png, "image/png", BOUNDS).expect("prepared");
        let small = image::load_from_memory(&prepared.small.bytes).expect("an image").to_rgb8();
        assert_eq!((prepared.width, prepared.height, small.get_pixel(0, 0)[0]), (6, 4, byte));
    }
}

#[test]
fn fewer_frames_than_announced_go_on_moving() {
    let png = apng(ColorType::Rgb, BitDepth::Eight, false, 2);
    let at = png.windows(4).position(|kind| kind == b"acTL").expect("it is animated") - 4;
    let mut announced = png.clone();
    announced.drain(at..at + 20);
    let announced = with_chunk(announced, *b"acTL", &[0, 0, 0, 9, 0, 0, 0, 2]);
    assert!(said(&kept(&announced)) == said(&png));
    let mut still = png;
    still.drain(at..at + 20);
    assert!(!kept(&still).windows(4).any(|kind| kind == b"fdAT"));
}

#[test]
fn an_animation_of_too_many_pixels_is_refused() {
    let png = apng(ColorType::Rgb, BitDepth::Eight, false, 0);
    let few = Bounds { pixels: 23, ..BOUNDS };
    assert!(matches!(prepare(&png, "image/png", few), Err(Error::ImageTooLarge)));
    let small = Bounds { bytes: 100, ..BOUNDS };
    assert!(matches!(prepare(&png, "image/png", small), Err(Error::ImageTooLarge)));
    let cut = &png[..png.len() - 30];
    assert!(matches!(prepare(cut, "image/png", BOUNDS), Err(Error::ImageInvalid)));
}

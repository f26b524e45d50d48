//! Small images that would like to take much memory.

use std::io::Write as _;

use super::files::png;

/// A PNG with more chunks behind its header.
pub fn png_with(chunks: &[([u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut bytes = png(64, 64);
    let more: Vec<u8> = chunks.iter().flat_map(|(kind, data)| png_chunk(*kind, data)).collect();
    // Signature and header.
    bytes.splice(33..33, more);
    bytes
}

pub fn png_chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).expect("a short chunk").to_be_bytes();
    let checked = [&kind, data].concat();
    [&length, checked.as_slice(), &crc32(&checked).to_be_bytes()].concat()
}

/// `length` zeros, packed a thousand times over.
pub fn packed_zeros(length: usize) -> Vec<u8> {
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    let zeros = vec![0; 1 << 20];
    for _ in 0..length / zeros.len() {
        packed.write_all(&zeros).expect("memory takes it");
    }
    packed.finish().expect("memory takes it")
}

/// A PNG of one color: its pixels packed a thousand times over.
pub fn flat_png(width: u32, height: u32, depth: u8, color_type: u8, interlaced: bool) -> Vec<u8> {
    let channels = match color_type {
        0 => 1,
        2 => 3,
        _ => 4,
    };
    let row = 1 + (width as usize * channels * usize::from(depth)).div_ceil(8);
    // Interlaced rows are shorter and more; some bytes too many do no harm.
    let length = (row * height as usize * 5 / 4 + (1 << 20)) & !((1 << 20) - 1);
    let method = [depth, color_type, 0, 0, u8::from(interlaced)];
    let header = [&width.to_be_bytes(), &height.to_be_bytes(), method.as_slice()].concat();
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        png_chunk(*b"IHDR", &header),
        png_chunk(*b"IDAT", &packed_zeros(length)),
        png_chunk(*b"IEND", b""),
    ]
    .concat()
}

/// An animated PNG of one color.
pub fn flat_apng(side: u32, frames: u32) -> Vec<u8> {
    let mut png = flat_png(side, side, 8, 2, false);
    // The end of the image.
    let pixels = png.split_off(33);
    let data = &pixels[8..pixels.len() - 16];
    png.extend(png_chunk(*b"acTL", &[frames.to_be_bytes(), [0; 4]].concat()));
    for frame in 0..frames {
        let number = (frame * 2).saturating_sub(1);
        let numbers = [number, side, side, 0, 0].map(u32::to_be_bytes).concat();
        png.extend(png_chunk(*b"fcTL", &[numbers, vec![0, 1, 0, 10, 0, 0]].concat()));
        if frame == 0 {
            png.extend(png_chunk(*b"IDAT", data));
        } else {
            let data = [(number + 1).to_be_bytes().as_slice(), data].concat();
            png.extend(png_chunk(*b"fdAT", &data));
        }
    }
    png.extend(png_chunk(*b"IEND", b""));
    png
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 }
        })
    })
}

/// A JPEG with segments behind its first marker.
pub fn jpeg_with(marker: u8, segments: &[Vec<u8>]) -> Vec<u8> {
    let image = image::load_from_memory(&png(64, 64)).expect("an image");
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, image::ImageFormat::Jpeg).expect("a JPEG");
    with_segments(bytes.into_inner(), marker, segments)
}

/// Puts segments behind a JPEG's first marker.
pub fn with_segments(mut jpeg: Vec<u8>, marker: u8, segments: &[Vec<u8>]) -> Vec<u8> {
    let more: Vec<u8> = segments.iter().flat_map(|data| segment(marker, data)).collect();
    jpeg.splice(2..2, more);
    jpeg
}

fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 2).expect("a segment").to_be_bytes();
    [&[0xff, marker], length.as_slice(), data].concat()
}

/// EXIF that says an image lies on its side.
pub fn exif_on_its_side() -> Vec<u8> {
    // TIFF, little endian; one entry: orientation (0x112), short, 6.
    b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec()
}

/// A baseline JPEG of one color whose three components come one after the other.
pub fn jpeg_in_scans(side: u16) -> Vec<u8> {
    let table = [vec![0], vec![1; 64]].concat();
    let side = side.to_be_bytes();
    let frame = [&[8], side.as_slice(), &side, &[3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0]].concat();
    // Each has one code, of one bit: no difference, and the end of a block.
    let huffman = |class: u8| [[class].as_slice(), &[1], &[0; 15], &[0]].concat();
    // Blocks of 8 by 8 pixels, with two bits each.
    let blocks = usize::from(u16::from_be_bytes(side).div_ceil(8)).pow(2);
    let scan = |component: u8| {
        let header = segment(0xda, &[1, component, 0, 0, 63, 0]);
        [header, vec![0; blocks.div_ceil(4)]].concat()
    };
    [
        vec![0xff, 0xd8],
        segment(0xdb, &table),
        segment(0xc0, &frame),
        segment(0xc4, &huffman(0x00)),
        segment(0xc4, &huffman(0x10)),
        scan(1),
        scan(2),
        scan(3),
        vec![0xff, 0xd9],
    ]
    .concat()
}

/// A JPEG of one color and four inks.
pub fn jpeg_of_inks(side: u16) -> Vec<u8> {
    let table = [vec![0], vec![1; 64]].concat();
    let blocks = usize::from(side.div_ceil(8)).pow(2);
    let side = side.to_be_bytes();
    let components = [4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0];
    let frame = [&[8], side.as_slice(), &side, &components].concat();
    let huffman = |class: u8| [[class].as_slice(), &[1], &[0; 15], &[0]].concat();
    [
        vec![0xff, 0xd8],
        segment(0xdb, &table),
        segment(0xc0, &frame),
        segment(0xc4, &huffman(0x00)),
        segment(0xc4, &huffman(0x10)),
        segment(0xda, &[4, 1, 0, 2, 0, 3, 0, 4, 0, 0, 63, 0]),
        // Two bits for each block of each ink.
        vec![0; blocks],
        vec![0xff, 0xd9],
    ]
    .concat()
}

/// A WebP whose extended header is followed by a chunk that says it is so long.
pub fn webp_with(kind: [u8; 4], length: u32, data: &[u8]) -> Vec<u8> {
    let image = image::load_from_memory(&png(64, 64)).expect("an image");
    let mut plain = std::io::Cursor::new(Vec::new());
    image.write_to(&mut plain, image::ImageFormat::WebP).expect("a WebP");
    let pixels = plain.into_inner().split_off(12);
    // Profile and EXIF are announced; width and height less one.
    let extended = b"VP8X\x0a\0\0\0\x28\0\0\0\x3f\0\0\x3f\0\0";
    let body = [b"WEBP".as_slice(), extended, &kind, &length.to_le_bytes(), data, &pixels].concat();
    let size = u32::try_from(body.len()).expect("a size").to_le_bytes();
    [b"RIFF".as_slice(), &size, &body].concat()
}

/// A GIF with a screen of this size, and frames of one pixel on it.
pub fn gif(width: u16, height: u16, frames: usize) -> Vec<u8> {
    let header = [b"GIF89a".as_slice(), &width.to_le_bytes(), &height.to_le_bytes()].concat();
    let one_pixel = b"!\xf9\x04\x04\0\0\0\0,\0\0\0\0\x01\0\x01\0\x80abcdef\x02\x02\x44\x01\0";
    [header.as_slice(), b"\0\0\0", &one_pixel.repeat(frames), b";"].concat()
}

/// A GIF of one color with frames of one size, wherever they lie.
pub fn gif_of_frames(screen: (u16, u16), frame: (u16, u16), at: (u16, u16), count: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let palette = [0; 6];
    let mut encoder = gif::Encoder::new(&mut bytes, screen.0, screen.1, &palette).expect("a GIF");
    let mut packed = gif::Frame {
        width: frame.0,
        height: frame.1,
        left: at.0,
        top: at.1,
        buffer: vec![0; usize::from(frame.0) * usize::from(frame.1)].into(),
        ..Default::default()
    };
    packed.make_lzw_pre_encoded();
    for _ in 0..count {
        encoder.write_lzw_pre_encoded_frame(&packed).expect("a frame");
    }
    drop(encoder);
    bytes
}

/// A WebP of 64 by 64 pixels with one lossy frame that says it is so large, of as many
/// zeros. In an animation or not.
pub fn webp_of_lossy(frame: u16, zeros: usize, is_animated: bool) -> Vec<u8> {
    let chunk = |name: &[u8; 4], data: &[u8]| {
        let length = u32::try_from(data.len()).expect("a length").to_le_bytes();
        [name.as_slice(), &length, data].concat()
    };
    let side = frame.to_le_bytes();
    // A key frame that is shown; the length of its first part.
    let first_part = u32::try_from(zeros / 2).expect("a length").min((1 << 19) - 1);
    let tag = ((first_part << 5) | 0x10).to_le_bytes();
    let header = [&tag[..3], &[0x9d, 0x01, 0x2a], &side, &side].concat();
    let lossy = chunk(b"VP8 ", &[header, vec![0; zeros]].concat());
    let flags = if is_animated { 2 } else { 0 };
    let extended = chunk(b"VP8X", &[flags, 0, 0, 0, 63, 0, 0, 63, 0, 0]);
    let body = if is_animated {
        let place = [0, 0, 0, 0, 0, 0, 63, 0, 0, 63, 0, 0, 100, 0, 0, 0];
        let frame = chunk(b"ANMF", &[&place, lossy.as_slice()].concat());
        [chunk(b"ANIM", &[0; 6]), frame].concat()
    } else {
        lossy
    };
    let body = [b"WEBP".as_slice(), &extended, &body].concat();
    chunk(b"RIFF", &body)
}

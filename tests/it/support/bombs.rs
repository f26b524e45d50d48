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
    let mut bytes = bytes.into_inner();
    let more: Vec<u8> = segments
        .iter()
        .flat_map(|data| {
            let length = u16::try_from(data.len() + 2).expect("a segment").to_be_bytes();
            [&[0xff, marker], length.as_slice(), data].concat()
        })
        .collect();
    bytes.splice(2..2, more);
    bytes
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

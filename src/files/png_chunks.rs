//! A PNG without what its decoder would only keep or unpack for us: texts,
//! animations, and color profiles of a size that no program writes. They may be
//! compressed a thousand times over, so that a small file would take as much
//! memory as the largest image.

use std::io::{self, Read as _};

use flate2::read::ZlibDecoder;

use super::{apng::Animation, images::PROFILE_BYTES};

const SIGNATURE_BYTES: usize = 8;
/// Length and type before a chunk's data, and its checksum after it.
const HEADER_BYTES: usize = 8;
const CRC_BYTES: usize = 4;
/// The longest name that a profile may have, its end, and the method of
/// compression.
const MAX_PROFILE_NAME: usize = 79;

/// Copies those chunks that are needed to show the image. A file that ends in the
/// middle of a chunk is copied to its end: the decoder says what is wrong with it.
pub fn without_metadata(png: &[u8]) -> Vec<u8> {
    copy(png, |_| false)
}

/// The same with the chunks of an animation.
pub fn with_animation(png: &[u8]) -> Vec<u8> {
    copy(png, |kind| matches!(kind, b"acTL" | b"fcTL" | b"fdAT"))
}

/// What a PNG says of its animation; `None` for one that has none, or a single frame
/// that is the image itself.
pub fn animation(png: &[u8]) -> Option<Animation> {
    let mut rest = png.get(SIGNATURE_BYTES..)?;
    let (mut said, mut frames, mut has_still, mut has_pixels) = (None, 0, false, false);
    while let Some((chunk, after)) = split_chunk(rest) {
        let data = &chunk[HEADER_BYTES..chunk.len() - CRC_BYTES];
        match &chunk[4..HEADER_BYTES] {
            b"acTL" if !has_pixels && said.is_none() => {
                let number = |at: usize| Some(u32::from_be_bytes(*data.get(at..)?.first_chunk()?));
                said = number(0).zip(number(4));
            }
            b"fcTL" => frames += 1,
            b"IDAT" if !has_pixels => {
                has_pixels = true;
                has_still = frames == 0;
            }
            _ => {}
        }
        rest = after;
    }
    let (said, plays) = said?;
    let frames = said.min(frames);
    let moves = frames > u32::from(!has_still);
    moves.then_some(Animation { frames, plays, has_still })
}

fn copy(png: &[u8], is_kept: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let Some((signature, mut rest)) = png.split_at_checked(SIGNATURE_BYTES) else {
        return png.to_vec();
    };
    let mut kept = Vec::with_capacity(png.len());
    kept.extend_from_slice(signature);
    let mut has_profile = false;
    while let Some((chunk, after)) = split_chunk(rest) {
        let data = &chunk[HEADER_BYTES..chunk.len() - CRC_BYTES];
        let keeps = match &chunk[4..HEADER_BYTES] {
            b"tRNS" => true,
            // It says which side is up.
            b"eXIf" => data.len() <= PROFILE_BYTES,
            b"iCCP" => !has_profile && is_small_profile(data),
            // Critical chunks begin with a capital letter.
            kind => kind[0].is_ascii_uppercase() || is_kept(kind),
        };
        if keeps {
            has_profile |= &chunk[4..HEADER_BYTES] == b"iCCP";
            kept.extend_from_slice(chunk);
        }
        rest = after;
    }
    kept.extend_from_slice(rest);
    kept
}

/// The first chunk with its header and checksum, and all after it.
fn split_chunk(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = u32::from_be_bytes(*bytes.first_chunk()?);
    let length = usize::try_from(length).ok()?.checked_add(HEADER_BYTES + CRC_BYTES)?;
    bytes.split_at_checked(length)
}

/// Whether a profile is small, unpacked too.
fn is_small_profile(data: &[u8]) -> bool {
    let end_of_name = data.iter().take(MAX_PROFILE_NAME + 1).position(|byte| *byte == 0);
    // The byte after the name's end is the method, of which there is one.
    let packed = end_of_name.and_then(|end| data.get(end + 2..));
    packed.is_some_and(|packed| {
        let most = u64::try_from(PROFILE_BYTES).unwrap_or(u64::MAX).saturating_add(1);
        let copied = io::copy(&mut ZlibDecoder::new(packed).take(most), &mut io::sink());
        copied.is_ok_and(|bytes| bytes < most)
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::ZlibEncoder};

    use super::*;

    fn chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
        let length = u32::try_from(data.len()).expect("a short chunk").to_be_bytes();
        [&length, &kind, data, b"crc!"].concat()
    }

    fn profile(bytes: usize) -> Vec<u8> {
        let mut packed = ZlibEncoder::new(b"a name\0\0".to_vec(), Compression::best());
        packed.write_all(&vec![7; bytes]).expect("memory takes it");
        chunk(*b"iCCP", &packed.finish().expect("memory takes it"))
    }

    #[test]
    fn only_what_shows_the_image_is_kept() {
        let signature = b"\x89PNG\r\n\x1a\n".to_vec();
        let (header, end) = (chunk(*b"IHDR", &[0; 13]), chunk(*b"IEND", b""));
        let (exif, small) = (chunk(*b"eXIf", b"II*\0"), profile(PROFILE_BYTES));
        let data = chunk(*b"IDAT", b"data");
        let png = [
            signature.clone(),
            header.clone(),
            profile(PROFILE_BYTES + 1),
            profile(100_000_000),
            chunk(*b"iCCP", b"no end of the name"),
            chunk(*b"iCCP", b"not packed\0\0xx"),
            small.clone(),
            profile(10),
            chunk(*b"zTXt", b"Comment\0\0packed"),
            chunk(*b"iTXt", b"XML:com.adobe.xmp\0"),
            chunk(*b"tEXt", b"Comment\0text"),
            chunk(*b"acTL", &[0; 8]),
            exif.clone(),
            chunk(*b"eXIf", &vec![0; PROFILE_BYTES + 1]),
            chunk(*b"tRNS", b"\0"),
            data.clone(),
            chunk(*b"fdAT", b"a frame"),
            end.clone(),
        ];
        let kept = [signature, header, small, exif, chunk(*b"tRNS", b"\0"), data, end].concat();
        assert!(without_metadata(&png.concat()) == kept);
    }

    #[test]
    fn what_is_cut_or_no_png_stays_as_it_is() {
        let cut =
            [b"\x89PNG\r\n\x1a\n".as_slice(), &chunk(*b"IHDR", &[0; 13]), b"\0\0\xff\xffIDATx"];
        for bytes in [cut.concat(), b"short".to_vec(), vec![], vec![255; 100]] {
            assert_eq!(without_metadata(&bytes), bytes);
        }
    }
}

//! Small images do not make the server take much memory.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, RgbImage, codecs::jpeg::JpegEncoder};

use crate::support::{
    Database, LoggedProcess, Person,
    bombs::{
        exif_on_its_side, flat_apng, flat_png, gif, gif_of_frames, jpeg_in_scans, jpeg_of_inks,
        jpeg_with, packed_zeros, png_with, webp_of_lossy, webp_with, with_segments,
    },
    files::{bytes, png},
};

/// By how much a server grows while it takes an image, at its peak, in MiB.
async fn growth_mib(image: &[u8]) -> (u64, Result<String, String>) {
    let server = LoggedProcess::start(Database::Sqlite, &[]).await;
    let ada = Person::register(&server.url, "ada").await;
    // The code that works on images is in memory from now on.
    ada.client.upload("first", &png(64, 64)).await.expect("a file");
    let before = server.memory_kib().0;
    let file = ada.client.upload("image", image).await;
    let (_, peak) = server.memory_kib();
    server.end().await;
    let outcome = file.map(|file| file.content_type).map_err(|error| error.error.reason);
    ((peak - before) / 1024, outcome)
}

fn flat(side: u32, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(RgbImage::new(side, side)).write_to(&mut bytes, format).expect("an image");
    bytes.into_inner()
}

/// A JPEG that says it is a progressive one.
fn progressive(mut jpeg: Vec<u8>) -> Vec<u8> {
    let header = jpeg.windows(2).position(|marker| marker == [0xff, 0xc0]).expect("a header");
    jpeg[header + 1] = 0xc2;
    jpeg
}

fn on_its_side(side: u32) -> Vec<u8> {
    with_segments(flat(side, ImageFormat::Jpeg), 0xe1, &[exif_on_its_side()])
}

/// What a server may grow by.
const MOST_MIB: u64 = 64;

async fn small(name: &str, image: Vec<u8>, expected: Result<&str, &str>) {
    let (mib, outcome) = growth_mib(&image).await;
    println!("{name}: {} KB, {mib} MiB, {outcome:?}", image.len() / 1000);
    assert_eq!(outcome.as_deref().map_err(String::as_str), expected, "{name}");
    assert!(mib <= MOST_MIB, "{name}, a file of {} bytes, takes {mib} MiB", image.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn packed_metadata_is_never_unpacked() {
    let profile = [b"a\0\0".as_slice(), &packed_zeros(250 << 20)].concat();
    let text = [b"Comment\0\0".as_slice(), &packed_zeros(250 << 20)].concat();
    let utf8 = [b"XML:com.adobe.xmp\0\x01\0\0\0".as_slice(), &packed_zeros(250 << 20)].concat();
    let iptc = [b"Raw profile type iptc\0\0".as_slice(), &packed_zeros(250 << 20)].concat();
    let exif = [b"Exif\0\0II*\0".as_slice(), &vec![0; 60_000]].concat();
    let icc = |n: u8| [b"ICC_PROFILE\0".as_slice(), &[n, 100], &vec![7; 65_000]].concat();
    for (name, image) in [
        ("iCCP", png_with(&[(*b"iCCP", profile.clone())])),
        ("iCCP twice", png_with(&[(*b"iCCP", profile.clone()), (*b"iCCP", profile)])),
        ("zTXt", png_with(&vec![(*b"zTXt", text); 8])),
        ("iTXt", png_with(&vec![(*b"iTXt", utf8); 8])),
        ("IPTC", png_with(&vec![(*b"zTXt", iptc); 8])),
        ("eXIf", png_with(&[(*b"eXIf", vec![0; 4 << 20])])),
        ("tEXt", png_with(&vec![(*b"tEXt", b"Comment\0text".to_vec()); 40_000])),
    ] {
        small(name, image, Ok("image/png")).await;
    }
    let segments = (1..=100).map(icc).collect::<Vec<_>>();
    small("ICC in JPEG", jpeg_with(0xe2, &segments), Ok("image/jpeg")).await;
    small("EXIF in JPEG", jpeg_with(0xe1, &vec![exif; 200]), Ok("image/jpeg")).await;
    for kind in [*b"ICCP", *b"EXIF"] {
        let image = webp_with(kind, 1 << 30, b"");
        small("a chunk that is not there", image, Err("IMAGE_INVALID")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_file_of_many_pixels_is_refused_before_it_is_decoded() {
    for (name, image) in [
        ("GIF, one frame", gif(6_300, 6_300, 1)),
        ("GIF, frames", gif(6_300, 6_300, 5)),
        ("PNG, RGB", flat_png(6_300, 6_300, 8, 2, false)),
        ("PNG, 16 bits", flat_png(6_300, 6_300, 16, 6, false)),
        ("PNG, interlaced", flat_png(6_300, 6_300, 8, 6, true)),
        ("WebP", flat(6_300, ImageFormat::WebP)),
        ("JPEG, progressive", progressive(flat(4_000, ImageFormat::Jpeg))),
        ("JPEG, scans", jpeg_in_scans(4_000)),
        ("JPEG, on its side", on_its_side(4_000)),
        ("PNG, animated", flat_apng(4_000, 2)),
        ("JPEG, inks", jpeg_of_inks(4_000)),
        ("GIF, a frame larger than its screen", gif_of_frames((10, 10), (9_000, 9_000), (0, 0), 1)),
        ("GIF, a later one", {
            let mut first = gif_of_frames((10, 10), (10, 10), (0, 0), 1);
            // Its end.
            first.pop();
            let second = gif_of_frames((10, 10), (9_000, 9_000), (0, 0), 1);
            // Signature, screen and palette.
            [first.as_slice(), &second[19..]].concat()
        }),
        ("GIF, a frame outside", gif_of_frames((10, 10), (9_000, 9_000), (60_000, 60_000), 1)),
        ("GIF, work", gif_of_frames((10, 10), (1_500, 1_500), (0, 0), 120)),
    ] {
        assert!(image.len() < 500_000);
        small(name, image, Err("IMAGE_TOO_LARGE")).await;
    }
    small("PNG, work", flat_apng(2_000, 63), Err("IMAGE_TOO_LARGE")).await;
    // The largest that are taken of such files.
    for (name, image, becomes) in [
        ("GIF, 1850", gif(1_850, 1_850, 3), "image/gif"),
        ("GIF, many frames", gif(64, 64, 5_000), "image/gif"),
        ("PNG, 16 bits", flat_png(1_750, 1_750, 16, 6, false), "image/png"),
        ("PNG, 8 bits", flat_png(3_500, 3_500, 8, 6, false), "image/png"),
        ("JPEG", flat(4_000, ImageFormat::Jpeg), "image/jpeg"),
        ("WebP", flat(2_600, ImageFormat::WebP), "image/jpeg"),
        ("JPEG, scans", jpeg_in_scans(2_300), "image/jpeg"),
        ("JPEG, on its side", on_its_side(2_800), "image/jpeg"),
        ("PNG, animated", flat_apng(2_300, 3), "image/png"),
        ("JPEG, inks", jpeg_of_inks(2_600), "image/jpeg"),
        ("GIF, frames", gif_of_frames((10, 10), (3_000, 3_000), (5, 5), 3), "image/gif"),
    ] {
        small(name, image, Ok(becomes)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lossy_frame_larger_than_its_webp_is_not_decoded() {
    for is_animated in [false, true] {
        let image = webp_of_lossy(16_000, 2 << 20, is_animated);
        small("WebP, a larger frame", image, Err("IMAGE_INVALID")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_whose_file_is_large_may_have_many_pixels() {
    let noise = RgbImage::from_raw(4_500, 4_000, bytes(1, 54_000_000)).expect("pixels");
    let mut image = Cursor::new(Vec::new());
    let encoder = JpegEncoder::new_with_quality(&mut image, 10);
    DynamicImage::from(noise).write_with_encoder(encoder).expect("a JPEG");
    let image = image.into_inner();
    let (mib, outcome) = growth_mib(&image).await;
    println!("a photo: {} KB, {mib} MiB", image.len() / 1000);
    assert_eq!(outcome.as_deref(), Ok("image/jpeg"));
}

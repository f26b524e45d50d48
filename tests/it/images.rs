//! What is an image, what becomes of it, and under which name it is kept.

use std::io::Cursor;

use causerie_client::v1::FileVariant;
use image::{
    AnimationDecoder as _, Frame, RgbaImage,
    codecs::{
        gif::{GifEncoder, Repeat},
        png::PngDecoder,
    },
};

use crate::support::{
    Person, Server,
    files::{bytes, png},
    on_both_databases,
};

const WHOLE: FileVariant = FileVariant::Unspecified;

/// Two frames; without repeats it says nothing of them.
fn gif(repeats: Option<u16>) -> Vec<u8> {
    let mut gif = Vec::new();
    let mut encoder = GifEncoder::new_with_speed(&mut gif, 30);
    if let Some(times) = repeats {
        let repeat = if times == 0 { Repeat::Infinite } else { Repeat::Finite(times) };
        encoder.set_repeat(repeat).expect("the repeats");
    }
    for seed in 1..=2 {
        let image = RgbaImage::from_raw(8, 8, bytes(seed, 256)).expect("pixels");
        encoder.encode_frame(Frame::new(image)).expect("a frame");
    }
    drop(encoder);
    gif
}

/// What a GIF says of its repeats.
fn repeats(gif: &[u8]) -> Option<u16> {
    let name = b"NETSCAPE2.0\x03\x01";
    let at = gif.windows(name.len()).position(|part| part == name)? + name.len();
    Some(u16::from_le_bytes([gif[at], gif[at + 1]]))
}

/// Three frames of one color each, shown twice.
fn apng() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 8, 8);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_animated(3, 2).expect("frames");
    encoder.set_frame_delay(3, 50).expect("animated");
    let mut writer = encoder.write_header().expect("a header");
    for byte in [10, 100, 200] {
        writer.write_image_data(&[byte; 256]).expect("a frame");
    }
    writer.finish().expect("the end");
    bytes
}

/// A WebP of two frames, for ever.
fn moving_webp() -> Vec<u8> {
    let chunk = |name: &[u8; 4], data: &[u8]| {
        let length = u32::try_from(data.len()).expect("a length").to_le_bytes();
        [name.as_slice(), &length, data].concat()
    };
    let mut still = Cursor::new(Vec::new());
    let image = RgbaImage::from_pixel(8, 8, image::Rgba([1, 2, 3, 255]));
    image.write_to(&mut still, image::ImageFormat::WebP).expect("a WebP");
    // Place, size less one, delay, and that it replaces what was there.
    let place = [0, 0, 0, 0, 0, 0, 7, 0, 0, 7, 0, 0, 100, 0, 0, 2];
    let frame = chunk(b"ANMF", &[place.as_slice(), &still.into_inner()[12..]].concat());
    let extended = chunk(b"VP8X", &[0x12, 0, 0, 0, 7, 0, 0, 7, 0, 0]);
    let body = [b"WEBP".as_slice(), &extended, &chunk(b"ANIM", &[0; 6]), &frame, &frame].concat();
    chunk(b"RIFF", &body)
}

on_both_databases! {
    async fn what_only_begins_like_an_image_is_kept_as_it_is(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        for (text, content_type) in [
            (b"GIFT IDEAS\nfor Ada".as_slice(), "text/plain"),
            (b"GIF89a is a format of images", "text/plain"),
            (b"BMW or not", "text/plain"),
            (b"RIFF 2024WEBPVP8 notes", "text/plain"),
            (b"ID3 and OggS", "text/plain"),
            (b"GIFT IDEAS f\xfcr Ada", "application/octet-stream"),
            (b"\xff\xd8\xff is how a JPEG begins", "application/octet-stream"),
            (b"\x89PNG is how one begins", "application/octet-stream"),
            (b"RIFF\x10\0\0\0WEBP\0\0\0\0\0\0\0\0", "application/octet-stream"),
        ] {
            let file = ada.upload("notes.txt", text).await;
            assert_eq!((file.name.as_str(), file.content_type.as_str()), ("notes.txt", content_type));
            assert_eq!(file.image, None, "{}", text.escape_ascii());
            assert_eq!(ada.download(&file.id, WHOLE).await.expect("bytes"), text);
        }
        server.end().await;
    }

    async fn an_image_is_named_by_what_it_has_become(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let mut still_webp = Cursor::new(Vec::new());
        let still = image::load_from_memory(&png(9, 9)).expect("an image");
        still.write_to(&mut still_webp, image::ImageFormat::WebP).expect("a WebP");
        let still_webp = still_webp.into_inner();
        for (name, image, becomes, content_type) in [
            ("a.webp", moving_webp(), "a.gif", "image/gif"),
            ("a.webp", still_webp.clone(), "a.jpg", "image/jpeg"),
            ("a.png", still_webp, "a.jpg", "image/jpeg"),
            ("a.jpeg", png(9, 9), "a.png", "image/png"),
            ("a.txt", png(9, 9), "a.txt.png", "image/png"),
            ("A.GIF", gif(None), "A.GIF", "image/gif"),
            ("a", png(9, 9), "a.png", "image/png"),
            (".webp", moving_webp(), "image.gif", "image/gif"),
            ("a.webp.", moving_webp(), "a.gif", "image/gif"),
            ("a.webp~", moving_webp(), "a.gif", "image/gif"),
            ("...", png(9, 9), "image.png", "image/png"),
        ] {
            let file = ada.upload(name, &image).await;
            assert_eq!((file.name.as_str(), file.content_type.as_str()), (becomes, content_type));
            assert_eq!(ada.get_file(&file.id).await.expect("it"), file);
        }
        server.end().await;
    }

    async fn animations_keep_their_frames_and_repeats(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        for times in [None, Some(0), Some(1), Some(3)] {
            let file = ada.upload("a.gif", &gif(times)).await;
            let kept = ada.download(&file.id, WHOLE).await.expect("bytes");
            assert_eq!(repeats(&kept), times);
        }
        let file = ada.upload("a.webp", &moving_webp()).await;
        assert_eq!(repeats(&ada.download(&file.id, WHOLE).await.expect("bytes")), Some(0));

        let file = ada.upload("a.png", &apng()).await;
        assert_eq!((file.name.as_str(), file.content_type.as_str()), ("a.png", "image/png"));
        let kept = ada.download(&file.id, WHOLE).await.expect("bytes");
        let decoder = PngDecoder::new(Cursor::new(kept)).expect("a PNG").apng().expect("animated");
        let frames = decoder.into_frames().collect_frames().expect("frames");
        let shown = frames.iter().map(|frame| (frame.buffer()[(0, 0)][0], frame.delay().numer_denom_ms()));
        let frame = |byte| (byte, (60, 1));
        assert!(shown.eq([frame(10), frame(100), frame(200)]));
        server.end().await;
    }
}

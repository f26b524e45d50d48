//! Files to upload, and what is left of them.

use std::path::Path;

use causerie_client::{Error, v1};
use image::{
    DynamicImage, Frame, Rgb, RgbImage, RgbaImage,
    codecs::{gif::GifEncoder, png::PngEncoder},
};

use super::{Person, Server, people::send_request};

/// Bytes without order, the same for the same seed.
pub fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state.to_be_bytes()[0]
        })
        .collect()
}

pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref().to_vec()
}

pub fn png(width: u32, height: u32) -> Vec<u8> {
    let byte = |value: u32| u8::try_from(value % 256).unwrap_or_default();
    let image = RgbImage::from_fn(width, height, |x, y| Rgb([byte(x), byte(y), byte(x * y)]));
    let mut bytes = Vec::new();
    let image = DynamicImage::from(image);
    image.write_with_encoder(PngEncoder::new(&mut bytes)).expect("a PNG");
    bytes
}

/// An animation each of whose frames but the first changes one pixel: a small
/// file, and a large one once each frame is written as a whole.
pub fn growing_gif(side: u32, frames: usize) -> Vec<u8> {
    let noise = RgbaImage::from_raw(side, side, bytes(1, (side * side * 4) as usize));
    let mut gif = Vec::new();
    let frame = Frame::new(noise.expect("pixels"));
    GifEncoder::new_with_speed(&mut gif, 30).encode_frame(frame).expect("a frame");
    assert_eq!(gif.pop(), Some(b';'), "the end");
    // The first frame stays when the next one comes.
    let control = gif.windows(3).position(|at| at == b"!\xf9\x04").expect("its control") + 3;
    gif[control] = gif[control] & !0b1_1100 | 0b100;
    let one_pixel = b"!\xf9\x04\x04\0\0\0\0,\0\0\0\0\x01\0\x01\0\x80abcdef\x02\x02\x44\x01\0";
    gif.extend(one_pixel.repeat(frames));
    gif.push(b';');
    gif
}

/// How many objects the server's storage has, below a folder of it.
pub fn stored(server: &Server, folder: &str) -> usize {
    count(&server.config.server.data.join("files").join(folder))
}

pub fn count(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries
        .map(|entry| {
            let path = entry.expect("an entry").path();
            if path.is_dir() { count(&path) } else { 1 }
        })
        .sum()
}

impl Person {
    pub async fn upload(&self, name: &str, bytes: &[u8]) -> v1::File {
        self.client.upload(name, bytes).await.expect("uploaded")
    }

    pub async fn start(&self, name: &str, size_bytes: usize) -> Result<v1::Upload, Error> {
        let size_bytes = i64::try_from(size_bytes).expect("a size");
        let request =
            v1::StartUploadRequest { name: name.into(), size_bytes, ..Default::default() };
        Ok(self.client.start_upload(request).await?.upload.expect("an upload"))
    }

    pub async fn chunk(&self, id: &str, offset: usize, data: &[u8]) -> Result<v1::Upload, Error> {
        let request = v1::UploadChunkRequest {
            upload_id: id.into(),
            offset: i64::try_from(offset).expect("an offset"),
            data: data.to_vec(),
        };
        Ok(self.client.upload_chunk(request).await?.upload.expect("an upload"))
    }

    pub async fn status(&self, id: &str) -> Result<v1::Upload, Error> {
        let request = v1::GetUploadStatusRequest { upload_id: id.into() };
        Ok(self.client.get_upload_status(request).await?.upload.expect("an upload"))
    }

    pub async fn finish(&self, id: &str, sha256: Vec<u8>) -> Result<v1::File, Error> {
        let request = v1::FinishUploadRequest { upload_id: id.into(), sha256 };
        Ok(self.client.finish_upload(request).await?.file.expect("a file"))
    }

    pub async fn cancel(&self, id: &str) {
        let request = v1::CancelUploadRequest { upload_id: id.into() };
        self.client.cancel_upload(request).await.expect("given up");
    }

    pub async fn send_files(
        &self,
        room_id: &str,
        text: &str,
        files: &[&v1::File],
    ) -> Result<v1::Message, Error> {
        let id = uuid::Uuid::new_v4().to_string();
        let request = v1::SendMessageRequest {
            attachment_ids: files.iter().map(|file| file.id.clone()).collect(),
            ..send_request(room_id, text, &id)
        };
        Ok(self.client.send_message(request).await?.message.expect("a message"))
    }

    pub async fn get_file(&self, id: &str) -> Result<v1::File, Error> {
        let request = v1::GetFileRequest { file_id: id.into() };
        Ok(self.client.get_file(request).await?.file.expect("a file"))
    }

    pub async fn download(&self, id: &str, variant: v1::FileVariant) -> Result<Vec<u8>, Error> {
        let request = v1::DownloadFileRequest {
            file_id: id.into(),
            variant: variant.into(),
            ..Default::default()
        };
        self.client.download(request).await
    }

    /// Paths of download links.
    pub async fn links(&self, ids: &[&str], variant: v1::FileVariant) -> Vec<String> {
        let request = v1::CreateDownloadLinksRequest {
            file_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
            variant: variant.into(),
        };
        let links = self.client.create_download_links(request).await.expect("links").links;
        links.into_iter().map(|link| link.path).collect()
    }
}

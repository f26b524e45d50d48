//! Uploading: from the first byte to a file, and what is kept of them.

use std::{sync::Arc, time::Duration};

use aws_lc_rs::digest;
use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use uuid::Uuid;

use super::Services;
use crate::{
    config::ms,
    error::{Error, Result, Rule},
    files::{
        IMAGE_BYTES,
        images::{self, ProcessedImage},
        sniff,
    },
    model::{
        Caller, File, FileId, ImageInfo, StoredFile, Timestamp, Upload, UserId, Variant,
        files::{Chunk, Purpose},
        idempotency::{IdempotencyKey, KeptAnswer},
        limits,
    },
    store::uploads::StoredChunk,
};

impl Services {
    pub async fn start_upload(
        &self,
        caller: Caller,
        (name, bytes): (String, i64),
        key: Option<IdempotencyKey>,
    ) -> Result<Upload> {
        let key = self.key_use(caller.user, key);
        if let Some(kept) = self.kept_answer(key.as_ref()).await? {
            return self.upload_again(caller, kept, (name, bytes)).await;
        }
        let config = &self.config.files;
        if u64::try_from(bytes).is_ok_and(|bytes| bytes > config.max_bytes) {
            return Err(Error::FileTooLarge { limit: config.max_bytes });
        }
        let upload = Upload {
            id: FileId::new(),
            user: caller.user,
            name,
            bytes,
            received: 0,
            touched_at: self.steady.now(),
        };
        match self.store.start_upload(&upload, config.quota_bytes, key.as_ref()).await? {
            None => Ok(upload),
            Some(kept) => self.upload_again(caller, kept, (upload.name, bytes)).await,
        }
    }

    /// The upload that a request was answered with. One that is finished has all its
    /// bytes, and can be finished again.
    async fn upload_again(
        &self,
        caller: Caller,
        kept: KeptAnswer,
        (name, bytes): (String, i64),
    ) -> Result<Upload> {
        let id = kept.id.map(FileId).ok_or(Error::UploadNotFound)?;
        if let Some(upload) = self.store.upload(id, caller.user).await? {
            return Ok(upload);
        }
        self.finished(caller.user, id).await?;
        let (user, touched_at) = (caller.user, self.steady.now());
        Ok(Upload { id, user, name, bytes, received: bytes, touched_at })
    }

    /// The caller's uploads that are not finished.
    pub async fn list_uploads(&self, caller: Caller) -> Result<Vec<Upload>> {
        self.store.uploads(caller.user).await
    }

    /// An upload with which nothing is done for so long is gone.
    pub(super) fn upload_idle(&self) -> Duration {
        ms(self.config.files.upload_idle_ms)
    }

    /// When an upload is gone, if nothing is done with it until then.
    pub fn upload_expiry(&self, upload: &Upload) -> Timestamp {
        let gone = upload.touched_at.plus(self.upload_idle());
        self.clock.now().plus(self.steady.now().until(gone))
    }

    pub async fn upload_status(&self, caller: Caller, upload: FileId) -> Result<Upload> {
        self.store.upload(upload, caller.user).await?.ok_or(Error::UploadNotFound)
    }

    /// Stores the next bytes of an upload: first the bytes, then that they
    /// count. What never counts goes with the upload's folder.
    pub async fn upload_chunk(self: &Arc<Self>, caller: Caller, chunk: Chunk) -> Result<Upload> {
        let upload = chunk.upload;
        let add = |services: Arc<Self>| async move { services.add_chunk(caller, chunk).await };
        self.with_upload_lock(upload, add).await
    }

    async fn add_chunk(&self, caller: Caller, chunk: Chunk) -> Result<Upload> {
        let Chunk { upload: id, offset, data } = chunk;
        let upload = self.upload_status(caller, id).await?;
        if offset != upload.received {
            return Err(Error::UploadOffset);
        }
        let bytes = i64::try_from(data.len()).map_err(Error::internal)?;
        if offset + bytes > upload.bytes {
            let rest = usize::try_from(upload.bytes - offset).unwrap_or_default();
            let rule = Rule::with_limit("must not exceed the file size", rest);
            return Err(Error::invalid("data", rule));
        }
        let least = *limits::CHUNK_BYTES.start();
        if data.len() < least && offset + bytes < upload.bytes {
            let text = format!("must have at least {least} bytes, except at the end of the file");
            let rule = Rule::with_limit(text, least);
            return Err(Error::invalid("data", rule));
        }
        let chunk = StoredChunk { upload: id, first_byte: offset, bytes, object: Uuid::new_v4() };
        let put = self.files.put_chunk(id, chunk.object, data).await;
        let now = self.steady.now();
        if put.is_ok() && self.store.add_chunk(chunk, now).await? {
            return Ok(Upload { received: offset + bytes, touched_at: now, ..upload });
        }
        // Given up on another node: this chunk may have come after all went.
        if !self.store.has_upload(id).await? {
            self.remove_upload(id).await?;
            return Err(Error::UploadNotFound);
        }
        put?;
        // Another node was faster.
        self.files.delete_chunk(id, chunk.object).await?;
        Err(Error::UploadOffset)
    }

    /// Gives an upload up.
    pub async fn cancel_upload(self: &Arc<Self>, caller: Caller, upload: FileId) -> Result<()> {
        let cancel = |services: Arc<Self>| async move {
            if services.store.upload(upload, caller.user).await?.is_some() {
                services.forget_upload(upload, Timestamp(i64::MAX)).await?;
            }
            Ok(())
        };
        self.with_upload_lock(upload, cancel).await
    }

    /// Makes an upload a file. A client that was cut off asks again while its
    /// first call goes on; the second then finds the file.
    pub async fn finish_upload(
        self: &Arc<Self>,
        caller: Caller,
        upload: FileId,
        sha256: [u8; 32],
    ) -> Result<File> {
        let finish =
            |services: Arc<Self>| async move { services.finish(caller.user, upload, sha256).await };
        self.with_upload_lock(upload, finish).await
    }

    async fn finish(&self, user: UserId, id: FileId, sha256: [u8; 32]) -> Result<File> {
        let Some(upload) = self.store.upload(id, user).await? else {
            return self.finished(user, id).await;
        };
        if upload.received < upload.bytes {
            return Err(Error::UploadIncomplete);
        }
        let made = self.make_file(&upload, sha256).await;
        match &made {
            Ok(_) => self.remove_upload(id).await?,
            Err(
                Error::ChecksumMismatch
                | Error::ImageTooLarge
                | Error::ImageInvalid
                | Error::QuotaReached { .. },
            ) => self.forget_upload(id, Timestamp(i64::MAX)).await?,
            // Given up or finished on another node, which took the chunks away.
            Err(_) if !self.store.has_upload(id).await? => {
                self.remove_upload(id).await?;
                return self.finished(user, id).await;
            }
            Err(_) => {}
        }
        made
    }

    /// Makes the file of an upload that has all its bytes.
    async fn make_file(&self, upload: &Upload, sha256: [u8; 32]) -> Result<File> {
        let file = self.assemble(upload, sha256).await?;
        let config = &self.config.files;
        let check_at = self.steady.now().plus(ms(config.unreferenced_ms));
        let stored = StoredFile { file, purpose: Purpose::Upload };
        self.store.finish_upload(&stored, check_at, config.quota_bytes).await?;
        Ok(stored.file)
    }

    /// The file that an upload has become.
    async fn finished(&self, user: UserId, id: FileId) -> Result<File> {
        let found = self.store.files(&[id]).await?.pop();
        let own =
            |found: &StoredFile| found.file.uploader == user && found.purpose == Purpose::Upload;
        Ok(found.filter(own).ok_or(Error::UploadNotFound)?.file)
    }

    /// Checks the bytes of an upload and writes them as a file.
    async fn assemble(&self, upload: &Upload, sha256: [u8; 32]) -> Result<File> {
        let chunks = self.store.upload_chunks(upload.id, self.steady.now()).await?;
        let mut end = 0;
        for chunk in &chunks {
            if chunk.first_byte != end {
                return Err(Error::internal("the chunks of an upload have a hole"));
            }
            end += chunk.bytes;
        }
        let first = chunks.first().filter(|_| end == upload.bytes);
        // Given up meanwhile.
        let first = first.ok_or(Error::UploadNotFound)?;
        let begin = self.files.chunk(upload.id, first.object).await?;
        let content_type = sniff::content_type(&begin);
        self.files.remove_half_written(upload.id).await?;
        let file = File {
            id: upload.id,
            uploader: upload.user,
            name: upload.name.clone(),
            content_type: content_type.to_owned(),
            bytes: upload.bytes,
            image: None,
            created_at: self.clock.now(),
        };
        if images::is_image(content_type) {
            return self.assemble_image(file, &chunks, sha256).await;
        }
        let mut writing = self.files.write_file(upload.id).await?;
        let mut hash = digest::Context::new(&digest::SHA256);
        let copied = async {
            for chunk in &chunks {
                let data = self.files.chunk(upload.id, chunk.object).await?;
                hash.update(&data);
                writing.put(data).await?;
            }
            if hash.finish().as_ref() == sha256 { Ok(()) } else { Err(Error::ChecksumMismatch) }
        };
        match copied.await {
            Ok(()) => writing.finish().await?,
            Err(error) => {
                writing.abort().await?;
                return Err(error);
            }
        }
        Ok(file)
    }

    async fn assemble_image(
        &self,
        file: File,
        chunks: &[StoredChunk],
        sha256: [u8; 32],
    ) -> Result<File> {
        if u64::try_from(file.bytes).is_ok_and(|bytes| bytes > IMAGE_BYTES) {
            return Err(Error::ImageTooLarge);
        }
        let turn = self.files.image_turn().await?;
        let mut bytes = BytesMut::new();
        for chunk in chunks {
            bytes.extend_from_slice(&self.files.chunk(file.id, chunk.object).await?);
        }
        if digest::digest(&digest::SHA256, &bytes).as_ref() != sha256 {
            return Err(Error::ChecksumMismatch);
        }
        let content_type = file.content_type.clone();
        let prepare = move |bounds| images::prepare(&bytes, &content_type, bounds);
        let prepared = self.files.with_image(turn, prepare).await?;
        let file = described(file, &prepared)?;
        let name = Purpose::Upload.file_name(&file.name, &file.content_type);
        self.put_image(file.id, prepared).await?;
        Ok(File { name, ..file })
    }

    /// Makes a photo or picture of an image that the caller has uploaded.
    pub(super) async fn make_square(
        &self,
        caller: Caller,
        file: FileId,
        purpose: Purpose,
    ) -> Result<FileId> {
        let found = self.store.files(&[file]).await?.pop();
        let own = |found: &StoredFile| {
            found.file.uploader == caller.user && found.purpose == Purpose::Upload
        };
        let StoredFile { file, .. } = found.filter(own).ok_or(Error::FileNotFound)?;
        if file.image.is_none() {
            return Err(Error::NotAnImage);
        }
        let turn = self.files.image_turn().await?;
        let size = u64::try_from(file.bytes).map_err(Error::internal)?;
        let mut part = self.files.read(file.id, Variant::Original, 0..size).await?;
        let mut bytes = BytesMut::new();
        while let Some(chunk) = part.next().await {
            bytes.extend_from_slice(&chunk?);
        }
        let content_type = file.content_type.clone();
        let square = move |bounds| images::square(&bytes, &content_type, bounds);
        let prepared = self.files.with_image(turn, square).await?;
        let file = described(file, &prepared)?;
        let (id, created_at) = (FileId::new(), self.clock.now());
        let name = purpose.file_name(&file.name, &file.content_type);
        let file = File { id, name, created_at, ..file };
        // The row before the bytes: by it the collector finds them if nothing
        // comes to refer to it.
        let config = &self.config.files;
        let check_at = self.steady.now().plus(ms(config.unreferenced_ms));
        let square = StoredFile { file, purpose };
        self.store.add_square(&square, check_at, config.quota_bytes).await?;
        self.put_image(id, prepared).await?;
        Ok(id)
    }

    /// Writes an image in all its variants.
    async fn put_image(&self, file: FileId, prepared: ProcessedImage) -> Result<()> {
        let ProcessedImage { original, small, large, .. } = prepared;
        let variants = [
            (Variant::Original, Some(original)),
            (Variant::Small, Some(small)),
            (Variant::Large, large),
        ];
        for (variant, encoded) in variants {
            if let Some(encoded) = encoded {
                self.files.put_file(file, variant, Bytes::from(encoded.bytes)).await?;
            }
        }
        Ok(())
    }

    /// Forgets an upload that was not touched since, and its bytes.
    pub(super) async fn forget_upload(&self, upload: FileId, since: Timestamp) -> Result<()> {
        if self.store.forget_upload(upload, since).await? {
            self.remove_upload(upload).await?;
        }
        Ok(())
    }

    /// Removes the bytes of an upload that the store knows no more. Its own
    /// folder goes last: as long as it is there, the collector finds it.
    pub(super) async fn remove_upload(&self, upload: FileId) -> Result<()> {
        if self.store.files(&[upload]).await?.is_empty() {
            self.files.remove_file(upload).await?;
        }
        self.files.remove_upload(upload).await
    }
}

/// The file as which an image is kept.
fn described(file: File, prepared: &ProcessedImage) -> Result<File> {
    let ProcessedImage { original, width, height, small, .. } = prepared;
    Ok(File {
        content_type: original.content_type.to_owned(),
        bytes: i64::try_from(original.bytes.len()).map_err(Error::internal)?,
        image: Some(ImageInfo {
            width: *width,
            height: *height,
            thumbnail_type: small.content_type.to_owned(),
        }),
        ..file
    })
}

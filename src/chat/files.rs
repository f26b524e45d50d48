//! Uploading and downloading: who may see a file, and what of them is kept.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    sync::Arc,
    time::Duration,
};

use aws_lc_rs::digest;
use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use uuid::Uuid;

use super::Chat;
use crate::{
    auth::tokens,
    config::ms,
    error::{Error, Result},
    files::{
        Part,
        images::{self, Prepared},
        sniff,
    },
    model::{
        Caller, File, FileId, ImageInfo, RoomId, StoredFile, Timestamp, Upload, UserId, Variant,
        files::{Asked, Chunk, Link, PartOf, Purpose, asked_range},
        limits,
        rooms::Right,
    },
    store::uploads::Piece,
};

/// An image is held in memory while it is worked on.
const IMAGE_BYTES: i64 = 64 * 1024 * 1024;
/// Files and uploads that are collected in one go.
const COLLECTED: i64 = 500;

/// A file, or a part of it, on its way to a client.
pub struct Download {
    pub stored: StoredFile,
    pub content_type: String,
    /// Of the whole variant.
    pub size: u64,
    /// What of it is sent.
    pub range: Range<u64>,
    pub part: Part,
}

impl Chat {
    pub async fn start_upload(&self, caller: Caller, name: String, bytes: i64) -> Result<Upload> {
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
            touched_at: Timestamp::now(),
        };
        self.store.start_upload(&upload, config.quota_bytes).await?;
        Ok(upload)
    }

    /// An upload with which nothing is done for so long is gone.
    pub fn upload_idle(&self) -> Duration {
        ms(self.config.files.upload_idle_ms)
    }

    pub async fn upload_status(&self, caller: Caller, upload: FileId) -> Result<Upload> {
        self.store.upload(upload, caller.user).await?.ok_or(Error::UploadNotFound)
    }

    /// Stores the next bytes of an upload: first the bytes, then that they
    /// count. What never counts goes with the upload's folder.
    pub async fn upload_chunk(&self, caller: Caller, chunk: Chunk) -> Result<Upload> {
        let Chunk { upload: id, offset, data } = chunk;
        let upload = self.upload_status(caller, id).await?;
        if offset != upload.received {
            return Err(Error::UploadOffset);
        }
        let bytes = i64::try_from(data.len()).map_err(Error::internal)?;
        if offset + bytes > upload.bytes {
            return Err(Error::invalid("data", "must not go beyond the size of the file"));
        }
        if data.len() < *limits::CHUNK_BYTES.start() && offset + bytes < upload.bytes {
            let rule = "must have at least 65,536 bytes, except at the end of the file";
            return Err(Error::invalid("data", rule));
        }
        let piece = Piece { upload: id, first_byte: offset, bytes, object: Uuid::new_v4() };
        self.files.put_piece(id, piece.object, data).await?;
        let now = Timestamp::now();
        if self.store.add_piece(piece, now).await? {
            return Ok(Upload { received: offset + bytes, touched_at: now, ..upload });
        }
        // Another was faster, or the upload was given up.
        self.files.delete_piece(id, piece.object).await?;
        self.upload_status(caller, id).await?;
        Err(Error::UploadOffset)
    }

    /// Gives an upload up.
    pub async fn cancel_upload(&self, caller: Caller, upload: FileId) -> Result<()> {
        if self.store.upload(upload, caller.user).await?.is_some() {
            self.forget_upload(upload, Timestamp(i64::MAX)).await?;
        }
        Ok(())
    }

    /// Makes an upload a file. In a task of its own: a client that goes away
    /// must not leave it half done.
    pub async fn finish_upload(
        self: &Arc<Self>,
        caller: Caller,
        upload: FileId,
        sha256: [u8; 32],
    ) -> Result<File> {
        let chat = self.clone();
        let finished =
            tokio::spawn(async move { chat.finish(caller.user, upload, sha256).await }).await;
        finished.map_err(Error::internal)?
    }

    async fn finish(&self, user: UserId, id: FileId, sha256: [u8; 32]) -> Result<File> {
        let Some(upload) = self.store.upload(id, user).await? else {
            return self.finished(user, id).await;
        };
        if upload.received < upload.bytes {
            return Err(Error::UploadIncomplete);
        }
        let file = match self.assemble(&upload, sha256).await {
            Ok(file) => file,
            Err(error @ (Error::ChecksumMismatch | Error::ImageTooLarge | Error::ImageInvalid)) => {
                self.forget_upload(id, Timestamp(i64::MAX)).await?;
                return Err(error);
            }
            Err(error) => return Err(error),
        };
        let stored = StoredFile { file, purpose: Purpose::Upload };
        let check_at = stored.file.created_at.plus(ms(self.config.files.unreferenced_ms));
        let made = self.store.finish_upload(&stored, check_at).await?;
        // Given up, or finished by a second call; its pieces are of no use.
        self.remove_upload(id).await?;
        if made { Ok(stored.file) } else { self.finished(user, id).await }
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
        let now = Timestamp::now();
        let pieces = self.store.pieces(upload.id, now).await?;
        let mut end = 0;
        for piece in &pieces {
            if piece.first_byte != end {
                return Err(Error::internal("the pieces of an upload have a hole"));
            }
            end += piece.bytes;
        }
        let first = pieces.first().filter(|_| end == upload.bytes);
        // Given up meanwhile.
        let first = first.ok_or(Error::UploadNotFound)?;
        let begin = self.files.piece(upload.id, first.object).await?;
        let content_type = sniff::content_type(&begin);
        let file = File {
            id: upload.id,
            uploader: upload.user,
            name: upload.name.clone(),
            content_type: content_type.to_owned(),
            bytes: upload.bytes,
            image: None,
            created_at: now,
        };
        if images::is_image(content_type) {
            return self.assemble_image(file, &pieces, sha256).await;
        }
        let mut writing = self.files.write_file(upload.id).await?;
        let mut hash = digest::Context::new(&digest::SHA256);
        let copied = async {
            for piece in &pieces {
                let data = self.files.piece(upload.id, piece.object).await?;
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

    async fn assemble_image(&self, file: File, pieces: &[Piece], sha256: [u8; 32]) -> Result<File> {
        if file.bytes > IMAGE_BYTES {
            return Err(Error::ImageTooLarge);
        }
        let turn = self.files.image_turn().await?;
        let mut bytes = BytesMut::new();
        for piece in pieces {
            bytes.extend_from_slice(&self.files.piece(file.id, piece.object).await?);
        }
        if digest::digest(&digest::SHA256, &bytes).as_ref() != sha256 {
            return Err(Error::ChecksumMismatch);
        }
        let content_type = file.content_type.clone();
        let prepare = move |bounds| images::prepare(&bytes, &content_type, bounds);
        let prepared = self.files.with_image(turn, prepare).await?;
        let file = described(file, &prepared)?;
        self.put_image(file.id, prepared).await?;
        Ok(file)
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
        while let Some(piece) = part.next().await {
            bytes.extend_from_slice(&piece?);
        }
        let content_type = file.content_type.clone();
        let square = move |bounds| images::square(&bytes, &content_type, bounds);
        let prepared = self.files.with_image(turn, square).await?;
        let file = File { id: FileId::new(), created_at: Timestamp::now(), ..file };
        let file = described(file, &prepared)?;
        let id = file.id;
        // The row before the bytes: by it the collector finds them if nothing
        // comes to refer to it.
        let check_at = file.created_at.plus(ms(self.config.files.unreferenced_ms));
        self.store.add_square(&StoredFile { file, purpose }, check_at).await?;
        self.put_image(id, prepared).await?;
        Ok(id)
    }

    /// Writes an image in all its variants.
    async fn put_image(&self, file: FileId, prepared: Prepared) -> Result<()> {
        let Prepared { original, small, large, .. } = prepared;
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

    /// A file that the caller may see.
    pub async fn get_file(&self, caller: Caller, file: FileId) -> Result<StoredFile> {
        self.visible(caller.user, &[file]).await?.pop().ok_or(Error::FileNotFound)
    }

    /// Those of the files that a user may see, in the order given.
    async fn visible(&self, user: UserId, files: &[FileId]) -> Result<Vec<StoredFile>> {
        let found = self.store.files(files).await?;
        let others: Vec<FileId> = found
            .iter()
            .filter(|found| found.file.uploader != user && found.purpose == Purpose::Upload)
            .map(|found| found.file.id)
            .collect();
        let stands_in = self.store.rooms_with(&others, user).await?;
        let mut readable: HashMap<RoomId, bool> = HashMap::new();
        let mut seen: HashSet<FileId> = HashSet::new();
        for (file, room) in stands_in {
            let may = if let Some(may) = readable.get(&room) {
                *may
            } else {
                let access = self.store.access(room, user).await?;
                access.is_some_and(|(access, _)| access.may(Right::Read).is_ok())
            };
            readable.insert(room, may);
            if may {
                seen.insert(file);
            }
        }
        let mut visible = Vec::with_capacity(found.len());
        for stored in found {
            let may = stored.file.uploader == user
                || match stored.purpose {
                    Purpose::Photo => true,
                    Purpose::Upload => seen.contains(&stored.file.id),
                    Purpose::Picture(room) => {
                        let access = self.store.access(room, user).await?;
                        access.is_some_and(|(access, _)| access.may_know())
                    }
                };
            if may {
                visible.push(stored);
            }
        }
        Ok(visible)
    }

    /// A part of a file for who may see it.
    pub async fn download(&self, caller: Caller, of: PartOf) -> Result<Download> {
        let stored = self.get_file(caller, of.file).await?;
        let size = self.size(&stored, of.variant).await?;
        let beyond = || Error::invalid("offset", "must not be beyond the end of the file");
        let offset = u64::try_from(of.offset).ok().filter(|offset| *offset <= size);
        let offset = offset.ok_or_else(beyond)?;
        let length = match u64::try_from(of.length).unwrap_or_default() {
            0 => size,
            length => length,
        };
        let range = offset..offset.saturating_add(length).min(size);
        self.part(stored, of.variant, (size, range)).await
    }

    /// Links to those of the files that the caller may see and that have this
    /// variant.
    pub async fn links(
        &self,
        caller: Caller,
        files: &[FileId],
        variant: Variant,
    ) -> Result<Vec<Link>> {
        let visible = self.visible(caller.user, files).await?;
        // The same for all that are made in the same stretch of time, so that
        // browsers can keep what they got.
        let stretch = i64::try_from(ms(self.config.files.link_ms).as_micros()).unwrap_or(i64::MAX);
        let stretches = Timestamp::now().0.div_euclid(stretch).saturating_add(2);
        let expires_at = Timestamp(stretches.saturating_mul(stretch));
        let shown = visible.iter().filter(|stored| stored.variant(variant).is_some());
        shown
            .map(|stored| {
                let file = stored.file.id;
                let token = tokens::make_link(&self.auth.keys, (file, variant), expires_at)?;
                Ok(Link { file, token, expires_at })
            })
            .collect()
    }

    /// What a link leads to.
    pub async fn linked(&self, file: FileId, token: &str) -> Result<(StoredFile, Variant)> {
        let (named, variant) = tokens::verify_link(&self.auth.keys, token)?;
        let found = self.store.files(&[file]).await?.pop();
        let stored = found.filter(|_| named == file).ok_or(Error::FileNotFound)?;
        Ok((stored, variant))
    }

    /// The part of a linked file that a Range header asks for; `None` if there
    /// is no such part, with the size.
    pub async fn linked_part(
        &self,
        stored: StoredFile,
        variant: Variant,
        range: Option<&str>,
    ) -> Result<Result<Download, u64>> {
        let size = self.size(&stored, variant).await?;
        let range = match asked_range(range, size) {
            Asked::Whole => 0..size,
            Asked::Part(range) => range,
            Asked::Beyond => return Ok(Err(size)),
        };
        self.part(stored, variant, (size, range)).await.map(Ok)
    }

    async fn size(&self, stored: &StoredFile, variant: Variant) -> Result<u64> {
        match stored.variant(variant).ok_or(Error::NotAnImage)? {
            (_, Variant::Original) => u64::try_from(stored.file.bytes).map_err(Error::internal),
            (_, variant) => self.files.size(stored.file.id, variant).await,
        }
    }

    async fn part(
        &self,
        stored: StoredFile,
        variant: Variant,
        (size, range): (u64, Range<u64>),
    ) -> Result<Download> {
        let (content_type, variant) = stored.variant(variant).ok_or(Error::NotAnImage)?;
        let content_type = content_type.to_owned();
        let part = self.files.read(stored.file.id, variant, range.clone()).await?;
        Ok(Download { stored, content_type, size, range, part })
    }

    /// Forgets an upload that was not touched since, and its bytes.
    async fn forget_upload(&self, upload: FileId, since: Timestamp) -> Result<()> {
        if self.store.forget_upload(upload, since).await? {
            self.remove_upload(upload).await?;
        }
        Ok(())
    }

    /// Removes the bytes of an upload that the store knows no more. Its own
    /// folder goes last: as long as it is there, the collector finds it.
    async fn remove_upload(&self, upload: FileId) -> Result<()> {
        if self.store.files(&[upload]).await?.is_empty() {
            self.files.remove_file(upload).await?;
        }
        self.files.remove_upload(upload).await
    }

    /// Removes, from time to time, what nobody needs any more.
    pub async fn collect_files(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(ms(self.config.files.collect_every_ms));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.collect(Timestamp::now()).await {
                tracing::debug!(%error, "some files are kept for another while");
            }
        }
    }

    async fn collect(&self, now: Timestamp) -> Result<()> {
        let idle_since = now.minus(self.upload_idle());
        for upload in self.store.idle_uploads(idle_since, COLLECTED).await? {
            self.forget_upload(upload, idle_since).await?;
        }
        // What a crash has left: listed first, looked up then, since an upload
        // is in the store before its first byte is here.
        for upload in self.files.uploads().await? {
            if !self.store.has_upload(upload).await? {
                self.remove_upload(upload).await?;
            }
        }
        for file in self.store.files_to_check(now, COLLECTED).await? {
            // Gone for everybody first, so that a crash in between leaves a row
            // that is looked at again.
            if self.store.hide_unreferenced(file, now).await? {
                self.files.remove_file(file).await?;
                self.store.forget_file(file).await?;
            }
        }
        Ok(())
    }
}

/// The file as which an image is kept.
fn described(file: File, prepared: &Prepared) -> Result<File> {
    let Prepared { original, width, height, small, .. } = prepared;
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

//! The bytes of files: a local folder, or S3. What they belong to is in the
//! store; nothing here knows who may see what.
//!
//! An upload is a folder `uploads/ID/` of chunks, a file a folder `files/ID/` of
//! variants. A file keeps the id of its upload, so that what an interrupted
//! server leaves behind is found by the id of something that is in the store.

mod animations;
mod apng;
mod bounded;
mod colors;
mod image_headers;
pub mod images;
mod png_chunks;
mod signatures;
pub mod sniff;

use std::{
    io,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use object_store::{
    ClientOptions, GetOptions, GetRange, GetResultPayload, ObjectStore, ObjectStoreExt as _,
    PutPayload, RetryConfig, WriteMultipart, aws::AmazonS3Builder, local::LocalFileSystem,
    path::Path as Location,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncSeekExt as _},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::io::ReaderStream;
use uuid::Uuid;

use crate::{
    config,
    error::{Error, Result},
    model::{FileId, Variant},
};

/// Bytes that are sent at once.
const DOWNLOAD_CHUNK_BYTES: usize = 128 * 1024;
/// An image is held in memory while it is worked on: as it came, and as it is kept.
pub const IMAGE_BYTES: u64 = 64 * 1024 * 1024;
/// What is written to the storage at once; S3 takes no less than 5 MiB.
const PART_BYTES: usize = 8 * 1024 * 1024;

/// The file storage. Cheap to clone.
#[derive(Clone)]
pub struct BlobStore {
    /// Where the storage is, if it is a folder.
    folder: Option<PathBuf>,
    storage: Arc<dyn ObjectStore>,
    /// One permit for each image that may be worked on: each takes a core and
    /// much memory.
    images: Arc<Semaphore>,
    /// One permit for each file of the folder that may be open to be read: each
    /// takes a descriptor, for as long as its reader takes.
    readers: Arc<Semaphore>,
    bounds: images::Bounds,
}

/// Of the descriptors that the process may have, a quarter is for files.
fn affordable_files() -> usize {
    let limit = rlimit::Resource::NOFILE.get_soft().unwrap_or(1024);
    usize::try_from((limit / 4).clamp(1, 16_384)).unwrap_or(1)
}

/// A part of a file on its way.
pub type ByteStream = BoxStream<'static, Result<Bytes>>;

/// To work on an image, it being one's turn.
pub struct ImagePermit {
    _permit: OwnedSemaphorePermit,
}

impl BlobStore {
    /// Opens the storage that `files.url` names; a folder is made.
    pub fn open(config: &config::Files, data: &Path) -> Result<Self> {
        let folder = match config.url.as_str() {
            "" => Some(data.join("files")),
            url if url.starts_with("s3://") => None,
            folder => Some(folder.into()),
        };
        let storage: Arc<dyn ObjectStore> = match &folder {
            None => Arc::new(s3(config, config.url.trim_start_matches("s3://"))?),
            Some(folder) => {
                std::fs::create_dir_all(folder).map_err(|error| {
                    let rule = format!("cannot be made at {}: {error}", folder.display());
                    Error::invalid("files.url", rule)
                })?;
                let local = LocalFileSystem::new_with_prefix(folder).map_err(Error::internal)?;
                // What is acknowledged survives a power cut, as in the database.
                Arc::new(local.with_fsync(true))
            }
        };
        Ok(Self {
            folder,
            storage,
            images: Arc::new(Semaphore::new(config.images_parallel.max(1))),
            readers: Arc::new(Semaphore::new(affordable_files())),
            bounds: images::Bounds {
                pixels: config.image_pixels,
                // Encoded anew it may be larger, but not by much.
                bytes: usize::try_from(config.max_bytes.saturating_mul(2).min(IMAGE_BYTES))
                    .map_err(Error::internal)?,
            },
        })
    }

    /// Writes bytes of an upload.
    pub async fn put_chunk(&self, upload: FileId, object: Uuid, data: Bytes) -> Result<()> {
        self.put(&chunk_path(upload, object), data).await
    }

    /// Reads bytes of an upload.
    pub async fn chunk(&self, upload: FileId, object: Uuid) -> Result<Bytes> {
        let found = self.storage.get(&chunk_path(upload, object)).await.map_err(refused)?;
        found.bytes().await.map_err(refused)
    }

    pub async fn delete_chunk(&self, upload: FileId, object: Uuid) -> Result<()> {
        self.storage.delete(&chunk_path(upload, object)).await.map_err(refused)
    }

    pub async fn put_file(&self, file: FileId, variant: Variant, data: Bytes) -> Result<()> {
        self.put(&file_at(file, variant), data).await
    }

    async fn put(&self, at: &Location, data: Bytes) -> Result<()> {
        self.storage.put(at, PutPayload::from_bytes(data)).await.map(drop).map_err(refused)
    }

    /// Begins a file of which not all is in memory.
    pub async fn write_file(&self, file: FileId) -> Result<BlobWriter> {
        let upload = self.storage.put_multipart(&file_at(file, Variant::Original)).await;
        let upload = upload.map_err(refused)?;
        Ok(BlobWriter(WriteMultipart::new_with_chunk_size(upload, PART_BYTES)))
    }

    /// A part of a file.
    pub async fn read(
        &self,
        file: FileId,
        variant: Variant,
        range: Range<u64>,
    ) -> Result<ByteStream> {
        if range.is_empty() {
            return Ok(futures::stream::empty().boxed());
        }
        let permit = self.readers.clone().try_acquire_owned().map_err(|_| Error::Overloaded)?;
        let options = GetOptions { range: Some(GetRange::Bounded(range)), ..GetOptions::default() };
        let at = file_at(file, variant);
        let found = self.storage.get_opts(&at, options).await.map_err(refused)?;
        let range = found.range;
        Ok(match found.payload {
            // Its own stream would read 8 KiB at once.
            GetResultPayload::File(file, _) => {
                let mut file = tokio::fs::File::from_std(file);
                file.seek(io::SeekFrom::Start(range.start)).await.map_err(Error::internal)?;
                let part = file.take(range.end - range.start);
                let bytes = ReaderStream::with_capacity(part, DOWNLOAD_CHUNK_BYTES);
                bytes.map_err(Error::internal).inspect(move |_| _ = &permit).boxed()
            }
            GetResultPayload::Stream(stream) => stream.map_err(refused).boxed(),
        })
    }

    /// The uploads of which there is something.
    pub async fn uploads(&self) -> Result<Vec<FileId>> {
        let folder = Location::from("uploads");
        let found = self.storage.list_with_delimiter(Some(&folder)).await.map_err(refused)?;
        let id = |at: &Location| FileId::parse(at.filename()?);
        Ok(found.common_prefixes.iter().filter_map(id).collect())
    }

    /// How many bytes a variant has.
    pub async fn size(&self, file: FileId, variant: Variant) -> Result<u64> {
        Ok(self.storage.head(&file_at(file, variant)).await.map_err(refused)?.size)
    }

    /// Removes what there is of an upload.
    pub async fn remove_upload(&self, upload: FileId) -> Result<()> {
        self.remove(&Location::from_iter(["uploads", &upload.to_string()])).await
    }

    /// Removes what there is of a file.
    pub async fn remove_file(&self, file: FileId) -> Result<()> {
        self.remove(&Location::from_iter(["files", &file.to_string()])).await
    }

    /// Removes what a crash has left of a file that was being written. Such a
    /// file has a name of its own, which the storage does not list.
    pub async fn remove_half_written(&self, file: FileId) -> Result<()> {
        let Some(root) = &self.folder else { return Ok(()) };
        let folder = root.join("files").join(file.to_string());
        let removed = tokio::task::spawn_blocking(move || {
            for entry in std::fs::read_dir(folder)? {
                let path = entry?.path();
                if path.file_name().is_some_and(|name| name.to_string_lossy().contains('#')) {
                    std::fs::remove_file(path)?;
                }
            }
            Ok::<_, io::Error>(())
        });
        match removed.await.map_err(Error::internal)? {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, "a half-written file stays");
                Err(Error::StorageUnavailable)
            }
            _ => Ok(()),
        }
    }

    async fn remove(&self, folder: &Location) -> Result<()> {
        if let Some(root) = &self.folder {
            // With what a crash has left of a file that was being written, which
            // the storage does not list.
            return match tokio::fs::remove_dir_all(root.join(folder.as_ref())).await {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    tracing::warn!(%error, "what is left of a file stays for another while");
                    Err(Error::StorageUnavailable)
                }
                _ => Ok(()),
            };
        }
        let found = self.storage.list(Some(folder)).map_ok(|object| object.location).boxed();
        let removed = self.storage.delete_stream(found);
        let gone =
            |error: &object_store::Error| matches!(error, object_store::Error::NotFound { .. });
        removed
            .try_for_each(|_| async { Ok(()) })
            .await
            // Another node may be at it too.
            .or_else(|error| if gone(&error) { Ok(()) } else { Err(refused(error)) })
    }

    /// Waits until an image may be worked on.
    pub async fn image_turn(&self) -> Result<ImagePermit> {
        self.images
            .clone()
            .acquire_owned()
            .await
            .map(|permit| ImagePermit { _permit: permit })
            .map_err(Error::internal)
    }

    /// Works on an image, off the async threads.
    pub async fn with_image<T: Send + 'static>(
        &self,
        turn: ImagePermit,
        work: impl FnOnce(images::Bounds) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let bounds = self.bounds;
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work(bounds)
        });
        // A decoder that panics has met an image that it cannot read.
        done.await.unwrap_or(Err(Error::ImageInvalid))
    }
}

/// A file that is being written. Nothing of it is there before `finish`.
pub struct BlobWriter(WriteMultipart);

impl BlobWriter {
    pub async fn put(&mut self, data: Bytes) -> Result<()> {
        self.0.wait_for_capacity(1).await.map_err(refused)?;
        self.0.put(data);
        Ok(())
    }

    pub async fn finish(self) -> Result<()> {
        self.0.finish().await.map(drop).map_err(refused)
    }

    pub async fn abort(self) -> Result<()> {
        self.0.abort().await.map_err(refused)
    }
}

fn chunk_path(upload: FileId, object: Uuid) -> Location {
    Location::from_iter(["uploads", &upload.to_string(), &object.to_string()])
}

fn file_at(file: FileId, variant: Variant) -> Location {
    Location::from_iter(["files", &file.to_string(), variant.name()])
}

fn s3(config: &config::Files, bucket: &str) -> Result<object_store::aws::AmazonS3> {
    let within = config::ms(config.s3_within_ms);
    // For the answer and for each read, not for all of a download.
    let client = ClientOptions::new()
        .with_timeout_disabled()
        .with_read_timeout(within)
        .with_connect_timeout(within);
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(&config.s3_region)
        .with_client_options(client)
        .with_retry(RetryConfig { retry_timeout: within, ..RetryConfig::default() });
    if !config.s3_endpoint.is_empty() {
        builder = builder
            .with_endpoint(&config.s3_endpoint)
            .with_allow_http(config.s3_endpoint.starts_with("http://"));
    }
    if !config.s3_access_key.is_empty() {
        builder = builder
            .with_access_key_id(&config.s3_access_key)
            .with_secret_access_key(&config.s3_secret_key);
    }
    builder.build().map_err(|error| Error::invalid("files.url", error.to_string()))
}

/// What a failure of the storage means to the caller. Logged here, where the
/// cause is still known: it must not leave the process.
#[expect(clippy::needless_pass_by_value, reason = "it serves map_err")]
fn refused(error: object_store::Error) -> Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(at) = cause {
        let kind = at.downcast_ref::<io::Error>().map(io::Error::kind);
        if let Some(
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge,
        ) = kind
        {
            tracing::error!(%error, "the file storage is full");
            return Error::StorageFull;
        }
        cause = at.source();
    }
    tracing::warn!(%error, "the file storage does not answer");
    Error::StorageUnavailable
}

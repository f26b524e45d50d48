//! Downloading, and who may see a file. Uploading is in `uploads.rs`.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use super::Services;
use crate::{
    auth::tokens,
    error::{Error, Result},
    files::ByteStream,
    model::{
        Caller, FileId, RoomId, StoredFile, Timestamp, UserId, Variant,
        files::{Asked, DownloadQuery, Link, Purpose, asked_range},
        rooms::Right,
    },
};

/// A file, or a part of it, on its way to a client.
pub struct Download {
    pub stored: StoredFile,
    pub content_type: String,
    /// Of the whole variant.
    pub size: u64,
    /// What of it is sent.
    pub range: Range<u64>,
    pub part: ByteStream,
}

impl Services {
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
    pub async fn download(&self, caller: Caller, of: DownloadQuery) -> Result<Download> {
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
        // browsers can keep what they got. Tokens know whole seconds only.
        let stretch = i64::try_from(self.config.files.link_ms.div_ceil(1_000)).unwrap_or(i64::MAX);
        let stretches = self.clock.now().unix_seconds().div_euclid(stretch).saturating_add(2);
        let expires_at = Timestamp(stretches.saturating_mul(stretch).saturating_mul(1_000_000));
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
    pub async fn linked(
        &self,
        file: FileId,
        token: &str,
    ) -> Result<(StoredFile, Variant, Timestamp)> {
        let (named, variant, until) =
            tokens::verify_link(&self.auth.keys, token, self.clock.now())?;
        let found = self.store.files(&[file]).await?.pop();
        let stored = found.filter(|_| named == file).ok_or(Error::FileNotFound)?;
        Ok((stored, variant, until))
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
}

//! Files, and which of them nothing refers to any more.

use std::collections::HashMap;

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    Store,
    dialect::{Tx, db_error, on_pool, on_tx, pad_to_power_of_two, placeholders, retry_deadlocks},
    uploads::check_quota,
};
use crate::{
    error::Result,
    model::{File, FileId, ImageInfo, RoomId, StoredFile, Timestamp, UserId, files::Purpose},
};

/// As `files.check_us`: the collector looks at the file when it next comes by.
pub(super) const AT_ONCE: Timestamp = Timestamp(0);

/// Of `files f`.
pub(super) const FILE_COLUMNS: &str = "f.id, f.uploader_id, f.kind, f.room_id as picture_of,
    f.name, f.content_type, f.thumbnail_type, f.bytes, f.width, f.height, f.created_us";

#[derive(sqlx::FromRow)]
pub(super) struct FileRow {
    id: Uuid,
    uploader_id: Uuid,
    kind: i16,
    picture_of: Option<Uuid>,
    name: String,
    content_type: String,
    thumbnail_type: Option<String>,
    bytes: i64,
    width: Option<i32>,
    height: Option<i32>,
    created_us: i64,
}

impl From<FileRow> for File {
    fn from(row: FileRow) -> Self {
        let image = match (row.width, row.height, row.thumbnail_type) {
            (Some(width), Some(height), Some(thumbnail_type)) => {
                Some(ImageInfo { width, height, thumbnail_type })
            }
            _ => None,
        };
        Self {
            id: FileId(row.id),
            uploader: UserId(row.uploader_id),
            name: row.name,
            content_type: row.content_type,
            bytes: row.bytes,
            image,
            created_at: Timestamp(row.created_us),
        }
    }
}

const KIND_UPLOAD: i16 = 1;
const KIND_PHOTO: i16 = 2;
const KIND_PICTURE: i16 = 3;

impl From<FileRow> for StoredFile {
    fn from(row: FileRow) -> Self {
        let purpose = match (row.kind, row.picture_of) {
            (KIND_PHOTO, _) => Purpose::Photo,
            (KIND_PICTURE, Some(room)) => Purpose::Picture(RoomId(room)),
            // An unknown kind, of a newer version's row, is its uploader's alone.
            _ => Purpose::Upload,
        };
        Self { file: row.into(), purpose }
    }
}

pub(super) async fn insert_file(
    tx: &mut Tx<'_>,
    stored: &StoredFile,
    check_at: Timestamp,
) -> Result<(), sqlx::Error> {
    let StoredFile { file, purpose } = stored;
    let (kind, room) = match purpose {
        Purpose::Upload => (KIND_UPLOAD, None),
        Purpose::Photo => (KIND_PHOTO, None),
        Purpose::Picture(room) => (KIND_PICTURE, Some(*room)),
    };
    let image = file.image.as_ref();
    on_tx!(tx, c => {
        sqlx::query(
            "insert into files (id, uploader_id, kind, room_id, name, content_type,
                                thumbnail_type, bytes, width, height, created_us, check_us)
             values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(file.id.0)
        .bind(file.uploader.0)
        .bind(kind)
        .bind(room.map(|room| room.0))
        .bind(&file.name)
        .bind(&file.content_type)
        .bind(image.map(|image| image.thumbnail_type.as_str()))
        .bind(file.bytes)
        .bind(image.map(|image| image.width))
        .bind(image.map(|image| image.height))
        .bind(file.created_at.0)
        .bind(check_at.0)
        .execute(c).await.map(drop)
    })
}

impl Store {
    /// Adds a photo or picture, unless its uploader has too much. It is looked at
    /// later: by then it shows its user or room.
    pub async fn add_square(
        &self,
        file: &StoredFile,
        check_at: Timestamp,
        quota: u64,
    ) -> Result<()> {
        retry_deadlocks!(self.try_add_square(file, check_at, quota).await).map_err(db_error)?
    }

    async fn try_add_square(
        &self,
        stored: &StoredFile,
        check_at: Timestamp,
        quota: u64,
    ) -> Result<Result<()>, sqlx::Error> {
        let file = &stored.file;
        let mut tx = self.pools.begin().await?;
        if let Err(error) = check_quota(&mut tx, file.uploader, file.bytes, quota).await? {
            return Ok(Err(error));
        }
        insert_file(&mut tx, stored, check_at).await?;
        tx.commit().await.map(Ok)
    }

    /// Files in the order asked for, without the unknown and the repeated.
    pub async fn files(&self, files: &[FileId]) -> Result<Vec<StoredFile>> {
        if files.is_empty() {
            return Ok(vec![]);
        }
        let ids = pad_to_power_of_two(files.to_vec());
        let sql = format!(
            "select {FILE_COLUMNS} from files f where f.kind <> 0 and f.id in {}",
            placeholders(1, ids.len())
        );
        let rows: Vec<FileRow> = on_pool!(&self.pools, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql));
            for id in &ids {
                query = query.bind(id.0);
            }
            query.fetch_all(c).await
        })
        .map_err(db_error)?;
        let found = rows.into_iter().map(StoredFile::from);
        let mut found: HashMap<FileId, StoredFile> =
            found.map(|stored| (stored.file.id, stored)).collect();
        Ok(files.iter().filter_map(|id| found.remove(id)).collect())
    }

    /// For each of the files, the rooms that a user is in and in which a message
    /// with it stands.
    pub async fn rooms_with(
        &self,
        files: &[FileId],
        user: UserId,
    ) -> Result<Vec<(FileId, RoomId)>> {
        if files.is_empty() {
            return Ok(vec![]);
        }
        let files = pad_to_power_of_two(files.to_vec());
        let sql = format!(
            "select distinct a.file_id, a.room_id from attachments a
             join members m on m.room_id = a.room_id and m.user_id = ? and m.state = 1
             join messages x on x.room_id = a.room_id and x.seq = a.seq
             where a.seq > m.floor_seq and (x.thread_seq is null or x.thread_seq > m.floor_seq)
               and a.file_id in {}",
            placeholders(1, files.len())
        );
        let rows: Vec<(Uuid, Uuid)> = on_pool!(&self.pools, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql)).bind(user.0);
            for file in &files {
                query = query.bind(file.0);
            }
            query.fetch_all(c).await
        })
        .map_err(db_error)?;
        Ok(rows.into_iter().map(|(file, room)| (FileId(file), RoomId(room))).collect())
    }

    /// Files that may have nothing that refers to them. `now` is of the steady clock.
    pub async fn files_to_check(&self, now: Timestamp, limit: i64) -> Result<Vec<FileId>> {
        let files: Vec<Uuid> = on_pool!(&self.pools, c => {
            sqlx::query_scalar("select id from files where check_us <= ? order by check_us limit ?")
                .bind(now.0).bind(limit).fetch_all(c).await
        })
        .map_err(db_error)?;
        Ok(files.into_iter().map(FileId).collect())
    }

    /// Hides a file from everybody unless something refers to it; whether it
    /// is hidden.
    pub async fn hide_unreferenced(&self, file: FileId, now: Timestamp) -> Result<bool> {
        retry_deadlocks!(self.try_hide_unreferenced(file, now).await).map_err(db_error)
    }

    async fn try_hide_unreferenced(
        &self,
        file: FileId,
        now: Timestamp,
    ) -> Result<bool, sqlx::Error> {
        let mut tx = self.pools.begin().await?;
        // Locked first and looked at then, each in a statement of its own: who
        // refers to it meanwhile holds the same lock until that can be seen.
        let sql = format!(
            "select id from files where id = ? and check_us <= ?{}",
            tx.dialect().for_update()
        );
        let due: Option<Uuid> = on_tx!(&mut tx, c => {
            sqlx::query_scalar(AssertSqlSafe(sql))
                .bind(file.0).bind(now.0).fetch_optional(c).await
        })?;
        if due.is_none() {
            return Ok(false);
        }
        let referred: i64 = on_tx!(&mut tx, c => {
            sqlx::query_scalar(
                "select (select count(*) from attachments where file_id = ?)
                      + (select count(*) from files f join users u on u.id = f.uploader_id
                         where f.id = ? and u.photo_id = f.id)
                      + (select count(*) from files f join rooms r on r.id = f.room_id
                         where f.id = ? and r.picture_id = f.id)",
            )
            .bind(file.0).bind(file.0).bind(file.0).fetch_one(c).await
        })?;
        // One that cannot be removed is looked at again, after all others.
        let (sql, look_again) = if referred > 0 {
            ("update files set check_us = ? where id = ?", None)
        } else {
            ("update files set kind = 0, check_us = ? where id = ?", Some(now.0))
        };
        on_tx!(&mut tx, c => {
            sqlx::query(sql).bind(look_again).bind(file.0).execute(c).await.map(drop)
        })?;
        tx.commit().await?;
        Ok(referred == 0)
    }

    /// Forgets a hidden file.
    pub async fn forget_file(&self, file: FileId) -> Result<()> {
        retry_deadlocks!(self.try_forget_file(file).await).map_err(db_error)
    }

    async fn try_forget_file(&self, file: FileId) -> Result<(), sqlx::Error> {
        let mut tx = self.pools.begin().await?;
        on_tx!(&mut tx, c => {
            sqlx::query("delete from files where id = ? and kind = 0")
                .bind(file.0).execute(c).await.map(drop)
        })?;
        tx.commit().await
    }
}

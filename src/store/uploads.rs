//! Uploads that are under way.

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    Store,
    dialect::{Tx, db_error, on_pool, on_tx, retry_deadlocks, retry_deadlocks_with_key},
    files::insert_file,
    idempotency,
};
use crate::{
    error::{Error, Result},
    model::{
        FileId, StoredFile, Timestamp, Upload, UserId,
        idempotency::{KeptAnswer, KeyUse},
        limits,
    },
};

#[derive(sqlx::FromRow)]
struct UploadRow {
    id: Uuid,
    user_id: Uuid,
    name: String,
    bytes: i64,
    received: i64,
    touched_us: i64,
}

impl From<UploadRow> for Upload {
    fn from(row: UploadRow) -> Self {
        Self {
            id: FileId(row.id),
            user: UserId(row.user_id),
            name: row.name,
            bytes: row.bytes,
            received: row.received,
            touched_at: Timestamp(row.touched_us),
        }
    }
}

const UPLOADS: &str = "select id, user_id, name, bytes, received, touched_us from uploads";

/// Bytes of an upload that stand in an object.
#[derive(Debug, Clone, Copy)]
pub struct StoredChunk {
    pub upload: FileId,
    pub first_byte: i64,
    pub bytes: i64,
    pub object: Uuid,
}

impl Store {
    /// Begins an upload, unless the user has too much. If a request with the same key
    /// has begun one, the answer that it had.
    pub async fn start_upload(
        &self,
        upload: &Upload,
        quota: u64,
        key: Option<&KeyUse>,
    ) -> Result<Option<KeptAnswer>> {
        retry_deadlocks_with_key!(self.try_start_upload(upload, quota, key).await)
            .map_err(db_error)?
    }

    async fn try_start_upload(
        &self,
        upload: &Upload,
        quota: u64,
        key: Option<&KeyUse>,
    ) -> Result<Result<Option<KeptAnswer>>, sqlx::Error> {
        let user = upload.user.0;
        let mut tx = self.pools.begin().await?;
        let within_quota = check_quota(&mut tx, upload.user, upload.bytes, quota).await?;
        // Whoever begins an upload with this key at the same time has waited there.
        match idempotency::find(&mut tx, key).await? {
            Ok(None) => {}
            found => return Ok(found),
        }
        if let Err(error) = within_quota {
            return Ok(Err(error));
        }
        let open: i64 = on_tx!(&mut tx, c => {
            sqlx::query_scalar("select count(*) from uploads where user_id = ?")
                .bind(user).fetch_one(c).await
        })?;
        if open >= limits::UPLOADS {
            return Ok(Err(Error::TooManyUploads));
        }
        on_tx!(&mut tx, c => {
            sqlx::query(
                "insert into uploads (id, user_id, name, bytes, received, touched_us)
                 values (?, ?, ?, ?, ?, ?)",
            )
            .bind(upload.id.0)
            .bind(user)
            .bind(&upload.name)
            .bind(upload.bytes)
            .bind(upload.received)
            .bind(upload.touched_at.0)
            .execute(c).await.map(drop)
        })?;
        let answer = KeptAnswer { id: Some(upload.id.0), ..KeptAnswer::default() };
        idempotency::keep(&mut tx, key, answer).await?;
        tx.commit().await?;
        Ok(Ok(None))
    }

    /// A user's uploads, in the order in which they were begun.
    pub async fn uploads(&self, user: UserId) -> Result<Vec<Upload>> {
        let sql = format!("{UPLOADS} where user_id = ? order by id");
        let rows: Vec<UploadRow> = on_pool!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql)).bind(user.0).fetch_all(c).await
        })
        .map_err(db_error)?;
        Ok(rows.into_iter().map(Upload::from).collect())
    }

    /// An upload of a user.
    pub async fn upload(&self, id: FileId, user: UserId) -> Result<Option<Upload>> {
        let sql = format!("{UPLOADS} where id = ? and user_id = ?");
        let row: Option<UploadRow> = on_pool!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql)).bind(id.0).bind(user.0).fetch_optional(c).await
        })
        .map_err(db_error)?;
        Ok(row.map(Upload::from))
    }

    /// Whether there is such an upload, of whomever.
    pub async fn has_upload(&self, id: FileId) -> Result<bool> {
        let found: Option<Uuid> = on_pool!(&self.pools, c => {
            sqlx::query_scalar("select id from uploads where id = ?")
                .bind(id.0).fetch_optional(c).await
        })
        .map_err(db_error)?;
        Ok(found.is_some())
    }

    /// Counts a chunk as received, if it is the next one; whether it is.
    pub async fn add_chunk(&self, chunk: StoredChunk, now: Timestamp) -> Result<bool> {
        retry_deadlocks!(self.try_add_chunk(chunk, now).await).map_err(db_error)
    }

    async fn try_add_chunk(&self, chunk: StoredChunk, now: Timestamp) -> Result<bool, sqlx::Error> {
        let StoredChunk { upload, first_byte, bytes, object } = chunk;
        let mut tx = self.pools.begin().await?;
        let next = on_tx!(&mut tx, c => {
            sqlx::query(
                "update uploads set received = received + ?, touched_us = ?
                 where id = ? and received = ? and received + ? <= bytes",
            )
            .bind(bytes).bind(now.0).bind(upload.0).bind(first_byte).bind(bytes)
            .execute(c).await.map(|done| done.rows_affected() == 1)
        })?;
        if next {
            on_tx!(&mut tx, c => {
                sqlx::query(
                    "insert into upload_chunks (upload_id, first_byte, bytes, object)
                     values (?, ?, ?, ?)",
                )
                .bind(upload.0).bind(first_byte).bind(bytes).bind(object)
                .execute(c).await.map(drop)
            })?;
            tx.commit().await?;
        }
        Ok(next)
    }

    /// Keeps an upload from being collected, and lists its chunks in order.
    pub async fn upload_chunks(&self, upload: FileId, now: Timestamp) -> Result<Vec<StoredChunk>> {
        retry_deadlocks!(self.try_touch(upload, now).await).map_err(db_error)?;
        let rows: Vec<(i64, i64, Uuid)> = on_pool!(&self.pools, c => {
            sqlx::query_as(
                "select first_byte, bytes, object from upload_chunks where upload_id = ?
                 order by first_byte",
            )
            .bind(upload.0).fetch_all(c).await
        })
        .map_err(db_error)?;
        let chunk = |(first_byte, bytes, object)| StoredChunk { upload, first_byte, bytes, object };
        Ok(rows.into_iter().map(chunk).collect())
    }

    async fn try_touch(&self, upload: FileId, now: Timestamp) -> Result<(), sqlx::Error> {
        let mut tx = self.pools.begin().await?;
        on_tx!(&mut tx, c => {
            sqlx::query("update uploads set touched_us = ? where id = ?")
                .bind(now.0).bind(upload.0).execute(c).await.map(drop)
        })?;
        tx.commit().await
    }

    /// Makes an upload a file. It may be larger than was announced, and the user
    /// then have too much.
    pub async fn finish_upload(
        &self,
        file: &StoredFile,
        check_at: Timestamp,
        quota: u64,
    ) -> Result<()> {
        retry_deadlocks!(self.try_finish_upload(file, check_at, quota).await).map_err(db_error)?
    }

    async fn try_finish_upload(
        &self,
        stored: &StoredFile,
        check_at: Timestamp,
        quota: u64,
    ) -> Result<Result<()>, sqlx::Error> {
        let file = &stored.file;
        let mut tx = self.pools.begin().await?;
        if !remove(&mut tx, file.id, Timestamp(i64::MAX)).await? {
            return Ok(Err(Error::UploadNotFound));
        }
        if let Err(error) = check_quota(&mut tx, file.uploader, file.bytes, quota).await? {
            return Ok(Err(error));
        }
        insert_file(&mut tx, stored, check_at).await?;
        tx.commit().await.map(Ok)
    }

    /// Forgets an upload that was not touched since; whether it did.
    pub async fn forget_upload(&self, upload: FileId, since: Timestamp) -> Result<bool> {
        retry_deadlocks!(self.try_forget_upload(upload, since).await).map_err(db_error)
    }

    async fn try_forget_upload(
        &self,
        upload: FileId,
        since: Timestamp,
    ) -> Result<bool, sqlx::Error> {
        let mut tx = self.pools.begin().await?;
        let there = remove(&mut tx, upload, since).await?;
        tx.commit().await?;
        Ok(there)
    }

    /// Uploads that were not touched since.
    pub async fn idle_uploads(&self, since: Timestamp, limit: i64) -> Result<Vec<FileId>> {
        let rows: Vec<Uuid> = on_pool!(&self.pools, c => {
            sqlx::query_scalar(
                "select id from uploads where touched_us < ? order by touched_us limit ?",
            )
            .bind(since.0).bind(limit).fetch_all(c).await
        })
        .map_err(db_error)?;
        Ok(rows.into_iter().map(FileId).collect())
    }
}

/// Whether so many bytes more are not too much for a user. Until the transaction
/// ends, nobody else adds to what the user has.
pub(super) async fn check_quota(
    tx: &mut Tx<'_>,
    user: UserId,
    bytes: i64,
    quota: u64,
) -> Result<Result<()>, sqlx::Error> {
    // Of two that ask at once, one waits here and then counts the other.
    let sql = format!("select id from users where id = ?{}", tx.dialect().for_update());
    on_tx!(&mut *tx, c => {
        sqlx::query_scalar::<_, Uuid>(AssertSqlSafe(sql)).bind(user.0).fetch_optional(c).await
    })?;
    // `signed`: a sum is a decimal on MySQL.
    let taken: i64 = on_tx!(tx, c => {
        sqlx::query_scalar(
            "select cast((select coalesce(sum(bytes), 0) from uploads where user_id = ?)
                       + (select coalesce(sum(bytes), 0) from files where uploader_id = ?)
                       as signed)",
        )
        .bind(user.0).bind(user.0).fetch_one(c).await
    })?;
    let fits = taken.saturating_add(bytes) <= i64::try_from(quota).unwrap_or(i64::MAX);
    Ok(if fits { Ok(()) } else { Err(Error::QuotaReached { limit: quota }) })
}

/// Removes an upload and its chunks, if it was not touched since.
async fn remove(tx: &mut Tx<'_>, upload: FileId, since: Timestamp) -> Result<bool, sqlx::Error> {
    let there = on_tx!(&mut *tx, c => {
        sqlx::query("delete from uploads where id = ? and touched_us < ?")
            .bind(upload.0).bind(since.0)
            .execute(c).await.map(|done| done.rows_affected() == 1)
    })?;
    if there {
        on_tx!(tx, c => {
            sqlx::query("delete from upload_chunks where upload_id = ?")
                .bind(upload.0).execute(c).await.map(drop)
        })?;
    }
    Ok(there)
}

//! Whether the data is still that on which a server ran last. If it is not, such
//! as after a restored backup, it gets another epoch: clients then drop what they
//! know and load it anew.

use std::{
    fs::Metadata,
    os::unix::fs::MetadataExt as _,
    time::{SystemTime, UNIX_EPOCH},
};

use uuid::Uuid;

use super::{
    Store,
    dialect::{Pools, Tx, db_error, on_pool, on_tx},
    marker::{Mark, Marker},
};
use crate::{
    error::{Error, Result},
    model::LogId,
};

/// The file that holds the data, as its file system knows it. The device is no
/// part of it: its number may change when the machine starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileIdentity {
    inode: i64,
    /// `None` where the file system does not have it.
    birth_us: Option<i64>,
}

impl FileIdentity {
    fn of(file: &Metadata) -> Self {
        let since = |time: SystemTime| time.duration_since(UNIX_EPOCH).ok();
        let birth = file.created().ok().and_then(since);
        Self {
            inode: file.ino().cast_signed(),
            birth_us: birth.and_then(|since| i64::try_from(since.as_micros()).ok()),
        }
    }

    /// Inodes are used again, so that a copy may have that of the file it replaces.
    fn is_another(self, than: Self) -> bool {
        let births = self.birth_us.zip(than.birth_us);
        self.inode != than.inode || births.is_some_and(|(a, b)| a != b)
    }
}

impl Store {
    /// Renews the epoch if the data is not that on which a server ran last, as
    /// far as that can be seen: a SQLite file is another one, or lacks commits. To
    /// be called at each start, before the epoch is read.
    pub async fn check_identity(&self) -> Result<()> {
        let Pools::Sqlite { lock, marker, .. } = &self.pools else { return Ok(()) };
        let metadata = lock.metadata().ok_or_else(|| Error::internal("the file is closed"))?;
        let file = FileIdentity::of(&metadata.map_err(Error::internal)?);
        let row: (Option<i64>, Option<i64>) = on_pool!(&self.pools, c => {
            sqlx::query_as("select file_inode, file_birth_us from store where id = 1")
                .fetch_one(c).await
        })
        .map_err(db_error)?;
        let last = row.0.map(|inode| FileIdentity { inode, birth_us: row.1 });
        let here = Mark { epoch: self.epoch().await?, positions: self.positions().await? };
        let other = if last.is_some_and(|last| file.is_another(last)) {
            Some("its file is not the one that a server ran on last")
        } else if marker.read().is_some_and(|mark| here.lacks(mark)) {
            Some("it lacks changes that a server has made")
        } else {
            None
        };
        if let Some(reason) = other {
            tracing::warn!(reason, "the database was restored or copied: clients load it anew");
        }
        let epoch = if other.is_some() { Uuid::new_v4() } else { here.epoch };
        // First: a marker that still has the last epoch would renew it at each start.
        begin(marker, Mark { epoch, ..here })?;
        // A server can start on a full disk: nothing is written without need.
        if other.is_some() {
            self.replace_logs(epoch, Some(file)).await?;
        } else if last != Some(file) {
            let mut tx = self.pools.begin().await.map_err(db_error)?;
            save_file(&mut tx, file).await.map_err(db_error)?;
            tx.commit().await.map_err(db_error)?;
        }
        Ok(())
    }

    /// Gives the data another epoch. For restored data that looks like the old,
    /// and while no server runs on it.
    pub async fn renew_epoch(&self) -> Result<Uuid> {
        self.check_identity().await?;
        let epoch = Uuid::new_v4();
        if let Pools::Sqlite { marker, .. } = &self.pools {
            begin(marker, Mark { epoch, positions: self.positions().await? })?;
        }
        self.replace_logs(epoch, None).await?;
        Ok(epoch)
    }

    /// Gives the data another epoch, and with it another log to each room.
    async fn replace_logs(&self, epoch: Uuid, file: Option<FileIdentity>) -> Result<()> {
        let mut tx = self.pools.begin().await.map_err(db_error)?;
        on_tx!(&mut tx, c => {
            sqlx::query("update store set epoch = ? where id = 1")
                .bind(epoch).execute(c).await.map(drop)
        })
        .map_err(db_error)?;
        // The same for all: a position names its room too.
        on_tx!(&mut tx, c => {
            sqlx::query("update rooms set log_id = ?")
                .bind(LogId::new().0).execute(c).await.map(drop)
        })
        .map_err(db_error)?;
        if let Some(file) = file {
            save_file(&mut tx, file).await.map_err(db_error)?;
        }
        tx.commit().await.map_err(db_error)
    }

    /// How many positions the rooms have given together: it only grows.
    async fn positions(&self) -> Result<i64> {
        // `signed`: a sum is a decimal on MySQL.
        on_pool!(&self.pools, c => {
            sqlx::query_scalar("select cast(coalesce(sum(head_seq), 0) as signed) from rooms")
                .fetch_one(c).await
        })
        .map_err(db_error)
    }
}

async fn save_file(tx: &mut Tx<'_>, file: FileIdentity) -> Result<(), sqlx::Error> {
    let FileIdentity { inode, birth_us } = file;
    on_tx!(tx, c => {
        sqlx::query("update store set file_inode = ?, file_birth_us = ? where id = 1")
            .bind(inode).bind(birth_us).execute(c).await.map(drop)
    })
}

fn begin(marker: &Marker, mark: Mark) -> Result<()> {
    marker.begin(mark).map_err(|error| {
        Error::internal(format!("the marker beside the database cannot be written: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_another_by_its_inode_or_its_birth() {
        let file = |inode, birth_us| FileIdentity { inode, birth_us };
        let last = file(7, Some(1));
        assert!(!last.is_another(last));
        assert!(file(8, Some(1)).is_another(last));
        assert!(file(7, Some(2)).is_another(last), "the inode was used again");
        assert!(!file(7, None).is_another(last), "the birth is not known any more");
        assert!(file(8, None).is_another(last));
    }
}

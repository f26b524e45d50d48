//! What a new database begins with, and the id of its data.

use uuid::Uuid;

use super::{
    Store,
    dialect::{db_error, is_unique_violation, on_pool, on_tx},
};
use crate::{
    error::Result,
    model::{
        LogId, RoomId, Timestamp,
        folding::{FOLDING, name_key, topic_key},
    },
};

/// The rooms of a new server: name, topic, and whether new accounts join it.
const FIRST_ROOMS: [(&str, &str, bool); 3] = [
    ("General", "Whatever concerns everyone", true),
    ("Technology", "Machines, programs, networks", false),
    ("Random", "Everything else", false),
];

impl Store {
    /// Brings the schema up to date, and fills a new database. Safe to run several
    /// times at once: the migrator holds a lock on MySQL, and a SQLite file belongs
    /// to one process.
    pub async fn migrate(&self) -> Result<()> {
        self.apply_migrations().await?;
        self.furnish().await
    }

    /// The id of the data itself: another one means other data.
    pub async fn epoch(&self) -> Result<Uuid> {
        on_pool!(&self.pools, c => {
            sqlx::query_scalar("select epoch from store where id = 1").fetch_one(c).await
        })
        .map_err(db_error)
    }

    /// Gives a new database its epoch and first rooms; once, however many nodes
    /// start together.
    async fn furnish(&self) -> Result<()> {
        let mut tx = self.pools.begin().await.map_err(db_error)?;
        let made = on_tx!(&mut tx, c => {
            sqlx::query("insert into store (id, epoch, folding) values (1, ?, ?)")
                .bind(Uuid::new_v4()).bind(FOLDING).execute(c).await.map(drop)
        });
        match made {
            Err(error) if is_unique_violation(&error) => return Ok(()),
            other => other.map_err(db_error)?,
        }
        let now = Timestamp::now();
        for (name, topic, join) in FIRST_ROOMS {
            on_tx!(&mut tx, c => {
                sqlx::query(
                    "insert into rooms (id, kind, name, name_key, topic, topic_key,
                                        creator_id, created_us, head_seq, changed_seq,
                                        join_new_accounts, log_id)
                     values (?, 1, ?, ?, ?, ?, null, ?, 0, 0, ?, ?)",
                )
                .bind(RoomId::new().0)
                .bind(name).bind(name_key(name))
                .bind(topic).bind(topic_key(topic))
                .bind(now.0)
                .bind(i16::from(join))
                .bind(LogId::new().0)
                .execute(c).await.map(drop)
            })
            .map_err(db_error)?;
        }
        tx.commit().await.map_err(db_error)
    }
}

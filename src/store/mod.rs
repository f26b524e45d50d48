//! The truth: every SQL statement of the program.
//!
//! A change of a room goes through the lanes of [`writer`], which take
//! positions under the room's lock. Everything else is a short transaction or
//! a plain read here. Locks are taken in one order: rooms by id, then members,
//! then what is written.

pub mod admin;
mod attachments;
mod batch;
pub mod blocks;
mod clock;
pub mod dialect;
mod dress;
mod file_lock;
pub mod files;
mod gate;
mod identity;
mod index;
mod invites;
pub mod lease;
mod marker;
pub mod marks;
mod mentions;
pub mod messages;
pub mod pages;
pub mod presence;
mod reactions;
pub mod rooms;
pub mod schema;
pub mod search;
pub mod sessions;
pub mod summaries;
mod threads;
mod touched;
pub mod uploads;
pub mod users;
pub mod writer;

use dialect::Pools;

use crate::error::Result;

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pools: Pools,
}

impl Store {
    /// Connects to `url`; see the option `store.url`. A SQLite file is locked until
    /// [`Store::close`], and one that is in use refused.
    pub async fn connect(url: &str, connections: u32) -> Result<Self> {
        Ok(Self { pools: Pools::connect(url, connections).await? })
    }

    /// Whether the database answers, and is this server's.
    pub async fn ping(&self) -> Result<()> {
        if let Pools::MySql { gate, .. } = &self.pools {
            gate.check().map_err(dialect::refused)?;
        }
        dialect::reading!(&self.pools, c => sqlx::query("select 1").execute(c).await.map(drop))
            .map_err(dialect::refused)
    }

    /// Ends every connection, so that files are closed.
    pub async fn close(&self) {
        self.pools.close().await;
    }
}

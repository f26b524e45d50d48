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
pub mod files;
mod index;
mod invites;
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
    /// Connects to `url`; see the option `store.url`.
    pub async fn connect(url: &str, connections: u32) -> Result<Self> {
        Ok(Self { pools: Pools::connect(url, connections).await? })
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        dialect::reading!(&self.pools, c => sqlx::query("select 1").execute(c).await.map(drop))
            .map_err(dialect::refused)
    }

    /// Whether the database cannot be shared with another server.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.pools.dialect() == dialect::Dialect::Sqlite
    }

    /// Ends every connection, so that files are closed.
    pub async fn close(&self) {
        self.pools.close().await;
    }
}

//! The truth: every SQL statement of the program.
//!
//! A change of a room goes through the lanes of [`writer`], which take
//! positions under the room's lock. Everything else is a short transaction or
//! a plain read here. Locks are taken in one order: rooms by id, then members,
//! then what is written.

pub mod admin;
mod attachments;
mod audience;
mod batch;
pub mod blocks;
pub mod changes;
mod checkpoint;
mod clock;
mod committer;
pub mod connection;
pub mod dialect;
mod dress;
mod errors;
mod faults;
mod file_lock;
pub mod files;
pub mod folding;
pub mod followed_threads;
mod gate;
mod idempotency;
mod identity;
mod index;
mod invites;
pub mod lease;
mod marker;
pub mod marks;
pub mod marks_changes;
mod mentions;
mod message_changes;
pub mod message_keys;
mod message_keys_fill;
pub mod messages;
pub mod migrations;
pub mod pages;
pub mod presence;
mod probe;
mod profiles;
pub mod reactions;
pub mod recovery;
pub mod resume;
pub mod rooms;
pub mod schema;
pub mod search;
pub mod sessions;
mod settings;
mod stuck_room;
pub mod summaries;
mod threads;
pub mod uploads;
pub mod users;
mod waiting;
pub mod writer;

use std::sync::{Arc, OnceLock};

use dialect::Pools;
use faults::Faults;

use crate::{clock::SteadyClock, error::Result};

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pools: Pools,
    faults: Arc<Faults>,
    /// Tells when marks and settings were changed; set at the start.
    steady: Arc<OnceLock<SteadyClock>>,
}

impl Store {
    /// Prepares connections to `url`; see the option `store.url`. Whether the
    /// database can be used shows at its first use. A SQLite file is locked until
    /// [`Store::close`], and one that is in use refused.
    pub fn connect(url: &str, connections: u32) -> Result<Self> {
        let faults = Arc::new(Faults::default());
        let pools = Pools::connect(url, connections, &faults)?;
        Ok(Self { pools, faults, steady: Arc::default() })
    }

    /// Prepares connections to a database that a server may be using meanwhile. Only
    /// for what the server reads anew each time it needs it.
    pub fn connect_beside(url: &str) -> Result<Self> {
        let faults = Arc::new(Faults::default());
        let pools = Pools::connect_beside(url, &faults)?;
        Ok(Self { pools, faults, steady: Arc::default() })
    }

    /// Ends every connection, so that files are closed.
    pub async fn close(&self) {
        self.pools.close().await;
    }
}

//! The lock on a SQLite database file: one server at a time.
//!
//! It is a lock on the file itself, so that every path to the file leads to the
//! same lock. SQLite's own locks are of another kind (`fcntl`), which do not
//! conflict with it. They have a trap: closing any descriptor of the file drops
//! them in the whole process. The file is therefore opened here before SQLite
//! opens it and closed only after SQLite's last connection, and nothing else in
//! the server opens it.

use std::{
    fs::{File, Metadata, OpenOptions, TryLockError},
    mem,
    path::Path,
    sync::{Mutex, PoisonError},
};

use crate::error::{Error, Result};

/// Held as long as SQLite has the file open.
pub struct FileLock(Mutex<Option<File>>);

impl FileLock {
    /// Locks the file at `path`, and makes it if there is none.
    pub fn take(path: &Path) -> Result<Self> {
        let cannot = |what: &str, error: &dyn std::fmt::Display| {
            Error::invalid("store.url", format!("cannot be {what} ({}): {error}", path.display()))
        };
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(|error| cannot("opened", &error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(Mutex::new(Some(file)))),
            Err(TryLockError::WouldBlock) => {
                // The holder may be of this process: closing the descriptor would
                // take SQLite's own locks from it.
                mem::forget(file);
                let holder = format!("another process has locked {}", path.display());
                Err(Error::DatabaseInUse { holder })
            }
            Err(TryLockError::Error(error)) => Err(cannot("locked", &error)),
        }
    }

    /// No lock: another process has it, or nobody.
    pub fn none() -> Self {
        Self(Mutex::new(None))
    }

    /// What the file system says of the file; `None` once it is released.
    pub fn metadata(&self) -> Option<std::io::Result<Metadata>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(File::metadata)
    }

    /// Gives the lock up, after SQLite's last connection has been closed.
    pub fn release(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl Drop for FileLock {
    /// Without a release there may still be connections, whose locks must stay:
    /// the file stays open until the process ends.
    fn drop(&mut self) {
        mem::forget(self.0.get_mut().unwrap_or_else(PoisonError::into_inner).take());
    }
}

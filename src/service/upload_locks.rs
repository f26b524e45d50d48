//! Whose turn it is with an upload.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OwnedMutexGuard;

use super::Services;
use crate::{
    error::{Error, Result},
    model::FileId,
};

/// Lets one at a time work on an upload, on this node.
#[derive(Default)]
pub struct UploadLocks(Mutex<HashMap<FileId, Arc<tokio::sync::Mutex<()>>>>);

impl UploadLocks {
    async fn wait(&self, upload: FileId) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            // Who has or awaits a turn holds it.
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            turns.entry(upload).or_default().clone()
        };
        turn.lock_owned().await
    }
}

impl Services {
    /// Works on an upload with which nobody else on this node works meanwhile. In
    /// a task of its own: a client that goes away must not leave it half done.
    pub(super) async fn with_upload_lock<T, F>(
        self: &Arc<Self>,
        upload: FileId,
        work: impl FnOnce(Arc<Self>) -> F,
    ) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let turn = self.upload_locks.wait(upload).await;
        let work = work(self.clone());
        let done = tokio::spawn(async move {
            let _turn = turn;
            work.await
        });
        done.await.map_err(Error::internal)?
    }
}

//! Removes the files and uploads that nobody needs any more. Their age is told by
//! the steady clock.

use std::sync::Arc;

use tokio::time::{MissedTickBehavior, interval};

use super::Services;
use crate::{
    config::ms,
    error::Result,
    model::{FileId, Timestamp},
};

/// Of each kind, in one go.
const COLLECTED: i64 = 500;

impl Services {
    /// Collects from time to time. Runs as long as the server.
    pub async fn run_file_gc(self: Arc<Self>) {
        let mut ticks = interval(ms(self.config.files.collect_every_ms));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.collect(self.steady.now()).await;
        }
    }

    async fn collect(self: &Arc<Self>, now: Timestamp) {
        let idle_since = now.minus(self.upload_idle());
        let idle = self.store.idle_uploads(idle_since, COLLECTED).await;
        each(idle, |upload| self.collect_idle(upload, idle_since)).await;
        // What a crash has left: listed first, looked up then, since an upload
        // is in the store before its first byte is here.
        let there = self.files.uploads().await;
        each(there, |upload| self.collect_lost(upload)).await;
        let due = self.store.files_to_check(now, COLLECTED).await;
        each(due, |file| self.collect_unreferenced(file, now)).await;
    }

    async fn collect_idle(self: &Arc<Self>, upload: FileId, since: Timestamp) -> Result<()> {
        let forget =
            |services: Arc<Self>| async move { services.forget_upload(upload, since).await };
        self.with_upload_lock(upload, forget).await
    }

    async fn collect_lost(self: &Arc<Self>, upload: FileId) -> Result<()> {
        let remove = |services: Arc<Self>| async move {
            if services.store.has_upload(upload).await? {
                return Ok(());
            }
            services.remove_upload(upload).await
        };
        self.with_upload_lock(upload, remove).await
    }

    async fn collect_unreferenced(&self, file: FileId, now: Timestamp) -> Result<()> {
        // Gone for everybody first, so that a crash in between leaves a row that
        // is looked at again.
        if self.store.hide_unreferenced(file, now).await? {
            self.files.remove_file(file).await?;
            self.store.forget_file(file).await?;
        }
        Ok(())
    }
}

/// What fails for one holds up no other; its turn comes again.
async fn each<F>(found: Result<Vec<FileId>>, work: impl Fn(FileId) -> F)
where
    F: Future<Output = Result<()>>,
{
    match found {
        Err(error) => tracing::warn!(%error, "files are not collected for another while"),
        Ok(found) => {
            for id in found {
                if let Err(error) = work(id).await {
                    tracing::warn!(%id, %error, "a file stays for another while");
                }
            }
        }
    }
}

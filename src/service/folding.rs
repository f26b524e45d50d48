//! Folds stored names anew after an upgrade, so that all of them are found.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::Services;
use crate::{error::Result, store::folding::FoldingStep};

const AFTER_FAILURE: Duration = Duration::from_secs(1);

impl Services {
    /// Returns when nothing is folded by an older rule.
    pub async fn fold_names(self: Arc<Self>) {
        let mut step = FoldingStep::FIRST;
        loop {
            let began = Instant::now();
            match self.fold_some(step).await {
                Ok(Some(next)) => {
                    step = next;
                    // Others write at least as long: SQLite has one writer.
                    sleep(began.elapsed()).await;
                }
                Ok(None) => return,
                Err(error) => {
                    tracing::warn!(%error, "names could not be folded for searching");
                    sleep(AFTER_FAILURE).await;
                }
            }
        }
    }

    async fn fold_some(&self, step: FoldingStep) -> Result<Option<FoldingStep>> {
        if step == FoldingStep::FIRST && !self.store.needs_folding().await? {
            return Ok(None);
        }
        let (_, next) = self.store.fold_some(step).await?;
        if next.is_none() {
            self.store.save_folding().await?;
        }
        Ok(next)
    }
}

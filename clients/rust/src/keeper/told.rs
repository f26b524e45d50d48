//! Handing updates over to the application.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::{Notify, mpsc};

use super::Stopped;
use crate::live::Update;

/// What the application is told. Handing it over is a task of its own: the
/// keeper must never wait for an application that waits for the keeper.
pub(super) struct Told {
    updates: mpsc::UnboundedSender<Update>,
    waiting: Arc<Waiting>,
}

/// How many updates the application has not taken yet.
#[derive(Default)]
pub(super) struct Waiting {
    count: AtomicUsize,
    pub(super) taken: Notify,
}

impl Told {
    pub(super) fn new(to: mpsc::Sender<Update>) -> Self {
        let (updates, mut queue) = mpsc::unbounded_channel();
        let waiting = Arc::new(Waiting::default());
        let handed_over = waiting.clone();
        tokio::spawn(async move {
            while let Some(update) = queue.recv().await {
                if to.send(update).await.is_err() {
                    return;
                }
                handed_over.count.fetch_sub(1, Ordering::AcqRel);
                handed_over.taken.notify_one();
            }
        });
        Self { updates, waiting }
    }

    pub(super) fn tell(&self, update: Update) -> Result<(), Stopped> {
        self.waiting.count.fetch_add(1, Ordering::AcqRel);
        self.updates.send(update).map_err(|_| Stopped)
    }

    pub(super) fn waiting(&self) -> Arc<Waiting> {
        self.waiting.clone()
    }
}

impl Waiting {
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }
}

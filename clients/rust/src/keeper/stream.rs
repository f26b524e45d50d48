//! One stream, and what is under way on it.

use std::collections::{HashMap, VecDeque};

use tokio::sync::{mpsc, oneshot};
use tonic::Streaming;

use super::{UPDATES, is_mark};
use crate::{
    error::Error,
    v1::{self, chat_request::Command, reply::Result as Outcome},
};

/// As many updates may wait while the application waits for the reply to a call.
const UPDATES_WHILE_ASKED: usize = 100_000;
/// One less than the server allows is left for renewing the token.
const IN_FLIGHT: usize = 30;

/// Who waits for the reply to a call.
pub(super) type Asker = oneshot::Sender<Result<Outcome, Error>>;

/// One stream, while it lasts.
pub(super) struct Stream {
    requests: mpsc::Sender<v1::ChatRequest>,
    pub(super) responses: Streaming<v1::ChatResponse>,
    pub(super) pending: HashMap<String, Pending>,
    /// Calls for which there was no room yet.
    pub(super) queued: VecDeque<(Command, Asker)>,
    next_id: u64,
}

pub(super) enum Pending {
    Message(String),
    Call(Asker),
    /// A call that changes marks.
    Mark(Asker),
    /// Ours; the reply is of no interest.
    Own,
}

impl Stream {
    pub(super) fn new(
        requests: mpsc::Sender<v1::ChatRequest>,
        responses: Streaming<v1::ChatResponse>,
    ) -> Self {
        Self { requests, responses, pending: HashMap::new(), queued: VecDeque::new(), next_id: 0 }
    }

    pub(super) fn room_for_more(&self) -> bool {
        self.pending.len() < IN_FLIGHT
    }

    /// Whether to read on. An application that does not take its updates is
    /// waited for, unless it waits for the reply to a call: that may stand
    /// behind all that was missed.
    pub(super) fn reads_on(&self, waiting: usize) -> bool {
        let asked = !self.queued.is_empty()
            || self
                .pending
                .values()
                .any(|pending| matches!(pending, Pending::Call(_) | Pending::Mark(_)));
        waiting < if asked { UPDATES_WHILE_ASKED } else { UPDATES }
    }

    /// Sends a command; a stream that is gone shows when it is read.
    pub(super) async fn request(&mut self, command: Command, pending: Pending) {
        self.next_id += 1;
        let request_id = self.next_id.to_string();
        self.pending.insert(request_id.clone(), pending);
        let request = v1::ChatRequest { request_id, command: Some(command) };
        let _ = self.requests.send(request).await;
    }

    /// Whether a mark may not have arrived.
    pub(super) fn has_unanswered_marks(&self) -> bool {
        self.pending.values().any(|pending| matches!(pending, Pending::Mark(_)))
            || self.queued.iter().any(|(command, _)| is_mark(command))
    }

    /// It is gone: nobody who waits gets a reply.
    pub(super) fn gone(self) {
        let pending = self.pending.into_values().filter_map(|pending| match pending {
            Pending::Call(asker) | Pending::Mark(asker) => Some(asker),
            Pending::Message(_) | Pending::Own => None,
        });
        for asker in pending.chain(self.queued.into_iter().map(|(_, asker)| asker)) {
            let _ = asker.send(Err(Error::not_connected()));
        }
    }
}

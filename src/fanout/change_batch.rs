//! Consecutive changes of a room, encoded once for all who get them.

use bytes::BytesMut;

use crate::{
    model::{Change, Message, Seq},
    wire::events::{self, Kind},
};

/// A batch is closed when it has grown this large, so that no response comes
/// near the 4 MiB that gRPC clients accept by default.
pub(super) const MAX_BATCH_BYTES: usize = 256 * 1024;

/// Consecutive changes of one room, being encoded.
#[derive(Default)]
pub(super) struct ChangeBatch {
    pub(super) after: Seq,
    pub(super) seq: Seq,
    pub(super) oldest: Option<Seq>,
    pub(super) bytes: BytesMut,
}

impl ChangeBatch {
    pub(super) fn append(&mut self, change: Change) {
        if self.bytes.is_empty() {
            self.after = change.after;
        }
        self.seq = change.seq;
        let shows_from = change.message.as_ref().map(Message::visible_from);
        let retold = shows_from.filter(|seq| *seq < change.seq);
        self.oldest = self.oldest.into_iter().chain(retold).min();
        events::append(&mut self.bytes, Kind::Change(events::live_change(change)));
    }
}

//! One write on a stream, made of chunks that are encoded already.

use bytes::{Buf, BufMut, Bytes};
use prost::{
    DecodeError, Message,
    encoding::{DecodeContext, WireType},
};

/// Stands for `ChatResponse` and `SubscribeResponse` in the server's generated code.
///
/// Encoded protobuf messages concatenate, so a response is whatever chunks of
/// it are at hand, one after the other: an event's chunk is encoded once and
/// shared by all its receivers.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    chunks: Vec<Bytes>,
    len: usize,
}

impl Frame {
    /// Adds an encoded part of a response.
    pub fn push(&mut self, chunk: Bytes) {
        self.len += chunk.len();
        self.chunks.push(chunk);
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Encoded length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }
}

impl From<Bytes> for Frame {
    fn from(chunk: Bytes) -> Self {
        Self { len: chunk.len(), chunks: vec![chunk] }
    }
}

impl Message for Frame {
    fn encode_raw(&self, buf: &mut impl BufMut) {
        for chunk in &self.chunks {
            buf.put_slice(chunk);
        }
    }

    fn encoded_len(&self) -> usize {
        self.len
    }

    fn clear(&mut self) {
        *self = Self::default();
    }

    /// A server only ever encodes responses; what it is given to decode is
    /// passed over, as an unknown field would be.
    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buf: &mut impl Buf,
        ctx: DecodeContext,
    ) -> Result<(), DecodeError> {
        prost::encoding::skip_field(wire_type, tag, buf, ctx)
    }
}

//! A request's body, watched: how much of an unfinished message is there, and
//! for how long it has been on its way.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Sleep, sleep};
use tonic::{Status, body::Body};

use crate::{error::Error, transport::responses::Unfinished};

/// The prefix of a message: whether it is compressed, and its length.
const PREFIX: usize = 5;

/// A body of gRPC messages in native framing.
pub struct RequestBody {
    body: Body,
    frames: FrameCounter,
    unfinished: Unfinished,
    limits: BodyLimits,
    deadline: Option<Pin<Box<Sleep>>>,
}

/// What a request's body is held to.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimits {
    /// Bytes of a message.
    pub message: usize,
    /// How long a message may take to arrive, from its first byte on; where there
    /// is only one, from the beginning of the call to the end of the body.
    pub timeout: Duration,
    /// Whether there is only one message.
    pub is_unary: bool,
}

impl RequestBody {
    pub fn new(body: Body, unfinished: Unfinished, limits: BodyLimits) -> Self {
        Self { body, frames: FrameCounter::default(), unfinished, limits, deadline: None }
    }

    fn check(&mut self, data: &[u8]) -> Result<(), Error> {
        let BodyLimits { message: limit, is_unary, .. } = self.limits;
        self.frames.add(data);
        if self.frames.message_len() > limit {
            return Err(Error::MessageTooLarge { limit });
        }
        let unfinished = self.frames.unfinished();
        if is_unary && self.frames.messages + usize::from(unfinished > 0) > 1 {
            return Err(Error::MalformedMessage("there is more than one".into()));
        }
        self.unfinished.set(unfinished)
    }

    /// Only a body that lets wait needs a timer.
    fn poll_deadline(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let is_due = self.frames.unfinished() > 0 || self.limits.is_unary;
        if !is_due {
            self.deadline = None;
            return Poll::Pending;
        }
        let timeout = self.limits.timeout;
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(timeout)));
        deadline.as_mut().poll(context)
    }
}

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        match Pin::new(&mut this.body).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref()
                    && let Err(error) = this.check(data)
                {
                    return Poll::Ready(Some(Err(error.into())));
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Pending => match this.poll_deadline(context) {
                Poll::Ready(()) => {
                    let limit = this.limits.timeout;
                    Poll::Ready(Some(Err(Error::RequestTimeout { limit }.into())))
                }
                Poll::Pending => Poll::Pending,
            },
            other @ Poll::Ready(_) => other,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Follows the borders of messages.
#[derive(Debug, Default)]
struct FrameCounter {
    prefix: [u8; PREFIX],
    /// Bytes of the prefix that have arrived.
    prefix_len: usize,
    /// Bytes of the message that have arrived, and that have not.
    received: usize,
    remaining: usize,
    /// Messages that have arrived whole.
    messages: usize,
}

impl FrameCounter {
    /// Bytes that have arrived of a message that is not whole.
    fn unfinished(&self) -> usize {
        self.prefix_len + self.received
    }

    /// Length of the message that is arriving, as far as it is known.
    fn message_len(&self) -> usize {
        self.received + self.remaining
    }

    fn add(&mut self, mut data: &[u8]) {
        while !data.is_empty() {
            if self.prefix_len < PREFIX {
                let length = data.len().min(PREFIX - self.prefix_len);
                let (prefix, rest) = data.split_at(length);
                self.prefix[self.prefix_len..][..length].copy_from_slice(prefix);
                self.prefix_len += length;
                data = rest;
                let [_, length @ ..] = self.prefix;
                if self.prefix_len == PREFIX {
                    self.remaining = u32::from_be_bytes(length) as usize;
                }
            } else {
                let length = data.len().min(self.remaining);
                self.received += length;
                self.remaining -= length;
                data = &data[length..];
            }
            if self.prefix_len == PREFIX && self.remaining == 0 {
                *self = Self { messages: self.messages + 1, ..Self::default() };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_whole_is_counted() {
        // An empty message, one of three bytes, and the beginning of a third.
        let bytes = [0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 7, 7, 7, 1, 0, 0, 1, 0, 9, 9];
        for size in 1..=bytes.len() {
            let mut counter = FrameCounter::default();
            for chunk in bytes.chunks(size) {
                counter.add(chunk);
            }
            assert_eq!(counter.unfinished(), 7, "in chunks of {size}");
            assert_eq!((counter.remaining, counter.messages), (254, 2));
        }
        let mut counter = FrameCounter::default();
        counter.add(&bytes[..13]);
        assert_eq!(counter.unfinished(), 0);
    }
}

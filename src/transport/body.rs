//! A response's body, watched: what of it waits for the client to read.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::futures::OwnedNotified;

use super::{
    activity::Activity,
    responses::{OwnerUsage, Reserved, Tracked},
};

/// A body goes on in chunks of this size. What HTTP/2 has been given of a response
/// beyond the client's window is less than one.
const CHUNK: usize = 16 * 1024;
/// Frames up to this size go on whole: few of them can wait in HTTP/2.
const WHOLE: usize = 512;

/// An extension of responses whose bytes count. A response without it is of bytes
/// that are in memory anyway.
#[derive(Debug, Clone)]
pub enum Counted {
    /// All of it is ready, and counted until it has left.
    Whole(Arc<Reserved>),
    /// A stream: each chunk is counted while it waits.
    Stream(OwnerUsage),
}

/// A body that is registered with [`super::ResponseRegistry`] until it has left.
pub struct TrackedBody {
    body: Body,
    /// The rest of a frame that goes on in chunks.
    remaining: Bytes,
    tracked: Tracked,
    /// Whether each chunk is counted while it waits. Else the whole is, or nothing.
    is_stream: bool,
    activity: Arc<Activity>,
    stalled: Option<Pin<Box<OwnedNotified>>>,
}

impl TrackedBody {
    pub fn new(body: Body, tracked: Tracked, is_stream: bool, activity: Arc<Activity>) -> Self {
        Self { body, remaining: Bytes::new(), tracked, is_stream, activity, stalled: None }
    }

    /// Takes a chunk of what is there. The last is a single byte: HTTP/2 takes it
    /// only when the client's window has room for all before it.
    fn next_chunk(&mut self) -> Bytes {
        let length = if self.remaining.len() > 1 { CHUNK.min(self.remaining.len() - 1) } else { 1 };
        let chunk = self.remaining.split_to(length);
        self.record_sent(chunk.len() + self.remaining.len());
        chunk
    }

    fn record_sent(&self, bytes: usize) {
        if self.is_stream {
            self.tracked.waits_for_client(bytes);
        } else {
            self.tracked.proceeds();
        }
    }

    /// Waits while the socket takes nothing.
    fn poll_writable(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.stalled.is_none() {
            if !self.activity.is_stalled() {
                return Poll::Ready(());
            }
            let mut notified = Box::pin(self.activity.writable().notified_owned());
            notified.as_mut().enable();
            self.stalled = Some(notified);
        }
        // Looked at again after the wake-up was asked for: it may be over by now.
        let is_over = !self.activity.is_stalled();
        let woken = self.stalled.as_mut().is_none_or(|it| it.as_mut().poll(context).is_ready());
        if is_over || woken {
            self.stalled = None;
            return Poll::Ready(());
        }
        Poll::Pending
    }
}

impl HttpBody for TrackedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        if this.poll_writable(context).is_pending() {
            return Poll::Pending;
        }
        if !this.remaining.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(this.next_chunk()))));
        }
        let frame = match Pin::new(&mut this.body).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => frame,
            Poll::Pending => {
                if this.is_stream {
                    this.tracked.waits_for_server();
                }
                return Poll::Pending;
            }
            other @ Poll::Ready(_) => return other,
        };
        let frame = match frame.into_data() {
            Ok(data) if data.len() > WHOLE => {
                this.remaining = data;
                Frame::data(this.next_chunk())
            }
            Ok(data) => {
                this.record_sent(data.len());
                Frame::data(data)
            }
            Err(trailers) => trailers,
        };
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.remaining.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.remaining.len() as u64;
        let hint = self.body.size_hint();
        let mut whole = SizeHint::new();
        if let Some(upper) = hint.upper() {
            whole.set_upper(upper + rest);
        }
        whole.set_lower(hint.lower() + rest);
        whole
    }
}

impl Drop for TrackedBody {
    fn drop(&mut self) {
        self.activity.response_ends();
    }
}

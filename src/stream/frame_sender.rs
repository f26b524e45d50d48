//! A session's way to its client: frames into a short queue that the
//! connection drains.

use std::time::Duration;

use bytes::Bytes;
use tokio::{sync::mpsc, time::timeout};

use super::end::StreamEnd;
use crate::{
    error::Result,
    transport::OwnerUsage,
    wire::{
        events::{self, Kind},
        frame::Frame,
    },
};

pub struct FrameSender {
    frames: mpsc::Sender<Result<Frame>>,
    /// Counts what waits for this client alone.
    usage: OwnerUsage,
    /// How long a client may not read.
    patience: Duration,
}

impl FrameSender {
    pub fn new(frames: mpsc::Sender<Result<Frame>>, usage: OwnerUsage, patience: Duration) -> Self {
        Self { frames, usage, patience }
    }

    /// Sends what was made for this client alone.
    pub async fn send_own(&self, bytes: Bytes) -> Result<(), StreamEnd> {
        self.send(Frame::from(self.usage.track_bytes(bytes))).await
    }

    /// Hands a frame to the connection. A client that does not read for too
    /// long ends the stream.
    pub async fn send(&self, frame: Frame) -> Result<(), StreamEnd> {
        match timeout(self.patience, self.frames.send(Ok(frame))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(StreamEnd::Vanished),
            Err(_) => Err(StreamEnd::SlowReader),
        }
    }

    pub async fn event(&self, kind: Kind) -> Result<(), StreamEnd> {
        self.send_own(events::encode_event(kind)).await
    }

    /// Sends what may be left out, if there is room for it now.
    pub fn offer(&self, kind: Kind) {
        let _ = self.frames.try_send(Ok(Frame::from(events::encode_event(kind))));
    }

    /// Waits until the connection is gone.
    pub async fn closed(&self) {
        self.frames.closed().await;
    }

    /// Says goodbye and ends the stream with its status. To a client that does
    /// not read, this is not waited for.
    pub async fn finish(&self, end: StreamEnd) {
        if matches!(end, StreamEnd::Vanished) {
            return;
        }
        let goodbye = Frame::from(events::encode_event(end.goodbye()));
        let slow = matches!(end, StreamEnd::SlowReader);
        let last = [Some(Ok(goodbye)), end.into_error().map(Err)];
        for frame in last.into_iter().flatten() {
            if slow {
                // The status at least, if there is room for one more.
                let _ = self.frames.try_send(frame);
            } else if timeout(Duration::from_secs(1), self.frames.send(frame)).await.is_err() {
                return;
            }
        }
    }
}

//! The live part of a stream: events, replies and heartbeats until it ends.

use std::{convert::Infallible, future::poll_fn, task::Poll};

use bytes::Bytes;
use futures::{
    FutureExt as _, Stream, StreamExt as _,
    future::{BoxFuture, Fuse},
};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};
use tracing::Instrument as _;

use super::{ChatStream, Inbound, cursor::Verdict, end::StreamEnd};
use crate::{
    config::ms,
    error::Error,
    fanout::subscriber::QueuedEvent,
    model::{Timestamp, limits::TOKEN_EXPIRING_BEFORE},
    wire::{
        events::{self, Kind},
        frame::Frame,
        timestamp, v1,
    },
};

/// What has queued up leaves in one write, up to about this many bytes.
const FRAME_BYTES: usize = 64 * 1024;

impl ChatStream {
    pub(super) async fn run_live_loop(
        &mut self,
        mut inbound: impl Stream<Item = Inbound> + Send + Unpin,
    ) -> Result<Infallible, StreamEnd> {
        let interval = ms(self.services.config.stream.heartbeat_ms);
        let mut silent_until = Instant::now() + interval;
        // In tasks of their own: what this stream waits for, such as a client
        // that does not read, must not hold up a command half-way, with a
        // database connection in its hands. When the stream ends they go on, as
        // calls do.
        let mut replies = Replies::default();
        let mut closing = false;
        let mut token = self.token_clock(self.subscription.control.borrow().token_expires_at);
        loop {
            let mut frame = Frame::default();
            tokio::select! {
                changed = self.subscription.control.changed() => {
                    changed.map_err(|_| StreamEnd::Vanished)?;
                    let control = *self.subscription.control.borrow_and_update();
                    token = self.token_clock(control.token_expires_at);
                }
                Some(item) = self.subscription.queue.recv() => self.drain_queue(item, &mut frame).await?,
                () = self.subscription.subscriber.lagged() => {}
                Some(reply) = replies.0.join_next(), if !replies.0.is_empty() => {
                    frame.push(reply.map_err(Error::internal)?);
                    while frame.len() < FRAME_BYTES
                        && let Some(reply) = replies.0.try_join_next()
                    {
                        frame.push(reply.map_err(Error::internal)?);
                    }
                }
                next = inbound.next(), if !closing => match next {
                    Some(Inbound::Command(mut command)) => {
                        // Polled once before the next command is looked at, so
                        // that they start in the order in which they came.
                        match poll_once(&mut command).await {
                            Some(reply) => frame.push(reply),
                            None => replies.spawn(self.services.running.track_future(command)),
                        }
                    }
                    Some(Inbound::Subscribe(_)) => {
                        let rule = "must come first, and again only after one with more";
                        return Err(StreamEnd::Broken(Error::invalid("subscribe", rule)));
                    }
                    Some(Inbound::Broken(error)) => return Err(StreamEnd::Broken(error)),
                    // What is under way still gets its reply.
                    None => closing = true,
                },
                () = token.warning() => {
                    let event = v1::TokenExpiring { expires_at: Some(timestamp(token.expires_at)) };
                    frame.push(events::encode_event(Kind::TokenExpiring(event)));
                }
                () = sleep_until(silent_until) => {
                    let heads = self.cursor.take_moved();
                    frame.push(events::encode_event(events::heartbeat(heads.into_iter())));
                }
                () = self.frames.closed() => return Err(StreamEnd::Vanished),
            }
            if self.subscription.take_lagging() {
                self.recover(&mut frame).await?;
            }
            if !frame.is_empty() {
                self.frames.send(frame).await?;
                silent_until = Instant::now() + interval;
            }
            if closing && replies.0.is_empty() {
                return Err(StreamEnd::ClientClosed);
            }
        }
    }

    fn token_clock(&self, expires_at: Timestamp) -> TokenClock {
        TokenClock::new(self.services.clock.now(), expires_at)
    }

    /// Puts what has queued up into one frame.
    async fn drain_queue(
        &mut self,
        first: QueuedEvent,
        frame: &mut Frame,
    ) -> Result<(), StreamEnd> {
        let mut next = Some(first);
        while let Some(item) = next {
            self.handle_item(item, frame).await?;
            next = if frame.len() < FRAME_BYTES {
                self.subscription.queue.try_recv().ok()
            } else {
                None
            };
        }
        Ok(())
    }

    async fn handle_item(&mut self, item: QueuedEvent, frame: &mut Frame) -> Result<(), StreamEnd> {
        match item {
            QueuedEvent::State(bytes) | QueuedEvent::OwnState(bytes) => frame.push(bytes),
            // These are the same for all who are in the room. Who may not see all
            // of them reads what they may see.
            QueuedEvent::Log { room, seq, oldest: Some(oldest), .. }
                if oldest <= self.visible_from(room) =>
            {
                if self.cursor.is_behind(room, seq) {
                    self.flush(frame).await?;
                    self.fill_gap(room, seq).await?;
                }
            }
            QueuedEvent::Log { room, after, seq, bytes, .. } => {
                match self.cursor.accept(room, after, seq) {
                    Verdict::Deliver => frame.push(bytes),
                    Verdict::Repeat | Verdict::UnknownRoom => {}
                    Verdict::Gap => {
                        self.flush(frame).await?;
                        self.fill_gap(room, seq).await?;
                    }
                }
            }
            QueuedEvent::Advanced { room, seq } => {
                if self.cursor.is_behind(room, seq) {
                    self.flush(frame).await?;
                    self.resync_room(room, seq).await?;
                }
            }
            QueuedEvent::Added(room) => {
                if self.cursor.position(room).is_none() {
                    self.flush(frame).await?;
                    self.add_rooms(&[room]).await?;
                }
            }
            QueuedEvent::Removed(room) => {
                self.flush(frame).await?;
                self.remove_room(room).await?;
            }
        }
        Ok(())
    }

    /// Sends what is collected, before something that is sent by itself.
    async fn flush(&mut self, frame: &mut Frame) -> Result<(), StreamEnd> {
        let collected = std::mem::take(frame);
        if collected.is_empty() { Ok(()) } else { self.frames.send(collected).await }
    }

    /// After the queue has overflowed: says so, and reads from the store what
    /// was lost.
    async fn recover(&mut self, frame: &mut Frame) -> Result<(), StreamEnd> {
        frame.push(events::encode_event(Kind::Lagging(v1::Lagging {})));
        self.flush(frame).await?;
        let user =
            self.services.catch_ups.user(self.user.id).await?.ok_or(Error::SessionRevoked)?;
        frame.push(events::encode_event(events::user_changed(user.user)));
        frame.push(events::encode_event(events::presence_choice(user.choice)));
        frame.push(events::encode_event(Kind::Blocks(events::blocks(&user.blocks))));
        self.flush(frame).await?;
        self.catch_up_again().await?;
        frame.push(events::encode_event(self.is_live()));
        Ok(())
    }
}

/// Commands under way. Dropped, they go on.
#[derive(Default)]
struct Replies(JoinSet<Bytes>);

impl Replies {
    fn spawn(&mut self, command: impl Future<Output = Bytes> + Send + 'static) {
        self.0.spawn(command.in_current_span());
    }
}

impl Drop for Replies {
    fn drop(&mut self) {
        self.0.detach_all();
    }
}

async fn poll_once(command: &mut BoxFuture<'static, Bytes>) -> Option<Bytes> {
    poll_fn(|context| match command.as_mut().poll(context) {
        Poll::Ready(reply) => Poll::Ready(Some(reply)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// Warns once, a while before a token expires.
struct TokenClock {
    expires_at: Timestamp,
    warning: std::pin::Pin<Box<Fuse<tokio::time::Sleep>>>,
}

impl TokenClock {
    fn new(now: Timestamp, expires_at: Timestamp) -> Self {
        let left = now.until(expires_at);
        // Of a token that lives shorter than that, half is left.
        let wait = left.saturating_sub(TOKEN_EXPIRING_BEFORE).max(left / 2);
        Self { expires_at, warning: Box::pin(tokio::time::sleep(wait).fuse()) }
    }

    async fn warning(&mut self) {
        self.warning.as_mut().await;
    }
}

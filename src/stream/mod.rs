//! One connected stream, from `ready` to `goodbye`.
//!
//! The order that leaves no moment in which an event can fall between: register
//! with the hub, subscribe to the rooms, read the backlog from the store, go
//! live. The cursor then drops what came both ways and finds what came neither.

pub mod cursor;
mod end;
mod frame_sender;
mod live;
mod replay;

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::Instant,
};

use bytes::Bytes;
use cursor::Cursor;
use end::StreamEnd;
use frame_sender::FrameSender;
use futures::{Stream, StreamExt as _, future::BoxFuture};
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use crate::{
    config::ms,
    error::{Error, Result},
    fanout::subscriber::{StreamLimits, Subscription},
    model::{
        Caller, ConnectionId, LogId, PresenceChoice, RoomId, Seq, User, UserId,
        limits::{SUBSCRIBE_ALL_WITHIN, SUBSCRIBE_WITHIN},
        messages::{Position, Resume},
        resume::{StateToken, StreamUser},
    },
    service::{Services, catch_ups::Turn},
    transport::{OwnerUsage, StreamPermit},
    wire::{
        events::{self, Greeting},
        frame::Frame,
    },
};

/// What the client sends on its side of a stream, decoded by `api`.
pub enum Inbound {
    /// Opens the flow of events.
    Subscribe(Resume),
    /// A command under way; its result is the encoded reply.
    Command(BoxFuture<'static, Bytes>),
    /// The client broke the rules.
    Broken(Error),
}

/// A stream that is open: registered, but not running yet.
pub struct ChatStream {
    services: Arc<Services>,
    subscription: Subscription,
    user: User,
    choice: PresenceChoice,
    /// With whom the user had a block when the stream opened.
    blocks: BTreeSet<UserId>,
    frames: FrameSender,
    cursor: Cursor,
    /// Up to where each room's messages are kept from the user.
    visible_from: HashMap<RoomId, Seq>,
    /// While it catches up.
    turn: Option<Turn>,
    /// Up to when the client has been told its marks and settings.
    told: Option<StateToken>,
    _connected: Connected,
    /// Of all streams, and of the user's.
    _permits: (OwnedSemaphorePermit, StreamPermit),
}

/// What of a session leaves the server: frames, then perhaps an error.
pub type Frames = mpsc::Receiver<Result<Frame>>;

/// In the cursor, where what the client said of a room means nothing. Until the
/// room is reset: before anything else is told.
const NO_POSITION: Seq = Seq(-1);

/// Rooms to which a stream is subscribed at once: meanwhile nothing is delivered.
const SUBSCRIBED_AT_ONCE: usize = 256;

/// Rooms to which a stream is subscribed before it is read whether the user is there.
const NAMED_WITHOUT_LOOK: usize = 10_000;

/// Frames that may wait for the connection. Few: what waits longer stays in the
/// hub's queue, where it can be dropped and read again.
const FRAMES: usize = 8;

impl ChatStream {
    /// Opens a stream for the caller. Its events wait until it runs.
    pub async fn open(
        services: &Arc<Services>,
        caller: Caller,
        usage: OwnerUsage,
    ) -> Result<(Self, Frames)> {
        let config = &services.config.server;
        let too_many = Error::TooManyStreams { limit: config.max_streams };
        let all = services.streams.clone().try_acquire_owned().map_err(|_| too_many)?;
        let permits = (all, usage.open_stream(config.max_streams_per_user)?);
        let subscription = services
            .hub
            .open(caller, StreamLimits { queue: services.config.stream.queue, sees_reads: None });
        // Revoked while it opened: the hub did not know it yet.
        services.auth.check_live(caller.session)?;
        // What changes of this from here on, the stream is told.
        let user = services.catch_ups.user(caller.user).await?.ok_or(Error::SessionRevoked)?;
        let StreamUser { user, sends_receipts, choice, blocks } = user;
        subscription.subscriber.first_sees_reads(sends_receipts);
        let connection = subscription.subscriber.connection;
        services.presence.connected(caller.user, connection, choice);
        let connected = Connected { services: services.clone(), caller, connection };
        let (sender, frames) = mpsc::channel(FRAMES);
        let session = Self {
            frames: FrameSender::new(sender, usage, ms(services.config.stream.slow_reader_ms)),
            cursor: Cursor::default(),
            visible_from: HashMap::new(),
            turn: None,
            told: None,
            services: services.clone(),
            subscription,
            user,
            choice,
            blocks,
            _connected: connected,
            _permits: permits,
        };
        Ok((session, frames))
    }

    /// Names the stream in unary calls.
    #[must_use]
    pub fn connection(&self) -> ConnectionId {
        self.subscription.subscriber.connection
    }

    /// Up to where a room's messages are kept from the user.
    fn visible_from(&self, room: RoomId) -> Seq {
        self.visible_from.get(&room).copied().unwrap_or_default()
    }

    /// Runs the stream to its end.
    pub async fn run(mut self, inbound: impl Stream<Item = Inbound> + Send + Unpin) {
        // Looked at first and at every moment, also while the client does not
        // read or the store is slow: who may not read any more gets nothing more.
        let mut control = self.subscription.control.clone();
        let clock = self.services.clock.clone();
        let end = tokio::select! {
            biased;
            end = end::told(&mut control, &clock) => end,
            end = self.live(inbound) => match end {
                Ok(never) => match never {},
                Err(end) => end,
            },
        };
        tracing::debug!(?end, connection = %self.connection(), "stream ends");
        self.frames.finish(end).await;
    }

    async fn live(
        &mut self,
        mut inbound: impl Stream<Item = Inbound> + Send + Unpin,
    ) -> Result<std::convert::Infallible, StreamEnd> {
        self.greet().await?;
        let resume = self.subscription(&mut inbound).await?;
        self.resume(resume).await?;
        self.frames.event(self.is_live()).await?;
        self.run_live_loop(inbound).await
    }

    async fn greet(&mut self) -> Result<(), StreamEnd> {
        let ready = events::ready(Greeting {
            connection: self.connection(),
            heartbeat: ms(self.services.config.stream.heartbeat_ms),
            user: self.user.clone(),
            epoch: self.services.epoch,
            choice: self.choice,
            blocks: std::mem::take(&mut self.blocks),
        });
        self.frames.event(ready).await
    }

    /// Waits for all that says where the client is, which must come first.
    async fn subscription(
        &mut self,
        inbound: &mut (impl Stream<Item = Inbound> + Send + Unpin),
    ) -> Result<Resume, StreamEnd> {
        let mut all = Resume { more: true, ..Resume::default() };
        let all_within = tokio::time::sleep(SUBSCRIBE_ALL_WITHIN);
        let mut all_within = std::pin::pin!(all_within);
        while all.more {
            let next = tokio::select! {
                next = self.next_subscribe(inbound) => next?,
                () = &mut all_within => return Err(StreamEnd::Broken(Error::SubscribeTimeout)),
            };
            all.extend(next);
        }
        Ok(all)
    }

    async fn next_subscribe(
        &mut self,
        inbound: &mut (impl Stream<Item = Inbound> + Send + Unpin),
    ) -> Result<Resume, StreamEnd> {
        tokio::select! {
            next = tokio::time::timeout(SUBSCRIBE_WITHIN, inbound.next()) => match next {
                Err(_) => Err(StreamEnd::Broken(Error::SubscribeTimeout)),
                Ok(None) => Err(StreamEnd::ClientClosed),
                Ok(Some(Inbound::Subscribe(resume))) => Ok(resume),
                Ok(Some(Inbound::Broken(error))) => Err(StreamEnd::Broken(error)),
                Ok(Some(Inbound::Command(_))) => {
                    Err(StreamEnd::Broken(Error::invalid("subscribe", "must be the first command")))
                }
            },
            () = self.frames.closed() => Err(StreamEnd::Vanished),
        }
    }

    /// Brings the client from its positions to the present.
    async fn resume(&mut self, resume: Resume) -> Result<(), StreamEnd> {
        let Resume { positions, unknown, state_token, more: _ } = resume;
        self.told = self.services.known_token(self.user.id, &state_token);
        let connection = self.connection();
        self.take_turn().await?;
        // Subscribed to what the client knows, before the rooms are read in which the
        // user is: no change falls between. Of other rooms nothing is delivered, since
        // the cursor does not have them, and they are given up at once; who names many
        // is asked first whether they are there.
        let mut named: Vec<RoomId> = positions.keys().copied().collect();
        if named.len() > NAMED_WITHOUT_LOOK {
            let rooms: HashSet<RoomId> =
                self.room_states().await?.0.rooms.iter().map(|state| state.room).collect();
            named.retain(|room| rooms.contains(room));
        }
        for rooms in named.chunks(SUBSCRIBED_AT_ONCE) {
            self.services.hub.subscribe(connection, rooms.iter().copied());
        }
        let states = self.room_states().await?;
        let logs: HashMap<RoomId, LogId> =
            states.0.rooms.iter().map(|state| (state.room, state.log)).collect();
        let position = |(room, position): (RoomId, Position)| {
            let means_something = position.log.is_some()
                && position.log == logs.get(&room).copied()
                && position.seq >= Seq::ZERO;
            (room, if means_something { position.seq } else { NO_POSITION })
        };
        // Of rooms that the user is in alone: what else a client names takes no memory.
        let (known, others): (Vec<_>, Vec<_>) =
            positions.into_iter().partition(|(room, _)| logs.contains_key(room));
        self.cursor = Cursor::new(known.into_iter().map(position).collect());
        for (room, _) in &others {
            self.services.hub.unsubscribe(connection, *room);
        }
        let others = others.into_iter().map(|(room, _)| room.to_string());
        self.tell_gone(unknown.into_iter().chain(others).collect()).await?;
        self.catch_up(states).await
    }
}

/// A stream counts as connected while this lives.
struct Connected {
    services: Arc<Services>,
    caller: Caller,
    connection: ConnectionId,
}

impl Drop for Connected {
    fn drop(&mut self) {
        let counts_until = Instant::now() + ms(self.services.config.presence.grace_ms);
        self.services.presence.disconnected(self.caller.user, self.connection, counts_until);
    }
}

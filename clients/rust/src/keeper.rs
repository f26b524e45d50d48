//! What keeps a live connection: it opens streams, reads them, carries out
//! orders, and hands updates over to the application.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::{Notify, mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Streaming};

use crate::{
    client::{Client, authorized},
    connection::{Connection, Happening, State},
    cursor::{Cursor, Verdict},
    error::Error,
    live::{Options, Order, Update},
    outbox::{Outbox, Settled},
    v1::{
        self, chat_request::Command, chat_service_client::ChatServiceClient, event::Kind,
        reply::Result as Outcome,
    },
};

/// Updates that may wait for the application. While it does not take them the
/// connection is not read either, and the server lets it catch up later.
const UPDATES: usize = 256;
/// As many may wait while the application waits for the reply to a call.
const UPDATES_WHILE_ASKED: usize = 100_000;
const RENEW_AGAIN_AFTER: Duration = Duration::from_secs(5);
const ORDERS: usize = 64;
/// One less than the server allows is left for renewing the token.
const IN_FLIGHT: usize = 30;

/// Starts a keeper; it ends when its orders or its updates are dropped.
pub fn start(client: Client, options: Options) -> (mpsc::Sender<Order>, mpsc::Receiver<Update>) {
    let (orders, order_queue) = mpsc::channel(ORDERS);
    let (updates, receiver) = mpsc::channel(UPDATES);
    let keeper = Keeper {
        client,
        told: Told::new(updates),
        connection: Connection::new(Instant::now()),
        cursor: Cursor::new(options.resume),
        epoch: options.epoch,
        outbox: Outbox::new(options.unsent),
        watching: None,
        presence: None,
        token: String::new(),
        renew_at: None,
    };
    tokio::spawn(keeper.run(order_queue));
    (orders, receiver)
}

/// The application does not want any more.
struct Stopped;

/// What the application is told. Handing it over is a task of its own: the
/// keeper must never wait for an application that waits for the keeper.
struct Told {
    updates: mpsc::UnboundedSender<Update>,
    waiting: Arc<Waiting>,
}

/// How many updates the application has not taken yet.
#[derive(Default)]
struct Waiting {
    count: AtomicUsize,
    taken: Notify,
}

impl Told {
    fn new(to: mpsc::Sender<Update>) -> Self {
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

    fn count(&self) -> usize {
        self.waiting.count.load(Ordering::Acquire)
    }
}

/// Keeps the connection.
struct Keeper {
    client: Client,
    told: Told,
    connection: Connection,
    cursor: Cursor,
    epoch: String,
    outbox: Outbox,
    /// Said again on each new stream.
    watching: Option<v1::WatchRoomsRequest>,
    presence: Option<v1::SetPresenceRequest>,
    token: String,
    /// When to try again to renew the token of the stream.
    renew_at: Option<Instant>,
}

/// One stream, while it lasts.
struct Stream {
    requests: mpsc::Sender<v1::ChatRequest>,
    responses: Streaming<v1::ChatResponse>,
    pending: HashMap<String, Pending>,
    /// Calls for which there was no room yet.
    queued: VecDeque<(Command, oneshot::Sender<Result<Outcome, Error>>)>,
    next_id: u64,
}

enum Pending {
    Message(String),
    Call(oneshot::Sender<Result<Outcome, Error>>),
    /// Ours; the reply is of no interest.
    Own,
}

impl Stream {
    fn room_for_more(&self) -> bool {
        self.pending.len() < IN_FLIGHT
    }

    /// Whether to read on. An application that does not take its updates is
    /// waited for, unless it waits for the reply to a call: that may stand
    /// behind all that was missed.
    fn reads_on(&self, waiting: usize) -> bool {
        let asked = !self.queued.is_empty()
            || self.pending.values().any(|pending| matches!(pending, Pending::Call(_)));
        waiting < if asked { UPDATES_WHILE_ASKED } else { UPDATES }
    }

    /// Sends a command; a stream that is gone shows when it is read.
    async fn request(&mut self, command: Command, pending: Pending) {
        self.next_id += 1;
        let request_id = self.next_id.to_string();
        self.pending.insert(request_id.clone(), pending);
        let request = v1::ChatRequest { request_id, command: Some(command) };
        let _ = self.requests.send(request).await;
    }
}

impl Keeper {
    async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        // The receiver of updates is gone, or every handle: either is the end.
        let _ = self.keep(&mut orders).await;
    }

    async fn keep(&mut self, orders: &mut mpsc::Receiver<Order>) -> Result<(), Stopped> {
        loop {
            self.tell(Update::Connection(self.connection.state()))?;
            match self.connection.state() {
                State::Waiting { until } => self.wait(until, orders).await?,
                State::Ended => return Ok(()),
                _ => match self.open().await {
                    Ok(stream) => self.relay(stream, orders).await?,
                    Err(error) => self.failed(&error),
                },
            }
        }
    }

    fn on(&mut self, happening: Happening) {
        self.connection.on(happening, Instant::now(), rand::random());
    }

    fn failed(&mut self, error: &Error) {
        tracing::debug!(%error, "no stream");
        self.outbox.lost();
        let ended = error.code == Code::Unauthenticated && !error.is_token_expired();
        self.on(if ended { Happening::Stop } else { Happening::Lost });
    }

    fn tell(&self, update: Update) -> Result<(), Stopped> {
        self.told.waiting.count.fetch_add(1, Ordering::AcqRel);
        self.told.updates.send(update).map_err(|_| Stopped)
    }

    /// Until the next attempt: messages are put aside, calls fail at once.
    async fn wait(
        &mut self,
        until: Instant,
        orders: &mut mpsc::Receiver<Order>,
    ) -> Result<(), Stopped> {
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(until.into()) => {
                    self.on(Happening::Deadline);
                    return Ok(());
                }
                order = orders.recv() => match order.ok_or(Stopped)? {
                    Order::Send(message) => self.outbox.push(message),
                    Order::Call(command, reply) => {
                        self.remember(&command);
                        let _ = reply.send(Err(Error::not_connected()));
                    }
                },
            }
        }
    }

    async fn open(&mut self) -> Result<Stream, Error> {
        let within = Duration::from_secs(15);
        tokio::time::timeout(within, self.try_open())
            .await
            .unwrap_or_else(|_| Err(Error::not_connected()))
    }

    async fn try_open(&mut self) -> Result<Stream, Error> {
        self.token = self.client.access_token().await?;
        let (requests, request_queue) = mpsc::channel(ORDERS);
        let subscribe = v1::SubscribeRequest {
            resume: self.cursor.positions().clone(),
            epoch: self.epoch.clone(),
        };
        let first = v1::ChatRequest {
            request_id: String::new(),
            command: Some(Command::Subscribe(subscribe)),
        };
        // There is room: the queue is new.
        let _ = requests.try_send(first);
        let request = authorized(ReceiverStream::new(request_queue), &self.token)?;
        let responses = ChatServiceClient::new(self.client.channel()).chat(request).await;
        let responses = match responses.map_err(Error::from) {
            Ok(response) => response.into_inner(),
            Err(error) if error.is_token_expired() => {
                self.client.renew(&self.token).await?;
                return Err(error);
            }
            Err(error) => return Err(error),
        };
        Ok(Stream {
            requests,
            responses,
            pending: HashMap::new(),
            queued: VecDeque::new(),
            next_id: 0,
        })
    }

    async fn relay(
        &mut self,
        mut stream: Stream,
        orders: &mut mpsc::Receiver<Order>,
    ) -> Result<(), Stopped> {
        let mut told = self.connection.state();
        loop {
            self.pump(&mut stream).await;
            let state = self.connection.state();
            if matches!(state, State::Waiting { .. } | State::Ended) {
                break;
            }
            if state != told {
                told = state;
                self.tell(Update::Connection(state))?;
            }
            let deadline = self.connection.deadline().unwrap_or_else(Instant::now);
            let outbox_wakes = self.outbox.wakes_at();
            let reads_on = stream.reads_on(self.told.count());
            let waiting = self.told.waiting.clone();
            tokio::select! {
                () = waiting.taken.notified(), if !reads_on => {}
                response = stream.responses.message(), if reads_on => match response {
                    Ok(Some(response)) => {
                        self.on(Happening::Heard);
                        self.take(response, &mut stream).await?;
                    }
                    Ok(None) => self.on(Happening::Lost),
                    Err(status) => self.failed(&status.into()),
                },
                // Always: who orders may be the one who takes the updates.
                order = orders.recv() => match order.ok_or(Stopped)? {
                    Order::Send(message) => self.outbox.push(message),
                    Order::Call(command, reply) => {
                        self.remember(&command);
                        stream.queued.push_back((command, reply));
                    }
                },
                () = tokio::time::sleep_until(deadline.into()) => self.on(Happening::Deadline),
                () = tokio::time::sleep_until(outbox_wakes.unwrap_or(deadline).into()),
                    if outbox_wakes.is_some() => {}
                () = tokio::time::sleep_until(self.renew_at.unwrap_or(deadline).into()),
                    if self.renew_at.is_some() => self.renew_token(&mut stream).await,
            }
        }
        self.renew_at = None;
        self.outbox.lost();
        let pending = stream.pending.into_values().filter_map(|pending| match pending {
            Pending::Call(reply) => Some(reply),
            Pending::Message(_) | Pending::Own => None,
        });
        for reply in pending.chain(stream.queued.into_iter().map(|(_, reply)| reply)) {
            let _ = reply.send(Err(Error::not_connected()));
        }
        Ok(())
    }

    /// Sends calls, and what may leave the outbox.
    async fn pump(&mut self, stream: &mut Stream) {
        while stream.room_for_more()
            && let Some((command, reply)) = stream.queued.pop_front()
        {
            // Who does not wait any more asks for nothing.
            if !reply.is_closed() {
                stream.request(command, Pending::Call(reply)).await;
            }
        }
        // Before `live` the server is busy with telling what was missed.
        while self.connection.state() == State::Live && stream.room_for_more() {
            let Some(message) = self.outbox.next(Instant::now()) else { return };
            let pending = Pending::Message(message.client_message_id.clone());
            stream.request(Command::SendMessage(message.into()), pending).await;
        }
    }

    /// Keeps what has to be said again on the next stream.
    fn remember(&mut self, command: &Command) {
        match command {
            Command::WatchRooms(request) => self.watching = Some(request.clone()),
            Command::SetPresence(request) => self.presence = Some(request.clone()),
            _ => {}
        }
    }

    async fn take(
        &mut self,
        response: v1::ChatResponse,
        stream: &mut Stream,
    ) -> Result<(), Stopped> {
        for event in response.events {
            if let Some(kind) = event.kind {
                self.event(kind, stream).await?;
            }
        }
        for reply in response.replies {
            self.reply(reply, stream)?;
        }
        Ok(())
    }

    async fn event(&mut self, kind: Kind, stream: &mut Stream) -> Result<(), Stopped> {
        match kind {
            Kind::Ready(ready) => self.ready(ready, stream).await,
            Kind::Change(change) => self.change(change).await,
            Kind::Reset(reset) => {
                self.begin(reset.summary.as_ref());
                self.tell(Update::Reset(reset))
            }
            Kind::RoomAdded(v1::RoomAdded { summary }) => {
                self.begin(summary.as_ref());
                self.tell(Update::RoomAdded(summary.unwrap_or_default()))
            }
            Kind::RoomGone(v1::RoomGone { room_id }) => {
                self.cursor.forget(&room_id);
                self.tell(Update::RoomGone(room_id))
            }
            Kind::Live(_) => {
                self.on(Happening::CaughtUp);
                Ok(())
            }
            Kind::Lagging(_) => {
                self.on(Happening::Lagging);
                Ok(())
            }
            Kind::Heartbeat(heartbeat) => self.check_heads(heartbeat).await,
            Kind::Typing(typing) => self.tell(Update::Typing(typing)),
            Kind::Presence(presence) => self.tell(Update::Presence(presence)),
            Kind::ReadMark(mark) => self.tell(Update::ReadMark(mark)),
            Kind::Receipt(receipt) => self.tell(Update::Receipt(receipt)),
            Kind::RoomSettings(settings) => self.tell(Update::RoomSettings(settings)),
            Kind::TokenExpiring(_) => {
                self.renew_token(stream).await;
                Ok(())
            }
            Kind::Goodbye(goodbye) => {
                self.goodbye(goodbye).await;
                Ok(())
            }
        }
    }

    async fn ready(&mut self, ready: v1::Ready, stream: &mut Stream) -> Result<(), Stopped> {
        if !self.epoch.is_empty() && self.epoch != ready.epoch {
            // Another store: the server drops our positions, and so do we.
            self.cursor.clear();
        }
        self.epoch.clone_from(&ready.epoch);
        let heartbeat = ready.heartbeat_interval.and_then(|d| Duration::try_from(d).ok());
        self.on(Happening::Opened { heartbeat: heartbeat.unwrap_or(Duration::from_secs(20)) });
        self.tell(Update::Ready(ready))?;
        if let Some(request) = self.presence.clone() {
            stream.request(Command::SetPresence(request), Pending::Own).await;
        }
        if let Some(request) = self.watching.clone() {
            stream.request(Command::WatchRooms(request), Pending::Own).await;
        }
        Ok(())
    }

    fn begin(&mut self, summary: Option<&v1::RoomSummary>) {
        if let Some(room) = summary.and_then(|summary| summary.room.as_ref()) {
            self.cursor.begin(&room.id, room.head_seq);
        }
    }

    async fn change(&mut self, change: v1::RoomChange) -> Result<(), Stopped> {
        match self.cursor.accept(&change.room_id, change.after_seq, change.seq) {
            Verdict::Deliver => self.tell(Update::Change(change)),
            Verdict::Repeat | Verdict::Stray => Ok(()),
            Verdict::Gap => self.heal(&change.room_id, change.seq).await,
        }
    }

    async fn check_heads(&mut self, heartbeat: v1::Heartbeat) -> Result<(), Stopped> {
        for (room_id, head) in heartbeat.heads {
            if self.cursor.position(&room_id).is_some_and(|at| at < head) {
                self.heal(&room_id, head).await?;
            }
        }
        Ok(())
    }

    /// Asks for what is missing. If that fails, the next stream brings it.
    async fn heal(&mut self, room_id: &str, head: i64) -> Result<(), Stopped> {
        while let Some(after_seq) = self.cursor.position(room_id).filter(|at| *at < head) {
            let request =
                v1::SyncRoomRequest { room_id: room_id.to_owned(), after_seq, page_size: 200 };
            match self.client.sync_room(request).await {
                Ok(read) if read.synced_seq > after_seq => {
                    for change in read.changes {
                        let accepted = self.cursor.accept(room_id, change.after_seq, change.seq);
                        if accepted == Verdict::Deliver {
                            self.tell(Update::Change(change))?;
                        }
                    }
                }
                _ => {
                    self.on(Happening::Lost);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    async fn renew_token(&mut self, stream: &mut Stream) {
        self.renew_at = None;
        match self.client.renew(&self.token).await {
            Ok(access_token) => {
                self.token.clone_from(&access_token);
                let request = v1::RenewTokenRequest { connection_id: String::new(), access_token };
                stream.request(Command::RenewToken(request), Pending::Own).await;
            }
            Err(error) => {
                tracing::debug!(%error, "the token could not be renewed");
                // If the session is over, the stream will end and say so.
                if error.code != Code::Unauthenticated {
                    self.renew_at = Some(Instant::now() + RENEW_AGAIN_AFTER);
                }
            }
        }
    }

    async fn goodbye(&mut self, goodbye: v1::Goodbye) {
        let expired = goodbye.reason() == v1::GoodbyeReason::TokenExpired;
        let retry_after = goodbye.retry_after.and_then(|d| Duration::try_from(d).ok());
        // An expired token is no end unless the server refuses to renew it: that
        // it could not be asked passes.
        let reconnect = goodbye.reconnect
            || (expired
                && !matches!(self.client.renew(&self.token).await,
                    Err(error) if error.code == Code::Unauthenticated));
        let retry_after = retry_after.unwrap_or_default();
        self.on(Happening::Goodbye { reconnect, retry_after });
    }

    fn reply(&mut self, reply: v1::Reply, stream: &mut Stream) -> Result<(), Stopped> {
        let result = match reply.result {
            Some(Outcome::Error(status)) => Err(Error::from(status)),
            Some(outcome) => Ok(outcome),
            None => Err(Error::local(Code::Internal, "", "The reply was empty.")),
        };
        match stream.pending.remove(&reply.request_id) {
            Some(Pending::Message(id)) => self.settle(&id, result),
            Some(Pending::Call(asker)) => {
                // Whoever asked may have gone.
                let _ = asker.send(result);
                Ok(())
            }
            Some(Pending::Own) => match result {
                Ok(Outcome::WatchRooms(watched)) => self.watched(watched),
                _ => Ok(()),
            },
            None => Ok(()),
        }
    }

    /// The rooms that are watched again, as they are now.
    fn watched(&self, watched: v1::WatchRoomsResponse) -> Result<(), Stopped> {
        for room in watched.rooms {
            for presence in room.presences {
                self.tell(Update::Presence(presence))?;
            }
            for user_id in room.typing_user_ids {
                let room_id = room.room_id.clone();
                self.tell(Update::Typing(v1::Typing { room_id, user_id, typing: true }))?;
            }
        }
        Ok(())
    }

    fn settle(&mut self, id: &str, result: Result<Outcome, Error>) -> Result<(), Stopped> {
        let result = result.map(|outcome| match outcome {
            Outcome::SendMessage(response) => response.message.unwrap_or_default(),
            _ => v1::Message::default(),
        });
        match self.outbox.settle(id, result.as_ref().err(), Instant::now()) {
            Settled::Done(message) => self.tell(Update::Sent { message, result }),
            Settled::Again | Settled::Unknown => Ok(()),
        }
    }
}

//! One connection that keeps itself: it reconnects, resumes, heals and sends.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Streaming};
use uuid::Uuid;

use crate::{
    client::{Client, authorized},
    connection::{Connection, Happening, State},
    cursor::{Cursor, Verdict},
    error::Error,
    outbox::{Outbox, Settled, Unsent},
    v1::{
        self, chat_request::Command, chat_service_client::ChatServiceClient, event::Kind,
        reply::Result as Outcome,
    },
};

/// Updates that may wait for the application. While it does not take them the
/// connection is not read either, and the server lets it catch up later.
const UPDATES: usize = 256;
const ORDERS: usize = 64;
/// One less than the server allows is left for renewing the token.
const IN_FLIGHT: usize = 30;

/// Where to begin.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Positions by room, with the epoch they are of, from an earlier run.
    pub resume: HashMap<String, i64>,
    pub epoch: String,
    /// Messages that an earlier run could not send.
    pub unsent: Vec<Unsent>,
}

/// Something that happened. In each room changes come once, in order, without a
/// hole.
#[derive(Debug, Clone, PartialEq)]
pub enum Update {
    /// The connection's state has changed.
    Connection(State),
    /// A stream is open; after an interruption, again.
    Ready(v1::Ready),
    Change(v1::RoomChange),
    /// Drop what you know of this room and begin here.
    Reset(v1::RoomReset),
    RoomAdded(v1::RoomSummary),
    RoomGone(String),
    Typing(v1::Typing),
    Presence(v1::Presence),
    ReadMark(v1::ReadMark),
    /// A message of the outbox is stored, or was refused for good.
    Sent {
        message: Unsent,
        result: Result<v1::Message, Error>,
    },
}

/// What happens, in order. Ends when the session ends or every [`Live`] is gone.
#[derive(Debug)]
pub struct Updates {
    receiver: mpsc::Receiver<Update>,
}

impl Updates {
    /// The next update; `None` when there will be no more.
    pub async fn next(&mut self) -> Option<Update> {
        self.receiver.recv().await
    }
}

impl futures::Stream for Updates {
    type Item = Update;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Update>> {
        self.receiver.poll_recv(context)
    }
}

/// The handle. The connection ends when the last clone is dropped.
#[derive(Debug, Clone)]
pub struct Live {
    orders: mpsc::Sender<Order>,
}

enum Order {
    Send(Unsent),
    Call(Command, oneshot::Sender<Result<Outcome, Error>>),
}

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Order")
    }
}

macro_rules! commands {
    ($($name:ident($variant:ident: $request:ident) -> $response:ident;)*) => {
        impl Live {
            $(
                /// As the RPC of this name, on the stream. Fails at once while
                /// there is no connection.
                pub async fn $name(&self, request: v1::$request) -> Result<v1::$response, Error> {
                    match self.call(Command::$variant(request)).await? {
                        Outcome::$variant(response) => Ok(response),
                        _ => Err(Error::local(Code::Internal, "", "Another reply was expected.")),
                    }
                }
            )*
        }
    };
}

commands! {
    list_messages(ListMessages: ListMessagesRequest) -> ListMessagesResponse;
    mark_read(MarkRead: MarkReadRequest) -> MarkReadResponse;
    set_typing(SetTyping: SetTypingRequest) -> SetTypingResponse;
    set_presence(SetPresence: SetPresenceRequest) -> SetPresenceResponse;
    watch_rooms(WatchRooms: WatchRoomsRequest) -> WatchRoomsResponse;
}

impl Live {
    /// Puts a message into the outbox and returns its `client_message_id`. It
    /// will be sent once, however often the connection is lost;
    /// [`Update::Sent`] tells how it went.
    pub async fn send(&self, room_id: &str, text: &str) -> Result<String, Error> {
        let client_message_id = Uuid::new_v4().to_string();
        let unsent = Unsent {
            client_message_id: client_message_id.clone(),
            room_id: room_id.to_owned(),
            text: text.to_owned(),
        };
        self.orders.send(Order::Send(unsent)).await.map_err(|_| Error::not_connected())?;
        Ok(client_message_id)
    }

    async fn call(&self, command: Command) -> Result<Outcome, Error> {
        let (reply, answer) = oneshot::channel();
        self.orders.send(Order::Call(command, reply)).await.map_err(|_| Error::not_connected())?;
        answer.await.map_err(|_| Error::not_connected())?
    }
}

pub(crate) fn start(client: Client, options: Options) -> (Live, Updates) {
    let (orders, order_queue) = mpsc::channel(ORDERS);
    let (updates, receiver) = mpsc::channel(UPDATES);
    let keeper = Keeper {
        client,
        updates,
        connection: Connection::new(Instant::now()),
        cursor: Cursor::new(options.resume),
        epoch: options.epoch,
        outbox: Outbox::new(options.unsent),
        watching: None,
        presence: None,
        token: String::new(),
    };
    tokio::spawn(keeper.run(order_queue));
    (Live { orders }, Updates { receiver })
}

/// The application does not want any more.
struct Stopped;

/// Keeps the connection.
struct Keeper {
    client: Client,
    updates: mpsc::Sender<Update>,
    connection: Connection,
    cursor: Cursor,
    epoch: String,
    outbox: Outbox,
    /// Said again on each new stream.
    watching: Option<v1::WatchRoomsRequest>,
    presence: Option<v1::SetPresenceRequest>,
    token: String,
}

/// One stream, while it lasts.
struct Stream {
    requests: mpsc::Sender<v1::ChatRequest>,
    responses: Streaming<v1::ChatResponse>,
    pending: HashMap<String, Pending>,
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
            self.tell(Update::Connection(self.connection.state())).await?;
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

    async fn tell(&self, update: Update) -> Result<(), Stopped> {
        self.updates.send(update).await.map_err(|_| Stopped)
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
        Ok(Stream { requests, responses, pending: HashMap::new(), next_id: 0 })
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
                self.tell(Update::Connection(state)).await?;
            }
            let deadline = self.connection.deadline().unwrap_or_else(Instant::now);
            let outbox_wakes = self.outbox.wakes_at();
            tokio::select! {
                response = stream.responses.message() => match response {
                    Ok(Some(response)) => {
                        self.on(Happening::Heard);
                        self.take(response, &mut stream).await?;
                    }
                    Ok(None) => self.on(Happening::Lost),
                    Err(status) => self.failed(&status.into()),
                },
                order = orders.recv(), if stream.room_for_more() => match order.ok_or(Stopped)? {
                    Order::Send(message) => self.outbox.push(message),
                    Order::Call(command, reply) => {
                        self.remember(&command);
                        stream.request(command, Pending::Call(reply)).await;
                    }
                },
                () = tokio::time::sleep_until(deadline.into()) => self.on(Happening::Deadline),
                () = tokio::time::sleep_until(outbox_wakes.unwrap_or(deadline).into()),
                    if outbox_wakes.is_some() => {}
            }
        }
        self.outbox.lost();
        for (_, pending) in stream.pending.drain() {
            if let Pending::Call(reply) = pending {
                let _ = reply.send(Err(Error::not_connected()));
            }
        }
        Ok(())
    }

    /// Sends what may leave the outbox.
    async fn pump(&mut self, stream: &mut Stream) {
        // Before `live` the server is busy with telling what was missed.
        while self.connection.state() == State::Live && stream.room_for_more() {
            let Some(message) = self.outbox.next(Instant::now()) else { return };
            let Unsent { client_message_id, room_id, text } = message;
            let pending = Pending::Message(client_message_id.clone());
            let request =
                v1::SendMessageRequest { room_id, text, client_message_id, reply_to_seq: 0 };
            stream.request(Command::SendMessage(request), pending).await;
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
            self.reply(reply, stream).await?;
        }
        Ok(())
    }

    async fn event(&mut self, kind: Kind, stream: &mut Stream) -> Result<(), Stopped> {
        match kind {
            Kind::Ready(ready) => self.ready(ready, stream).await,
            Kind::Change(change) => self.change(change).await,
            Kind::Reset(reset) => {
                self.begin(reset.summary.as_ref());
                self.tell(Update::Reset(reset)).await
            }
            Kind::RoomAdded(v1::RoomAdded { summary }) => {
                self.begin(summary.as_ref());
                self.tell(Update::RoomAdded(summary.unwrap_or_default())).await
            }
            Kind::RoomGone(v1::RoomGone { room_id }) => {
                self.cursor.forget(&room_id);
                self.tell(Update::RoomGone(room_id)).await
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
            Kind::Typing(typing) => self.tell(Update::Typing(typing)).await,
            Kind::Presence(presence) => self.tell(Update::Presence(presence)).await,
            Kind::ReadMark(mark) => self.tell(Update::ReadMark(mark)).await,
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
        self.tell(Update::Ready(ready)).await?;
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
            Verdict::Deliver => self.tell(Update::Change(change)).await,
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
                            self.tell(Update::Change(change)).await?;
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
        match self.client.renew(&self.token).await {
            Ok(access_token) => {
                self.token.clone_from(&access_token);
                let request = v1::RenewTokenRequest { connection_id: String::new(), access_token };
                stream.request(Command::RenewToken(request), Pending::Own).await;
            }
            // The stream will end, and opening the next one shows why.
            Err(error) => tracing::debug!(%error, "the token could not be renewed"),
        }
    }

    async fn goodbye(&mut self, goodbye: v1::Goodbye) {
        let expired = goodbye.reason() == v1::GoodbyeReason::TokenExpired;
        let retry_after = goodbye.retry_after.and_then(|d| Duration::try_from(d).ok());
        // An expired token is no end as long as it can be renewed.
        let reconnect =
            goodbye.reconnect || (expired && self.client.renew(&self.token).await.is_ok());
        let retry_after = retry_after.unwrap_or_default();
        self.on(Happening::Goodbye { reconnect, retry_after });
    }

    async fn reply(&mut self, reply: v1::Reply, stream: &mut Stream) -> Result<(), Stopped> {
        let result = match reply.result {
            Some(Outcome::Error(status)) => Err(Error::from(status)),
            Some(outcome) => Ok(outcome),
            None => Err(Error::local(Code::Internal, "", "The reply was empty.")),
        };
        match stream.pending.remove(&reply.request_id) {
            Some(Pending::Message(id)) => self.settle(&id, result).await,
            Some(Pending::Call(asker)) => {
                // Whoever asked may have gone.
                let _ = asker.send(result);
                Ok(())
            }
            Some(Pending::Own) | None => Ok(()),
        }
    }

    async fn settle(&mut self, id: &str, result: Result<Outcome, Error>) -> Result<(), Stopped> {
        let result = result.map(|outcome| match outcome {
            Outcome::SendMessage(response) => response.message.unwrap_or_default(),
            _ => v1::Message::default(),
        });
        match self.outbox.settle(id, result.as_ref().err(), Instant::now()) {
            Settled::Done(message) => self.tell(Update::Sent { message, result }).await,
            Settled::Again | Settled::Unknown => Ok(()),
        }
    }
}

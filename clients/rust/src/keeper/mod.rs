//! What keeps a live connection: it opens streams, reads them, carries out
//! orders, and hands updates over to the application.

mod events;
mod stream;
mod told;

use std::{
    collections::HashMap,
    time::{Duration, Instant, SystemTime},
};

use futures::StreamExt as _;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;

use self::{
    stream::{Pending, Stream},
    told::Told,
};
use crate::{
    client::{Client, authorized},
    connection::{Connection, Happening, State},
    cursor::{Cursor, Position},
    error::Error,
    live::{Options, Order, Update},
    outbox::Outbox,
    v1::{self, chat_request::Command, chat_service_client::ChatServiceClient},
};

/// Updates that may wait for the application. While it does not take them the
/// connection is not read either, and the server lets it catch up later.
const UPDATES: usize = 256;
const ORDERS: usize = 64;
/// A request has at most 1 MiB, and a position well under 200 bytes.
const POSITIONS_PER_REQUEST: usize = 5_000;

/// Starts a keeper; it ends when its orders or its updates are dropped.
pub fn start(client: Client, options: Options) -> (mpsc::Sender<Order>, mpsc::Receiver<Update>) {
    let (orders, order_queue) = mpsc::channel(ORDERS);
    let (updates, receiver) = mpsc::channel(UPDATES);
    let keeper = Keeper {
        client,
        told: Told::new(updates),
        connection: Connection::new(Instant::now()),
        cursor: Cursor::new(options.positions),
        state_token: options.state_token,
        began_at: HashMap::new(),
        outbox: Outbox::new(options.unsent),
        watching: None,
        idle: false,
        token: String::new(),
        renew_at: None,
        refusal: None,
    };
    tokio::spawn(keeper.run(order_queue));
    (orders, receiver)
}

/// All positions, in as many requests as they need.
fn subscribe_requests(
    positions: &HashMap<String, Position>,
    state_token: &[u8],
) -> Vec<v1::SubscribeRequest> {
    let all: Vec<v1::RoomPosition> = positions
        .iter()
        .map(|(room_id, Position { seq, log_id })| v1::RoomPosition {
            room_id: room_id.clone(),
            seq: *seq,
            log_id: log_id.clone(),
        })
        .collect();
    let mut requests: Vec<v1::SubscribeRequest> = all
        .chunks(POSITIONS_PER_REQUEST)
        .map(|positions| v1::SubscribeRequest {
            positions: positions.to_vec(),
            more: true,
            state_token: state_token.to_vec(),
        })
        .collect();
    match requests.last_mut() {
        Some(last) => last.more = false,
        None => requests.push(v1::SubscribeRequest::default()),
    }
    requests
}

/// Whether a command changes marks. While one has no answer, the server has to tell all
/// of them on the next stream, so that the application sees what has arrived.
fn is_mark(command: &Command) -> bool {
    matches!(command, Command::MarkRead(_) | Command::MarkUnread(_))
}

/// The application does not want any more.
struct Stopped;

/// Keeps the connection.
struct Keeper {
    client: Client,
    told: Told,
    connection: Connection,
    cursor: Cursor,
    /// Says which marks and settings the application has been told. Empty: perhaps not all.
    state_token: Vec<u8>,
    /// Where each room that is caught up with was before.
    began_at: HashMap<String, i64>,
    outbox: Outbox,
    /// Said again on each new stream.
    watching: Option<v1::WatchRoomsRequest>,
    idle: bool,
    token: String,
    /// When to try again to renew the token of the stream.
    renew_at: Option<Instant>,
    /// Why the connection has ended.
    refusal: Option<Error>,
}

impl Keeper {
    async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        // The receiver of updates is gone, or every handle: either is the end.
        let _ = self.keep(&mut orders).await;
    }

    async fn keep(&mut self, orders: &mut mpsc::Receiver<Order>) -> Result<(), Stopped> {
        loop {
            if let Some(refusal) = self.refusal.take() {
                self.tell(Update::Refused(refusal))?;
            }
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
        self.refusal = ended.then(|| error.clone());
        self.on(if ended { Happening::Stop } else { Happening::Lost });
    }

    fn tell(&self, update: Update) -> Result<(), Stopped> {
        self.told.tell(update)
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
                    Order::Discard(id) => self.outbox.remove(&id),
                    Order::Nudge => {
                        self.on(Happening::Nudge);
                        return Ok(());
                    }
                    Order::Call(command, reply) => {
                        self.remember(&command);
                        if is_mark(&command) {
                            self.state_token.clear();
                        }
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
        let first = subscribe_requests(self.cursor.positions(), &self.state_token);
        let first = first.into_iter().map(|subscribe| {
            let command = Some(Command::Subscribe(subscribe));
            v1::ChatRequest { request_id: String::new(), command }
        });
        let all = futures::stream::iter(first).chain(ReceiverStream::new(request_queue));
        let request = authorized(all, &self.token)?;
        let responses = ChatServiceClient::new(self.client.channel()).chat(request).await;
        let responses = match responses.map_err(Error::from) {
            Ok(response) => response.into_inner(),
            Err(error) if error.is_token_expired() => {
                self.client.renew(&self.token).await?;
                return Err(error);
            }
            Err(error) => return Err(error),
        };
        Ok(Stream::new(requests, responses))
    }

    async fn relay(
        &mut self,
        mut stream: Stream,
        orders: &mut mpsc::Receiver<Order>,
    ) -> Result<(), Stopped> {
        let mut told = self.connection.state();
        loop {
            self.pump(&mut stream).await?;
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
            let waiting = self.told.waiting();
            let reads_on = stream.reads_on(waiting.count());
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
                    Order::Discard(id) => self.outbox.remove(&id),
                    Order::Nudge => self.on(Happening::Nudge),
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
        if stream.has_unanswered_marks() {
            self.state_token.clear();
        }
        stream.gone();
        Ok(())
    }

    /// Sends calls, and what may leave the outbox.
    async fn pump(&mut self, stream: &mut Stream) -> Result<(), Stopped> {
        while stream.room_for_more()
            && let Some((command, reply)) = stream.queued.pop_front()
        {
            let is_mark = is_mark(&command);
            // Who does not wait any more asks for nothing.
            if !reply.is_closed() {
                let pending = if is_mark { Pending::Mark(reply) } else { Pending::Call(reply) };
                stream.request(command, pending).await;
            } else if is_mark {
                self.state_token.clear();
            }
        }
        // Before `live` the server is busy with telling what was missed.
        if self.connection.state() != State::Live {
            return Ok(());
        }
        for message in self.outbox.take_old(SystemTime::now()) {
            self.tell(Update::Sent { message, result: Err(Error::sent_long_ago()) })?;
        }
        while stream.room_for_more() {
            let Some(message) = self.outbox.next(Instant::now()) else { break };
            let pending = Pending::Message(message.client_message_id.clone());
            stream.request(Command::SendMessage(message.into()), pending).await;
        }
        Ok(())
    }

    /// Keeps what has to be said again on the next stream.
    fn remember(&mut self, command: &Command) {
        match command {
            Command::WatchRooms(request) => self.watching = Some(request.clone()),
            // What the user chose stays with the server, and may have been chosen
            // anew elsewhere; that this stream is idle does not.
            Command::SetPresence(request) => {
                let away = request.state() == v1::PresenceState::Away;
                self.idle = request.idle.unwrap_or(away);
            }
            _ => {}
        }
    }
}

//! One connection that keeps itself: it reconnects, resumes, heals and sends.

use std::{collections::HashMap, time::Duration};

use tokio::sync::{mpsc, oneshot};
use tonic::Code;

use crate::{
    client::Client,
    connection::State,
    cursor::Position,
    error::Error,
    keeper,
    outbox::Unsent,
    v1::{self, chat_request::Command, reply::Result as Outcome},
};

/// A call that gets no answer for so long has failed.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// Where to begin.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Positions by room, from an earlier run.
    pub positions: HashMap<String, Position>,
    /// The last [`Update::StateToken`] that came while these positions were known; with
    /// it only those read marks and settings are told that have changed since. Leave it
    /// empty if a call that marks something had no answer: what is told then shows
    /// whether it has arrived. Of calls through [`Live`] this is known.
    pub state_token: Vec<u8>,
    /// Messages that an earlier run could not send.
    pub unsent: Vec<Unsent>,
}

/// Something that happened. In each room changes come once, in order, without a
/// hole.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "most updates are changes")]
pub enum Update {
    /// The connection's state has changed.
    Connection(State),
    /// The server refuses to go on, for this reason: the session has ended if it is
    /// `UNAUTHENTICATED`. `Connection(State::Ended)` follows.
    Refused(Error),
    /// A stream is open; after an interruption, again.
    Ready(v1::Ready),
    Change {
        change: v1::RoomChange,
        /// The position that was known before this was caught up with: a message
        /// beyond it is new.
        known_seq: i64,
    },
    /// Forget the room's messages and go on from here; see [`Client::fill_gap`] for
    /// what lies between.
    Reset(v1::RoomReset),
    RoomAdded(v1::RoomSummary),
    RoomGone(String),
    Typing(v1::Typing),
    Presence(v1::Presence),
    /// How the user has chosen to be seen, perhaps on another device.
    PresenceChoice(v1::PresenceState),
    /// With whom the user has a block, after that has changed.
    Blocks(v1::Blocks),
    /// A profile has changed, perhaps the user's own on another device.
    UserChanged(v1::User),
    /// The user has blocked somebody, or unblocked them, perhaps on another device.
    BlockChanged(v1::BlockChanged),
    ReadMarker(v1::ReadMarker),
    Receipt(v1::Receipt),
    RoomPreferences(v1::RoomPreferences),
    /// All that was missed has been told. Keep this with the positions, for
    /// [`Options::state_token`].
    StateToken(Vec<u8>),
    /// A message of the outbox is stored, or was refused for good. With the reason
    /// `SENT_LONG_AGO` it was not sent: it was written more than 25 days ago, so that
    /// the server may not know any more whether it has it. Ask its writer; to send it,
    /// post [`Unsent::sent_anyway`].
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

pub(crate) enum Order {
    Send(Unsent),
    Discard(String),
    Nudge,
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
    mark_delivered(MarkDelivered: MarkDeliveredRequest) -> MarkDeliveredResponse;
    set_typing(SetTyping: SetTypingRequest) -> SetTypingResponse;
    set_presence(SetPresence: SetPresenceRequest) -> SetPresenceResponse;
    watch_rooms(WatchRooms: WatchRoomsRequest) -> WatchRoomsResponse;
}

impl Live {
    /// Puts a message into the outbox and returns its `client_message_id`. It
    /// will be sent once, however often the connection is lost;
    /// [`Update::Sent`] tells how it went.
    pub async fn send(&self, room_id: &str, text: &str) -> Result<String, Error> {
        self.post(Unsent::new(room_id, text)).await
    }

    /// As [`Live::send`], with files that were uploaded before.
    pub async fn send_with(
        &self,
        room_id: &str,
        text: &str,
        attachment_ids: Vec<String>,
    ) -> Result<String, Error> {
        self.post(Unsent { attachment_ids, ..Unsent::new(room_id, text) }).await
    }

    /// As [`Live::send`], for an answer or a message in a thread.
    pub async fn post(&self, unsent: Unsent) -> Result<String, Error> {
        let client_message_id = unsent.client_message_id.clone();
        self.order(Order::Send(unsent)).await?;
        Ok(client_message_id)
    }

    /// Takes a message out of the outbox again, by its `client_message_id`. If it
    /// is already on its way, only the room's changes tell whether it arrived.
    pub async fn discard(&self, client_message_id: &str) -> Result<(), Error> {
        self.order(Order::Discard(client_message_id.to_owned())).await
    }

    /// Says that there is reason to hope, such as a network that came back or a
    /// machine that woke: what waits is tried at once, and a stream that has
    /// long been silent is not trusted.
    pub async fn nudge(&self) -> Result<(), Error> {
        self.order(Order::Nudge).await
    }

    async fn order(&self, order: Order) -> Result<(), Error> {
        self.orders.send(order).await.map_err(|_| Error::not_connected())
    }

    async fn call(&self, command: Command) -> Result<Outcome, Error> {
        let (reply, answer) = oneshot::channel();
        self.order(Order::Call(command, reply)).await?;
        tokio::time::timeout(ANSWER_WITHIN, answer)
            .await
            .unwrap_or(Ok(Err(Error::not_connected())))
            .map_err(|_| Error::not_connected())?
    }
}

pub(crate) fn start(client: Client, options: Options) -> (Live, Updates) {
    let (orders, receiver) = keeper::start(client, options);
    (Live { orders }, Updates { receiver })
}

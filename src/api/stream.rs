//! Streams at the edge: requests into commands, frames into responses.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::{Stream, StreamExt as _, future::BoxFuture, stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::{Request, Response, Status, Streaming};
use tracing::Instrument as _;

use super::{calls::framework_errors::translate_inbound, chat::Commands, status};
use crate::{
    error::{Error, Result, Rule},
    model::{Caller, limits, messages::Resume},
    service::Services,
    stream::{ChatStream, Frames, Inbound},
    transport::OwnerUsage,
    wire::{
        events,
        frame::Frame,
        messages,
        v1::{self, chat_request::Command, reply::Result as Outcome},
    },
};

/// The server's side of a stream.
pub struct Responses(Frames);

impl Stream for Responses {
    type Item = Result<Frame, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context).map(|next| next.map(|frame| frame.map_err(Status::from)))
    }
}

/// Opens a Chat stream.
pub async fn chat(
    services: &Arc<Services>,
    caller: Caller,
    request: Request<Streaming<v1::ChatRequest>>,
) -> Result<Response<Responses>> {
    let usage = usage(&request)?;
    let requests = request.into_inner();
    let (session, frames) = ChatStream::open(services, caller, usage.clone()).await?;
    let commands =
        Commands { services: services.clone(), caller, connection: Some(session.connection()) };
    let in_flight = Arc::new(Semaphore::new(limits::COMMANDS_IN_FLIGHT));
    let inbound = requests.map(move |request| match request {
        Ok(request) => decode(&commands, &usage, &in_flight, request),
        // The connection broke, or a message could not be read.
        Err(status) => Inbound::Broken(translate_inbound(&status)),
    });
    Ok(start(session, frames, inbound.boxed()))
}

/// Opens a Subscribe stream.
pub async fn subscribe(
    services: &Arc<Services>,
    caller: Caller,
    request: Request<v1::SubscribeRequest>,
) -> Result<Response<Responses>> {
    let usage = usage(&request)?;
    // One request is all that there is.
    let resume = Resume { more: false, ..messages::subscribe(request.into_inner()) };
    let (session, frames) = ChatStream::open(services, caller, usage).await?;
    // The client has nothing more to say, but has not closed anything.
    let inbound = stream::iter([Inbound::Subscribe(resume)]).chain(stream::pending());
    Ok(start(session, frames, inbound.boxed()))
}

fn start(
    session: ChatStream,
    frames: Frames,
    inbound: Pin<Box<dyn Stream<Item = Inbound> + Send>>,
) -> Response<Responses> {
    tokio::spawn(session.run(inbound).in_current_span());
    let mut response = Response::new(Responses(frames));
    // A proxy that held events back, or rewrote them, would break the stream.
    let headers = response.metadata_mut();
    headers.insert(
        "cache-control",
        tonic::metadata::MetadataValue::from_static("no-store, no-transform"),
    );
    headers.insert("x-accel-buffering", tonic::metadata::MetadataValue::from_static("no"));
    response
}

/// What the stream's account uses; noted by the layer around all calls.
fn usage<T>(request: &Request<T>) -> Result<OwnerUsage> {
    let usage = request.extensions().get::<OwnerUsage>().cloned();
    usage.ok_or_else(|| Error::internal("the call did not come through its layer"))
}

fn decode(
    commands: &Commands,
    usage: &OwnerUsage,
    in_flight: &Arc<Semaphore>,
    request: v1::ChatRequest,
) -> Inbound {
    let v1::ChatRequest { request_id, command } = request;
    if request_id.chars().count() > limits::REQUEST_ID_CHARS {
        let rule = Rule::at_most(limits::REQUEST_ID_CHARS, "characters");
        return Inbound::Broken(Error::invalid("request_id", rule));
    }
    let command = match command {
        Some(Command::Subscribe(request)) => {
            // Of any number of them all but the last.
            if request.more
                && let Err(error) = commands.services.calls.check(&commands.caller.user)
            {
                return Inbound::Broken(error);
            }
            return Inbound::Subscribe(messages::subscribe(request));
        }
        Some(command) => command,
        None => {
            let error = Error::invalid("command", "must be set, to a command this server knows");
            return answer(usage, request_id, Err(error));
        }
    };
    if let Err(error) = commands.services.calls.check(&commands.caller.user) {
        return answer(usage, request_id, Err(error));
    }
    let Ok(permit) = in_flight.clone().try_acquire_owned() else {
        let too_many = Error::TooManyInFlight { limit: limits::COMMANDS_IN_FLIGHT };
        return answer(usage, request_id, Err(too_many));
    };
    Inbound::Command(run(commands.clone(), usage.clone(), request_id, command, permit))
}

fn answer(usage: &OwnerUsage, request_id: String, result: Result<Outcome>) -> Inbound {
    let usage = usage.clone();
    Inbound::Command(Box::pin(async move { encode(&usage, request_id, result).await }))
}

/// Shorter replies are not worth counting: commands in flight bound them.
const MIN_COUNTED: usize = 4 * 1024;

/// Encodes a reply; it counts for its account until it has been read.
async fn encode(usage: &OwnerUsage, request_id: String, result: Result<Outcome>) -> Bytes {
    let refusal = |error| Outcome::Error(status::as_message(error));
    let reply = events::reply(request_id.clone(), result.unwrap_or_else(refusal));
    if reply.len() < MIN_COUNTED {
        return reply;
    }
    match usage.reserve(reply.len()).await {
        Ok(reserved) => reserved.attach(reply),
        Err(error) => events::reply(request_id, refusal(error)),
    }
}

/// Whether a command reads what may be much, as `calls::methods` has it of calls.
fn is_read(command: &Command) -> bool {
    matches!(
        command,
        Command::ListMessages(_)
            | Command::SyncRoom(_)
            | Command::ListPins(_)
            | Command::ListReceipts(_)
            | Command::ListReactions(_)
            | Command::ListThread(_)
            | Command::ListMentions(_)
            | Command::ListThreads(_)
            | Command::ListMessageVersions(_)
            | Command::SearchMessages(_)
    )
}

/// Carries a command out by the same code as its unary call.
fn run(
    commands: Commands,
    usage: OwnerUsage,
    request_id: String,
    command: Command,
    permit: OwnedSemaphorePermit,
) -> BoxFuture<'static, Bytes> {
    let work = async move {
        let c = &commands;
        let turn = if is_read(&command) { usage.read_turn().await.map(Some) } else { Ok(None) };
        let _turn = match turn {
            Ok(turn) => turn,
            Err(error) => return encode(&usage, request_id, Err(error)).await,
        };
        let result = match command {
            Command::SendMessage(r) => c.send_message(r).await.map(Outcome::SendMessage),
            Command::ListMessages(r) => c.list_messages(r).await.map(Outcome::ListMessages),
            Command::GetMessage(r) => c.get_message(r).await.map(Outcome::GetMessage),
            Command::MarkRead(r) => c.mark_read(r).await.map(Outcome::MarkRead),
            Command::SetTyping(r) => c.set_typing(r).await.map(Outcome::SetTyping),
            Command::SetPresence(r) => c.set_presence(r).await.map(Outcome::SetPresence),
            Command::WatchRooms(r) => c.watch_rooms(r).await.map(Outcome::WatchRooms),
            Command::RenewToken(r) => c.renew_token(r).await.map(Outcome::RenewToken),
            Command::SyncRoom(r) => c.sync_room(r).await.map(Outcome::SyncRoom),
            Command::EditMessage(r) => c.edit_message(r).await.map(Outcome::EditMessage),
            Command::DeleteMessage(r) => c.delete_message(r).await.map(Outcome::DeleteMessage),
            Command::AddReaction(r) => c.add_reaction(r).await.map(Outcome::AddReaction),
            Command::RemoveReaction(r) => c.remove_reaction(r).await.map(Outcome::RemoveReaction),
            Command::PinMessage(r) => c.pin_message(r).await.map(Outcome::PinMessage),
            Command::UnpinMessage(r) => c.unpin_message(r).await.map(Outcome::UnpinMessage),
            Command::ListReactions(r) => c.list_reactions(r).await.map(Outcome::ListReactions),
            Command::ListPins(r) => c.list_pins(r).await.map(Outcome::ListPins),
            Command::MarkDelivered(r) => c.mark_delivered(r).await.map(Outcome::MarkDelivered),
            Command::MarkUnread(r) => c.mark_unread(r).await.map(Outcome::MarkUnread),
            Command::ListReceipts(r) => c.list_receipts(r).await.map(Outcome::ListReceipts),
            Command::ListThread(r) => c.list_thread(r).await.map(Outcome::ListThread),
            Command::ListThreads(r) => c.list_threads(r).await.map(Outcome::ListThreads),
            Command::ListMentions(r) => c.list_mentions(r).await.map(Outcome::ListMentions),
            Command::ListMessageVersions(r) => {
                c.list_message_versions(r).await.map(Outcome::ListMessageVersions)
            }
            Command::SearchMessages(r) => c.search_messages(r).await.map(Outcome::SearchMessages),
            Command::Subscribe(_) => Err(Error::invalid("subscribe", "must come first")),
        };
        // Free before the reply leaves: who has it may send the next.
        drop(permit);
        encode(&usage, request_id, result).await
    };
    Box::pin(work.in_current_span())
}

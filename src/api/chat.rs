//! `ChatService`. Each command has one function, for its unary call and for the
//! stream.

use std::sync::Arc;

use tonic::{Request, Response, Status, Streaming};

use super::{auth::caller, no_store, stream};
use crate::{
    error::{Error, Result},
    model::{Caller, ConnectionId, MessageAction, messages::MessageName},
    service::{Services, messages::RoomSync, search::Found},
    wire::{
        accounts, events,
        fields::{self, Fields},
        marks, messages, presence, rooms, search, timestamp,
        v1::{self, chat_service_server::ChatService},
    },
};

/// The commands of one caller.
#[derive(Clone)]
pub struct Commands {
    pub services: Arc<Services>,
    pub caller: Caller,
    /// The stream that they come on.
    pub connection: Option<ConnectionId>,
}

impl Commands {
    pub async fn send_message(&self, r: v1::SendMessageRequest) -> Result<v1::SendMessageResponse> {
        // No await before the writer's queue: the order of commands is the
        // order of messages.
        let pending = self.services.send(messages::draft(self.caller.user, r)?)?;
        let message = Some(messages::message(self.services.sent(self.caller, pending).await?));
        Ok(v1::SendMessageResponse { message })
    }

    pub async fn list_messages(
        &self,
        r: v1::ListMessagesRequest,
    ) -> Result<v1::ListMessagesResponse> {
        let page = messages::list_messages(&r)?;
        Ok(messages::page(self.services.list_messages(self.caller, page).await?))
    }

    pub async fn get_message(&self, r: v1::GetMessageRequest) -> Result<v1::GetMessageResponse> {
        let (room, seq) = messages::message_read(&r.room_id, r.seq)?;
        let message = self.services.get_message(self.caller, room, seq).await?;
        Ok(v1::GetMessageResponse { message: Some(messages::message(message)) })
    }

    pub async fn edit_message(&self, r: v1::EditMessageRequest) -> Result<v1::EditMessageResponse> {
        let (name, action) = messages::edit_message(r)?;
        Ok(v1::EditMessageResponse { message: self.touch(name, action).await? })
    }

    pub async fn delete_message(
        &self,
        r: v1::DeleteMessageRequest,
    ) -> Result<v1::DeleteMessageResponse> {
        let name = messages::message_name(&r.room_id, r.seq, &r.log_id)?;
        Ok(v1::DeleteMessageResponse { message: self.touch(name, MessageAction::Delete).await? })
    }

    pub async fn add_reaction(&self, r: v1::AddReactionRequest) -> Result<v1::AddReactionResponse> {
        let (name, emoji) = messages::reaction_to((&r.room_id, r.seq, &r.log_id), &r.emoji)?;
        Ok(v1::AddReactionResponse {
            message: self.touch(name, MessageAction::React(emoji)).await?,
        })
    }

    pub async fn remove_reaction(
        &self,
        r: v1::RemoveReactionRequest,
    ) -> Result<v1::RemoveReactionResponse> {
        let (name, emoji) = messages::reaction_to((&r.room_id, r.seq, &r.log_id), &r.emoji)?;
        Ok(v1::RemoveReactionResponse {
            message: self.touch(name, MessageAction::Unreact(emoji)).await?,
        })
    }

    pub async fn pin_message(&self, r: v1::PinMessageRequest) -> Result<v1::PinMessageResponse> {
        let name = messages::message_name(&r.room_id, r.seq, &r.log_id)?;
        Ok(v1::PinMessageResponse { message: self.touch(name, MessageAction::Pin).await? })
    }

    pub async fn unpin_message(
        &self,
        r: v1::UnpinMessageRequest,
    ) -> Result<v1::UnpinMessageResponse> {
        let name = messages::message_name(&r.room_id, r.seq, &r.log_id)?;
        Ok(v1::UnpinMessageResponse { message: self.touch(name, MessageAction::Unpin).await? })
    }

    pub async fn list_reactions(
        &self,
        r: v1::ListReactionsRequest,
    ) -> Result<v1::ListReactionsResponse> {
        let (found, more) =
            self.services.list_reactions(self.caller, messages::list_reactions(&r)?).await?;
        Ok(messages::user_reactions(&r, found, more))
    }

    pub async fn list_pins(&self, r: v1::ListPinsRequest) -> Result<v1::ListPinsResponse> {
        let pinned = self.services.list_pins(self.caller, messages::list_pins(&r)?).await?;
        Ok(v1::ListPinsResponse { messages: pinned.into_iter().map(messages::message).collect() })
    }

    pub async fn list_thread(&self, r: v1::ListThreadRequest) -> Result<v1::ListThreadResponse> {
        let page = messages::list_thread(&r)?;
        Ok(messages::thread_page(self.services.list_thread(self.caller, page).await?))
    }

    pub async fn list_mentions(
        &self,
        r: v1::ListMentionsRequest,
    ) -> Result<v1::ListMentionsResponse> {
        let (found, more) =
            self.services.list_mentions(self.caller, messages::list_mentions(&r)?).await?;
        Ok(messages::mentions(&r, found, more))
    }

    pub async fn list_threads(&self, r: v1::ListThreadsRequest) -> Result<v1::ListThreadsResponse> {
        let page = messages::list_threads(&r)?;
        Ok(messages::followed_threads(&r, self.services.list_threads(self.caller, page).await?))
    }

    pub async fn list_message_versions(
        &self,
        r: v1::ListMessageVersionsRequest,
    ) -> Result<v1::ListMessageVersionsResponse> {
        let (room, seq) = messages::message_read(&r.room_id, r.seq)?;
        let versions = self.services.list_versions(self.caller, room, seq).await?;
        let versions = versions.into_iter().map(messages::version);
        Ok(v1::ListMessageVersionsResponse { versions: versions.collect() })
    }

    pub async fn search_messages(
        &self,
        r: v1::SearchMessagesRequest,
    ) -> Result<v1::SearchMessagesResponse> {
        let Found { messages, next } =
            self.services.search_messages(self.caller, search::search_messages(&r)?).await?;
        Ok(search::found(&r, messages, next))
    }

    // No await before the writer's queue, as in `send_message`.
    async fn touch(&self, name: MessageName, action: MessageAction) -> Result<Option<v1::Message>> {
        let pending = self.services.touch(self.caller, name, action)?;
        Ok(Some(messages::message(self.services.sent(self.caller, pending).await?)))
    }

    pub async fn mark_read(&self, r: v1::MarkReadRequest) -> Result<v1::MarkReadResponse> {
        let (room, mark) = marks::mark_read(&r)?;
        let marks = self.services.mark(self.caller, room, mark).await?;
        Ok(v1::MarkReadResponse { read_seq: marks.read.0 })
    }

    pub async fn mark_delivered(
        &self,
        r: v1::MarkDeliveredRequest,
    ) -> Result<v1::MarkDeliveredResponse> {
        let (room, mark) = marks::mark_delivered(&r)?;
        let marks = self.services.mark(self.caller, room, mark).await?;
        Ok(v1::MarkDeliveredResponse { delivered_seq: marks.delivered.0 })
    }

    pub async fn mark_unread(&self, r: v1::MarkUnreadRequest) -> Result<v1::MarkUnreadResponse> {
        let (room, mark) = marks::mark_unread(&r)?;
        self.services.mark(self.caller, room, mark).await?;
        Ok(v1::MarkUnreadResponse {})
    }

    pub async fn list_receipts(
        &self,
        r: v1::ListReceiptsRequest,
    ) -> Result<v1::ListReceiptsResponse> {
        let (room, seq) = messages::message_read(&r.room_id, r.seq)?;
        Ok(marks::receipts(room, self.services.list_receipts(self.caller, room, seq).await?))
    }

    pub async fn set_typing(&self, r: v1::SetTypingRequest) -> Result<v1::SetTypingResponse> {
        let (room, typing) = messages::set_typing(&r)?;
        self.services.set_typing(self.caller, room, typing).await?;
        Ok(v1::SetTypingResponse {})
    }

    pub async fn set_presence(&self, r: v1::SetPresenceRequest) -> Result<v1::SetPresenceResponse> {
        let (connection, wish) =
            fields::both(self.connection(&r.connection_id), presence::set_presence(&r))?;
        self.services.set_presence(self.caller, connection, wish).await?;
        Ok(v1::SetPresenceResponse {})
    }

    pub async fn watch_rooms(&self, r: v1::WatchRoomsRequest) -> Result<v1::WatchRoomsResponse> {
        let (connection, rooms) =
            fields::both(self.connection(&r.connection_id), presence::watch_rooms(&r))?;
        let watched = self.services.watch_rooms(self.caller, connection, rooms).await?;
        Ok(presence::watched(watched))
    }

    // Nothing to wait for, but a command like the others.
    #[expect(clippy::unused_async, reason = "every command has the same form")]
    pub async fn renew_token(&self, r: v1::RenewTokenRequest) -> Result<v1::RenewTokenResponse> {
        let (connection, ()) =
            fields::both(self.connection(&r.connection_id), accounts::renew_token(&r))?;
        let expires_at = self.services.renew_token(self.caller, connection, &r.access_token)?;
        Ok(v1::RenewTokenResponse { expires_at: Some(timestamp(expires_at)) })
    }

    pub async fn sync_room(&self, r: v1::SyncRoomRequest) -> Result<v1::SyncRoomResponse> {
        let sync = self.services.sync_room(self.caller, messages::sync_room(&r)?).await?;
        Ok(match sync {
            RoomSync::Changes { changes, head } => v1::SyncRoomResponse {
                changes: changes.changes.into_iter().map(events::change).collect(),
                synced_seq: changes.synced.0,
                head_seq: head.0,
                reset: None,
            },
            RoomSync::Reset(reset) => {
                let head_seq = reset.summary.room.head_seq.0;
                let (changes, reset) = (vec![], Some(rooms::reset(*reset)));
                v1::SyncRoomResponse { changes, synced_seq: head_seq, head_seq, reset }
            }
        })
    }

    /// The stream that a command is about: the one it names, or the one it
    /// comes on.
    fn connection(&self, named: &str) -> Result<ConnectionId, Error> {
        if let (true, Some(connection)) = (named.is_empty(), self.connection) {
            return Ok(connection);
        }
        let mut fields = Fields::new();
        let connection = fields.connection("connection_id", named);
        fields.finish(connection)
    }
}

pub struct ChatApi {
    pub services: Arc<Services>,
}

impl ChatApi {
    fn commands<T>(&self, request: &Request<T>) -> Result<Commands, Status> {
        let caller = caller(&self.services, request)?;
        Ok(Commands { services: self.services.clone(), caller, connection: None })
    }
}

macro_rules! unary {
    ($self:ident, $request:ident, $command:ident) => {
        Ok(Response::new($self.commands(&$request)?.$command($request.into_inner()).await?))
    };
}

#[tonic::async_trait]
impl ChatService for ChatApi {
    type ChatStream = stream::Responses;
    type SubscribeStream = stream::Responses;

    async fn chat(
        &self,
        request: Request<Streaming<v1::ChatRequest>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        let caller = caller(&self.services, &request)?;
        Ok(stream::chat(&self.services, caller, request).await?)
    }

    async fn subscribe(
        &self,
        request: Request<v1::SubscribeRequest>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        let caller = caller(&self.services, &request)?;
        Ok(stream::subscribe(&self.services, caller, request).await?)
    }

    async fn send_message(
        &self,
        request: Request<v1::SendMessageRequest>,
    ) -> Result<Response<v1::SendMessageResponse>, Status> {
        unary!(self, request, send_message)
    }

    async fn list_messages(
        &self,
        request: Request<v1::ListMessagesRequest>,
    ) -> Result<Response<v1::ListMessagesResponse>, Status> {
        unary!(self, request, list_messages)
    }

    async fn get_message(
        &self,
        request: Request<v1::GetMessageRequest>,
    ) -> Result<Response<v1::GetMessageResponse>, Status> {
        unary!(self, request, get_message)
    }

    async fn mark_read(
        &self,
        request: Request<v1::MarkReadRequest>,
    ) -> Result<Response<v1::MarkReadResponse>, Status> {
        unary!(self, request, mark_read)
    }

    async fn set_typing(
        &self,
        request: Request<v1::SetTypingRequest>,
    ) -> Result<Response<v1::SetTypingResponse>, Status> {
        unary!(self, request, set_typing)
    }

    async fn set_presence(
        &self,
        request: Request<v1::SetPresenceRequest>,
    ) -> Result<Response<v1::SetPresenceResponse>, Status> {
        unary!(self, request, set_presence)
    }

    async fn watch_rooms(
        &self,
        request: Request<v1::WatchRoomsRequest>,
    ) -> Result<Response<v1::WatchRoomsResponse>, Status> {
        unary!(self, request, watch_rooms)
    }

    async fn renew_token(
        &self,
        request: Request<v1::RenewTokenRequest>,
    ) -> Result<Response<v1::RenewTokenResponse>, Status> {
        // The answer to a call with a token of its own.
        Ok(no_store(self.commands(&request)?.renew_token(request.into_inner()).await?))
    }

    async fn sync_room(
        &self,
        request: Request<v1::SyncRoomRequest>,
    ) -> Result<Response<v1::SyncRoomResponse>, Status> {
        unary!(self, request, sync_room)
    }

    async fn edit_message(
        &self,
        request: Request<v1::EditMessageRequest>,
    ) -> Result<Response<v1::EditMessageResponse>, Status> {
        unary!(self, request, edit_message)
    }

    async fn delete_message(
        &self,
        request: Request<v1::DeleteMessageRequest>,
    ) -> Result<Response<v1::DeleteMessageResponse>, Status> {
        unary!(self, request, delete_message)
    }

    async fn add_reaction(
        &self,
        request: Request<v1::AddReactionRequest>,
    ) -> Result<Response<v1::AddReactionResponse>, Status> {
        unary!(self, request, add_reaction)
    }

    async fn remove_reaction(
        &self,
        request: Request<v1::RemoveReactionRequest>,
    ) -> Result<Response<v1::RemoveReactionResponse>, Status> {
        unary!(self, request, remove_reaction)
    }

    async fn pin_message(
        &self,
        request: Request<v1::PinMessageRequest>,
    ) -> Result<Response<v1::PinMessageResponse>, Status> {
        unary!(self, request, pin_message)
    }

    async fn unpin_message(
        &self,
        request: Request<v1::UnpinMessageRequest>,
    ) -> Result<Response<v1::UnpinMessageResponse>, Status> {
        unary!(self, request, unpin_message)
    }

    async fn list_reactions(
        &self,
        request: Request<v1::ListReactionsRequest>,
    ) -> Result<Response<v1::ListReactionsResponse>, Status> {
        unary!(self, request, list_reactions)
    }

    async fn list_pins(
        &self,
        request: Request<v1::ListPinsRequest>,
    ) -> Result<Response<v1::ListPinsResponse>, Status> {
        unary!(self, request, list_pins)
    }

    async fn list_message_versions(
        &self,
        request: Request<v1::ListMessageVersionsRequest>,
    ) -> Result<Response<v1::ListMessageVersionsResponse>, Status> {
        unary!(self, request, list_message_versions)
    }

    async fn list_thread(
        &self,
        request: Request<v1::ListThreadRequest>,
    ) -> Result<Response<v1::ListThreadResponse>, Status> {
        unary!(self, request, list_thread)
    }

    async fn list_threads(
        &self,
        request: Request<v1::ListThreadsRequest>,
    ) -> Result<Response<v1::ListThreadsResponse>, Status> {
        unary!(self, request, list_threads)
    }

    async fn list_mentions(
        &self,
        request: Request<v1::ListMentionsRequest>,
    ) -> Result<Response<v1::ListMentionsResponse>, Status> {
        unary!(self, request, list_mentions)
    }

    async fn mark_delivered(
        &self,
        request: Request<v1::MarkDeliveredRequest>,
    ) -> Result<Response<v1::MarkDeliveredResponse>, Status> {
        unary!(self, request, mark_delivered)
    }

    async fn mark_unread(
        &self,
        request: Request<v1::MarkUnreadRequest>,
    ) -> Result<Response<v1::MarkUnreadResponse>, Status> {
        unary!(self, request, mark_unread)
    }

    async fn list_receipts(
        &self,
        request: Request<v1::ListReceiptsRequest>,
    ) -> Result<Response<v1::ListReceiptsResponse>, Status> {
        unary!(self, request, list_receipts)
    }

    async fn search_messages(
        &self,
        request: Request<v1::SearchMessagesRequest>,
    ) -> Result<Response<v1::SearchMessagesResponse>, Status> {
        unary!(self, request, search_messages)
    }
}

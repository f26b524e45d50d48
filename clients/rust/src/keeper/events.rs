//! What a stream tells: events, and replies to what was asked.

use std::time::{Duration, Instant};

use tonic::Code;

use super::{
    Keeper, Stopped,
    stream::{Pending, Stream},
};
use crate::{
    connection::{Happening, State},
    cursor::{Position, Verdict},
    error::Error,
    live::Update,
    outbox::Settled,
    v1::{self, chat_request::Command, event::Kind, reply::Result as Outcome},
};

const RENEW_AGAIN_AFTER: Duration = Duration::from_secs(5);
/// How long after a goodbye its status is waited for.
const STATUS_WITHIN: Duration = Duration::from_secs(2);

impl Keeper {
    pub(super) async fn take(
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
            Kind::Live(v1::Live { state_token }) => {
                self.began_at.clear();
                self.state_token.clone_from(&state_token);
                self.on(Happening::CaughtUp);
                self.tell(Update::StateToken(state_token))
            }
            Kind::Lagging(_) => {
                self.on(Happening::Lagging);
                Ok(())
            }
            Kind::Heartbeat(heartbeat) => self.check_heads(heartbeat).await,
            Kind::Typing(typing) => self.tell(Update::Typing(typing)),
            Kind::Presence(presence) => self.tell(Update::Presence(presence)),
            Kind::PresenceChoice(choice) => self.tell(Update::PresenceChoice(
                v1::PresenceState::try_from(choice).unwrap_or_default(),
            )),
            Kind::Blocks(blocks) => self.tell(Update::Blocks(blocks)),
            Kind::UserChanged(v1::UserChanged { user }) => {
                self.tell(Update::UserChanged(user.unwrap_or_default()))
            }
            Kind::BlockChanged(change) => self.tell(Update::BlockChanged(change)),
            Kind::ReadMarker(mark) => self.tell(Update::ReadMarker(mark)),
            Kind::Receipt(receipt) => self.tell(Update::Receipt(receipt)),
            Kind::RoomPreferences(settings) => self.tell(Update::RoomPreferences(settings)),
            Kind::TokenExpiring(_) => {
                self.renew_token(stream).await;
                Ok(())
            }
            Kind::Goodbye(goodbye) => {
                self.goodbye(goodbye, stream).await;
                Ok(())
            }
        }
    }

    async fn ready(&mut self, ready: v1::Ready, stream: &mut Stream) -> Result<(), Stopped> {
        self.began_at.clear();
        let heartbeat = ready.heartbeat_interval.and_then(|d| Duration::try_from(d).ok());
        self.on(Happening::Opened { heartbeat: heartbeat.unwrap_or(Duration::from_secs(20)) });
        self.tell(Update::Ready(ready))?;
        if self.idle {
            let request = v1::SetPresenceRequest { idle: Some(true), ..Default::default() };
            stream.request(Command::SetPresence(request), Pending::Own).await;
        }
        if let Some(request) = self.watching.clone() {
            stream.request(Command::WatchRooms(request), Pending::Own).await;
        }
        Ok(())
    }

    fn begin(&mut self, summary: Option<&v1::RoomSummary>) {
        if let Some(room) = summary.and_then(|summary| summary.room.as_ref()) {
            let position = Position { seq: room.head_seq, log_id: room.log_id.clone() };
            self.cursor.begin(&room.id, position);
        }
    }

    async fn change(&mut self, change: v1::RoomChange) -> Result<(), Stopped> {
        let known_seq = self.known_seq(&change.room_id);
        match self.cursor.accept(&change.room_id, change.after_seq, change.seq) {
            Verdict::Deliver => self.tell(Update::Change { change, known_seq }),
            Verdict::Repeat | Verdict::Stray => Ok(()),
            Verdict::Gap => self.heal(&change.room_id, change.seq).await,
        }
    }

    /// The position that a room had before it was caught up with; once the stream
    /// is live, the one that it has.
    fn known_seq(&mut self, room_id: &str) -> i64 {
        let known = self.cursor.position(room_id).map_or(0, |at| at.seq);
        if self.connection.state() == State::Live {
            return known;
        }
        *self.began_at.entry(room_id.to_owned()).or_insert(known)
    }

    async fn check_heads(&mut self, heartbeat: v1::Heartbeat) -> Result<(), Stopped> {
        for (room_id, head) in heartbeat.heads {
            if self.cursor.position(&room_id).is_some_and(|at| at.seq < head) {
                self.heal(&room_id, head).await?;
            }
        }
        Ok(())
    }

    /// Asks for what is missing. If that fails, the next stream brings it.
    async fn heal(&mut self, room_id: &str, head: i64) -> Result<(), Stopped> {
        let known_seq = self.known_seq(room_id);
        while let Some(at) = self.cursor.position(room_id).filter(|at| at.seq < head) {
            let after_seq = at.seq;
            let request = v1::SyncRoomRequest {
                room_id: room_id.to_owned(),
                after_seq,
                page_size: 200,
                log_id: at.log_id.clone(),
            };
            match self.client.sync_room(request).await {
                Ok(v1::SyncRoomResponse { reset: Some(reset), .. }) => {
                    self.begin(reset.summary.as_ref());
                    return self.tell(Update::Reset(reset));
                }
                Ok(read) if read.synced_seq > after_seq => {
                    for change in read.changes {
                        let accepted = self.cursor.accept(room_id, change.after_seq, change.seq);
                        if accepted == Verdict::Deliver {
                            self.tell(Update::Change { change, known_seq })?;
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

    pub(super) async fn renew_token(&mut self, stream: &mut Stream) {
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

    async fn goodbye(&mut self, goodbye: v1::Goodbye, stream: &mut Stream) {
        let expired = goodbye.reason() == v1::GoodbyeReason::TokenExpired;
        let retry_after = goodbye.retry_after.and_then(|d| Duration::try_from(d).ok());
        // An expired token is no end unless the server refuses to renew it: that
        // it could not be asked passes.
        let reconnect = if goodbye.reconnect {
            true
        } else if expired {
            let renewed = self.client.renew(&self.token).await;
            self.refusal = renewed.err().filter(|error| error.code == Code::Unauthenticated);
            self.refusal.is_none()
        } else {
            // The status says the same, with its reason.
            let status = tokio::time::timeout(STATUS_WITHIN, stream.responses.message()).await;
            self.refusal = status.ok().and_then(Result::err).map(Error::from);
            false
        };
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
            Some(Pending::Call(asker) | Pending::Mark(asker)) => {
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
            let several = room.several_typing.then(String::new);
            for user_id in room.typing_user_ids.into_iter().chain(several) {
                let (room_id, several) = (room.room_id.clone(), user_id.is_empty());
                let typing = v1::Typing { room_id, user_id, typing: true, several };
                self.tell(Update::Typing(typing))?;
            }
            for receipt in room.receipts {
                self.tell(Update::Receipt(receipt))?;
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

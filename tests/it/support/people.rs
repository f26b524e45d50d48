//! People with accounts, and their streams.

use std::collections::{HashMap, VecDeque};

use causerie_client::{
    Client, Error,
    client::authorized,
    v1::{
        self, chat_request::Command, chat_service_client::ChatServiceClient, event::Kind,
        message::Content, reply::Result as Outcome,
    },
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming};

use super::within;

pub const PASSWORD: &str = "violet-anchor-7-drum";

/// Someone who is signed in.
#[derive(Clone)]
pub struct Person {
    pub client: Client,
    pub user: v1::User,
}

impl Person {
    pub async fn register(url: &str, username: &str) -> Self {
        let client = Client::connect(url).expect("a URL");
        let request = v1::RegisterRequest {
            username: username.into(),
            password: PASSWORD.into(),
            ..Default::default()
        };
        let user = within("a registration", client.register(request)).await;
        Self { client, user: user.expect("an account") }
    }

    /// The same account on another device.
    pub async fn sign_in_again(&self, url: &str) -> Self {
        let client = Client::connect(url).expect("a URL");
        let user = client.login(&self.user.username, PASSWORD, true).await.expect("signed in");
        Self { client, user }
    }

    pub async fn create_room(&self, name: &str) -> String {
        let request = v1::CreateRoomRequest { name: name.into(), ..Default::default() };
        self.client.create_room(request).await.expect("a room").room.expect("a room").id
    }

    pub async fn join(&self, room_id: &str) {
        let request = v1::JoinRoomRequest { room_id: room_id.into() };
        self.client.join_room(request).await.expect("joined");
    }

    pub async fn leave(&self, room_id: &str) {
        let request = v1::LeaveRoomRequest { room_id: room_id.into() };
        self.client.leave_room(request).await.expect("left");
    }

    /// Posts under an id of its own.
    pub async fn send(&self, room_id: &str, text: &str) -> v1::Message {
        let id = uuid::Uuid::new_v4().to_string();
        self.try_send(room_id, text, &id).await.expect("sent")
    }

    pub async fn try_send(
        &self,
        room_id: &str,
        text: &str,
        id: &str,
    ) -> Result<v1::Message, Error> {
        let request = send_request(room_id, text, id);
        let response = self.client.send_message(request).await?;
        Ok(response.message.expect("a message"))
    }

    /// All messages of a room, oldest first.
    pub async fn history(&self, room_id: &str) -> Vec<v1::Message> {
        let mut messages = Vec::new();
        loop {
            let after = messages.last().map_or(0, |message: &v1::Message| message.seq);
            let request = v1::ListMessagesRequest {
                room_id: room_id.into(),
                anchor: Some(v1::list_messages_request::Anchor::AfterSeq(after)),
                page_size: 200,
            };
            let page = self.client.list_messages(request).await.expect("a page");
            messages.extend(page.messages);
            if !page.has_newer {
                return messages;
            }
        }
    }

    pub async fn summary(&self, room_id: &str) -> v1::RoomSummary {
        let request = v1::ListRoomsRequest { page_size: 200, ..Default::default() };
        let rooms = self.client.list_rooms(request).await.expect("rooms").rooms;
        let mut found =
            rooms.into_iter().filter(|s| s.room.as_ref().is_some_and(|r| r.id == room_id));
        found.next().expect("a member's room is listed")
    }

    /// Opens a stream that has told all it has to tell.
    pub async fn stream(&self) -> Stream {
        self.resume_from(vec![]).await
    }

    /// Opens a stream that goes on from positions.
    pub async fn resume(&self, seqs: HashMap<String, i64>) -> Stream {
        let positions = self.positions(seqs).await;
        self.resume_from(positions).await
    }

    pub async fn resume_from(&self, positions: Vec<v1::RoomPosition>) -> Stream {
        let mut stream = self.open().await.expect("a stream");
        stream.subscribe(positions).await;
        stream
    }

    /// These positions, of the logs that the person's rooms have now.
    pub async fn positions(&self, seqs: HashMap<String, i64>) -> Vec<v1::RoomPosition> {
        let request = v1::ListRoomsRequest { page_size: 200, ..Default::default() };
        let rooms = self.client.list_rooms(request).await.expect("rooms").rooms;
        let logs: HashMap<String, String> = rooms
            .into_iter()
            .filter_map(|summary| summary.room)
            .map(|room| (room.id, room.log_id))
            .collect();
        let position = |(room_id, seq)| {
            let log_id = logs.get(&room_id).cloned().unwrap_or_default();
            v1::RoomPosition { room_id, seq, log_id }
        };
        seqs.into_iter().map(position).collect()
    }

    /// Opens a stream that has not subscribed.
    pub async fn open(&self) -> Result<Stream, Error> {
        self.open_as(None).await
    }

    /// Opens a stream by a request with this id.
    pub async fn open_as(&self, request_id: Option<&str>) -> Result<Stream, Error> {
        let token = self.client.access_token().await?;
        Stream::open_as(self.client.channel(), &token, request_id).await
    }
}

pub fn send_request(room_id: &str, text: &str, id: &str) -> v1::SendMessageRequest {
    v1::SendMessageRequest {
        room_id: room_id.into(),
        text: text.into(),
        client_message_id: id.into(),
        ..Default::default()
    }
}

/// Why something was refused.
pub fn reason<T: std::fmt::Debug>(answer: Result<T, Error>) -> (Code, String) {
    let error = answer.expect_err("refused");
    (error.code, error.reason)
}

pub fn text_of(message: &v1::Message) -> &str {
    match &message.content {
        Some(Content::Text(text)) => text,
        _ => "",
    }
}

/// A Chat stream, with the bare generated stub.
pub struct Stream {
    pub requests: mpsc::Sender<v1::ChatRequest>,
    responses: Streaming<v1::ChatResponse>,
    events: VecDeque<Kind>,
    replies: HashMap<String, Outcome>,
    pub ready: v1::Ready,
    next_id: u32,
}

impl Stream {
    pub async fn open(channel: tonic::transport::Channel, token: &str) -> Result<Self, Error> {
        Self::open_as(channel, token, None).await
    }

    pub async fn open_as(
        channel: tonic::transport::Channel,
        token: &str,
        request_id: Option<&str>,
    ) -> Result<Self, Error> {
        let (requests, queue) = mpsc::channel(100);
        let mut request = authorized(ReceiverStream::new(queue), token)?;
        if let Some(id) = request_id {
            request.metadata_mut().insert("x-request-id", id.parse().expect("ASCII"));
        }
        let responses = ChatServiceClient::new(channel).chat(request).await?.into_inner();
        let mut stream = Self {
            requests,
            responses,
            events: VecDeque::new(),
            replies: HashMap::new(),
            ready: v1::Ready::default(),
            next_id: 0,
        };
        match stream.event().await {
            Ok(Some(Kind::Ready(ready))) => stream.ready = ready,
            other => panic!("a stream began with {other:?}"),
        }
        Ok(stream)
    }

    /// Subscribes and waits for `live`; what comes before stays to be read.
    pub async fn subscribe(&mut self, positions: Vec<v1::RoomPosition>) {
        self.subscribe_with(positions, vec![]).await;
    }

    /// The same with a state token; returns the new one.
    pub async fn subscribe_with(
        &mut self,
        positions: Vec<v1::RoomPosition>,
        state_token: Vec<u8>,
    ) -> Vec<u8> {
        let request = v1::SubscribeRequest { positions, state_token, ..Default::default() };
        self.order("", Command::Subscribe(request)).await;
        let mut told = VecDeque::new();
        let state_token = loop {
            match self.event().await {
                Ok(Some(Kind::Live(live))) => break live.state_token,
                // It waits for its turn.
                Ok(Some(Kind::Heartbeat(_))) => {}
                Ok(Some(event)) => told.push_back(event),
                other => panic!("the stream ended before it was live: {other:?}, after {told:?}"),
            }
        };
        told.append(&mut self.events);
        self.events = told;
        state_token
    }

    /// What has come and was not read yet.
    pub fn take_events(&mut self) -> Vec<Kind> {
        self.events.drain(..).collect()
    }

    /// Sends a command without waiting.
    pub async fn order(&self, request_id: &str, command: Command) {
        let request_id = request_id.to_owned();
        let request = v1::ChatRequest { request_id, command: Some(command) };
        self.requests.send(request).await.expect("the stream is open");
    }

    /// Sends a command and waits for its reply.
    pub async fn call(&mut self, command: Command) -> Result<Outcome, Error> {
        self.next_id += 1;
        let id = format!("call-{}", self.next_id);
        self.order(&id, command).await;
        self.reply(&id).await
    }

    /// Waits for the reply to a command; events stay to be read.
    pub async fn reply(&mut self, request_id: &str) -> Result<Outcome, Error> {
        within("a reply", async {
            loop {
                match self.replies.remove(request_id) {
                    Some(Outcome::Error(status)) => return Err(status.into()),
                    Some(outcome) => return Ok(outcome),
                    None => assert!(self.read().await?, "the stream ended without the reply"),
                }
            }
        })
        .await
    }

    /// The next event; `None` at the end of the stream.
    pub async fn event(&mut self) -> Result<Option<Kind>, Error> {
        within("an event", async {
            loop {
                if let Some(event) = self.events.pop_front() {
                    return Ok(Some(event));
                }
                if !self.read().await? {
                    return Ok(None);
                }
            }
        })
        .await
    }

    /// Reads one response; false at the end.
    async fn read(&mut self) -> Result<bool, Status> {
        let Some(response) = self.responses.message().await? else { return Ok(false) };
        self.events.extend(response.events.into_iter().filter_map(|event| event.kind));
        for v1::Reply { request_id, result } in response.replies {
            self.replies.extend(result.map(|result| (request_id, result)));
        }
        Ok(true)
    }

    /// Waits for an event that fits; others before it are passed over.
    pub async fn until<T>(&mut self, what: &str, fits: impl Fn(&Kind) -> Option<T>) -> T {
        let mut passed = Vec::new();
        loop {
            let event = match tokio::time::timeout(std::time::Duration::from_secs(20), self.event())
                .await
            {
                Ok(Ok(Some(event))) => event,
                other => panic!("waited in vain for {what} ({other:?}); there came {passed:#?}"),
            };
            if let Some(found) = fits(&event) {
                return found;
            }
            passed.push(event);
        }
    }

    /// Waits for the next change of a room.
    pub async fn change(&mut self) -> v1::RoomChange {
        self.until("a change", |event| match event {
            Kind::Change(change) => Some(change.clone()),
            _ => None,
        })
        .await
    }

    /// Waits for the next text message.
    pub async fn message(&mut self) -> v1::Message {
        self.until("a message", |event| match event {
            Kind::Change(v1::RoomChange { message: Some(message), .. })
                if !text_of(message).is_empty() =>
            {
                Some(message.clone())
            }
            _ => None,
        })
        .await
    }

    /// Reads to the end: the goodbye, and the error of the status.
    pub async fn ending(&mut self) -> (Option<v1::Goodbye>, Option<Error>) {
        let mut goodbye = None;
        loop {
            match self.event().await {
                Ok(Some(Kind::Goodbye(said))) => goodbye = Some(said),
                Ok(Some(_)) => {}
                Ok(None) => return (goodbye, None),
                Err(error) => return (goodbye, Some(error)),
            }
        }
    }
}

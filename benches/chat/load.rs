//! What makes the load: people, senders, subscribers.

use std::{
    marker::PhantomData,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Buf as _;
use causerie_client::{
    Client,
    client::authorized,
    v1::{self, chat_request::Command, chat_service_client::ChatServiceClient},
};
use futures::future::try_join_all;
use http::uri::PathAndQuery;
use tokio::sync::{Notify, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{
    Status,
    codec::{Codec, DecodeBuf, Decoder},
    transport::Channel,
};
use tonic_prost::ProstCodec;

use crate::Outcome;

/// About 150 bytes on the wire, with its id, sender, room and times.
const TEXT: &str = "The quick brown fox jumps over the lazy dog, twice.";

pub struct Person {
    pub client: Client,
    pub token: String,
}

impl Person {
    pub async fn register(url: &str, name: &str) -> Outcome<Self> {
        let client = Client::connect(url)?;
        let request = v1::RegisterRequest {
            username: name.into(),
            password: crate::login::PASSWORD.into(),
            ..Default::default()
        };
        client.register(request).await?;
        let token = client.access_token().await?;
        Ok(Self { client, token })
    }

    pub fn chat(&self) -> ChatServiceClient<Channel> {
        ChatServiceClient::new(self.client.channel())
    }

    pub async fn send(&self, room: &str) -> Outcome {
        self.chat().send_message(authorized(message(room), &self.token)?).await?;
        Ok(())
    }
}

pub fn message(room: &str) -> v1::SendMessageRequest {
    v1::SendMessageRequest {
        room_id: room.into(),
        text: TEXT.into(),
        client_message_id: uuid::Uuid::new_v4().to_string(),
        ..Default::default()
    }
}

/// People who are all members of the same rooms.
pub struct Crowd {
    pub people: Vec<Person>,
    pub rooms: Vec<String>,
}

impl Crowd {
    /// People for a bare server, which asks nobody who they are.
    pub fn strangers(url: &str, people: usize) -> Outcome<Self> {
        let stranger = |_| Ok(Person { client: Client::connect(url)?, token: "none".into() });
        let people = (0..people).map(stranger).collect::<Outcome<_>>()?;
        Ok(Self { people, rooms: vec![String::new()] })
    }

    pub async fn gather(url: &str, people: usize, rooms: usize) -> Outcome<Self> {
        let mut all = Vec::new();
        for n in 0..people {
            // One after the other: the server hashes few passwords at once.
            all.push(Person::register(url, &format!("person{n}")).await?);
        }
        let people = all;
        let mut ids = Vec::new();
        for n in 0..rooms {
            let request = v1::CreateRoomRequest { name: format!("Room {n}"), ..Default::default() };
            let room = people[0].client.create_room(request).await?.room.ok_or("no room")?.id;
            try_join_all(people[1..].iter().map(|person| {
                person.client.join_room(v1::JoinRoomRequest { room_id: room.clone() })
            }))
            .await?;
            ids.push(room);
        }
        Ok(Self { people, rooms: ids })
    }

    /// Acknowledged messages per second by `senders` that each wait for the
    /// answer before they send again.
    pub async fn unary(&self, senders: usize, seconds: f64) -> Outcome<f64> {
        let until = Instant::now() + Duration::from_secs_f64(seconds);
        let sender = async |n: usize| -> Outcome<u64> {
            let person = &self.people[n % self.people.len()];
            let room = &self.rooms[n % self.rooms.len()];
            let mut sent = 0;
            while Instant::now() < until {
                person.send(room).await?;
                sent += 1;
            }
            Ok(sent)
        };
        let sent: u64 = try_join_all((0..senders).map(sender)).await?.into_iter().sum();
        Ok(crate::table::per_second(sent, seconds))
    }

    /// The same over Chat streams, `in_flight` commands on each.
    pub async fn streams(&self, streams: usize, in_flight: usize, seconds: f64) -> Outcome<f64> {
        let rooms = self.rooms.len();
        let command = |n: usize| Command::SendMessage(message(&self.rooms[n % rooms]));
        self.commands(streams, in_flight, seconds, command).await
    }

    /// Answered commands per second over Chat streams; `command` makes them, from the
    /// number of its stream.
    pub async fn commands(
        &self,
        streams: usize,
        in_flight: usize,
        seconds: f64,
        command: impl Fn(usize) -> Command,
    ) -> Outcome<f64> {
        let until = Instant::now() + Duration::from_secs_f64(seconds);
        let stream = async |n: usize| -> Outcome<u64> {
            let person = &self.people[n % self.people.len()];
            let (commands, queue) = mpsc::channel(in_flight);
            let request = authorized(ReceiverStream::new(queue), &person.token)?;
            let mut grpc = tonic::client::Grpc::new(person.client.channel());
            grpc.ready().await?;
            let path = PathAndQuery::from_static("/causerie.v1.ChatService/Chat");
            let walk = Walk::<v1::ChatRequest>::default();
            let mut responses = grpc.streaming(request, path, walk).await?.into_inner();
            let order = || v1::ChatRequest { request_id: "s".into(), command: Some(command(n)) };
            let first = v1::SubscribeRequest::default();
            let first = Some(Command::Subscribe(first));
            let request = v1::ChatRequest { request_id: String::new(), command: first };
            commands.send(request).await?;
            for _ in 0..in_flight {
                commands.send(order()).await?;
            }
            let mut sent = 0;
            while let Some(Counts { replies, .. }) = responses.message().await? {
                sent += replies;
                if Instant::now() >= until {
                    break;
                }
                for _ in 0..replies {
                    commands.send(order()).await?;
                }
            }
            Ok(sent)
        };
        let sent: u64 = try_join_all((0..streams).map(stream)).await?.into_iter().sum();
        Ok(crate::table::per_second(sent, seconds))
    }
}

/// Counts what subscribers have received.
#[derive(Default)]
pub struct Tally {
    live: AtomicUsize,
    events: AtomicU64,
    moved: Notify,
}

impl Tally {
    pub fn events(&self) -> u64 {
        self.events.load(Ordering::Acquire)
    }

    /// Waits for that many events in all.
    pub async fn reach(&self, events: u64) -> Outcome {
        let reached = async {
            loop {
                let moved = self.moved.notified();
                if self.events() >= events {
                    return;
                }
                moved.await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), reached)
            .await
            .map_err(|_| format!("{} of {events} events came", self.events()).into())
    }

    /// Waits until that many subscribers are there and nothing comes any more.
    pub async fn quiet(&self, subscribers: usize) -> Outcome {
        let mut before = u64::MAX;
        for _ in 0..600 {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let now = self.events();
            if self.live.load(Ordering::Acquire) == subscribers && now == before {
                self.events.store(0, Ordering::Release);
                return Ok(());
            }
            before = now;
        }
        Err("the subscribers did not come to rest".into())
    }
}

/// Subscribes, and counts events for ever without decoding them: a reader that
/// decodes costs as much as the server.
pub fn subscribe(channel: Channel, token: &str, tally: &Arc<Tally>) -> Outcome {
    let request = authorized(v1::SubscribeRequest::default(), token)?;
    let tally = Arc::clone(tally);
    tokio::spawn(async move {
        let mut grpc = tonic::client::Grpc::new(channel);
        grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
        let path = PathAndQuery::from_static("/causerie.v1.ChatService/Subscribe");
        let mut events = grpc
            .server_streaming(request, path, Walk::<v1::SubscribeRequest>::default())
            .await?
            .into_inner();
        tally.live.fetch_add(1, Ordering::AcqRel);
        while let Some(counts) = events.message().await? {
            tally.events.fetch_add(counts.events, Ordering::AcqRel);
            tally.moved.notify_waiters();
        }
        Ok::<(), Status>(())
    });
    Ok(())
}

/// What a response holds, by number.
#[derive(Clone, Copy)]
pub struct Counts {
    pub events: u64,
    pub replies: u64,
}

/// Sends requests of type `Q`, and walks over responses instead of decoding them.
pub struct Walk<Q>(PhantomData<Q>);

impl<Q> Default for Walk<Q> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<Q: prost::Message + Default + Send + 'static> Codec for Walk<Q> {
    type Encode = Q;
    type Decode = Counts;
    type Encoder = <ProstCodec<Q, ()> as Codec>::Encoder;
    type Decoder = Walk<()>;

    fn encoder(&mut self) -> Self::Encoder {
        ProstCodec::<Q, ()>::default().encoder()
    }

    fn decoder(&mut self) -> Walk<()> {
        Walk::default()
    }
}

impl Decoder for Walk<()> {
    type Item = Counts;
    type Error = Status;

    fn decode(&mut self, buf: &mut DecodeBuf<'_>) -> Result<Option<Counts>, Status> {
        let mut counts = Counts { events: 0, replies: 0 };
        let broken = |error: prost::DecodeError| Status::internal(error.to_string());
        while buf.has_remaining() {
            // Field 1 is an event, field 2 a reply, each with its length before it.
            match prost::encoding::decode_varint(buf).map_err(broken)? {
                0x0a => counts.events += 1,
                _ => counts.replies += 1,
            }
            let length = prost::encoding::decode_varint(buf).map_err(broken)?;
            buf.advance(usize::try_from(length).unwrap_or(usize::MAX));
        }
        Ok(Some(counts))
    }
}

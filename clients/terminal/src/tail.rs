//! Lines of what happens, until interrupted.

use std::{
    collections::HashMap,
    io::{self, Write as _},
};

use causerie_client::{Client, Update, connection::State, live::Options, v1};

use crate::{
    Problem,
    lines::{as_json, as_text, gap_as_json, gap_as_text},
    names::Names,
    script::{find, refused},
};

pub async fn run(client: &Client, room: Option<String>, json: bool) -> Result<(), Problem> {
    let only = match room {
        Some(room) => Some(find(client, &room).await?),
        None => None,
    };
    let (_live, mut updates) = client.live(Options::default());
    let mut tail =
        Tail { only, json, names: Names::new(client), rooms: HashMap::new(), told: HashMap::new() };
    while let Some(update) = updates.next().await {
        if let Update::Refused(error) = &update {
            return Err(refused(error));
        }
        if update == Update::Connection(State::Ended) {
            break;
        }
        // Whoever read these lines has gone: so may we.
        if tail.tell(update).await.is_err() {
            return Ok(());
        }
    }
    Err("the connection has ended".into())
}

struct Tail<'a> {
    /// The room that is wanted; all of them otherwise.
    only: Option<String>,
    json: bool,
    names: Names<'a>,
    /// Names of rooms by id.
    rooms: HashMap<String, String>,
    /// Up to which position each room was told.
    told: HashMap<String, i64>,
}

impl Tail<'_> {
    async fn tell(&mut self, update: Update) -> io::Result<()> {
        match update {
            Update::RoomAdded(summary) => self.begin(summary).await,
            Update::Reset(reset) => self.reset(reset).await?,
            Update::Change { change, .. } => {
                self.told.insert(change.room_id.clone(), change.seq);
                if !self.wanted(&change.room_id) {
                    return Ok(());
                }
                if let Some(room) = &change.room {
                    self.name(room).await;
                }
                if let Some(message) = &change.message {
                    self.message(message).await?;
                }
            }
            Update::UserChanged(user) => self.names.update(&user),
            _ => {}
        }
        Ok(())
    }

    fn wanted(&self, room_id: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only == room_id)
    }

    async fn name(&mut self, room: &v1::Room) {
        let name = self.names.room(room).await;
        self.rooms.insert(room.id.clone(), name);
    }

    async fn begin(&mut self, summary: v1::RoomSummary) {
        let room = summary.room.unwrap_or_default();
        self.name(&room).await;
        self.told.insert(room.id, room.head_seq);
    }

    /// So much was missed that the server tells only the end of it: says so, and
    /// prints what is new in that.
    async fn reset(&mut self, reset: v1::RoomReset) -> io::Result<()> {
        let summary = reset.summary.unwrap_or_default();
        let room = summary.room.clone().unwrap_or_default();
        let told = self.told.get(&room.id).copied().unwrap_or_default();
        self.begin(summary).await;
        if !self.wanted(&room.id) {
            return Ok(());
        }
        let name = self.rooms.get(&room.id).map_or("", String::as_str);
        print(&if self.json { gap_as_json(&room, name, told) } else { gap_as_text(name) })?;
        for message in reset.messages.iter().filter(|message| message.changed_seq > told) {
            self.message(message).await?;
        }
        Ok(())
    }

    async fn message(&mut self, message: &v1::Message) -> io::Result<()> {
        let sender = self.names.of(&message.sender_id).await;
        let about = if self.json { None } else { self.names.about(message).await };
        let room = self.rooms.get(&message.room_id).map_or("", String::as_str);
        print(&if self.json {
            as_json(message, &sender, room)
        } else {
            as_text(message, &sender, about.as_deref(), room)
        })
    }
}

fn print(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush())
}

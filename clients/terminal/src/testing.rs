//! A window with some rooms and people, for tests.

use causerie_client::{Update, connection::State, v1};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::{app::App, effect::Effect};

pub fn user(id: &str, name: &str) -> v1::User {
    v1::User { id: id.into(), display_name: name.into(), username: id.into(), ..Default::default() }
}

pub fn message(seq: i64, sender: &str, text: &str) -> v1::Message {
    v1::Message {
        room_id: "general".into(),
        seq,
        changed_seq: seq,
        sender_id: sender.into(),
        // Noon in UTC: the same day everywhere people run this.
        posted_at: Some(prost_time(1_789_992_000 + seq)),
        content: Some(v1::message::Content::Text(text.into())),
        ..Default::default()
    }
}

pub fn prost_time(seconds: i64) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds, nanos: 0 }
}

pub fn app() -> App {
    let mut app = App::new(true, "http://127.0.0.1:8080");
    let ready = v1::Ready { user: Some(user("ada", "Ada")), ..Default::default() };
    app.on_update(&Update::Ready(ready));
    for (id, name, unread) in [
        ("general", "General", 0),
        ("random", "Random", 3),
        ("long", "A room with a very long name indeed", 1_200),
    ] {
        app.on_update(&Update::RoomAdded(v1::RoomSummary {
            room: Some(v1::Room {
                id: id.into(),
                name: name.into(),
                topic: "Whatever concerns everyone".into(),
                ..Default::default()
            }),
            unread_count: unread.min(999),
            unread_more: unread > 999,
            ..Default::default()
        }));
    }
    app.open_room("general");
    app.on_update(&Update::Connection(State::Live));
    app.loading = false;
    for user in [user("ada", "Ada"), user("bob", "Bob")] {
        app.model.users.insert(user.id.clone(), user);
    }
    app
}

pub fn say(app: &mut App, message: v1::Message) {
    let change = v1::RoomChange {
        room_id: "general".into(),
        seq: message.changed_seq,
        after_seq: message.changed_seq - 1,
        message: Some(message),
        ..Default::default()
    };
    let known_seq = change.after_seq;
    app.on_update(&Update::Change { change, known_seq });
}

pub fn press(app: &mut App, key: KeyCode) -> Vec<Effect> {
    app.on_key(KeyEvent::new(key, KeyModifiers::NONE))
}

/// Writes a line and presses Enter.
pub fn write(app: &mut App, text: &str) -> Vec<Effect> {
    for c in text.chars() {
        press(app, KeyCode::Char(c));
    }
    press(app, KeyCode::Enter)
}

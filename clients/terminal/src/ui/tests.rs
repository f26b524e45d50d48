//! Pictures of the window, compared with those that people have looked at.

use causerie_client::{Update, connection::State, v1};
use ratatui::{Terminal, backend::TestBackend};

use super::*;
use crate::{
    app::{Answer, Pending},
    search::Found,
};

fn user(id: &str, name: &str) -> v1::User {
    v1::User { id: id.into(), display_name: name.into(), username: id.into(), ..Default::default() }
}

fn message(seq: i64, sender: &str, text: &str) -> v1::Message {
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

fn prost_time(seconds: i64) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds, nanos: 0 }
}

fn app() -> App {
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

fn say(app: &mut App, message: v1::Message) {
    let change = v1::RoomChange {
        room_id: "general".into(),
        seq: message.changed_seq,
        after_seq: message.changed_seq - 1,
        message: Some(message),
        ..Default::default()
    };
    app.on_update(&Update::Change(change));
}

/// The picture as text, with times left out: they depend on where it runs.
fn picture(app: &mut App, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a test terminal");
    terminal.draw(|frame| drop(draw(frame, app))).expect("drawn");
    let text = terminal.backend().to_string();
    let mut out = String::new();
    for line in text.lines() {
        let mut chars: Vec<char> = line.chars().collect();
        for at in 0..chars.len().saturating_sub(4) {
            if chars[at + 2] == ':' && [0, 1, 3, 4].iter().all(|o| chars[at + o].is_ascii_digit()) {
                for o in [0, 1, 3, 4] {
                    chars[at + o] = '0';
                }
            }
        }
        out.extend(chars);
        out.push('\n');
    }
    out
}

#[test]
fn a_conversation() {
    let mut app = app();
    app.model.presence.insert("bob".into(), v1::PresenceState::Away);
    app.members.insert("general".into(), vec!["ada".into(), "bob".into()]);
    say(&mut app, message(1, "ada", "Hello, Bob"));
    say(
        &mut app,
        message(
            2,
            "bob",
            "Hello! This one is long enough that it has to be broken into several lines by the window, at its spaces.",
        ),
    );
    say(&mut app, message(3, "bob", "日本語も大丈夫です"));
    app.pending.push(Pending {
        room_id: "general".into(),
        text: "on its way".into(),
        refused: None,
    });
    app.pending.push(Pending {
        room_id: "general".into(),
        text: "no".into(),
        refused: Some("text must not be empty".into()),
    });
    app.model.typing.insert("general".into(), vec!["bob".into()]);
    insta::assert_snapshot!(picture(&mut app, 120, 24));
}

#[test]
fn a_narrow_window_shows_one_column() {
    let mut app = app();
    say(&mut app, message(1, "bob", "Hello"));
    insta::assert_snapshot!(picture(&mut app, 40, 14));
}

#[test]
fn what_is_found() {
    let mut app = app();
    app.open_search("tea in:general");
    let asked = v1::SearchMessagesRequest { query: "tea in:general".into(), ..Default::default() };
    let long = "There is tea for everybody who comes before it is cold. ".repeat(3);
    let page = v1::SearchMessagesResponse {
        messages: vec![message(3, "bob", long.trim()), message(1, "ada", "Tea?")],
        next_page_token: String::new(),
    };
    app.on_answer(Answer::Found(Found { asked, page: Ok(page) }));
    insta::assert_snapshot!(picture(&mut app, 100, 24));
}

#[test]
fn signing_in() {
    let mut app = App::new(false, "http://127.0.0.1:8080");
    if let Some(form) = &mut app.form {
        form.editor().insert("ada");
        form.problem = Some("The name or the password is wrong.".into());
    }
    insta::assert_snapshot!(picture(&mut app, 80, 20));
}

#[test]
fn nothing_a_sender_writes_can_steer_the_terminal() {
    let mut app = app();
    say(&mut app, message(1, "bob", "a\u{1b}[2Jb\u{7}c"));
    let picture = picture(&mut app, 100, 20);
    assert!(!picture.contains('\u{1b}') && !picture.contains('\u{7}'));
    assert!(picture.contains("a[2Jbc"), "{picture}");
}

#[test]
fn every_size_can_be_drawn() {
    let mut app = app();
    for n in 1..80 {
        say(&mut app, message(n, "bob", &"wide 日本 ".repeat(30)));
    }
    for searching in [false, true] {
        if searching {
            app.open_search("wide");
            app.search.messages = (1..80).map(|n| message(n, "bob", "wide 日本")).collect();
        }
        for width in (1..140).step_by(7) {
            for height in (1..50).step_by(5) {
                picture(&mut app, width, height);
            }
        }
    }
}

#[test]
fn lines_break_at_spaces_and_long_words_where_they_must() {
    assert_eq!(timeline::wrap("one two three", 8), ["one two ", "three"]);
    assert_eq!(timeline::wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
    assert_eq!(timeline::wrap("日本語", 4), ["日本", "語"]);
    assert_eq!(timeline::wrap("a\n\nb", 4), ["a", "", "b"]);
}

//! Pictures of the window, compared with those that people have looked at.

use causerie_client::{Update, v1};
use crossterm::event::KeyCode;
use ratatui::{Terminal, backend::TestBackend};

use super::*;
use crate::{
    app::Pending,
    effect::{Answer, Effect},
    search::Found,
    testing::{app, message, press, say, user, write},
};

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
        file: None,
        written: String::new(),
        refused: None,
    });
    app.pending.push(Pending {
        room_id: "general".into(),
        text: "no".into(),
        file: None,
        written: String::new(),
        refused: Some("text must not be empty".into()),
    });
    app.model.typing.insert("general".into(), vec!["bob".into()]);
    insta::assert_snapshot!(picture(&mut app, 120, 24));
}

#[test]
fn a_new_name_is_shown_at_once_and_an_older_one_never_again() {
    let mut app = app();
    say(&mut app, message(1, "bob", "Hello"));
    let renamed =
        |name: &str, version| Update::UserChanged(v1::User { version, ..user("bob", name) });
    app.on_update(&renamed("Robert", 3));
    assert!(picture(&mut app, 80, 14).contains("Robert"));
    app.on_update(&renamed("Bobby", 2));
    assert!(picture(&mut app, 80, 14).contains("Robert"));
    // What was written after a change that was not told.
    let newer = v1::Message { sender_version: 5, ..message(2, "bob", "Hello again") };
    let change = v1::RoomChange {
        room_id: "general".into(),
        seq: 2,
        after_seq: 1,
        message: Some(newer),
        ..Default::default()
    };
    let effects = app.on_update(&Update::Change { change, known_seq: 1 });
    let asked = |effect: &Effect| matches!(effect, Effect::Users(ids) if ids == &["bob"]);
    assert!(effects.iter().any(asked));
}

#[test]
fn in_a_large_room_several_people_type() {
    let mut app = app();
    let typing = |typing| {
        let room_id = "general".into();
        Update::Typing(v1::Typing { room_id, user_id: String::new(), typing, several: true })
    };
    app.on_update(&typing(true));
    assert!(picture(&mut app, 80, 14).contains("Several people are typing…"));
    app.on_update(&typing(false));
    assert!(!picture(&mut app, 80, 14).contains("typing"));
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
        form.problem = Some("Incorrect username or password.".into());
    }
    insta::assert_snapshot!(picture(&mut app, 80, 20));
}

#[test]
fn the_form_warns_where_a_password_could_be_read_on_the_way() {
    for (server, warns) in [
        ("http://chat.example.org", true),
        ("https://chat.example.org", false),
        ("http://localhost:8080", false),
    ] {
        let picture = picture(&mut App::new(false, server), 80, 20);
        assert_eq!(picture.contains("not encrypted"), warns, "{picture}");
        assert!(picture.contains("F2 create account"), "{picture}");
    }
}

#[test]
fn a_long_problem_is_shown_to_its_end() {
    let mut app = App::new(false, "https://chat.example.org");
    let problem = "The server's certificate is not trusted: certificate not valid for this name, \
                   but for quite another.";
    app.form.as_mut().expect("a form").problem = Some(problem.into());
    let picture = picture(&mut app, 80, 22);
    assert!(picture.contains("quite another."), "{picture}");
    assert!(picture.contains("F2 create account"), "{picture}");
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

#[test]
fn a_message_is_selected_and_one_that_calls_the_user_stands_out() {
    let mut app = app();
    let bob = v1::mention::Who::UserId("ada".into());
    let mentions = vec![v1::Mention { who: Some(bob), name: "ada".into() }];
    say(&mut app, message(1, "ada", "Who has seen it?"));
    let thread = v1::Thread { reply_count: 2, ..Default::default() };
    say(
        &mut app,
        v1::Message {
            mentions,
            reply_to_seq: 1,
            thread: Some(thread),
            reactions: vec![v1::Reaction { emoji: "👍".into(), count: 1, ..Default::default() }],
            ..message(2, "bob", "I have, @ada, and I can tell you where it was when I saw it")
        },
    );
    say(&mut app, message(3, "bob", "Nothing else"));
    insta::assert_snapshot!("a_call", picture(&mut app, 80, 16));
    press(&mut app, KeyCode::Up);
    press(&mut app, KeyCode::Up);
    insta::assert_snapshot!("selected", picture(&mut app, 80, 16));
    press(&mut app, KeyCode::Up);
    write(&mut app, "/delete");
    insta::assert_snapshot!("a_question", picture(&mut app, 80, 16));
}

#[test]
fn who_has_a_block_with_the_user_calls_nobody() {
    let mut app = app();
    let who = Some(v1::mention::Who::UserId("ada".into()));
    let mentions = vec![v1::Mention { who, name: "ada".into() }];
    say(&mut app, v1::Message { mentions, ..message(1, "bob", "Here, @ada") });
    assert!(picture(&mut app, 80, 16).contains("@ Here, @ada"));
    app.model.blocks.insert("bob".into());
    let picture = picture(&mut app, 80, 16);
    assert!(picture.contains("Here, @ada") && !picture.contains("@ Here"), "{picture}");
}

#[test]
fn what_is_selected_is_in_sight() {
    let mut app = app();
    for n in 1..80 {
        say(&mut app, message(n, "bob", &format!("Number {n}.")));
    }
    for n in (1..80).rev() {
        press(&mut app, KeyCode::Up);
        assert!(picture(&mut app, 80, 16).contains(&format!("▶ Number {n}.")), "{n}");
    }
    press(&mut app, KeyCode::PageDown);
    assert!(picture(&mut app, 80, 16).contains("▶ Number 11."));
    press(&mut app, KeyCode::Esc);
    assert!(picture(&mut app, 80, 16).contains("Number 79."));
}

#[test]
fn files_have_lines_of_their_own() {
    let mut app = app();
    let file =
        |name: &str, size_bytes| v1::File { name: name.into(), size_bytes, ..Default::default() };
    let attachments = vec![file("plan.pdf", 90_000), file("a\u{1b}[2J\nb.txt", 3)];
    say(&mut app, v1::Message { attachments, ..message(1, "bob", "Here it is") });
    let attachments = vec![file("alone.png", 2_500_000)];
    say(&mut app, v1::Message { attachments, ..message(2, "bob", "") });
    say(&mut app, v1::Message { reply_to_seq: 2, ..message(3, "bob", "Seen?") });
    write(&mut app, "/send /tmp/mine.txt with words");
    insta::assert_snapshot!(picture(&mut app, 80, 20));
    let problem = "mine.txt: no such file".to_owned();
    let text = "/send /tmp/mine.txt with words".to_owned();
    app.on_answer(Answer::Refused { room_id: "general".into(), text: text.clone(), problem });
    assert!(app.pending.is_empty());
    assert_eq!(app.draft().map(crate::editor::Editor::text), Some(text.as_str()));
}

#[test]
fn rooms_with_unread_mentions_are_marked() {
    let mut app = app();
    let room = v1::Room { id: "called".into(), name: "Called".into(), ..Default::default() };
    let (unread_count, unread_mention_count) = (2, 1);
    app.on_update(&causerie_client::Update::RoomAdded(v1::RoomSummary {
        room: Some(room),
        unread_count,
        unread_mention_count,
        ..Default::default()
    }));
    let picture = picture(&mut app, 80, 16);
    assert!(
        picture.lines().any(|line| line.contains("Called") && line.contains(" @ 2 ")),
        "{picture}"
    );
}

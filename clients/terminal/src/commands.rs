//! What is written with a `/` before it: commands about the selected message,
//! or the last one that fits.

use causerie_client::{v1, v1::message::Content};

use crate::{
    app::{App, gist_of},
    effect::Effect,
    files,
    selection::Question,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Search(String),
    Reply(String),
    React(String),
    /// Who reacted.
    Reactions,
    Edit(String),
    Delete,
    /// A path, and a text after it.
    Send(String),
    /// Where to; here if empty.
    Save(String),
}

impl Command {
    /// `None` for what is no command, and is sent as it stands.
    pub fn of(text: &str) -> Option<Self> {
        let text = text.trim();
        let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = rest.trim().to_owned();
        Some(match name {
            "/search" => Self::Search(rest),
            "/reply" => Self::Reply(rest),
            "/react" => Self::React(rest),
            "/reactions" => Self::Reactions,
            "/edit" => Self::Edit(rest),
            "/delete" => Self::Delete,
            "/send" => Self::Send(rest),
            "/save" => Self::Save(rest),
            _ => return None,
        })
    }
}

impl App {
    /// Carries out a command; `written` comes back into the composer when it
    /// cannot be.
    pub fn obey(&mut self, command: Command, written: &str) -> Vec<Effect> {
        match self.try_to(command, written) {
            Ok(effects) => effects,
            Err(problem) => {
                self.notice = Some(problem.to_owned());
                if let Some(room_id) = self.room.clone() {
                    self.drafts.entry(room_id).or_default().set(written.to_owned());
                }
                vec![]
            }
        }
    }

    fn try_to(&mut self, command: Command, written: &str) -> Result<Vec<Effect>, &'static str> {
        let effects = match command {
            Command::Search(words) => return Ok(self.open_search(&words)),
            Command::Reply(text) if text.is_empty() => return Err("Usage: /reply TEXT"),
            Command::Reply(text) => {
                let to = self.target(is_text).ok_or("No message to reply to.")?;
                self.post(to.room_id, text, to.seq)
            }
            Command::React(emoji) if emoji.is_empty() => return Err("Usage: /react EMOJI"),
            Command::React(emoji) => {
                let to = self.target(is_text).ok_or("No message to react to.")?;
                // The server stores one form of what differs only in U+FE0F.
                let bare = |emoji: &str| emoji.replace('\u{FE0F}', "");
                let is_same = |reaction: &&v1::Reaction| bare(&reaction.emoji) == bare(&emoji);
                let mut same = to.reactions.iter().filter(is_same);
                let on = !same.any(v1::Reaction::reacted_by_me);
                vec![Effect::React { room_id: to.room_id, seq: to.seq, emoji, on }]
            }
            Command::Reactions => {
                let of = self
                    .target(|message| !message.reactions.is_empty())
                    .ok_or("No message with reactions.")?;
                vec![Effect::Reactions { room_id: of.room_id, seq: of.seq }]
            }
            Command::Edit(text) => {
                let me = self.model.me.id.clone();
                let own = |message: &v1::Message| is_text(message) && message.sender_id == me;
                let of = self.target(own).ok_or("You can only edit your own messages.")?;
                if text.is_empty() && of.attachments.is_empty() {
                    return Err("Usage: /edit NEW TEXT");
                }
                vec![Effect::Edit { room_id: of.room_id, seq: of.seq, text }]
            }
            Command::Delete => return self.ask_to_delete(),
            Command::Send(rest) => {
                let (path, text) = files::path_and_text(&rest)
                    .ok_or("Usage: /send PATH [TEXT]. Quote paths with spaces.")?;
                self.post_file(path, text, written)
            }
            Command::Save(to) => {
                let with_file = |message: &v1::Message| !message.attachments.is_empty();
                let of = self.target(with_file).ok_or("No attachment to save.")?;
                let file = of.attachments.into_iter().next().ok_or("No attachment to save.")?;
                let (to, more) =
                    files::path_and_text(&to).unwrap_or_else(|| (".".into(), String::new()));
                if !more.is_empty() {
                    return Err("Quote paths with spaces.");
                }
                vec![Effect::Save { file, to }]
            }
        };
        self.selected = None;
        Ok(effects)
    }

    /// Nothing is deleted without a question.
    pub fn ask_to_delete(&mut self) -> Result<Vec<Effect>, &'static str> {
        let me = self.model.me.id.clone();
        let own = |message: &v1::Message| is_text(message) && message.sender_id == me;
        let message = self.target(own).ok_or("You can only delete your own messages.")?;
        self.selected = Some(message.seq);
        let text = gist_of(&message).unwrap_or_default();
        self.question = Some(Question { room_id: message.room_id, seq: message.seq, text });
        Ok(vec![])
    }

    /// The selected message if it fits; if none is selected, the last that does.
    pub fn target(&self, fits: impl Fn(&v1::Message) -> bool) -> Option<v1::Message> {
        let view = self.model.rooms.get(self.room.as_ref()?)?;
        match self.selected {
            Some(seq) => view.messages.get(&seq).filter(|message| fits(message)).cloned(),
            None => view.messages.values().rev().find(|message| fits(message)).cloned(),
        }
    }
}

/// Written by a person, and not deleted.
pub fn is_text(message: &v1::Message) -> bool {
    matches!(message.content, Some(Content::Text(_)))
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyCode;

    use super::*;
    use crate::{
        editor::Editor,
        testing::{app, message, press, say, write},
    };

    #[test]
    fn only_known_words_are_commands() {
        let search = |words: &str| Some(Command::Search(words.into()));
        assert_eq!(Command::of("/search from:ada tea "), search("from:ada tea"));
        assert_eq!(Command::of("/search"), search(""));
        assert_eq!(Command::of("/searching"), None);
        assert_eq!(Command::of("a /search"), None);
        assert_eq!(Command::of("/usr/bin/env"), None);
        assert_eq!(Command::of("/reply\nyes\nno"), Some(Command::Reply("yes\nno".into())));
        assert_eq!(Command::of(" /react 👍 "), Some(Command::React("👍".into())));
        assert_eq!(Command::of("/reactions"), Some(Command::Reactions));
        assert_eq!(Command::of("/delete"), Some(Command::Delete));
    }

    fn room() -> App {
        let mut app = app();
        for (seq, sender, text) in [(1, "ada", "one"), (2, "bob", "two"), (3, "ada", "three")] {
            say(&mut app, message(seq, sender, text));
        }
        say(&mut app, message(4, "bob", "four"));
        app
    }

    fn edit(seq: i64) -> Vec<Effect> {
        vec![Effect::Edit { room_id: "general".into(), seq, text: "new".into() }]
    }

    #[test]
    fn they_act_on_the_last_that_fits() {
        let mut app = room();
        assert_eq!(write(&mut app, "/edit new"), edit(3));
        let answer =
            Effect::Send { room_id: "general".into(), text: "yes".into(), reply_to_seq: 4 };
        assert_eq!(write(&mut app, "/reply yes"), [answer]);
        let react =
            |on| Effect::React { room_id: "general".into(), seq: 4, emoji: "👍".into(), on };
        assert_eq!(write(&mut app, "/react 👍"), [react(true)]);
        let reactions = vec![v1::Reaction {
            emoji: "👍".into(),
            count: 200,
            user_ids: vec!["bob".into()],
            reacted_by_me: Some(true),
        }];
        say(&mut app, v1::Message { reactions, changed_seq: 5, ..message(4, "bob", "four") });
        assert_eq!(write(&mut app, "/react 👍"), [react(false)]);
        assert!(matches!(
            write(&mut app, "/react 👍\u{FE0F}").as_slice(),
            [Effect::React { on: false, .. }]
        ));
    }

    #[test]
    fn a_text_can_be_taken_away_from_a_message_with_files() {
        let mut app = room();
        assert_eq!(write(&mut app, "/edit"), []);
        assert!(app.notice.is_some(), "nothing would be left");
        let attachments = vec![v1::File { name: "a.txt".into(), ..Default::default() }];
        say(&mut app, v1::Message { attachments, changed_seq: 5, ..message(3, "ada", "three") });
        let emptied = Effect::Edit { room_id: "general".into(), seq: 3, text: String::new() };
        assert_eq!(press(&mut app, KeyCode::Enter), [emptied]);
    }

    #[test]
    fn they_act_on_the_selected_one_or_say_why_not() {
        let mut app = room();
        for _ in 0..4 {
            press(&mut app, KeyCode::Up);
        }
        assert_eq!(write(&mut app, "/edit new"), edit(1));
        assert_eq!(app.selected, None, "it is done");
        press(&mut app, KeyCode::Up);
        assert_eq!(write(&mut app, "/edit new"), []);
        assert!(app.notice.is_some());
        assert_eq!(app.draft().map(Editor::text), Some("/edit new"), "nothing is lost");
    }

    #[test]
    fn deleting_needs_a_yes() {
        let mut app = room();
        assert_eq!(write(&mut app, "/delete"), []);
        assert_eq!(press(&mut app, KeyCode::Char('n')), []);
        press(&mut app, KeyCode::Char('y'));
        assert_eq!(app.draft().map(Editor::text), Some("y"), "it is not asked any more");
        app.drafts.clear();
        write(&mut app, "/delete");
        let delete = Effect::Delete { room_id: "general".into(), seq: 3 };
        assert_eq!(press(&mut app, KeyCode::Char('y')), [delete]);
    }

    #[test]
    fn keys_begin_commands_and_keep_what_is_written() {
        let mut app = room();
        for c in "words".chars() {
            press(&mut app, KeyCode::Char(c));
        }
        press(&mut app, KeyCode::Up);
        press(&mut app, KeyCode::Char('r'));
        assert_eq!(app.draft().map(Editor::text), Some("/reply words"));
        press(&mut app, KeyCode::Up);
        press(&mut app, KeyCode::Char('e'));
        assert!(app.notice.is_some(), "words would be lost");
    }

    #[test]
    fn files_are_sent_and_saved() {
        let mut app = room();
        assert_eq!(write(&mut app, "/save"), []);
        assert!(app.notice.is_some(), "there is none");
        app.drafts.clear();
        let file = v1::File { id: "f".into(), name: "plan.pdf".into(), ..Default::default() };
        let attachments = vec![file.clone()];
        say(&mut app, v1::Message { attachments, ..message(6, "bob", "") });
        say(&mut app, message(7, "bob", "seven"));
        assert_eq!(write(&mut app, "/save"), [Effect::Save { file: file.clone(), to: ".".into() }]);
        let save = Effect::Save { file, to: "my folder".into() };
        assert_eq!(write(&mut app, "/save 'my folder'"), [save]);
        let written = "/send a\\ b.txt look at it".to_owned();
        let upload = Effect::Upload {
            room_id: "general".into(),
            path: "a b.txt".into(),
            text: "look at it".into(),
            written: written.clone(),
        };
        assert_eq!(write(&mut app, &written), [upload]);
    }
}

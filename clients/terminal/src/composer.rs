//! Writing: what keys do in the composer.

use std::path::PathBuf;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::{
    app::{App, Focus, Pending},
    commands::Command,
    effect::Effect,
    files,
    keys::edit,
};

/// Typing is told this often while it goes on.
const TELL_TYPING: std::time::Duration = std::time::Duration::from_secs(3);

impl App {
    pub fn composer_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let Some(room_id) = self.room.clone() else {
            self.focus = Focus::Rooms;
            return vec![];
        };
        let editor = self.drafts.entry(room_id.clone()).or_default();
        match key.code {
            KeyCode::Esc | KeyCode::Tab | KeyCode::BackTab => {
                // The first step back is from what was selected.
                if key.code != KeyCode::Esc || self.selected.take().is_none() {
                    self.focus = Focus::Rooms;
                }
                vec![]
            }
            KeyCode::Enter if key.modifiers.intersects(KeyModifiers::ALT | KeyModifiers::SHIFT) => {
                editor.insert("\n");
                vec![]
            }
            KeyCode::Enter => {
                if editor.text().trim().is_empty() {
                    return vec![];
                }
                let text = editor.take();
                match Command::of(&text) {
                    Some(command) => self.obey(command, &text),
                    None => self.post(room_id, text, 0),
                }
            }
            // There is nothing above: on to what was said.
            KeyCode::Up if !editor.before_cursor().contains('\n') => self.select(-1),
            _ => {
                if !edit(editor, key) || editor.text().is_empty() {
                    return vec![];
                }
                let now = std::time::Instant::now();
                if self.typing_told.is_some_and(|told| now - told < TELL_TYPING) {
                    return vec![];
                }
                self.typing_told = Some(now);
                vec![Effect::Typing { room_id, typing: true }]
            }
        }
    }

    /// Puts a message on its way.
    pub fn post(&mut self, room_id: String, text: String, reply_to_seq: i64) -> Vec<Effect> {
        self.scroll = 0;
        self.selected = None;
        self.typing_told = None;
        self.pending.push(Pending {
            room_id: room_id.clone(),
            text: text.clone(),
            file: None,
            written: text.clone(),
            refused: None,
        });
        vec![Effect::Send { room_id, text, reply_to_seq }]
    }

    /// Puts a file on its way, with what was written for that.
    pub fn post_file(&mut self, path: PathBuf, text: String, written: &str) -> Vec<Effect> {
        let Some(room_id) = self.room.clone() else { return vec![] };
        self.scroll = 0;
        self.typing_told = None;
        let written = written.to_owned();
        self.pending.push(Pending {
            room_id: room_id.clone(),
            text: text.clone(),
            file: Some(files::name_of(&path)),
            written: written.clone(),
            refused: None,
        });
        vec![Effect::Upload { room_id, path, text, written }]
    }
}

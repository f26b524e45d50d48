//! The search for rooms: its state, and what keys do to it.

use causerie_client::v1;
use crossterm::event::{KeyCode, KeyEvent};

use crate::{
    app::{App, Focus},
    editor::Editor,
    effect::Effect,
    keys::{edit, has_alt},
};

/// The search for rooms.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    pub query: Editor,
    pub rooms: Vec<v1::DirectoryRoom>,
    pub selected: usize,
}

impl App {
    pub fn directory_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let directory = &mut self.directory;
        match key.code {
            KeyCode::Esc => self.focus = Focus::Rooms,
            KeyCode::Down => {
                directory.selected =
                    (directory.selected + 1).min(directory.rooms.len().saturating_sub(1));
            }
            KeyCode::Up => directory.selected = directory.selected.saturating_sub(1),
            KeyCode::Enter if has_alt(key) => {
                let name = self.directory.query.text().trim().to_owned();
                if !name.is_empty() {
                    return vec![Effect::Create(name)];
                }
            }
            KeyCode::Enter => {
                if let Some(room) =
                    directory.rooms.get(directory.selected).and_then(|r| r.room.clone())
                {
                    if self.model.rooms.contains_key(&room.id) {
                        return self.open_room(&room.id);
                    }
                    return vec![Effect::Join(room.id)];
                }
                let name = directory.query.text().trim().to_owned();
                if !name.is_empty() {
                    return vec![Effect::Create(name)];
                }
            }
            _ => {
                if edit(&mut directory.query, key) {
                    directory.selected = 0;
                    return vec![Effect::Browse(directory.query.text().to_owned())];
                }
            }
        }
        vec![]
    }

    pub fn open_directory(&mut self) -> Vec<Effect> {
        self.focus = Focus::Directory;
        self.directory.query.set(String::new());
        self.directory.selected = 0;
        vec![Effect::Browse(String::new())]
    }
}

//! The state of the window, and which part of it a key is for. Pure: what has to
//! be asked of the server comes out as [`Effect`]s.

use std::collections::HashMap;

use causerie_client::{apply::Model, connection::State, v1, v1::message::Content};
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::{
    directory::Directory,
    editor::Editor,
    effect::Effect,
    form::{Form, Mode},
    keys::has_alt,
    search::Search,
    selection::Question,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    Rooms,
    Composer,
    /// Choosing a message of the open room.
    Messages,
    Directory,
    Search,
}

/// A message on its way.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    pub room_id: String,
    pub text: String,
    /// The name of the file that goes with it.
    pub file: Option<String>,
    /// What was written in the composer for it.
    pub written: String,
    /// Why it was refused for good.
    pub refused: Option<String>,
}

/// The window.
pub struct App {
    /// `None` once signed in.
    pub form: Option<Form>,
    pub model: Model,
    pub connection: State,
    pub focus: Focus,
    pub room: Option<String>,
    pub drafts: HashMap<String, Editor>,
    pub pending: Vec<Pending>,
    pub members: HashMap<String, Vec<String>>,
    pub directory: Directory,
    pub search: Search,
    /// Lines scrolled up from the newest.
    pub scroll: usize,
    /// The position of the message that commands are about.
    pub selected: Option<i64>,
    /// Has to be answered before anything else.
    pub question: Option<Question>,
    /// After which position "new messages" begin in the open room.
    pub new_after: i64,
    pub loading: bool,
    pub help: bool,
    pub notice: Option<String>,
    /// Something that went well.
    pub told: Option<String>,
    pub server: String,
    /// A room that was joined, and is opened as soon as it is told.
    pub wanted: Option<String>,
    /// Why the server has ended the connection, though not the session.
    pub refusal: Option<String>,
    pub typing_told: Option<std::time::Instant>,
    /// When the bell rang last.
    pub rung: Option<std::time::Instant>,
}

impl App {
    pub fn new(signed_in: bool, server: &str) -> Self {
        Self {
            form: (!signed_in).then(|| Form::new(Mode::SignIn)),
            model: Model::default(),
            connection: State::Connecting,
            focus: Focus::Rooms,
            room: None,
            drafts: HashMap::new(),
            pending: Vec::new(),
            members: HashMap::new(),
            directory: Directory::default(),
            search: Search::default(),
            scroll: 0,
            selected: None,
            question: None,
            new_after: 0,
            loading: false,
            help: false,
            notice: None,
            told: None,
            server: server.to_owned(),
            wanted: None,
            refusal: None,
            typing_told: None,
            rung: None,
        }
    }

    pub fn draft(&self) -> Option<&Editor> {
        self.drafts.get(self.room.as_ref()?)
    }

    /// The name to show for a user.
    pub fn name_of(&self, user_id: &str) -> String {
        let known = self
            .model
            .users
            .get(user_id)
            .or((self.model.me.id == user_id).then_some(&self.model.me));
        known.map_or_else(|| "…".to_owned(), |user| crate::lines::clean(&user.display_name))
    }

    pub fn on_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        if key.kind == KeyEventKind::Release {
            return vec![];
        }
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        if ctrl && matches!(key.code, KeyCode::Char('c' | 'q')) {
            return vec![Effect::Quit];
        }
        if self.help {
            self.help = false;
            return vec![];
        }
        if key.code == KeyCode::F(1) {
            self.help = true;
            return vec![];
        }
        self.notice = None;
        self.told = None;
        if let Some(question) = self.question.take() {
            if self.focus == Focus::Composer {
                self.selected = None;
            }
            return question.answered(key);
        }
        if self.form.is_some() {
            return self.form_key(key);
        }
        match (key.code, ctrl) {
            (KeyCode::Char('d'), true) => return self.open_directory(),
            (KeyCode::Char('f'), true) => return self.open_search(""),
            (KeyCode::Char('l'), true) => return self.leave_room(),
            (KeyCode::Char('o'), true) => return vec![Effect::SignOut],
            (KeyCode::Char('n'), true) | (KeyCode::Down, _) if ctrl || has_alt(key) => {
                return self.step_room(1);
            }
            (KeyCode::Char('p'), true) | (KeyCode::Up, _) if ctrl || has_alt(key) => {
                return self.step_room(-1);
            }
            (KeyCode::Char('s'), true) => return self.select(-1),
            (KeyCode::PageUp | KeyCode::PageDown, _) if self.focus == Focus::Messages => {}
            (KeyCode::PageUp, _) => return self.scroll_by(10),
            (KeyCode::PageDown, _) => return self.scroll_by(-10),
            _ => {}
        }
        match self.focus {
            Focus::Rooms => self.rooms_key(key),
            Focus::Composer => self.composer_key(key),
            Focus::Messages => self.messages_key(key),
            Focus::Directory => self.directory_key(key),
            Focus::Search => self.search_key(key),
        }
    }

    pub fn on_paste(&mut self, text: &str) -> Vec<Effect> {
        let line = text.replace("\r\n", "\n").replace('\r', "\n");
        if let Some(form) = &mut self.form {
            form.editor().insert(&line.replace('\n', ""));
        } else if self.focus == Focus::Directory {
            self.directory.query.insert(&line.replace('\n', " "));
            return vec![Effect::Browse(self.directory.query.text().to_owned())];
        } else if self.focus == Focus::Search {
            return self.search_paste(&line);
        } else if let Some(room) = self.room.clone() {
            self.focus = Focus::Composer;
            self.drafts.entry(room).or_default().insert(&line);
        }
        vec![]
    }

    /// The log that a room's positions are of.
    pub fn log_id(&self, room_id: &str) -> String {
        self.model.rooms.get(room_id).map(|view| view.room.log_id.clone()).unwrap_or_default()
    }

    /// Marks the open room as read, while its newest messages are seen.
    pub fn read(&self) -> Option<Effect> {
        let view = self.model.rooms.get(self.room.as_ref()?)?;
        let head = view.room.head_seq;
        (self.scroll == 0 && view.read_seq < head)
            .then(|| Effect::MarkRead { room_id: view.room.id.clone(), seq: head })
    }

    pub fn scroll_by(&mut self, lines: isize) -> Vec<Effect> {
        self.scroll = self.scroll.saturating_add_signed(lines);
        self.read().into_iter().collect()
    }

    /// Called by the drawing, which knows how many lines there are: `true` when
    /// the top is in sight.
    pub fn top_in_sight(&mut self, lines: usize, height: usize) -> Vec<Effect> {
        self.scroll = self.scroll.min(lines.saturating_sub(height));
        let Some(view) = self.room.as_ref().and_then(|room| self.model.rooms.get(room)) else {
            return vec![];
        };
        let near_top = self.scroll + height + 5 >= lines;
        let oldest = view.messages.keys().next().copied();
        if self.loading || !near_top || !view.has_older || self.connection != State::Live {
            return vec![];
        }
        self.loading = true;
        vec![Effect::Load { room_id: view.room.id.clone(), before: oldest }]
    }
}

/// The text of a message, without anything that could steer the terminal.
pub fn text_of(message: &v1::Message) -> Option<String> {
    match &message.content {
        Some(Content::Text(text)) => Some(crate::lines::clean(text).replace('\t', "    ")),
        _ => None,
    }
}

/// A message in a few words: its text, or the first of its files.
pub fn gist_of(message: &v1::Message) -> Option<String> {
    let text = text_of(message)?;
    let file = message.attachments.first().filter(|_| text.is_empty());
    Some(file.map_or(text, crate::files::line))
}

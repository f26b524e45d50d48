//! The state of the window, and what keys and updates do to it. Pure: what has
//! to be asked of the server comes out as [`Effect`]s.

use std::collections::{HashMap, HashSet};

use causerie_client::{
    Error, Update, apply::Model, connection::State, outbox::Unsent, v1, v1::message::Content,
};
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::{
    directory::Directory,
    editor::Editor,
    effect::{Answer, Effect},
    explain,
    form::{Form, Mode},
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
    pub blocked: HashSet<String>,
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
    wanted: Option<String>,
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
            blocked: HashSet::new(),
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
            typing_told: None,
            rung: None,
        }
    }

    /// Rooms in the order of the list: the newest activity first.
    pub fn room_ids(&self) -> Vec<String> {
        let mut rooms: Vec<_> = self.model.rooms.values().collect();
        rooms.sort_by_key(|view| {
            let last = view.last_message.as_ref();
            let at = last.and_then(|message| message.posted_at).map_or(0, |at| at.seconds);
            (std::cmp::Reverse(at), view.room.name.to_lowercase())
        });
        rooms.into_iter().map(|view| view.room.id.clone()).collect()
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

    /// The name to show for a room: of a direct one, the other person's.
    pub fn room_name(&self, room: &v1::Room) -> String {
        if room.kind() != v1::RoomKind::Direct {
            return crate::lines::clean(&room.name);
        }
        let mut others = room.direct_user_ids.iter().filter(|id| **id != self.model.me.id);
        others.next().map_or_else(|| "Notes".to_owned(), |id| format!("@ {}", self.name_of(id)))
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

    fn form_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let Some(form) = &mut self.form else { return vec![] };
        match key.code {
            KeyCode::Tab | KeyCode::Down => form.step(1),
            KeyCode::BackTab | KeyCode::Up => form.step(-1),
            KeyCode::F(2) => *form = form.toggled(),
            KeyCode::Esc => return vec![Effect::Quit],
            KeyCode::Enter if form.focus + 1 < form.fields.len() => form.step(1),
            KeyCode::Enter if form.busy || !form.ready() => {}
            KeyCode::Enter => {
                let password = form.value("password");
                return vec![match form.mode {
                    Mode::SignIn => Effect::SignIn { login: form.value("login"), password },
                    Mode::Register => Effect::Register {
                        username: form.value("username"),
                        display_name: form.value("display_name"),
                        password,
                    },
                }];
            }
            _ => {
                edit(form.editor(), key);
            }
        }
        vec![]
    }

    fn rooms_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        match key.code {
            KeyCode::Down => self.step_room(1),
            KeyCode::Up => self.step_room(-1),
            // Whoever types wants to write.
            KeyCode::Char(_) if self.room.is_some() => {
                self.focus = Focus::Composer;
                self.composer_key(key)
            }
            KeyCode::Enter | KeyCode::Tab | KeyCode::Right if self.room.is_some() => {
                self.focus = Focus::Composer;
                vec![]
            }
            _ => vec![],
        }
    }

    fn leave_room(&mut self) -> Vec<Effect> {
        self.room.clone().map(Effect::Leave).into_iter().collect()
    }

    fn step_room(&mut self, by: isize) -> Vec<Effect> {
        let rooms = self.room_ids();
        if rooms.is_empty() {
            return vec![];
        }
        let at = self.room.as_ref().and_then(|room| rooms.iter().position(|id| id == room));
        let next = match at {
            Some(at) => {
                (at.cast_signed() + by).rem_euclid(rooms.len().cast_signed()).cast_unsigned()
            }
            None => 0,
        };
        let focus = self.focus;
        let effects = self.open_room(&rooms[next]);
        self.focus = focus;
        effects
    }

    /// Shows a room, loads it, and says that it is watched and read.
    pub fn open_room(&mut self, room_id: &str) -> Vec<Effect> {
        let Some(view) = self.model.rooms.get(room_id) else { return vec![] };
        self.new_after = view.read_seq;
        self.room = Some(room_id.to_owned());
        self.focus = Focus::Composer;
        self.wanted = None;
        self.scroll = 0;
        self.selected = None;
        self.question = None;
        self.loading = true;
        self.typing_told = None;
        let room_id = room_id.to_owned();
        let mut effects = vec![
            Effect::Watch(vec![room_id.clone()]),
            Effect::Load { room_id: room_id.clone(), before: None },
            Effect::Members(room_id),
        ];
        effects.extend(self.read());
        effects
    }

    /// Marks the open room as read, while its newest messages are seen.
    fn read(&self) -> Option<Effect> {
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

    pub fn on_update(&mut self, update: &Update) -> Vec<Effect> {
        let mut effects: Vec<Effect> = self.bell(update).into_iter().collect();
        self.model.apply(update);
        match update {
            Update::Connection(state) => {
                self.connection = *state;
                if *state == State::Ended && self.form.is_none() {
                    self.form = Some(Form::new(Mode::SignIn));
                    self.notice = Some("Your session has ended; sign in again.".into());
                }
                // What broke while it was asked for is asked for again.
                if *state == State::Live
                    && let Some(room_id) = self.room.clone()
                {
                    self.loading = true;
                    effects.push(Effect::Members(room_id.clone()));
                    effects.push(Effect::Load { room_id, before: None });
                }
            }
            Update::Ready(_) => effects.push(Effect::Blocked),
            Update::Sent { message, result } => self.sent(message, result),
            Update::RoomAdded(summary) => {
                if let Some(room) = &summary.room {
                    if self.wanted.as_ref() == Some(&room.id) {
                        effects.extend(self.open_room(&room.id));
                    } else if self.room.is_none() {
                        effects.extend(self.open_room(&room.id));
                        self.focus = Focus::Rooms;
                    }
                }
            }
            Update::RoomGone(room_id) => {
                self.drafts.remove(room_id);
                if self.room.as_ref() == Some(room_id) {
                    self.room = None;
                    self.focus = Focus::Rooms;
                }
            }
            Update::Change(change) => {
                if let (Some(member), Some(list)) =
                    (&change.member, self.members.get_mut(&change.room_id))
                {
                    let id = member.user.as_ref().map(|user| user.id.clone()).unwrap_or_default();
                    list.retain(|known| *known != id);
                    if member.state() == v1::MemberState::Joined {
                        list.push(id);
                    }
                }
                effects.extend(self.read().filter(|_| self.room.as_ref() == Some(&change.room_id)));
            }
            _ => {}
        }
        effects.extend(self.unknown_users());
        effects
    }

    fn sent(&mut self, message: &Unsent, result: &Result<v1::Message, Error>) {
        let found = self.pending.iter().position(|pending| {
            pending.refused.is_none()
                && pending.room_id == message.room_id
                && pending.text == message.text
                && pending.file.is_some() != message.attachment_ids.is_empty()
        });
        let Some(at) = found else { return };
        match result {
            Ok(_) => drop(self.pending.remove(at)),
            Err(error) => self.pending[at].refused = Some(explain(error)),
        }
    }

    /// What was written comes back into the composer, unless something else
    /// has been begun there.
    fn refused(&mut self, room_id: &str, written: String, problem: String) {
        let pending = self.pending.iter().position(|pending| {
            pending.refused.is_none() && pending.room_id == room_id && pending.written == written
        });
        let draft = self.drafts.entry(room_id.to_owned()).or_default();
        let free = draft.text().is_empty();
        if free {
            draft.set(written);
        }
        match pending {
            Some(at) if free => drop(self.pending.remove(at)),
            Some(at) => self.pending[at].refused = Some(problem.clone()),
            None => {}
        }
        self.notice = Some(problem);
    }

    pub fn on_answer(&mut self, answer: Answer) -> Vec<Effect> {
        match answer {
            Answer::SignedIn(Ok(user)) => {
                self.form = None;
                self.model.me = user;
            }
            Answer::SignedIn(Err(error)) => {
                if let Some(form) = &mut self.form {
                    form.failed(&error);
                }
            }
            Answer::SignedOut => {
                *self = Self::new(false, &self.server.clone());
            }
            Answer::Page { room_id, page } => {
                self.loading = false;
                match page {
                    Ok(page) => self.model.apply_page(&room_id, &page),
                    Err(error) => self.notice = Some(explain(&error)),
                }
            }
            Answer::Members { room_id, members } => {
                let mut ids = vec![];
                for (user, presence) in members {
                    ids.push(user.id.clone());
                    self.model.presence.insert(user.id.clone(), presence);
                    self.model.users.insert(user.id.clone(), user);
                }
                self.members.insert(room_id, ids);
            }
            Answer::Users(users) => {
                self.model.users.extend(users.into_iter().map(|user| (user.id.clone(), user)));
            }
            Answer::Directory(rooms) => {
                self.directory.selected =
                    self.directory.selected.min(rooms.len().saturating_sub(1));
                self.directory.rooms = rooms;
            }
            Answer::Found(found) => {
                let mut effects = self.search.take(found);
                effects.extend(self.unknown_users());
                return effects;
            }
            Answer::Joined(Ok(room)) => {
                // Its `RoomAdded` may come before this or after.
                if self.model.rooms.contains_key(&room.id) {
                    return self.open_room(&room.id);
                }
                self.focus = Focus::Rooms;
                self.wanted = Some(room.id);
            }
            Answer::Joined(Err(error)) => self.notice = Some(explain(&error)),
            Answer::Refused { room_id, text, problem } => self.refused(&room_id, text, problem),
            Answer::Blocked(ids) => self.blocked = ids.into_iter().collect(),
            Answer::Told(what) => self.told = Some(what),
            Answer::Failed(problem) => self.notice = Some(problem),
        }
        self.unknown_users().into_iter().collect()
    }

    /// Asks who the senders and those of direct rooms are that are not known yet.
    fn unknown_users(&mut self) -> Option<Effect> {
        let open = self.room.as_ref().and_then(|room| self.model.rooms.get(room));
        let senders = open.into_iter().flat_map(|view| view.messages.values());
        let pairs = self.model.rooms.values().flat_map(|view| &view.room.direct_user_ids);
        let mut ids: Vec<String> = senders
            .map(|message| &message.sender_id)
            .chain(pairs)
            .chain(self.search.messages.iter().map(|message| &message.sender_id))
            .filter(|id| !self.model.users.contains_key(*id) && **id != self.model.me.id)
            .cloned()
            .collect();
        ids.sort();
        ids.dedup();
        ids.truncate(200);
        for id in &ids {
            // Asked once; the answer replaces it.
            let unknown =
                v1::User { id: id.clone(), display_name: "…".into(), ..Default::default() };
            self.model.users.insert(id.clone(), unknown);
        }
        (!ids.is_empty()).then_some(Effect::Users(ids))
    }
}

pub fn has_alt(key: KeyEvent) -> bool {
    key.modifiers.contains(KeyModifiers::ALT)
}

/// Keys that every text understands; whether the text has changed.
pub fn edit(editor: &mut Editor, key: KeyEvent) -> bool {
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('w') if ctrl => editor.delete_word(),
        KeyCode::Char('u') if ctrl => editor.clear_line(),
        KeyCode::Char('a') if ctrl => editor.home(),
        KeyCode::Char('e') if ctrl => editor.end(),
        KeyCode::Char(_) if ctrl => return false,
        KeyCode::Char(c) => editor.insert(c.encode_utf8(&mut [0; 4])),
        KeyCode::Backspace => editor.backspace(),
        KeyCode::Delete => editor.delete(),
        KeyCode::Left => editor.left(),
        KeyCode::Right => editor.right(),
        KeyCode::Home => editor.home(),
        KeyCode::End => editor.end(),
        _ => return false,
    }
    matches!(key.code, KeyCode::Char(_) | KeyCode::Backspace | KeyCode::Delete)
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

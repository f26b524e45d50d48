//! Choosing a message of the open room, and what can be done with it.

use causerie_client::{v1, v1::message::Content};
use crossterm::event::{KeyCode, KeyEvent};

use crate::{
    app::{App, Focus},
    commands::{Command, is_text},
    effect::Effect,
};

/// So many messages further with one key.
const PAGE: isize = 10;

/// Whether a message shall be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub room_id: String,
    pub seq: i64,
    pub text: String,
}

impl Question {
    /// Every key but `y` means no.
    pub fn answered(self, key: KeyEvent) -> Vec<Effect> {
        match key.code {
            KeyCode::Char('y' | 'Y') => {
                vec![Effect::Delete { room_id: self.room_id, seq: self.seq }]
            }
            _ => vec![],
        }
    }
}

impl App {
    /// Goes through the messages of the open room, from the newest on.
    pub fn select(&mut self, by: isize) -> Vec<Effect> {
        let Some(view) = self.room.as_ref().and_then(|room| self.model.rooms.get(room)) else {
            return vec![];
        };
        let seqs: Vec<i64> =
            view.messages.values().filter(|message| is_text(message)).map(|m| m.seq).collect();
        // The selected one may have been deleted: go on from its place.
        let at = match self.selected {
            Some(seq) => {
                let at = seqs.partition_point(|known| *known < seq);
                let step = if by > 0 && seqs.get(at) != Some(&seq) { by - 1 } else { by };
                at.saturating_add_signed(step)
            }
            None if by > 0 => return vec![],
            None => seqs.len().saturating_add_signed(by),
        };
        match seqs.get(at) {
            Some(seq) => {
                self.selected = Some(*seq);
                self.focus = Focus::Messages;
                vec![]
            }
            // Below the newest is the composer.
            None => self.unselect(),
        }
    }

    fn unselect(&mut self) -> Vec<Effect> {
        self.selected = None;
        self.focus = Focus::Composer;
        self.scroll_by(isize::MIN)
    }

    pub fn messages_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        match key.code {
            KeyCode::Up | KeyCode::Char('k') => self.select(-1),
            KeyCode::Down | KeyCode::Char('j') => self.select(1),
            KeyCode::PageUp => self.select(-PAGE),
            KeyCode::PageDown => self.select(PAGE),
            KeyCode::Enter | KeyCode::Char('r') => self.compose("/reply "),
            KeyCode::Char('+') => self.compose("/react "),
            KeyCode::Char('e') => self.compose_edit(),
            KeyCode::Char('d') | KeyCode::Delete => match self.ask_to_delete() {
                Ok(effects) => effects,
                Err(problem) => self.refuse(problem),
            },
            KeyCode::Char('s') => self.save_selected(),
            KeyCode::Char('/') => {
                self.focus = Focus::Composer;
                self.composer_key(key)
            }
            KeyCode::Esc | KeyCode::Tab | KeyCode::BackTab => self.unselect(),
            _ => vec![],
        }
    }

    /// Goes on in the composer, with a command before what is written there.
    fn compose(&mut self, command: &str) -> Vec<Effect> {
        let Some(room_id) = self.room.clone() else { return vec![] };
        let draft = self.drafts.entry(room_id).or_default();
        let written = words(draft.text());
        draft.set(format!("{command}{written}"));
        self.focus = Focus::Composer;
        vec![]
    }

    fn compose_edit(&mut self) -> Vec<Effect> {
        let me = self.model.me.id.clone();
        let own = |message: &v1::Message| is_text(message) && message.sender_id == me;
        let Some(message) = self.target(own) else {
            return self.refuse("You can only edit your own messages.");
        };
        let draft = self.drafts.entry(message.room_id.clone()).or_default();
        if !words(draft.text()).trim().is_empty() {
            return self.refuse("Send or clear your draft first.");
        }
        let Some(Content::Text(text)) = &message.content else { return vec![] };
        draft.set(format!("/edit {text}"));
        self.focus = Focus::Composer;
        vec![]
    }

    fn save_selected(&mut self) -> Vec<Effect> {
        let message = self.target(|message| !message.attachments.is_empty());
        match message.and_then(|message| message.attachments.into_iter().next()) {
            Some(file) => vec![Effect::Save { file, to: ".".into() }],
            None => self.refuse("No attachment to save."),
        }
    }

    fn refuse(&mut self, problem: &str) -> Vec<Effect> {
        self.notice = Some(problem.to_owned());
        vec![]
    }
}

/// What somebody wrote to be sent: a command around it can be written again.
fn words(draft: &str) -> String {
    match Command::of(draft) {
        Some(Command::Reply(words)) => words,
        Some(_) => String::new(),
        None => draft.to_owned(),
    }
}

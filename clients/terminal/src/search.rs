//! The search for messages: its state, and what keys do to it.

use causerie_client::{Error, v1};
use crossterm::event::{KeyCode, KeyEvent};

use crate::{
    app::{App, Focus},
    editor::Editor,
    effect::Effect,
    explain,
    keys::edit,
};

#[derive(Debug, Clone, Default)]
pub struct Search {
    pub query: Editor,
    /// The newest first.
    pub messages: Vec<v1::Message>,
    /// Where more of them begin; empty if there are none.
    next: String,
    pub selected: usize,
    pub problem: Option<String>,
    asking: bool,
}

/// A page of what was found.
#[derive(Debug, Clone)]
pub struct Found {
    pub asked: v1::SearchMessagesRequest,
    pub page: Result<v1::SearchMessagesResponse, Error>,
}

impl Search {
    fn ask(&mut self) -> Vec<Effect> {
        self.selected = 0;
        self.problem = None;
        self.next.clear();
        if self.query.text().trim().is_empty() {
            self.messages.clear();
            return vec![];
        }
        self.asking = true;
        vec![Effect::Search(self.request())]
    }

    fn more(&mut self) -> Vec<Effect> {
        if self.next.is_empty() || self.asking {
            return vec![];
        }
        self.asking = true;
        vec![Effect::Search(self.request())]
    }

    fn request(&self) -> v1::SearchMessagesRequest {
        v1::SearchMessagesRequest {
            query: self.query.text().to_owned(),
            page_token: self.next.clone(),
            ..Default::default()
        }
    }

    pub fn take(&mut self, Found { asked, page }: Found) -> Vec<Effect> {
        // Of another text, or a page that is not the next any more.
        if asked != self.request() {
            return vec![];
        }
        self.asking = false;
        match page {
            Ok(page) => {
                if asked.page_token.is_empty() {
                    self.messages.clear();
                }
                self.messages.extend(page.messages);
                self.next = page.next_page_token;
                // The server may stop half-way, with a token to go on.
                if self.messages.is_empty() { self.more() } else { vec![] }
            }
            Err(error) => {
                self.problem = Some(explain(&error));
                vec![]
            }
        }
    }
}

impl App {
    pub fn open_search(&mut self, words: &str) -> Vec<Effect> {
        self.focus = Focus::Search;
        if !words.is_empty() {
            self.search.query.set(words.to_owned());
        }
        self.search.ask()
    }

    pub fn search_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let search = &mut self.search;
        match key.code {
            KeyCode::Esc => self.focus = Focus::Rooms,
            KeyCode::Up => search.selected = search.selected.saturating_sub(1),
            KeyCode::Down if search.selected + 1 < search.messages.len() => search.selected += 1,
            KeyCode::Down => return search.more(),
            KeyCode::Enter => {
                if let Some(message) = search.messages.get(search.selected) {
                    let room_id = message.room_id.clone();
                    return self.open_room(&room_id);
                }
            }
            _ => {
                if edit(&mut search.query, key) {
                    return search.ask();
                }
            }
        }
        vec![]
    }

    pub fn search_paste(&mut self, line: &str) -> Vec<Effect> {
        self.search.query.insert(&line.replace('\n', " "));
        self.search.ask()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(texts: &[&str], next: &str) -> v1::SearchMessagesResponse {
        let message = |text: &&str| v1::Message {
            content: Some(v1::message::Content::Text((*text).to_owned())),
            ..Default::default()
        };
        v1::SearchMessagesResponse {
            messages: texts.iter().map(message).collect(),
            next_page_token: next.to_owned(),
        }
    }

    #[test]
    fn only_the_answer_to_the_present_text_counts() {
        let mut search = Search::default();
        search.query.insert("te");
        let Some(Effect::Search(early)) = search.ask().pop() else { panic!("it asks") };
        search.query.insert("a");
        let Some(Effect::Search(late)) = search.ask().pop() else { panic!("it asks") };
        search.take(Found { asked: late, page: Ok(page(&["tea"], "more")) });
        search.take(Found { asked: early, page: Ok(page(&["text"], "")) });
        assert_eq!(search.messages.len(), 1);
        let Some(Effect::Search(next)) = search.more().pop() else { panic!("there is more") };
        assert_eq!(next.page_token, "more");
        assert!(search.more().is_empty(), "asked once");
        search.take(Found { asked: next, page: Ok(page(&["team"], "")) });
        assert_eq!(search.messages.len(), 2);
        assert!(search.more().is_empty());
    }
}

//! What comes from the server: updates of the live connection, and answers to
//! what was asked.

use std::iter;

use causerie_client::{Error, Update, connection::State, outbox::Unsent, v1};

use tonic::Code;

use crate::{
    app::{App, Focus},
    effect::{Answer, Effect},
    explain,
    form::{Form, Mode},
    lines::about,
};

/// As many as are asked for at once.
const MAX_USERS: usize = 200;

impl App {
    pub fn on_update(&mut self, update: &Update) -> Vec<Effect> {
        let mut effects: Vec<Effect> = self.bell(update).into_iter().collect();
        self.model.apply(update);
        let unstored = self.model.unstored_read(update);
        effects.extend(unstored.map(|r| Effect::MarkRead { room_id: r.room_id, seq: r.seq }));
        match update {
            Update::Refused(error) if error.code != Code::Unauthenticated => {
                self.refusal = Some(explain(error));
                self.notice.clone_from(&self.refusal);
            }
            Update::Connection(state) => {
                self.connection = *state;
                if *state == State::Ended && self.form.is_none() && self.refusal.is_none() {
                    self.form = Some(Form::new(Mode::SignIn));
                    self.notice = Some("Your session has ended. Please sign in again.".into());
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
            Update::Reset(v1::RoomReset { summary: Some(summary), .. }) => {
                let room = summary.room.clone().unwrap_or_default();
                if self.room.as_ref() == Some(&room.id) {
                    self.selected = None;
                    self.question = None;
                    self.new_after = self.new_after.min(room.head_seq);
                }
            }
            Update::RoomGone(room_id) => {
                self.drafts.remove(room_id);
                if self.room.as_ref() == Some(room_id) {
                    self.room = None;
                    self.focus = Focus::Rooms;
                }
            }
            Update::Change { change, .. } => {
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
                    self.model.apply_users([user]);
                }
                self.members.insert(room_id, ids);
            }
            Answer::Users(users) => {
                self.model.apply_users(users);
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
            Answer::Told(what) => self.told = Some(what),
            Answer::Failed(problem) => self.notice = Some(problem),
        }
        self.unknown_users().into_iter().collect()
    }

    /// Asks who they are that are not known yet: senders, whom system messages are about,
    /// and those of direct rooms.
    fn unknown_users(&mut self) -> Option<Effect> {
        let outdated = match self.room.clone() {
            Some(room) => self.model.take_outdated_users(&room),
            None => Vec::new(),
        };
        let open = self.room.as_ref().and_then(|room| self.model.rooms.get(room));
        let shown = open.into_iter().flat_map(|view| view.messages.values());
        let pairs = self.model.rooms.values().flat_map(|view| &view.room.direct_user_ids);
        let mut ids: Vec<String> = shown
            .flat_map(|message| iter::once(&message.sender_id).chain(about(message)))
            .chain(pairs)
            .chain(self.search.messages.iter().map(|message| &message.sender_id))
            .filter(|id| !self.model.users.contains_key(*id) && **id != self.model.me.id)
            .cloned()
            .collect();
        ids.sort();
        ids.dedup();
        ids.truncate(MAX_USERS.saturating_sub(outdated.len()));
        for id in &ids {
            // Asked once; the answer replaces it.
            let unknown =
                v1::User { id: id.clone(), display_name: "…".into(), ..Default::default() };
            self.model.users.insert(id.clone(), unknown);
        }
        ids.extend(outdated);
        (!ids.is_empty()).then_some(Effect::Users(ids))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::app;

    fn error(code: Code, message: &str) -> Error {
        Error {
            code,
            reason: "REASON".into(),
            message: message.into(),
            violations: vec![],
            limit: None,
            retry_after: None,
        }
    }

    #[test]
    fn only_an_ended_session_asks_to_sign_in_again() {
        let mut signed_out = app();
        let ended = error(Code::Unauthenticated, "The session has ended.");
        signed_out.on_update(&Update::Refused(ended));
        signed_out.on_update(&Update::Connection(State::Ended));
        assert!(signed_out.form.is_some());

        let mut refused = app();
        let other = error(Code::InvalidArgument, "The request is not valid.");
        refused.on_update(&Update::Refused(other));
        refused.on_update(&Update::Connection(State::Ended));
        assert!(refused.form.is_none());
        assert_eq!(refused.notice.as_deref(), Some("The request is not valid."));
    }

    #[test]
    fn a_restored_server_leaves_the_open_room_and_the_drafts() {
        let mut app = app();
        app.open_room("random");
        for room in ["random", "long"] {
            app.drafts.entry(room.into()).or_default().set("half a thought".into());
        }
        let summary = |id: &str| v1::RoomSummary {
            room: Some(v1::Room { id: id.into(), name: id.into(), ..Default::default() }),
            ..Default::default()
        };
        app.on_update(&Update::Connection(State::CatchingUp));
        for room in ["general", "random"] {
            let summary = Some(summary(room));
            app.on_update(&Update::Reset(v1::RoomReset { summary, messages: vec![] }));
        }
        app.on_update(&Update::RoomGone("long".into()));
        let effects = app.on_update(&Update::Connection(State::Live));
        assert_eq!(app.room.as_deref(), Some("random"));
        let load = Effect::Load { room_id: "random".into(), before: None };
        assert!(effects.contains(&load), "its messages are others");
        assert_eq!(app.drafts.keys().collect::<Vec<_>>(), ["random"], "the other room is gone");
        // Later a room that goes takes its draft with it.
        app.on_update(&Update::RoomGone("random".into()));
        assert!(app.room.is_none() && app.drafts.is_empty());
    }
}

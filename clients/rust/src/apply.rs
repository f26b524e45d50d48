//! What a client knows, kept by applying updates: a pure model. Changes are
//! state, so applying one twice does no harm.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::{
    deltas::{self, WaitingChanges},
    live::Update,
    v1::{self, message::Content},
};

/// Up to here unread messages are counted.
const UNREAD_COUNT: i64 = 999;

/// One room as the client knows it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RoomView {
    pub room: v1::Room,
    /// Messages by position, without a hole from the oldest one here on. Empty
    /// until a page was applied or something was posted.
    pub messages: BTreeMap<i64, v1::Message>,
    /// Threads that were opened: their answers by position, under the position
    /// of the message that they hang on.
    pub threads: BTreeMap<i64, BTreeMap<i64, v1::Message>>,
    /// The newest message that is not a system message, to show in a list.
    pub last_message: Option<v1::Message>,
    /// There may be older messages than those in `messages`.
    pub has_older: bool,
    pub read_seq: i64,
    /// From where on the user has flagged the room as unread; 0 if not.
    pub unread_from_seq: i64,
    pub settings: v1::RoomPreferences,
    /// Marks of the other members, while the room is watched.
    pub receipts: BTreeMap<String, v1::Receipt>,
    /// Counted by the server up to the position of the summary.
    counted: i64,
    counted_up_to: i64,
    counted_more: bool,
    mentioned: i64,
    /// Those of them that were deleted since; they may be told of again.
    deleted: BTreeSet<i64>,
    /// Changes of messages that are not here.
    waiting: WaitingChanges,
    /// Followed threads with unread answers, as the server has counted them.
    pub unread_threads: i64,
}

/// Everything the client knows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Model {
    pub rooms: BTreeMap<String, RoomView>,
    pub users: HashMap<String, v1::User>,
    pub presence: HashMap<String, v1::PresenceState>,
    /// Who types, by room; an empty id where it is said only that others do.
    pub typing: BTreeMap<String, Vec<String>>,
    pub me: v1::User,
    /// Of the store; empty until a stream has told it.
    pub epoch: String,
    /// How the user has chosen to be seen.
    pub presence_choice: v1::PresenceState,
    /// Those with whom the user has a block, whoever of the two has made it.
    pub blocks: HashSet<String>,
    /// Whom the user has blocked; `None` until the list was taken in.
    pub blocked: Option<HashSet<String>>,
    /// See [`Options::state_token`](crate::live::Options::state_token).
    pub state_token: Vec<u8>,
}

impl Model {
    /// Takes in one update.
    pub fn apply(&mut self, update: &Update) {
        match update {
            Update::Ready(ready) => {
                self.apply_epoch(&ready.epoch);
                self.me = ready.user.clone().unwrap_or_default();
                self.presence_choice = ready.presence_choice();
                let blocks = ready.blocks.clone().unwrap_or_default();
                self.blocks = blocks.user_ids.into_iter().collect();
                // Whoever stopped while there was no stream was not told of.
                self.typing.clear();
                // Whoever is still there is told again.
                self.presence.clear();
            }
            Update::Change { change, .. } => self.change(change),
            Update::Reset(reset) => {
                if let Some(summary) = &reset.summary {
                    let view = self.begin(summary);
                    view.messages.extend(reset.messages.iter().map(|m| (m.seq, m.clone())));
                }
            }
            Update::RoomAdded(summary) => {
                self.begin(summary);
            }
            Update::RoomGone(room_id) => {
                self.rooms.remove(room_id);
                self.typing.remove(room_id);
            }
            Update::Typing(typing) => {
                let list = self.typing.entry(typing.room_id.clone()).or_default();
                list.retain(|user| *user != typing.user_id);
                if typing.typing {
                    list.push(typing.user_id.clone());
                }
            }
            Update::Presence(presence) => {
                self.presence.insert(presence.user_id.clone(), presence.state());
            }
            Update::PresenceChoice(choice) => self.presence_choice = *choice,
            Update::Blocks(blocks) => self.blocks = blocks.user_ids.iter().cloned().collect(),
            Update::ReadMarker(mark) => {
                if mark.user_id == self.me.id
                    && mark.thread_seq == 0
                    && let Some(view) = self.rooms.get_mut(&mark.room_id)
                {
                    view.mark_read(mark.read_seq);
                    view.unread_from_seq = mark.unread_from_seq;
                }
            }
            Update::UserChanged(user) => self.apply_users([user.clone()]),
            Update::BlockChanged(change) => self.apply_block(change),
            Update::Receipt(receipt) => self.apply_receipts([receipt]),
            Update::RoomPreferences(settings) => {
                if let Some(view) = self.rooms.get_mut(&settings.room_id) {
                    view.settings = settings.clone();
                }
            }
            Update::StateToken(token) => self.state_token.clone_from(token),
            Update::Connection(_) | Update::Refused(_) | Update::Sent { .. } => {}
        }
    }

    /// What to tell the server after this update, if it knows less of the user's
    /// reading than this model: it has crashed before it stored that.
    #[must_use]
    pub fn unstored_read(&self, update: &Update) -> Option<v1::MarkReadRequest> {
        let Update::ReadMarker(mark) = update else { return None };
        let view = self.rooms.get(&mark.room_id)?;
        let is_behind = mark.user_id == self.me.id
            && mark.thread_seq == 0
            && mark.unread_from_seq == 0
            && mark.read_seq < view.read_seq;
        is_behind.then(|| v1::MarkReadRequest {
            room_id: mark.room_id.clone(),
            seq: view.read_seq,
            thread_seq: 0,
            log_id: view.room.log_id.clone(),
        })
    }

    /// Takes in a page of history.
    pub fn apply_page(&mut self, room_id: &str, page: &v1::ListMessagesResponse) {
        let Some(view) = self.rooms.get_mut(room_id) else { return };
        for message in &page.messages {
            view.put(message, &self.me.id);
        }
        if page.messages.first().is_none_or(|first| {
            view.messages.first_key_value().is_none_or(|(oldest, _)| first.seq <= *oldest)
        }) {
            view.has_older = page.has_older;
        }
    }

    /// Takes in receipts; those of watched rooms come with the answer too.
    pub fn apply_receipts<'a>(&mut self, receipts: impl IntoIterator<Item = &'a v1::Receipt>) {
        for receipt in receipts {
            if let Some(view) = self.rooms.get_mut(&receipt.room_id) {
                view.receipts.insert(receipt.user_id.clone(), receipt.clone());
            }
        }
    }

    /// Takes in a page of a thread, which is kept up to date from then on.
    pub fn apply_thread(&mut self, page: &v1::ListThreadResponse) {
        let Some(root) = &page.root else { return };
        let Some(view) = self.rooms.get_mut(&root.room_id) else { return };
        view.threads.entry(root.seq).or_default();
        for message in &page.messages {
            view.put(message, &self.me.id);
        }
    }

    /// What was known of the room before may have a hole after it.
    fn begin(&mut self, summary: &v1::RoomSummary) -> &mut RoomView {
        let room = summary.room.clone().unwrap_or_default();
        let view = self.rooms.entry(room.id.clone()).or_default();
        view.messages.clear();
        view.threads.clear();
        view.waiting.clear();
        view.read_seq = summary.read_seq;
        view.unread_from_seq = summary.unread_from_seq;
        view.settings = summary.preferences.clone().unwrap_or_default();
        view.counted = i64::from(summary.unread_count);
        view.counted_more = summary.unread_more;
        view.counted_up_to = room.head_seq;
        view.mentioned = i64::from(summary.unread_mention_count);
        view.deleted.clear();
        view.unread_threads = i64::from(summary.unread_thread_count);
        view.has_older = true;
        // Of data that is gone.
        let (head, same_log) = (room.head_seq, view.room.log_id == room.log_id);
        view.receipts
            .retain(|_, marks| same_log && marks.read_seq.max(marks.delivered_seq) <= head);
        view.room = room;
        view.last_message.clone_from(&summary.last_message);
        view
    }

    fn change(&mut self, change: &v1::RoomChange) {
        if let Some(member) = &change.member
            && let Some(user) = &member.user
        {
            self.apply_users([user.clone()]);
        }
        let me = &self.me.id;
        let Some(view) = self.rooms.get_mut(&change.room_id) else { return };
        view.room.head_seq = view.room.head_seq.max(change.seq);
        if let Some(room) = &change.room
            && room.changed_seq >= view.room.changed_seq
        {
            let head_seq = view.room.head_seq;
            view.room = room.clone();
            view.room.head_seq = head_seq;
        }
        if let Some(message) = &change.message {
            if message.thread_seq == 0 {
                view.uncount(message, me);
                view.show_last(message);
            }
            let is_shown = match message.thread_seq {
                0 => view.reaches(message.seq),
                root => view.threads.contains_key(&root),
            };
            if is_shown {
                view.put(message, me);
            } else {
                view.waiting.push(change);
            }
        }
        if let Some(seq) = deltas::message_of(change) {
            view.apply_delta(seq, change, me);
        }
    }
}

impl RoomView {
    /// How many messages of others are unread, and whether there are more.
    #[must_use]
    pub fn unread(&self, me: &str) -> (i64, bool) {
        let (known, from) = self.counted_before();
        let newer = self.messages.range(from..).filter(|(_, m)| counts(m, me)).count();
        let all = known.0 + i64::try_from(newer).unwrap_or(i64::MAX);
        (all.min(UNREAD_COUNT), self.counted_more || all > UNREAD_COUNT)
    }

    /// How many of the unread messages mention the user. Those with whom the user
    /// has a block mention nobody, as the server counts too.
    #[must_use]
    pub fn unread_mentions(&self, me: &str, blocks: &HashSet<String>) -> i64 {
        let (known, from) = self.counted_before();
        let mentions = |message: &v1::Message| {
            let apart = blocks.contains(&message.sender_id);
            counts(message, me) && !apart && mentions(message, me)
        };
        let newer = self.messages.range(from..).filter(|(_, m)| mentions(m)).count();
        // One that only the server has counted may have been a mention, and deleted since.
        (known.1 + i64::try_from(newer).unwrap_or(i64::MAX)).min(self.unread(me).0)
    }

    /// What the server has counted, unread and mentions, and from where on the
    /// messages here tell the rest: all of it, if they reach back so far.
    fn counted_before(&self) -> ((i64, i64), i64) {
        let oldest = self.messages.first_key_value().map(|(seq, _)| *seq);
        if !self.has_older || oldest.is_some_and(|oldest| oldest <= self.read_seq + 1) {
            ((0, 0), self.read_seq + 1)
        } else {
            ((self.counted, self.mentioned), self.read_seq.max(self.counted_up_to) + 1)
        }
    }

    fn mark_read(&mut self, seq: i64) {
        if seq <= self.read_seq {
            return;
        }
        self.read_seq = seq;
        if seq >= self.counted_up_to {
            self.counted = 0;
            self.mentioned = 0;
            self.counted_more = false;
        }
    }

    fn show_last(&mut self, message: &v1::Message) {
        let is_system = matches!(message.content, Some(Content::System(_)));
        let state = |message: &v1::Message| (message.seq, message.changed_seq);
        let newest = self.last_message.as_ref().is_none_or(|last| state(last) <= state(message));
        if newest && !is_system {
            let mut message = message.clone();
            if let Some(last) = self.last_message.take_if(|last| last.seq == message.seq) {
                deltas::keep_own(&mut message, &last);
            }
            self.last_message = Some(message);
        }
    }

    fn apply_delta(&mut self, seq: i64, change: &v1::RoomChange, me: &str) {
        if let Some(last) = &mut self.last_message {
            deltas::apply(last, change, me);
        }
        let answers = self.threads.values_mut();
        let mut known = answers.chain([&mut self.messages]).filter_map(|all| all.get_mut(&seq));
        match known.next() {
            Some(message) => deltas::apply(message, change, me),
            None => self.waiting.push(change),
        }
    }

    /// Whether the messages that were loaded reach back to this one. One that
    /// lies before them would leave a hole that paging could not see.
    fn reaches(&self, seq: i64) -> bool {
        match self.messages.first_key_value() {
            Some((oldest, _)) => seq >= *oldest || !self.has_older,
            None => seq >= self.room.head_seq || !self.has_older,
        }
    }

    /// A message that was alive when the server counted and is deleted now does
    /// not count any more.
    fn uncount(&mut self, message: &v1::Message, me: &str) {
        let deleted = |message: &v1::Message| matches!(message.content, Some(Content::Deleted(_)));
        let was_counted = message.seq > self.read_seq
            && message.seq <= self.counted_up_to
            && message.changed_seq > self.counted_up_to
            && message.sender_id != me
            && !self.counted_more;
        let known = self.messages.get(&message.seq).is_some_and(deleted);
        // Its answers tell of a deleted message again whenever one of them goes.
        if deleted(message) && was_counted && !known && self.deleted.insert(message.seq) {
            self.counted = (self.counted - 1).max(0);
        }
    }

    /// The newer state of a message wins.
    fn put(&mut self, message: &v1::Message, me: &str) {
        let messages = match message.thread_seq {
            0 => &mut self.messages,
            root => match self.threads.get_mut(&root) {
                Some(answers) => answers,
                None => return,
            },
        };
        let mut message = message.clone();
        self.waiting.apply_to(&mut message, me);
        if let Some(known) = messages.get_mut(&message.seq) {
            if known.changed_seq >= message.changed_seq {
                return deltas::keep_own(known, &message);
            }
            deltas::keep_own(&mut message, known);
        }
        messages.insert(message.seq, message);
    }
}

/// Own and system messages never count as unread.
pub(crate) fn counts(message: &v1::Message, me: &str) -> bool {
    message.sender_id != me && matches!(message.content, Some(Content::Text(_)))
}

/// Whether a message calls a user, by name or with all others.
#[must_use]
pub fn mentions(message: &v1::Message, user_id: &str) -> bool {
    use v1::mention::Who;
    message.mentions.iter().any(|mention| match &mention.who {
        Some(Who::UserId(id)) => id == user_id,
        Some(Who::All(all)) => *all,
        Some(Who::Here(_)) | None => false,
    })
}

#[cfg(test)]
#[path = "apply_tests.rs"]
mod tests;

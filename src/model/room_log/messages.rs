//! The part of a room's log that is about messages posted before: edits,
//! deletions, reactions, pins.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{
    Content, Delta, FileId, Message, MessageAction, Pin, Reaction, RoomLog, Seq, SystemKind,
    Timestamp, UserId, Version, limits,
    rooms::{Authority, Right},
    text::EMPTY_MESSAGE,
};
use crate::error::{Error, Result};

/// What a transaction does to messages beside posting them, from which the
/// store derives the rows that it writes.
#[derive(Debug, Default)]
pub struct MessageChanges {
    /// Messages to be written as they are in `RoomLog::messages`, each with the position
    /// of the change that was its last one before.
    pub messages: BTreeMap<Seq, Seq>,
    /// Texts that were replaced, with the position of the edit that did it.
    pub versions: Vec<(Seq, Seq, Version)>,
    /// Messages that lose their versions and reactions.
    pub deleted: BTreeSet<Seq>,
    /// Messages that lose their attachments.
    pub unattached: BTreeMap<Seq, Vec<FileId>>,
    /// Reactions that were put or taken away last.
    pub reactions: BTreeMap<(Seq, String, UserId), ReactionChange>,
    /// Pins as they were set last.
    pub pins: BTreeMap<Seq, Option<Pin>>,
    /// Messages whose mentions are to be written anew.
    pub mentions: BTreeSet<Seq>,
    /// Who has come in by which invite.
    pub invited: Vec<(String, UserId)>,
    /// Marks of threads to be written as they are in `RoomLog::thread_marks`.
    pub thread_marks: BTreeSet<(Seq, UserId)>,
    /// Those of them that were moved, which is told.
    pub thread_reads: BTreeSet<(Seq, UserId)>,
}

/// What became of a reaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReactionChange {
    Added { at: Timestamp, reacted_seq: Seq },
    Removed,
}

impl RoomLog {
    pub(super) fn apply_action(
        &mut self,
        user: UserId,
        seq: Seq,
        action: &MessageAction,
    ) -> Result<Message> {
        let access = self.access(user);
        let mut authority = match action {
            MessageAction::Pin | MessageAction::Unpin => access.may(Right::Pin)?,
            // Who keeps order need not be a member, nor be allowed to post.
            MessageAction::Delete => match access.may(Right::Post) {
                Ok(authority) => authority,
                Err(refusal) => access.may_as_staff(Right::DeleteOthers).unwrap_or(Err(refusal))?,
            },
            _ => access.may(Right::Post)?,
        };
        let message = self.messages.get(&seq).ok_or(Error::MessageNotFound)?.clone();
        if !self.shows(user, &message) {
            // Staff removes what it is told of, whether or not it can read it.
            let as_staff = access.may_as_staff(Right::DeleteOthers);
            let as_staff = as_staff.filter(|_| *action == MessageAction::Delete);
            authority = as_staff.unwrap_or(Err(Error::MessageNotFound))?;
        }
        // Between two who do not want to hear from each other, only less.
        if self.is_blocked()
            && !matches!(
                action,
                MessageAction::Delete | MessageAction::Unreact(_) | MessageAction::Unpin
            )
        {
            return Err(Error::Blocked);
        }
        match action {
            MessageAction::Edit { text, names } => self.edit(user, message, (text, names)),
            MessageAction::Delete => self.delete(user, message, authority),
            MessageAction::React(emoji) => self.react(user, message, emoji),
            MessageAction::Unreact(emoji) => Ok(self.unreact(user, message, emoji)),
            MessageAction::Pin => self.pin(user, message, authority),
            MessageAction::Unpin => Ok(self.unpin(user, message, authority)),
        }
    }

    fn edit(
        &mut self,
        user: UserId,
        mut message: Message,
        (text, names): (&str, &[String]),
    ) -> Result<Message> {
        let before = message.text()?.to_owned();
        if message.sender != user {
            return Err(Error::NotSender);
        }
        if before == text {
            return Ok(message);
        }
        if text.is_empty() && message.attachments.is_empty() {
            return Err(Error::invalid("text", EMPTY_MESSAGE));
        }
        if let Content::Text { text: now, .. } = &mut message.content {
            text.clone_into(now);
        }
        let mentions = self.mentions_now(&message, names);
        if mentions != message.mentions {
            message.mentions = mentions;
            self.message_changes.mentions.insert(message.seq);
            self.called_in_thread(&message);
        }
        let written_at = message.edited_at.replace(self.now).unwrap_or(message.posted_at);
        let version = Version { text: before, written_at };
        let message = self.changed(message);
        self.message_changes.versions.push((message.seq, message.changed_seq, version));
        Ok(message)
    }

    fn delete(
        &mut self,
        user: UserId,
        mut message: Message,
        mut authority: Authority,
    ) -> Result<Message> {
        let client_message_id = match &message.content {
            Content::Text { client_message_id, .. } => client_message_id.clone(),
            Content::Deleted { .. } => return Ok(message),
            Content::System { .. } => return Err(Error::SystemMessage),
        };
        // Of whoever is here already by their role on the server it is told.
        if message.sender != user && matches!(authority, Authority::Member(_)) {
            let others = self.access(user).may(Right::DeleteOthers);
            authority = others.map_err(|_| Error::NotSender)?;
        }
        message.content = Content::Deleted { by: user, client_message_id };
        message.edited_at = None;
        message.reactions.clear();
        message.mentions.clear();
        if !message.attachments.is_empty() {
            let files = message.attachments.drain(..).map(|file| file.id).collect();
            self.message_changes.unattached.insert(message.seq, files);
        }
        self.reacted.retain(|(seq, ..)| *seq != message.seq);
        if message.pin.take().is_some() {
            self.pins -= 1;
            self.message_changes.pins.insert(message.seq, None);
        }
        // What this same transaction has done to it goes too.
        self.message_changes.versions.retain(|(seq, ..)| *seq != message.seq);
        self.message_changes.reactions.retain(|(seq, ..), _| *seq != message.seq);
        self.message_changes.mentions.remove(&message.seq);
        self.message_changes.deleted.insert(message.seq);
        let message = self.changed(message);
        self.deleted_in_thread(&message);
        self.tell_touch(user, authority, SystemKind::MessageDeleted, &message);
        Ok(message)
    }

    fn react(&mut self, user: UserId, mut message: Message, emoji: &str) -> Result<Message> {
        message.text()?;
        let key = (message.seq, emoji.to_owned(), user);
        if self.reacted.contains(&key) {
            return Ok(message);
        }
        let reacted_seq = self.room.head_seq.next();
        let reactions = &mut message.reactions;
        let at = match reactions.iter().position(|reaction| reaction.emoji == emoji) {
            Some(at) => at,
            None if reactions.len() == limits::REACTIONS => return Err(Error::TooManyReactions),
            None => {
                reactions.push(Reaction {
                    emoji: emoji.to_owned(),
                    count: 0,
                    first_seq: reacted_seq,
                    users: Vec::new(),
                    mine: None,
                });
                reactions.len() - 1
            }
        };
        // The last of all: among the first only if these are all.
        if reactions[at].names_all() {
            reactions[at].users.push(user);
        }
        reactions[at].count += 1;
        self.reacted.insert(key.clone());
        self.message_changes
            .reactions
            .insert(key, ReactionChange::Added { at: self.now, reacted_seq });
        Ok(self.changed_by(message, Delta::Reaction { emoji: emoji.to_owned(), user, added: true }))
    }

    fn unreact(&mut self, user: UserId, mut message: Message, emoji: &str) -> Message {
        let key = (message.seq, emoji.to_owned(), user);
        if !self.reacted.remove(&key) {
            return message;
        }
        for reaction in message.reactions.iter_mut().filter(|reaction| reaction.emoji == emoji) {
            reaction.count -= 1;
            reaction.users.retain(|other| *other != user);
        }
        message.reactions.retain(|reaction| reaction.count > 0);
        self.message_changes.reactions.insert(key, ReactionChange::Removed);
        self.changed_by(message, Delta::Reaction { emoji: emoji.to_owned(), user, added: false })
    }

    fn pin(&mut self, user: UserId, mut message: Message, authority: Authority) -> Result<Message> {
        message.text()?;
        if message.pin.is_some() {
            return Ok(message);
        }
        if self.pins >= limits::PINS {
            return Err(Error::TooManyPins);
        }
        self.pins += 1;
        message.pin = Some(Pin { user, pinned_at: self.now });
        self.message_changes.pins.insert(message.seq, message.pin);
        let message = self.changed_by(message, Delta::Pin { user });
        self.tell_touch(user, authority, SystemKind::MessagePinned, &message);
        Ok(message)
    }

    fn unpin(&mut self, user: UserId, mut message: Message, authority: Authority) -> Message {
        if message.pin.take().is_none() {
            return message;
        }
        self.pins -= 1;
        self.message_changes.pins.insert(message.seq, None);
        let message = self.changed_by(message, Delta::Pin { user });
        self.tell_touch(user, authority, SystemKind::MessageUnpinned, &message);
        message
    }

    /// Tells what the server's staff has done to a message.
    fn tell_touch(&mut self, by: UserId, authority: Authority, kind: SystemKind, of: &Message) {
        if let Authority::Staff(_) = authority {
            self.tell_as(authority, (by, kind, &of.seq.0.to_string(), Some(of.sender)));
        }
    }

    /// Gives a message the next position as that of its last change, and tells it.
    pub(super) fn changed(&mut self, mut message: Message) -> Message {
        self.message_changes.messages.entry(message.seq).or_insert(message.changed_seq);
        message.changed_seq = self.next();
        self.messages.insert(message.seq, message.clone());
        self.record_change(message.clone());
        message
    }

    /// The same for what hangs on a message, which streams are told without it.
    pub(super) fn changed_by(&mut self, message: Message, delta: Delta) -> Message {
        let message = self.changed(message);
        if let Some(change) = self.changes.last_mut() {
            change.delta = Some(delta);
        }
        message
    }
}

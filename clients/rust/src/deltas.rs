//! What a live change tells of a message without the message: its reactions, its
//! pin, its thread. And what changes of messages that are not here wait for them.

use std::collections::VecDeque;

use crate::v1;

/// Changes that wait for their messages, of one room.
const MAX_WAITING: usize = 256;

/// The message that a change is a delta of.
#[must_use]
pub fn message_of(change: &v1::RoomChange) -> Option<i64> {
    let reaction = change.reaction.as_ref().map(|delta| delta.message_seq);
    let pin = change.pin.as_ref().map(|delta| delta.message_seq);
    reaction.or(pin).or(change.thread.as_ref().map(|delta| delta.message_seq))
}

/// Applies a delta to its message, unless that is newer.
pub fn apply(message: &mut v1::Message, change: &v1::RoomChange, me: &str) {
    if message_of(change) != Some(message.seq) || change.seq <= message.changed_seq {
        return;
    }
    message.changed_seq = change.seq;
    if let Some(v1::ReactionDelta { reaction: Some(now), user_id, added, .. }) = &change.reaction {
        let known = message.reactions.iter().position(|known| known.emoji == now.emoji);
        let was_mine = known.map_or(Some(false), |at| message.reactions[at].reacted_by_me);
        // The first to put it there makes it new: what was known is of before or after.
        let is_new = *added && now.count == 1;
        let is_mine = if is_new { Some(false) } else { was_mine };
        let reacted_by_me = if user_id == me { Some(*added) } else { is_mine };
        let now = v1::Reaction { reacted_by_me, ..now.clone() };
        match known {
            Some(at) if is_new || now.count == 0 => drop(message.reactions.remove(at)),
            Some(at) => message.reactions[at] = now.clone(),
            None => {}
        }
        if is_new || (known.is_none() && now.count > 0) {
            message.reactions.push(now);
        }
    }
    if let Some(delta) = &change.pin {
        message.pin.clone_from(&delta.pin);
    }
    if let Some(delta) = &change.thread {
        message.thread.clone_from(&delta.thread);
    }
}

/// A live event says of no reaction whether it is the user's: another state of the
/// message may.
pub fn keep_own(message: &mut v1::Message, other: &v1::Message) {
    for reaction in message.reactions.iter_mut().filter(|it| it.reacted_by_me.is_none()) {
        let same = other.reactions.iter().find(|it| it.emoji == reaction.emoji);
        reaction.reacted_by_me = same.and_then(|it| it.reacted_by_me);
    }
}

/// Changes of messages that are not here. A page that was asked for before they came
/// may bring these as they were.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WaitingChanges(VecDeque<v1::RoomChange>);

impl WaitingChanges {
    pub fn push(&mut self, change: &v1::RoomChange) {
        if self.0.back().is_none_or(|last| last.seq < change.seq) {
            self.0.push_back(change.clone());
        }
        if self.0.len() > MAX_WAITING {
            self.0.pop_front();
        }
    }

    /// Brings a message up to date that has come late.
    pub fn apply_to(&self, message: &mut v1::Message, me: &str) {
        for change in &self.0 {
            match &change.message {
                Some(newer) if newer.seq == message.seq => {
                    if newer.changed_seq > message.changed_seq {
                        let older = std::mem::replace(message, newer.clone());
                        keep_own(message, &older);
                    }
                }
                Some(_) => {}
                None => apply(message, change, me),
            }
        }
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reaction(
        seq: i64,
        emoji: &str,
        users: &[&str],
        (user, added): (&str, bool),
    ) -> v1::RoomChange {
        let reaction = Some(v1::Reaction {
            emoji: emoji.into(),
            count: i64::try_from(users.len()).expect("few"),
            user_ids: users.iter().map(|user| (*user).to_owned()).collect(),
            reacted_by_me: None,
        });
        let delta = v1::ReactionDelta { message_seq: 4, reaction, user_id: user.into(), added };
        v1::RoomChange { seq, after_seq: seq - 1, reaction: Some(delta), ..Default::default() }
    }

    #[test]
    fn a_late_message_is_brought_up_to_date_and_an_older_delta_changes_nothing() {
        let mut waiting = WaitingChanges::default();
        for change in [
            reaction(7, "👍", &["me"], ("me", true)),
            reaction(8, "🎉", &["ada"], ("ada", true)),
            reaction(9, "👍", &["me", "ada"], ("ada", true)),
        ] {
            waiting.push(&change);
            waiting.push(&change);
        }
        let mut message = v1::Message { seq: 4, changed_seq: 4, ..Default::default() };
        waiting.apply_to(&mut message, "me");
        let shown = |message: &v1::Message| -> Vec<_> {
            let shown = |it: &v1::Reaction| (it.emoji.clone(), it.count, it.reacted_by_me);
            message.reactions.iter().map(shown).collect()
        };
        let expected = [("👍".to_owned(), 2, Some(true)), ("🎉".to_owned(), 1, Some(false))];
        assert_eq!((shown(&message).as_slice(), message.changed_seq), (expected.as_slice(), 9));
        apply(&mut message, &reaction(8, "🎉", &[], ("ada", false)), "me");
        assert_eq!(shown(&message), expected);
        apply(&mut message, &reaction(10, "👍", &["ada"], ("me", false)), "me");
        assert_eq!(shown(&message)[0], ("👍".to_owned(), 1, Some(false)));
        apply(&mut message, &reaction(11, "👍", &[], ("ada", false)), "me");
        assert_eq!(shown(&message).len(), 1);
    }

    #[test]
    fn an_edit_that_is_told_live_keeps_what_is_known_of_the_users_own_reactions() {
        let reaction =
            |mine| v1::Reaction { emoji: "👍".into(), reacted_by_me: mine, ..Default::default() };
        let before = v1::Message { reactions: vec![reaction(Some(true))], ..Default::default() };
        let mut edited = v1::Message { reactions: vec![reaction(None)], ..Default::default() };
        keep_own(&mut edited, &before);
        assert_eq!(edited.reactions, before.reactions);
    }
}

//! The part of a room's log that is about threads and mentions.

use std::collections::BTreeMap;

use super::super::{
    Delta, Draft, Mention, Mentioned, Message, RoomLog, Seq, Thread, UserId, limits, mentions,
    messages::ThreadMark, rooms::Right, users::fold,
};
use crate::error::{Error, Result};

impl RoomLog {
    /// Whether an answer may be put into this thread.
    pub(super) fn check_thread(&self, user: UserId, root: Seq) -> Result<()> {
        let message = self.message_for(user, root)?;
        message.text()?;
        if message.thread_of.is_some() { Err(Error::ThreadInThread) } else { Ok(()) }
    }

    /// After an answer was posted in a thread: who follows it, and what the
    /// message that it hangs on shows of it.
    pub(super) fn posted_in_thread(&mut self, draft: &Draft, answer: &Message) {
        let Some(root) = answer.thread_of else { return };
        let Some(mut message) = self.messages.get(&root).cloned() else { return };
        self.follow(root, message.sender, root);
        self.called_in_thread(answer);
        // What one writes below the others' answers says that one has read them.
        self.follow(root, draft.sender, answer.seq);
        self.raise_thread_mark(root, draft.sender, answer.seq);
        let thread = message.thread.get_or_insert(Thread { replies: 0, last: root });
        thread.replies += 1;
        thread.last = answer.seq;
        self.changed_by(message, Delta::Thread);
    }

    /// Whom an answer calls follow its thread from there on.
    pub(super) fn called_in_thread(&mut self, answer: &Message) {
        let Some(root) = answer.thread_of else { return };
        for mention in &answer.mentions {
            if let Mentioned::User(user) = mention.who {
                self.follow(root, user, answer.seq.before());
            }
        }
    }

    /// After an answer was deleted.
    pub(super) fn deleted_in_thread(&mut self, answer: &Message) {
        let root = answer.thread_of.and_then(|root| self.messages.get(&root));
        let Some(mut message) = root.cloned() else { return };
        if let Some(thread) = &mut message.thread {
            thread.replies -= 1;
        }
        self.changed_by(message, Delta::Thread);
    }

    /// Lets a user follow a thread from a position on, if they do not yet.
    fn follow(&mut self, root: Seq, user: UserId, read: Seq) {
        let mark = self.thread_marks.entry((root, user)).or_default();
        if !mark.follows {
            *mark = ThreadMark { read_seq: mark.read_seq.max(read), follows: true };
            self.message_changes.thread_marks.insert((root, user));
        }
    }

    fn raise_thread_mark(&mut self, root: Seq, user: UserId, seq: Seq) {
        let mark = self.thread_marks.entry((root, user)).or_default();
        if seq > mark.read_seq {
            mark.read_seq = seq;
            self.message_changes.thread_marks.insert((root, user));
            self.message_changes.thread_reads.insert((root, user));
        }
    }

    /// Whom an edited message calls. Whom it called before it still does, if the
    /// name still stands there: also who has left since, also by someone who could
    /// not call them anew.
    pub(super) fn mentions_now(&self, message: &Message, names: &[String]) -> Vec<Mention> {
        let mut mentions = self.mentions(message.sender, names);
        for before in &message.mentions {
            let stands = names.iter().any(|name| fold(name) == fold(&before.name));
            let stands = stands && !self.is_kept_apart(message.sender, before.who);
            if stands && mentions.iter().all(|mention| mention.who != before.who) {
                mentions.push(before.clone());
            }
        }
        mentions.sort_by_key(|mention| mention.who);
        mentions.truncate(limits::MENTIONS);
        mentions
    }

    /// Whether a block is between a sender and the one whom they would call.
    fn is_kept_apart(&self, sender: UserId, who: Mentioned) -> bool {
        matches!(who, Mentioned::User(user) if self.has_block(sender, user))
    }

    /// Whom a text calls, of the names in it.
    pub(super) fn mentions(&self, sender: UserId, names: &[String]) -> Vec<Mention> {
        let may_call_all = self.access(sender).may(Right::MentionAll).is_ok();
        let mut called: BTreeMap<Mentioned, &String> = BTreeMap::new();
        for name in names {
            let folded = fold(name);
            let who = match folded.as_str() {
                mentions::ALL if may_call_all => Mentioned::All,
                mentions::HERE if may_call_all => Mentioned::Here,
                _ => match self.named.get(&folded) {
                    Some(user) => Mentioned::User(*user),
                    None => continue,
                },
            };
            if self.is_kept_apart(sender, who) {
                continue;
            }
            called.entry(who).or_insert(name);
        }
        let mention = |(who, name): (Mentioned, &String)| Mention { who, name: name.clone() };
        called.into_iter().map(mention).take(limits::MENTIONS).collect()
    }
}

//! Posting, reading and marking.

use std::time::Instant;

use super::Chat;
use crate::{
    error::{Error, Result},
    model::{
        Caller, Done, Draft, Message, Op, RoomId, Seq, Touch, Version,
        messages::{Anchor, ChangesOf, MessagePage, PageOf},
        rooms::Right,
    },
    store::{messages::Changes, writer::Pending},
};

impl Chat {
    /// Queues a message; the answer comes once it is stored. Does not wait, so
    /// that messages of one stream keep their order.
    pub fn send(&self, draft: Draft) -> Result<Pending> {
        self.posting.check(&draft.sender)?;
        self.writer.submit(Op::Send(draft))
    }

    /// Queues something to be done with a message; like [`Chat::send`].
    pub fn touch(
        &self,
        caller: Caller,
        (room, seq): (RoomId, Seq),
        touch: Touch,
    ) -> Result<Pending> {
        self.posting.check(&caller.user)?;
        self.writer.submit(Op::Touch { room, user: caller.user, seq, touch })
    }

    /// The pinned messages of a room.
    pub async fn list_pins(&self, caller: Caller, room: RoomId) -> Result<Vec<Message>> {
        self.head_for(room, caller.user).await?;
        self.store.pins(room).await
    }

    /// The texts that a message had before.
    pub async fn list_versions(
        &self,
        caller: Caller,
        room: RoomId,
        seq: Seq,
    ) -> Result<Vec<Version>> {
        self.get_message(caller, room, seq).await?;
        self.store.versions(room, seq).await
    }

    /// The message that was sent, or touched.
    pub async fn sent(pending: Pending) -> Result<Message> {
        match pending.done().await? {
            Done::Message(message) => Ok(message),
            other => Err(Error::internal(format!("a send was answered by {other:?}"))),
        }
    }

    /// Queues a read mark; like [`Chat::send`].
    pub fn mark_read(&self, caller: Caller, room: RoomId, seq: Seq) -> Result<Pending> {
        self.writer.submit(Op::MarkRead { room, user: caller.user, seq })
    }

    /// The mark as it is now.
    pub async fn marked(pending: Pending) -> Result<Seq> {
        match pending.done().await? {
            Done::Read(seq) => Ok(seq),
            other => Err(Error::internal(format!("a read mark was answered by {other:?}"))),
        }
    }

    pub async fn list_messages(&self, caller: Caller, page: PageOf) -> Result<MessagePage> {
        let PageOf { room, anchor, limit } = page;
        let head = self.head_for(room, caller.user).await?;
        let (field, seq, last) = match anchor {
            Anchor::Newest => ("", Seq::ZERO, head),
            Anchor::Before(seq) => ("before_seq", seq, head.next()),
            Anchor::After(seq) => ("after_seq", seq, head),
            Anchor::Around(seq) => ("around_seq", seq, head),
        };
        if seq > last {
            return Err(beyond(field));
        }
        self.store.message_page(room, anchor, limit, head).await
    }

    pub async fn get_message(&self, caller: Caller, room: RoomId, seq: Seq) -> Result<Message> {
        self.head_for(room, caller.user).await?;
        self.store.message(room, seq).await?.ok_or(Error::MessageNotFound)
    }

    /// What changed after a position, and the room's head.
    pub async fn sync_room(&self, caller: Caller, of: ChangesOf) -> Result<(Changes, Seq)> {
        let head = self.head_for(of.room, caller.user).await?;
        if of.after > head {
            return Err(beyond("after_seq"));
        }
        let changes = self.store.changes(of.room, of.after, head, of.limit).await?;
        Ok((changes, head))
    }

    pub async fn set_typing(&self, caller: Caller, room: RoomId, typing: bool) -> Result<()> {
        self.head_with(room, caller.user, Right::Post).await?;
        if !typing {
            if self.typing.stop(room, caller.user) {
                self.hub.typing(room, caller.user, false);
            }
            return Ok(());
        }
        let (stopped_in, news) = self.typing.start(room, caller.user, Instant::now());
        if let Some(before) = stopped_in {
            self.hub.typing(before, caller.user, false);
        }
        if news {
            self.hub.typing(room, caller.user, true);
        }
        Ok(())
    }
}

fn beyond(field: &str) -> Error {
    Error::invalid(field, "must not be beyond the room's head")
}

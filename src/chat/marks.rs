//! What has arrived, what was read, and what one wants to hear.

use super::Chat;
use crate::{
    error::{Error, Result},
    model::{
        Caller, Done, LogId, Mark, Marks, Op, RoomId, RoomSettings, Seq,
        limits::PRESENCE_MEMBERS,
        marks::{Receipts, SettingsChange},
    },
    store::writer::Pending,
};

impl Chat {
    /// Queues a mark; like [`Chat::send`].
    pub fn mark(
        &self,
        caller: Caller,
        room: RoomId,
        (mark, log): (Mark, Option<LogId>),
    ) -> Result<Pending> {
        self.writer.submit(Op::Mark { room, user: caller.user, mark, log })
    }

    /// The marks as they are now; of a thread, only what was read.
    pub async fn marked(pending: Pending) -> Result<Marks> {
        match pending.done().await? {
            Done::Marks(marks) => Ok(marks),
            other => Err(Error::internal(format!("a mark was answered by {other:?}"))),
        }
    }

    /// Whom a message has reached.
    pub async fn list_receipts(&self, caller: Caller, room: RoomId, seq: Seq) -> Result<Receipts> {
        let message = self.get_message(caller, room, seq).await?;
        let shows_read = self.store.sends_receipts(caller.user).await?;
        let mut receipts = self.store.count_receipts(&message).await?;
        let state = self.store.room(room).await?.ok_or(Error::RoomNotFound)?;
        if state.member_count <= PRESENCE_MEMBERS {
            receipts.members = self.store.receipts(&message, PRESENCE_MEMBERS).await?;
            for (_, marks) in &mut receipts.members {
                marks.secret |= !shows_read;
            }
        }
        if !shows_read {
            receipts.read = 0;
        }
        Ok(receipts)
    }

    /// What the caller wants to hear of a room.
    pub async fn update_membership(
        &self,
        caller: Caller,
        room: RoomId,
        change: SettingsChange,
    ) -> Result<RoomSettings> {
        self.view_for(room, caller.user).await?;
        let before = self.store.room_settings(room, caller.user).await?;
        if before.changed(change) == before {
            return Ok(before);
        }
        let settings = self.store.change_room_settings(room, caller.user, change).await?;
        self.hub.room_settings(caller.user, room, settings);
        Ok(settings)
    }

    /// Whether others see what the caller has read; `None` leaves it.
    pub async fn update_settings(&self, caller: Caller, receipts: Option<bool>) -> Result<bool> {
        if let Some(sends) = receipts {
            self.store.set_sends_receipts(caller.user, sends).await?;
            self.hub.set_sees_reads(caller.user, sends);
        }
        self.store.sends_receipts(caller.user).await
    }
}

//! What has arrived, what was read, and what one wants to hear.

use super::Services;
use crate::{
    error::{Error, Result},
    model::{
        Caller, Content, LogId, ReadMarker, ReadMarkers, RoomId, RoomPreferences, Seq,
        limits::PRESENCE_MEMBERS,
        marks::{Receipts, SettingsChange},
    },
};

impl Services {
    /// Accepts what the caller says about a room or a thread, and returns the marks
    /// with it; of a thread, only what was read.
    pub async fn mark(
        &self,
        caller: Caller,
        room: RoomId,
        (mark, log): (ReadMarker, Option<LogId>),
    ) -> Result<ReadMarkers> {
        let user = caller.user;
        let view = self.view_for(room, user).await?;
        if log.is_some() && self.store.log_of(room).await? != log {
            return Err(Error::LogReplaced);
        }
        if mark.seq().is_some_and(|seq| seq > view.head) {
            return Err(Error::invalid("seq", "must not be beyond the room's head"));
        }
        if let ReadMarker::ThreadRead { root, .. } = mark {
            self.check_thread(caller, (room, root)).await?;
        }
        let change = self.pending_marks.add(user, room, mark)?;
        // Read after it, or what is stored in between would be missed.
        let stored = match mark {
            ReadMarker::ThreadRead { root, .. } => {
                let read = self.store.thread_mark(room, root, user).await?.read_seq;
                ReadMarkers { read, ..ReadMarkers::default() }
            }
            _ => self.store.marks(room, user).await?,
        };
        if let ReadMarker::Unread(_) = mark {
            // It is no state that a client would say again.
            self.pending_marks.store(Some(user)).await?;
        }
        Ok(change.applied_to(stored))
    }

    /// Whether a message can have a thread that the caller may read.
    async fn check_thread(&self, caller: Caller, (room, root): (RoomId, Seq)) -> Result<()> {
        let message = self.get_message(caller, room, root).await?;
        if message.thread_of.is_some() {
            return Err(Error::ThreadInThread);
        }
        match message.content {
            Content::System { .. } => Err(Error::SystemMessage),
            _ => Ok(()),
        }
    }

    /// Whom a message has reached.
    pub async fn list_receipts(&self, caller: Caller, room: RoomId, seq: Seq) -> Result<Receipts> {
        let message = self.get_message(caller, room, seq).await?;
        self.pending_marks.store_before_answer(None).await;
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
    pub async fn update_room_preferences(
        &self,
        caller: Caller,
        room: RoomId,
        change: SettingsChange,
    ) -> Result<RoomPreferences> {
        self.view_for(room, caller.user).await?;
        let before = self.store.room_settings(room, caller.user).await?;
        if before.changed(change) == before {
            return Ok(before);
        }
        let settings = self.store.change_room_settings(room, caller.user, change).await?;
        self.hub.room_preferences(caller.user, room, settings);
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

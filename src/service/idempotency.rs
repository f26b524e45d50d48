//! Answering a request that comes again.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;

use super::Services;
use crate::{
    error::{Error, Result},
    model::{
        Caller, Member, OpResult, Room, RoomId, RoomOp, UserId,
        idempotency::{IdempotencyKey, KeptAnswer, KeyUse},
        rooms::Right,
    },
    store::message_keys::KeyWalk,
};

/// A step of the walk through the keys of messages looks at 1,000 of them.
const STEP_EVERY: Duration = Duration::from_secs(1);
const WALK_EVERY: Duration = Duration::from_hours(24);

impl Services {
    /// What is written with what a request makes.
    pub(super) fn key_use(&self, owner: UserId, key: Option<IdempotencyKey>) -> Option<KeyUse> {
        key.map(|key| KeyUse { owner, key, at: self.steady.now() })
    }

    /// The answer that a request with this key has had. It is looked for before
    /// anything else: what the request has made may be why it would be refused now.
    pub(super) async fn kept_answer(&self, key: Option<&KeyUse>) -> Result<Option<KeptAnswer>> {
        match key {
            Some(key) => self.store.kept_answer(key).await,
            None => Ok(None),
        }
    }

    /// Changes a room, unless a request with the same key has done so.
    pub(super) async fn change_room_once(&self, caller: Caller, op: RoomOp) -> Result<Room> {
        match self.writer.submit(op)?.done().await? {
            OpResult::Room(room) => Ok(room),
            OpResult::Repeated(kept) => self.room_again(caller, kept).await,
            other => Err(Error::internal(format!("a change of a room was answered by {other:?}"))),
        }
    }

    /// The room that a request was answered with, if the caller may still know of it.
    pub(super) async fn room_again(&self, caller: Caller, kept: KeptAnswer) -> Result<Room> {
        let room = kept.id.map(RoomId).ok_or(Error::RoomNotFound)?;
        self.get_room(caller, room).await.map(|(room, _)| room)
    }

    /// The member that a request was answered with, if the caller may still see members
    /// of the room, or do again what was done.
    pub(super) async fn member_again(
        &self,
        caller: Caller,
        (room, user): (RoomId, UserId),
        right: Right,
    ) -> Result<Member> {
        if self.view_for(room, caller.user).await.is_err() {
            self.view_with(room, caller.user, right).await?;
        }
        self.store.member(room, user).await?.ok_or(Error::MemberNotFound)
    }

    /// Walks through the keys of messages and forgets the old ones: all after the start,
    /// then once each day. At this rate that is 80 million a day.
    pub async fn forget_message_keys(self: Arc<Self>) {
        loop {
            let mut walk = Some(KeyWalk::default());
            while let Some(step) = walk.take() {
                match self.store.forget_message_keys(&step, self.steady.now()).await {
                    Ok(next) => walk = next,
                    Err(error) => {
                        tracing::debug!(%error, "old keys of messages are kept for another while");
                        walk = Some(step);
                    }
                }
                sleep(STEP_EVERY).await;
            }
            sleep(WALK_EVERY).await;
        }
    }

    /// Forgets keys that are long out of use.
    pub async fn forget_keys(&self) -> Result<()> {
        self.store.forget_keys(self.steady.now()).await
    }
}

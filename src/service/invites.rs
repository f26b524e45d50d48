//! Inviting people into rooms.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::RngCore as _;
use uuid::Uuid;

use super::Services;
use crate::{
    error::{Error, Result},
    model::{
        Caller, Invite, Room, RoomId, RoomOp,
        idempotency::{IdempotencyKey, KeptAnswer},
        invites::{InvitePreview, NewInvite},
        rooms::{Access, Right},
    },
};

/// Of random bytes in a code: not to be guessed.
const CODE_BYTES: usize = 18;

impl Services {
    pub async fn create_invite(
        &self,
        caller: Caller,
        new: NewInvite,
        key: Option<IdempotencyKey>,
    ) -> Result<Invite> {
        self.posting.check(&caller.user)?;
        let key = self.key_use(caller.user, key);
        if let Some(kept) = self.kept_answer(key.as_ref()).await? {
            return self.invite_again(caller, kept).await;
        }
        let NewInvite { room, expires_at, max_uses } = new;
        self.view_with(room, caller.user, Right::AddMembers).await?;
        let mut code = [0; CODE_BYTES];
        rand::rng().fill_bytes(&mut code);
        let invite = Invite {
            id: Some(Uuid::now_v7()),
            code: URL_SAFE_NO_PAD.encode(code),
            room,
            creator: caller.user,
            created_at: self.clock.now(),
            expires_at,
            max_uses,
            uses: 0,
            revoked: false,
        };
        match self.store.create_invite(&invite, key.as_ref()).await? {
            None => Ok(invite),
            Some(kept) => self.invite_again(caller, kept).await,
        }
    }

    /// The invite that a request was answered with, if the caller may still invite.
    async fn invite_again(&self, caller: Caller, kept: KeptAnswer) -> Result<Invite> {
        let id = kept.id.ok_or(Error::InviteNotFound)?;
        let invite = self.store.invite_by_id(id).await?.ok_or(Error::InviteNotFound)?;
        let (access, _) = self.access(invite.room, caller.user).await?;
        Access { archived: false, ..access }.may(Right::AddMembers)?;
        Ok(invite)
    }

    /// The invites of a room that are good.
    pub async fn list_invites(&self, caller: Caller, room: RoomId) -> Result<Vec<Invite>> {
        self.view_with(room, caller.user, Right::AddMembers).await?;
        self.store.invites(room, self.clock.now()).await
    }

    pub async fn revoke_invite(&self, caller: Caller, code: &str) -> Result<()> {
        let invite = self.store.invite(code).await?.ok_or(Error::InviteNotFound)?;
        match self.view_with(invite.room, caller.user, Right::AddMembers).await {
            Err(Error::RoomNotFound) => Err(Error::InviteNotFound),
            Err(error) => Err(error),
            Ok(_) => self.store.revoke_invite(code, self.clock.now()).await,
        }
    }

    /// What an invite is for.
    pub async fn get_invite(&self, caller: Caller, code: &str) -> Result<InvitePreview> {
        let invite = self.store.invite(code).await?.ok_or(Error::InviteNotFound)?;
        let (creator, _) = self.access(invite.room, invite.creator).await?;
        invite.check(self.clock.now(), creator, false)?;
        let (access, _) = self.access(invite.room, caller.user).await?;
        let room = self.store.room(invite.room).await?.ok_or(Error::InviteNotFound)?;
        let creator = self.store.user(invite.creator).await?;
        Ok(InvitePreview { invite, room, creator, joined: access.is_member() })
    }

    /// An invite that lets somebody in who has no account yet.
    pub(super) async fn redeemable(&self, code: &str) -> Result<Invite> {
        let invite = self.store.invite(code).await?.ok_or(Error::InviteNotFound)?;
        let (creator, _) = self.access(invite.room, invite.creator).await?;
        invite.check(self.clock.now(), creator, false)?;
        let room = self.store.room(invite.room).await?.ok_or(Error::InviteNotFound)?;
        if room.archived_at.is_some() {
            return Err(Error::RoomArchived);
        }
        Ok(invite)
    }

    pub async fn redeem_invite(&self, caller: Caller, code: String) -> Result<Room> {
        self.posting.check(&caller.user)?;
        let invite = self.store.invite(&code).await?.ok_or(Error::InviteNotFound)?;
        let user = self.store.user(caller.user).await?.ok_or(Error::SessionRevoked)?;
        let Invite { room, creator, .. } = invite;
        self.change_room(RoomOp::Redeem { room, user, code, creator }).await
    }
}

//! Finding people, and one's own profile.

use super::{Chat, rooms::cut};
use crate::{
    error::{Error, Result},
    model::{
        Caller, Presence, PresenceState, User, UserId,
        files::{NewImage, Purpose},
        users::{AccountRole, ProfileChanges, UserSearch},
    },
};

impl Chat {
    /// The caller's account, address and role.
    pub async fn get_me(&self, caller: Caller) -> Result<(User, Option<String>, AccountRole)> {
        let user = self.store.user(caller.user).await?.ok_or(Error::SessionRevoked)?;
        let email = self.store.email(caller.user).await?;
        Ok((user, email, self.store.account_role(caller.user).await?))
    }

    pub async fn get_user(&self, caller: Caller, user: UserId) -> Result<(User, Presence)> {
        let found = self.store.user(user).await?.ok_or(Error::UserNotFound)?;
        let unknown = Presence { user, state: PresenceState::Unknown, last_seen_at: None };
        let presence = self.presence_for(caller, &[user]).await?.pop().unwrap_or(unknown);
        Ok((found, presence))
    }

    pub async fn batch_get_users(&self, users: &[UserId]) -> Result<Vec<User>> {
        self.store.users(users).await
    }

    /// A page of users, and whether there are more.
    pub async fn search_users(&self, search: UserSearch) -> Result<(Vec<User>, bool)> {
        let UserSearch { prefix, after, limit } = search;
        Ok(cut(self.store.search_users(&prefix, after, limit).await?, limit))
    }

    pub async fn update_profile(&self, caller: Caller, changes: ProfileChanges) -> Result<User> {
        let photo = match changes.photo {
            Some(NewImage::Of(file)) => {
                Some(NewImage::Of(self.make_square(caller, file, Purpose::Photo).await?))
            }
            other => other,
        };
        let changes = ProfileChanges { photo, ..changes };
        self.store.update_profile(caller.user, &changes).await?;
        self.store.user(caller.user).await?.ok_or(Error::SessionRevoked)
    }

    pub async fn block_user(&self, caller: Caller, user: UserId) -> Result<()> {
        if user == caller.user {
            return Err(Error::invalid("user_id", "must not be yourself"));
        }
        self.store.user(user).await?.ok_or(Error::UserNotFound)?;
        // One after the other, so that what is told last is what stands.
        let _turn = self.blocking.lock().await;
        self.store.block(caller.user, user, self.clock.now()).await?;
        // What they go on to type is not told to the other.
        for user in [caller.user, user] {
            self.end_typing(self.typing.stop_anywhere(user));
        }
        self.tell_blocks([caller.user, user]).await
    }

    /// Tells the two between whom a block has come or gone. Not by whom.
    async fn tell_blocks(&self, users: [UserId; 2]) -> Result<()> {
        for user in users {
            self.hub.blocks(user, &self.store.blocks_with(user).await?);
        }
        Ok(())
    }

    pub async fn unblock_user(&self, caller: Caller, user: UserId) -> Result<()> {
        self.store.user(user).await?.ok_or(Error::UserNotFound)?;
        let _turn = self.blocking.lock().await;
        self.store.unblock(caller.user, user).await?;
        self.tell_blocks([caller.user, user]).await
    }

    /// A page of the users that the caller has blocked, and whether there are more.
    pub async fn list_blocked(
        &self,
        caller: Caller,
        search: UserSearch,
    ) -> Result<(Vec<User>, bool)> {
        let UserSearch { after, limit, .. } = search;
        Ok(cut(self.store.blocked(caller.user, after, limit).await?, limit))
    }
}

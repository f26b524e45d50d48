//! Finding people, and one's own profile.

use super::{Chat, rooms::cut};
use crate::{
    error::{Error, Result},
    model::{
        Caller, Presence, PresenceState, User, UserId,
        users::{ProfileChanges, UserSearch},
    },
};

impl Chat {
    /// The caller's account and address.
    pub async fn get_me(&self, caller: Caller) -> Result<(User, Option<String>)> {
        let user = self.store.user(caller.user).await?.ok_or(Error::SessionRevoked)?;
        Ok((user, self.store.email(caller.user).await?))
    }

    pub async fn get_user(&self, user: UserId) -> Result<(User, Presence)> {
        let found = self.store.user(user).await?.ok_or(Error::UserNotFound)?;
        let presence = self.presence_of(&[user]).await?.pop().unwrap_or(Presence {
            user,
            state: PresenceState::Offline,
            last_seen_at: None,
        });
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
        self.store.update_profile(caller.user, &changes).await?;
        self.store.user(caller.user).await?.ok_or(Error::SessionRevoked)
    }
}

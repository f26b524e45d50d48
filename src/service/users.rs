//! Finding people, and one's own profile.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::{Services, rooms::split_page};
use crate::{
    error::{Error, Result},
    fanout::users::ShownIn,
    model::{
        Caller, Presence, PresenceState, User, UserId,
        files::{NewImage, Purpose},
        users::{AccountRole, ProfileChanges, UserSearch},
    },
};

/// How long nobody is told of changed users after the database has failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

impl Services {
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
        Ok(split_page(self.store.search_users(&prefix, after, limit).await?, limit))
    }

    pub async fn update_profile(&self, caller: Caller, changes: ProfileChanges) -> Result<User> {
        let photo = match changes.photo {
            Some(NewImage::Of(file)) => {
                Some(NewImage::Of(self.make_square(caller, file, Purpose::Photo).await?))
            }
            other => other,
        };
        let changes = ProfileChanges { photo, ..changes };
        if self.store.update_profile(caller.user, &changes).await? {
            self.user_updates.add(caller.user, Instant::now());
        }
        self.store.user(caller.user).await?.ok_or(Error::SessionRevoked)
    }

    pub async fn block_user(&self, caller: Caller, user: UserId) -> Result<()> {
        if user == caller.user {
            return Err(Error::invalid("user_id", "must not be yourself"));
        }
        self.store.user(user).await?.ok_or(Error::UserNotFound)?;
        // One after the other, so that what is told last is what stands.
        let _turn = self.block_lock.lock().await;
        self.store.block(caller.user, user, self.clock.now()).await?;
        // What they go on to type is not told to the other.
        for user in [caller.user, user] {
            self.end_typing(self.typing.stop_anywhere(user));
        }
        self.hub.block_changed(caller.user, user, true);
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
        let _turn = self.block_lock.lock().await;
        self.store.unblock(caller.user, user).await?;
        self.hub.block_changed(caller.user, user, false);
        self.tell_blocks([caller.user, user]).await
    }

    /// A page of the users that the caller has blocked, and whether there are more.
    pub async fn list_blocked(
        &self,
        caller: Caller,
        search: UserSearch,
    ) -> Result<(Vec<User>, bool)> {
        let UserSearch { after, limit, .. } = search;
        Ok(split_page(self.store.blocked(caller.user, after, limit).await?, limit))
    }

    /// Tells who shows a user of changes of their profile, as long as the server runs.
    pub async fn tell_changed_users(self: Arc<Self>) {
        loop {
            self.user_updates.due().await;
            if let Err(error) = self.tell_due_users().await {
                tracing::debug!(%error, "changed users wait for the database");
                sleep(AFTER_FAILURE).await;
            }
        }
    }

    async fn tell_due_users(&self) -> Result<()> {
        let now = Instant::now();
        let changed = self.user_updates.take_merged(now);
        match self.shown_in(&changed).await {
            Ok(mut shown_in) => {
                for user in changed {
                    let shown_in = shown_in.remove(&user).unwrap_or_default();
                    self.user_updates.enqueue(self.hub.streams_showing(user, &shown_in), user);
                }
            }
            Err(error) => {
                for user in changed {
                    self.user_updates.add(user, now);
                }
                return Err(error);
            }
        }
        let sendable = self.user_updates.take_sendable(now);
        let users: HashSet<UserId> =
            sendable.iter().flat_map(|(_, users)| users).copied().collect();
        // Read only now: between the change and this it may have changed again.
        let users = match self.store.users(&users.into_iter().collect::<Vec<_>>()).await {
            Ok(users) => users,
            Err(error) => {
                self.user_updates.put_back(sendable);
                return Err(error);
            }
        };
        for stream in self.hub.tell_users(sendable, users) {
            self.user_updates.forget(stream);
        }
        Ok(())
    }

    /// Where these users are shown to others.
    async fn shown_in(&self, users: &[UserId]) -> Result<HashMap<UserId, ShownIn>> {
        if users.is_empty() {
            return Ok(HashMap::new());
        }
        let mut shown_in: HashMap<UserId, ShownIn> = HashMap::new();
        for (user, partners) in self.store.direct_partners(users).await? {
            shown_in.entry(user).or_default().partners = partners;
        }
        for (user, watched) in self.watched_rooms(users).await? {
            shown_in.entry(user).or_default().watched = watched;
        }
        Ok(shown_in)
    }
}

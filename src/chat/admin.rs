//! Running the server. Whoever asks is looked up each time, so that a role that
//! is taken away works no more.

use super::{Chat, rooms::cut};
use crate::{
    error::{Error, Result},
    model::{
        Caller, UserId,
        admin::{Account, AccountSearch, check_admin},
        users::AccountRole,
    },
};

impl Chat {
    /// A page of accounts, and whether there are more.
    pub async fn list_accounts(
        &self,
        caller: Caller,
        search: AccountSearch,
    ) -> Result<(Vec<Account>, bool)> {
        check_admin(Some(self.store.account_role(caller.user).await?))?;
        Ok(cut(self.store.accounts(&search).await?, search.users.limit))
    }

    pub async fn set_account_role(
        &self,
        caller: Caller,
        user: UserId,
        role: AccountRole,
    ) -> Result<Account> {
        self.store.set_account_role(caller.user, user, role).await?;
        self.store.account(user).await?.ok_or(Error::UserNotFound)
    }
}

//! Running the server. Whoever asks is looked up each time, so that a role that
//! is taken away works no more.

use super::{Services, rooms::split_page};
use crate::{
    auth::recovery,
    error::{Error, Result},
    model::{
        Caller, Timestamp, UserId,
        admin::{Account, AccountSearch, check_admin},
        sign_up::SignUpPolicy,
        users::AccountRole,
    },
    store::recovery::RecoveryLink,
};

impl Services {
    /// A page of accounts, and whether there are more.
    pub async fn list_accounts(
        &self,
        caller: Caller,
        search: AccountSearch,
    ) -> Result<(Vec<Account>, bool)> {
        self.check_server_admin(caller).await?;
        Ok(split_page(self.store.accounts(&search).await?, search.users.limit))
    }

    pub async fn set_account_role(
        &self,
        caller: Caller,
        user: UserId,
        role: AccountRole,
    ) -> Result<Account> {
        self.store.set_account_role(caller.user, user, role).await?;
        audit(caller.user, "role set", user, &format!("{role:?}"));
        self.account(user).await
    }

    pub async fn suspend(&self, caller: Caller, user: UserId) -> Result<Account> {
        let times = (self.clock.now(), self.steady.now());
        let ended = self.store.suspend(caller.user, user, times).await?;
        self.sessions_ended(&ended, times.1);
        self.end_typing(self.typing.stop_anywhere(user));
        audit(caller.user, "account suspended", user, "");
        self.account(user).await
    }

    pub async fn restore(&self, caller: Caller, user: UserId) -> Result<Account> {
        self.store.restore(caller.user, user).await?;
        audit(caller.user, "account restored", user, "");
        self.account(user).await
    }

    /// Makes a link by which the account's owner sets a new password; returns its
    /// token and when it expires.
    pub async fn create_recovery_link(
        &self,
        caller: Caller,
        user: UserId,
    ) -> Result<(String, Timestamp)> {
        self.check_server_admin(caller).await?;
        let token = recovery::make_token();
        let expires_at = self.clock.now().plus(recovery::LINK_LASTS);
        let token_hash = recovery::recovery_hash(&token);
        self.store.save_recovery_link(&RecoveryLink { user, token_hash, expires_at }).await?;
        audit(caller.user, "recovery link created", user, "");
        Ok((token, expires_at))
    }

    /// Who may make an account, for an admin.
    pub async fn server_settings(&self, caller: Caller) -> Result<SignUpPolicy> {
        self.check_server_admin(caller).await?;
        self.sign_up_policy().await
    }

    pub async fn update_server_settings(
        &self,
        caller: Caller,
        policy: Option<SignUpPolicy>,
    ) -> Result<SignUpPolicy> {
        self.check_server_admin(caller).await?;
        if let Some(policy) = policy {
            self.store.set_sign_up_policy(policy).await?;
            tracing::info!(target: AUDIT, by = %caller.user, ?policy, "audit: sign-up policy set");
        }
        self.sign_up_policy().await
    }

    /// Who may make an account: as an admin has set it, else as configured.
    pub(super) async fn sign_up_policy(&self) -> Result<SignUpPolicy> {
        Ok(self.store.sign_up_policy().await?.unwrap_or(self.config.auth.sign_up))
    }

    async fn check_server_admin(&self, caller: Caller) -> Result<()> {
        check_admin(Some(self.store.account_role(caller.user).await?))
    }

    async fn account(&self, user: UserId) -> Result<Account> {
        self.store.account(user).await?.ok_or(Error::UserNotFound)
    }
}

/// Of the lines that say what admins do; the log always has them.
pub const AUDIT: &str = "audit";

/// Writes to the log what an admin has done with an account.
fn audit(by: UserId, action: &str, account: UserId, detail: &str) {
    tracing::info!(target: AUDIT, %by, %account, detail, "audit: {action}");
}

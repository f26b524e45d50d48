//! What admins have set for the whole server.

use super::{
    Store,
    dialect::{db_error, on_pool, on_tx, retry_deadlocks},
};
use crate::{error::Result, model::sign_up::SignUpPolicy};

impl Store {
    /// Who may make an account; `None`: no admin has said.
    pub async fn sign_up_policy(&self) -> Result<Option<SignUpPolicy>> {
        let code: Option<i16> = on_pool!(&self.pools, c => {
            sqlx::query_scalar("select sign_up_policy from store where id = 1").fetch_one(c).await
        })
        .map_err(db_error)?;
        Ok(code.and_then(policy_of))
    }

    pub async fn set_sign_up_policy(&self, policy: SignUpPolicy) -> Result<()> {
        retry_deadlocks!(self.try_set_sign_up_policy(policy).await).map_err(db_error)
    }

    async fn try_set_sign_up_policy(&self, policy: SignUpPolicy) -> Result<(), sqlx::Error> {
        let mut tx = self.pools.begin().await?;
        on_tx!(&mut tx, c => {
            sqlx::query("update store set sign_up_policy = ? where id = 1")
                .bind(policy_code(policy)).execute(c).await.map(drop)
        })?;
        tx.commit().await
    }

    /// Whether there is any account.
    pub async fn has_users(&self) -> Result<bool> {
        let any: Option<i64> = on_pool!(&self.pools, c => {
            sqlx::query_scalar("select 1 from users limit 1").fetch_optional(c).await
        })
        .map_err(db_error)?;
        Ok(any.is_some())
    }
}

fn policy_code(policy: SignUpPolicy) -> i16 {
    match policy {
        SignUpPolicy::Open => 1,
        SignUpPolicy::Invite => 2,
        SignUpPolicy::Closed => 3,
    }
}

fn policy_of(code: i16) -> Option<SignUpPolicy> {
    match code {
        1 => Some(SignUpPolicy::Open),
        2 => Some(SignUpPolicy::Invite),
        3 => Some(SignUpPolicy::Closed),
        _ => None,
    }
}

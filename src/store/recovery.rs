//! Links by which the owner of an account sets a new password, and accounts that
//! are suspended.

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    Store,
    admin::{active_role, another_admin, role},
    dialect::{Tx, db_error, on_pool, on_tx, retry_deadlocks},
    sessions::{NewSession, RevokedSession, Times, insert_session, revoke_all},
    users::lock_store,
};
use crate::{
    error::{Error, Result},
    model::{
        Timestamp, UserId,
        admin::{Suspension, check_admin},
    },
};

/// A link as it is kept: its secret cannot be told from it.
pub struct RecoveryLink {
    pub user: UserId,
    pub token_hash: [u8; 32],
    pub expires_at: Timestamp,
}

impl Store {
    /// Keeps a link, in place of the account's last one.
    pub async fn save_recovery_link(&self, link: &RecoveryLink) -> Result<()> {
        retry_deadlocks!(self.try_save_recovery_link(link).await).map_err(db_error)?
    }

    async fn try_save_recovery_link(&self, link: &RecoveryLink) -> Result<Result<()>, sqlx::Error> {
        let RecoveryLink { user, token_hash, expires_at } = link;
        let mut tx = self.pools.begin().await?;
        match lock_account(&mut tx, *user).await? {
            Some(None) => {}
            Some(Some(_)) => return Ok(Err(Error::AccountSuspended)),
            None => return Ok(Err(Error::UserNotFound)),
        }
        forget_link(&mut tx, *user).await?;
        on_tx!(&mut tx, c => {
            sqlx::query(
                "insert into recovery_links (user_id, token_hash, expires_us) values (?, ?, ?)",
            )
            .bind(user.0).bind(token_hash.as_slice()).bind(expires_at.0)
            .execute(c).await.map(drop)
        })?;
        tx.commit().await?;
        Ok(Ok(()))
    }

    /// Whose password a link sets, if it is good.
    pub async fn recovery_link(&self, hash: [u8; 32], now: Timestamp) -> Result<Option<UserId>> {
        let user: Option<Uuid> = on_pool!(&self.pools, c => {
            sqlx::query_scalar(
                "select user_id from recovery_links where token_hash = ? and expires_us >= ?",
            )
            .bind(hash.as_slice()).bind(now.0).fetch_optional(c).await
        })
        .map_err(db_error)?;
        Ok(user.map(UserId))
    }

    /// Uses a link: sets the password, ends the account's sessions and begins a new
    /// one. Returns the ended ones.
    pub async fn recover_account(
        &self,
        hash: [u8; 32],
        password_hash: &str,
        session: &NewSession,
        times: Times,
    ) -> Result<Vec<RevokedSession>> {
        retry_deadlocks!(self.try_recover(hash, password_hash, session, times).await)
            .map_err(db_error)?
    }

    async fn try_recover(
        &self,
        hash: [u8; 32],
        password_hash: &str,
        session: &NewSession,
        times: Times,
    ) -> Result<Result<Vec<RevokedSession>>, sqlx::Error> {
        let mut tx = self.pools.begin().await?;
        // The account first: suspensions and log-ins lock it too.
        let sql =
            format!("select suspended_us from users where id = ?{}", tx.dialect().for_update());
        let suspended: Option<Option<i64>> = on_tx!(&mut tx, c => {
            sqlx::query_scalar(AssertSqlSafe(sql)).bind(session.user.0).fetch_optional(c).await
        })?;
        match suspended {
            Some(None) => {}
            Some(Some(_)) => return Ok(Err(Error::AccountSuspended)),
            None => return Ok(Err(Error::RecoveryLinkNotFound)),
        }
        let used = on_tx!(&mut tx, c => {
            sqlx::query(
                "delete from recovery_links
                 where user_id = ? and token_hash = ? and expires_us >= ?",
            )
            .bind(session.user.0).bind(hash.as_slice()).bind(times.0.0)
            .execute(c).await.map(|done| done.rows_affected())
        })?;
        if used == 0 {
            return Ok(Err(Error::RecoveryLinkNotFound));
        }
        on_tx!(&mut tx, c => {
            sqlx::query(
                "update users set password_hash = ?, password_mapped = 1,
                                  password_generation = password_generation + 1 where id = ?",
            )
            .bind(password_hash).bind(session.user.0).execute(c).await.map(drop)
        })?;
        let ended = revoke_all(&mut tx, session.user, times).await?;
        insert_session(&mut tx, session).await?;
        tx.commit().await?;
        Ok(Ok(ended))
    }

    /// Suspends an account, if `caller` may do so when it is done, and ends its
    /// sessions; returns those.
    pub async fn suspend(
        &self,
        caller: UserId,
        user: UserId,
        times: Times,
    ) -> Result<Vec<RevokedSession>> {
        retry_deadlocks!(self.try_suspend(caller, user, times).await).map_err(db_error)?
    }

    async fn try_suspend(
        &self,
        caller: UserId,
        user: UserId,
        times: Times,
    ) -> Result<Result<Vec<RevokedSession>>, sqlx::Error> {
        let mut tx = self.pools.begin().await?;
        // As for a change of roles: two admins must not suspend each other.
        lock_store(&mut tx).await?;
        let suspension = Suspension {
            caller: active_role(&mut tx, caller).await?,
            of: role(&mut tx, user).await?,
            others: another_admin(&mut tx, user).await?,
        };
        if let Err(refusal) = suspension.check() {
            return Ok(Err(refusal));
        }
        on_tx!(&mut tx, c => {
            sqlx::query("update users set suspended_us = ? where id = ? and suspended_us is null")
                .bind(times.0.0).bind(user.0).execute(c).await.map(drop)
        })?;
        forget_link(&mut tx, user).await?;
        let ended = revoke_all(&mut tx, user, times).await?;
        tx.commit().await?;
        Ok(Ok(ended))
    }

    /// Ends a suspension, if `caller` may do so when it is done.
    pub async fn restore(&self, caller: UserId, user: UserId) -> Result<()> {
        retry_deadlocks!(self.try_restore(caller, user).await).map_err(db_error)?
    }

    async fn try_restore(&self, caller: UserId, user: UserId) -> Result<Result<()>, sqlx::Error> {
        let mut tx = self.pools.begin().await?;
        lock_store(&mut tx).await?;
        if let Err(refusal) = check_admin(active_role(&mut tx, caller).await?) {
            return Ok(Err(refusal));
        }
        if role(&mut tx, user).await?.is_none() {
            return Ok(Err(Error::UserNotFound));
        }
        on_tx!(&mut tx, c => {
            sqlx::query("update users set suspended_us = null where id = ?")
                .bind(user.0).execute(c).await.map(drop)
        })?;
        tx.commit().await?;
        Ok(Ok(()))
    }
}

/// Locks an account, as log-ins and suspensions do; returns when it was suspended.
/// `None`: there is no such account.
async fn lock_account(tx: &mut Tx<'_>, user: UserId) -> Result<Option<Option<i64>>, sqlx::Error> {
    let sql = format!("select suspended_us from users where id = ?{}", tx.dialect().for_update());
    on_tx!(tx, c => {
        sqlx::query_scalar(AssertSqlSafe(sql)).bind(user.0).fetch_optional(c).await
    })
}

pub(super) async fn forget_link(tx: &mut Tx<'_>, user: UserId) -> Result<(), sqlx::Error> {
    on_tx!(tx, c => {
        sqlx::query("delete from recovery_links where user_id = ?")
            .bind(user.0).execute(c).await.map(drop)
    })
}

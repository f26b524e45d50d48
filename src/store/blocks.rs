//! Who does not want to hear from whom.

use sqlx::AssertSqlSafe;

use super::{
    Store,
    dialect::{Dialect, reading, refused, retried, within},
    messages::limit_plus_one,
    users::{USER_COLUMNS, UserRow},
};
use crate::{
    error::Result,
    model::{Timestamp, User, UserId},
};

/// How many blocks there are between a and b: binds a, b, b, a.
pub(super) const BLOCKS_BETWEEN: &str = "select count(*) from blocks
    where (user_id = ? and blocked_id = ?) or (user_id = ? and blocked_id = ?)";

impl Store {
    pub async fn blocks_between(&self, a: UserId, b: UserId) -> Result<bool> {
        let found: i64 = reading!(&self.pools, c => {
            sqlx::query_scalar(BLOCKS_BETWEEN)
                .bind(a.0).bind(b.0).bind(b.0).bind(a.0).fetch_one(c).await
        })
        .map_err(refused)?;
        Ok(found > 0)
    }

    pub async fn block(&self, user: UserId, blocked: UserId, now: Timestamp) -> Result<()> {
        retried!(self.try_block(user, blocked, now).await).map_err(refused)
    }

    async fn try_block(
        &self,
        user: UserId,
        blocked: UserId,
        now: Timestamp,
    ) -> Result<(), sqlx::Error> {
        let keep = match self.pools.dialect() {
            Dialect::MySql => "on duplicate key update since_us = since_us",
            Dialect::Sqlite => "on conflict (user_id, blocked_id) do nothing",
        };
        let sql =
            format!("insert into blocks (user_id, blocked_id, since_us) values (?, ?, ?) {keep}");
        let mut tx = self.pools.begin().await?;
        within!(&mut tx, c => {
            sqlx::query(AssertSqlSafe(sql))
                .bind(user.0).bind(blocked.0).bind(now.0).execute(c).await.map(drop)
        })?;
        tx.commit().await
    }

    pub async fn unblock(&self, user: UserId, blocked: UserId) -> Result<()> {
        retried!(self.try_unblock(user, blocked).await).map_err(refused)
    }

    async fn try_unblock(&self, user: UserId, blocked: UserId) -> Result<(), sqlx::Error> {
        let mut tx = self.pools.begin().await?;
        within!(&mut tx, c => {
            sqlx::query("delete from blocks where user_id = ? and blocked_id = ?")
                .bind(user.0).bind(blocked.0).execute(c).await.map(drop)
        })?;
        tx.commit().await
    }

    /// A page of whom a user has blocked, by folded username.
    pub async fn blocked(
        &self,
        user: UserId,
        after: Option<String>,
        limit: usize,
    ) -> Result<Vec<User>> {
        let sql = format!(
            "select {USER_COLUMNS} from users
             where id in (select blocked_id from blocks where user_id = ?) and username_key > ?
             order by username_key limit ?"
        );
        let rows: Vec<UserRow> = reading!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql))
                .bind(user.0).bind(after.unwrap_or_default()).bind(limit_plus_one(limit))
                .fetch_all(c).await
        })
        .map_err(refused)?;
        Ok(rows.into_iter().map(User::from).collect())
    }
}

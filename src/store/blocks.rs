//! Who does not want to hear from whom.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    Store,
    dialect::{
        Dialect, Tx, db_error, on_pool, on_tx, pad_to_power_of_two, placeholders, retry_deadlocks,
    },
    messages::limit_plus_one,
    users::{USER_COLUMNS, UserRow},
};
use crate::{
    error::Result,
    model::{Mentioned, MessageAction, RoomId, RoomKind, RoomLog, RoomOp, Timestamp, User, UserId},
};

/// That no block is between the user of the first column and that of the second.
pub(super) fn no_block_between(one: &str, other: &str) -> String {
    format!(
        "not exists (select 1 from blocks b where b.user_id = {one} and b.blocked_id = {other})
         and not exists (select 1 from blocks b where b.user_id = {other} and b.blocked_id = {one})"
    )
}

/// Reads the blocks between those whom a batch's operations bring together: the
/// two of a direct room, who adds and who is added, who writes and who is called.
/// After the names that texts call, and the messages that are edited.
pub(super) async fn read(
    tx: &mut Tx<'_>,
    ops: &[&RoomOp],
    logs: &mut BTreeMap<RoomId, RoomLog>,
) -> Result<(), sqlx::Error> {
    let mut wanted: BTreeMap<RoomId, (BTreeSet<UserId>, BTreeSet<UserId>)> = BTreeMap::new();
    for log in logs.values() {
        if let RoomKind::Direct { a, b } = log.room.kind {
            wanted.insert(log.room.id, ([a].into(), [b].into()));
        }
    }
    for op in ops {
        let Some(log) = logs.get(&op.room()) else { continue };
        let (one, others): (UserId, Vec<UserId>) = match op {
            RoomOp::Add { by, users, .. } => (*by, users.iter().map(|user| user.id).collect()),
            RoomOp::Send(draft) if !draft.names.is_empty() => {
                (draft.sender, log.named.values().copied().collect())
            }
            RoomOp::MessageAction { user, seq, action: MessageAction::Edit { .. }, .. } => {
                let called = log.messages.get(seq).into_iter().flat_map(|m| &m.mentions);
                let called = called.filter_map(|mention| match mention.who {
                    Mentioned::User(user) => Some(user),
                    Mentioned::All | Mentioned::Here => None,
                });
                (*user, log.named.values().copied().chain(called).collect())
            }
            _ => continue,
        };
        if !others.is_empty() {
            let (ones, all) = wanted.entry(op.room()).or_default();
            ones.insert(one);
            all.extend(others);
        }
    }
    for (room, (ones, others)) in wanted {
        let Some(log) = logs.get_mut(&room) else { continue };
        let ones = pad_to_power_of_two(ones.into_iter().collect::<Vec<_>>());
        let others = pad_to_power_of_two(others.into_iter().collect::<Vec<_>>());
        let (of_ones, of_others) = (placeholders(1, ones.len()), placeholders(1, others.len()));
        let sql = format!(
            "select user_id, blocked_id from blocks
             where user_id in {of_ones} and blocked_id in {of_others}
             union
             select user_id, blocked_id from blocks
             where user_id in {of_others} and blocked_id in {of_ones}"
        );
        let rows: Vec<(Uuid, Uuid)> = on_tx!(&mut *tx, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql));
            for user in ones.iter().chain(&others).chain(&others).chain(&ones) {
                query = query.bind(user.0);
            }
            query.fetch_all(c).await
        })?;
        let pair = |(one, other): (Uuid, Uuid)| (UserId(one.min(other)), UserId(one.max(other)));
        log.blocks.extend(rows.into_iter().map(pair));
    }
    Ok(())
}

impl Store {
    /// Those with whom a user has a block, whoever of the two has made it.
    pub async fn blocks_with(&self, user: UserId) -> Result<BTreeSet<UserId>> {
        let rows: Vec<Uuid> = on_pool!(&self.pools, c => {
            sqlx::query_scalar(
                "select blocked_id from blocks where user_id = ?
                 union select user_id from blocks where blocked_id = ?",
            )
            .bind(user.0).bind(user.0).fetch_all(c).await
        })
        .map_err(db_error)?;
        Ok(rows.into_iter().map(UserId).collect())
    }

    pub async fn blocks_between(&self, a: UserId, b: UserId) -> Result<bool> {
        Ok(self.blocks_with(a).await?.contains(&b))
    }

    pub async fn block(&self, user: UserId, blocked: UserId, now: Timestamp) -> Result<()> {
        retry_deadlocks!(self.try_block(user, blocked, now).await).map_err(db_error)
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
        on_tx!(&mut tx, c => {
            sqlx::query(AssertSqlSafe(sql))
                .bind(user.0).bind(blocked.0).bind(now.0).execute(c).await.map(drop)
        })?;
        tx.commit().await
    }

    pub async fn unblock(&self, user: UserId, blocked: UserId) -> Result<()> {
        retry_deadlocks!(self.try_unblock(user, blocked).await).map_err(db_error)
    }

    async fn try_unblock(&self, user: UserId, blocked: UserId) -> Result<(), sqlx::Error> {
        let mut tx = self.pools.begin().await?;
        on_tx!(&mut tx, c => {
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
        let rows: Vec<UserRow> = on_pool!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql))
                .bind(user.0).bind(after.unwrap_or_default()).bind(limit_plus_one(limit))
                .fetch_all(c).await
        })
        .map_err(db_error)?;
        Ok(rows.into_iter().map(User::from).collect())
    }
}

//! Idempotency keys. A key is written in the transaction that makes what the request
//! asks for; of two that come with the same key, its unique index lets one through.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    Store,
    dialect::{Tx, db_error, on_pool, on_tx, pad_to_power_of_two, retry_deadlocks},
};
use crate::{
    error::{Error, Result},
    model::{
        OpResult, RoomOp, Timestamp, UserId,
        idempotency::{KeptAnswer, KeyUse},
    },
};

/// Keys are kept for so long. The protos promise it.
const KEEP_KEYS: Duration = Duration::from_hours(30 * 24);

/// Keys deleted in one transaction.
const FORGOTTEN_AT_ONCE: usize = 256;

const KEYS: &str = "select user_id, idempotency_key, fingerprint, result_id, ended_sessions
    from idempotency_keys";

#[derive(sqlx::FromRow)]
struct KeyRow {
    user_id: Uuid,
    idempotency_key: String,
    fingerprint: Vec<u8>,
    result_id: Option<Uuid>,
    ended_sessions: i64,
}

impl KeyRow {
    /// The answer that was given, if it was to this request.
    fn answer_to(&self, key: &KeyUse) -> Result<KeptAnswer> {
        if self.fingerprint != key.key.fingerprint {
            return Err(Error::IdempotencyKeyReused);
        }
        Ok(KeptAnswer { id: self.result_id, ended_sessions: self.ended_sessions })
    }
}

impl Store {
    /// The answer that was given to a request with this key, if there was one; refused
    /// if that was another request.
    pub async fn kept_answer(&self, key: &KeyUse) -> Result<Option<KeptAnswer>> {
        let sql = format!("{KEYS} where user_id = ? and idempotency_key = ?");
        let row: Option<KeyRow> = on_pool!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql))
                .bind(key.owner.0).bind(&key.key.key).fetch_optional(c).await
        })
        .map_err(db_error)?;
        row.map(|row| row.answer_to(key)).transpose()
    }

    /// Deletes keys that are older than they are kept, a few at a time.
    pub async fn forget_keys(&self, now: Timestamp) -> Result<()> {
        let before = now.minus(KEEP_KEYS);
        while self.forget_some_keys(before).await? == FORGOTTEN_AT_ONCE {}
        Ok(())
    }

    async fn forget_some_keys(&self, before: Timestamp) -> Result<usize> {
        let sql = format!(
            "select user_id, idempotency_key from idempotency_keys where kept_us < ?
             limit {FORGOTTEN_AT_ONCE}"
        );
        let old: Vec<(Uuid, String)> = on_pool!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql)).bind(before.0).fetch_all(c).await
        })
        .map_err(db_error)?;
        if !old.is_empty() {
            retry_deadlocks!(self.try_delete_keys(&old).await).map_err(db_error)?;
        }
        Ok(old.len())
    }

    /// One by one and not by age: MySQL would lock all that it looks at on the way.
    async fn try_delete_keys(&self, keys: &[(Uuid, String)]) -> Result<(), sqlx::Error> {
        let mut tx = self.pools.begin().await?;
        for (user, key) in keys {
            on_tx!(&mut tx, c => {
                sqlx::query(
                    "delete from idempotency_keys where user_id = ? and idempotency_key = ?",
                )
                .bind(*user).bind(key).execute(c).await.map(drop)
            })?;
        }
        tx.commit().await
    }
}

/// As [`Store::kept_answer`], within a transaction.
pub(super) async fn find(
    tx: &mut Tx<'_>,
    key: Option<&KeyUse>,
) -> Result<Result<Option<KeptAnswer>>, sqlx::Error> {
    let Some(key) = key else { return Ok(Ok(None)) };
    let sql = format!("{KEYS} where user_id = ? and idempotency_key = ?");
    let row: Option<KeyRow> = on_tx!(tx, c => {
        sqlx::query_as(AssertSqlSafe(sql))
            .bind(key.owner.0).bind(&key.key.key).fetch_optional(c).await
    })?;
    Ok(row.map(|row| row.answer_to(key)).transpose())
}

/// Keeps an answer under the key of its request. Fails with an error that `is_unique_violation` if
/// another request with this key was faster.
pub(super) async fn keep(
    tx: &mut Tx<'_>,
    key: Option<&KeyUse>,
    answer: KeptAnswer,
) -> Result<(), sqlx::Error> {
    let Some(KeyUse { owner, key, at }) = key else { return Ok(()) };
    let KeptAnswer { id, ended_sessions } = answer;
    on_tx!(tx, c => {
        sqlx::query(
            "insert into idempotency_keys (user_id, idempotency_key, fingerprint, result_id,
                                           ended_sessions, kept_us)
             values (?, ?, ?, ?, ?, ?)",
        )
        .bind(owner.0).bind(&key.key).bind(key.fingerprint.as_slice())
        .bind(id).bind(ended_sessions).bind(at.0)
        .execute(c).await.map(drop)
    })
}

/// The keys of a batch's operations.
pub(super) struct BatchKeys<'a> {
    found: HashMap<(UserId, String), KeyRow>,
    new: Vec<(&'a KeyUse, KeptAnswer)>,
}

impl<'a> BatchKeys<'a> {
    /// Reads what is kept under the keys of these operations.
    pub async fn read(tx: &mut Tx<'_>, ops: &[&RoomOp]) -> Result<Self, sqlx::Error> {
        let keys: HashSet<(UserId, &str)> = ops
            .iter()
            .filter_map(|op| op.key().map(|key| (key.owner, key.key.key.as_str())))
            .collect();
        let mut found = HashMap::new();
        if !keys.is_empty() {
            let keys = pad_to_power_of_two(keys.into_iter().collect::<Vec<_>>());
            let each = vec!["(user_id = ? and idempotency_key = ?)"; keys.len()].join(" or ");
            let sql = format!("{KEYS} where {each}");
            let rows: Vec<KeyRow> = on_tx!(tx, c => {
                let mut query = sqlx::query_as(AssertSqlSafe(sql));
                for (user, key) in &keys {
                    query = query.bind(user.0).bind(*key);
                }
                query.fetch_all(c).await
            })?;
            let named = |row: KeyRow| ((UserId(row.user_id), row.idempotency_key.clone()), row);
            found.extend(rows.into_iter().map(named));
        }
        Ok(Self { found, new: Vec::new() })
    }

    /// Carries an operation out, unless the one with its key has been: then its answer
    /// is the first one's.
    pub fn once(
        &mut self,
        op: &'a RoomOp,
        apply: impl FnOnce() -> Result<OpResult>,
    ) -> Result<OpResult> {
        let Some(key) = op.key() else { return apply() };
        let name = (key.owner, key.key.key.clone());
        if let Some(row) = self.found.get(&name) {
            return row.answer_to(key).map(OpResult::Repeated);
        }
        let done = apply()?;
        let id = match &done {
            OpResult::Room(room) => Some(room.id.0),
            _ => None,
        };
        let answer = KeptAnswer { id, ..KeptAnswer::default() };
        self.new.push((key, answer));
        let row = KeyRow {
            user_id: key.owner.0,
            idempotency_key: key.key.key.clone(),
            fingerprint: key.key.fingerprint.to_vec(),
            result_id: answer.id,
            ended_sessions: answer.ended_sessions,
        };
        self.found.insert(name, row);
        Ok(done)
    }

    pub async fn write(&self, tx: &mut Tx<'_>) -> Result<(), sqlx::Error> {
        for (key, answer) in &self.new {
            keep(tx, Some(key), *answer).await?;
        }
        Ok(())
    }
}

//! Folds stored names and topics anew when a server with another folding starts.
//!
//! In steps of one short transaction each, while the server works: what is
//! written meanwhile is folded by the new rule already, and stays. A server that
//! ends midway begins again, and only writes what is not folded yet.

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    Store,
    dialect::{db_error, on_pool, on_tx, retry_deadlocks},
};
use crate::{
    error::Result,
    model::{
        folding::{FOLDING, name_key, topic_key},
        users::display_name_key,
    },
};

/// Rows that are read in one step.
pub(super) const MAX_ROWS_PER_STATEMENT: usize = 500;

/// After which row the next step begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoldingStep {
    Rooms(Uuid),
    Users(Uuid),
}

impl FoldingStep {
    /// Rooms are fewer: all of them are found soon.
    pub const FIRST: Self = Self::Rooms(Uuid::nil());

    /// The key under which a name is stored.
    fn name_key(self, name: &str) -> String {
        match self {
            Self::Rooms(_) => name_key(name),
            Self::Users(_) => display_name_key(name),
        }
    }
}

/// Id, name, topic, and the keys of both. Users have no topic.
type Row = (Uuid, String, String, String, String);

/// A row whose keys are to be replaced, as long as its texts are these.
struct Refolded {
    id: Uuid,
    name: String,
    topic: String,
}

impl Store {
    /// Whether names are stored that an older rule has folded.
    pub async fn needs_folding(&self) -> Result<bool> {
        let version: i16 = on_pool!(&self.pools, c => {
            sqlx::query_scalar("select folding from store where id = 1").fetch_one(c).await
        })
        .map_err(db_error)?;
        Ok(version < FOLDING)
    }

    /// How many rows the steps look at in all.
    pub async fn count_names(&self) -> Result<u64> {
        let count: i64 = on_pool!(&self.pools, c => {
            sqlx::query_scalar("select (select count(*) from rooms) + (select count(*) from users)")
                .fetch_one(c).await
        })
        .map_err(db_error)?;
        Ok(count.unsigned_abs())
    }

    /// Takes a step. Returns how many rows it has looked at, and the next step; `None`
    /// after the last one, which [`Self::save_folding`] follows.
    pub async fn fold_some(&self, step: FoldingStep) -> Result<(usize, Option<FoldingStep>)> {
        let (after, select) = match step {
            FoldingStep::Rooms(after) => {
                (after, "select id, name, topic, name_key, topic_key from rooms")
            }
            FoldingStep::Users(after) => {
                (after, "select id, display_name, '', display_name_key, '' from users")
            }
        };
        let sql = format!("{select} where id > ? order by id limit {MAX_ROWS_PER_STATEMENT}");
        let rows: Vec<Row> = on_pool!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql)).bind(after).fetch_all(c).await
        })
        .map_err(db_error)?;
        let count = rows.len();
        let last = rows.last().filter(|_| rows.len() == MAX_ROWS_PER_STATEMENT).map(|row| row.0);
        let old: Vec<Refolded> = rows
            .into_iter()
            .filter(|(_, name, topic, name_is, topic_is)| {
                step.name_key(name) != *name_is || topic_key(topic) != *topic_is
            })
            .map(|(id, name, topic, ..)| Refolded { id, name, topic })
            .collect();
        if !old.is_empty() {
            retry_deadlocks!(self.save_keys(step, &old).await).map_err(db_error)?;
        }
        let next = match (step, last) {
            (FoldingStep::Rooms(_), Some(last)) => Some(FoldingStep::Rooms(last)),
            (FoldingStep::Rooms(_), None) => Some(FoldingStep::Users(Uuid::nil())),
            (FoldingStep::Users(_), Some(last)) => Some(FoldingStep::Users(last)),
            (FoldingStep::Users(_), None) => None,
        };
        Ok((count, next))
    }

    /// Rooms are locked in the order of their ids, as everywhere.
    async fn save_keys(&self, step: FoldingStep, old: &[Refolded]) -> Result<(), sqlx::Error> {
        let mut tx = self.pools.begin().await?;
        for Refolded { id, name, topic } in old {
            on_tx!(&mut tx, c => {
                match step {
                    FoldingStep::Rooms(_) => sqlx::query(
                        "update rooms set name_key = ?, topic_key = ?
                         where id = ? and name = ? and topic = ?",
                    )
                    .bind(step.name_key(name)).bind(topic_key(topic))
                    .bind(*id).bind(name).bind(topic)
                    .execute(c).await.map(drop),
                    FoldingStep::Users(_) => sqlx::query(
                        "update users set display_name_key = ? where id = ? and display_name = ?",
                    )
                    .bind(step.name_key(name)).bind(*id).bind(name)
                    .execute(c).await.map(drop),
                }
            })?;
        }
        tx.commit().await
    }

    /// Notes that all names are folded by the newest rule. Not while a server with an
    /// older one may still write names.
    pub async fn save_folding(&self) -> Result<()> {
        retry_deadlocks!(self.try_save_folding().await).map_err(db_error)
    }

    async fn try_save_folding(&self) -> Result<(), sqlx::Error> {
        let mut tx = self.pools.begin().await?;
        on_tx!(&mut tx, c => {
            sqlx::query("update store set folding = ? where id = 1")
                .bind(FOLDING).execute(c).await.map(drop)
        })?;
        tx.commit().await
    }
}

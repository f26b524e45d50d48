//! Signed-in sessions.

use std::time::Duration;

use uuid::Uuid;

use super::{
    Store,
    dialect::{Tx, reading, refused, within},
};
use crate::{
    error::{Error, Result},
    model::{SessionId, Timestamp, UserId},
};

/// A session to be stored. Its first refresh token has generation 1.
#[derive(Debug, Clone)]
pub struct NewSession {
    pub id: SessionId,
    pub user: UserId,
    pub now: Timestamp,
    /// How long it lasts without use.
    pub idle: Duration,
    pub device: String,
    pub address: String,
}

/// What the use of a refresh token came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// This generation is good now, until then.
    Good {
        generation: i64,
        until: Timestamp,
    },
    /// A spent token came back: it was copied, and the session has been ended.
    Copied,
    Expired,
    /// Ended before, or never there.
    Ended,
}

pub(super) async fn insert_session(tx: &mut Tx, session: &NewSession) -> Result<(), sqlx::Error> {
    let NewSession { id, user, now, idle, device, address } = session;
    within!(tx, c => {
        sqlx::query(
            "insert into sessions (id, user_id, generation, rotated_us, idle_us, created_us,
                                   last_used_us, expires_us, revoked_us, device, address)
             values (?, ?, 1, ?, ?, ?, ?, ?, null, ?, ?)",
        )
        .bind(id.0).bind(user.0)
        .bind(now.0)
        .bind(i64::try_from(idle.as_micros()).unwrap_or(i64::MAX))
        .bind(now.0).bind(now.0)
        .bind(now.plus(*idle).0)
        .bind(device).bind(address)
        .execute(c).await.map(drop)
    })
}

impl Store {
    pub async fn create_session(&self, session: &NewSession) -> Result<()> {
        let mut tx = self.pools.begin().await.map_err(refused)?;
        insert_session(&mut tx, session).await.map_err(refused)?;
        tx.commit().await.map_err(refused)
    }

    /// Uses a refresh token of the given generation. The last one that was
    /// spent gets the same successor again within the grace, so that two tabs
    /// or a lost reply do no harm.
    pub async fn rotate(
        &self,
        session: SessionId,
        presented: i64,
        now: Timestamp,
        grace: Duration,
    ) -> Result<Rotation> {
        let mut tx = self.pools.begin().await.map_err(refused)?;
        let sql = format!(
            "select generation, rotated_us, idle_us, expires_us, revoked_us
             from sessions where id = ?{}",
            tx.dialect().for_update(),
        );
        let row: Option<(i64, i64, i64, i64, Option<i64>)> = within!(&mut tx, c => {
            sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(session.0).fetch_optional(c).await
        })
        .map_err(refused)?;
        let Some((current, rotated_us, idle_us, expires_us, None)) = row else {
            return Ok(Rotation::Ended);
        };
        let until = Timestamp(now.0.saturating_add(idle_us));
        let within_grace = Timestamp(rotated_us).plus(grace) >= now;
        let rotation = match current - presented {
            _ if expires_us < now.0 => return Ok(Rotation::Expired),
            0 => Rotation::Good { generation: current + 1, until },
            1 if within_grace => {
                return Ok(Rotation::Good { generation: current, until: Timestamp(expires_us) });
            }
            _ => Rotation::Copied,
        };
        if rotation == Rotation::Copied {
            within!(&mut tx, c => {
                sqlx::query("update sessions set revoked_us = ? where id = ?")
                    .bind(now.0).bind(session.0).execute(c).await.map(drop)
            })
        } else {
            within!(&mut tx, c => {
                sqlx::query(
                    "update sessions set generation = generation + 1, rotated_us = ?,
                                         last_used_us = ?, expires_us = ? where id = ?",
                )
                .bind(now.0).bind(now.0).bind(until.0).bind(session.0)
                .execute(c).await.map(drop)
            })
        }
        .map_err(refused)?;
        tx.commit().await.map_err(refused)?;
        Ok(rotation)
    }

    /// Ends a session.
    pub async fn revoke(&self, session: SessionId, now: Timestamp) -> Result<()> {
        let mut tx = self.pools.begin().await.map_err(refused)?;
        within!(&mut tx, c => {
            sqlx::query("update sessions set revoked_us = ? where id = ? and revoked_us is null")
                .bind(now.0).bind(session.0).execute(c).await.map(drop)
        })
        .map_err(refused)?;
        tx.commit().await.map_err(refused)
    }

    /// Sets a new password, if the old hash is still the one that was verified,
    /// and ends the user's other sessions; returns those.
    pub async fn change_password(
        &self,
        user: UserId,
        hashes: (&str, &str),
        kept: SessionId,
        now: Timestamp,
    ) -> Result<Vec<SessionId>> {
        let (old, new) = hashes;
        let mut tx = self.pools.begin().await.map_err(refused)?;
        let changed = within!(&mut tx, c => {
            sqlx::query("update users set password_hash = ? where id = ? and password_hash = ?")
                .bind(new).bind(user.0).bind(old)
                .execute(c).await.map(|done| done.rows_affected())
        })
        .map_err(refused)?;
        if changed == 0 {
            // Changed by another call in the same moment.
            return Err(Error::WrongPassword);
        }
        let others: Vec<Uuid> = within!(&mut tx, c => {
            sqlx::query_scalar(
                "select id from sessions
                 where user_id = ? and id <> ? and revoked_us is null and expires_us >= ?",
            )
            .bind(user.0).bind(kept.0).bind(now.0).fetch_all(c).await
        })
        .map_err(refused)?;
        within!(&mut tx, c => {
            sqlx::query(
                "update sessions set revoked_us = ?
                 where user_id = ? and id <> ? and revoked_us is null",
            )
            .bind(now.0).bind(user.0).bind(kept.0).execute(c).await.map(drop)
        })
        .map_err(refused)?;
        tx.commit().await.map_err(refused)?;
        Ok(others.into_iter().map(SessionId).collect())
    }

    /// Sessions that were ended since.
    pub async fn revoked_since(&self, since: Timestamp) -> Result<Vec<(SessionId, Timestamp)>> {
        let rows: Vec<(Uuid, i64)> = reading!(&self.pools, c => {
            sqlx::query_as("select id, revoked_us from sessions where revoked_us >= ?")
                .bind(since.0).fetch_all(c).await
        })
        .map_err(refused)?;
        Ok(rows.into_iter().map(|(id, at)| (SessionId(id), Timestamp(at))).collect())
    }

    /// Deletes sessions that expired or were ended before.
    pub async fn forget_sessions(&self, before: Timestamp) -> Result<()> {
        for sql in [
            "delete from sessions where expires_us < ?",
            "delete from sessions where revoked_us < ?",
        ] {
            let mut tx = self.pools.begin().await.map_err(refused)?;
            within!(&mut tx, c => {
                sqlx::query(sql).bind(before.0).execute(c).await.map(drop)
            })
            .map_err(refused)?;
            tx.commit().await.map_err(refused)?;
        }
        Ok(())
    }
}

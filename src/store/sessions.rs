//! Signed-in sessions. When a session expires is told by the time of day; when
//! it was ended, and when its refresh token was spent, by the steady clock.

use std::time::Duration;

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    Store,
    dialect::{
        Tx, db_error, on_pool, on_tx, pad_to_power_of_two, placeholders, retry_deadlocks,
        retry_deadlocks_with_key,
    },
    idempotency,
    messages::limit_plus_one,
    recovery::forget_link,
};
use crate::{
    error::Result,
    model::{
        SessionId, Timestamp, UserId,
        idempotency::{KeptAnswer, KeyUse},
        sessions::SessionInfo,
    },
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

/// A session that was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevokedSession {
    pub id: SessionId,
    /// It could not be used any more, by the time of day.
    pub had_expired: bool,
}

/// How many of them could still be used.
#[must_use]
pub fn count_living(ended: &[RevokedSession]) -> i64 {
    let living = ended.iter().filter(|session| !session.had_expired).count();
    i64::try_from(living).unwrap_or(i64::MAX)
}

/// The time of day, and that of the steady clock.
pub type Times = (Timestamp, Timestamp);

/// Ended sessions deleted in one transaction: SQLite's only writer is soon free
/// again for messages.
const FORGOTTEN_AT_ONCE: usize = 256;

/// Ends a user's sessions but one; returns those.
async fn revoke_all_but(
    tx: &mut Tx<'_>,
    user: UserId,
    kept: SessionId,
    (now, steady): Times,
) -> Result<Vec<RevokedSession>, sqlx::Error> {
    let others: Vec<(Uuid, i64)> = on_tx!(&mut *tx, c => {
        sqlx::query_as(
            "select id, expires_us from sessions
             where user_id = ? and id <> ? and revoked_us is null",
        )
        .bind(user.0).bind(kept.0).fetch_all(c).await
    })?;
    on_tx!(&mut *tx, c => {
        sqlx::query(
            "update sessions set revoked_us = ?
             where user_id = ? and id <> ? and revoked_us is null",
        )
        .bind(steady.0).bind(user.0).bind(kept.0).execute(c).await.map(drop)
    })?;
    let ended = |(id, expires_us): (Uuid, i64)| RevokedSession {
        id: SessionId(id),
        had_expired: expires_us < now.0,
    };
    Ok(others.into_iter().map(ended).collect())
}

/// Ends all of a user's sessions; returns them.
pub(super) async fn revoke_all(
    tx: &mut Tx<'_>,
    user: UserId,
    times: Times,
) -> Result<Vec<RevokedSession>, sqlx::Error> {
    revoke_all_but(tx, user, SessionId(Uuid::nil()), times).await
}

pub(super) async fn insert_session(
    tx: &mut Tx<'_>,
    session: &NewSession,
) -> Result<(), sqlx::Error> {
    let NewSession { id, user, now, idle, device, address } = session;
    on_tx!(tx, c => {
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
    /// Stores the session of someone whose password was verified against
    /// `password_hash`. False if the account has another one by now, or is suspended:
    /// a session opened with the old password must not outlive its change.
    pub async fn create_session(&self, session: &NewSession, password_hash: &str) -> Result<bool> {
        retry_deadlocks!(self.try_create_session(session, password_hash).await).map_err(db_error)
    }

    async fn try_create_session(
        &self,
        session: &NewSession,
        password_hash: &str,
    ) -> Result<bool, sqlx::Error> {
        let mut tx = self.pools.begin().await?;
        // Locks the account, as a change of the password does: one waits for
        // the other.
        let sql = format!(
            "select 1 from users where id = ? and password_hash = ? and suspended_us is null{}",
            tx.dialect().for_update(),
        );
        let unchanged: Option<i64> = on_tx!(&mut tx, c => {
            sqlx::query_scalar(AssertSqlSafe(sql))
                .bind(session.user.0).bind(password_hash)
                .fetch_optional(c).await
        })?;
        if unchanged.is_none() {
            return Ok(false);
        }
        insert_session(&mut tx, session).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Uses a refresh token of the given generation. The last one that was
    /// spent gets the same successor again within the grace, so that two tabs
    /// or a lost reply do no harm.
    pub async fn rotate(
        &self,
        session: SessionId,
        presented: i64,
        times: Times,
        grace: Duration,
    ) -> Result<Rotation> {
        retry_deadlocks!(self.try_rotate(session, presented, times, grace).await).map_err(db_error)
    }

    async fn try_rotate(
        &self,
        session: SessionId,
        presented: i64,
        (now, steady): Times,
        grace: Duration,
    ) -> Result<Rotation, sqlx::Error> {
        let mut tx = self.pools.begin().await?;
        let sql = format!(
            "select generation, rotated_us, idle_us, expires_us, revoked_us
             from sessions where id = ?{}",
            tx.dialect().for_update(),
        );
        let row: Option<(i64, i64, i64, i64, Option<i64>)> = on_tx!(&mut tx, c => {
            sqlx::query_as(AssertSqlSafe(sql)).bind(session.0).fetch_optional(c).await
        })?;
        let Some((current, rotated_us, idle_us, expires_us, None)) = row else {
            return Ok(Rotation::Ended);
        };
        let until = Timestamp(now.0.saturating_add(idle_us));
        let within_grace = Timestamp(rotated_us).plus(grace) >= steady;
        let rotation = match current - presented {
            _ if expires_us < now.0 => return Ok(Rotation::Expired),
            0 => Rotation::Good { generation: current + 1, until },
            1 if within_grace => {
                return Ok(Rotation::Good { generation: current, until: Timestamp(expires_us) });
            }
            _ => Rotation::Copied,
        };
        if rotation == Rotation::Copied {
            on_tx!(&mut tx, c => {
                sqlx::query("update sessions set revoked_us = ? where id = ?")
                    .bind(steady.0).bind(session.0).execute(c).await.map(drop)
            })
        } else {
            on_tx!(&mut tx, c => {
                sqlx::query(
                    "update sessions set generation = generation + 1, rotated_us = ?,
                                         last_used_us = ?, expires_us = ? where id = ?",
                )
                .bind(steady.0).bind(now.0).bind(until.0).bind(session.0)
                .execute(c).await.map(drop)
            })
        }?;
        tx.commit().await?;
        Ok(rotation)
    }

    /// A page of a user's sessions that have not ended, the newest first.
    pub async fn sessions(
        &self,
        user: UserId,
        now: Timestamp,
        before: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<SessionInfo>> {
        #[derive(sqlx::FromRow)]
        struct Row {
            id: Uuid,
            device: String,
            address: String,
            created_us: i64,
            last_used_us: i64,
            expires_us: i64,
        }
        // Ids grow with time.
        let rows: Vec<Row> = on_pool!(&self.pools, c => {
            sqlx::query_as(
                "select id, device, address, created_us, last_used_us, expires_us from sessions
                 where user_id = ? and revoked_us is null and expires_us >= ? and id < ?
                 order by id desc limit ?",
            )
            .bind(user.0).bind(now.0).bind(before.unwrap_or(Uuid::max()))
            .bind(limit_plus_one(limit))
            .fetch_all(c).await
        })
        .map_err(db_error)?;
        Ok(rows
            .into_iter()
            .map(|row| SessionInfo {
                id: SessionId(row.id),
                device: row.device,
                address: row.address,
                created_at: Timestamp(row.created_us),
                last_used_at: Timestamp(row.last_used_us),
                expires_at: Timestamp(row.expires_us),
            })
            .collect())
    }

    /// Whether a session is, or was, this user's.
    pub async fn owns_session(&self, user: UserId, session: SessionId) -> Result<bool> {
        let found: i64 = on_pool!(&self.pools, c => {
            sqlx::query_scalar("select count(*) from sessions where id = ? and user_id = ?")
                .bind(session.0).bind(user.0).fetch_one(c).await
        })
        .map_err(db_error)?;
        Ok(found > 0)
    }

    /// Ends a user's sessions but one; returns those.
    pub async fn revoke_others(
        &self,
        user: UserId,
        kept: SessionId,
        times: Times,
    ) -> Result<Vec<RevokedSession>> {
        retry_deadlocks!(self.try_revoke_others(user, kept, times).await).map_err(db_error)
    }

    async fn try_revoke_others(
        &self,
        user: UserId,
        kept: SessionId,
        times: Times,
    ) -> Result<Vec<RevokedSession>, sqlx::Error> {
        let mut tx = self.pools.begin().await?;
        let ended = revoke_all_but(&mut tx, user, kept, times).await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Ends a session, at a time of the steady clock.
    pub async fn revoke(&self, session: SessionId, at: Timestamp) -> Result<()> {
        retry_deadlocks!(self.try_revoke(session, at).await).map_err(db_error)
    }

    async fn try_revoke(&self, session: SessionId, at: Timestamp) -> Result<(), sqlx::Error> {
        let mut tx = self.pools.begin().await?;
        on_tx!(&mut tx, c => {
            sqlx::query("update sessions set revoked_us = ? where id = ? and revoked_us is null")
                .bind(at.0).bind(session.0).execute(c).await.map(drop)
        })?;
        tx.commit().await
    }

    /// Sets a new password, if the old hash is still the one that was verified, and
    /// ends the user's other sessions; returns those. No link sets another one now.
    pub async fn change_password(
        &self,
        (user, kept): (UserId, SessionId),
        hashes: (&str, &str),
        times: Times,
        key: Option<&KeyUse>,
    ) -> Result<Option<Vec<RevokedSession>>> {
        let change = async || self.try_change_password((user, kept), hashes, times, key).await;
        retry_deadlocks_with_key!(change().await).map_err(db_error)?
    }

    async fn try_change_password(
        &self,
        (user, kept): (UserId, SessionId),
        hashes: (&str, &str),
        times: Times,
        key: Option<&KeyUse>,
    ) -> Result<Result<Option<Vec<RevokedSession>>>, sqlx::Error> {
        let (old, new) = hashes;
        let mut tx = self.pools.begin().await?;
        let changed = on_tx!(&mut tx, c => {
            sqlx::query(
                "update users set password_hash = ?, password_mapped = 1,
                                  password_generation = password_generation + 1
                 where id = ? and password_hash = ?",
            )
            .bind(new).bind(user.0).bind(old)
            .execute(c).await.map(|done| done.rows_affected())
        })?;
        if changed == 0 {
            return Ok(Ok(None));
        }
        // The account is locked by the change: nothing else comes between.
        if let Err(reused) = idempotency::find(&mut tx, key).await? {
            return Ok(Err(reused));
        }
        forget_link(&mut tx, user).await?;
        let ended = revoke_all_but(&mut tx, user, kept, times).await?;
        let answer = KeptAnswer { ended_sessions: count_living(&ended), ..KeptAnswer::default() };
        idempotency::keep(&mut tx, key, answer).await?;
        tx.commit().await?;
        Ok(Ok(Some(ended)))
    }

    /// Sessions that were ended since, each with when, by the steady clock.
    pub async fn revoked_since(&self, since: Timestamp) -> Result<Vec<(SessionId, Timestamp)>> {
        let rows: Vec<(Uuid, i64)> = on_pool!(&self.pools, c => {
            sqlx::query_as("select id, revoked_us from sessions where revoked_us >= ?")
                .bind(since.0).fetch_all(c).await
        })
        .map_err(db_error)?;
        Ok(rows.into_iter().map(|(id, at)| (SessionId(id), Timestamp(at))).collect())
    }

    /// Deletes sessions that expired before a time of day, or were ended before
    /// one of the steady clock, a few at a time.
    pub async fn forget_sessions(
        &self,
        expired_before: Timestamp,
        ended_before: Timestamp,
    ) -> Result<()> {
        // One that was ended is kept as long as that is remembered, expired or not.
        let expired = "expires_us < ? and coalesce(revoked_us, 0) < ?";
        while self.forget_some(expired, &[expired_before, ended_before]).await? == FORGOTTEN_AT_ONCE
        {
        }
        while self.forget_some("revoked_us < ?", &[ended_before]).await? == FORGOTTEN_AT_ONCE {}
        Ok(())
    }

    async fn forget_some(&self, of_old: &'static str, before: &[Timestamp]) -> Result<usize> {
        let sql = format!("select id from sessions where {of_old} limit {FORGOTTEN_AT_ONCE}");
        let old: Vec<Uuid> = on_pool!(&self.pools, c => {
            let mut query = sqlx::query_scalar(AssertSqlSafe(sql));
            for before in before {
                query = query.bind(before.0);
            }
            query.fetch_all(c).await
        })
        .map_err(db_error)?;
        if !old.is_empty() {
            retry_deadlocks!(self.try_delete_sessions(&old).await).map_err(db_error)?;
        }
        Ok(old.len())
    }

    /// By id and not by age: MySQL would lock all that it looks at on the way.
    async fn try_delete_sessions(&self, sessions: &[Uuid]) -> Result<(), sqlx::Error> {
        let ids = pad_to_power_of_two(sessions.to_vec());
        let sql = format!("delete from sessions where id in {}", placeholders(1, ids.len()));
        let mut tx = self.pools.begin().await?;
        on_tx!(&mut tx, c => {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for id in &ids {
                query = query.bind(*id);
            }
            query.execute(c).await.map(drop)
        })?;
        tx.commit().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::User, store::users::NewAccount};

    const GRACE: Duration = Duration::from_secs(10);
    const IDLE: Duration = Duration::from_mins(30);
    const START: Timestamp = Timestamp(1_700_000_000_000_000);

    /// A new database with one account, whose hash is "old", and its session.
    async fn with_ada() -> (tempfile::TempDir, Store, NewSession) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite:{}", folder.path().join("chat.db").display());
        let store = Store::connect(&url, 2).expect("a database");
        store.migrate().await.expect("a schema");
        let user = User {
            id: UserId::new(),
            username: "ada".into(),
            display_name: "Ada".into(),
            bio: String::new(),
            status_text: String::new(),
            created_at: START,
            photo: None,
            version: 1,
        };
        let session = session_of(user.id, START);
        let account = NewAccount {
            user,
            email: None,
            password_hash: "old".into(),
            session: session.clone(),
            invite: None,
            must_be_first: false,
            key: None,
        };
        store.create_account(&account).await.expect("an account");
        (folder, store, session)
    }

    fn session_of(user: UserId, now: Timestamp) -> NewSession {
        let (device, address) = ("phone".into(), "::1".into());
        NewSession { id: SessionId::new(), user, now, idle: IDLE, device, address }
    }

    async fn revoked(store: &Store) -> Vec<SessionId> {
        let found = store.revoked_since(Timestamp::default()).await.expect("ended sessions");
        found.into_iter().map(|(session, _)| session).collect()
    }

    #[tokio::test]
    async fn a_spent_token_is_good_within_the_grace_and_a_copy_after_it() {
        let (_folder, store, session) = with_ada().await;
        let rotate = async |generation, now| {
            store.rotate(session.id, generation, (now, now), GRACE).await.expect("an answer")
        };
        let used = START.plus(Duration::from_mins(1));
        let good = Rotation::Good { generation: 2, until: used.plus(IDLE) };
        assert_eq!(rotate(1, used).await, good);
        assert_eq!(rotate(1, used.plus(GRACE)).await, good, "the same successor again");
        let late = used.plus(GRACE).plus(Duration::from_micros(1));
        assert_eq!(rotate(1, late).await, Rotation::Copied);
        assert_eq!(revoked(&store).await, [session.id]);
        assert_eq!(rotate(2, late).await, Rotation::Ended, "the good one ends with it");
    }

    #[tokio::test]
    async fn the_grace_is_as_long_whatever_the_clock_does() {
        let (_folder, store, session) = with_ada().await;
        let rotate = async |now, steady| {
            store.rotate(session.id, 1, (now, steady), GRACE).await.expect("an answer")
        };
        let day = Duration::from_hours(24);
        assert!(matches!(rotate(START, START).await, Rotation::Good { generation: 2, .. }));
        // Ahead, but not beyond the session's end, and back.
        let soon = START.plus(GRACE);
        let ahead = START.plus(IDLE);
        assert!(matches!(rotate(ahead, soon).await, Rotation::Good { generation: 2, .. }));
        let late = soon.plus(Duration::from_micros(1));
        assert_eq!(rotate(START.minus(day), late).await, Rotation::Copied);
    }

    #[tokio::test]
    async fn a_token_two_generations_old_is_a_copy_even_within_the_grace() {
        let (_folder, store, session) = with_ada().await;
        let rotate = async |generation| {
            store.rotate(session.id, generation, (START, START), GRACE).await.expect("an answer")
        };
        assert!(matches!(rotate(1).await, Rotation::Good { generation: 2, .. }));
        assert!(matches!(rotate(2).await, Rotation::Good { generation: 3, .. }));
        assert_eq!(rotate(1).await, Rotation::Copied);
    }

    #[tokio::test]
    async fn use_keeps_a_session_and_idleness_ends_it() {
        let (_folder, store, session) = with_ada().await;
        let rotate = async |generation, now| {
            store.rotate(session.id, generation, (now, now), GRACE).await.expect("an answer")
        };
        let used = START.plus(IDLE);
        assert!(matches!(rotate(1, used).await, Rotation::Good { .. }));
        assert!(matches!(rotate(2, used.plus(IDLE)).await, Rotation::Good { .. }));
        let idle = used.plus(IDLE).plus(IDLE).plus(Duration::from_micros(1));
        assert_eq!(rotate(3, idle).await, Rotation::Expired);
        let unknown =
            store.rotate(SessionId::new(), 1, (START, START), GRACE).await.expect("an answer");
        assert_eq!(unknown, Rotation::Ended);
    }

    #[tokio::test]
    async fn no_session_opens_with_a_password_that_has_been_changed() {
        let (_folder, store, kept) = with_ada().await;
        let user = kept.user;
        let (before, during) = (session_of(user, START), session_of(user, START));
        assert!(store.create_session(&before, "old").await.expect("stored"));
        let change = async |from| {
            store.change_password((user, kept.id), (from, "new"), (START, START), None).await
        };
        let ended = RevokedSession { id: before.id, had_expired: false };
        assert_eq!(change("old").await.expect("changed"), Some(vec![ended]));
        // Verified before the change, stored after it.
        assert!(!store.create_session(&during, "old").await.expect("an answer"));
        let gone = store.rotate(during.id, 1, (START, START), GRACE).await.expect("an answer");
        assert_eq!(gone, Rotation::Ended, "nothing was stored");
        assert!(store.create_session(&during, "new").await.expect("stored"));
        assert_eq!(change("old").await.expect("an answer"), None);
        assert_eq!(revoked(&store).await, [before.id]);
    }

    #[tokio::test]
    async fn all_old_sessions_are_forgotten_and_no_others() {
        let (_folder, store, living) = with_ada().await;
        let long_ago = START.minus(Duration::from_hours(90 * 24));
        for _ in 0..=FORGOTTEN_AT_ONCE {
            let old = session_of(living.user, long_ago);
            assert!(store.create_session(&old, "old").await.expect("stored"));
        }
        let ended = session_of(living.user, START);
        assert!(store.create_session(&ended, "old").await.expect("stored"));
        store.revoke(ended.id, START.minus(Duration::from_micros(1))).await.expect("ended");
        store.forget_sessions(START, START).await.expect("forgotten");
        let left: Vec<Uuid> = on_pool!(&store.pools, c => {
            sqlx::query_scalar("select id from sessions").fetch_all(c).await
        })
        .expect("the rest");
        assert_eq!(left, [living.id.0]);
    }
}

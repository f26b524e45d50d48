//! Invitations into rooms.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    Store,
    dialect::{
        Tx, db_error, on_pool, on_tx, pad_to_power_of_two, placeholders, retry_deadlocks,
        retry_deadlocks_with_key,
    },
    idempotency,
    rooms::{role_code, state_code},
};
use crate::{
    error::{Error, Result},
    model::{
        Invite, MemberState, RoomId, RoomLog, RoomOp, Timestamp, UserId,
        idempotency::{KeptAnswer, KeyUse},
        limits,
        rooms::Right,
    },
};

/// Of `invites i`. Uses are counted, not kept. An invite is as good as revoked while
/// its creator is suspended.
const INVITES: &str = "select i.id, i.code, i.room_id, i.creator_id, i.created_us, i.expires_us,
        i.max_uses,
        coalesce(i.revoked_us, (select u.suspended_us from users u where u.id = i.creator_id))
            as revoked_us,
        (select count(*) from invite_uses v where v.code = i.code) as uses
     from invites i";

#[derive(sqlx::FromRow)]
struct InviteRow {
    id: Option<Uuid>,
    code: String,
    room_id: Uuid,
    creator_id: Uuid,
    created_us: i64,
    expires_us: Option<i64>,
    max_uses: i64,
    revoked_us: Option<i64>,
    uses: i64,
}

impl From<InviteRow> for Invite {
    fn from(row: InviteRow) -> Self {
        Self {
            id: row.id,
            code: row.code,
            room: RoomId(row.room_id),
            creator: UserId(row.creator_id),
            created_at: Timestamp(row.created_us),
            expires_at: row.expires_us.map(Timestamp),
            max_uses: row.max_uses,
            uses: row.uses,
            revoked: row.revoked_us.is_some(),
        }
    }
}

/// Reads the invites that a batch's operations are about.
pub(super) async fn read(
    tx: &mut Tx<'_>,
    ops: &[&RoomOp],
    logs: &mut BTreeMap<RoomId, RoomLog>,
) -> Result<(), sqlx::Error> {
    let asked: BTreeSet<(&str, UserId)> = ops
        .iter()
        .filter_map(|op| match op {
            RoomOp::Redeem { code, user, .. } => Some((code.as_str(), user.id)),
            _ => None,
        })
        .collect();
    if asked.is_empty() {
        return Ok(());
    }
    let codes = pad_to_power_of_two(asked.iter().map(|(code, _)| *code).collect::<Vec<_>>());
    let sql = format!("{INVITES} where i.code in {}", placeholders(1, codes.len()));
    let rows: Vec<InviteRow> = on_tx!(&mut *tx, c => {
        let mut query = sqlx::query_as(AssertSqlSafe(sql));
        for code in &codes {
            query = query.bind(*code);
        }
        query.fetch_all(c).await
    })?;
    let asked = pad_to_power_of_two(asked.into_iter().collect::<Vec<_>>());
    let sql = format!(
        "select code, user_id from invite_uses where {}",
        vec!["(code = ? and user_id = ?)"; asked.len()].join(" or "),
    );
    let used: Vec<(String, Uuid)> = on_tx!(&mut *tx, c => {
        let mut query = sqlx::query_as(AssertSqlSafe(sql));
        for (code, user) in &asked {
            query = query.bind(*code).bind(user.0);
        }
        query.fetch_all(c).await
    })?;
    for invite in rows.into_iter().map(Invite::from) {
        let Some(log) = logs.get_mut(&invite.room) else { continue };
        let by_this = used.iter().filter(|(code, _)| *code == invite.code);
        log.invited.extend(by_this.map(|(code, user)| (code.clone(), UserId(*user))));
        log.invites.insert(invite.code.clone(), invite);
    }
    Ok(())
}

/// Writes who has come in by which invite.
pub(super) async fn write(tx: &mut Tx<'_>, logs: &[RoomLog]) -> Result<(), sqlx::Error> {
    for (code, user) in logs.iter().flat_map(|log| &log.message_changes.invited) {
        insert_use(tx, code, *user, Timestamp::now()).await?;
    }
    Ok(())
}

/// Counts the use of an invite by whoever is making an account, if it is good.
pub(super) async fn count_use(
    tx: &mut Tx<'_>,
    room: RoomId,
    code: &str,
    (user, now): (UserId, Timestamp),
) -> Result<Result<()>, sqlx::Error> {
    // Whoever else comes in by it waits here, also in the room's lane.
    lock_room(tx, room).await?;
    let sql = format!("{INVITES} where i.code = ?");
    let row: Option<InviteRow> = on_tx!(&mut *tx, c => {
        sqlx::query_as(AssertSqlSafe(sql)).bind(code).fetch_optional(c).await
    })?;
    let Some(invite) = row.map(Invite::from) else { return Ok(Err(Error::InviteNotFound)) };
    if let Err(refusal) = invite.check_uses(now, false) {
        return Ok(Err(refusal));
    }
    insert_use(tx, code, user, now).await.map(Ok)
}

async fn insert_use(
    tx: &mut Tx<'_>,
    code: &str,
    user: UserId,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    on_tx!(tx, c => {
        sqlx::query("insert into invite_uses (code, user_id, used_us) values (?, ?, ?)")
            .bind(code).bind(user.0).bind(now.0)
            .execute(c).await.map(drop)
    })
}

async fn lock_room(tx: &mut Tx<'_>, room: RoomId) -> Result<(), sqlx::Error> {
    let sql = format!("select id from rooms where id = ?{}", tx.dialect().for_update());
    on_tx!(tx, c => {
        sqlx::query_scalar::<_, Uuid>(AssertSqlSafe(sql))
            .bind(room.0).fetch_optional(c).await.map(drop)
    })
}

/// The invites of a room that are good at a time, the newest first. See
/// [`Invite::check`].
fn good_invites() -> String {
    format!(
        "select id, code, room_id, creator_id, created_us, expires_us, max_uses, revoked_us, uses
         from ({INVITES}
               join members m on m.room_id = i.room_id and m.user_id = i.creator_id
                   and m.state = {} and m.role >= {}
               where i.room_id = ? and i.revoked_us is null
               and (i.expires_us is null or i.expires_us > ?)) listed
         where revoked_us is null and (max_uses = 0 or uses < max_uses)
         order by created_us desc, code limit {}",
        state_code(MemberState::Joined),
        Right::AddMembers.least_role().map_or(i16::MAX, role_code),
        limits::INVITES,
    )
}

impl Store {
    /// Adds an invite, unless its room has enough. If a request with the same key has
    /// made one, the answer that it had.
    pub async fn create_invite(
        &self,
        invite: &Invite,
        key: Option<&KeyUse>,
    ) -> Result<Option<KeptAnswer>> {
        retry_deadlocks_with_key!(self.try_create_invite(invite, key).await).map_err(db_error)?
    }

    async fn try_create_invite(
        &self,
        invite: &Invite,
        key: Option<&KeyUse>,
    ) -> Result<Result<Option<KeptAnswer>>, sqlx::Error> {
        let mut tx = self.pools.begin().await?;
        // Of two that are made at once, one waits here and then counts the other.
        lock_room(&mut tx, invite.room).await?;
        match idempotency::find(&mut tx, key).await? {
            Ok(None) => {}
            found => return Ok(found),
        }
        let good: Vec<InviteRow> = on_tx!(&mut tx, c => {
            sqlx::query_as(AssertSqlSafe(good_invites()))
                .bind(invite.room.0).bind(invite.created_at.0).fetch_all(c).await
        })?;
        if good.len() >= limits::INVITES {
            return Ok(Err(Error::TooManyInvites));
        }
        on_tx!(&mut tx, c => {
            sqlx::query(
                "insert into invites (id, code, room_id, creator_id, created_us, expires_us,
                                      max_uses)
                 values (?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(invite.id)
            .bind(&invite.code)
            .bind(invite.room.0)
            .bind(invite.creator.0)
            .bind(invite.created_at.0)
            .bind(invite.expires_at.map(|at| at.0))
            .bind(invite.max_uses)
            .execute(c).await.map(drop)
        })?;
        let answer = KeptAnswer { id: invite.id, ..KeptAnswer::default() };
        idempotency::keep(&mut tx, key, answer).await?;
        tx.commit().await?;
        Ok(Ok(None))
    }

    /// One invite, good or not.
    pub async fn invite(&self, code: &str) -> Result<Option<Invite>> {
        let sql = format!("{INVITES} where i.code = ?");
        let row: Option<InviteRow> = on_pool!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql)).bind(code).fetch_optional(c).await
        })
        .map_err(db_error)?;
        Ok(row.map(Invite::from))
    }

    /// The invite of an id, good or not.
    pub async fn invite_by_id(&self, id: Uuid) -> Result<Option<Invite>> {
        let sql = format!("{INVITES} where i.id = ?");
        let row: Option<InviteRow> = on_pool!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql)).bind(id).fetch_optional(c).await
        })
        .map_err(db_error)?;
        Ok(row.map(Invite::from))
    }

    /// The invites of a room that are good, the newest first.
    pub async fn invites(&self, room: RoomId, now: Timestamp) -> Result<Vec<Invite>> {
        let rows: Vec<InviteRow> = on_pool!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(good_invites())).bind(room.0).bind(now.0).fetch_all(c).await
        })
        .map_err(db_error)?;
        Ok(rows.into_iter().map(Invite::from).collect())
    }

    pub async fn revoke_invite(&self, code: &str, now: Timestamp) -> Result<()> {
        retry_deadlocks!(self.try_revoke_invite(code, now).await).map_err(db_error)
    }

    async fn try_revoke_invite(&self, code: &str, now: Timestamp) -> Result<(), sqlx::Error> {
        let mut tx = self.pools.begin().await?;
        on_tx!(&mut tx, c => {
            sqlx::query("update invites set revoked_us = ? where code = ? and revoked_us is null")
                .bind(now.0).bind(code).execute(c).await.map(drop)
        })?;
        tx.commit().await
    }
}

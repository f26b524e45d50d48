//! Who is connected, and to which node.

use std::collections::HashMap;

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    Store,
    dialect::{
        Dialect, Tx, batches, db_error, on_pool, on_tx, pad_to_power_of_two, placeholders,
        retry_deadlocks,
    },
};
use crate::{
    error::Result,
    model::{
        ConnectionId, Presence, PresenceChoice, PresenceState, RoomId, Timestamp, UserId,
        presence::state,
    },
};

/// Rows in one statement.
const MAX_ROWS_PER_STATEMENT: usize = 256;

fn choice_code(choice: PresenceChoice) -> i16 {
    match choice {
        PresenceChoice::Automatic => 0,
        PresenceChoice::DoNotDisturb => 1,
        PresenceChoice::Invisible => 2,
    }
}

pub(super) fn choice_of(code: i16) -> PresenceChoice {
    match code {
        1 => PresenceChoice::DoNotDisturb,
        2 => PresenceChoice::Invisible,
        _ => PresenceChoice::Automatic,
    }
}

/// A stream to be stored: its id, its user, whether it is idle.
pub type Connection = (ConnectionId, UserId, bool);

/// What of the connections has ended.
pub struct ConnectionsEnded<'a> {
    pub connections: &'a [ConnectionId],
    /// Users whose last stream is gone.
    pub gone: &'a [UserId],
    /// Users who have turned invisible and are offline for others from now on.
    pub faded: &'a [UserId],
}

/// Renews the lease of a node.
pub(super) async fn write_lease(
    tx: &mut Tx<'_>,
    node: Uuid,
    until: Timestamp,
) -> Result<(), sqlx::Error> {
    let sql = match tx.dialect() {
        Dialect::MySql => {
            "insert into nodes (id, lease_us) values (?, ?)
             on duplicate key update lease_us = values(lease_us)"
        }
        Dialect::Sqlite => {
            "insert into nodes (id, lease_us) values (?, ?)
             on conflict (id) do update set lease_us = excluded.lease_us"
        }
    };
    on_tx!(tx, c => sqlx::query(sql).bind(node).bind(until.0).execute(c).await.map(drop))
}

impl Store {
    /// Renews the lease of a node.
    pub async fn renew_lease(&self, node: Uuid, until: Timestamp) -> Result<()> {
        let mut tx = self.pools.begin().await.map_err(db_error)?;
        write_lease(&mut tx, node, until).await.map_err(db_error)?;
        tx.commit().await.map_err(db_error)
    }

    /// Removes the connections of nodes whose lease ended before `now`, and of
    /// a node that stops. A SQLite server is the only node, so whatever else is
    /// there was left by a crash.
    pub async fn forget_nodes(&self, stopping: Option<Uuid>, now: Timestamp) -> Result<()> {
        let mut tx = self.pools.begin().await.map_err(db_error)?;
        let dead: Vec<Uuid> = on_tx!(&mut tx, c => {
            sqlx::query_scalar("select id from nodes where lease_us < ? or id = ?")
                .bind(now.0).bind(stopping.unwrap_or(Uuid::nil()))
                .fetch_all(c).await
        })
        .map_err(db_error)?;
        for node in dead {
            // A crashed node's users were seen no later than its lease.
            on_tx!(&mut tx, c => {
                sqlx::query(
                    "update users set last_seen_us = coalesce(
                         (select lease_us from nodes where nodes.id = ? and lease_us < ?), ?)
                     where presence_choice <> 2
                       and id in (select user_id from connections where node_id = ?)",
                )
                .bind(node).bind(now.0).bind(now.0).bind(node)
                .execute(c).await.map(drop)
            })
            .map_err(db_error)?;
            for sql in
                ["delete from connections where node_id = ?", "delete from nodes where id = ?"]
            {
                on_tx!(&mut tx, c => sqlx::query(sql).bind(node).execute(c).await.map(drop))
                    .map_err(db_error)?;
            }
        }
        tx.commit().await.map_err(db_error)
    }

    /// Ends the lease of presence of every other node, so that what a crash left
    /// behind counts no more. Only for a server that has the database to itself.
    pub async fn end_other_leases(&self, node: Uuid, now: Timestamp) -> Result<()> {
        let mut tx = self.pools.begin().await.map_err(db_error)?;
        on_tx!(&mut tx, c => {
            sqlx::query("update nodes set lease_us = ? where lease_us > ? and id <> ?")
                .bind(now.0 - 1).bind(now.0 - 1).bind(node)
                .execute(c).await.map(drop)
        })
        .map_err(db_error)?;
        tx.commit().await.map_err(db_error)
    }

    /// Stores connections that opened or changed, removes those that ended, and
    /// notes when the users who are offline now were seen last.
    pub async fn save_connections(
        &self,
        node: Uuid,
        opened: &[Connection],
        ended: ConnectionsEnded<'_>,
        now: Timestamp,
    ) -> Result<()> {
        let upsert = match self.pools.dialect() {
            Dialect::MySql => "on duplicate key update away = values(away)",
            Dialect::Sqlite => "on conflict (id) do update set away = excluded.away",
        };
        let mut tx = self.pools.begin().await.map_err(db_error)?;
        for batch in batches(opened, MAX_ROWS_PER_STATEMENT) {
            let sql = format!(
                "insert into connections (id, node_id, user_id, away, connected_us)
                 values {} {upsert}",
                placeholders(batch.len(), 5),
            );
            on_tx!(&mut tx, c => {
                let mut query = sqlx::query(AssertSqlSafe(sql));
                for (id, user, away) in batch {
                    query = query.bind(id.0).bind(node).bind(user.0)
                        .bind(i16::from(*away)).bind(now.0);
                }
                query.execute(c).await.map(drop)
            })
            .map_err(db_error)?;
        }
        for batch in batches(ended.connections, MAX_ROWS_PER_STATEMENT) {
            let sql =
                format!("delete from connections where id in {}", placeholders(1, batch.len()));
            on_tx!(&mut tx, c => {
                let mut query = sqlx::query(AssertSqlSafe(sql));
                for id in batch {
                    query = query.bind(id.0);
                }
                query.execute(c).await.map(drop)
            })
            .map_err(db_error)?;
        }
        // Who was invisible when the last stream ended was not seen then.
        for (users, which) in [(ended.gone, "presence_choice <> 2"), (ended.faded, "1 = 1")] {
            for batch in batches(users, MAX_ROWS_PER_STATEMENT) {
                let sql = format!(
                    "update users set last_seen_us = ? where {which} and id in {}",
                    placeholders(1, batch.len())
                );
                on_tx!(&mut tx, c => {
                    let mut query = sqlx::query(AssertSqlSafe(sql)).bind(now.0);
                    for user in batch {
                        query = query.bind(user.0);
                    }
                    query.execute(c).await.map(drop)
                })
                .map_err(db_error)?;
            }
        }
        tx.commit().await.map_err(db_error)
    }

    /// How a user wants to be seen.
    pub async fn presence_choice(&self, user: UserId) -> Result<PresenceChoice> {
        let code: Option<i16> = on_pool!(&self.pools, c => {
            sqlx::query_scalar("select presence_choice from users where id = ?")
                .bind(user.0).fetch_optional(c).await
        })
        .map_err(db_error)?;
        Ok(choice_of(code.unwrap_or_default()))
    }

    /// Keeps how a user wants to be seen.
    pub async fn set_presence_choice(&self, user: UserId, choice: PresenceChoice) -> Result<()> {
        retry_deadlocks!(self.try_set_presence_choice(user, choice).await).map_err(db_error)
    }

    async fn try_set_presence_choice(
        &self,
        user: UserId,
        choice: PresenceChoice,
    ) -> Result<(), sqlx::Error> {
        let mut tx = self.pools.begin().await?;
        on_tx!(&mut tx, c => {
            // Who turns invisible is seen for the last time. When exactly others are
            // told so follows in `save_connections`, unless the server crashes before.
            sqlx::query(
                "update users set presence_choice = ?,
                     last_seen_us = case when ? = 2 then ? else last_seen_us end
                 where id = ?",
            )
            .bind(choice_code(choice))
            .bind(choice_code(choice))
            .bind(Timestamp::now().0)
            .bind(user.0)
            .execute(c).await.map(drop)
        })?;
        if choice == PresenceChoice::Invisible {
            keep_shown_marks(&mut tx, user).await?;
        }
        tx.commit().await
    }

    /// The presence of users, in the order asked for; unknown ones are offline.
    pub async fn presences(&self, users: &[UserId], now: Timestamp) -> Result<Vec<Presence>> {
        if users.is_empty() {
            return Ok(vec![]);
        }
        let wanted = pad_to_power_of_two(users.to_vec());
        let sql = format!(
            "select u.id, u.presence_choice, u.last_seen_us, n.away from users u
             left join (
                 select c.user_id, c.away from connections c
                 join nodes on nodes.id = c.node_id and nodes.lease_us >= ?
                 where c.user_id in {0}
             ) n on n.user_id = u.id
             where u.id in {0}",
            placeholders(1, wanted.len()),
        );
        let rows: Vec<(Uuid, i16, Option<i64>, Option<i16>)> = on_pool!(&self.pools, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql)).bind(now.0);
            for user in wanted.iter().chain(&wanted) {
                query = query.bind(user.0);
            }
            query.fetch_all(c).await
        })
        .map_err(db_error)?;

        let mut people: HashMap<UserId, (PresenceChoice, Option<i64>, Vec<bool>)> = HashMap::new();
        for (id, choice, last_seen, away) in rows {
            let person =
                people.entry(UserId(id)).or_insert_with(|| (choice_of(choice), last_seen, vec![]));
            person.2.extend(away.map(|away| away != 0));
        }
        Ok(users
            .iter()
            .map(|user| {
                let (choice, last_seen, connections) =
                    people.get(user).cloned().unwrap_or_default();
                let state = state(choice, connections.into_iter());
                let last_seen_at =
                    (state == PresenceState::Offline).then_some(last_seen.map(Timestamp)).flatten();
                Presence { user: *user, state, last_seen_at }
            })
            .collect())
    }

    /// How many members a room has, and how many of them are not offline. Those who
    /// are `fading` are invisible, and yet seen.
    pub async fn online_count(
        &self,
        room: RoomId,
        fading: &[UserId],
        now: Timestamp,
    ) -> Result<(i64, i64)> {
        let members: i64 = on_pool!(&self.pools, c => {
            sqlx::query_scalar("select coalesce(max(member_count), 0) from rooms where id = ?")
                .bind(room.0).fetch_one(c).await
        })
        .map_err(db_error)?;
        let fading = match fading {
            [] => vec![UserId(Uuid::nil())],
            fading => pad_to_power_of_two(fading.to_vec()),
        };
        let sql = format!(
            "select count(distinct c.user_id) from connections c
             join nodes n on n.id = c.node_id and n.lease_us >= ?
             join members m on m.room_id = ? and m.user_id = c.user_id and m.state = 1
             join users u on u.id = c.user_id and (u.presence_choice <> 2 or u.id in {})",
            placeholders(1, fading.len())
        );
        let online: i64 = on_pool!(&self.pools, c => {
            let mut query = sqlx::query_scalar(AssertSqlSafe(sql)).bind(now.0).bind(room.0);
            for user in &fading {
                query = query.bind(user.0);
            }
            query.fetch_one(c).await
        })
        .map_err(db_error)?;
        Ok((members, online))
    }
}

/// Keeps where a user's marks are as what others see of them. In rooms that the
/// user has left nobody sees them.
async fn keep_shown_marks(tx: &mut Tx<'_>, user: UserId) -> Result<(), sqlx::Error> {
    let rooms: Vec<Uuid> = on_tx!(&mut *tx, c => {
        sqlx::query_scalar("select room_id from members where user_id = ? and state = 1")
            .bind(user.0).fetch_all(c).await
    })?;
    for rooms in batches(&rooms, MAX_ROWS_PER_STATEMENT) {
        let sql = format!(
            "update marks set shown_read_seq = read_seq, shown_delivered_seq = delivered_seq
             where user_id = ? and room_id in {}",
            placeholders(1, rooms.len())
        );
        on_tx!(&mut *tx, c => {
            let mut query = sqlx::query(AssertSqlSafe(sql)).bind(user.0);
            for room in rooms {
                query = query.bind(*room);
            }
            query.execute(c).await.map(drop)
        })?;
    }
    Ok(())
}

//! Who may know whether somebody can be reached: who shares a small room with them.

use std::collections::{HashMap, HashSet};

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    Store,
    dialect::{db_error, on_pool, pad_to_power_of_two, placeholders},
};
use crate::{
    error::Result,
    model::{RoomId, UserId, limits::PRESENCE_MEMBERS},
};

/// Rows in one statement.
const MAX_ROWS_PER_STATEMENT: usize = 256;

impl Store {
    /// Those of some users with whom a user shares a room of up to
    /// `limits::PRESENCE_MEMBERS`, such as a direct room; the user, if among them.
    pub async fn acquaintances(&self, user: UserId, others: &[UserId]) -> Result<HashSet<UserId>> {
        let mut shared: HashMap<RoomId, Vec<UserId>> = HashMap::new();
        for others in others.chunks(MAX_ROWS_PER_STATEMENT) {
            let others = pad_to_power_of_two(others.to_vec());
            let sql = format!(
                "select m.room_id, m.user_id from members me
                 join members m on m.room_id = me.room_id and m.state = 1 and m.user_id in {}
                 where me.user_id = ? and me.state = 1",
                placeholders(1, others.len()),
            );
            let rows: Vec<(Uuid, Uuid)> = on_pool!(&self.pools, c => {
                let mut query = sqlx::query_as(AssertSqlSafe(sql));
                for other in &others {
                    query = query.bind(other.0);
                }
                query.bind(user.0).fetch_all(c).await
            })
            .map_err(db_error)?;
            for (room, other) in rows {
                shared.entry(RoomId(room)).or_default().push(UserId(other));
            }
        }
        let rooms: Vec<RoomId> = shared.keys().copied().collect();
        let small = self.small_rooms(&rooms).await?;
        let known = small.iter().filter_map(|room| shared.get(room)).flatten().copied();
        Ok(known.chain(others.iter().copied().filter(|other| *other == user)).collect())
    }

    /// Those of some rooms that have up to `limits::PRESENCE_MEMBERS` members.
    pub async fn small_rooms(&self, rooms: &[RoomId]) -> Result<HashSet<RoomId>> {
        let mut small = HashSet::new();
        for rooms in rooms.chunks(MAX_ROWS_PER_STATEMENT) {
            let rooms = pad_to_power_of_two(rooms.to_vec());
            let sql = format!(
                "select room_id from members where room_id in {} and state = 1
                 group by room_id having count(*) <= {PRESENCE_MEMBERS}",
                placeholders(1, rooms.len()),
            );
            let rows: Vec<Uuid> = on_pool!(&self.pools, c => {
                let mut query = sqlx::query_scalar(AssertSqlSafe(sql));
                for room in &rooms {
                    query = query.bind(room.0);
                }
                query.fetch_all(c).await
            })
            .map_err(db_error)?;
            small.extend(rows.into_iter().map(RoomId));
        }
        Ok(small)
    }

    /// With whom each of these users has a direct room; as in such a room alone, they are
    /// among those themselves.
    pub async fn direct_partners(&self, users: &[UserId]) -> Result<HashMap<UserId, Vec<UserId>>> {
        let mut partners: HashMap<UserId, Vec<UserId>> = HashMap::new();
        for users in users.chunks(MAX_ROWS_PER_STATEMENT) {
            let users = pad_to_power_of_two(users.to_vec());
            let sql = format!(
                "select m.user_id, p.user_id from members m
                 join rooms r on r.id = m.room_id and r.kind = 3
                 join members p on p.room_id = m.room_id and p.state = 1
                 where m.user_id in {} and m.state = 1",
                placeholders(1, users.len()),
            );
            let rows: Vec<(Uuid, Uuid)> = on_pool!(&self.pools, c => {
                let mut query = sqlx::query_as(AssertSqlSafe(sql));
                for user in &users {
                    query = query.bind(user.0);
                }
                query.fetch_all(c).await
            })
            .map_err(db_error)?;
            for (user, partner) in rows {
                partners.entry(UserId(user)).or_default().push(UserId(partner));
            }
        }
        Ok(partners)
    }

    /// Which of these rooms each of these users is in.
    pub async fn shared_rooms(
        &self,
        users: &[UserId],
        rooms: &[RoomId],
    ) -> Result<HashMap<UserId, Vec<RoomId>>> {
        let mut shared: HashMap<UserId, Vec<RoomId>> = HashMap::new();
        for users in users.chunks(MAX_ROWS_PER_STATEMENT) {
            for rooms in rooms.chunks(MAX_ROWS_PER_STATEMENT) {
                let (users, rooms) =
                    (pad_to_power_of_two(users.to_vec()), pad_to_power_of_two(rooms.to_vec()));
                let sql = format!(
                    "select user_id, room_id from members
                     where user_id in {} and state = 1 and room_id in {}",
                    placeholders(1, users.len()),
                    placeholders(1, rooms.len()),
                );
                let rows: Vec<(Uuid, Uuid)> = on_pool!(&self.pools, c => {
                    let mut query = sqlx::query_as(AssertSqlSafe(sql));
                    for user in &users {
                        query = query.bind(user.0);
                    }
                    for room in &rooms {
                        query = query.bind(room.0);
                    }
                    query.fetch_all(c).await
                })
                .map_err(db_error)?;
                for (user, room) in rows {
                    shared.entry(UserId(user)).or_default().push(RoomId(room));
                }
            }
        }
        Ok(shared)
    }
}

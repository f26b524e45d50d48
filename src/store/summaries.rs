//! What a member's list of rooms shows of each.

use std::collections::HashMap;

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    Store,
    blocks::no_block_between,
    dialect::{Tx, db_error, on_tx, pad_to_power_of_two, placeholders},
    marks::level_of,
    mentions::ALL,
    messages::limit_plus_one,
    rooms::{ROOM_COLUMNS, RoomRow, role_of},
};
use crate::{
    error::Result,
    model::{Room, RoomId, RoomPreferences, RoomSummary, Seq, Timestamp, UserId, limits},
};

/// A member's summary of a room: the room, their role and marks. The newest message is
/// found by [`last_sql`], what is unread is counted by [`unread_sql`] and
/// [`unread_threads_sql`].
#[must_use]
pub fn summary_sql(wanted: &str) -> String {
    format!(
        "select {ROOM_COLUMNS}, m.role, m.floor_seq, m.muted_until_us as silenced_until_us,
                coalesce(k.read_seq, 0) as read_seq,
                coalesce(k.unread_from_seq, 0) as unread_from_seq,
                coalesce(s.level, 1) as level, s.muted_until_us, coalesce(s.starred, 0) as starred
         from members m
         join rooms r on r.id = m.room_id
         left join marks k on k.room_id = m.room_id and k.user_id = m.user_id
         left join room_settings s on s.user_id = m.user_id and s.room_id = m.room_id
         where m.user_id = ? and m.state = 1 and {wanted}",
    )
}

/// Finds the newest message of some rooms that is not a system message, each after a
/// position. Selects of their own, as in [`unread_sql`]: answers in threads stand
/// between.
#[must_use]
pub fn last_sql(rooms: usize) -> String {
    let of_one = "select ? as place,
            (select x.seq from messages x /*! force index (primary) */
             where x.room_id = ? and x.seq > ? and x.thread_seq is null and x.kind = 1
             order by x.seq desc limit 1) as last_seq";
    vec![of_one; rooms].join(" union all ")
}

/// Counts what is unread in some rooms: messages up to the thousandth, and
/// mentions. Who has a block with the reader does not mention them.
///
/// Each room has a select of its own, with its positions as values: MySQL takes a
/// range of an index only if it knows where it begins. Named by columns of an
/// outer query, it would walk through all that was ever said.
#[must_use]
pub fn unread_sql(rooms: usize) -> String {
    let of_one = format!(
        "select ? as place,
            (select count(*) from (
                 select x.seq from messages x /*! force index (primary) */
                 where x.room_id = ? and x.thread_seq is null and x.seq > ? and x.kind = 1
                   and x.sender_id <> ?
                 order by x.seq limit {}) unread) as messages,
            (select count(distinct x.seq) from mentions n
             join messages x on x.room_id = n.room_id and x.seq = n.seq
             where n.room_id = ? and n.user_id in (?, ?) and n.seq > ?
               and x.thread_seq is null and x.kind = 1 and x.sender_id <> ? and {}) as mentions",
        limits::UNREAD_COUNT + 1,
        no_block_between("x.sender_id", "?"),
    );
    vec![of_one; rooms].join(" union all ")
}

/// Counts, in some rooms, the threads that a user follows and whose newest answer
/// of another, from after they joined and with no block between them, they have not
/// read.
#[must_use]
pub fn unread_threads_sql(rooms: usize) -> String {
    format!(
        "select t.room_id, count(*) from thread_marks t
         join members m on m.room_id = t.room_id and m.user_id = t.user_id
         join rooms r on r.id = t.room_id
         where t.user_id = ? and t.room_id in {} and t.follows = 1
           and t.thread_seq > r.head_seq - {} and t.thread_seq > m.floor_seq
           and (select /*! straight_join */
                    case when x.posted_us >= m.joined_us then x.seq else 0 end
                from thread_replies c
                cross join messages x on x.room_id = c.room_id and x.seq = c.seq
                where c.room_id = t.room_id and c.root_seq = t.thread_seq and c.kind = 1
                  and x.sender_id <> t.user_id and {}
                order by c.seq desc limit 1) > t.read_seq
         group by t.room_id",
        placeholders(1, rooms),
        limits::SUMMARY_POSITIONS,
        no_block_between("x.sender_id", "t.user_id"),
    )
}

/// Rooms in one statement that counts.
const COUNTED: usize = 64;

/// Unread messages, mentions and threads.
type Counts = (i64, i64, i64);

#[derive(sqlx::FromRow)]
struct SummaryRow {
    #[sqlx(flatten)]
    room: RoomRow,
    role: i16,
    floor_seq: i64,
    silenced_until_us: Option<i64>,
    read_seq: i64,
    #[sqlx(skip)]
    last_seq: Option<i64>,
    unread_from_seq: i64,
    level: i16,
    muted_until_us: Option<i64>,
    starred: i16,
}

/// The newest message of each room, if it is not too far back, and its reader may see
/// it.
async fn find_last(tx: &mut Tx<'_>, rows: &mut [SummaryRow]) -> Result<(), sqlx::Error> {
    let places: Vec<usize> = (0..rows.len()).collect();
    for places in places.chunks(COUNTED) {
        let places = pad_to_power_of_two(places.to_vec());
        let sql = last_sql(places.len());
        let found: Vec<(i64, Option<i64>)> = on_tx!(&mut *tx, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql));
            for place in places {
                let row = &rows[place];
                let after = row.floor_seq.max(row.room.head_seq - limits::SUMMARY_POSITIONS);
                query = query
                    .bind(i64::try_from(place).unwrap_or_default())
                    .bind(row.room.id).bind(after);
            }
            query.fetch_all(c).await
        })?;
        for (place, last) in found {
            if let Some(row) = usize::try_from(place).ok().and_then(|place| rows.get_mut(place)) {
                row.last_seq = last;
            }
        }
    }
    Ok(())
}

/// Unread messages and mentions in each of some rooms.
async fn unread(
    tx: &mut Tx<'_>,
    user: UserId,
    rows: &[SummaryRow],
) -> Result<Vec<(i64, i64)>, sqlx::Error> {
    let mut counts = vec![(0, 0); rows.len()];
    // Mostly few: nothing is unread in a room that was read up to its head.
    let news = |place: &usize| rows[*place].read_seq < rows[*place].room.head_seq;
    let places: Vec<usize> = (0..rows.len()).filter(news).collect();
    for places in places.chunks(COUNTED) {
        let places = pad_to_power_of_two(places.to_vec());
        let sql = unread_sql(places.len());
        let counted: Vec<(i64, i64, i64)> = on_tx!(&mut *tx, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql));
            for place in places {
                let row = &rows[place];
                let (room, user) = (row.room.id, user.0);
                let after = row.read_seq.max(row.room.head_seq - limits::SUMMARY_POSITIONS);
                query = query
                    .bind(i64::try_from(place).unwrap_or_default())
                    .bind(room).bind(after).bind(user)
                    .bind(room).bind(user).bind(ALL).bind(after).bind(user)
                    .bind(user).bind(user);
            }
            query.fetch_all(c).await
        })?;
        for (place, messages, mentions) in counted {
            if let Some(of) = usize::try_from(place).ok().and_then(|place| counts.get_mut(place)) {
                *of = (messages, mentions);
            }
        }
    }
    Ok(counts)
}

async fn unread_threads(
    tx: &mut Tx<'_>,
    user: UserId,
    rows: &[SummaryRow],
) -> Result<HashMap<Uuid, i64>, sqlx::Error> {
    if rows.is_empty() {
        return Ok(HashMap::new());
    }
    let rooms = pad_to_power_of_two(rows.iter().map(|row| row.room.id).collect());
    let sql = unread_threads_sql(rooms.len());
    let counted: Vec<(Uuid, i64)> = on_tx!(tx, c => {
        let mut query = sqlx::query_as(AssertSqlSafe(sql)).bind(user.0);
        for room in rooms {
            query = query.bind(room);
        }
        query.fetch_all(c).await
    })?;
    Ok(counted.into_iter().collect())
}

impl Store {
    /// A page of the rooms a user is in, by room id.
    pub async fn summaries(
        &self,
        user: UserId,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<RoomSummary>> {
        let sql = summary_sql("m.room_id > ? order by m.room_id limit ?");
        let mut tx = self.pools.begin_snapshot().await.map_err(db_error)?;
        let rows: Vec<SummaryRow> = on_tx!(&mut tx, c => {
            sqlx::query_as(AssertSqlSafe(sql))
                .bind(user.0)
                .bind(after.unwrap_or(Uuid::nil()))
                .bind(limit_plus_one(limit))
                .fetch_all(c).await
        })
        .map_err(db_error)?;
        self.summarized(tx, user, rows).await
    }

    /// The summaries of some of the rooms a user is in; at most 256.
    pub async fn summaries_of(&self, user: UserId, rooms: &[RoomId]) -> Result<Vec<RoomSummary>> {
        if rooms.is_empty() {
            return Ok(vec![]);
        }
        let rooms = pad_to_power_of_two(rooms.to_vec());
        let sql = summary_sql(&format!("m.room_id in {}", placeholders(1, rooms.len())));
        let mut tx = self.pools.begin_snapshot().await.map_err(db_error)?;
        let rows: Vec<SummaryRow> = on_tx!(&mut tx, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql)).bind(user.0);
            for room in &rooms {
                query = query.bind(room.0);
            }
            query.fetch_all(c).await
        })
        .map_err(db_error)?;
        self.summarized(tx, user, rows).await
    }

    /// Completes summaries, by what could be read in the same moment.
    async fn summarized(
        &self,
        mut tx: Tx<'static>,
        user: UserId,
        mut rows: Vec<SummaryRow>,
    ) -> Result<Vec<RoomSummary>> {
        find_last(&mut tx, &mut rows).await.map_err(db_error)?;
        let unread = unread(&mut tx, user, &rows).await.map_err(db_error)?;
        let threads = unread_threads(&mut tx, user, &rows).await.map_err(db_error)?;
        tx.commit().await.map_err(db_error)?;
        let counted = rows.into_iter().zip(unread).map(|(row, (messages, mentions))| {
            let threads = threads.get(&row.room.id).copied().unwrap_or_default();
            (row, (messages, mentions, threads))
        });
        self.with_last_messages(user, counted.collect()).await
    }

    async fn with_last_messages(
        &self,
        user: UserId,
        rows: Vec<(SummaryRow, Counts)>,
    ) -> Result<Vec<RoomSummary>> {
        let last = |(row, _): &(SummaryRow, Counts)| row.last_seq.map(|seq| (row.room.id, seq));
        let names: Vec<(Uuid, i64)> = rows.iter().filter_map(last).collect();
        let mut last = self.messages_named(user, &names).await?;
        Ok(rows
            .into_iter()
            .map(|(row, (unread, mentions, threads))| {
                let room = Room::from(row.room);
                RoomSummary {
                    role: role_of(row.role),
                    floor: Seq(row.floor_seq),
                    muted_until: row.silenced_until_us.map(Timestamp),
                    read_seq: Seq(row.read_seq),
                    unread: unread.min(limits::UNREAD_COUNT),
                    unread_more: unread > limits::UNREAD_COUNT
                        || row.read_seq < room.head_seq.0 - limits::SUMMARY_POSITIONS,
                    unread_mentions: mentions.min(limits::UNREAD_COUNT),
                    unread_threads: threads,
                    unread_from: (row.unread_from_seq > 0).then_some(Seq(row.unread_from_seq)),
                    settings: RoomPreferences {
                        level: level_of(row.level),
                        muted_until: row.muted_until_us.map(Timestamp),
                        starred: row.starred != 0,
                    },
                    last_message: row.last_seq.and_then(|seq| last.remove(&(room.id, Seq(seq)))),
                    room,
                }
            })
            .collect())
    }
}

//! The threads that a user follows, as a list.

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    Store,
    blocks::no_block_between,
    dialect::{db_error, on_pool},
};
use crate::{
    error::Result,
    model::{
        RoomId, Seq, UserId, limits,
        messages::{FollowedThread, FollowedThreads, ThreadsOf, fitting},
    },
};

/// Room, thread, up to where it is read, whether it is listed, whether it is unread.
type Row = (Uuid, i64, i64, i64, i64);

/// A stretch of a user's marks of threads from a position on, and what is unread of
/// those that the user follows and may see. What is unread is the same as in
/// `unread_threads_sql`.
#[must_use]
pub fn followed_threads_sql(of_one_room: bool) -> String {
    let room = if of_one_room { "and t.room_id = ?" } else { "" };
    format!(
        "select s.room_id, s.thread_seq, s.read_seq, s.is_listed,
             case when s.is_listed = 1 and (
                 select /*! straight_join */
                     case when x.posted_us >= s.joined_us then x.seq else 0 end
                 from thread_replies c
                 cross join messages x on x.room_id = c.room_id and x.seq = c.seq
                 where c.room_id = s.room_id and c.root_seq = s.thread_seq and c.kind = 1
                   and x.sender_id <> s.user_id and {}
                 order by c.seq desc limit 1) > s.read_seq then 1 else 0 end
         from (
             select t.user_id, t.room_id, t.thread_seq, t.read_seq, m.joined_us,
                    case when t.follows = 1 and m.state = 1 and t.thread_seq > m.floor_seq
                         then 1 else 0 end as is_listed
             from thread_marks t
             left join members m on m.room_id = t.room_id and m.user_id = t.user_id
             where t.user_id = ? {room}
               and (t.room_id < ? or (t.room_id = ? and t.thread_seq < ?))
             order by t.room_id desc, t.thread_seq desc limit ?) s
         order by s.room_id desc, s.thread_seq desc",
        no_block_between("x.sender_id", "s.user_id"),
    )
}

impl Store {
    /// A page of the threads that a user follows, by room and position, backwards.
    pub async fn followed_threads(&self, user: UserId, of: &ThreadsOf) -> Result<FollowedThreads> {
        let (room, seq) = of.after.unwrap_or((RoomId(Uuid::max()), Seq(i64::MAX)));
        let sql = followed_threads_sql(of.room.is_some());
        let most = i64::try_from(limits::LISTED_THREADS).unwrap_or(i64::MAX);
        let rows: Vec<Row> = on_pool!(&self.pools, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql)).bind(user.0);
            if let Some(room) = of.room {
                query = query.bind(room.0);
            }
            query.bind(room.0).bind(room.0).bind(seq.0).bind(most).fetch_all(c).await
        })
        .map_err(db_error)?;
        let position = |row: &Row| (RoomId(row.0), Seq(row.1));
        // Where the call has stopped looking, if there may be more beyond.
        let mut next = rows.last().filter(|_| rows.len() >= limits::LISTED_THREADS).map(position);
        let is_wanted =
            |(_, _, _, listed, unread): &&Row| *listed == 1 && (*unread == 1 || !of.unread_only);
        let mut wanted: Vec<&Row> = rows.iter().filter(is_wanted).take(of.limit + 1).collect();
        if wanted.len() > of.limit {
            wanted.truncate(of.limit);
            next = wanted.last().map(|row| position(row));
        }
        let names: Vec<(Uuid, i64)> = wanted.iter().map(|row| (row.0, row.1)).collect();
        let mut roots = self.messages_named(user, &names).await?;
        let mut threads: Vec<FollowedThread> = wanted
            .into_iter()
            .filter_map(|row| {
                let root = roots.remove(&position(row))?;
                Some(FollowedThread { root, read_seq: Seq(row.2), unread: row.4 == 1 })
            })
            .collect();
        let fit = fitting(threads.iter().map(|thread| &thread.root));
        if threads.len() > fit {
            threads.truncate(fit);
            next = threads.last().map(|thread| (thread.root.room, thread.root.seq));
        }
        Ok(FollowedThreads { threads, next })
    }
}

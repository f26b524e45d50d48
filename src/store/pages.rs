//! Pages of a room's timeline, and of the threads in it.

use sqlx::AssertSqlSafe;

use super::{
    Store,
    dialect::{db_error, on_pool},
    messages::{MESSAGES, MessageRow, limit_plus_one, messages_of},
};
use crate::{
    error::Result,
    model::{
        Message, Seq, Timestamp, VisibleRange,
        messages::{Anchor, MessagePage, PageQuery, fitting},
    },
};

/// When the first message after a position was posted, in a room or in a thread of it.
pub const NEXT_POSTED: &str = "select seq, posted_us from messages
     where room_id = ? and seq > ? order by seq limit 1";
pub const NEXT_POSTED_IN_THREAD: &str = "select /*! straight_join */ x.seq, x.posted_us
     from thread_replies c cross join messages x on x.room_id = c.room_id and x.seq = c.seq
     where c.room_id = ? and c.root_seq = ? and c.seq > ? order by c.seq limit 1";

/// A range of a room's timeline, or of a thread, with the comparison to one edge and
/// the direction. Parameters: the room, of a thread its message, the floor, the edge, the
/// limit.
///
/// The timeline is read past the answers in threads that stand between its messages.
#[must_use]
pub fn page_sql(is_thread: bool, compare: &str, direction: &str) -> String {
    let (select, table, thread) = if is_thread {
        (messages_of("thread_replies"), "c", "c.root_seq = ?")
    } else {
        (MESSAGES.to_owned(), "x", "x.thread_seq is null")
    };
    format!(
        "{select} where {table}.room_id = ? and {thread} and {table}.seq > ?
           and {table}.seq {compare} ? order by {table}.seq {direction} limit ?"
    )
}

/// The floor of a read, or the edge that it begins at: SQLite seeks by the first of two
/// lower bounds only, and would walk from the floor to the edge.
fn lower_bound(floor: Seq, compare: &str, edge: Seq) -> Seq {
    if compare.starts_with('>') { floor.max(edge.before()) } else { floor }
}

/// What is read, and as far as the reader may see it.
type Scope<'a> = (&'a PageQuery, VisibleRange);

impl Store {
    /// A page of a room's timeline, or of a thread in it, as far as the reader
    /// may see it; `view` was read before.
    pub async fn message_page(&self, of: &PageQuery, view: VisibleRange) -> Result<MessagePage> {
        let seen = (of, view);
        let around = match of.anchor {
            Anchor::Around(seq) => Some(seq),
            Anchor::AroundTime(at) => self.first_at(seen, at).await?,
            _ => None,
        };
        let (messages, has_older, has_newer) = match (around, of.anchor) {
            (Some(seq), _) => {
                let (mut messages, has_older) = self.older(seen, seq, of.limit / 2).await?;
                let rest = of.limit - messages.len();
                let (newer, has_newer) = self.newer(seen, seq.before(), rest).await?;
                messages.extend(newer);
                (messages, has_older, has_newer)
            }
            (_, Anchor::Before(seq)) => {
                let (messages, has_older) = self.older(seen, seq, of.limit).await?;
                let has_newer = seq <= view.head && self.has(seen, ">=", seq).await?;
                (messages, has_older, has_newer)
            }
            (_, Anchor::After(seq)) => {
                let (messages, has_newer) = self.newer(seen, seq, of.limit).await?;
                (messages, self.has(seen, "<=", seq).await?, has_newer)
            }
            _ => {
                let (messages, has_older) = self.older(seen, view.head.next(), of.limit).await?;
                (messages, has_older, false)
            }
        };
        Ok(MessagePage { messages, has_older, has_newer, head: view.head })
    }

    /// The first message posted at a moment or after it; of the timeline, perhaps an
    /// answer in a thread that stands before the first one. Times rise with the
    /// positions, so halving finds it in some twenty looks into an index that is
    /// there anyway; clocks of nodes that differ move it by as much.
    async fn first_at(&self, (of, view): Scope<'_>, at: Timestamp) -> Result<Option<Seq>> {
        let mut found = None;
        // All up to `low` were posted before; after `high` nothing has to be looked at.
        let (mut low, mut high) = (view.floor.0, view.head.0);
        while low < high {
            let middle = low + (high - low) / 2;
            let next: Option<(i64, i64)> = on_pool!(&self.pools, c => {
                let query = match of.thread_of {
                    Some(root) => {
                        sqlx::query_as(NEXT_POSTED_IN_THREAD).bind(of.room.0).bind(root.0)
                    }
                    None => sqlx::query_as(NEXT_POSTED).bind(of.room.0),
                };
                query.bind(middle).fetch_optional(c).await
            })
            .map_err(db_error)?;
            match next {
                Some((seq, posted)) if posted < at.0 => low = seq,
                Some((seq, _)) if seq <= view.head.0 => {
                    found = Some(Seq(seq));
                    high = middle;
                }
                _ => high = middle,
            }
        }
        Ok(found)
    }

    /// The newest messages before a position, and whether there are older ones.
    async fn older(
        &self,
        seen: Scope<'_>,
        before: Seq,
        limit: usize,
    ) -> Result<(Vec<Message>, bool)> {
        let (mut messages, more) = self.messages(seen, ("<", "desc"), before, limit).await?;
        messages.reverse();
        Ok((messages, more))
    }

    /// The oldest messages after a position, and whether there are newer ones.
    async fn newer(
        &self,
        seen: Scope<'_>,
        after: Seq,
        limit: usize,
    ) -> Result<(Vec<Message>, bool)> {
        self.messages(seen, (">", "asc"), after, limit).await
    }

    async fn messages(
        &self,
        (of, view): Scope<'_>,
        (compare, direction): (&str, &str),
        edge: Seq,
        limit: usize,
    ) -> Result<(Vec<Message>, bool)> {
        let sql = page_sql(of.thread_of.is_some(), compare, direction);
        let mut rows: Vec<MessageRow> = on_pool!(&self.pools, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql)).bind(of.room.0);
            if let Some(root) = of.thread_of {
                query = query.bind(root.0);
            }
            query
                .bind(lower_bound(view.floor, compare, edge).0)
                .bind(edge.0)
                .bind(limit_plus_one(limit))
                .fetch_all(c).await
        })
        .map_err(db_error)?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let mut messages = self.whole(view.reader, rows).await?;
        let fit = fitting(&messages);
        let cut = messages.len() > fit;
        messages.truncate(fit);
        Ok((messages, more || cut))
    }

    /// Whether there is a message that stands so to a position.
    async fn has(&self, (of, view): Scope<'_>, stands: &str, seq: Seq) -> Result<bool> {
        let (table, thread) = match of.thread_of {
            Some(_) => ("thread_replies", "root_seq = ?"),
            None => ("messages", "thread_seq is null"),
        };
        let sql = format!(
            "select 1 from {table} where room_id = ? and {thread} and seq > ?
               and seq {stands} ? limit 1"
        );
        let row: Option<i64> = on_pool!(&self.pools, c => {
            let mut query = sqlx::query_scalar(AssertSqlSafe(sql)).bind(of.room.0);
            if let Some(root) = of.thread_of {
                query = query.bind(root.0);
            }
            let floor = lower_bound(view.floor, stands, seq);
            query.bind(floor.0).bind(seq.0).fetch_optional(c).await
        })
        .map_err(db_error)?;
        Ok(row.is_some())
    }
}

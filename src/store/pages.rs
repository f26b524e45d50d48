//! Pages of a room's timeline, and of the threads in it.

use sqlx::AssertSqlSafe;

use super::{
    Store,
    dialect::{reading, refused},
    messages::{MESSAGES, MessageRow, limit_plus_one},
};
use crate::{
    error::Result,
    model::{
        Message, Seq, Timestamp, View,
        messages::{Anchor, MessagePage, PageOf, fitting},
    },
};

/// When the first message after a position was posted.
pub const NEXT_POSTED: &str = "select seq, posted_us from messages
     where room_id = ? and thread_seq = ? and seq > ? order by seq limit 1";

/// What is read, and as far as the reader may see it.
type Seen<'a> = (&'a PageOf, View);

impl Store {
    /// A page of a room's timeline, or of a thread in it, as far as the reader
    /// may see it; `view` was read before.
    pub async fn message_page(&self, of: &PageOf, view: View) -> Result<MessagePage> {
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

    /// The first message posted at a moment or after it. Times rise with the
    /// positions, so halving finds it in some twenty looks into an index that is
    /// there anyway; clocks of nodes that differ move it by as much.
    async fn first_at(&self, (of, view): Seen<'_>, at: Timestamp) -> Result<Option<Seq>> {
        let mut found = None;
        // All up to `low` were posted before; after `high` nothing has to be looked at.
        let (mut low, mut high) = (view.floor.0, view.head.0);
        while low < high {
            let middle = low + (high - low) / 2;
            let next: Option<(i64, i64)> = reading!(&self.pools, c => {
                sqlx::query_as(NEXT_POSTED)
                    .bind(of.room.0)
                    .bind(of.thread_of.unwrap_or_default().0)
                    .bind(middle)
                    .fetch_optional(c).await
            })
            .map_err(refused)?;
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
        seen: Seen<'_>,
        before: Seq,
        limit: usize,
    ) -> Result<(Vec<Message>, bool)> {
        let (mut messages, more) =
            self.messages(seen, "x.seq < ? order by x.seq desc", before, limit).await?;
        messages.reverse();
        Ok((messages, more))
    }

    /// The oldest messages after a position, and whether there are newer ones.
    async fn newer(
        &self,
        seen: Seen<'_>,
        after: Seq,
        limit: usize,
    ) -> Result<(Vec<Message>, bool)> {
        self.messages(seen, "x.seq > ? order by x.seq", after, limit).await
    }

    async fn messages(
        &self,
        (of, view): Seen<'_>,
        beyond: &str,
        edge: Seq,
        limit: usize,
    ) -> Result<(Vec<Message>, bool)> {
        let sql = format!(
            "{MESSAGES} where x.room_id = ? and x.thread_seq = ? and x.seq > ? and {beyond} limit ?"
        );
        let mut rows: Vec<MessageRow> = reading!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql))
                .bind(of.room.0)
                .bind(of.thread_of.unwrap_or_default().0)
                .bind(view.floor.0)
                .bind(edge.0)
                .bind(limit_plus_one(limit))
                .fetch_all(c).await
        })
        .map_err(refused)?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let mut messages = self.whole(view.reader, rows).await?;
        let fit = fitting(&messages);
        let cut = messages.len() > fit;
        messages.truncate(fit);
        Ok((messages, more || cut))
    }

    /// Whether there is a message that stands so to a position.
    async fn has(&self, (of, view): Seen<'_>, stands: &str, seq: Seq) -> Result<bool> {
        let sql = format!(
            "select 1 from messages where room_id = ? and thread_seq = ? and seq > ?
               and seq {stands} ? limit 1"
        );
        let row: Option<i64> = reading!(&self.pools, c => {
            sqlx::query_scalar(AssertSqlSafe(sql))
                .bind(of.room.0)
                .bind(of.thread_of.unwrap_or_default().0)
                .bind(view.floor.0)
                .bind(seq.0)
                .fetch_optional(c).await
        })
        .map_err(refused)?;
        Ok(row.is_some())
    }
}

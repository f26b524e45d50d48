//! The search index, which follows each room's log from a position of its own.
//! Whatever is not in it yet, or not any more as it should be, comes with a
//! later step; several nodes may work on it at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

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
        Message, RoomId, Seq, Timestamp,
        terms::{file_term, sender_term, terms, tokens},
    },
};

/// Positions in a segment.
const SEGMENT: i64 = 256;
/// Messages of a room in one step.
const MESSAGES_AT_ONCE: usize = 256;
/// A step writes about as many terms; so its transaction is short.
const TERMS_AT_ONCE: usize = 2_000;
const MAX_ROWS_PER_STATEMENT: usize = 256;

/// What is to be done for one room.
struct Step {
    room: RoomId,
    from: Seq,
    to: Seq,
    entries: Vec<Entry>,
}

struct Entry {
    seq: Seq,
    posted_at: Timestamp,
    /// None if there is nothing to be found in it.
    terms: BTreeSet<Vec<u8>>,
    /// The index may have other terms of it.
    changed: bool,
}

impl Entry {
    fn of(message: &Message, indexed: Seq) -> Self {
        let text = message.text().ok();
        let mut terms = text.map(|text| terms(&tokens(text))).unwrap_or_default();
        if text.is_some() {
            terms.insert(sender_term(message.sender));
        }
        if message.has_file() {
            terms.insert(file_term());
        }
        let rewritten = text.is_none() || message.edited_at.is_some();
        Self {
            seq: message.seq,
            posted_at: message.posted_at,
            terms,
            changed: message.seq <= indexed && rewritten,
        }
    }
}

impl Store {
    /// Rooms whose log has gone on beyond the index.
    pub async fn rooms_behind(&self, limit: usize) -> Result<Vec<RoomId>> {
        let rows: Vec<Uuid> = on_pool!(&self.pools, c => {
            sqlx::query_scalar(
                "select r.id from rooms r left join search_positions p on p.room_id = r.id
                 where r.head_seq > coalesce(p.indexed_seq, 0) limit ?",
            )
            .bind(i64::try_from(limit).unwrap_or(i64::MAX)).fetch_all(c).await
        })
        .map_err(db_error)?;
        Ok(rows.into_iter().map(RoomId).collect())
    }

    /// Brings the index of some rooms a step further, and tells which of them
    /// may need more. At most 256 rooms.
    pub async fn index(&self, rooms: &[RoomId]) -> Result<Vec<RoomId>> {
        let (steps, unfinished) = self.steps(rooms).await?;
        if !steps.is_empty() {
            retry_deadlocks!(self.take(&steps).await).map_err(db_error)?;
        }
        Ok(unfinished)
    }

    /// Reads what is to be done, outside of any transaction: what changes
    /// meanwhile has a later position.
    async fn steps(&self, rooms: &[RoomId]) -> Result<(Vec<Step>, Vec<RoomId>)> {
        let (mut steps, mut unfinished, mut size) = (Vec::new(), Vec::new(), 0);
        for (room, indexed, head) in self.indexed(rooms).await? {
            if size >= TERMS_AT_ONCE {
                unfinished.push(room);
                continue;
            }
            let to = self.scan_end(room, indexed, head).await?;
            let rows = self.changed_messages(room, indexed, to, MESSAGES_AT_ONCE).await?;
            let messages = self.with_attachments(rows).await?;
            let mut step = Step { room, from: indexed, to, entries: Vec::new() };
            if to < head {
                unfinished.push(room);
            }
            let full = messages.len() == MESSAGES_AT_ONCE;
            let last = messages.len().saturating_sub(1);
            for (at, message) in messages.iter().enumerate() {
                let entry = Entry::of(message, indexed);
                size += entry.terms.len();
                step.entries.push(entry);
                if (at == last && full) || (at < last && size >= TERMS_AT_ONCE) {
                    step.to = message.changed_seq;
                    if to == head {
                        unfinished.push(room);
                    }
                    break;
                }
            }
            steps.push(step);
        }
        Ok((steps, unfinished))
    }

    /// The rooms that are behind: up to where each is in the index, and its head;
    /// in the order in which they are locked.
    async fn indexed(&self, rooms: &[RoomId]) -> Result<Vec<(RoomId, Seq, Seq)>> {
        if rooms.is_empty() {
            return Ok(vec![]);
        }
        let rooms = pad_to_power_of_two(rooms.to_vec());
        let sql = format!(
            "select r.id, coalesce(p.indexed_seq, 0), r.head_seq
             from rooms r left join search_positions p on p.room_id = r.id
             where r.id in {} and r.head_seq > coalesce(p.indexed_seq, 0) order by r.id",
            placeholders(1, rooms.len()),
        );
        let rows: Vec<(Uuid, i64, i64)> = on_pool!(&self.pools, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql));
            for room in &rooms {
                query = query.bind(room.0);
            }
            query.fetch_all(c).await
        })
        .map_err(db_error)?;
        Ok(rows.into_iter().map(|(id, at, head)| (RoomId(id), Seq(at), Seq(head))).collect())
    }

    /// Writes steps, except those that another node has taken meanwhile.
    async fn take(&self, steps: &[Step]) -> Result<(), sqlx::Error> {
        let mut tx = self.pools.begin().await?;
        let positions = lock_positions(&mut tx, steps).await?;
        let mut rows = Vec::new();
        for step in steps {
            if positions.get(&step.room.0) == Some(&step.from.0) {
                rows.extend(segments(&mut tx, step).await?);
                on_tx!(&mut tx, c => {
                    sqlx::query("update search_positions set indexed_seq = ? where room_id = ?")
                        .bind(step.to.0).bind(step.room.0).execute(c).await.map(drop)
                })?;
            }
        }
        // In the order of the key, so that neighbours are written together.
        rows.sort_unstable();
        insert_terms(&mut tx, &rows).await?;
        tx.commit().await
    }
}

async fn lock_positions(
    tx: &mut Tx<'_>,
    steps: &[Step],
) -> Result<HashMap<Uuid, i64>, sqlx::Error> {
    let begin = match tx.dialect() {
        Dialect::MySql => "on duplicate key update indexed_seq = indexed_seq",
        Dialect::Sqlite => "on conflict (room_id) do nothing",
    };
    for step in steps.iter().filter(|step| step.from == Seq::ZERO) {
        let sql =
            format!("insert into search_positions (room_id, indexed_seq) values (?, 0) {begin}");
        on_tx!(&mut *tx, c => {
            sqlx::query(AssertSqlSafe(sql)).bind(step.room.0).execute(c).await.map(drop)
        })?;
    }
    let rooms = pad_to_power_of_two(steps.iter().map(|step| step.room.0).collect());
    let sql = format!(
        "select room_id, indexed_seq from search_positions where room_id in {} order by room_id{}",
        placeholders(1, rooms.len()),
        tx.dialect().for_update(),
    );
    let rows: Vec<(Uuid, i64)> = on_tx!(tx, c => {
        let mut query = sqlx::query_as(AssertSqlSafe(sql));
        for room in &rooms {
            query = query.bind(*room);
        }
        query.fetch_all(c).await
    })?;
    Ok(rows.into_iter().collect())
}

/// Segment, term, position, time.
type TermRow<'a> = (i64, &'a [u8], i64, i64);

#[derive(Clone, Copy)]
struct Segment {
    id: i64,
    oldest: i64,
    newest: i64,
}

/// Makes and widens the segments of a step, takes away what has changed in
/// them, and returns the rows to add.
async fn segments<'a>(tx: &mut Tx<'_>, step: &'a Step) -> Result<Vec<TermRow<'a>>, sqlx::Error> {
    let mut entries: BTreeMap<i64, Vec<&Entry>> = BTreeMap::new();
    for entry in step.entries.iter().filter(|entry| entry.changed || !entry.terms.is_empty()) {
        entries.entry(entry.seq.0 / SEGMENT).or_default().push(entry);
    }
    let mut rows = Vec::new();
    for (number, entries) in entries {
        let known: Option<(i64, i64, i64)> = on_tx!(&mut *tx, c => {
            sqlx::query_as(
                "select id, oldest_us, newest_us from search_segments
                 where room_id = ? and number = ?",
            )
            .bind(step.room.0).bind(number).fetch_optional(c).await
        })?;
        let known = known.map(|(id, oldest, newest)| Segment { id, oldest, newest });
        let changed: Vec<i64> = entries.iter().filter(|e| e.changed).map(|e| e.seq.0).collect();
        if let Some(segment) = known {
            delete_terms(tx, segment.id, changed).await?;
        }
        let times = || entries.iter().filter(|e| !e.terms.is_empty()).map(|e| e.posted_at.0);
        let Some((oldest, newest)) = times().min().zip(times().max()) else { continue };
        let segment = Segment {
            id: known.map_or_else(new_segment_id, |segment| segment.id),
            oldest: known.map_or(oldest, |segment| segment.oldest.min(oldest)),
            newest: known.map_or(newest, |segment| segment.newest.max(newest)),
        };
        save_segment(tx, (step.room, number), segment, known.is_some()).await?;
        for entry in entries {
            let row = |term| (segment.id, term, entry.seq.0, entry.posted_at.0);
            rows.extend(entry.terms.iter().map(Vec::as_slice).map(row));
        }
    }
    Ok(rows)
}

/// Milliseconds and chance. Should two be the same after all, the key refuses
/// the second, and the step is done again.
fn new_segment_id() -> i64 {
    ((Timestamp::now().0 / 1_000) << 20) | i64::from(rand::random::<u32>() >> 12)
}

async fn save_segment(
    tx: &mut Tx<'_>,
    (room, number): (RoomId, i64),
    segment: Segment,
    known: bool,
) -> Result<(), sqlx::Error> {
    let Segment { id, oldest, newest } = segment;
    on_tx!(tx, c => {
        if known {
            sqlx::query("update search_segments set oldest_us = ?, newest_us = ? where id = ?")
                .bind(oldest).bind(newest).bind(id).execute(c).await.map(drop)
        } else {
            sqlx::query(
                "insert into search_segments (id, room_id, number, oldest_us, newest_us)
                 values (?, ?, ?, ?, ?)",
            )
            .bind(id).bind(room.0).bind(number).bind(oldest).bind(newest)
            .execute(c).await.map(drop)
        }
    })
}

/// Reads through the whole segment, which is small: another index would make
/// every message dearer for the few that are edited.
async fn delete_terms(tx: &mut Tx<'_>, segment: i64, seqs: Vec<i64>) -> Result<(), sqlx::Error> {
    if seqs.is_empty() {
        return Ok(());
    }
    let seqs = pad_to_power_of_two(seqs);
    let sql = format!(
        "delete from search_terms where segment_id = ? and seq in {}",
        placeholders(1, seqs.len()),
    );
    on_tx!(tx, c => {
        let mut query = sqlx::query(AssertSqlSafe(sql)).bind(segment);
        for seq in &seqs {
            query = query.bind(*seq);
        }
        query.execute(c).await.map(drop)
    })
}

async fn insert_terms(tx: &mut Tx<'_>, rows: &[TermRow<'_>]) -> Result<(), sqlx::Error> {
    // A reaction changes a message whose terms are there already.
    let there = match tx.dialect() {
        Dialect::MySql => "on duplicate key update posted_us = values(posted_us)",
        Dialect::Sqlite => "on conflict (segment_id, term, seq) do nothing",
    };
    for batch in batches(rows, MAX_ROWS_PER_STATEMENT) {
        let sql = format!(
            "insert into search_terms (segment_id, term, seq, posted_us) values {} {there}",
            placeholders(batch.len(), 4),
        );
        on_tx!(&mut *tx, c => {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for (segment, term, seq, posted) in batch {
                query = query.bind(*segment).bind(*term).bind(*seq).bind(*posted);
            }
            query.execute(c).await.map(drop)
        })?;
    }
    Ok(())
}

//! Whom messages call.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    Store,
    blocks::no_block_between,
    dialect::{Tx, batches, db_error, on_pool, on_tx, pad_to_power_of_two, placeholders},
    messages::{MESSAGES, MessageRow, limit_plus_one},
};
use crate::{
    error::Result,
    model::{
        Mention, Mentioned, Message, RoomId, RoomLog, RoomOp, Seq, Timestamp, UserId,
        messages::MentionPage, users::fold,
    },
};

/// Rows in one statement.
const MAX_ROWS_PER_STATEMENT: usize = 64;

/// Stands for all members.
pub(super) const ALL: Uuid = Uuid::max();
/// Stands for those who are online.
const HERE: Uuid = Uuid::nil();

/// Room, position, whom, by which name.
pub(super) type Row = (Uuid, i64, Uuid, String);

/// Whom the messages `c` call of which `named` is true.
pub(super) fn mentions_sql(named: &str) -> String {
    format!(
        "select c.room_id, c.seq, c.user_id, c.name from mentions c where {named}
         order by c.user_id"
    )
}

pub(super) fn gather(rows: Vec<Row>) -> BTreeMap<(RoomId, Seq), Vec<Mention>> {
    let mut found: BTreeMap<_, Vec<Mention>> = BTreeMap::new();
    for (room, seq, user, name) in rows {
        let who = match user {
            ALL => Mentioned::All,
            HERE => Mentioned::Here,
            user => Mentioned::User(UserId(user)),
        };
        found.entry((RoomId(room), Seq(seq))).or_default().push(Mention { who, name });
    }
    found
}

fn stored(who: Mentioned) -> Uuid {
    match who {
        Mentioned::All => ALL,
        Mentioned::Here => HERE,
        Mentioned::User(user) => user.0,
    }
}

/// Reads which of the names that a batch's texts call are those of members.
pub(super) async fn read_named(
    tx: &mut Tx<'_>,
    ops: &[&RoomOp],
    logs: &mut BTreeMap<RoomId, RoomLog>,
) -> Result<(), sqlx::Error> {
    let mut wanted: BTreeMap<RoomId, BTreeSet<String>> = BTreeMap::new();
    for op in ops.iter().filter(|op| !op.names().is_empty()) {
        wanted.entry(op.room()).or_default().extend(op.names().iter().map(|name| fold(name)));
    }
    for (room, names) in wanted {
        let Some(log) = logs.get_mut(&room) else { continue };
        for batch in batches(&names.into_iter().collect::<Vec<_>>(), MAX_ROWS_PER_STATEMENT) {
            let sql = format!(
                "select u.username_key, u.id from users u
                 join members m on m.room_id = ? and m.user_id = u.id and m.state = 1
                 where u.username_key in {}",
                placeholders(1, batch.len()),
            );
            let rows: Vec<(String, Uuid)> = on_tx!(&mut *tx, c => {
                let mut query = sqlx::query_as(AssertSqlSafe(sql)).bind(room.0);
                for name in batch {
                    query = query.bind(name);
                }
                query.fetch_all(c).await
            })?;
            log.named.extend(rows.into_iter().map(|(name, id)| (name, UserId(id))));
        }
    }
    Ok(())
}

/// Writes whom the batch's messages call.
pub(super) async fn write(tx: &mut Tx<'_>, logs: &[RoomLog]) -> Result<(), sqlx::Error> {
    for log in logs {
        let gone = log.message_changes.mentions.iter().chain(&log.message_changes.deleted);
        for seq in gone {
            on_tx!(&mut *tx, c => {
                sqlx::query("delete from mentions where room_id = ? and seq = ?")
                    .bind(log.room.id.0).bind(seq.0).execute(c).await.map(drop)
            })?;
        }
    }
    let calling = |log: &RoomLog, seq: Seq| {
        log.changes.first().is_some_and(|first| seq > first.after)
            || log.message_changes.mentions.contains(&seq)
    };
    let rows: Vec<(RoomId, &Message, &Mention)> = logs
        .iter()
        .flat_map(|log| {
            let messages = log.messages.values().filter(|message| calling(log, message.seq));
            messages.flat_map(move |message| {
                message.mentions.iter().map(move |mention| (log.room.id, message, mention))
            })
        })
        .collect();
    for batch in batches(&rows, MAX_ROWS_PER_STATEMENT) {
        let sql = format!(
            "insert into mentions (room_id, user_id, seq, name, mentioned_us) values {}",
            placeholders(batch.len(), 5),
        );
        on_tx!(&mut *tx, c => {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for (room, message, mention) in batch {
                query = query
                    .bind(room.0)
                    .bind(stored(mention.who))
                    .bind(message.seq.0)
                    .bind(&mention.name)
                    .bind(message.posted_at.0);
            }
            query.execute(c).await.map(drop)
        })?;
    }
    Ok(())
}

impl Store {
    /// The messages that mention a user in the rooms they are in, newest first.
    ///
    /// By name they are found by the user alone; `@all` is looked for room by
    /// room, where only admins write it.
    pub async fn mentions(&self, user: UserId, page: &MentionPage) -> Result<Vec<Message>> {
        let (at, room, seq) =
            page.after.unwrap_or((Timestamp(i64::MAX), RoomId(Uuid::max()), Seq(i64::MAX)));
        // What is the reader's own, or from before they came, calls nobody; nor does
        // one with whom they have a block.
        let kept_apart = no_block_between("x.sender_id", "m.user_id");
        let wanted = format!(
            "n.mentioned_us >= m.joined_us and n.seq > m.floor_seq
             and n.mentioned_us <= ? and (n.mentioned_us < ?
                 or (n.room_id < ? or (n.room_id = ? and n.seq < ?)))
             and exists (select 1 from messages x
                  where x.room_id = n.room_id and x.seq = n.seq and x.sender_id <> m.user_id
                    and (x.thread_seq is null or x.thread_seq > m.floor_seq) and {kept_apart})
             order by n.mentioned_us desc, n.room_id desc, n.seq desc limit ?"
        );
        let sql = format!(
            "select room_id, seq from (
                 select * from (
                     select n.room_id, n.seq, n.mentioned_us from mentions n
                     join members m
                         on m.room_id = n.room_id and m.user_id = n.user_id and m.state = 1
                     where n.user_id = ? and {wanted}) by_name
                 union
                 select * from (
                     select n.room_id, n.seq, n.mentioned_us from members m
                     join mentions n on n.room_id = m.room_id and n.user_id = ?
                     where m.user_id = ? and m.state = 1 and {wanted}) all_of_them
             ) found
             order by mentioned_us desc, room_id desc, seq desc limit ?"
        );
        let limit = limit_plus_one(page.limit);
        let names: Vec<(Uuid, i64)> = on_pool!(&self.pools, c => {
            sqlx::query_as(AssertSqlSafe(sql))
                .bind(user.0)
                .bind(at.0).bind(at.0).bind(room.0).bind(room.0).bind(seq.0)
                .bind(limit)
                .bind(ALL).bind(user.0)
                .bind(at.0).bind(at.0).bind(room.0).bind(room.0).bind(seq.0)
                .bind(limit)
                .bind(limit)
                .fetch_all(c).await
        })
        .map_err(db_error)?;
        let mut found = self.messages_named(user, &names).await?;
        let in_order =
            names.into_iter().filter_map(|(room, seq)| found.remove(&(RoomId(room), Seq(seq))));
        Ok(in_order.collect())
    }

    /// Messages of several rooms by their names, with what hangs on them.
    pub(super) async fn messages_named(
        &self,
        reader: UserId,
        names: &[(Uuid, i64)],
    ) -> Result<BTreeMap<(RoomId, Seq), Message>> {
        if names.is_empty() {
            return Ok(BTreeMap::new());
        }
        let names = pad_to_power_of_two(names.to_vec());
        let sql = format!(
            "{MESSAGES} where {}",
            vec!["(x.room_id = ? and x.seq = ?)"; names.len()].join(" or "),
        );
        let rows: Vec<MessageRow> = on_pool!(&self.pools, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql));
            for (room, seq) in &names {
                query = query.bind(*room).bind(*seq);
            }
            query.fetch_all(c).await
        })
        .map_err(db_error)?;
        let messages = self.with_attachments(rows).await?;
        let dressed = self.dressed(reader, messages).await?;
        Ok(dressed.into_iter().map(|message| ((message.room, message.seq), message)).collect())
    }
}

//! Reactions under messages: all of them in one table, and what is shown of them,
//! how many there are and who came first, in another. Both are written in the same
//! transaction. So what it takes to read a message does not grow with its reactions.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    Store,
    dialect::{Tx, batches, db_error, on_pool, on_tx},
    messages::limit_plus_one,
};
use crate::{
    error::Result,
    model::{
        Message, MessageAction, Reaction, RoomId, RoomLog, RoomOp, Seq, Timestamp, UserId, limits,
        messages::{ReactionPage, UserReaction},
        room_log::messages::ReactionChange,
    },
};

/// Rows in one statement.
const MAX_ROWS_PER_STATEMENT: usize = 64;

/// Who put an emoji under a message first.
pub const FIRST_USERS: &str =
    "select user_id from reactions /*! force index (reactions_in_order) */
     where room_id = ? and seq = ? and emoji = ? order by reacted_seq limit ?";

/// One emoji under one message.
#[derive(sqlx::FromRow)]
pub(super) struct Row {
    room_id: Uuid,
    seq: i64,
    emoji: String,
    total: i64,
    first_seq: i64,
    first_user_id: Uuid,
    second_user_id: Option<Uuid>,
    third_user_id: Option<Uuid>,
    mine: Option<i64>,
}

/// What is shown of the reactions of the messages `c` of which `named` is true. With
/// a reader, whose id is bound first, also whether each emoji is theirs.
#[must_use]
pub fn reactions_sql(named: &str, has_reader: bool) -> String {
    let mine = if has_reader {
        "exists (select 1 from reactions r where r.room_id = c.room_id and r.seq = c.seq
                   and r.emoji = c.emoji and r.user_id = ?)"
    } else {
        "null"
    };
    format!(
        "select c.room_id, c.seq, c.emoji, c.total, c.first_seq, c.first_user_id,
                c.second_user_id, c.third_user_id, {mine} as mine
         from reaction_counts c where {named}"
    )
}

pub(super) fn gather(rows: Vec<Row>) -> BTreeMap<(RoomId, Seq), Vec<Reaction>> {
    let mut found: BTreeMap<_, Vec<Reaction>> = BTreeMap::new();
    for row in rows {
        let first = [Some(row.first_user_id), row.second_user_id, row.third_user_id];
        found.entry((RoomId(row.room_id), Seq(row.seq))).or_default().push(Reaction {
            emoji: row.emoji,
            count: row.total,
            first_seq: Seq(row.first_seq),
            users: first.into_iter().flatten().map(UserId).collect(),
            mine: row.mine.map(|mine| mine != 0),
        });
    }
    for reactions in found.values_mut() {
        reactions.sort_by_key(|reaction| reaction.first_seq);
    }
    found
}

/// Reads which of the emojis that operations are about their users have put there,
/// and who follows on those who take theirs away.
pub(super) async fn read(
    tx: &mut Tx<'_>,
    ops: &[&RoomOp],
    logs: &mut BTreeMap<RoomId, RoomLog>,
) -> Result<(), sqlx::Error> {
    read_own(tx, ops, logs).await?;
    // Whoever follows on one who leaves may leave too.
    let mut leaving: BTreeMap<(RoomId, Seq, &str), BTreeSet<UserId>> = BTreeMap::new();
    for op in ops {
        let RoomOp::MessageAction {
            room, user, seq, action: MessageAction::Unreact(emoji), ..
        } = op
        else {
            continue;
        };
        leaving.entry((*room, *seq, emoji)).or_default().insert(*user);
    }
    for ((room, seq, emoji), users) in leaving {
        let message = logs.get(&room).and_then(|log| log.messages.get(&seq));
        let reactions = message.into_iter().flat_map(|message| &message.reactions);
        let mut same = reactions.filter(|reaction| reaction.emoji == emoji);
        let leaves = |user: &UserId| users.contains(user);
        if !same.any(|known| !known.names_all() && known.users.iter().any(leaves)) {
            continue;
        }
        let first: Vec<Uuid> = on_tx!(&mut *tx, c => {
            sqlx::query_scalar(FIRST_USERS)
            .bind(room.0).bind(seq.0).bind(emoji)
            .bind(i64::try_from(limits::REACTION_USERS + users.len()).unwrap_or(i64::MAX))
            .fetch_all(c).await
        })?;
        let message = logs.get_mut(&room).and_then(|log| log.messages.get_mut(&seq));
        let reactions = message.into_iter().flat_map(|message| &mut message.reactions);
        for reaction in reactions.filter(|reaction| reaction.emoji == emoji) {
            reaction.users = first.iter().copied().map(UserId).collect();
        }
    }
    Ok(())
}

async fn read_own(
    tx: &mut Tx<'_>,
    ops: &[&RoomOp],
    logs: &mut BTreeMap<RoomId, RoomLog>,
) -> Result<(), sqlx::Error> {
    let asked: BTreeSet<(RoomId, Seq, &str, UserId)> = ops
        .iter()
        .filter_map(|op| match op {
            RoomOp::MessageAction {
                room,
                user,
                seq,
                action: MessageAction::React(emoji) | MessageAction::Unreact(emoji),
                ..
            } => Some((*room, *seq, emoji.as_str(), *user)),
            _ => None,
        })
        .collect();
    for batch in batches(&asked.into_iter().collect::<Vec<_>>(), MAX_ROWS_PER_STATEMENT) {
        let sql = format!(
            "select room_id, seq, emoji, user_id from reactions where {}",
            vec!["(room_id = ? and seq = ? and emoji = ? and user_id = ?)"; batch.len()]
                .join(" or "),
        );
        let rows: Vec<(Uuid, i64, String, Uuid)> = on_tx!(&mut *tx, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql));
            for (room, seq, emoji, user) in batch {
                query = query.bind(room.0).bind(seq.0).bind(*emoji).bind(user.0);
            }
            query.fetch_all(c).await
        })?;
        for (room, seq, emoji, user) in rows {
            if let Some(log) = logs.get_mut(&RoomId(room)) {
                log.reacted.insert((Seq(seq), emoji, UserId(user)));
            }
        }
    }
    Ok(())
}

/// Writes what became of the reactions in a room.
pub(super) async fn write(tx: &mut Tx<'_>, log: &RoomLog) -> Result<(), sqlx::Error> {
    // Taken away and put back in one batch is a new row too.
    for (seq, emoji, user) in log.message_changes.reactions.keys() {
        on_tx!(&mut *tx, c => {
            sqlx::query(
                "delete from reactions
                 where room_id = ? and seq = ? and emoji = ? and user_id = ?",
            )
            .bind(log.room.id.0).bind(seq.0).bind(emoji).bind(user.0)
            .execute(c).await.map(drop)
        })?;
    }
    for ((seq, emoji, user), put) in &log.message_changes.reactions {
        let ReactionChange::Added { at, reacted_seq } = put else { continue };
        on_tx!(&mut *tx, c => {
            sqlx::query(
                "insert into reactions (room_id, seq, emoji, user_id, reacted_us, reacted_seq)
                 values (?, ?, ?, ?, ?, ?)",
            )
            .bind(log.room.id.0).bind(seq.0).bind(emoji).bind(user.0).bind(at.0)
            .bind(reacted_seq.0)
            .execute(c).await.map(drop)
        })?;
    }
    let counted: BTreeSet<(Seq, &str)> = log
        .message_changes
        .reactions
        .keys()
        .map(|(seq, emoji, _)| (*seq, emoji.as_str()))
        .collect();
    for (seq, emoji) in counted {
        let reactions = log.messages.get(&seq).into_iter().flat_map(|message| &message.reactions);
        let left = reactions.into_iter().find(|reaction| reaction.emoji == emoji);
        write_count(tx, (log.room.id, seq, emoji), left).await?;
    }
    Ok(())
}

async fn write_count(
    tx: &mut Tx<'_>,
    (room, seq, emoji): (RoomId, Seq, &str),
    left: Option<&Reaction>,
) -> Result<(), sqlx::Error> {
    let Some(reaction) = left else {
        return on_tx!(tx, c => {
            sqlx::query("delete from reaction_counts where room_id = ? and seq = ? and emoji = ?")
                .bind(room.0).bind(seq.0).bind(emoji).execute(c).await.map(drop)
        });
    };
    let first = |at: usize| reaction.users.get(at).map(|user| user.0);
    let first_user =
        first(0).ok_or_else(|| sqlx::Error::Protocol("reactions without a first user".into()))?;
    on_tx!(tx, c => {
        sqlx::query(
            "replace into reaction_counts (room_id, seq, emoji, total, first_seq,
                                           first_user_id, second_user_id, third_user_id)
             values (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(room.0)
        .bind(seq.0)
        .bind(emoji)
        .bind(reaction.count)
        .bind(reaction.first_seq.0)
        .bind(first_user)
        .bind(first(1))
        .bind(first(2))
        .execute(c).await.map(drop)
    })
}

/// Emoji, who put it there, when and at which position.
type UserRow = (String, Uuid, i64, i64);

const USER_REACTIONS: &str = "select emoji, user_id, reacted_us, reacted_seq
     from reactions /*! force index (reactions_in_order) */ where room_id = ? and seq = ?";

impl Store {
    /// Says of each reaction whether it is the reader's, after an operation that does
    /// not know it of all.
    pub async fn with_own_reactions(&self, reader: UserId, message: Message) -> Result<Message> {
        if message.reactions.is_empty() {
            return Ok(message);
        }
        let sql = "select emoji from reaction_counts c where c.room_id = ? and c.seq = ?
                     and exists (select 1 from reactions r where r.room_id = c.room_id
                                   and r.seq = c.seq and r.emoji = c.emoji and r.user_id = ?)";
        let own: Vec<String> = on_pool!(&self.pools, c => {
            sqlx::query_scalar(sql)
                .bind(message.room.0).bind(message.seq.0).bind(reader.0).fetch_all(c).await
        })
        .map_err(db_error)?;
        let mut message = message;
        for reaction in &mut message.reactions {
            reaction.mine = Some(own.contains(&reaction.emoji));
        }
        Ok(message)
    }

    /// A page of who reacted to a message, and one more if there is one.
    pub async fn user_reactions(&self, page: &ReactionPage) -> Result<Vec<UserReaction>> {
        let most = limit_plus_one(page.limit);
        let (emoji, after) = match (&page.emoji, &page.after) {
            (_, Some((emoji, after))) => (emoji.as_str(), *after),
            (Some(emoji), None) => (emoji.as_str(), Seq(i64::MIN)),
            (None, None) => ("", Seq(i64::MIN)),
        };
        let mut rows: Vec<UserRow> = Vec::new();
        if !emoji.is_empty() {
            let sql = format!(
                "{USER_REACTIONS} and emoji = ? and reacted_seq > ? order by reacted_seq limit ?"
            );
            rows = on_pool!(&self.pools, c => {
                sqlx::query_as(AssertSqlSafe(sql))
                    .bind(page.room.0).bind(page.seq.0).bind(emoji).bind(after.0).bind(most)
                    .fetch_all(c).await
            })
            .map_err(db_error)?;
        }
        let left = most - i64::try_from(rows.len()).unwrap_or(most);
        if page.emoji.is_none() && left > 0 {
            let sql = format!("{USER_REACTIONS} and emoji > ? order by emoji, reacted_seq limit ?");
            let others: Vec<UserRow> = on_pool!(&self.pools, c => {
                sqlx::query_as(AssertSqlSafe(sql))
                    .bind(page.room.0).bind(page.seq.0).bind(emoji).bind(left)
                    .fetch_all(c).await
            })
            .map_err(db_error)?;
            rows.extend(others);
        }
        let reaction = |(emoji, user, at, seq)| UserReaction {
            emoji,
            user: UserId(user),
            reacted_at: Timestamp(at),
            reacted_seq: Seq(seq),
        };
        Ok(rows.into_iter().map(reaction).collect())
    }
}

/// Of a deleted message.
pub(super) async fn delete(tx: &mut Tx<'_>, (room, seq): (RoomId, Seq)) -> Result<(), sqlx::Error> {
    for sql in [
        "delete from reactions where room_id = ? and seq = ?",
        "delete from reaction_counts where room_id = ? and seq = ?",
    ] {
        on_tx!(&mut *tx, c => {
            sqlx::query(sql).bind(room.0).bind(seq.0).execute(c).await.map(drop)
        })?;
    }
    Ok(())
}

//! What hangs on messages in rows of its own, put onto them as they are read:
//! reactions and mentions. One statement for each of both, of however many rooms the
//! messages are.

use super::{
    Store,
    dialect::{Tx, db_error, on_pool, on_tx, pad_to_power_of_two, placeholders},
    mentions, reactions,
};
use crate::{
    error::Result,
    model::{Content, Message, RoomId, Seq, UserId},
};

/// Messages in one statement.
const MESSAGES: usize = 256;

/// Reads what hangs on messages and puts it onto them; `$run` is the macro that runs
/// a statement on `$on`. With a reader, reactions say whether they are theirs.
macro_rules! dress {
    ($run:ident, $on:expr, $messages:expr, $reader:expr) => {{
        let reader: Option<UserId> = $reader;
        for messages in $messages.chunks_mut(MESSAGES) {
            // A reaction changes its message, and most messages have never changed.
            if let Some((are_these, names)) = named(messages, has_changed) {
                let sql = reactions::reactions_sql(&are_these, reader.is_some());
                let rows: Vec<reactions::Row> = $run!($on, c => {
                    let mut query = sqlx::query_as(sqlx::AssertSqlSafe(sql));
                    if let Some(reader) = reader {
                        query = query.bind(reader.0);
                    }
                    for (room, seq) in &names {
                        if let Some(room) = room {
                            query = query.bind(room.0);
                        }
                        query = query.bind(seq.0);
                    }
                    query.fetch_all(c).await
                })?;
                let mut found = reactions::gather(rows);
                for message in messages.iter_mut() {
                    let name = (message.room, message.seq);
                    message.reactions = found.remove(&name).unwrap_or_default();
                }
            }
            // Most messages call nobody, and that can be seen.
            let Some((are_these, names)) = named(messages, may_mention) else { continue };
            let sql = mentions::mentions_sql(&are_these);
            let rows: Vec<mentions::Row> = $run!($on, c => {
                let mut query = sqlx::query_as(sqlx::AssertSqlSafe(sql));
                for (room, seq) in &names {
                    if let Some(room) = room {
                        query = query.bind(room.0);
                    }
                    query = query.bind(seq.0);
                }
                query.fetch_all(c).await
            })?;
            let mut found = mentions::gather(rows);
            for message in messages.iter_mut() {
                let name = (message.room, message.seq);
                message.mentions = found.remove(&name).unwrap_or_default();
            }
        }
    }};
}

fn has_changed(message: &Message) -> bool {
    message.changed_seq > message.seq
}

fn may_mention(message: &Message) -> bool {
    matches!(&message.content, Content::Text { text, .. } if text.contains('@'))
}

/// A position, with its room before it where that is bound too.
type NameBinds = (Option<RoomId>, Seq);

/// A condition that rows `c` are of those messages that are wanted, and what it binds:
/// of one room by their positions, else each with its room. `None`: none is wanted.
fn named(
    messages: &[Message],
    is_wanted: fn(&Message) -> bool,
) -> Option<(String, Vec<NameBinds>)> {
    let wanted = messages.iter().filter(|message| is_wanted(message));
    let names =
        pad_to_power_of_two(wanted.map(|message| (message.room, message.seq)).collect::<Vec<_>>());
    let first = names.first().map(|(room, _)| *room)?;
    if names.iter().all(|(room, _)| *room == first) {
        let sql = format!("c.room_id = ? and c.seq in {}", placeholders(1, names.len()));
        let binds = names.iter().enumerate();
        let binds = binds.map(|(at, (_, seq))| ((at == 0).then_some(first), *seq));
        return Some((sql, binds.collect()));
    }
    let sql = vec!["(c.room_id = ? and c.seq = ?)"; names.len()].join(" or ");
    Some((sql, names.into_iter().map(|(room, seq)| (Some(room), seq)).collect()))
}

/// Dresses messages, within a transaction.
pub(super) async fn within_tx(
    tx: &mut Tx<'_>,
    mut messages: Vec<Message>,
) -> Result<Vec<Message>, sqlx::Error> {
    dress!(on_tx, &mut *tx, messages, None);
    Ok(messages)
}

impl Store {
    /// Dresses messages, of any rooms, for one who reads them; keeps their order.
    pub async fn dressed(
        &self,
        reader: UserId,
        mut messages: Vec<Message>,
    ) -> Result<Vec<Message>> {
        let dressed: Result<(), sqlx::Error> = async {
            dress!(on_pool, &self.pools, messages, Some(reader));
            Ok(())
        }
        .await;
        dressed.map_err(db_error)?;
        Ok(messages)
    }
}

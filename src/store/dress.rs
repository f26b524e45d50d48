//! What hangs on messages in rows of its own, put onto them as they are read:
//! reactions and mentions.

use std::collections::BTreeMap;

use super::{
    Store,
    dialect::{Tx, padded, reading, refused, within},
    mentions, reactions,
};
use crate::{
    error::Result,
    model::{Content, Message, RoomId, Seq},
};

/// Reads what hangs on messages of one room and puts it onto them; `$run` is
/// the macro that runs a statement on `$on`.
macro_rules! dress {
    ($run:ident, $on:expr, $room:expr, $messages:expr) => {{
        // A reaction changes its message, and most messages have never changed.
        let changed: Vec<Seq> =
            $messages.iter().filter(|message| has_changed(message)).map(|m| m.seq).collect();
        let mut reactions = BTreeMap::new();
        if !changed.is_empty() {
            let changed = padded(changed);
            let sql = reactions::reactions_sql(changed.len());
            let rows: Vec<reactions::Row> = $run!($on, c => {
                let mut query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind($room.0);
                for seq in &changed {
                    query = query.bind(seq.0);
                }
                query.fetch_all(c).await
            })?;
            reactions = reactions::gather(rows);
        }
        // Most messages call nobody, and that can be seen.
        let calling: Vec<Seq> =
            $messages.iter().filter(|message| may_mention(message)).map(|m| m.seq).collect();
        let mut mentions = BTreeMap::new();
        if !calling.is_empty() {
            let calling = padded(calling);
            let sql = mentions::mentions_sql(calling.len());
            let rows: Vec<mentions::Row> = $run!($on, c => {
                let mut query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind($room.0);
                for seq in &calling {
                    query = query.bind(seq.0);
                }
                query.fetch_all(c).await
            })?;
            mentions = mentions::gather(rows);
        }
        for message in &mut $messages {
            message.reactions = reactions.remove(&message.seq).unwrap_or_default();
            message.mentions = mentions.remove(&message.seq).unwrap_or_default();
        }
        $messages
    }};
}

fn has_changed(message: &Message) -> bool {
    message.changed_seq > message.seq
}

fn may_mention(message: &Message) -> bool {
    matches!(&message.content, Content::Text { text, .. } if text.contains('@'))
}

/// Dresses messages of one room, within a transaction.
pub(super) async fn within_tx(
    tx: &mut Tx<'_>,
    room: RoomId,
    mut messages: Vec<Message>,
) -> Result<Vec<Message>, sqlx::Error> {
    if messages.is_empty() {
        return Ok(messages);
    }
    Ok(dress!(within, &mut *tx, room, messages))
}

impl Store {
    /// Dresses messages of one room.
    pub(super) async fn dressed(
        &self,
        room: RoomId,
        mut messages: Vec<Message>,
    ) -> Result<Vec<Message>> {
        if messages.is_empty() {
            return Ok(messages);
        }
        let dressed: Result<_, sqlx::Error> =
            async { Ok(dress!(reading, &self.pools, room, messages)) }.await;
        dressed.map_err(refused)
    }

    /// Dresses messages of several rooms; keeps their order.
    pub async fn dressed_of_rooms(&self, messages: Vec<Message>) -> Result<Vec<Message>> {
        let order: Vec<(RoomId, Seq)> = messages.iter().map(|m| (m.room, m.seq)).collect();
        let mut rooms: BTreeMap<RoomId, Vec<Message>> = BTreeMap::new();
        for message in messages {
            rooms.entry(message.room).or_default().push(message);
        }
        let mut complete = BTreeMap::new();
        for (room, messages) in rooms {
            let messages = self.dressed(room, messages).await?;
            complete.extend(messages.into_iter().map(|message| ((room, message.seq), message)));
        }
        Ok(order.iter().filter_map(|name| complete.remove(name)).collect())
    }
}

//! Reactions under messages.

use std::collections::BTreeMap;

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    Store,
    dialect::{Tx, padded, placeholders, reading, refused, within},
};
use crate::{
    error::Result,
    model::{Message, Reaction, RoomId, Seq, Timestamp, UserId, limits},
};

/// Position, emoji, how many, and one of the first users with the time.
type Row = (i64, String, i64, Uuid, i64);

/// The reactions of some messages of a room, each with its first users.
fn reactions_sql(messages: usize) -> String {
    format!(
        "select seq, emoji, total, user_id, reacted_us from (
             select seq, emoji, user_id, reacted_us,
                    row_number() over (partition by seq, emoji order by reacted_us, user_id) as place,
                    count(*) over (partition by seq, emoji) as total
             from reactions where room_id = ? and seq in {}
         ) ranked
         where place <= {} order by seq, emoji, place",
        placeholders(1, messages),
        limits::REACTION_USERS,
    )
}

fn gather(rows: Vec<Row>) -> BTreeMap<Seq, Vec<Reaction>> {
    let mut found: BTreeMap<Seq, Vec<Reaction>> = BTreeMap::new();
    for (seq, emoji, count, user, at) in rows {
        let reactions = found.entry(Seq(seq)).or_default();
        let user = (UserId(user), Timestamp(at));
        match reactions.last_mut() {
            Some(reaction) if reaction.emoji == emoji => reaction.users.push(user),
            _ => reactions.push(Reaction { emoji, count, users: vec![user] }),
        }
    }
    for reactions in found.values_mut() {
        Reaction::sort(reactions);
    }
    found
}

/// Of some messages, within a transaction.
pub(super) async fn of_messages(
    tx: &mut Tx<'_>,
    room: RoomId,
    messages: Vec<Seq>,
) -> Result<BTreeMap<Seq, Vec<Reaction>>, sqlx::Error> {
    let messages = padded(messages);
    let sql = reactions_sql(messages.len());
    let rows: Vec<Row> = within!(tx, c => {
        let mut query = sqlx::query_as(AssertSqlSafe(sql)).bind(room.0);
        for seq in &messages {
            query = query.bind(seq.0);
        }
        query.fetch_all(c).await
    })?;
    Ok(gather(rows))
}

impl Store {
    /// Puts the reactions under the messages of one room.
    pub(super) async fn with_reactions(
        &self,
        room: RoomId,
        messages: Vec<Message>,
    ) -> Result<Vec<Message>> {
        if messages.is_empty() {
            return Ok(messages);
        }
        let seqs = padded(messages.iter().map(|message| message.seq).collect());
        let sql = reactions_sql(seqs.len());
        let rows: Vec<Row> = reading!(&self.pools, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql)).bind(room.0);
            for seq in &seqs {
                query = query.bind(seq.0);
            }
            query.fetch_all(c).await
        })
        .map_err(refused)?;
        let mut found = gather(rows);
        Ok(messages
            .into_iter()
            .map(|message| {
                let reactions = found.remove(&message.seq).unwrap_or_default();
                Message { reactions, ..message }
            })
            .collect())
    }
}

//! Reactions under messages.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::dialect::placeholders;
use crate::model::{Reaction, Seq, Timestamp, UserId, limits};

/// Position, emoji, how many, and one of the first users with the time.
pub(super) type Row = (i64, String, i64, Uuid, i64);

/// The reactions of some messages of a room, each with its first users.
pub(super) fn reactions_sql(messages: usize) -> String {
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

pub(super) fn gather(rows: Vec<Row>) -> BTreeMap<Seq, Vec<Reaction>> {
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

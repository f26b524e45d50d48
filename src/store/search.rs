//! Reading the search index. What it names is always looked at again in the
//! messages themselves, as the one who searches may read them now.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    Store,
    dialect::{db_error, on_pool, pad_to_power_of_two, placeholders},
    messages::{MESSAGES, MessageRow},
};
use crate::{
    error::Result,
    model::{
        Message, RoomId, Seq, Timestamp, UserId,
        folding::name_key,
        search::{Criteria, ResultPosition, TimeRange},
        terms::Lookup,
        users::fold,
    },
};

/// Where the membership `m` lets its user read: the one place that says which
/// rooms, and after which position of each, a search may tell of.
const READABLE: &str = "m.user_id = ? and m.state = 1";
const READABLE_AFTER: &str = "m.floor_seq";

/// A stretch of a room in the index.
#[derive(Debug, Clone, Copy)]
pub struct Segment {
    pub id: i64,
    pub room: RoomId,
    pub newest: Timestamp,
}

impl Store {
    /// The segments in which a search has to look below a place, the newest
    /// first: all that reach over that place, then `limit` older ones. Reads an
    /// index entry for each 256 positions of the rooms that are searched.
    pub async fn segments(
        &self,
        user: UserId,
        criteria: &Criteria,
        below: Timestamp,
        limit: usize,
    ) -> Result<Vec<Segment>> {
        let edge = below.min(criteria.posted.before);
        let mut found = Vec::new();
        if edge < TimeRange::default().before {
            let reach_over = "s.newest_us >= ? and s.oldest_us <= ?";
            found = self.segments_where(reach_over, user, criteria, (edge, usize::MAX)).await?;
        }
        let older = "s.newest_us < ? and s.oldest_us <= ?";
        found.extend(self.segments_where(older, user, criteria, (edge, limit)).await?);
        Ok(found)
    }

    async fn segments_where(
        &self,
        wanted: &str,
        user: UserId,
        criteria: &Criteria,
        (edge, limit): (Timestamp, usize),
    ) -> Result<Vec<Segment>> {
        let rooms = pad_to_power_of_two(criteria.rooms.clone());
        let of_rooms = if rooms.is_empty() {
            String::new()
        } else {
            format!("and m.room_id in {}", placeholders(1, rooms.len()))
        };
        let sql = format!(
            "select s.id, s.room_id, s.newest_us
             from members m join search_segments s on s.room_id = m.room_id
             where {READABLE} {of_rooms} and s.newest_us >= ? and {wanted}
             order by s.newest_us desc limit ?"
        );
        let rows: Vec<(i64, Uuid, i64)> = on_pool!(&self.pools, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql)).bind(user.0);
            for room in &rooms {
                query = query.bind(room.0);
            }
            query
                .bind(criteria.posted.from.0)
                .bind(edge.0).bind(edge.0)
                .bind(i64::try_from(limit).unwrap_or(i64::MAX))
                .fetch_all(c).await
        })
        .map_err(db_error)?;
        let segment =
            |(id, room, newest)| Segment { id, room: RoomId(room), newest: Timestamp(newest) };
        Ok(rows.into_iter().map(segment).collect())
    }

    /// The messages of some segments that the index has under a term, each with
    /// its segment's id.
    pub async fn places(
        &self,
        segments: &[Segment],
        lookup: &Lookup,
    ) -> Result<Vec<(i64, ResultPosition)>> {
        let rooms: BTreeMap<i64, RoomId> = segments.iter().map(|s| (s.id, s.room)).collect();
        let ids = pad_to_power_of_two(rooms.keys().copied().collect());
        let (wanted, terms) = match lookup {
            Lookup::Exact(term) => ("term = ?".to_owned(), vec![term.clone()]),
            // No byte of UTF-8 is 255.
            Lookup::Prefix(begin) => (
                "term >= ? and term < ?".to_owned(),
                vec![begin.clone(), [begin.as_slice(), &[u8::MAX]].concat()],
            ),
            Lookup::AnyOf(terms) => {
                (format!("term in {}", placeholders(1, terms.len())), terms.clone())
            }
        };
        let sql = format!(
            "select distinct segment_id, seq, posted_us from search_terms
             where segment_id in {} and {wanted}",
            placeholders(1, ids.len()),
        );
        let rows: Vec<(i64, i64, i64)> = on_pool!(&self.pools, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql));
            for id in &ids {
                query = query.bind(*id);
            }
            for term in &terms {
                query = query.bind(term);
            }
            query.fetch_all(c).await
        })
        .map_err(db_error)?;
        let place = |(segment, seq, posted)| {
            let room = *rooms.get(&segment)?;
            Some((segment, ResultPosition { posted_at: Timestamp(posted), room, seq: Seq(seq) }))
        };
        Ok(rows.into_iter().filter_map(place).collect())
    }

    /// Of some places, the messages that the user may read now; without their
    /// reactions. At most 256.
    pub async fn readable(&self, user: UserId, places: &[ResultPosition]) -> Result<Vec<Message>> {
        if places.is_empty() {
            return Ok(vec![]);
        }
        let places = pad_to_power_of_two(places.to_vec());
        let sql = format!(
            "{MESSAGES} where {}",
            vec!["(x.room_id = ? and x.seq = ?)"; places.len()].join(" or "),
        );
        let rows: Vec<MessageRow> = on_pool!(&self.pools, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql));
            for place in &places {
                query = query.bind(place.room.0).bind(place.seq.0);
            }
            query.fetch_all(c).await
        })
        .map_err(db_error)?;
        // Read after the messages: who has left by then does not see them.
        let rooms: BTreeSet<Uuid> = places.iter().map(|place| place.room.0).collect();
        let after =
            self.readable_after(user, pad_to_power_of_two(rooms.into_iter().collect())).await?;
        let messages = self.with_attachments(rows).await?;
        Ok(messages
            .into_iter()
            .filter(|m| after.get(&m.room).is_some_and(|after| m.visible_from() > *after))
            .collect())
    }

    /// Those of some rooms that a user may read, and after which position. One
    /// statement of its own: joined to the messages, the database might begin
    /// with the members and walk through whole rooms.
    async fn readable_after(
        &self,
        user: UserId,
        rooms: Vec<Uuid>,
    ) -> Result<BTreeMap<RoomId, Seq>> {
        let sql = format!(
            "select m.room_id, {READABLE_AFTER} from members m
             where {READABLE} and m.room_id in {}",
            placeholders(1, rooms.len()),
        );
        let rows: Vec<(Uuid, i64)> = on_pool!(&self.pools, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql)).bind(user.0);
            for room in &rooms {
                query = query.bind(*room);
            }
            query.fetch_all(c).await
        })
        .map_err(db_error)?;
        Ok(rows.into_iter().map(|(room, after)| (RoomId(room), Seq(after))).collect())
    }

    /// The users of these names; those that do not exist are left out.
    pub async fn users_named(&self, names: &[String]) -> Result<Vec<UserId>> {
        let sql = "select id from users where username_key in";
        let names = names.iter().map(|name| fold(name)).collect();
        let rows = self.ids_named(sql, None, names).await?;
        Ok(rows.into_iter().map(UserId).collect())
    }

    /// The rooms of these names that a user may search.
    pub async fn rooms_named(&self, user: UserId, names: &[String]) -> Result<Vec<RoomId>> {
        let sql = format!(
            "select r.id from members m join rooms r on r.id = m.room_id
             where {READABLE} and r.name_key in"
        );
        let names = names.iter().map(|name| name_key(name)).collect();
        let rows = self.ids_named(&sql, Some(user), names).await?;
        Ok(rows.into_iter().map(RoomId).collect())
    }

    async fn ids_named(
        &self,
        select: &str,
        user: Option<UserId>,
        keys: Vec<String>,
    ) -> Result<Vec<Uuid>> {
        if keys.is_empty() {
            return Ok(vec![]);
        }
        let keys = pad_to_power_of_two(keys);
        let sql = format!("{select} {} limit 100", placeholders(1, keys.len()));
        on_pool!(&self.pools, c => {
            let mut query = sqlx::query_scalar(AssertSqlSafe(sql));
            if let Some(user) = user {
                query = query.bind(user.0);
            }
            for key in &keys {
                query = query.bind(key);
            }
            query.fetch_all(c).await
        })
        .map_err(db_error)
    }
}

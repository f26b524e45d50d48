//! Searching messages: from the index to what the caller may read, newest first.
//!
//! The index is read in segments, the newest first. Whatever it names that is
//! newer than the next segment is certain to come before all that is still to
//! be read, and is looked at in the messages themselves.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::Services;
use crate::{
    error::{Error, Result},
    model::{
        Caller, Message, RoomId, Timestamp, UserId, limits,
        messages::fitting,
        search::{Criteria, ParsedQuery, ResultPosition, SearchQuery},
    },
    store::search::Segment,
};

/// What was found, and where to go on.
pub struct Found {
    pub messages: Vec<Message>,
    pub next: Option<ResultPosition>,
}

/// A call looks at so many segments beside those that reach over its beginning,
const SEGMENTS: usize = 1_024;
/// reads about so many rows of the index,
const ROWS: usize = 50_000;
/// and looks at so many messages.
const MESSAGES: usize = 1_024;
/// Messages in one statement.
const AT_ONCE: usize = 64;
/// Segments in one statement: few at first, since that is often enough.
const FIRST_SEGMENTS: usize = 8;
const MOST_SEGMENTS: usize = 128;
/// More segments at once as long as they have less than this.
const FEW_ROWS: usize = 1_000;

impl Services {
    pub async fn search_messages(&self, caller: Caller, page: SearchQuery) -> Result<Found> {
        let SearchQuery { written, room, from, below, limit } = page;
        if let Some(room) = room {
            self.view_for(room, caller.user).await?;
        }
        let _permit = self.searches.acquire().await.map_err(Error::internal)?;
        let Some(criteria) = self.criteria(caller.user, written, room, from).await? else {
            return Ok(Found { messages: vec![], next: None });
        };
        let search = Search {
            services: self,
            user: caller.user,
            below: below.unwrap_or(ResultPosition::above(Timestamp(i64::MAX))),
            limit,
            criteria,
            hits: BTreeSet::new(),
            found: Vec::new(),
            bytes: 0,
            looked_at: 0,
        };
        let Found { messages, mut next } = search.run().await?;
        let mut messages = self.store.dressed(caller.user, messages).await?;
        if fitting(&messages) < messages.len() {
            messages.truncate(fitting(&messages));
            next = messages.last().map(place_of);
        }
        Ok(Found { messages, next })
    }

    /// Names become ids. `None` if nothing can be found under them.
    async fn criteria(
        &self,
        user: UserId,
        written: ParsedQuery,
        room: Option<RoomId>,
        from: Option<UserId>,
    ) -> Result<Option<Criteria>> {
        let ParsedQuery { phrases, from: senders, within, posted, has_file } = written;
        let people = self.store.users_named(&senders).await?;
        let Some(senders) = both(from, !senders.is_empty(), people) else { return Ok(None) };
        let mut known = Vec::new();
        let mut names = Vec::new();
        let any_room = !within.is_empty();
        for name in within {
            if let Some(id) = RoomId::parse(&name) {
                known.push(id);
            } else if let Some(person) = name.strip_prefix('@') {
                let other = self.store.users_named(&[person.to_owned()]).await?;
                let direct = |other: UserId| RoomId::direct(user.min(other), user.max(other));
                known.extend(other.into_iter().map(direct));
            } else {
                names.push(name);
            }
        }
        known.extend(self.store.rooms_named(user, &names).await?);
        let Some(rooms) = both(room, any_room, known) else { return Ok(None) };
        Ok(Some(Criteria { phrases, senders, rooms, posted, has_file }))
    }
}

/// What a field of the request and the text both allow: empty for anything,
/// `None` for nothing.
fn both<T: PartialEq>(field: Option<T>, written: bool, named: Vec<T>) -> Option<Vec<T>> {
    match field {
        Some(one) if !written || named.contains(&one) => Some(vec![one]),
        Some(_) => None,
        None if written && named.is_empty() => None,
        None => Some(named),
    }
}

fn place_of(message: &Message) -> ResultPosition {
    ResultPosition { posted_at: message.posted_at, room: message.room, seq: message.seq }
}

struct Search<'a> {
    services: &'a Services,
    user: UserId,
    criteria: Criteria,
    below: ResultPosition,
    limit: usize,
    /// Named by the index, and not looked at.
    hits: BTreeSet<ResultPosition>,
    found: Vec<Message>,
    bytes: usize,
    looked_at: usize,
}

impl Search<'_> {
    async fn run(mut self) -> Result<Found> {
        let edge = self.below.posted_at;
        let segments =
            self.services.store.segments(self.user, &self.criteria, edge, SEGMENTS).await?;
        let full = segments.iter().filter(|segment| segment.newest < edge).count() >= SEGMENTS;
        let mut rest = segments.as_slice();
        let (mut size, mut rows) = (FIRST_SEGMENTS, 0);
        while !rest.is_empty() {
            let (some, older) = rest.split_at(size.min(rest.len()));
            rest = older;
            let read = self.read(some).await?;
            rows += read;
            if read < FEW_ROWS {
                size = (size * 2).min(MOST_SEGMENTS);
            }
            let certain = rest.first().map(|segment| segment.newest);
            if let Some(last) = self.look(certain).await? {
                return Ok(Found { messages: self.found, next: Some(last) });
            }
            // The next page has to begin further down than this one, or the
            // search would not come on.
            if let Some(next) = certain.filter(|next| rows > ROWS && *next < edge) {
                return Ok(Found { messages: self.found, next: Some(ResultPosition::above(next)) });
            }
        }
        let next = segments.last().filter(|_| full).map(|last| ResultPosition::above(last.newest));
        Ok(Found { messages: self.found, next })
    }

    /// Adds what the index names in some segments; returns the rows it took.
    async fn read(&mut self, segments: &[Segment]) -> Result<usize> {
        let mut segments = segments.to_vec();
        let mut places: Option<BTreeSet<ResultPosition>> = None;
        let mut rows = 0;
        for lookup in self.criteria.lookups() {
            let named = self.services.store.places(&segments, &lookup).await?;
            rows += named.len();
            let mut both = BTreeSet::new();
            let mut within = HashSet::new();
            for (segment, place) in named {
                if place < self.below
                    && self.criteria.posted.has(place.posted_at)
                    && places.as_ref().is_none_or(|places| places.contains(&place))
                {
                    both.insert(place);
                    within.insert(segment);
                }
            }
            segments.retain(|segment| within.contains(&segment.id));
            places = Some(both);
            if segments.is_empty() {
                break;
            }
        }
        self.hits.extend(places.unwrap_or_default());
        Ok(rows)
    }

    /// Looks at the hits that are newer than what is still to be read. Returns
    /// where to go on if the page or the call's share of work is full.
    async fn look(&mut self, newer_than: Option<Timestamp>) -> Result<Option<ResultPosition>> {
        let certain = |place: &ResultPosition| newer_than.is_none_or(|at| place.posted_at > at);
        loop {
            let mut places = Vec::new();
            while places.len() < AT_ONCE
                && let Some(place) = self.hits.last().copied().filter(certain)
            {
                self.hits.remove(&place);
                places.push(place);
            }
            if places.is_empty() {
                return Ok(None);
            }
            let mut messages: HashMap<_, _> = self
                .services
                .store
                .readable(self.user, &places)
                .await?
                .into_iter()
                .map(|message| ((message.room, message.seq), message))
                .collect();
            for place in places {
                self.looked_at += 1;
                let message = messages.remove(&(place.room, place.seq));
                if let Some(message) = message.filter(|message| self.criteria.fit(message)) {
                    if self.found.len() == self.limit {
                        return Ok(self.found.last().map(place_of));
                    }
                    self.bytes += message.text().map_or(0, str::len);
                    self.found.push(message);
                }
                if self.looked_at >= MESSAGES || self.bytes >= limits::PAGE_BYTES {
                    return Ok(Some(place));
                }
            }
        }
    }
}

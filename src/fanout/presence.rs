//! The connections of this node's users, and what of it others have not been
//! told yet. Changes are collected; `service/presence.rs` takes them out now and
//! then, stores them and tells them.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use crate::model::{ConnectionId, PresenceChoice, PresenceState, UserId, presence::state};

#[derive(Debug)]
struct Person {
    choice: PresenceChoice,
    /// Open streams: whether each is idle.
    open: HashMap<ConnectionId, bool>,
    /// Streams that ended, and until when they still count.
    ending: HashMap<ConnectionId, Instant>,
    /// Until when who has turned invisible is seen as before, so that it looks like
    /// the end of the last stream.
    fades_until: Option<Instant>,
    told: PresenceState,
}

impl Person {
    fn state(&self) -> PresenceState {
        if self.fades_until.is_some() {
            return self.told;
        }
        if self.choice == PresenceChoice::Invisible {
            return PresenceState::Offline;
        }
        // A stream that just ended counts as idle beside others, and as what it
        // was told if it was the last: a reconnect is silent.
        if self.open.is_empty() && !self.ending.is_empty() {
            return self.told;
        }
        state(self.choice, self.open.values().copied())
    }
}

/// A stream as it shall be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionRow {
    pub connection: ConnectionId,
    pub user: UserId,
    pub away: bool,
}

/// What has changed since the last time.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Streams that are new or became idle or busy.
    pub upserts: Vec<ConnectionRow>,
    /// Streams that are gone, the grace included.
    pub deletes: Vec<ConnectionId>,
    /// Users whose state has changed for others.
    pub states: Vec<(UserId, PresenceState)>,
    /// Users whose last stream is gone.
    pub gone: Vec<UserId>,
    /// Users who have turned invisible and are offline for others from now on.
    pub faded: Vec<UserId>,
}

impl Changes {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.upserts.is_empty()
            && self.deletes.is_empty()
            && self.states.is_empty()
            && self.gone.is_empty()
            && self.faded.is_empty()
    }

    /// Puts what came later behind this, as after a failure to store it.
    pub fn merge(&mut self, later: Self) {
        let gone: HashSet<_> = later.deletes.iter().copied().collect();
        self.upserts.retain(|row| !gone.contains(&row.connection));
        self.upserts.extend(later.upserts);
        self.deletes.extend(later.deletes);
        self.states.extend(later.states);
        self.gone.extend(later.gone);
        self.faded.extend(later.faded);
    }
}

#[derive(Debug, Default)]
struct State {
    people: HashMap<UserId, Person>,
    /// See [`Registry::fading`].
    fading: HashMap<UserId, PresenceState>,
    dirty: HashSet<UserId>,
    upserts: HashMap<ConnectionId, ConnectionRow>,
}

/// Who is connected to this node.
#[derive(Debug, Default)]
pub struct PresenceRegistry {
    state: Mutex<State>,
}

impl PresenceRegistry {
    /// A stream of the user has opened.
    pub fn connected(&self, user: UserId, connection: ConnectionId, choice: PresenceChoice) {
        let mut state = self.lock();
        let person = state.people.entry(user).or_insert_with(|| Person {
            choice,
            open: HashMap::new(),
            ending: HashMap::new(),
            fades_until: None,
            told: PresenceState::Offline,
        });
        person.open.insert(connection, false);
        state.changed(ConnectionRow { connection, user, away: false });
    }

    /// A stream of the user has ended.
    pub fn disconnected(&self, user: UserId, connection: ConnectionId, counts_until: Instant) {
        let mut state = self.lock();
        let Some(person) = state.people.get_mut(&user) else { return };
        if person.open.remove(&connection).is_some() {
            person.ending.insert(connection, counts_until);
            state.dirty.insert(user);
        }
    }

    /// A stream became idle or busy.
    pub fn set_away(&self, user: UserId, connection: ConnectionId, away: bool) {
        let mut state = self.lock();
        let Some(open) = state.people.get_mut(&user).map(|person| &mut person.open) else { return };
        if open.get(&connection).is_some_and(|before| *before != away) {
            open.insert(connection, away);
            state.changed(ConnectionRow { connection, user, away });
        }
    }

    /// How the user wants to be seen from now on. Who turns invisible is offline for
    /// others from `fades_until` on.
    pub fn set_choice(&self, user: UserId, choice: PresenceChoice, fades_until: Instant) {
        let mut guard = self.lock();
        let state = &mut *guard;
        if let Some(person) = state.people.get_mut(&user) {
            if choice != PresenceChoice::Invisible {
                person.fades_until = None;
                state.fading.remove(&user);
            } else if person.choice != choice && person.told != PresenceState::Offline {
                person.fades_until = Some(fades_until);
                state.fading.insert(user, person.told);
            }
            person.choice = choice;
            state.dirty.insert(user);
        }
    }

    /// Who has turned invisible, and for others is still what they were before.
    pub fn fading(&self) -> HashMap<UserId, PresenceState> {
        self.lock().fading.clone()
    }

    /// It is stored that these users are offline for others.
    pub fn end_fading(&self, users: &[UserId]) {
        let mut guard = self.lock();
        let state = &mut *guard;
        for user in users {
            // Unless they have turned invisible once more.
            if state.people.get(user).is_none_or(|person| person.fades_until.is_none()) {
                state.fading.remove(user);
            }
        }
    }

    /// Takes out what has changed.
    pub fn take_changes(&self, now: Instant) -> Changes {
        let mut guard = self.lock();
        let state = &mut *guard;
        let mut changes = Changes::default();
        let dirty: Vec<_> = state.dirty.drain().collect();
        for user in dirty {
            let Some(person) = state.people.get_mut(&user) else { continue };
            person.ending.retain(|connection, until| {
                let counts = *until > now;
                if !counts {
                    // One that nobody has heard of yet needs no row at all.
                    if state.upserts.remove(connection).is_none() {
                        changes.deletes.push(*connection);
                    }
                }
                counts
            });
            if person.fades_until.is_some_and(|until| until <= now) {
                person.fades_until = None;
                changes.faded.push(user);
            }
            if !person.ending.is_empty() || person.fades_until.is_some() {
                state.dirty.insert(user);
            }
            let seen = person.state();
            if seen != person.told {
                person.told = seen;
                changes.states.push((user, seen));
            }
            if person.open.is_empty() && person.ending.is_empty() {
                state.people.remove(&user);
                changes.gone.push(user);
            }
        }
        changes.upserts = state.upserts.drain().map(|(_, row)| row).collect();
        changes
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn changed(&mut self, row: ConnectionRow) {
        self.upserts.insert(row.connection, row);
        self.dirty.insert(row.user);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::*;

    const GRACE: Duration = Duration::from_secs(5);

    fn ids() -> (UserId, ConnectionId, ConnectionId) {
        let id = Uuid::from_u128;
        (UserId(id(1)), ConnectionId(id(2)), ConnectionId(id(3)))
    }

    #[test]
    fn a_reconnect_within_the_grace_is_silent() {
        let (user, first, second) = ids();
        let registry = PresenceRegistry::default();
        let now = Instant::now();
        registry.connected(user, first, PresenceChoice::Automatic);
        assert_eq!(registry.take_changes(now).states, [(user, PresenceState::Online)]);
        registry.disconnected(user, first, now + GRACE);
        assert!(registry.take_changes(now).is_empty());
        registry.connected(user, second, PresenceChoice::Automatic);
        let changes = registry.take_changes(now + GRACE);
        assert_eq!(changes.states, []);
        assert_eq!((changes.deletes, changes.gone), (vec![first], vec![]));
    }

    #[test]
    fn the_last_stream_to_end_makes_offline_after_the_grace() {
        let (user, first, second) = ids();
        let registry = PresenceRegistry::default();
        let now = Instant::now();
        registry.connected(user, first, PresenceChoice::Automatic);
        registry.connected(user, second, PresenceChoice::Automatic);
        registry.set_away(user, first, true);
        assert_eq!(registry.take_changes(now).states, [(user, PresenceState::Online)]);
        registry.disconnected(user, second, now + GRACE);
        assert_eq!(registry.take_changes(now).states, [(user, PresenceState::Away)]);
        registry.disconnected(user, first, now + GRACE);
        assert!(registry.take_changes(now).states.is_empty());
        let changes = registry.take_changes(now + GRACE);
        assert_eq!(changes.states, [(user, PresenceState::Offline)]);
        assert_eq!(changes.gone, [user]);
        assert_eq!(changes.deletes.len(), 2);
    }

    #[test]
    fn invisible_is_offline_for_others() {
        let (user, first, _) = ids();
        let registry = PresenceRegistry::default();
        let now = Instant::now();
        registry.connected(user, first, PresenceChoice::Invisible);
        assert!(registry.take_changes(now).states.is_empty());
        registry.set_choice(user, PresenceChoice::DoNotDisturb, now);
        assert_eq!(registry.take_changes(now).states, [(user, PresenceState::DoNotDisturb)]);
    }

    #[test]
    fn who_turns_invisible_fades_as_if_the_last_stream_had_ended() {
        let (user, first, second) = ids();
        let registry = PresenceRegistry::default();
        let now = Instant::now();
        registry.connected(user, first, PresenceChoice::DoNotDisturb);
        registry.take_changes(now);
        registry.set_choice(user, PresenceChoice::Invisible, now + GRACE);
        registry.set_away(user, first, true);
        registry.connected(user, second, PresenceChoice::Invisible);
        let changes = registry.take_changes(now);
        assert_eq!((changes.states, changes.faded), (vec![], vec![]));
        // Chosen once more, it takes no longer.
        registry.set_choice(user, PresenceChoice::Invisible, now + GRACE * 2);
        assert_eq!(registry.fading(), [(user, PresenceState::DoNotDisturb)].into());
        let changes = registry.take_changes(now + GRACE);
        assert_eq!(changes.states, [(user, PresenceState::Offline)]);
        assert_eq!(changes.faded, [user]);
        assert_eq!(registry.fading().len(), 1, "until it is stored");
        registry.end_fading(&[user]);
        assert!(registry.fading().is_empty());
        // Whoever can be seen again meanwhile has never been away.
        registry.set_choice(user, PresenceChoice::Automatic, now);
        assert_eq!(registry.take_changes(now).states, [(user, PresenceState::Online)]);
        registry.set_choice(user, PresenceChoice::Invisible, now + GRACE);
        registry.set_choice(user, PresenceChoice::Automatic, now);
        assert!(registry.take_changes(now + GRACE).states.is_empty());
        assert!(registry.fading().is_empty());
    }
}

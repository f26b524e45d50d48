//! Who types where: a state that lapses by itself.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use super::hub::Hub;
use crate::{
    model::{
        RoomId, UserId,
        limits::{SEVERAL_TYPING_EVERY, TYPING_LAPSES_AFTER},
    },
    wire::events,
};

/// Someone who types in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typist {
    pub room: RoomId,
    pub user: UserId,
    /// Those with whom they have a block are not told.
    pub kept_from: Arc<BTreeSet<UserId>>,
    /// The room has more members than are told of each other: only that somebody types
    /// is told, now and then.
    pub in_large_room: bool,
}

impl Typist {
    /// Whether somebody may know that they type.
    #[must_use]
    pub fn is_shown_to(&self, watcher: UserId) -> bool {
        self.user != watcher && !self.kept_from.contains(&watcher)
    }
}

/// Who types in a large room, and who did when it was told last.
#[derive(Debug, PartialEq, Eq)]
pub struct SeveralTyping {
    pub room: RoomId,
    pub before: Vec<Typist>,
    pub now: Vec<Typist>,
    /// Whether somebody asked meanwhile and was answered that others type: then all who
    /// are shown nobody now are told so, whatever they were told before.
    pub answered: bool,
}

/// Each user types in at most one room, so this is bounded by the users.
#[derive(Debug, Default)]
pub struct Typing {
    typists: Mutex<HashMap<UserId, (Typist, Instant)>>,
    /// Of large rooms: who typed there when it was told last, and when that was.
    told: Mutex<HashMap<RoomId, (Vec<Typist>, Instant)>>,
    /// Large rooms where somebody asked since it was told last, and was answered that
    /// others type.
    answered: Mutex<HashSet<RoomId>>,
}

impl Typing {
    /// Notes that a user types in a room. Returns who stopped typing by that, here
    /// for others or elsewhere, and whether this is news.
    pub fn start(&self, typist: Typist, now: Instant) -> (Option<Typist>, bool) {
        let started = typist.clone();
        match self.lock().insert(typist.user, (typist, now + TYPING_LAPSES_AFTER)) {
            Some((before, _)) if before == started => (None, false),
            Some((before, _)) => (Some(before), true),
            None => (None, true),
        }
    }

    /// Takes out and returns a user who types in this room.
    pub fn stop(&self, room: RoomId, user: UserId) -> Option<Typist> {
        let mut typing = self.lock();
        typing.get(&user).filter(|(typist, _)| typist.room == room)?;
        typing.remove(&user).map(|(typist, _)| typist)
    }

    /// Takes out and returns a user, wherever they type.
    pub fn stop_anywhere(&self, user: UserId) -> Option<Typist> {
        self.lock().remove(&user).map(|(typist, _)| typist)
    }

    /// Takes out and returns all who type in a room.
    pub fn stop_all(&self, room: RoomId) -> Vec<Typist> {
        self.take(|typist, _| typist.room == room)
    }

    /// Who types in a room, as somebody else may know it.
    #[must_use]
    pub fn in_room(&self, room: RoomId, watcher: UserId) -> Vec<UserId> {
        let typing = self.lock();
        let here = typing.values().map(|(typist, _)| typist).filter(|typist| typist.room == room);
        let shown = here.filter(|typist| !typist.in_large_room);
        shown.filter(|typist| !typist.kept_from.contains(&watcher)).map(|t| t.user).collect()
    }

    /// Whether somebody types in a large room, as somebody else may know it. Once nobody
    /// does, that is told.
    #[must_use]
    pub fn several_in_room(&self, room: RoomId, watcher: UserId) -> bool {
        let is_shown = self.lock().values().any(|(typist, _)| {
            typist.room == room && typist.in_large_room && typist.is_shown_to(watcher)
        });
        if is_shown {
            self.answered.lock().unwrap_or_else(PoisonError::into_inner).insert(room);
        }
        is_shown
    }

    /// In which large rooms others type than those who did when it was told last, and
    /// that was long enough ago.
    pub fn take_several(&self, now: Instant) -> Vec<SeveralTyping> {
        // Taken before the typists are read: later answers belong to the next call.
        let mut answered_in =
            std::mem::take(&mut *self.answered.lock().unwrap_or_else(PoisonError::into_inner));
        let mut rooms: HashMap<RoomId, Vec<Typist>> =
            answered_in.iter().map(|room| (*room, Vec::new())).collect();
        for (typist, _) in self.lock().values() {
            if typist.in_large_room {
                rooms.entry(typist.room).or_default().push(typist.clone());
            }
        }
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        for room in told.keys() {
            rooms.entry(*room).or_default();
        }
        let mut changes = Vec::new();
        for (room, mut typists) in rooms {
            typists.sort_unstable_by_key(|typist| typist.user);
            let before = told.get(&room);
            if before.is_some_and(|(_, at)| now.duration_since(*at) < SEVERAL_TYPING_EVERY) {
                continue;
            }
            let before = before.map(|(before, _)| before.clone()).unwrap_or_default();
            let answered = answered_in.remove(&room);
            if before == typists && !answered {
                // Nobody, for long enough that the next one is told at once.
                if typists.is_empty() {
                    told.remove(&room);
                }
                continue;
            }
            told.insert(room, (typists.clone(), now));
            changes.push(SeveralTyping { room, before, now: typists, answered });
        }
        // Rooms of which something was told too recently keep their answers for later.
        self.answered.lock().unwrap_or_else(PoisonError::into_inner).extend(answered_in);
        changes
    }

    /// Takes out and returns who has lapsed.
    pub fn lapsed(&self, now: Instant) -> Vec<Typist> {
        self.take(|_, until| until <= now)
    }

    fn take(&self, which: impl Fn(&Typist, Instant) -> bool) -> Vec<Typist> {
        let mut typing = self.lock();
        typing.extract_if(|_, (typist, until)| which(typist, *until)).map(|(_, (t, _))| t).collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<UserId, (Typist, Instant)>> {
        self.typists.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hub {
    /// Tells those who watch a large room whether somebody else types there, if that is
    /// news to them.
    pub fn several_typing(&self, change: &SeveralTyping) {
        let SeveralTyping { room, before, now, answered } = change;
        let is_shown =
            |typists: &[Typist], watcher| typists.iter().any(|typist| typist.is_shown_to(watcher));
        for typing in [true, false] {
            let told_again = *answered && !typing;
            let news = |watcher, _| {
                is_shown(now, watcher) == typing
                    && (told_again || is_shown(before, watcher) != typing)
            };
            self.tell_watchers(*room, news, || events::several_typing(*room, typing));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::*;

    #[test]
    fn typing_lapses_and_is_in_one_room_at_a_time() {
        let typing = Typing::default();
        let (a, b) = (RoomId(Uuid::from_u128(1)), RoomId(Uuid::from_u128(2)));
        let (user, other) = (UserId(Uuid::from_u128(3)), UserId(Uuid::from_u128(4)));
        let kept_from: Arc<BTreeSet<UserId>> = Arc::new([other].into());
        let typist =
            |room| Typist { room, user, kept_from: kept_from.clone(), in_large_room: false };
        let now = Instant::now();
        assert_eq!(typing.start(typist(a), now), (None, true));
        assert_eq!(typing.start(typist(a), now), (None, false));
        let shown_to_all = Typist { kept_from: Arc::default(), ..typist(a) };
        assert_eq!(typing.start(shown_to_all.clone(), now), (Some(typist(a)), true));
        // Whom it is kept from from now on has to hear of the end.
        assert_eq!(typing.start(typist(a), now), (Some(shown_to_all), true));
        assert_eq!(typing.start(typist(b), now), (Some(typist(a)), true));
        assert_eq!((typing.stop(a, user), typing.stop_all(a)), (None, vec![]));
        assert_eq!((typing.in_room(b, user), typing.in_room(b, other)), (vec![user], vec![]));
        assert!(typing.lapsed(now).is_empty());
        assert_eq!(typing.lapsed(now + TYPING_LAPSES_AFTER), [typist(b)]);
        assert!(typing.in_room(b, user).is_empty());
        typing.start(typist(b), now);
        assert_eq!(typing.stop_all(b), [typist(b)]);
        typing.start(typist(a), now);
        assert_eq!(typing.stop_anywhere(user), Some(typist(a)));
        assert_eq!(typing.stop_anywhere(user), None);
    }

    #[test]
    fn of_a_large_room_it_is_told_every_two_seconds_at_most_whether_somebody_types() {
        let typing = Typing::default();
        let room = RoomId(Uuid::from_u128(1));
        let (ada, bob) = (UserId(Uuid::from_u128(2)), UserId(Uuid::from_u128(3)));
        let kept_from: Arc<BTreeSet<UserId>> = Arc::new([bob].into());
        let typist =
            |user| Typist { room, user, kept_from: kept_from.clone(), in_large_room: true };
        let begun = Instant::now();
        let after = |ms| begun + Duration::from_millis(ms);
        assert_eq!(typing.take_several(begun), []);
        typing.start(typist(ada), begun);
        let expected = |before, now, answered| SeveralTyping { room, before, now, answered };
        assert_eq!(typing.take_several(begun), [expected(vec![], vec![typist(ada)], false)]);
        // Nobody is named, nor told that they type themselves, nor whom they have a block with.
        let others = [ada, bob, UserId(Uuid::from_u128(4))];
        assert!(others.iter().all(|watcher| typing.in_room(room, *watcher).is_empty()));
        assert_eq!(
            others.map(|watcher| typing.several_in_room(room, watcher)),
            [false, false, true]
        );
        typing.stop(room, ada);
        typing.start(typist(bob), after(500));
        assert_eq!(typing.take_several(after(1_999)), []);
        let change = expected(vec![typist(ada)], vec![typist(bob)], true);
        assert_eq!(typing.take_several(after(2_000)), [change]);
        assert_eq!(typing.take_several(after(4_000)), []);
        typing.stop(room, bob);
        let change = expected(vec![typist(bob)], vec![], false);
        assert_eq!(typing.take_several(after(4_500)), [change]);
        assert_eq!(typing.take_several(after(9_000)), []);
        assert!(typing.told.lock().expect("not poisoned").is_empty());
        // Who asked meanwhile is told that nobody types any more, though nobody else was
        // told that somebody did.
        typing.start(typist(ada), after(9_000));
        assert!(typing.several_in_room(room, others[2]));
        typing.stop(room, ada);
        assert_eq!(typing.take_several(after(9_500)), [expected(vec![], vec![], true)]);
        assert_eq!(typing.take_several(after(19_000)), []);
        assert!(typing.told.lock().expect("not poisoned").is_empty());
    }
}

//! Who types where: a state that lapses by itself.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use crate::model::{RoomId, UserId, limits::TYPING_LAPSES_AFTER};

/// Someone who types in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typist {
    pub room: RoomId,
    pub user: UserId,
    /// Those with whom they have a block are not told.
    pub kept_from: Arc<BTreeSet<UserId>>,
}

/// Each user types in at most one room, so this is bounded by the users.
#[derive(Debug, Default)]
pub struct Typing {
    typing: Mutex<HashMap<UserId, (Typist, Instant)>>,
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
        here.filter(|typist| !typist.kept_from.contains(&watcher)).map(|t| t.user).collect()
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
        self.typing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn typing_lapses_and_is_in_one_room_at_a_time() {
        let typing = Typing::default();
        let (a, b) = (RoomId(Uuid::from_u128(1)), RoomId(Uuid::from_u128(2)));
        let (user, other) = (UserId(Uuid::from_u128(3)), UserId(Uuid::from_u128(4)));
        let kept_from: Arc<BTreeSet<UserId>> = Arc::new([other].into());
        let typist = |room| Typist { room, user, kept_from: kept_from.clone() };
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
}

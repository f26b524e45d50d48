//! Who types where: a state that lapses by itself.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use crate::model::{RoomId, UserId, limits::TYPING_LAPSES_AFTER};

/// Each user types in at most one room, so this is bounded by the users.
#[derive(Debug, Default)]
pub struct Typing {
    typing: Mutex<HashMap<UserId, (RoomId, Instant)>>,
}

impl Typing {
    /// Notes that a user types in a room. Returns the room in which they
    /// stopped typing by that, and whether this is news.
    pub fn start(&self, room: RoomId, user: UserId, now: Instant) -> (Option<RoomId>, bool) {
        match self.lock().insert(user, (room, now + TYPING_LAPSES_AFTER)) {
            Some((before, _)) if before == room => (None, false),
            Some((before, _)) => (Some(before), true),
            None => (None, true),
        }
    }

    /// Notes that a user does not type in a room any more; whether this is news.
    pub fn stop(&self, room: RoomId, user: UserId) -> bool {
        let mut typing = self.lock();
        let typed_here = typing.get(&user).is_some_and(|(at, _)| *at == room);
        if typed_here {
            typing.remove(&user);
        }
        typed_here
    }

    /// Who types in a room.
    #[must_use]
    pub fn in_room(&self, room: RoomId) -> Vec<UserId> {
        let typing = self.lock();
        typing.iter().filter(|(_, (at, _))| *at == room).map(|(user, _)| *user).collect()
    }

    /// Takes out and returns who has lapsed.
    pub fn lapsed(&self, now: Instant) -> Vec<(RoomId, UserId)> {
        let mut lapsed = Vec::new();
        self.lock().retain(|user, (room, until)| {
            let keep = *until > now;
            if !keep {
                lapsed.push((*room, *user));
            }
            keep
        });
        lapsed
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<UserId, (RoomId, Instant)>> {
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
        let user = UserId(Uuid::from_u128(3));
        let now = Instant::now();
        assert_eq!(typing.start(a, user, now), (None, true));
        assert_eq!(typing.start(a, user, now), (None, false));
        assert_eq!(typing.start(b, user, now), (Some(a), true));
        assert!(!typing.stop(a, user));
        assert!(typing.lapsed(now).is_empty());
        assert_eq!(typing.lapsed(now + TYPING_LAPSES_AFTER), [(b, user)]);
        assert!(typing.in_room(b).is_empty());
    }
}

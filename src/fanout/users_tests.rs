//! Tests of `users.rs`. Time is a parameter, so none of them waits.

use std::time::Duration;

use uuid::Uuid;

use super::*;

fn user(n: usize) -> UserId {
    UserId(Uuid::from_u128(n as u128))
}

fn stream(n: usize) -> ConnectionId {
    ConnectionId(Uuid::from_u128(n as u128))
}

/// What may go out now, with as many users as each stream gets.
fn counts(updates: &UserUpdates, now: Instant) -> Vec<(ConnectionId, usize)> {
    let mut all: Vec<_> =
        updates.take_sendable(now).into_iter().map(|(s, u)| (s, u.len())).collect();
    all.sort_unstable();
    all
}

#[test]
fn changes_within_a_second_are_one_and_later_ones_wait_for_a_second_of_their_own() {
    let updates = UserUpdates::default();
    let begun = Instant::now();
    let after = |ms| begun + Duration::from_millis(ms);
    for n in 0..10 {
        updates.add(user(1), after(n * 99));
        assert!(updates.take_merged(after(n * 99)).is_empty());
    }
    assert_eq!(updates.due_at(), Some(after(1_000)), "from the first change on");
    assert!(updates.take_merged(after(999)).is_empty());
    assert_eq!(updates.take_merged(after(1_000)), [user(1)]);
    assert!(updates.take_merged(after(9_000)).is_empty());
    updates.add(user(1), after(1_001));
    assert!(updates.take_merged(after(2_000)).is_empty());
    assert_eq!(updates.take_merged(after(2_001)), [user(1)]);
    assert_eq!(updates.due_at(), None);
}

#[test]
fn of_eighty_users_a_stream_is_told_fifty_in_any_second_and_the_others_in_the_next() {
    let updates = UserUpdates::default();
    let begun = Instant::now();
    let after = |ms| begun + Duration::from_millis(ms);
    for n in 0..80 {
        updates.enqueue([stream(1)], user(n));
    }
    // Another stream is not held up by it.
    updates.enqueue([stream(2)], user(0));
    let first = updates.take_sendable(begun);
    let of_first = &first.iter().find(|(s, _)| *s == stream(1)).expect("the stream").1;
    assert_eq!(*of_first, (0..50).map(user).collect::<Vec<_>>(), "who has waited for longest");
    assert_eq!(first.iter().find(|(s, _)| *s == stream(2)).expect("the other").1, [user(0)]);
    // Who changes once more meanwhile waits once.
    updates.enqueue([stream(1)], user(60));
    assert_eq!(counts(&updates, after(999)), []);
    assert_eq!(updates.due_at(), Some(after(1_000)));
    assert_eq!(counts(&updates, after(1_000)), [(stream(1), 30)]);
    // The limit holds for any second, not for the clock's: 30 have gone since.
    for n in 0..80 {
        updates.enqueue([stream(1)], user(n));
    }
    assert_eq!(counts(&updates, after(1_500)), [(stream(1), 20)]);
    assert_eq!(counts(&updates, after(1_999)), []);
    assert_eq!(counts(&updates, after(2_000)), [(stream(1), 30)]);
    assert_eq!(counts(&updates, after(2_500)), [(stream(1), 20)]);
    assert_eq!(counts(&updates, after(3_000)), [(stream(1), 10)]);
    assert_eq!(counts(&updates, after(4_000)), []);
    assert_eq!(updates.due_at(), None, "nothing is kept of a stream that has been told all");
}

#[test]
fn what_waits_is_bounded_comes_back_after_a_failure_and_goes_with_its_stream() {
    let updates = UserUpdates::default();
    let now = Instant::now();
    for n in 0..USER_CHANGES_WAITING + 10 {
        updates.enqueue([stream(1)], user(n));
    }
    assert_eq!(updates.lock().streams[&stream(1)].waiting.len(), USER_CHANGES_WAITING);
    updates.forget(stream(1));
    assert!(updates.take_sendable(now).is_empty());
    updates.enqueue([stream(2)], user(1));
    updates.put_back(updates.take_sendable(now));
    assert_eq!(counts(&updates, now), [(stream(2), 1)]);
}

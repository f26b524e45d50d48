use std::{
    pin::{Pin, pin},
    sync::atomic::{AtomicUsize, Ordering},
    task::{Context, Poll, Waker},
};

use uuid::Uuid;

use super::*;
use crate::error::Error;

fn catch_ups(at_once: usize) -> CatchUps {
    CatchUps::new(Store::connect("mysql://nobody@localhost/none", 1).expect("a URL"), at_once)
}

fn user(number: u128) -> UserId {
    UserId(Uuid::from_u128(number))
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    // Each as often as the test likes.
    pin!(tokio::task::unconstrained(future)).poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test]
async fn many_streams_of_one_user_do_not_hold_up_another() {
    const STREAMS: usize = 300;
    let catch_ups = catch_ups(1);
    let running = catch_ups.turn(user(1)).await;
    let mut crowd: Vec<_> = (0..STREAMS).map(|_| Box::pin(catch_ups.turn(user(1)))).collect();
    for stream in &mut crowd {
        assert!(poll(stream.as_mut()).is_pending());
    }
    let mut other = pin!(catch_ups.turn(user(2)));
    assert!(poll(other.as_mut()).is_pending());
    drop(running);
    // The crowd was there first; the other one is next.
    let first = poll(crowd[0].as_mut());
    assert!(first.is_ready());
    assert!(crowd[1..].iter_mut().all(|stream| poll(stream.as_mut()).is_pending()));
    drop(first);
    let second = poll(other.as_mut());
    assert!(second.is_ready());
    drop(second);
    // Then the crowd, in its order.
    for stream in &mut crowd[1..] {
        assert!(poll(stream.as_mut()).is_ready());
    }
}

#[tokio::test]
async fn who_does_not_wait_any_more_takes_no_turn_and_no_memory() {
    let catch_ups = catch_ups(1);
    let running = catch_ups.turn(user(1)).await;
    let mut gone: Vec<_> = (0..100).map(|n| Box::pin(catch_ups.turn(user(n % 3)))).collect();
    for stream in &mut gone {
        assert!(poll(stream.as_mut()).is_pending());
    }
    let mut next = pin!(catch_ups.turn(user(4)));
    assert!(poll(next.as_mut()).is_pending());
    drop(gone);
    {
        let queue = lock(&catch_ups.queue);
        assert_eq!((queue.waiting.len(), queue.users.len()), (1, 1));
    }
    drop(running);
    // A turn that was given and not taken is the next one's.
    let mut unlucky = Box::pin(catch_ups.turn(user(5)));
    assert!(poll(unlucky.as_mut()).is_pending());
    assert!(poll(next.as_mut()).is_ready());
    drop(unlucky);
    assert_eq!(lock(&catch_ups.queue).free, 1);
}

#[tokio::test]
async fn what_many_ask_at_once_is_read_in_few_statements() {
    let shared = Shared::new(8);
    let statements = AtomicUsize::new(0);
    let read = |users: Vec<UserId>| {
        statements.fetch_add(1, Ordering::Relaxed);
        assert!(users.len() <= 8);
        async move {
            tokio::task::yield_now().await;
            Ok(users.into_iter().map(|user| (user, user)).collect())
        }
        .boxed()
    };
    let asked = (0..100).map(async |n| {
        // Some of them are streams of the same user.
        let user = user(n / 2);
        assert_eq!(shared.read(user, read).await.expect("read"), Some(user));
    });
    futures::future::join_all(asked).await;
    let statements = statements.into_inner();
    assert!((13..=16).contains(&statements), "{statements} statements");
}

#[tokio::test]
async fn what_fails_for_one_fails_for_all_who_wait_for_it() {
    let shared = Shared::<UserId>::new(8);
    let statements = AtomicUsize::new(0);
    let read = |_| {
        statements.fetch_add(1, Ordering::Relaxed);
        async move {
            tokio::task::yield_now().await;
            Err(Error::DatabaseUnavailable)
        }
        .boxed()
    };
    let asked = (0..100).map(|n| shared.read(user(n), read));
    for answer in futures::future::join_all(asked).await {
        assert!(matches!(answer, Err(Error::DatabaseUnavailable)));
    }
    let statements = statements.into_inner();
    assert!((13..=16).contains(&statements), "{statements} statements");
}

#[tokio::test]
async fn who_reads_for_others_and_is_given_up_leaves_them_to_the_next() {
    let shared = Shared::new(8);
    let statements = AtomicUsize::new(0);
    let read = |users: Vec<UserId>| {
        let number = statements.fetch_add(1, Ordering::Relaxed);
        async move {
            // Those who read first come to no end.
            if number < 3 {
                std::future::pending::<()>().await;
            }
            Ok(users.into_iter().map(|user| (user, user)).collect())
        }
        .boxed()
    };
    let mut asked: Vec<_> = (0..10).map(|n| Box::pin(shared.read(user(n), read))).collect();
    for one in &mut asked {
        assert!(poll(one.as_mut()).is_pending());
    }
    // Two of them read for themselves; the next reads for all the others.
    drop(asked.remove(0));
    assert!(asked.iter_mut().all(|one| poll(one.as_mut()).is_pending()));
    assert_eq!(statements.load(Ordering::Relaxed), 3);
    drop(asked.remove(1));
    let rest = asked.split_off(1);
    for (n, answer) in (3..).zip(futures::future::join_all(rest).await) {
        assert_eq!(answer.expect("read"), Some(user(n)));
    }
}

#[tokio::test]
async fn streams_of_one_user_that_do_not_read_leave_turns_to_others() {
    let catch_ups = catch_ups(8);
    let mut crowd: Vec<_> = (0..10).map(|_| Box::pin(catch_ups.turn(user(1)))).collect();
    let mut turns = Vec::new();
    for stream in &mut crowd {
        if let Poll::Ready(turn) = poll(stream.as_mut()) {
            turns.push(turn);
        }
    }
    assert_eq!(turns.len(), 2);
    let mut others: Vec<_> = (2..8).map(|n| Box::pin(catch_ups.turn(user(n)))).collect();
    let taken: Vec<_> = others.iter_mut().map(|stream| poll(stream.as_mut())).collect();
    assert!(taken.iter().all(Poll::is_ready));
    // Once one of them has caught up the next one may.
    turns.pop();
    let next: Vec<_> = crowd[2..].iter_mut().map(|stream| poll(stream.as_mut())).collect();
    assert_eq!(next.iter().filter(|turn| turn.is_ready()).count(), 1);
    drop((turns, crowd, others, taken, next));
    let queue = lock(&catch_ups.queue);
    assert_eq!((queue.free, queue.running.len(), queue.waiting.len()), (8, 0, 0));
}

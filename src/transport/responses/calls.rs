//! The calls of one owner that are not answered yet.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use futures::future::{AbortHandle, AbortRegistration};

use crate::error::{Error, Result};

/// Calls of one owner whose request is arriving, and as many that are carried out.
pub const MAX_CALLS: usize = 256;

/// Counts calls in the two parts of their life. Who keeps many requests from becoming
/// whole locks nobody out of the same network: the oldest of them makes room.
#[derive(Debug, Default)]
pub struct PendingCalls(Mutex<Calls>);

#[derive(Debug, Default)]
struct Calls {
    next: u64,
    /// Those whose request has not arrived whole, the oldest first.
    arriving: BTreeMap<u64, AbortHandle>,
    /// Those that are the server's turn.
    running: usize,
}

impl PendingCalls {
    /// Counts a call whose request is arriving. It is to be given up when what is
    /// registered is aborted.
    pub fn begin(self: &Arc<Self>) -> (CallPermit, AbortRegistration) {
        let (abort, registration) = AbortHandle::new_pair();
        let mut calls = self.lock();
        if calls.arriving.len() >= MAX_CALLS
            && let Some((_, oldest)) = calls.arriving.pop_first()
        {
            oldest.abort();
        }
        calls.next += 1;
        let id = calls.next;
        calls.arriving.insert(id, abort);
        (CallPermit { all: self.clone(), id, is_running: false }, registration)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Calls> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call counts as not answered while this lives.
#[derive(Debug)]
pub struct CallPermit {
    all: Arc<PendingCalls>,
    id: u64,
    is_running: bool,
}

impl CallPermit {
    /// The request is whole: from here on it is the server's turn, if the owner may
    /// have one more carried out.
    pub fn run(&mut self) -> Result<()> {
        let mut calls = self.all.lock();
        let is_waited_for = calls.arriving.remove(&self.id).is_some();
        if !is_waited_for || calls.running >= MAX_CALLS {
            return Err(Error::TooManyInFlight { limit: MAX_CALLS });
        }
        calls.running += 1;
        self.is_running = true;
        Ok(())
    }
}

impl Drop for CallPermit {
    fn drop(&mut self) {
        let mut calls = self.all.lock();
        if self.is_running {
            calls.running -= 1;
        } else {
            calls.arriving.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_request_that_is_not_whole_makes_room() {
        let all = Arc::new(PendingCalls::default());
        let mut calls: Vec<_> = (0..MAX_CALLS).map(|_| all.begin()).collect();
        let (mut newest, _registration) = all.begin();
        assert!(calls[0].1.handle().is_aborted() && !calls[1].1.handle().is_aborted());
        assert!(calls[0].0.run().is_err(), "it is not waited for any more");
        assert!(newest.run().is_ok());
        drop((calls, newest));
        let calls = all.lock();
        assert_eq!((calls.arriving.len(), calls.running), (0, 0));
    }

    #[test]
    fn what_is_carried_out_stays_and_is_limited() {
        let all = Arc::new(PendingCalls::default());
        let mut calls: Vec<_> = (0..MAX_CALLS)
            .map(|_| {
                let mut call = all.begin();
                call.0.run().expect("one of those allowed");
                call
            })
            .collect();
        assert!(all.begin().0.run().is_err());
        assert!(calls.iter().all(|(_, registration)| !registration.handle().is_aborted()));
        calls.pop();
        assert!(all.begin().0.run().is_ok());
    }
}

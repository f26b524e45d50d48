//! How many connections there may be, and which one makes room for another.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use futures::future::AbortHandle;
use ipnet::IpNet;

use super::{
    activity::{Activity, Timeouts},
    client::network,
};

/// All connections of a server.
#[derive(Debug)]
pub struct Admission {
    max_connections: usize,
    max_per_network: usize,
    connections: Mutex<Connections>,
}

#[derive(Debug, Default)]
struct Connections {
    next: u64,
    all: HashMap<u64, (Arc<Activity>, AbortHandle)>,
    /// Those that have not sent a whole request yet, the oldest first.
    unserved: BTreeMap<u64, AbortHandle>,
    networks: HashMap<IpNet, usize>,
}

impl Admission {
    #[must_use]
    pub fn new(max_connections: usize, max_per_network: usize) -> Arc<Self> {
        Arc::new(Self { max_connections, max_per_network, connections: Mutex::default() })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Connections> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a new connection, which `abort` ends. Where there is none left,
    /// the oldest connection without a request gives up its own.
    pub fn admit(self: &Arc<Self>, abort: AbortHandle) -> Option<Slot> {
        let mut connections = self.lock();
        if connections.all.len() >= self.max_connections {
            let (oldest, silent) = connections.unserved.pop_first()?;
            silent.abort();
            connections.all.remove(&oldest);
        }
        connections.next += 1;
        let id = connections.next;
        let activity = Arc::new(Activity::default());
        connections.all.insert(id, (activity.clone(), abort.clone()));
        connections.unserved.insert(id, abort);
        let network = Mutex::default();
        Some(Slot {
            admission: self.clone(),
            id,
            activity,
            network,
            is_served: AtomicBool::new(false),
        })
    }

    /// Ends connections that have not sent a whole request yet.
    pub fn abort_unserved(&self) {
        for abort in self.lock().unserved.values() {
            abort.abort();
        }
    }

    /// Ends connections that make the server wait for too long.
    pub fn sweep(&self, timeouts: Timeouts) {
        for (activity, abort) in self.lock().all.values() {
            if let Some(why) = activity.overdue(timeouts) {
                tracing::debug!(why, "a connection is closed");
                abort.abort();
            }
        }
    }
}

/// A connection's place; free again on drop.
#[derive(Debug)]
pub struct Slot {
    admission: Arc<Admission>,
    id: u64,
    pub activity: Arc<Activity>,
    network: Mutex<Option<IpNet>>,
    is_served: AtomicBool,
}

impl Slot {
    /// Counts the connection for its client's network; whether it may have one
    /// more.
    pub fn claim(&self, address: IpAddr) -> bool {
        let network = network(address);
        let mut connections = self.admission.lock();
        let count = connections.networks.entry(network).or_default();
        if *count >= self.admission.max_per_network {
            return false;
        }
        *count += 1;
        *self.network.lock().unwrap_or_else(PoisonError::into_inner) = Some(network);
        true
    }

    /// The connection has sent a request: it does not make room for others any
    /// more.
    pub fn serves(&self) {
        if !self.is_served.swap(true, Relaxed) {
            self.admission.lock().unserved.remove(&self.id);
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut connections = self.admission.lock();
        connections.all.remove(&self.id);
        connections.unserved.remove(&self.id);
        let network = self.network.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(network) = network
            && let Some(count) = connections.networks.get_mut(&network)
        {
            *count -= 1;
            if *count == 0 {
                connections.networks.remove(&network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handle() -> AbortHandle {
        AbortHandle::new_pair().0
    }

    #[test]
    fn the_oldest_connection_without_a_request_makes_room() {
        let admission = Admission::new(2, 10);
        let [first, second, third] = [handle(), handle(), handle()];
        let served = admission.admit(first.clone()).expect("a place");
        served.serves();
        let _silent = admission.admit(second.clone()).expect("a place");
        let newest = admission.admit(third.clone()).expect("the silent one's place");
        assert!(second.is_aborted() && !first.is_aborted());
        newest.serves();
        assert!(admission.admit(handle()).is_none(), "those with requests stay");
        drop(newest);
        assert!(admission.admit(handle()).is_some());
    }

    #[test]
    fn a_network_has_its_own_limit() {
        let admission = Admission::new(10, 2);
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        let slots: Vec<_> = (0..4).filter_map(|_| admission.admit(handle())).collect();
        assert!(slots[0].claim(address("2001:db8::1")));
        assert!(slots[1].claim(address("2001:db8::2")));
        assert!(!slots[2].claim(address("2001:db8::3")));
        assert!(slots[3].claim(address("192.0.2.1")));
        drop(slots);
        assert!(admission.lock().networks.is_empty() && admission.lock().all.is_empty());
    }
}

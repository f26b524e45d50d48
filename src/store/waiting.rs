//! What a lane puts off: jobs in rooms that another transaction has locked. Those
//! of one room stay in their order, and later ones line up behind them.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    time::{Duration, Instant},
};

use super::writer::Job;
use crate::model::RoomId;

/// A job that has waited for so long is answered as a failure.
const MAX_WAIT: Duration = Duration::from_secs(30);
/// Jobs in locked rooms are tried again after this, if nothing else is to be done.
/// Most locks are held for less.
const ROUND_PAUSE: Duration = Duration::from_millis(5);
/// The same while a room is waited for: that can take long.
const LONG_ROUND_PAUSE: Duration = Duration::from_millis(50);
/// Jobs that are tried again in one transaction.
const MAX_RETRIES: usize = 128;
/// The same of one room that was locked last time: it is likely to be so still.
const MAX_RETRIES_PER_ROOM: usize = 8;
/// A room that was locked so many times in a row is waited for on a second
/// connection.
const ROUNDS: u32 = 3;

#[derive(Default)]
struct Room {
    jobs: VecDeque<Job>,
    /// How often in a row it was locked.
    rounds: u32,
    /// Its own row was free, and another that its jobs need was not: to try them
    /// costs time that the lane's other rooms would wait for.
    has_locked_rows: bool,
    /// Its first jobs are being carried out on the second connection.
    is_under_way: bool,
}

impl Room {
    fn is_stuck(&self) -> bool {
        !self.is_under_way
            && !self.jobs.is_empty()
            && (self.has_locked_rows || self.rounds >= ROUNDS)
    }

    fn can_be_tried(&self) -> bool {
        !self.is_under_way && !self.has_locked_rows && !self.jobs.is_empty()
    }
}

/// Rooms with jobs that wait.
#[derive(Default)]
pub struct WaitingRooms {
    rooms: HashMap<RoomId, Room>,
    /// Whose turn is next.
    turns: VecDeque<RoomId>,
    jobs: usize,
}

impl WaitingRooms {
    /// How many jobs wait.
    pub fn len(&self) -> usize {
        self.jobs
    }

    /// After how long a round should try some of them; `None` if none can be tried.
    pub fn pause(&self) -> Option<Duration> {
        let rounds = self.rooms.values().filter(|room| room.can_be_tried()).map(|room| room.rounds);
        let is_long = || self.rooms.values().any(|room| room.is_under_way);
        rounds.min().map(|rounds| match rounds {
            0 => Duration::ZERO,
            _ if is_long() => LONG_ROUND_PAUSE,
            _ => ROUND_PAUSE,
        })
    }

    /// Lines a job up behind those of its room; gives it back if none wait there.
    pub fn line_up(&mut self, job: Job) -> Option<Job> {
        let Some(room) = self.rooms.get_mut(&job.op.room()) else { return Some(job) };
        room.jobs.push_back(job);
        self.jobs += 1;
        None
    }

    /// Takes jobs to try them again, not more of them than leave others their time.
    pub fn take_for_round(&mut self) -> Vec<Job> {
        let mut taken = Vec::new();
        for _ in 0..self.turns.len() {
            let Some(id) = self.turns.pop_front() else { break };
            self.turns.push_back(id);
            let left = MAX_RETRIES - taken.len();
            if let Some(room) = self.rooms.get_mut(&id).filter(|room| room.can_be_tried()) {
                let most = if room.rounds > 0 { left.min(MAX_RETRIES_PER_ROOM) } else { left };
                taken.extend(room.jobs.drain(..room.jobs.len().min(most)));
            }
            if taken.len() == MAX_RETRIES {
                break;
            }
        }
        self.jobs -= taken.len();
        taken
    }

    /// Takes the jobs of the next room that has to be waited for.
    pub fn take_stuck(&mut self) -> Option<(RoomId, Vec<Job>)> {
        let at = self.turns.iter().position(|id| self.rooms.get(id).is_some_and(Room::is_stuck))?;
        let id = self.turns.remove(at)?;
        self.turns.push_back(id);
        let room = self.rooms.get_mut(&id)?;
        room.is_under_way = true;
        let count = room.jobs.len().min(MAX_RETRIES);
        let jobs: Vec<Job> = room.jobs.drain(..count).collect();
        self.jobs -= jobs.len();
        Some((id, jobs))
    }

    /// Puts jobs back, before those of their rooms that wait. `tried` are the rooms
    /// of all jobs that were carried out or not, `with_locked_rows` those in which
    /// another row than the room's own was locked.
    pub fn put_back(
        &mut self,
        jobs: Vec<Job>,
        tried: &BTreeSet<RoomId>,
        with_locked_rows: &BTreeSet<RoomId>,
    ) {
        self.jobs += jobs.len();
        let locked: BTreeSet<RoomId> = jobs.iter().map(|job| job.op.room()).collect();
        for job in jobs.into_iter().rev() {
            let id = job.op.room();
            let room = self.rooms.entry(id).or_insert_with(|| {
                self.turns.push_back(id);
                Room::default()
            });
            room.jobs.push_front(job);
        }
        for id in tried {
            if let Some(room) = self.rooms.get_mut(id) {
                room.rounds = if locked.contains(id) { room.rounds + 1 } else { 0 };
                room.has_locked_rows = with_locked_rows.contains(id);
                room.is_under_way = false;
            }
        }
        self.forget_empty();
    }

    /// Takes the last jobs of the rooms where most wait, so that no more than `most`
    /// are left.
    pub fn take_surplus(&mut self, most: usize) -> Vec<Job> {
        let mut surplus = Vec::new();
        while self.jobs > most {
            let largest = self.rooms.values_mut().max_by_key(|room| room.jobs.len());
            let Some(room) = largest else { break };
            let count = (self.jobs - most).min(room.jobs.len().div_ceil(2));
            surplus.extend(room.jobs.drain(room.jobs.len() - count..));
            self.jobs -= count;
        }
        surplus
    }

    /// Takes the jobs that have waited for too long.
    pub fn take_expired(&mut self, now: Instant) -> Vec<Job> {
        let is_late = |job: &mut Job| now.duration_since(job.since) > MAX_WAIT;
        let mut late = Vec::new();
        for room in self.rooms.values_mut() {
            while let Some(job) = room.jobs.pop_front_if(is_late) {
                late.push(job);
            }
        }
        self.jobs -= late.len();
        self.forget_empty();
        late
    }

    fn forget_empty(&mut self) {
        self.rooms.retain(|_, room| room.is_under_way || !room.jobs.is_empty());
        self.turns.retain(|id| self.rooms.contains_key(id));
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;
    use crate::model::{RoomOp, UserId};

    fn job(room: RoomId) -> Job {
        let op = RoomOp::Archive { room, by: UserId::new(), archived: true };
        Job { op, reply: oneshot::channel().0, since: Instant::now() }
    }

    fn jobs(room: RoomId, count: usize) -> Vec<Job> {
        (0..count).map(|_| job(room)).collect()
    }

    fn rooms(list: &[RoomId]) -> BTreeSet<RoomId> {
        list.iter().copied().collect()
    }

    #[test]
    fn locked_rooms_leave_time_to_others_and_take_turns() {
        let mut waiting = WaitingRooms::default();
        let locked: Vec<RoomId> = (0..20).map(|_| RoomId::new()).collect();
        for room in &locked {
            waiting.put_back(jobs(*room, 300), &rooms(&[*room]), &rooms(&[]));
        }
        assert_eq!(waiting.len(), 6_000);
        let mut seen = BTreeSet::<RoomId>::new();
        for _ in 0..2 {
            let taken = waiting.take_for_round();
            assert_eq!(taken.len(), MAX_RETRIES);
            let tried: BTreeSet<RoomId> = taken.iter().map(|job| job.op.room()).collect();
            assert_eq!(tried.len(), MAX_RETRIES / MAX_RETRIES_PER_ROOM);
            seen.extend(&tried);
            waiting.put_back(taken, &tried, &rooms(&[]));
        }
        assert_eq!(seen.len(), locked.len(), "each had a turn");
        assert_eq!(waiting.len(), 6_000);
    }

    #[test]
    fn a_room_that_is_free_again_is_done_as_fast_as_any() {
        let mut waiting = WaitingRooms::default();
        let room = RoomId::new();
        waiting.put_back(jobs(room, 100), &rooms(&[room]), &rooms(&[]));
        assert!(waiting.line_up(job(RoomId::new())).is_some(), "nothing waits there");
        assert!(waiting.line_up(job(room)).is_none());
        assert_eq!(waiting.take_for_round().len(), MAX_RETRIES_PER_ROOM);
        waiting.put_back(Vec::new(), &rooms(&[room]), &rooms(&[]));
        assert_eq!(waiting.take_for_round().len(), 101 - MAX_RETRIES_PER_ROOM);
        waiting.put_back(Vec::new(), &rooms(&[room]), &rooms(&[]));
        assert_eq!((waiting.len(), waiting.rooms.len(), waiting.turns.len()), (0, 0, 0));
    }

    #[test]
    fn a_room_with_locked_rows_is_waited_for_at_once_and_by_turns() {
        let mut waiting = WaitingRooms::default();
        let (one, two) = (RoomId::new(), RoomId::new());
        for room in [one, two] {
            waiting.put_back(jobs(room, 2), &rooms(&[room]), &rooms(&[room]));
        }
        assert!(waiting.take_for_round().is_empty());
        assert_eq!(waiting.pause(), None);
        let mut order = Vec::new();
        for _ in 0..4 {
            let (room, taken) = waiting.take_stuck().expect("one of them");
            assert!(waiting.line_up(job(room)).is_none(), "behind what is under way");
            waiting.put_back(taken, &rooms(&[room]), &rooms(&[room]));
            order.push(room);
        }
        assert_eq!(order, [one, two, one, two]);
    }

    #[test]
    fn where_most_wait_the_last_are_too_many() {
        let mut waiting = WaitingRooms::default();
        let (few, many) = (RoomId::new(), RoomId::new());
        waiting.put_back(jobs(few, 10), &rooms(&[few]), &rooms(&[]));
        waiting.put_back(jobs(many, 200), &rooms(&[many]), &rooms(&[]));
        let surplus = waiting.take_surplus(100);
        assert_eq!((surplus.len(), waiting.len()), (110, 100));
        assert!(surplus.iter().all(|job| job.op.room() == many));
        assert!(waiting.take_surplus(100).is_empty());
    }

    #[test]
    fn jobs_wait_in_their_order_and_not_for_ever() {
        let mut waiting = WaitingRooms::default();
        let room = RoomId::new();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let dated = |seconds| Job { since: at(seconds), ..job(room) };
        waiting.put_back(vec![dated(0), dated(1)], &rooms(&[room]), &rooms(&[]));
        assert!(waiting.line_up(dated(2)).is_none());
        let taken = waiting.take_for_round();
        waiting.put_back(taken, &rooms(&[room]), &rooms(&[]));
        let late = waiting.take_expired(at(1) + MAX_WAIT);
        assert_eq!(late.iter().map(|job| job.since).collect::<Vec<_>>(), [at(0)]);
        let left = waiting.take_for_round();
        assert_eq!(left.iter().map(|job| job.since).collect::<Vec<_>>(), [at(1), at(2)]);
    }
}

//! The life of the connection: a pure machine. Time and chance are given to it.

use std::time::{Duration, Instant};

const FIRST_DELAY: Duration = Duration::from_millis(250);
const LONGEST_DELAY: Duration = Duration::from_secs(20);
/// Until the server has said its own.
const HEARTBEAT: Duration = Duration::from_secs(20);

/// Where the connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// A stream is being opened.
    Connecting,
    /// The stream is open and tells what was missed.
    CatchingUp,
    /// What comes now happens now.
    Live,
    /// The connection was lost and is tried again at that time.
    Waiting { until: Instant },
    /// The session has ended, or the application has stopped it.
    Ended,
}

/// What happens to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
    /// `ready` came.
    Opened { heartbeat: Duration },
    /// `live` came: all that was missed has been told.
    CaughtUp,
    /// `lagging` came.
    Lagging,
    /// Anything came.
    Heard,
    /// The stream broke, or could not be opened.
    Lost,
    /// `goodbye` came.
    Goodbye { reconnect: bool, retry_after: Duration },
    /// The deadline has passed.
    Deadline,
    /// There is reason to hope, such as a network that came back or a machine
    /// that woke.
    Nudge,
    /// The session has ended, or the application wants no more.
    Stop,
}

/// The machine.
#[derive(Debug, Clone)]
pub struct Connection {
    state: State,
    /// Attempts since a stream was last live.
    attempts: u32,
    heard_at: Instant,
    heartbeat: Duration,
}

impl Connection {
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self { state: State::Connecting, attempts: 0, heard_at: now, heartbeat: HEARTBEAT }
    }

    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// When to say [`Happening::Deadline`]: the end of a wait, or when a stream
    /// that says nothing has to be thought dead.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Waiting { until } => Some(until),
            State::Connecting | State::CatchingUp | State::Live => {
                Some(self.heard_at + 2 * self.heartbeat)
            }
            State::Ended => None,
        }
    }

    /// The one place where the state changes. `chance` is from 0 to 1.
    pub fn on(&mut self, happening: Happening, now: Instant, chance: f64) -> State {
        let silent = now.saturating_duration_since(self.heard_at);
        let heard = !matches!(
            happening,
            Happening::Lost | Happening::Deadline | Happening::Nudge | Happening::Stop
        );
        if heard {
            self.heard_at = now;
        }
        self.state = match (self.state, happening) {
            (State::Ended, _)
            | (_, Happening::Stop | Happening::Goodbye { reconnect: false, .. }) => State::Ended,
            (State::Connecting, Happening::Opened { heartbeat }) => {
                self.heartbeat = heartbeat.max(Duration::from_millis(100));
                State::CatchingUp
            }
            (State::CatchingUp, Happening::CaughtUp) => {
                self.attempts = 0;
                State::Live
            }
            (State::Live, Happening::Lagging) => State::CatchingUp,
            (_, Happening::Goodbye { reconnect: true, retry_after }) => {
                State::Waiting { until: now + retry_after }
            }
            (State::Waiting { .. }, Happening::Deadline | Happening::Nudge) => {
                self.heard_at = now;
                State::Connecting
            }
            // Lost after the goodbye: the wait it asked for stands.
            (waiting @ State::Waiting { .. }, _) => waiting,
            (_, Happening::Lost | Happening::Deadline) => {
                let until = now + self.next_delay(chance);
                State::Waiting { until }
            }
            // A machine that slept does not know that its stream is dead.
            (_, Happening::Nudge) if silent > self.heartbeat * 3 / 2 => {
                State::Waiting { until: now }
            }
            (state, _) => state,
        };
        self.state
    }

    /// Full jitter: anything from nothing to a bound that doubles each time, so
    /// that clients who lost the same server do not come back together.
    fn next_delay(&mut self, chance: f64) -> Duration {
        let bound = FIRST_DELAY.saturating_mul(1 << self.attempts.min(16)).min(LONGEST_DELAY);
        self.attempts = self.attempts.saturating_add(1);
        bound.mul_f64(chance.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPENED: Happening = Happening::Opened { heartbeat: Duration::from_secs(10) };

    #[test]
    fn a_lost_connection_comes_back_later_and_later() {
        let now = Instant::now();
        let mut connection = Connection::new(now);
        let mut delays = vec![];
        for _ in 0..9 {
            let State::Waiting { until } = connection.on(Happening::Lost, now, 1.0) else {
                panic!("not waiting: {:?}", connection.state());
            };
            delays.push((until - now).as_millis());
            assert_eq!(connection.on(Happening::Deadline, until, 1.0), State::Connecting);
        }
        assert_eq!(delays, [250, 500, 1000, 2000, 4000, 8000, 16000, 20000, 20000]);
        connection.on(OPENED, now, 1.0);
        connection.on(Happening::CaughtUp, now, 1.0);
        let lost = connection.on(Happening::Lost, now, 0.5);
        assert_eq!(lost, State::Waiting { until: now + FIRST_DELAY / 2 });
    }

    #[test]
    fn a_silent_stream_is_thought_dead_after_two_heartbeats() {
        let now = Instant::now();
        let mut connection = Connection::new(now);
        connection.on(OPENED, now, 0.0);
        connection.on(Happening::CaughtUp, now, 0.0);
        assert_eq!(connection.deadline(), Some(now + Duration::from_secs(20)));
        let later = now + Duration::from_secs(15);
        connection.on(Happening::Heard, later, 0.0);
        assert_eq!(connection.deadline(), Some(later + Duration::from_secs(20)));
        let state = connection.on(Happening::Deadline, later, 0.0);
        assert_eq!(state, State::Waiting { until: later });
    }

    #[test]
    fn a_goodbye_says_whether_and_when_to_come_back() {
        let now = Instant::now();
        let retry_after = Duration::from_secs(2);
        let mut connection = Connection::new(now);
        let waiting = State::Waiting { until: now + retry_after };
        let goodbye = Happening::Goodbye { reconnect: true, retry_after };
        assert_eq!(connection.on(goodbye, now, 1.0), waiting);
        assert_eq!(connection.on(Happening::Lost, now, 1.0), waiting);
        let last = Happening::Goodbye { reconnect: false, retry_after };
        assert_eq!(Connection::new(now).on(last, now, 1.0), State::Ended);
    }
}

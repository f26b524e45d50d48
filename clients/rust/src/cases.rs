//! The pure machines against the table of cases that all clients share.

mod apply;
mod unread;

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use serde::Deserialize;
use tonic::Code;

use crate::{
    connection::{Connection, Happening, State},
    cursor::{Cursor, Position, Verdict},
    error::Error,
    outbox::{Outbox, Settled, Unsent},
};

/// Times are milliseconds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    #[serde(rename = "about")]
    _about: String,
    connection: Vec<ConnectionCase>,
    cursor: Vec<CursorCase>,
    outbox: Vec<OutboxCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConnectionCase {
    name: String,
    steps: Vec<ConnectionStep>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConnectionStep {
    at: u64,
    on: On,
    #[serde(default)]
    chance: f64,
    state: Becomes,
    deadline: Option<u64>,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum On {
    Opened { heartbeat_ms: u64 },
    CaughtUp,
    Lagging,
    Heard,
    Lost,
    Goodbye { reconnect: bool, retry_after_ms: u64 },
    Deadline,
    Nudge,
    Stop,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum Becomes {
    Connecting,
    CatchingUp,
    Live,
    Waiting { until: u64 },
    Ended,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CursorCase {
    name: String,
    begin: HashMap<String, i64>,
    steps: Vec<CursorStep>,
    end: HashMap<String, i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CursorStep {
    room: String,
    after_seq: i64,
    seq: i64,
    verdict: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OutboxCase {
    name: String,
    steps: Vec<OutboxStep>,
    waiting: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum OutboxStep {
    Push { push: Message },
    Next { next: u64, gives: Option<String> },
    Settle { settle: String, at: u64, failure: Option<Failure>, is: String },
    Lost { lost: bool },
    Remove { remove: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    id: String,
    room: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Failure {
    r#final: bool,
    retry_after_ms: Option<u64>,
}

fn cases() -> Cases {
    serde_json::from_str(include_str!("../../cases/sync.json")).expect("cases")
}

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn the_connection_behaves_as_in_every_client() {
    let start = Instant::now();
    let since = |at: Instant| u64::try_from((at - start).as_millis()).expect("short");
    for ConnectionCase { name, steps } in cases().connection {
        let mut connection = Connection::new(start);
        for ConnectionStep { at, on, chance, state, deadline } in steps {
            let happening = match on {
                On::Opened { heartbeat_ms } => Happening::Opened { heartbeat: ms(heartbeat_ms) },
                On::CaughtUp => Happening::CaughtUp,
                On::Lagging => Happening::Lagging,
                On::Heard => Happening::Heard,
                On::Lost => Happening::Lost,
                On::Goodbye { reconnect, retry_after_ms } => {
                    Happening::Goodbye { reconnect, retry_after: ms(retry_after_ms) }
                }
                On::Deadline => Happening::Deadline,
                On::Nudge => Happening::Nudge,
                On::Stop => Happening::Stop,
            };
            let became = match connection.on(happening, start + ms(at), chance) {
                State::Connecting => Becomes::Connecting,
                State::CatchingUp => Becomes::CatchingUp,
                State::Live => Becomes::Live,
                State::Waiting { until } => Becomes::Waiting { until: since(until) },
                State::Ended => Becomes::Ended,
            };
            assert_eq!(became, state, "{name}, at {at}");
            if deadline.is_some() {
                assert_eq!(connection.deadline().map(since), deadline, "{name}, at {at}");
            }
        }
    }
}

#[test]
fn the_cursor_behaves_as_in_every_client() {
    for CursorCase { name, begin, steps, end } in cases().cursor {
        let position = |(room, seq)| (room, Position { seq, log_id: "log".into() });
        let mut cursor = Cursor::new(begin.into_iter().map(position).collect());
        for CursorStep { room, after_seq, seq, verdict } in steps {
            let judged = match cursor.accept(&room, after_seq, seq) {
                Verdict::Deliver => "deliver",
                Verdict::Repeat => "repeat",
                Verdict::Gap => "gap",
                Verdict::Stray => "stray",
            };
            assert_eq!(judged, verdict, "{name}, at {seq}");
        }
        let end: HashMap<_, _> = end.into_iter().map(position).collect();
        assert_eq!(*cursor.positions(), end, "{name}");
    }
}

#[test]
fn the_outbox_behaves_as_in_every_client() {
    let start = Instant::now();
    for OutboxCase { name, steps, waiting } in cases().outbox {
        let mut outbox = Outbox::default();
        for step in steps {
            match step {
                OutboxStep::Push { push: Message { id, room } } => {
                    outbox.push(Unsent { client_message_id: id, ..Unsent::new(&room, "") });
                }
                OutboxStep::Next { next, gives } => {
                    let given = outbox.next(start + ms(next)).map(|it| it.client_message_id);
                    assert_eq!(given, gives, "{name}, at {next}");
                }
                OutboxStep::Settle { settle, at, failure, is } => {
                    let error = failure.map(|Failure { r#final, retry_after_ms }| {
                        let code = if r#final { Code::PermissionDenied } else { Code::Unavailable };
                        Error { retry_after: retry_after_ms.map(ms), ..Error::local(code, "", "") }
                    });
                    let became = match outbox.settle(&settle, error.as_ref(), start + ms(at)) {
                        Settled::Done(_) => "done",
                        Settled::Again => "again",
                        Settled::Unknown => "unknown",
                    };
                    assert_eq!(became, is, "{name}, at {at}");
                }
                OutboxStep::Lost { lost } => {
                    assert!(lost, "{name}");
                    outbox.lost();
                }
                OutboxStep::Remove { remove } => outbox.remove(&remove),
            }
        }
        let left: Vec<_> = outbox.waiting().map(|it| it.client_message_id.as_str()).collect();
        assert_eq!(left, waiting, "{name}");
    }
}

//! What read markers cost those who send.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, Instant},
};

use causerie_client::v1::{self, chat_request::Command};

use crate::{
    Outcome, SECONDS,
    load::Crowd,
    middle,
    process::{Database, Place, Process},
    table::{Row, Table},
};

/// Streams, and markers in flight on each.
const STREAMS: usize = 64;
const IN_FLIGHT: usize = 32;
/// Messages that are marked as read, in the first room, and how many markers each gets:
/// one of each person.
const MESSAGES: i64 = 2_000;
const PER_MESSAGE: i64 = 64;

pub async fn measure(database: Database, table: &mut Table) -> Outcome {
    let section: &'static str = match database {
        Database::MariaDb => "Read markers on MariaDB",
        Database::Sqlite => "Read markers on SQLite",
    };
    let place = Place::new(database).await?;
    let server = Process::server(&place, false).await?;
    let crowd = Crowd::gather(&server.url, STREAMS, 4).await?;
    for _ in 0..MESSAGES {
        crowd.people[0].send(&crowd.rooms[0]).await?;
    }
    let mut row = |what: &str, value, unit, against, aim| {
        table.row(&Row { section, what, value, unit, against, aim });
    };
    let alone = send_ms(&crowd, SECONDS).await?;
    let next = AtomicI64::new(0);
    let command = |_| {
        // Each person's marks rise, so that there is something to write.
        let seq = next.fetch_add(1, Ordering::Relaxed) / PER_MESSAGE % MESSAGES + 1;
        let room_id = crowd.rooms[0].clone();
        Command::MarkRead(v1::MarkReadRequest { room_id, seq, ..Default::default() })
    };
    let marks = crowd.commands(STREAMS, IN_FLIGHT, SECONDS, command);
    let (marks, beside) = tokio::try_join!(marks, send_ms(&crowd, SECONDS))?;
    row("2,048 in flight on 64 streams, one room", marks, "/s", None, "–");
    let what = "a send in three other rooms meanwhile, p50";
    row(what, beside, "ms", Some(("without them", alone)), "≤ 3");
    server.end().await
}

/// Median milliseconds of a send, by one sender in each of the rooms but the first.
async fn send_ms(crowd: &Crowd, seconds: f64) -> Outcome<f64> {
    let until = Instant::now() + Duration::from_secs_f64(seconds);
    let sender = async |n: usize| -> Outcome<Vec<f64>> {
        let mut times = Vec::new();
        while Instant::now() < until {
            let begun = Instant::now();
            crowd.people[n].send(&crowd.rooms[n]).await?;
            times.push(begun.elapsed().as_secs_f64() * 1_000.0);
        }
        Ok(times)
    };
    let times = futures::future::try_join_all((1..crowd.rooms.len()).map(sender)).await?;
    Ok(middle(&mut times.concat()))
}

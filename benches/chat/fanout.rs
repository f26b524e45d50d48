//! Deliveries for each second of the server's processor, with durable writes
//! on, against a bare tonic server that has nothing to write.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use causerie_client::Client;
use futures::future::try_join_all;
use http::uri::PathAndQuery;

use crate::{
    Outcome, SECONDS,
    bare_tonic::Raw,
    load::{Crowd, Tally, subscribe},
    median,
    process::{Database, Place, Process},
    table::{Row, Table},
};

const CONNECTIONS: usize = 100;
const STREAMS: usize = 10;
const SUBSCRIBERS: usize = CONNECTIONS * STREAMS;
const BURSTS: [u8; 3] = [1, 8, 64];

pub async fn measure(table: &mut Table) -> Outcome {
    let limits = bare().await?;
    for database in [Database::MariaDb, Database::Sqlite] {
        let place = Place::new(database).await?;
        let server = Process::server(&place, false).await?;
        // The sender does not listen.
        let crowd = Crowd::gather(&server.url, CONNECTIONS + 1, 1).await?;
        let tally = Arc::new(Tally::default());
        for person in &crowd.people[1..] {
            for _ in 0..STREAMS {
                subscribe(person.client.channel(), &person.token, &tally)?;
            }
        }
        tally.quiet(SUBSCRIBERS).await?;
        for (burst, limit) in BURSTS.into_iter().zip(&limits) {
            let send = async || {
                let sends = (0..burst).map(|_| crowd.people[0].send(&crowd.rooms[0]));
                try_join_all(sends).await?;
                Ok(())
            };
            let value = median(async || run(&server, &tally, burst, &send).await).await?;
            table.row(&Row {
                section: "Fan-out to 1,000 subscribers, deliveries per second of server processor",
                what: &format!("bursts of {burst}, {}", database.name()),
                value,
                unit: "/s",
                against: Some(("bare tonic", *limit)),
                aim: "≥ 0.85",
            });
        }
        server.end().await?;
    }
    Ok(())
}

/// The same bursts from a bare server.
async fn bare() -> Outcome<Vec<f64>> {
    let server = Process::bare(&["bare-tonic"])?.listening().await?;
    let tally = Arc::new(Tally::default());
    let mut last = None;
    for _ in 0..CONNECTIONS {
        let client = Client::connect(&server.url)?;
        for _ in 0..STREAMS {
            subscribe(client.channel(), "none", &tally)?;
        }
        last = Some(client.channel());
    }
    tally.quiet(SUBSCRIBERS).await?;
    let channel = last.ok_or("no connection")?;
    let mut limits = Vec::new();
    for burst in BURSTS {
        let send = async || {
            let mut grpc = tonic::client::Grpc::new(channel.clone());
            grpc.ready().await?;
            let path = PathAndQuery::from_static("/causerie.v1.ChatService/Burst");
            let body = Bytes::copy_from_slice(&[burst]);
            grpc.unary(tonic::Request::new(body), path, Raw).await?;
            Ok(())
        };
        limits.push(median(async || run(&server, &tally, burst, &send).await).await?);
    }
    server.end().await?;
    Ok(limits)
}

/// One burst after the other, each when everybody has the one before.
async fn run(
    server: &Process,
    tally: &Tally,
    burst: u8,
    send: &impl AsyncFn() -> Outcome,
) -> Outcome<f64> {
    let (cpu, events) = (server.cpu()?, tally.events());
    let until = Instant::now() + Duration::from_secs_f64(SECONDS);
    let mut expected = events;
    while Instant::now() < until {
        expected += SUBSCRIBERS as u64 * u64::from(burst);
        tokio::try_join!(send(), tally.reach(expected))?;
    }
    let spent = server.cpu()? - cpu;
    Ok(crate::table::per_second(tally.events() - events, spent))
}

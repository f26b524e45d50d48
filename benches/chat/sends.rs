//! Sends that are durable when they are answered, and what they are made of.

use std::time::{Duration, Instant};

use causerie_client::v1::{chat_request::Command, event::Kind};

use crate::{
    Outcome, RUNS, SECONDS,
    load::Crowd,
    median, middle,
    process::{Database, Place, Process},
    table::{Row, Table},
};

pub async fn measure(database: Database, table: &mut Table) -> Outcome {
    let section: &'static str = match database {
        Database::MariaDb => "Sends on MariaDB, acknowledged per second",
        Database::Sqlite => "Sends on SQLite, acknowledged per second",
    };
    let (one, thirty_two) = one_transaction_each(database).await?;
    let (_, commit_ms) = bare(database, 1, 1).await?;
    let lanes = if database == Database::MariaDb { 2 } else { 1 };
    let (batched, _) = bare(database, 256, lanes).await?;

    let place = Place::new(database).await?;
    let server = Process::server(&place, false).await?;
    let crowd = Crowd::gather(&server.url, 64, 1).await?;
    let mut row = |what: &str, value, unit, against, aim| {
        table.row(&Row { section, what, value, unit, against: Some(against), aim });
    };
    let value = median(async || crowd.unary(1, SECONDS).await).await?;
    row("1 sender, unary", value, "/s", ("a transaction each", one), "no slower");
    let value = median(async || crowd.unary(32, SECONDS).await).await?;
    let against = ("a transaction each", thirty_two);
    row("32 senders into one room, unary", value, "/s", against, "≥ 5");
    let value = median(async || crowd.streams(32, 1, SECONDS).await).await?;
    row("32 senders into one room, streams", value, "/s", against, "≥ 5");
    let value = median(async || crowd.streams(64, 32, SECONDS).await).await?;
    let against = ("batches of 256", batched);
    row("2,048 in flight on 64 streams, one room", value, "/s", against, "≥ 0.4");
    let value = median(async || latency(&crowd).await).await?;
    let against = ("one commit", commit_ms);
    row("send → receive, idle, p50", value, "ms", against, "≤ 1.5");
    server.end().await
}

/// Sends per second, by 1 and by 32 senders, to a bare gRPC server that runs a
/// transaction for each, on 32 connections.
async fn one_transaction_each(database: Database) -> Outcome<(f64, f64)> {
    let place = Place::new(database).await?;
    let arguments = ["bare-tonic", &place.url, "32"];
    let server = Process::bare(&arguments)?.listening().await?;
    let crowd = Crowd::strangers(&server.url, 32)?;
    let one = median(async || crowd.unary(1, SECONDS).await).await?;
    let thirty_two = median(async || crowd.unary(32, SECONDS).await).await?;
    server.end().await?;
    Ok((one, thirty_two))
}

/// Rows per second and the median time of a commit, by the bare program.
async fn bare(database: Database, rows: usize, senders: usize) -> Outcome<(f64, f64)> {
    let (mut rates, mut commits) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let place = Place::new(database).await?;
        let numbers = [rows.to_string(), senders.to_string(), SECONDS.to_string()];
        let [rows, senders, seconds] = numbers.each_ref().map(String::as_str);
        let mut process = Process::bare(&["bare-rows", &place.url, rows, senders, seconds])?;
        let line = process.line().await?;
        let (rate, commit) = line.split_once(' ').ok_or("two numbers")?;
        rates.push(rate.parse()?);
        commits.push(commit.parse()?);
    }
    Ok((middle(&mut rates), middle(&mut commits)))
}

/// Median milliseconds from a send until another person has it.
async fn latency(crowd: &Crowd) -> Outcome<f64> {
    let (sender, receiver) = (&crowd.people[0], &crowd.people[1]);
    let (commands, queue) = tokio::sync::mpsc::channel(1);
    let queue = tokio_stream::wrappers::ReceiverStream::new(queue);
    let request = causerie_client::client::authorized(queue, &receiver.token)?;
    let mut stream = receiver.chat().chat(request).await?.into_inner();
    let command = Some(Command::Subscribe(causerie_client::v1::SubscribeRequest::default()));
    commands.send(causerie_client::v1::ChatRequest { command, ..Default::default() }).await?;
    let mut live = false;
    while !live {
        let response = stream.message().await?.ok_or("the stream ended")?;
        live = response.events.iter().any(|event| matches!(event.kind, Some(Kind::Live(_))));
    }
    let mut times = Vec::new();
    for _ in 0..200 {
        tokio::time::sleep(Duration::from_millis(3)).await;
        let begun = Instant::now();
        let sent = sender.send(&crowd.rooms[0]);
        let arrival = async {
            loop {
                let response = stream.message().await?.ok_or("the stream ended")?;
                if response.events.iter().any(|event| matches!(event.kind, Some(Kind::Change(_)))) {
                    return Outcome::Ok(begun.elapsed());
                }
            }
        };
        let ((), took) = tokio::try_join!(sent, arrival)?;
        times.push(took.as_secs_f64() * 1_000.0);
    }
    Ok(middle(&mut times))
}

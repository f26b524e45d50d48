//! What one reader that never reads costs a hundred that do.

use std::{sync::Arc, time::Instant};

use causerie_client::{Client, client::authorized, v1};

use crate::{
    Outcome,
    load::{Crowd, Person, Tally, message, subscribe},
    middle,
    process::{Database, Place, Process},
    table::{Row, Table},
};

const READERS: usize = 100;
const MESSAGES: usize = 400;
/// Large enough that the windows of the one that does not read fill at once.
const LETTERS: usize = 4_000;
const SECTION: &str = "One reader that never reads among 100 that do, SQLite";

pub async fn measure(table: &mut Table) -> Outcome {
    let place = Place::new(Database::Sqlite).await?;
    let server = Process::server(&place, false).await?;
    let crowd = Crowd::gather(&server.url, READERS + 1, 1).await?;
    let tally = Arc::new(Tally::default());
    for person in &crowd.people[1..] {
        subscribe(person.client.channel(), &person.token, &tally)?;
    }
    tally.quiet(READERS).await?;
    let sender = &crowd.people[0];
    let room = &crowd.rooms[0];

    // By turns, so that the growth of the database weighs on both alike.
    let (mut without, mut with) = (Vec::new(), Vec::new());
    let mut memory = 0.0_f64;
    rate(sender, room, &tally).await?;
    let before = server.memory()?;
    for _ in 0..5 {
        without.push(rate(sender, room, &tally).await?);
        let _sleepers = sleep(&server.url, sender).await?;
        with.push(rate(sender, room, &tally).await?);
        memory = memory.max(server.memory()? - before);
    }
    let (without, with) = (middle(&mut without), middle(&mut with));
    table.row(&Row {
        section: SECTION,
        what: "messages of 4,000 letters that reach all 100",
        value: with,
        unit: "/s",
        against: Some(("without it", without)),
        aim: "≥ 0.9",
    });
    table.row(&Row {
        section: SECTION,
        what: "growth of the server's memory meanwhile, at most",
        value: memory,
        unit: "MiB",
        against: None,
        aim: "bounded",
    });
    server.end().await
}

/// A stream on a connection of its own that nobody reads.
async fn sleep(
    url: &str,
    person: &Person,
) -> Outcome<(Client, tonic::Streaming<v1::SubscribeResponse>)> {
    let client = Client::connect(url)?;
    let request = authorized(v1::SubscribeRequest::default(), &person.token)?;
    let mut chat = v1::chat_service_client::ChatServiceClient::new(client.channel());
    let stream = chat.subscribe(request).await?.into_inner();
    Ok((client, stream))
}

/// Messages per second that everybody has received, eight on the way at once.
async fn rate(sender: &Person, room: &str, tally: &Tally) -> Outcome<f64> {
    let begun = Instant::now();
    let expected = tally.events() + (READERS * MESSAGES) as u64;
    let send = async |_| -> Outcome {
        for _ in 0..MESSAGES / 8 {
            let request = v1::SendMessageRequest { text: "x".repeat(LETTERS), ..message(room) };
            sender.chat().send_message(authorized(request, &sender.token)?).await?;
        }
        Ok(())
    };
    let sends = futures::future::try_join_all((0..8).map(send));
    tokio::try_join!(sends, tally.reach(expected))?;
    Ok(crate::table::per_second(MESSAGES as u64, begun.elapsed().as_secs_f64()))
}

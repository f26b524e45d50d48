//! Reactions to a message that a hundred people have reacted to, told to a thousand
//! subscribers: deliveries for each second of the server's processor.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use causerie_client::{client::authorized, v1};
use futures::future::try_join_all;

use crate::{
    Outcome, SECONDS,
    load::{Crowd, Person, Tally, message, subscribe},
    median,
    process::{Database, Place, Process},
    table::{Row, Table},
};

const CONNECTIONS: usize = 100;
const STREAMS: usize = 10;
const SUBSCRIBERS: usize = CONNECTIONS * STREAMS;
/// As many come and go at once.
const EMOJIS: [&str; 8] = ["😀", "😃", "😄", "😁", "😆", "😅", "🤣", "😂"];

pub async fn measure(table: &mut Table) -> Outcome {
    for database in [Database::MariaDb, Database::Sqlite] {
        let place = Place::new(database).await?;
        let server = Process::server(&place, false).await?;
        // Who reacts does not listen.
        let crowd = Crowd::gather(&server.url, CONNECTIONS + 1, 1).await?;
        let (person, room) = (&crowd.people[0], &crowd.rooms[0]);
        let sent = person.chat().send_message(authorized(message(room), &person.token)?).await?;
        let seq = sent.into_inner().message.ok_or("no message")?.seq;
        for other in &crowd.people[1..] {
            react(other, (room, seq), "👍", true).await?;
        }
        let tally = Arc::new(Tally::default());
        for other in &crowd.people[1..] {
            for _ in 0..STREAMS {
                subscribe(other.client.channel(), &other.token, &tally)?;
            }
        }
        tally.quiet(SUBSCRIBERS).await?;
        for burst in [1, EMOJIS.len()] {
            let value = median(async || {
                let (cpu, events) = (server.cpu()?, tally.events());
                let until = Instant::now() + Duration::from_secs_f64(SECONDS);
                let (mut expected, mut on) = (events, true);
                // In pairs, so that each run leaves the message as it was.
                while Instant::now() < until || !on {
                    expected += (SUBSCRIBERS * burst) as u64;
                    let each =
                        EMOJIS[..burst].iter().map(|emoji| react(person, (room, seq), emoji, on));
                    tokio::try_join!(try_join_all(each), tally.reach(expected))?;
                    on = !on;
                }
                let spent = server.cpu()? - cpu;
                Ok(crate::table::per_second(tally.events() - events, spent))
            })
            .await?;
            table.row(&Row {
                section: "Reaction fan-out to 1,000 subscribers, deliveries per second of server processor",
                what: &format!("bursts of {burst}, 100 users have reacted, {}", database.name()),
                value,
                unit: "/s",
                against: None,
                aim: "–",
            });
        }
        server.end().await?;
    }
    Ok(())
}

async fn react(person: &Person, (room, seq): (&String, i64), emoji: &str, on: bool) -> Outcome {
    let (room_id, emoji, log_id) = (room.clone(), emoji.to_owned(), String::new());
    if on {
        let request = v1::AddReactionRequest { room_id, seq, emoji, log_id };
        person.chat().add_reaction(authorized(request, &person.token)?).await?;
    } else {
        let request = v1::RemoveReactionRequest { room_id, seq, emoji, log_id };
        person.chat().remove_reaction(authorized(request, &person.token)?).await?;
    }
    Ok(())
}

//! From the start of the process on an empty folder to the first message.

use std::time::Instant;

use causerie_client::v1;

use crate::{
    Outcome,
    load::Person,
    median,
    process::{Database, Place, Process},
    table::{Row, Table},
};

pub async fn measure(table: &mut Table) -> Outcome {
    let value = median(async || {
        let place = Place::new(Database::Sqlite).await?;
        let begun = Instant::now();
        let server = Process::server(&place, true).await?;
        let ada = Person::register(&server.url, "ada").await?;
        let request = v1::CreateRoomRequest { name: "Room".into(), ..Default::default() };
        let room = ada.client.create_room(request).await?.room.ok_or("no room")?.id;
        ada.send(&room).await?;
        let took = begun.elapsed().as_secs_f64() * 1_000.0;
        server.end().await?;
        Ok(took)
    })
    .await?;
    table.row(&Row {
        section: "A bare start, SQLite",
        what: "process start → account, room and first message",
        value,
        unit: "ms",
        against: None,
        aim: "< 300",
    });
    Ok(())
}

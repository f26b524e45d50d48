//! Signing in, against the bare password hash that it has to contain.

use std::time::Instant;

use argon2::{Algorithm, Argon2, Params, Version};
use causerie_client::Client;

use crate::{
    Outcome,
    load::Person,
    middle,
    process::{Database, Place, Process},
    table::{Row, Table},
};

pub const PASSWORD: &str = "violet-anchor-7-drum";
const TIMES: usize = 40;

pub async fn measure(table: &mut Table) -> Outcome {
    let mut process = Process::bare(&["bare-hash"])?;
    let hash: f64 = process.line().await?.parse()?;
    let place = Place::new(Database::Sqlite).await?;
    let server = Process::server(&place, true).await?;
    Person::register(&server.url, "ada").await?;
    let client = Client::connect(&server.url)?;
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let begun = Instant::now();
        client.login("ada", PASSWORD, false).await?;
        times.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    table.row(&Row {
        section: "Signing in, SQLite",
        what: "a log-in, p50",
        value: middle(&mut times),
        unit: "ms",
        against: Some(("the bare hash", hash)),
        aim: "≤ 1.05",
    });
    server.end().await
}

/// Prints the median milliseconds of one hash at the server's default cost.
pub fn bare() -> Outcome {
    let config = causerie::Config::default().auth;
    let params = Params::new(config.argon2_memory_kib, config.argon2_passes, 1, None)
        .map_err(|error| error.to_string())?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut times = Vec::new();
    let mut out = [0; 32];
    for _ in 0..TIMES {
        let begun = Instant::now();
        argon2
            .hash_password_into(PASSWORD.as_bytes(), b"sixteen of salt.", &mut out)
            .map_err(|error| error.to_string())?;
        times.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    println!("{}", middle(&mut times));
    Ok(())
}

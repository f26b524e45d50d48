//! `make bench`: one table. Server and load are processes of their own, on a
//! core each where there are two; what a row is compared with is measured in
//! the same run. Nothing here passes or fails: the reader judges.

mod bare_rows;
mod bare_tonic;
mod fanout;
mod history;
mod load;
mod login;
mod marks;
mod process;
mod reactions;
mod resume;
mod sends;
mod slow;
mod start;
mod storage;
mod table;

use table::Table;

/// Measured seconds of one run of a rate.
const SECONDS: f64 = 2.0;
/// Runs of a measure; its median is shown.
const RUNS: usize = 3;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> Outcome {
    // The limits and baselines are this same program, started by itself.
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match words.as_slice() {
            ["bare-rows", rest @ ..] => bare_rows::main(rest).await,
            ["bare-tonic", rest @ ..] => bare_tonic::main(rest).await,
            ["bare-hash"] => login::bare(),
            filter => measure(filter.iter().find(|word| !word.starts_with('-')).copied()).await,
        }
    })
}

/// Runs the measures; of one name only, if one is given.
async fn measure(only: Option<&str>) -> Outcome {
    process::pin_load();
    let mut table = Table::new();
    let wanted = |name: &str| only.is_none_or(|only| name.contains(only));
    for database in [process::Database::MariaDb, process::Database::Sqlite] {
        if wanted("sends") {
            sends::measure(database, &mut table).await?;
        }
        if wanted("marks") {
            marks::measure(database, &mut table).await?;
        }
    }
    if wanted("fanout") {
        fanout::measure(&mut table).await?;
    }
    if wanted("reactions") {
        reactions::measure(&mut table).await?;
    }
    if wanted("slow") {
        slow::measure(&mut table).await?;
    }
    if wanted("login") {
        login::measure(&mut table).await?;
    }
    for database in [process::Database::MariaDb, process::Database::Sqlite] {
        if wanted("history") {
            history::measure(database, &mut table).await?;
        }
        if wanted("storage") {
            storage::measure(database, &mut table).await?;
        }
    }
    for database in [process::Database::MariaDb, process::Database::Sqlite] {
        if wanted("resume") {
            resume::measure(database, &mut table).await?;
        }
    }
    if wanted("start") {
        start::measure(&mut table).await?;
    }
    Ok(())
}

/// The median of `RUNS` runs.
async fn median(mut run: impl AsyncFnMut() -> Outcome<f64>) -> Outcome<f64> {
    let mut values = Vec::new();
    for _ in 0..RUNS {
        values.push(run().await?);
    }
    Ok(middle(&mut values))
}

fn middle(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

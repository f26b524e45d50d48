//! One transaction of a lane: lock and read the rooms, apply the operations,
//! write what they changed.

mod read;
mod write;

use std::{collections::BTreeSet, time::Duration};

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    attachments, blocks,
    dialect::{LaneConnection, Tx, is_locked, is_unique_violation, on_tx},
    idempotency::BatchKeys,
    invites, mentions, message_changes, threads,
};
use crate::{
    error::{Error, Result},
    model::{Change, OpResult, RoomId, RoomLog, RoomOp, Timestamp},
};

pub struct Outcome {
    /// The rooms of the batch, with what it changed in them.
    pub logs: Vec<RoomLog>,
    /// How each operation went, in the order given, but for those in rooms that
    /// were locked.
    pub results: Vec<Result<OpResult>>,
    /// Rooms that another transaction had locked. Nothing was done in them.
    pub locked: BTreeSet<RoomId>,
}

/// How a batch is to be run.
#[derive(Debug, Clone, Copy)]
pub struct Mode {
    /// Whether rooms that another transaction has locked are waited for.
    pub wait_for_rooms: bool,
    /// Whether messages that were sent before are looked for. They are rare, so
    /// they are first left to the unique key to find (`Failed::repeated`).
    pub look_for_repeats: bool,
    /// By the steady clock: when marks and settings change by it.
    pub changes_at: Timestamp,
}

/// The transaction did not go through.
pub struct Failed {
    pub cause: sqlx::Error,
    /// The connection broke while committing: this may have happened.
    pub in_doubt: Option<Outcome>,
    /// A message has been sent before, or an idempotency key used; the batch must look
    /// for repeats.
    pub repeated: bool,
}

impl From<sqlx::Error> for Failed {
    fn from(cause: sqlx::Error) -> Self {
        Self { repeated: is_unique_violation(&cause), in_doubt: None, cause }
    }
}

/// A database that is silent for so long while a batch runs is away.
const WITHIN: Duration = Duration::from_secs(10);

/// Runs the batch.
pub async fn run(
    connection: &mut LaneConnection,
    ops: &[&RoomOp],
    mode: Mode,
) -> Result<Outcome, Failed> {
    let prepared = async {
        let mut tx = connection.begin().await?;
        let outcome = prepare(&mut tx, ops, mode).await?;
        Ok::<_, sqlx::Error>((tx, outcome))
    };
    let failed = match in_time(prepared).await {
        // Also when nothing was written: it ends the transaction, and its locks.
        Ok((tx, outcome)) => match in_time(tx.commit()).await {
            Ok(()) => return Ok(outcome),
            Err(cause) => Failed { cause, in_doubt: Some(outcome), repeated: false },
        },
        Err(cause) => Failed::from(cause),
    };
    connection.rollback(&failed.cause).await;
    Err(failed)
}

/// Whether a commit of unknown outcome has happened. Waits for the rooms'
/// locks, so that it is not still on its way.
pub async fn was_committed(
    connection: &mut LaneConnection,
    outcome: &Outcome,
) -> Result<bool, sqlx::Error> {
    // It happened as a whole or not at all, so one of its rows tells.
    let Some(log) = outcome.logs.iter().find(|log| !log.changes.is_empty()) else {
        return Ok(false);
    };
    let read = async {
        let mut tx = connection.begin().await?;
        let sql = format!("select head_seq from rooms where id = ?{}", tx.dialect().for_update());
        let head: Option<i64> = on_tx!(&mut tx, c => {
            sqlx::query_scalar(AssertSqlSafe(sql)).bind(log.room.id.0).fetch_optional(c).await
        })?;
        let mut happened = head.is_some_and(|head| head >= log.room.head_seq.0);
        // Another node may have come as far by changes of its own.
        let posted = |change: &&Change| {
            change.message.as_ref().is_some_and(|message| message.seq == change.seq)
        };
        if let Some(Change { message: Some(message), .. }) = log.changes.iter().find(posted) {
            let row: Option<(Uuid, i64)> = on_tx!(&mut tx, c => {
                sqlx::query_as(
                    "select sender_id, posted_us from messages where room_id = ? and seq = ?",
                )
                .bind(message.room.0).bind(message.seq.0).fetch_optional(c).await
            })?;
            happened &= row == Some((message.sender.0, message.posted_at.0));
        }
        tx.commit().await?;
        Ok(happened)
    };
    let happened = in_time(read).await;
    if let Err(cause) = &happened {
        connection.rollback(cause).await;
    }
    happened
}

async fn in_time<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    let late = || sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
    tokio::time::timeout(WITHIN, work).await.unwrap_or_else(|_| Err(late()))
}

async fn prepare(tx: &mut Tx<'_>, ops: &[&RoomOp], mode: Mode) -> Result<Outcome, sqlx::Error> {
    let (mut logs, locked) = match read::lock_rooms(tx, ops, mode.wait_for_rooms).await {
        Ok(rooms) => rooms,
        // They were waited for in vain.
        Err(error) if mode.wait_for_rooms && is_locked(&error) => {
            let locked = ops.iter().map(|op| op.room()).collect();
            return Ok(Outcome { logs: Vec::new(), results: Vec::new(), locked });
        }
        Err(error) => return Err(error),
    };
    let ops: Vec<&RoomOp> = ops.iter().filter(|op| !locked.contains(&op.room())).copied().collect();
    let ops = ops.as_slice();
    read::staff(tx, ops, &mut logs).await?;
    message_changes::read(tx, ops, &mut logs).await?;
    mentions::read_named(tx, ops, &mut logs).await?;
    threads::read(tx, ops, &mut logs).await?;
    invites::read(tx, ops, &mut logs).await?;
    attachments::read(tx, ops, &mut logs).await?;
    blocks::read(tx, ops, &mut logs).await?;
    let mut keys = BatchKeys::read(tx, ops).await?;
    if mode.look_for_repeats {
        read::repeats(tx, ops, &mut logs).await?;
    }

    let now = Timestamp::now();
    let results: Vec<Result<OpResult>> = ops
        .iter()
        .map(|op| {
            keys.once(op, || match logs.get_mut(&op.room()) {
                Some(log) => log.apply(op, now),
                None => Err(Error::RoomNotFound),
            })
        })
        .collect();

    // What cannot be sent now may have been sent before: its sender has left
    // since, what it answers is deleted.
    let db_error = |(op, result): (&&RoomOp, &Result<OpResult>)| {
        matches!(op, RoomOp::Send(_)) && result.is_err()
    };
    if !mode.look_for_repeats && ops.iter().zip(&results).any(db_error) {
        let mode = Mode { look_for_repeats: true, ..mode };
        let again = Box::pin(prepare(tx, ops, mode)).await?;
        return Ok(Outcome { locked: &again.locked | &locked, ..again });
    }

    let logs: Vec<RoomLog> = logs.into_values().collect();
    if logs.iter().any(|log| !log.changes.is_empty()) {
        write::rooms(tx, &logs).await?;
        write::messages(tx, ops, &logs).await?;
        message_changes::write(tx, &logs).await?;
        mentions::write(tx, &logs).await?;
        threads::write(tx, &logs, mode.changes_at).await?;
        invites::write(tx, &logs).await?;
        write::members(tx, &logs).await?;
        write::marks(tx, &logs, mode.changes_at).await?;
    }
    keys.write(tx).await?;
    Ok(Outcome { logs, results, locked })
}

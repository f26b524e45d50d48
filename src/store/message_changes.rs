//! What a batch reads and writes about messages that were posted before.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::AssertSqlSafe;

use super::{
    attachments,
    dialect::{Tx, batches, on_tx, pad_to_power_of_two, placeholders},
    dress,
    messages::{MESSAGES, MessageRow, attachment_count, changed_seq, stored},
    reactions,
};
use crate::model::{Message, MessageAction, RoomId, RoomLog, RoomOp, Seq};

/// Rows in one statement.
const MAX_ROWS_PER_STATEMENT: usize = 64;

/// Reads the messages that operations are about, with what hangs on them.
pub(super) async fn read(
    tx: &mut Tx<'_>,
    ops: &[&RoomOp],
    logs: &mut BTreeMap<RoomId, RoomLog>,
) -> Result<(), sqlx::Error> {
    let mut wanted: BTreeMap<RoomId, BTreeSet<Seq>> = BTreeMap::new();
    for op in ops {
        let mut messages = op.messages().peekable();
        if messages.peek().is_some() {
            wanted.entry(op.room()).or_default().extend(messages);
        }
    }
    for (room, seqs) in wanted {
        let Some(log) = logs.get_mut(&room) else { continue };
        read_messages(tx, log, seqs).await?;
        // What a thread hangs on shows how many answers it has.
        let roots: BTreeSet<Seq> =
            log.messages.values().filter_map(|message| message.thread_of).collect();
        let roots = roots.into_iter().filter(|root| !log.messages.contains_key(root)).collect();
        read_messages(tx, log, roots).await?;
        if ops.iter().any(|op| op.room() == room && pins(op)) {
            log.pins = on_tx!(&mut *tx, c => {
                sqlx::query_scalar("select count(*) from pins where room_id = ?")
                    .bind(room.0).fetch_one(c).await
            })?;
        }
    }
    reactions::read(tx, ops, logs).await
}

async fn read_messages(
    tx: &mut Tx<'_>,
    log: &mut RoomLog,
    seqs: BTreeSet<Seq>,
) -> Result<(), sqlx::Error> {
    if seqs.is_empty() {
        return Ok(());
    }
    let room = log.room.id;
    let seqs = pad_to_power_of_two(seqs.into_iter().collect::<Vec<_>>());
    let sql =
        format!("{MESSAGES} where x.room_id = ? and x.seq in {}", placeholders(1, seqs.len()));
    let rows: Vec<MessageRow> = on_tx!(&mut *tx, c => {
        let mut query = sqlx::query_as(AssertSqlSafe(sql)).bind(room.0);
        for seq in &seqs {
            query = query.bind(seq.0);
        }
        query.fetch_all(c).await
    })?;
    let messages = attachments::with_attachments(tx, rows).await?;
    let messages = dress::within_tx(tx, messages).await?;
    log.messages.extend(messages.into_iter().map(|message| (message.seq, message)));
    Ok(())
}

fn pins(op: &RoomOp) -> bool {
    matches!(
        op,
        RoomOp::MessageAction {
            action: MessageAction::Pin | MessageAction::Unpin | MessageAction::Delete,
            ..
        }
    )
}

/// Writes what became of the messages. New ones are in the database already.
pub(super) async fn write(tx: &mut Tx<'_>, logs: &[RoomLog]) -> Result<(), sqlx::Error> {
    write_changes(tx, logs).await?;
    for log in logs {
        let room = log.room.id;
        for message in log.message_changes.messages.keys().filter_map(|seq| log.messages.get(seq)) {
            write_message(tx, message).await?;
        }
        for seq in &log.message_changes.deleted {
            on_tx!(&mut *tx, c => {
                sqlx::query("delete from message_versions where room_id = ? and seq = ?")
                    .bind(room.0).bind(seq.0).execute(c).await.map(drop)
            })?;
            reactions::delete(tx, (room, *seq)).await?;
            if let Some(answer) = log.messages.get(seq) {
                write_deleted_answer(tx, answer).await?;
            }
        }
        for (seq, files) in &log.message_changes.unattached {
            attachments::remove(tx, (room, *seq), files).await?;
        }
        write_versions(tx, log).await?;
        reactions::write(tx, log).await?;
        write_pins(tx, log).await?;
    }
    Ok(())
}

async fn write_message(tx: &mut Tx<'_>, message: &Message) -> Result<(), sqlx::Error> {
    let row = stored(&message.content);
    on_tx!(tx, c => {
        sqlx::query(
            "update messages set kind = ?, body = ?, about_id = ?, edited_us = ?, changed_seq = ?,
                                 attachments = ?
             where room_id = ? and seq = ?",
        )
        .bind(row.kind)
        .bind(row.body)
        .bind(row.about.map(|user| user.0))
        .bind(message.edited_at.map(|at| at.0))
        .bind(changed_seq(message))
        .bind(attachment_count(message))
        .bind(message.room.0)
        .bind(message.seq.0)
        .execute(c).await.map(drop)
    })
}

/// Writes where each message changed last, and takes away where it changed before.
async fn write_changes(tx: &mut Tx<'_>, logs: &[RoomLog]) -> Result<(), sqlx::Error> {
    let mut rows: Vec<(RoomId, Seq, Seq)> = Vec::new();
    for log in logs {
        let mut replaced: Vec<Seq> = Vec::new();
        for (seq, before) in &log.message_changes.messages {
            let Some(message) = log.messages.get(seq) else { continue };
            rows.push((log.room.id, message.changed_seq, *seq));
            // A message that has not changed before has no row.
            if before != seq {
                replaced.push(*before);
            }
        }
        for batch in batches(&replaced, MAX_ROWS_PER_STATEMENT) {
            let sql = format!(
                "delete from message_changes where room_id = ? and changed_seq in {}",
                placeholders(1, batch.len()),
            );
            on_tx!(&mut *tx, c => {
                let mut query = sqlx::query(AssertSqlSafe(sql)).bind(log.room.id.0);
                for before in batch {
                    query = query.bind(before.0);
                }
                query.execute(c).await.map(drop)
            })?;
        }
    }
    for batch in batches(&rows, MAX_ROWS_PER_STATEMENT) {
        let sql = format!(
            "insert into message_changes (room_id, changed_seq, seq) values {}",
            placeholders(batch.len(), 3),
        );
        on_tx!(&mut *tx, c => {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for (room, changed, seq) in batch {
                query = query.bind(room.0).bind(changed.0).bind(seq.0);
            }
            query.execute(c).await.map(drop)
        })?;
    }
    Ok(())
}

/// An answer that is deleted stays in its thread, and counts no more.
async fn write_deleted_answer(tx: &mut Tx<'_>, answer: &Message) -> Result<(), sqlx::Error> {
    let Some(root) = answer.thread_of else { return Ok(()) };
    on_tx!(tx, c => {
        sqlx::query(
            "update thread_replies set kind = ? where room_id = ? and root_seq = ? and seq = ?",
        )
        .bind(stored(&answer.content).kind)
        .bind(answer.room.0).bind(root.0).bind(answer.seq.0)
        .execute(c).await.map(drop)
    })
}

async fn write_versions(tx: &mut Tx<'_>, log: &RoomLog) -> Result<(), sqlx::Error> {
    for (seq, replaced, version) in &log.message_changes.versions {
        on_tx!(&mut *tx, c => {
            sqlx::query(
                "insert into message_versions (room_id, seq, replaced_seq, body, written_us)
                 values (?, ?, ?, ?, ?)",
            )
            .bind(log.room.id.0)
            .bind(seq.0)
            .bind(replaced.0)
            .bind(&version.text)
            .bind(version.written_at.0)
            .execute(c).await.map(drop)
        })?;
    }
    Ok(())
}

async fn write_pins(tx: &mut Tx<'_>, log: &RoomLog) -> Result<(), sqlx::Error> {
    for (seq, pin) in &log.message_changes.pins {
        on_tx!(&mut *tx, c => {
            sqlx::query("delete from pins where room_id = ? and seq = ?")
                .bind(log.room.id.0).bind(seq.0).execute(c).await.map(drop)
        })?;
        let Some(pin) = pin else { continue };
        on_tx!(&mut *tx, c => {
            sqlx::query("insert into pins (room_id, seq, user_id, pinned_us) values (?, ?, ?, ?)")
                .bind(log.room.id.0).bind(seq.0).bind(pin.user.0).bind(pin.pinned_at.0)
                .execute(c).await.map(drop)
        })?;
    }
    Ok(())
}

//! Files that go with messages. A message's row says how many it has, so that
//! the many without need no look-up.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    Store,
    dialect::{Tx, batches, db_error, on_pool, on_tx, pad_to_power_of_two, placeholders},
    files::{AT_ONCE, FILE_COLUMNS, FileRow},
    messages::MessageRow,
};
use crate::{
    error::Result,
    model::{File, FileId, Message, RoomId, RoomLog, RoomOp, Seq, Timestamp},
};

/// Messages in one statement.
const NAMES: usize = 64;
/// Rows in one statement.
const MAX_ROWS_PER_STATEMENT: usize = 256;

type Name = (RoomId, Seq);

/// By message, each in the sender's order.
pub(super) type Attachments = BTreeMap<Name, Vec<File>>;

#[derive(sqlx::FromRow)]
struct Row {
    room_id: Uuid,
    seq: i64,
    #[sqlx(flatten)]
    file: FileRow,
}

fn attachments_sql(messages: usize) -> String {
    format!(
        "select a.room_id as room_id, a.seq as seq, {FILE_COLUMNS}
         from attachments a join files f on f.id = a.file_id
         where {} order by a.room_id, a.seq, a.place",
        vec!["(a.room_id = ? and a.seq = ?)"; messages].join(" or "),
    )
}

fn gather(found: &mut Attachments, rows: Vec<Row>) {
    for Row { room_id, seq, file } in rows {
        found.entry((RoomId(room_id), Seq(seq))).or_default().push(file.into());
    }
}

/// Which of the messages have attachments.
fn attached(rows: &[MessageRow]) -> Vec<Name> {
    let with = rows.iter().filter(|row| row.attachments > 0);
    with.map(MessageRow::name).collect()
}

/// The messages of these rows, with their attachments.
fn put(rows: Vec<MessageRow>, mut found: Attachments) -> Vec<Message> {
    let message = |row: MessageRow| {
        let attachments = found.remove(&row.name()).unwrap_or_default();
        Message { attachments, ..Message::from(row) }
    };
    rows.into_iter().map(message).collect()
}

/// Messages with their attachments, within a transaction.
pub(super) async fn with_attachments(
    tx: &mut Tx<'_>,
    rows: Vec<MessageRow>,
) -> Result<Vec<Message>, sqlx::Error> {
    let mut found = Attachments::new();
    for names in attached(&rows).chunks(NAMES) {
        let names = pad_to_power_of_two(names.to_vec());
        let sql = attachments_sql(names.len());
        let rows: Vec<Row> = on_tx!(&mut *tx, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql));
            for (room, seq) in &names {
                query = query.bind(room.0).bind(seq.0);
            }
            query.fetch_all(c).await
        })?;
        gather(&mut found, rows);
    }
    Ok(put(rows, found))
}

/// Reads the files that drafts name, and locks them, in the order of their ids:
/// the collector must not take what is about to be referred to.
pub(super) async fn read(
    tx: &mut Tx<'_>,
    ops: &[&RoomOp],
    logs: &mut BTreeMap<RoomId, RoomLog>,
) -> Result<(), sqlx::Error> {
    let drafts = || {
        ops.iter().filter_map(|op| match op {
            RoomOp::Send(draft) if !draft.attachments.is_empty() => Some(draft),
            _ => None,
        })
    };
    let ids: BTreeSet<FileId> =
        drafts().flat_map(|draft| draft.attachments.iter().copied()).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let ids = pad_to_power_of_two(ids.into_iter().collect());
    let sql = format!(
        "select {FILE_COLUMNS} from files f where f.kind = 1 and f.id in {} order by f.id{}",
        placeholders(1, ids.len()),
        tx.dialect().for_update(),
    );
    let rows: Vec<FileRow> = on_tx!(tx, c => {
        let mut query = sqlx::query_as(AssertSqlSafe(sql));
        for id in &ids {
            query = query.bind(id.0);
        }
        query.fetch_all(c).await
    })?;
    let found: BTreeMap<FileId, File> =
        rows.into_iter().map(File::from).map(|file| (file.id, file)).collect();
    for draft in drafts() {
        let Some(log) = logs.get_mut(&draft.room) else { continue };
        for id in &draft.attachments {
            if let Some(file) = found.get(id) {
                log.files.insert(*id, file.clone());
            }
        }
    }
    Ok(())
}

/// Writes the attachments of the messages that were posted.
pub(super) async fn write(tx: &mut Tx<'_>, posted: &[&Message]) -> Result<(), sqlx::Error> {
    let rows: Vec<(&Message, i16, FileId)> = posted
        .iter()
        .flat_map(|message| {
            (0_i16..).zip(&message.attachments).map(|(place, file)| (*message, place, file.id))
        })
        .collect();
    for batch in batches(&rows, MAX_ROWS_PER_STATEMENT) {
        let sql = format!(
            "insert into attachments (room_id, seq, place, file_id) values {}",
            placeholders(batch.len(), 4)
        );
        on_tx!(&mut *tx, c => {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for (message, place, file) in batch {
                query = query.bind(message.room.0).bind(message.seq.0).bind(*place).bind(file.0);
            }
            query.execute(c).await.map(drop)
        })?;
    }
    let files: Vec<FileId> = rows.into_iter().map(|(.., file)| file).collect();
    look_again(tx, files, None).await
}

/// Takes the attachments of a deleted message away; its files are looked at by
/// the collector from now on.
pub(super) async fn remove(
    tx: &mut Tx<'_>,
    (room, seq): Name,
    files: &[FileId],
) -> Result<(), sqlx::Error> {
    on_tx!(&mut *tx, c => {
        sqlx::query("delete from attachments where room_id = ? and seq = ?")
            .bind(room.0).bind(seq.0).execute(c).await.map(drop)
    })?;
    look_again(tx, files.to_vec(), Some(AT_ONCE)).await
}

/// Says when the collector shall look at files; `None`: not any more.
async fn look_again(
    tx: &mut Tx<'_>,
    files: Vec<FileId>,
    at: Option<Timestamp>,
) -> Result<(), sqlx::Error> {
    if files.is_empty() {
        return Ok(());
    }
    let files = pad_to_power_of_two(files);
    let sql = format!("update files set check_us = ? where id in {}", placeholders(1, files.len()));
    on_tx!(tx, c => {
        let mut query = sqlx::query(AssertSqlSafe(sql)).bind(at.map(|at| at.0));
        for file in &files {
            query = query.bind(file.0);
        }
        query.execute(c).await.map(drop)
    })
}

impl Store {
    /// Messages with their attachments.
    pub(super) async fn with_attachments(&self, rows: Vec<MessageRow>) -> Result<Vec<Message>> {
        let mut found = Attachments::new();
        for names in attached(&rows).chunks(NAMES) {
            let names = pad_to_power_of_two(names.to_vec());
            let sql = attachments_sql(names.len());
            let rows: Vec<Row> = on_pool!(&self.pools, c => {
                let mut query = sqlx::query_as(AssertSqlSafe(sql));
                for (room, seq) in &names {
                    query = query.bind(room.0).bind(seq.0);
                }
                query.fetch_all(c).await
            })
            .map_err(db_error)?;
            gather(&mut found, rows);
        }
        Ok(put(rows, found))
    }
}

//! One transaction of a lane: lock and read the rooms, apply the operations,
//! write what they changed.

use std::collections::{BTreeMap, HashSet};

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    dialect::{Dialect, Pools, Tx, is_taken, padded, pieces, placeholders, within},
    messages::{MESSAGE_COLUMNS, MessageRow, kind_of},
    rooms::{RoomRow, role_code, role_of, state_code, state_of},
};
use crate::{
    error::{Error, Result},
    model::{
        Change, Content, Done, Message, Op, RoomId, RoomLog, Seq, Timestamp, UserId,
        log::Membership, users::fold,
    },
};

/// Rows in one statement.
const ROWS: usize = 256;

pub struct Outcome {
    /// The rooms of the batch, with what it changed in them.
    pub logs: Vec<RoomLog>,
    /// How each operation went, in the order given.
    pub results: Vec<Result<Done>>,
}

/// The transaction did not go through.
pub struct Failed {
    pub cause: sqlx::Error,
    /// The connection broke while committing: it may have happened.
    pub in_doubt: bool,
    /// A message has been sent before; the batch must look for repeats.
    pub repeated: bool,
}

impl From<sqlx::Error> for Failed {
    fn from(cause: sqlx::Error) -> Self {
        Self { repeated: is_taken(&cause), in_doubt: false, cause }
    }
}

/// Runs the batch. Repeats of messages that are stored already are rare, so
/// they are first left to the unique key to find (`Failed::repeated`).
pub async fn run(pools: &Pools, ops: &[&Op], look_for_repeats: bool) -> Result<Outcome, Failed> {
    let mut tx = pools.begin().await?;
    let mut logs = lock_rooms(&mut tx, ops).await?;
    read_members(&mut tx, ops, &mut logs).await?;
    read_counts(&mut tx, ops, &mut logs).await?;
    if look_for_repeats {
        read_repeats(&mut tx, ops, &mut logs).await?;
    }

    let now = Timestamp::now();
    let results = ops
        .iter()
        .map(|op| match logs.get_mut(&op.room()) {
            Some(log) => log.apply(op, now),
            None => Err(Error::RoomNotFound),
        })
        .collect();

    let logs: Vec<RoomLog> = logs.into_values().collect();
    if logs.iter().any(|log| !log.changes.is_empty() || !log.moved_marks.is_empty()) {
        write_rooms(&mut tx, &logs).await?;
        write_messages(&mut tx, &logs).await?;
        write_members(&mut tx, &logs).await?;
        write_marks(&mut tx, &logs).await?;
    }
    // Also when nothing was written: it ends the transaction, and its locks.
    tx.commit().await.map_err(|cause| Failed { cause, in_doubt: true, repeated: false })?;
    Ok(Outcome { logs, results })
}

/// Takes the rooms' rows in the order of their ids, so that two transactions
/// can never wait for each other.
async fn lock_rooms(tx: &mut Tx, ops: &[&Op]) -> Result<BTreeMap<RoomId, RoomLog>, sqlx::Error> {
    let wanted: std::collections::BTreeSet<RoomId> = ops.iter().map(|op| op.room()).collect();
    let ids = padded(wanted.into_iter().collect::<Vec<_>>());
    let sql = format!(
        "select id, kind, name, topic, creator_id, created_us, 0 as member_count, changed_seq, head_seq
         from rooms where id in {} order by id{}",
        placeholders(1, ids.len()),
        tx.dialect().for_update(),
    );
    let rows: Vec<RoomRow> = within!(tx, c => {
        let mut query = sqlx::query_as(AssertSqlSafe(sql));
        for id in &ids {
            query = query.bind(id.0);
        }
        query.fetch_all(c).await
    })?;
    let mut logs: BTreeMap<_, _> =
        rows.into_iter().map(|row| (RoomId(row.id), RoomLog::new(row.into()))).collect();
    for op in ops {
        if let Op::Create { room, .. } = op {
            logs.entry(room.id)
                .or_insert_with(|| RoomLog { created: true, ..RoomLog::new((**room).clone()) });
        }
    }
    Ok(logs)
}

async fn read_members(
    tx: &mut Tx,
    ops: &[&Op],
    logs: &mut BTreeMap<RoomId, RoomLog>,
) -> Result<(), sqlx::Error> {
    let pairs: HashSet<(RoomId, UserId)> = ops
        .iter()
        .filter(|op| logs.get(&op.room()).is_some_and(|log| !log.created))
        .map(|op| (op.room(), op.user()))
        .collect();
    if pairs.is_empty() {
        return Ok(());
    }
    let pairs = padded(pairs.into_iter().collect::<Vec<_>>());
    // A list of alternatives and not a row constructor: MariaDB would not use
    // the index for that.
    let sql = format!(
        "select m.room_id, m.user_id, m.role, m.state, m.joined_us, m.changed_seq,
                coalesce(k.read_seq, 0) as read_seq
         from members m
         left join marks k on k.room_id = m.room_id and k.user_id = m.user_id
         where {}",
        vec!["(m.room_id = ? and m.user_id = ?)"; pairs.len()].join(" or "),
    );
    let rows: Vec<(Uuid, Uuid, i16, i16, i64, i64, i64)> = within!(tx, c => {
        let mut query = sqlx::query_as(AssertSqlSafe(sql));
        for (room, user) in &pairs {
            query = query.bind(room.0).bind(user.0);
        }
        query.fetch_all(c).await
    })?;
    for (room, user, role, state, joined_us, changed_seq, read_seq) in rows {
        let Some(log) = logs.get_mut(&RoomId(room)) else { continue };
        let membership = Membership {
            role: role_of(role),
            state: state_of(state),
            joined_at: Timestamp(joined_us),
            changed_seq: Seq(changed_seq),
        };
        log.members.insert(UserId(user), membership);
        log.read.insert(UserId(user), Seq(read_seq));
    }
    Ok(())
}

async fn read_counts(
    tx: &mut Tx,
    ops: &[&Op],
    logs: &mut BTreeMap<RoomId, RoomLog>,
) -> Result<(), sqlx::Error> {
    let rooms: HashSet<RoomId> =
        ops.iter().filter(|op| op.needs_counts()).map(|op| op.room()).collect();
    if rooms.is_empty() {
        return Ok(());
    }
    let rooms = padded(rooms.into_iter().collect::<Vec<_>>());
    let sql = format!(
        "select room_id, count(*), count(case when role = 3 then 1 end)
         from members where state = 1 and room_id in {} group by room_id",
        placeholders(1, rooms.len()),
    );
    let rows: Vec<(Uuid, i64, i64)> = within!(tx, c => {
        let mut query = sqlx::query_as(AssertSqlSafe(sql));
        for room in &rooms {
            query = query.bind(room.0);
        }
        query.fetch_all(c).await
    })?;
    for (room, members, owners) in rows {
        if let Some(log) = logs.get_mut(&RoomId(room)) {
            log.room.member_count = members;
            log.owners = owners;
        }
    }
    Ok(())
}

async fn read_repeats(
    tx: &mut Tx,
    ops: &[&Op],
    logs: &mut BTreeMap<RoomId, RoomLog>,
) -> Result<(), sqlx::Error> {
    let drafts: HashSet<_> = ops
        .iter()
        .filter_map(|op| match op {
            Op::Send(d) => Some((d.room, d.sender, d.client_message_id.as_str())),
            _ => None,
        })
        .collect();
    if drafts.is_empty() {
        return Ok(());
    }
    let drafts = padded(drafts.into_iter().collect::<Vec<_>>());
    let sql = format!(
        "select {MESSAGE_COLUMNS} from messages where {}",
        vec!["(room_id = ? and sender_id = ? and client_message_id = ?)"; drafts.len()]
            .join(" or "),
    );
    let rows: Vec<MessageRow> = within!(tx, c => {
        let mut query = sqlx::query_as(AssertSqlSafe(sql));
        for (room, sender, client_message_id) in &drafts {
            query = query.bind(room.0).bind(sender.0).bind(*client_message_id);
        }
        query.fetch_all(c).await
    })?;
    for row in rows {
        let message = Message::from(row);
        if let (Some(log), Content::Text { client_message_id, .. }) =
            (logs.get_mut(&message.room), &message.content)
        {
            log.sent.insert((message.sender, client_message_id.clone()), message);
        }
    }
    Ok(())
}

async fn write_rooms(tx: &mut Tx, logs: &[RoomLog]) -> Result<(), sqlx::Error> {
    let mut moved = Vec::new();
    for log in logs.iter().filter(|log| !log.changes.is_empty()) {
        if log.created {
            insert_room(tx, log).await?;
        } else if log.changes.iter().any(|change| change.settings.is_some()) {
            update_settings(tx, log).await?;
        } else {
            moved.push((log.room.id, log.room.head_seq));
        }
    }
    for piece in pieces(&moved, ROWS) {
        let sql = format!(
            "update rooms set head_seq = case id {} else head_seq end where id in {}",
            vec!["when ? then ?"; piece.len()].join(" "),
            placeholders(1, piece.len()),
        );
        within!(tx, c => {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for (id, head) in piece {
                query = query.bind(id.0).bind(head.0);
            }
            for (id, _) in piece {
                query = query.bind(id.0);
            }
            query.execute(c).await.map(drop)
        })?;
    }
    Ok(())
}

async fn insert_room(tx: &mut Tx, log: &RoomLog) -> Result<(), sqlx::Error> {
    let room = &log.room;
    within!(tx, c => {
        sqlx::query(
            "insert into rooms (id, kind, name, name_key, topic, topic_key,
                                creator_id, created_us, head_seq, changed_seq)
             values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(room.id.0)
        .bind(super::rooms::room_kind_code(room.kind))
        .bind(&room.name).bind(fold(&room.name))
        .bind(&room.topic).bind(fold(&room.topic))
        .bind(room.creator.map(|user| user.0))
        .bind(room.created_at.0)
        .bind(room.head_seq.0)
        .bind(room.changed_seq.0)
        .execute(c).await.map(drop)
    })
}

async fn update_settings(tx: &mut Tx, log: &RoomLog) -> Result<(), sqlx::Error> {
    let room = &log.room;
    within!(tx, c => {
        sqlx::query(
            "update rooms set name = ?, name_key = ?, topic = ?, topic_key = ?,
                              head_seq = ?, changed_seq = ?
             where id = ?",
        )
        .bind(&room.name).bind(fold(&room.name))
        .bind(&room.topic).bind(fold(&room.topic))
        .bind(room.head_seq.0)
        .bind(room.changed_seq.0)
        .bind(room.id.0)
        .execute(c).await.map(drop)
    })
}

async fn write_messages(tx: &mut Tx, logs: &[RoomLog]) -> Result<(), sqlx::Error> {
    let messages: Vec<&Message> =
        changes(logs).filter_map(|change| change.message.as_ref()).collect();
    for piece in pieces(&messages, ROWS) {
        let sql = format!(
            "insert into messages ({MESSAGE_COLUMNS}) values {}",
            placeholders(piece.len(), 8)
        );
        within!(tx, c => {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for message in piece {
                let (kind, client_message_id, body) = kind_of(&message.content);
                query = query
                    .bind(message.room.0)
                    .bind(message.seq.0)
                    .bind(message.sender.0)
                    .bind(kind)
                    .bind(client_message_id)
                    .bind(body)
                    .bind(message.posted_at.0)
                    .bind(message.changed_seq.0);
            }
            query.execute(c).await.map(drop)
        })?;
    }
    Ok(())
}

async fn write_members(tx: &mut Tx, logs: &[RoomLog]) -> Result<(), sqlx::Error> {
    let sql = match tx.dialect() {
        Dialect::MySql => {
            "insert into members (room_id, user_id, role, state, joined_us, changed_seq)
             values (?, ?, ?, ?, ?, ?)
             on duplicate key update role = values(role), state = values(state),
                 joined_us = values(joined_us), changed_seq = values(changed_seq)"
        }
        Dialect::Sqlite => {
            "insert into members (room_id, user_id, role, state, joined_us, changed_seq)
             values (?, ?, ?, ?, ?, ?)
             on conflict (room_id, user_id) do update set role = excluded.role,
                 state = excluded.state, joined_us = excluded.joined_us,
                 changed_seq = excluded.changed_seq"
        }
    };
    for change in changes(logs) {
        let Some(member) = &change.member else { continue };
        within!(tx, c => {
            sqlx::query(sql)
                .bind(change.room.0)
                .bind(member.user.id.0)
                .bind(role_code(member.role))
                .bind(state_code(member.state))
                .bind(member.joined_at.0)
                .bind(member.changed_seq.0)
                .execute(c).await.map(drop)
        })?;
    }
    Ok(())
}

async fn write_marks(tx: &mut Tx, logs: &[RoomLog]) -> Result<(), sqlx::Error> {
    let marks: Vec<(RoomId, UserId, Seq)> = logs
        .iter()
        .flat_map(|log| {
            log.moved_marks
                .iter()
                .filter_map(|user| log.read.get(user).map(|mark| (log.room.id, *user, *mark)))
        })
        .collect();
    // The room's lock is held, so the mark that was read is still the newest.
    let upsert = match tx.dialect() {
        Dialect::MySql => "on duplicate key update read_seq = values(read_seq)",
        Dialect::Sqlite => {
            "on conflict (room_id, user_id) do update set read_seq = excluded.read_seq"
        }
    };
    for piece in pieces(&marks, ROWS) {
        let sql = format!(
            "insert into marks (room_id, user_id, read_seq) values {} {upsert}",
            placeholders(piece.len(), 3),
        );
        within!(tx, c => {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for (room, user, mark) in piece {
                query = query.bind(room.0).bind(user.0).bind(mark.0);
            }
            query.execute(c).await.map(drop)
        })?;
    }
    Ok(())
}

fn changes(logs: &[RoomLog]) -> impl Iterator<Item = &Change> {
    logs.iter().flat_map(|log| &log.changes)
}

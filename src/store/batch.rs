//! One transaction of a lane: lock and read the rooms, apply the operations,
//! write what they changed.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    time::Duration,
};

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    blocks::BLOCKS_BETWEEN,
    dialect::{Dialect, LaneConnection, Tx, is_taken, padded, pieces, placeholders, within},
    messages::{MESSAGES, MessageRow, stored},
    rooms::{RoomRow, role_code, role_of, state_code, state_of},
    touched,
};
use crate::{
    error::{Error, Result},
    model::{
        Change, Content, Done, Message, Op, RoomId, RoomKind, RoomLog, Seq, Timestamp, UserId,
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
    /// The connection broke while committing: this may have happened.
    pub in_doubt: Option<Outcome>,
    /// A message has been sent before; the batch must look for repeats.
    pub repeated: bool,
}

impl From<sqlx::Error> for Failed {
    fn from(cause: sqlx::Error) -> Self {
        Self { repeated: is_taken(&cause), in_doubt: None, cause }
    }
}

/// A database that is silent for so long while a batch runs is away.
const WITHIN: Duration = Duration::from_secs(10);

/// Runs the batch. Repeats of messages that are stored already are rare, so
/// they are first left to the unique key to find (`Failed::repeated`).
pub async fn run(
    connection: &mut LaneConnection,
    ops: &[&Op],
    look_for_repeats: bool,
) -> Result<Outcome, Failed> {
    let prepared = async {
        let mut tx = connection.begin().await?;
        let outcome = prepare(&mut tx, ops, look_for_repeats).await?;
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
    connection.undo().await;
    Err(failed)
}

/// Whether a commit of unknown outcome has happened. Waits for the rooms'
/// locks, so that it is not still on its way.
pub async fn has_happened(
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
        let head: Option<i64> = within!(&mut tx, c => {
            sqlx::query_scalar(AssertSqlSafe(sql)).bind(log.room.id.0).fetch_optional(c).await
        })?;
        let mut happened = head.is_some_and(|head| head >= log.room.head_seq.0);
        // Another node may have come as far by changes of its own.
        let posted = |change: &&Change| {
            change.message.as_ref().is_some_and(|message| message.seq == change.seq)
        };
        if let Some(Change { message: Some(message), .. }) = log.changes.iter().find(posted) {
            let row: Option<(Uuid, i64)> = within!(&mut tx, c => {
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
    if happened.is_err() {
        connection.undo().await;
    }
    happened
}

async fn in_time<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    let late = || sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
    tokio::time::timeout(WITHIN, work).await.unwrap_or_else(|_| Err(late()))
}

async fn prepare(
    tx: &mut Tx<'_>,
    ops: &[&Op],
    look_for_repeats: bool,
) -> Result<Outcome, sqlx::Error> {
    let mut logs = lock_rooms(tx, ops).await?;
    read_marks(tx, ops, &mut logs).await?;
    read_counts(tx, ops, &mut logs).await?;
    touched::read(tx, ops, &mut logs).await?;
    read_blocks(tx, &mut logs).await?;
    let by_outsider = |op: &&Op| {
        matches!(op, Op::Send(draft)
            if logs.get(&draft.room).is_some_and(|log| !log.may_post(draft.sender)))
    };
    if look_for_repeats || ops.iter().any(by_outsider) {
        read_repeats(tx, ops, &mut logs).await?;
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
        write_rooms(tx, &logs).await?;
        write_messages(tx, &logs).await?;
        touched::write(tx, &logs).await?;
        write_members(tx, &logs).await?;
        write_marks(tx, &logs).await?;
    }
    Ok(Outcome { logs, results })
}

/// A room that is being locked, perhaps with one of the memberships asked for.
#[derive(sqlx::FromRow)]
struct LockedRow {
    #[sqlx(flatten)]
    room: RoomRow,
    user_id: Option<Uuid>,
    role: Option<i16>,
    state: Option<i16>,
    joined_us: Option<i64>,
    muted_until_us: Option<i64>,
    member_changed_seq: Option<i64>,
}

/// Takes the rooms' rows in the order of their ids, so that two transactions
/// can never wait for each other; then reads the members that are asked for.
async fn lock_rooms(
    tx: &mut Tx<'_>,
    ops: &[&Op],
) -> Result<BTreeMap<RoomId, RoomLog>, sqlx::Error> {
    let rooms: BTreeSet<RoomId> = ops.iter().map(|op| op.room()).collect();
    let users: BTreeSet<UserId> = ops.iter().flat_map(|op| op.users()).collect();
    let rooms = padded(rooms.into_iter().collect::<Vec<_>>());
    // A batch of one room, as most are, has room and members in one round trip.
    // Of several rooms, each with members of its own, that would read too many.
    let users = match rooms.len() {
        1 => padded(users.into_iter().collect::<Vec<_>>()),
        _ => Vec::new(),
    };
    let (members, join) = match users.len() {
        0 => (
            "null as user_id, null as role, null as state, null as joined_us,
             null as muted_until_us, null as member_changed_seq",
            String::new(),
        ),
        n => (
            "m.user_id, m.role, m.state, m.joined_us, m.muted_until_us,
             m.changed_seq as member_changed_seq",
            format!(
                "left join members m on m.room_id = r.id and m.user_id in {}",
                placeholders(1, n)
            ),
        ),
    };
    let sql = format!(
        "select r.id, r.kind, r.name, r.topic, r.creator_id, r.created_us, 0 as member_count,
                r.changed_seq, r.head_seq, r.archived_us, r.direct_a, r.direct_b, {members}
         from rooms r {join} where r.id in {} order by r.id{}",
        placeholders(1, rooms.len()),
        tx.dialect().for_update(),
    );
    let rows: Vec<LockedRow> = within!(tx, c => {
        let mut query = sqlx::query_as(AssertSqlSafe(sql));
        for id in &users {
            query = query.bind(id.0);
        }
        for id in &rooms {
            query = query.bind(id.0);
        }
        query.fetch_all(c).await
    })?;
    let mut logs: BTreeMap<RoomId, RoomLog> = BTreeMap::new();
    for row in rows {
        let LockedRow { room, user_id, role, state, joined_us, muted_until_us, member_changed_seq } =
            row;
        let log = logs.entry(RoomId(room.id)).or_insert_with(|| RoomLog::new(room.into()));
        if let (Some(user), Some(role), Some(state), Some(joined_us), Some(changed_seq)) =
            (user_id, role, state, joined_us, member_changed_seq)
        {
            log.members.insert(
                UserId(user),
                membership((role, state), joined_us, muted_until_us, changed_seq),
            );
        }
    }
    for op in ops {
        if let Op::Create { room, .. } = op {
            logs.entry(room.id).or_insert_with(|| RoomLog::of_new_room((**room).clone()));
        }
    }
    if users.is_empty() {
        read_members(tx, ops, &mut logs).await?;
    }
    Ok(logs)
}

fn membership(
    (role, state): (i16, i16),
    joined_us: i64,
    muted_until_us: Option<i64>,
    changed_seq: i64,
) -> Membership {
    Membership {
        role: role_of(role),
        state: state_of(state),
        joined_at: Timestamp(joined_us),
        muted_until: muted_until_us.map(Timestamp),
        changed_seq: Seq(changed_seq),
    }
}

/// Room, user, role, state, joined, muted until, changed at.
type MembershipRow = (Uuid, Uuid, i16, i16, i64, Option<i64>, i64);

async fn read_members(
    tx: &mut Tx<'_>,
    ops: &[&Op],
    logs: &mut BTreeMap<RoomId, RoomLog>,
) -> Result<(), sqlx::Error> {
    let Some((wanted, binds)) = wanted(ops, logs, |_| true) else { return Ok(()) };
    let sql = format!(
        "select room_id, user_id, role, state, joined_us, muted_until_us, changed_seq
         from members where {wanted}"
    );
    let rows: Vec<MembershipRow> = within!(tx, c => {
        let mut query = sqlx::query_as(AssertSqlSafe(sql));
        for id in binds {
            query = query.bind(id);
        }
        query.fetch_all(c).await
    })?;
    for (room, user, role, state, joined_us, muted_until_us, changed_seq) in rows {
        if let Some(log) = logs.get_mut(&RoomId(room)) {
            log.members.insert(
                UserId(user),
                membership((role, state), joined_us, muted_until_us, changed_seq),
            );
        }
    }
    Ok(())
}

async fn read_marks(
    tx: &mut Tx<'_>,
    ops: &[&Op],
    logs: &mut BTreeMap<RoomId, RoomLog>,
) -> Result<(), sqlx::Error> {
    let marks = |op: &Op| matches!(op, Op::MarkRead { .. });
    let Some((wanted, binds)) = wanted(ops, logs, marks) else { return Ok(()) };
    let sql = format!("select room_id, user_id, read_seq from marks where {wanted}");
    let rows: Vec<(Uuid, Uuid, i64)> = within!(tx, c => {
        let mut query = sqlx::query_as(AssertSqlSafe(sql));
        for id in binds {
            query = query.bind(id);
        }
        query.fetch_all(c).await
    })?;
    for (room, user, read_seq) in rows {
        if let Some(log) = logs.get_mut(&RoomId(room)) {
            log.read.insert(UserId(user), Seq(read_seq));
        }
    }
    Ok(())
}

/// A condition for the rows of the rooms and users that these operations name,
/// and what to bind to it. Rooms that are being made have no rows yet.
fn wanted(
    ops: &[&Op],
    logs: &BTreeMap<RoomId, RoomLog>,
    which: impl Fn(&Op) -> bool,
) -> Option<(String, Vec<Uuid>)> {
    let mut rooms: BTreeMap<RoomId, BTreeSet<Uuid>> = BTreeMap::new();
    for op in ops.iter().filter(|op| which(op)) {
        if logs.get(&op.room()).is_some_and(|log| !log.created) {
            rooms.entry(op.room()).or_default().extend(op.users().iter().map(|user| user.0));
        }
    }
    let mut binds = Vec::new();
    let conditions: Vec<String> = rooms
        .into_iter()
        .map(|(room, users)| {
            let users = padded(users.into_iter().collect::<Vec<_>>());
            let condition =
                format!("(room_id = ? and user_id in {})", placeholders(1, users.len()));
            binds.push(room.0);
            binds.extend(users);
            condition
        })
        .collect();
    (!conditions.is_empty()).then(|| (conditions.join(" or "), binds))
}

/// Whether the two of a direct room do not want to hear from each other.
async fn read_blocks(
    tx: &mut Tx<'_>,
    logs: &mut BTreeMap<RoomId, RoomLog>,
) -> Result<(), sqlx::Error> {
    for log in logs.values_mut() {
        let RoomKind::Direct { a, b } = log.room.kind else { continue };
        let found: i64 = within!(&mut *tx, c => {
            sqlx::query_scalar(BLOCKS_BETWEEN)
                .bind(a.0).bind(b.0).bind(b.0).bind(a.0).fetch_one(c).await
        })?;
        log.blocked = found > 0;
    }
    Ok(())
}

async fn read_counts(
    tx: &mut Tx<'_>,
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
    tx: &mut Tx<'_>,
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
        "{MESSAGES} where {}",
        vec!["(x.room_id = ? and x.sender_id = ? and x.client_message_id = ?)"; drafts.len()]
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
        if let (
            Some(log),
            Content::Text { client_message_id, .. } | Content::Deleted { client_message_id, .. },
        ) = (logs.get_mut(&message.room), &message.content)
        {
            log.sent.insert((message.sender, client_message_id.clone()), message);
        }
    }
    Ok(())
}

async fn write_rooms(tx: &mut Tx<'_>, logs: &[RoomLog]) -> Result<(), sqlx::Error> {
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

async fn insert_room(tx: &mut Tx<'_>, log: &RoomLog) -> Result<(), sqlx::Error> {
    let room = &log.room;
    let pair = match room.kind {
        RoomKind::Direct { a, b } => Some((a, b)),
        RoomKind::Public | RoomKind::Private => None,
    };
    within!(tx, c => {
        sqlx::query(
            "insert into rooms (id, kind, name, name_key, topic, topic_key, creator_id,
                                created_us, head_seq, changed_seq, direct_a, direct_b)
             values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(room.id.0)
        .bind(super::rooms::room_kind_code(room.kind))
        .bind(&room.name).bind(fold(&room.name))
        .bind(&room.topic).bind(fold(&room.topic))
        .bind(room.creator.map(|user| user.0))
        .bind(room.created_at.0)
        .bind(room.head_seq.0)
        .bind(room.changed_seq.0)
        .bind(pair.map(|(a, _)| a.0))
        .bind(pair.map(|(_, b)| b.0))
        .execute(c).await.map(drop)
    })
}

async fn update_settings(tx: &mut Tx<'_>, log: &RoomLog) -> Result<(), sqlx::Error> {
    let room = &log.room;
    within!(tx, c => {
        sqlx::query(
            "update rooms set name = ?, name_key = ?, topic = ?, topic_key = ?, archived_us = ?,
                              head_seq = ?, changed_seq = ?
             where id = ?",
        )
        .bind(&room.name).bind(fold(&room.name))
        .bind(&room.topic).bind(fold(&room.topic))
        .bind(room.archived_at.map(|at| at.0))
        .bind(room.head_seq.0)
        .bind(room.changed_seq.0)
        .bind(room.id.0)
        .execute(c).await.map(drop)
    })
}

async fn write_messages(tx: &mut Tx<'_>, logs: &[RoomLog]) -> Result<(), sqlx::Error> {
    // As they were posted; what this batch did to them since is written after.
    let posted: Vec<&Message> = changes(logs)
        .filter_map(|change| change.message.as_ref().filter(|message| message.seq == change.seq))
        .collect();
    for piece in pieces(&posted, ROWS) {
        let sql = format!(
            "insert into messages (room_id, seq, sender_id, kind, client_message_id, body,
                                   posted_us, changed_seq, reply_to_seq, about_id)
             values {}",
            placeholders(piece.len(), 10)
        );
        within!(&mut *tx, c => {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for message in piece {
                let row = stored(&message.content);
                query = query
                    .bind(message.room.0)
                    .bind(message.seq.0)
                    .bind(message.sender.0)
                    .bind(row.kind)
                    .bind(row.client_message_id)
                    .bind(row.body)
                    .bind(message.posted_at.0)
                    .bind(message.changed_seq.0)
                    .bind(message.reply_to.map(|seq| seq.0))
                    .bind(row.about.map(|user| user.0));
            }
            query.execute(c).await.map(drop)
        })?;
    }
    Ok(())
}

async fn write_members(tx: &mut Tx<'_>, logs: &[RoomLog]) -> Result<(), sqlx::Error> {
    let sql = match tx.dialect() {
        Dialect::MySql => {
            "insert into members (room_id, user_id, role, state, joined_us, muted_until_us,
                                  changed_seq)
             values (?, ?, ?, ?, ?, ?, ?)
             on duplicate key update role = values(role), state = values(state),
                 joined_us = values(joined_us), muted_until_us = values(muted_until_us),
                 changed_seq = values(changed_seq)"
        }
        Dialect::Sqlite => {
            "insert into members (room_id, user_id, role, state, joined_us, muted_until_us,
                                  changed_seq)
             values (?, ?, ?, ?, ?, ?, ?)
             on conflict (room_id, user_id) do update set role = excluded.role,
                 state = excluded.state, joined_us = excluded.joined_us,
                 muted_until_us = excluded.muted_until_us, changed_seq = excluded.changed_seq"
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
                .bind(member.muted_until.map(|until| until.0))
                .bind(member.changed_seq.0)
                .execute(c).await.map(drop)
        })?;
    }
    Ok(())
}

async fn write_marks(tx: &mut Tx<'_>, logs: &[RoomLog]) -> Result<(), sqlx::Error> {
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

//! What a batch reads under the rooms' locks.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::{
    model::{
        Content, Message, RoomId, RoomKind, RoomLog, RoomOp, Seq, Timestamp, UserId,
        room_log::{Membership, PriorSend},
    },
    store::{
        attachments,
        dialect::{Dialect, Locking, Tx, is_locked, on_tx, pad_to_power_of_two, placeholders},
        dress, message_keys,
        messages::{MESSAGES, MessageRow},
        rooms::{RoomRow, role_of, state_of},
        users::role_of as account_role_of,
    },
};

/// A room that is being locked, perhaps with one of the memberships asked for.
#[derive(sqlx::FromRow)]
struct LockedRow {
    #[sqlx(flatten)]
    room: RoomRow,
    owner_count: i64,
    user_id: Option<Uuid>,
    role: Option<i16>,
    state: Option<i16>,
    joined_us: Option<i64>,
    muted_until_us: Option<i64>,
    floor_seq: Option<i64>,
    member_changed_seq: Option<i64>,
    user_version: Option<i64>,
}

/// Of `members m`, the version of whom the row is of.
const USER_VERSION: &str = "(select u.version from users u where u.id = m.user_id) as user_version";

/// Takes the rooms' rows in the order of their ids, so that two transactions
/// can never wait for each other; then reads the members that are asked for.
/// Returns beside them the rooms that another transaction has locked, unless
/// `wait` says to wait for them.
pub async fn lock_rooms(
    tx: &mut Tx<'_>,
    ops: &[&RoomOp],
    wait: bool,
) -> Result<(BTreeMap<RoomId, RoomLog>, BTreeSet<RoomId>), sqlx::Error> {
    let wanted: BTreeSet<RoomId> = ops.iter().map(|op| op.room()).collect();
    let users: BTreeSet<UserId> = ops.iter().flat_map(|op| op.users()).collect();
    let rooms = pad_to_power_of_two(wanted.iter().copied().collect::<Vec<_>>());
    let locking = match (wait, rooms.len()) {
        (true, _) => Locking::Wait,
        // Skipping would also leave out a member whose row is locked, as if they
        // were no member.
        (false, 1) => Locking::Fail,
        (false, _) => Locking::Skip,
    };
    // A batch of one room, as most are, has room and members in one round trip.
    // Of several rooms, each with members of its own, that would read too many.
    let users = match rooms.len() {
        1 => pad_to_power_of_two(users.into_iter().collect::<Vec<_>>()),
        _ => Vec::new(),
    };
    let (members, join) = match users.len() {
        0 => (
            "null as user_id, null as role, null as state, null as joined_us,
             null as muted_until_us, null as floor_seq, null as member_changed_seq,
             null as user_version"
                .to_owned(),
            String::new(),
        ),
        n => (
            format!(
                "m.user_id, m.role, m.state, m.joined_us, m.muted_until_us, m.floor_seq,
                 m.changed_seq as member_changed_seq, {USER_VERSION}"
            ),
            format!(
                "left join members m on m.room_id = r.id and m.user_id in {}",
                placeholders(1, n)
            ),
        ),
    };
    let sql = format!(
        "select r.id, r.kind, r.name, r.topic, r.creator_id, r.created_us, r.member_count,
                r.changed_seq, r.head_seq, r.archived_us, r.direct_a, r.direct_b, r.history,
                r.picture_id, r.join_new_accounts, r.log_id, r.owner_count,
                {members}
         from rooms r {join} where r.id in {} order by r.id{}",
        placeholders(1, rooms.len()),
        tx.dialect().locking(locking),
    );
    let read: Result<Vec<LockedRow>, sqlx::Error> = on_tx!(&mut *tx, c => {
        let mut query = sqlx::query_as(AssertSqlSafe(sql));
        for id in &users {
            query = query.bind(id.0);
        }
        for id in &rooms {
            query = query.bind(id.0);
        }
        query.fetch_all(c).await
    });
    let rows = match read {
        Err(error) if locking == Locking::Fail && is_locked(&error) => {
            return Ok((BTreeMap::new(), wanted));
        }
        read => read?,
    };
    let locked = match locking {
        Locking::Skip => skipped(tx, wanted, &rows).await?,
        Locking::Wait | Locking::Fail => BTreeSet::new(),
    };
    let mut logs: BTreeMap<RoomId, RoomLog> = BTreeMap::new();
    for row in rows {
        let LockedRow {
            room,
            owner_count,
            user_id,
            role,
            state,
            joined_us,
            muted_until_us,
            floor_seq,
            member_changed_seq,
            user_version,
        } = row;
        let seqs = floor_seq.zip(member_changed_seq);
        let id = RoomId(room.id);
        let log = logs.entry(id).or_insert_with(|| RoomLog::new(room.into()));
        log.owners = owner_count;
        if let (Some(user), Some(role), Some(state), Some(joined_us), Some(seqs)) =
            (user_id, role, state, joined_us, seqs)
        {
            let times = (joined_us, muted_until_us);
            log.members.insert(UserId(user), membership((role, state), times, seqs, user_version));
        }
    }
    for op in ops.iter().filter(|op| !locked.contains(&op.room())) {
        if let RoomOp::Create { room, .. } = op {
            logs.entry(room.id).or_insert_with(|| RoomLog::of_new_room((**room).clone()));
        }
    }
    if users.is_empty() {
        self::members(tx, ops, &mut logs).await?;
    }
    Ok((logs, locked))
}

/// Of the rooms that were wanted, those that exist and were not read, since
/// another transaction has locked them. Rooms are never deleted.
async fn skipped(
    tx: &mut Tx<'_>,
    mut wanted: BTreeSet<RoomId>,
    read: &[LockedRow],
) -> Result<BTreeSet<RoomId>, sqlx::Error> {
    for row in read {
        wanted.remove(&RoomId(row.room.id));
    }
    // SQLite has locked everything already.
    if wanted.is_empty() || tx.dialect() == Dialect::Sqlite {
        return Ok(BTreeSet::new());
    }
    let missing = pad_to_power_of_two(wanted.into_iter().collect::<Vec<_>>());
    let sql = format!("select id from rooms where id in {}", placeholders(1, missing.len()));
    let existing: Vec<Uuid> = on_tx!(tx, c => {
        let mut query = sqlx::query_scalar(AssertSqlSafe(sql));
        for id in &missing {
            query = query.bind(id.0);
        }
        query.fetch_all(c).await
    })?;
    Ok(existing.into_iter().map(RoomId).collect())
}

fn membership(
    (role, state): (i16, i16),
    (joined_us, muted_until_us): (i64, Option<i64>),
    (floor, changed): (i64, i64),
    user_version: Option<i64>,
) -> Membership {
    Membership {
        role: role_of(role),
        state: state_of(state),
        joined_at: Timestamp(joined_us),
        muted_until: muted_until_us.map(Timestamp),
        floor: Seq(floor),
        changed_seq: Seq(changed),
        user_version: user_version.unwrap_or_default(),
    }
}

/// Room, user, role, state, joined, muted until, floor, changed at, the user's version.
type MembershipRow = (Uuid, Uuid, i16, i16, i64, Option<i64>, i64, i64, Option<i64>);

async fn members(
    tx: &mut Tx<'_>,
    ops: &[&RoomOp],
    logs: &mut BTreeMap<RoomId, RoomLog>,
) -> Result<(), sqlx::Error> {
    let mut binds = Vec::new();
    let of_room = |(room, users): (RoomId, Vec<Uuid>)| {
        let sql = format!("(room_id = ? and user_id in {})", placeholders(1, users.len()));
        binds.push(room.0);
        binds.extend(users);
        sql
    };
    let wanted: Vec<String> = asked(ops, logs).into_iter().map(of_room).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "select room_id, user_id, role, state, joined_us, muted_until_us, floor_seq, changed_seq,
                {USER_VERSION}
         from members m where {}",
        wanted.join(" or "),
    );
    let rows: Vec<MembershipRow> = on_tx!(tx, c => {
        let mut query = sqlx::query_as(AssertSqlSafe(sql));
        for id in binds {
            query = query.bind(id);
        }
        query.fetch_all(c).await
    })?;
    for (room, user, role, state, joined_us, muted_until_us, floor, changed, version) in rows {
        if let Some(log) = logs.get_mut(&RoomId(room)) {
            let times = (joined_us, muted_until_us);
            log.members
                .insert(UserId(user), membership((role, state), times, (floor, changed), version));
        }
    }
    Ok(())
}

/// The users that these operations name, by room. Rooms that are being made have
/// no rows yet.
fn asked(ops: &[&RoomOp], logs: &BTreeMap<RoomId, RoomLog>) -> BTreeMap<RoomId, Vec<Uuid>> {
    let mut rooms: BTreeMap<RoomId, BTreeSet<Uuid>> = BTreeMap::new();
    for op in ops {
        if logs.get(&op.room()).is_some_and(|log| !log.created) {
            rooms.entry(op.room()).or_default().extend(op.users().iter().map(|user| user.0));
        }
    }
    rooms
        .into_iter()
        .map(|(room, users)| (room, pad_to_power_of_two(users.into_iter().collect())))
        .collect()
}

/// Who of those that ask for something in a public room keeps order on the server.
pub async fn staff(
    tx: &mut Tx<'_>,
    ops: &[&RoomOp],
    logs: &mut BTreeMap<RoomId, RoomLog>,
) -> Result<(), sqlx::Error> {
    let is_public = |room| logs.get(&room).is_some_and(|log| log.room.kind == RoomKind::Public);
    let ops: Vec<&&RoomOp> =
        ops.iter().filter(|op| op.is_for_staff() && is_public(op.room())).collect();
    if ops.is_empty() {
        return Ok(());
    }
    let users: BTreeSet<UserId> = ops.iter().flat_map(|op| op.users()).collect();
    let users = pad_to_power_of_two(users.into_iter().collect::<Vec<_>>());
    let sql = format!(
        "select id, server_role, version from users
         where server_role > 1 and suspended_us is null and id in {}",
        placeholders(1, users.len())
    );
    let rows: Vec<(Uuid, i16, i64)> = on_tx!(tx, c => {
        let mut query = sqlx::query_as(AssertSqlSafe(sql));
        for user in &users {
            query = query.bind(user.0);
        }
        query.fetch_all(c).await
    })?;
    for op in ops {
        if let Some(log) = logs.get_mut(&op.room()) {
            let staff = rows.iter().map(|(id, code, _)| (UserId(*id), account_role_of(*code)));
            log.staff.extend(staff);
            log.outsiders.extend(rows.iter().map(|(id, _, version)| (UserId(*id), *version)));
        }
    }
    Ok(())
}

pub async fn repeats(
    tx: &mut Tx<'_>,
    ops: &[&RoomOp],
    logs: &mut BTreeMap<RoomId, RoomLog>,
) -> Result<(), sqlx::Error> {
    let names = message_keys::read(tx, ops).await?;
    if names.is_empty() {
        return Ok(());
    }
    let names = pad_to_power_of_two(names);
    let sql = format!(
        "{MESSAGES} where {}",
        vec!["(x.room_id = ? and x.seq = ?)"; names.len()].join(" or "),
    );
    let rows: Vec<MessageRow> = on_tx!(&mut *tx, c => {
        let mut query = sqlx::query_as(AssertSqlSafe(sql));
        for (room, seq) in &names {
            query = query.bind(room.0).bind(seq.0);
        }
        query.fetch_all(c).await
    })?;
    let messages = attachments::with_attachments(tx, rows).await?;
    for message in dress::within_tx(tx, messages).await? {
        let (id, text) = match &message.content {
            Content::Text { text, client_message_id } if message.edited_at.is_none() => {
                (client_message_id.clone(), Some(text.clone()))
            }
            Content::Text { client_message_id, .. } => {
                (client_message_id.clone(), first_text(tx, &message).await?)
            }
            Content::Deleted { client_message_id, .. } => (client_message_id.clone(), None),
            Content::System { .. } => continue,
        };
        if let Some(log) = logs.get_mut(&message.room) {
            log.sent.insert((message.sender, id), PriorSend { message, text });
        }
    }
    Ok(())
}

/// What an edited message said at first.
async fn first_text(tx: &mut Tx<'_>, message: &Message) -> Result<Option<String>, sqlx::Error> {
    on_tx!(tx, c => {
        sqlx::query_scalar(
            "select body from message_versions where room_id = ? and seq = ?
             order by replaced_seq limit 1",
        )
        .bind(message.room.0).bind(message.seq.0).fetch_optional(c).await
    })
}

//! What a batch writes: all rows follow from the rooms' logs.

use sqlx::AssertSqlSafe;

use crate::{
    model::{
        Change, Message, RoomId, RoomKind, RoomLog, RoomOp, Seq, Timestamp, UserId,
        folding::{name_key, topic_key},
    },
    store::{
        attachments,
        dialect::{Dialect, Tx, batches, on_tx, placeholders},
        files::AT_ONCE,
        message_keys,
        messages::{attachment_count, stored},
        rooms::{history_code, role_code, room_kind_code, state_code},
    },
};

/// Rows in one statement.
const MAX_ROWS_PER_STATEMENT: usize = 256;

pub async fn rooms(tx: &mut Tx<'_>, logs: &[RoomLog]) -> Result<(), sqlx::Error> {
    let mut moved = Vec::new();
    for log in logs.iter().filter(|log| !log.changes.is_empty()) {
        if log.created {
            insert_room(tx, log).await?;
        } else if log.changes.iter().any(|change| change.settings.is_some()) {
            update_settings(tx, log).await?;
        } else if log.changes.iter().any(|change| change.member.is_some()) {
            update_counts(tx, log).await?;
        } else {
            moved.push(log);
        }
    }
    for batch in batches(&moved, MAX_ROWS_PER_STATEMENT) {
        let cases = vec!["when ? then ?"; batch.len()].join(" ");
        let sql = format!(
            "update rooms set head_seq = case id {cases} else head_seq end,
                              active_us = coalesce(case id {cases} end, active_us)
             where id in {}",
            placeholders(1, batch.len()),
        );
        on_tx!(tx, c => {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for log in batch {
                query = query.bind(log.room.id.0).bind(log.room.head_seq.0);
            }
            for log in batch {
                query = query.bind(log.room.id.0).bind(active_us(log));
            }
            for log in batch {
                query = query.bind(log.room.id.0);
            }
            query.execute(c).await.map(drop)
        })?;
    }
    Ok(())
}

/// When the newest message of this batch was posted; `None`: it has none.
fn active_us(log: &RoomLog) -> Option<i64> {
    posted(&log.changes).last().map(|message| message.posted_at.0)
}

/// Where a member changed last in this batch; `None`: none did.
fn members_seq(log: &RoomLog) -> Option<i64> {
    log.changes.iter().rev().find_map(|change| Some(change.member.as_ref()?.changed_seq.0))
}

/// What was posted, of all that changed.
fn posted<'a>(changes: impl IntoIterator<Item = &'a Change>) -> impl Iterator<Item = &'a Message> {
    let of =
        |change: &'a Change| change.message.as_ref().filter(|message| message.seq == change.seq);
    changes.into_iter().filter_map(of)
}

async fn insert_room(tx: &mut Tx<'_>, log: &RoomLog) -> Result<(), sqlx::Error> {
    let room = &log.room;
    let pair = match room.kind {
        RoomKind::Direct { a, b } => Some((a, b)),
        RoomKind::Public | RoomKind::Private => None,
    };
    on_tx!(tx, c => {
        sqlx::query(
            "insert into rooms (id, kind, name, name_key, topic, topic_key, creator_id,
                                created_us, head_seq, changed_seq, direct_a, direct_b, history,
                                log_id, member_count, owner_count, members_seq, active_us)
             values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(room.id.0)
        .bind(room_kind_code(room.kind))
        .bind(&room.name).bind(name_key(&room.name))
        .bind(&room.topic).bind(topic_key(&room.topic))
        .bind(room.creator.map(|user| user.0))
        .bind(room.created_at.0)
        .bind(room.head_seq.0)
        .bind(room.changed_seq.0)
        .bind(pair.map(|(a, _)| a.0))
        .bind(pair.map(|(_, b)| b.0))
        .bind(history_code(room.history))
        .bind(room.log.0)
        .bind(room.member_count)
        .bind(log.owners)
        .bind(members_seq(log).unwrap_or_default())
        .bind(active_us(log).unwrap_or_default())
        .execute(c).await.map(drop)
    })
}

async fn update_counts(tx: &mut Tx<'_>, log: &RoomLog) -> Result<(), sqlx::Error> {
    let room = &log.room;
    on_tx!(tx, c => {
        sqlx::query(
            "update rooms set head_seq = ?, member_count = ?, owner_count = ?,
                              members_seq = coalesce(?, members_seq),
                              active_us = coalesce(?, active_us)
             where id = ?",
        )
        .bind(room.head_seq.0)
        .bind(room.member_count)
        .bind(log.owners)
        .bind(members_seq(log))
        .bind(active_us(log))
        .bind(room.id.0)
        .execute(c).await.map(drop)
    })
}

async fn update_settings(tx: &mut Tx<'_>, log: &RoomLog) -> Result<(), sqlx::Error> {
    let room = &log.room;
    // The collector looks at the picture that it had: it may be another now.
    on_tx!(&mut *tx, c => {
        sqlx::query(
            "update files set check_us = ? where id = (select picture_id from rooms where id = ?)",
        )
        .bind(AT_ONCE.0).bind(room.id.0)
        .execute(c).await.map(drop)
    })?;
    on_tx!(tx, c => {
        sqlx::query(
            "update rooms set name = ?, name_key = ?, topic = ?, topic_key = ?, archived_us = ?,
                              history = ?, picture_id = ?, join_new_accounts = ?,
                              head_seq = ?, changed_seq = ?, member_count = ?, owner_count = ?,
                              members_seq = coalesce(?, members_seq),
                              active_us = coalesce(?, active_us)
             where id = ?",
        )
        .bind(&room.name).bind(name_key(&room.name))
        .bind(&room.topic).bind(topic_key(&room.topic))
        .bind(room.archived_at.map(|at| at.0))
        .bind(history_code(room.history))
        .bind(room.picture.map(|picture| picture.0))
        .bind(i16::from(room.join_new_accounts))
        .bind(room.head_seq.0)
        .bind(room.changed_seq.0)
        .bind(room.member_count)
        .bind(log.owners)
        .bind(members_seq(log))
        .bind(active_us(log))
        .bind(room.id.0)
        .execute(c).await.map(drop)
    })
}

pub async fn messages(
    tx: &mut Tx<'_>,
    ops: &[&RoomOp],
    logs: &[RoomLog],
) -> Result<(), sqlx::Error> {
    // As they were posted; what this batch did to them since is written after.
    let posted: Vec<&Message> = posted(changes(logs)).collect();
    for batch in batches(&posted, MAX_ROWS_PER_STATEMENT) {
        let sql = format!(
            "insert into messages (room_id, seq, sender_id, kind, client_message_id, body,
                                   posted_us, reply_to_seq, about_id, thread_seq,
                                   attachments, staff)
             values {}",
            placeholders(batch.len(), 12)
        );
        on_tx!(&mut *tx, c => {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for message in batch {
                let row = stored(&message.content);
                query = query
                    .bind(message.room.0)
                    .bind(message.seq.0)
                    .bind(message.sender.0)
                    .bind(row.kind)
                    .bind(row.client_message_id)
                    .bind(row.body)
                    .bind(message.posted_at.0)
                    .bind(message.reply_to.map(|seq| seq.0))
                    .bind(row.about.map(|user| user.0))
                    .bind(message.thread_of.map(|root| root.0))
                    .bind(attachment_count(message))
                    .bind(row.staff);
            }
            query.execute(c).await.map(drop)
        })?;
    }
    message_keys::write(tx, ops, &posted).await?;
    thread_replies(tx, &posted).await?;
    attachments::write(tx, &posted).await
}

/// Writes which of the posted messages are answers in threads.
async fn thread_replies(tx: &mut Tx<'_>, posted: &[&Message]) -> Result<(), sqlx::Error> {
    let replies: Vec<(&Message, Seq)> =
        posted.iter().filter_map(|message| Some((*message, message.thread_of?))).collect();
    for batch in batches(&replies, MAX_ROWS_PER_STATEMENT) {
        let sql = format!(
            "insert into thread_replies (room_id, root_seq, seq, kind) values {}",
            placeholders(batch.len(), 4)
        );
        on_tx!(&mut *tx, c => {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for (message, root) in batch {
                query = query
                    .bind(message.room.0)
                    .bind(root.0)
                    .bind(message.seq.0)
                    .bind(stored(&message.content).kind);
            }
            query.execute(c).await.map(drop)
        })?;
    }
    Ok(())
}

pub async fn members(tx: &mut Tx<'_>, logs: &[RoomLog]) -> Result<(), sqlx::Error> {
    let sql = match tx.dialect() {
        Dialect::MySql => {
            "insert into members (room_id, user_id, role, state, joined_us, muted_until_us,
                                  changed_seq, floor_seq)
             values (?, ?, ?, ?, ?, ?, ?, ?)
             on duplicate key update role = values(role), state = values(state),
                 joined_us = values(joined_us), muted_until_us = values(muted_until_us),
                 changed_seq = values(changed_seq), floor_seq = values(floor_seq)"
        }
        Dialect::Sqlite => {
            "insert into members (room_id, user_id, role, state, joined_us, muted_until_us,
                                  changed_seq, floor_seq)
             values (?, ?, ?, ?, ?, ?, ?, ?)
             on conflict (room_id, user_id) do update set role = excluded.role,
                 state = excluded.state, joined_us = excluded.joined_us,
                 muted_until_us = excluded.muted_until_us, changed_seq = excluded.changed_seq,
                 floor_seq = excluded.floor_seq"
        }
    };
    let changed = logs.iter().flat_map(|log| log.changes.iter().map(move |change| (log, change)));
    for (log, change) in changed {
        let Some(member) = &change.member else { continue };
        let floor = log.members.get(&member.user.id).map_or(Seq::ZERO, |held| held.floor);
        on_tx!(tx, c => {
            sqlx::query(sql)
                .bind(change.room.0)
                .bind(member.user.id.0)
                .bind(role_code(member.role))
                .bind(state_code(member.state))
                .bind(member.joined_at.0)
                .bind(member.muted_until.map(|until| until.0))
                .bind(member.changed_seq.0)
                .bind(floor.0)
                .execute(c).await.map(drop)
        })?;
    }
    Ok(())
}

/// Sets the marks of who has come in. Others see them whatever the presence: who is
/// invisible would else be told from who is away, since nothing would have reached
/// them.
pub async fn marks(tx: &mut Tx<'_>, logs: &[RoomLog], now: Timestamp) -> Result<(), sqlx::Error> {
    let entered: Vec<(RoomId, UserId, Seq)> = logs
        .iter()
        .flat_map(|log| log.entered.iter().map(|(user, at)| (log.room.id, *user, *at)))
        .collect();
    let upsert = match tx.dialect() {
        Dialect::MySql => {
            "on duplicate key update read_seq = values(read_seq),
                 delivered_seq = values(delivered_seq), unread_from_seq = 0,
                 shown_read_seq = values(shown_read_seq),
                 shown_delivered_seq = values(shown_delivered_seq),
                 changed_us = values(changed_us)"
        }
        Dialect::Sqlite => {
            "on conflict (room_id, user_id) do update set read_seq = excluded.read_seq,
                 delivered_seq = excluded.delivered_seq, unread_from_seq = 0,
                 shown_read_seq = excluded.shown_read_seq,
                 shown_delivered_seq = excluded.shown_delivered_seq,
                 changed_us = excluded.changed_us"
        }
    };
    for batch in batches(&entered, MAX_ROWS_PER_STATEMENT) {
        let sql = format!(
            "insert into marks (room_id, user_id, read_seq, delivered_seq, shown_read_seq,
                                shown_delivered_seq, unread_from_seq, changed_us)
             values {} {upsert}",
            placeholders(batch.len(), 8),
        );
        on_tx!(&mut *tx, c => {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for (room, user, at) in batch {
                query = query.bind(room.0).bind(user.0);
                query = query.bind(at.0).bind(at.0).bind(at.0).bind(at.0).bind(0_i64).bind(now.0);
            }
            query.execute(c).await.map(drop)
        })?;
    }
    Ok(())
}

fn changes(logs: &[RoomLog]) -> impl Iterator<Item = &Change> {
    logs.iter().flat_map(|log| &log.changes)
}

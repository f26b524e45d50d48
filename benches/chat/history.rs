//! What is read all day, over a database with a long past, against the same
//! over one with hardly any: the past must not cost.

use std::time::Instant;

use causerie_client::{
    client::authorized,
    v1::{self, event::Kind},
};
use sqlx::{Connection as _, Executor as _, MySqlConnection, SqliteConnection};

use crate::{
    Outcome,
    load::Person,
    middle,
    process::{Database, Place, Process},
    table::{Row, Table},
};

const ROOMS: usize = 500;
/// In each room: a million together, and hardly any.
const LONG: usize = 2_000;
const SHORT: usize = 20;
const UNREAD: usize = 10;
const TIMES: usize = 40;

/// Milliseconds, the median of each.
struct Times {
    rooms: f64,
    page: f64,
    resume: f64,
}

pub async fn measure(database: Database, table: &mut Table) -> Outcome {
    let short = times(database, SHORT).await?;
    let long = times(database, LONG).await?;
    let section = match database {
        Database::MariaDb => "500 rooms over a million messages, MariaDB",
        Database::Sqlite => "500 rooms over a million messages, SQLite",
    };
    for (what, value, against) in [
        ("the list of all rooms with unread state", long.rooms, short.rooms),
        ("the newest page of a room", long.page, short.page),
        ("catching up with 10 messages in 1 of 500 rooms", long.resume, short.resume),
    ] {
        let against = Some(("over 10,000", against));
        table.row(&Row { section, what, value, unit: "ms", against, aim: "≈ 1" });
    }
    Ok(())
}

async fn times(database: Database, messages: usize) -> Outcome<Times> {
    let place = Place::new(database).await?;
    // The index would be busy with a past that came by another way.
    let server = Process::server_with(&place, false, &[("SEARCH__INDEX", "false")]).await?;
    let ada = Person::register(&server.url, "ada").await?;
    fill(database, &place.url, messages).await?;

    let mut rooms = Vec::new();
    let mut page = Vec::new();
    let mut resume = Vec::new();
    for _ in 0..TIMES {
        let begun = Instant::now();
        let listed = all_rooms(&ada).await?;
        rooms.push(begun.elapsed().as_secs_f64() * 1_000.0);
        if listed.iter().any(|room| room.unread_count != i32::try_from(UNREAD).unwrap_or(0)) {
            return Err("wrong counts".into());
        }

        let room = listed[0].room.as_ref().ok_or("no room")?;
        let begun = Instant::now();
        let request = v1::ListMessagesRequest {
            room_id: room.id.clone(),
            page_size: 50,
            ..Default::default()
        };
        ada.client.list_messages(request).await?;
        page.push(begun.elapsed().as_secs_f64() * 1_000.0);

        let behind = i64::try_from(UNREAD)?;
        let position = |it: &v1::Room| v1::RoomPosition {
            room_id: it.id.clone(),
            seq: if it.id == room.id { it.head_seq - behind } else { it.head_seq },
            log_id: it.log_id.clone(),
        };
        let positions = listed.iter().flat_map(|it| &it.room).map(position).collect();
        let begun = Instant::now();
        until_live(&ada, positions).await?;
        resume.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    server.end().await?;
    Ok(Times { rooms: middle(&mut rooms), page: middle(&mut page), resume: middle(&mut resume) })
}

async fn all_rooms(person: &Person) -> Outcome<Vec<v1::RoomSummary>> {
    let (mut rooms, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = v1::ListRoomsRequest { page_size: 200, page_token };
        let page = person.client.list_rooms(request).await?;
        rooms.extend(page.rooms);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(rooms);
        }
    }
}

/// A stream from these positions, until all that changed since has come.
async fn until_live(person: &Person, positions: Vec<v1::RoomPosition>) -> Outcome {
    let request = v1::SubscribeRequest { positions, ..Default::default() };
    let mut events =
        person.chat().subscribe(authorized(request, &person.token)?).await?.into_inner();
    let mut changes = 0;
    while let Some(response) = events.message().await? {
        for event in response.events {
            match event.kind {
                Some(Kind::Change(_)) => changes += 1,
                Some(Kind::Live(_)) if changes == UNREAD => return Ok(()),
                Some(Kind::Live(_)) => return Err(format!("{changes} changes came").into()),
                _ => {}
            }
        }
    }
    Err("the stream ended early".into())
}

/// Puts the one user into many rooms with a past.
async fn fill(database: Database, url: &str, messages: usize) -> Outcome {
    let read = messages - UNREAD;
    let numbers = |upto: usize| {
        format!("with recursive n(i) as (select 1 union all select i + 1 from n where i < {upto})")
    };
    let (id, limit) = match database {
        Database::MariaDb => (
            "unhex(concat('aa', lpad(hex(i), 30, '0')))",
            "set session max_recursive_iterations = 100000",
        ),
        Database::Sqlite => (
            "cast(x'aaaaaaaaaaaaaaaaaaaaaaaa' || printf('%04d', i) as blob)",
            "pragma cache_size = -200000",
        ),
    };
    let statements = [
        limit.to_owned(),
        format!(
            "insert into rooms (id, kind, name, name_key, topic, topic_key, created_us, head_seq,
                 changed_seq, member_count)
             {} select {id}, 1, 'Past', 'past', '', '', 0, {messages}, 1, 1 from n",
            numbers(ROOMS)
        ),
        "insert into members (room_id, user_id, role, state, joined_us, changed_seq)
         select r.id, u.id, 1, 1, 0, 1 from rooms r join users u where r.name = 'Past'"
            .to_owned(),
        format!(
            "insert into marks (room_id, user_id, read_seq)
             select r.id, u.id, {read} from rooms r join users u where r.name = 'Past'"
        ),
        format!(
            "insert into messages (room_id, seq, sender_id, kind, body, posted_us)
             {} select r.id, n.i, r.id, 1, 'The quick brown fox jumps over the lazy dog, twice.',
                 n.i
             from rooms r join n where r.name = 'Past'",
            numbers(messages)
        ),
    ];
    execute(database, url, &statements).await
}

/// Runs statements beside the server.
pub async fn execute(database: Database, url: &str, statements: &[String]) -> Outcome {
    match database {
        Database::MariaDb => run(&mut MySqlConnection::connect(url).await?, statements).await,
        Database::Sqlite => run(&mut SqliteConnection::connect(url).await?, statements).await,
    }
}

async fn run<C>(connection: &mut C, statements: &[String]) -> Outcome
where
    for<'c> &'c mut C: sqlx::Executor<'c>,
{
    for sql in statements {
        connection.execute(sqlx::AssertSqlSafe(sql.clone())).await?;
    }
    Ok(())
}

//! What coming back costs: for one client with many rooms, and when everybody comes
//! back at once, as after a restart.

use std::time::{Duration, Instant};

use causerie_client::{
    Client,
    client::authorized,
    v1::{
        self, auth_service_client::AuthServiceClient, chat_service_client::ChatServiceClient,
        event::Kind,
    },
};
use futures::future::join_all;
use prost::Message as _;
use tonic::transport::Channel;

use crate::{
    Outcome,
    history::execute,
    load::Person,
    middle,
    process::{Database, Place, Process},
    table::{Row, Table},
};

/// Of the one client.
const ROOMS: usize = 500;
const MOVED: usize = 100;
const TIMES: usize = 20;

/// Of the crowd: rooms in all, of each of its streams, and of these with a message more.
const CROWD: usize = 5_000;
const CROWD_ROOMS: usize = 1_000;
const GROUPS: usize = 10;
const CROWD_MOVED: usize = 10;
const PER_CONNECTION: usize = 50;

const MESSAGES: i64 = 20;
/// Who is refused tries again after up to this time.
const AGAIN_AFTER: Duration = Duration::from_millis(500);
const GIVES_UP_AFTER: Duration = Duration::from_mins(4);

/// What one client got until it was live.
#[derive(Default)]
struct Told {
    bytes: usize,
    changes: usize,
    ms: f64,
}

pub async fn measure(database: Database, table: &mut Table) -> Outcome {
    let section = match database {
        Database::MariaDb => "Coming back, MariaDB",
        Database::Sqlite => "Coming back, SQLite",
    };
    one(database, section, table).await?;
    crowd(database, section, table).await
}

async fn one(database: Database, section: &'static str, table: &mut Table) -> Outcome {
    let place = Place::new(database).await?;
    let server = Process::server_with(&place, false, &[("SEARCH__INDEX", "false")]).await?;
    let ada = Person::register(&server.url, "ada").await?;
    fill(database, &place.url, ROOMS, 1).await?;
    let rooms = rooms_of(&ada).await?;
    for (what, moved) in [("500 rooms, none moved", 0), ("500 rooms, 100 of them moved", MOVED)] {
        let (mut ms, mut told) = (Vec::new(), Told::default());
        for _ in 0..TIMES {
            let positions = positions(&rooms, moved);
            told = resume(ada.client.channel(), &ada.token, positions).await?;
            if told.changes != moved {
                return Err(format!("{} changes came", told.changes).into());
            }
            ms.push(told.ms);
        }
        let kb = f64::from(u32::try_from(told.bytes)?) / 1_000.0;
        let row = |value, unit| Row { section, what, value, unit, against: None, aim: "–" };
        table.row(&row(middle(&mut ms), "ms"));
        table.row(&row(kb, "kB"));
    }
    server.end().await
}

async fn crowd(database: Database, section: &'static str, table: &mut Table) -> Outcome {
    let place = Place::new(database).await?;
    let options = [("SEARCH__INDEX", "false"), ("STREAM__SLOW_READER_MS", "60000")];
    let server = Process::server_with(&place, false, &options).await?;
    let mut people = register_all(&server.url).await?;
    fill(database, &place.url, CROWD_ROOMS, GROUPS).await?;
    people.sort_unstable();
    let mut of_groups = Vec::new();
    for (_, token) in people.iter().take(GROUPS) {
        of_groups.push(rooms_with(&server.url, token).await?);
    }
    // Nothing is warm: everybody comes back because it has just started.
    server.end().await?;
    let server = Process::server_with(&place, false, &options).await?;
    server.use_both_cores().await?;

    let channels: Vec<Channel> = (0..CROWD.div_ceil(PER_CONNECTION))
        .map(|_| Ok(Client::connect(&server.url)?.channel()))
        .collect::<Outcome<_>>()?;
    let begun = Instant::now();
    let streams = people.iter().enumerate().map(|(n, (_, token))| {
        let positions = positions(&of_groups[n % GROUPS], CROWD_MOVED);
        let (channel, token) = (channels[n / PER_CONNECTION].clone(), token.clone());
        tokio::spawn(async move {
            let mut refused = 0_u32;
            loop {
                match resume(channel.clone(), &token, positions.clone()).await {
                    Ok(told) => {
                        assert_eq!(told.changes, CROWD_MOVED, "changes came");
                        return (begun.elapsed().as_secs_f64(), refused);
                    }
                    Err(_) if begun.elapsed() < GIVES_UP_AFTER => refused += 1,
                    Err(_) => return (f64::INFINITY, refused),
                }
                tokio::time::sleep(AGAIN_AFTER.mul_f64(rand::random())).await;
            }
        })
    });
    let mut seconds = Vec::new();
    let mut refused = 0;
    for done in join_all(streams.collect::<Vec<_>>()).await {
        let (waited, times) = done?;
        seconds.push(waited);
        refused += times;
    }
    let longest = seconds.iter().copied().fold(0.0, f64::max);
    for (what, value, unit, aim) in [
        (
            "5,000 streams with 100 rooms at once, 10 of them moved, on both cores: longest wait",
            longest,
            "s",
            "≤ 30",
        ),
        ("the same: half of them wait for less than", middle(&mut seconds), "s", "–"),
        ("the same: refused and tried again", f64::from(refused), "times", "0"),
        ("the same: the server's memory at the end", server.memory()?, "MiB", "–"),
    ] {
        table.row(&Row { section, what, value, unit, against: None, aim });
    }
    server.end().await
}

/// Positions at the heads of rooms; of those that moved, one message before it.
fn positions(rooms: &[v1::Room], moved: usize) -> Vec<v1::RoomPosition> {
    let position = |(n, room): (usize, &v1::Room)| v1::RoomPosition {
        room_id: room.id.clone(),
        seq: room.head_seq - i64::from(n < moved),
        log_id: room.log_id.clone(),
    };
    rooms.iter().enumerate().map(position).collect()
}

/// A stream from positions until it is live.
async fn resume(channel: Channel, token: &str, positions: Vec<v1::RoomPosition>) -> Outcome<Told> {
    let begun = Instant::now();
    let request = v1::SubscribeRequest { positions, ..Default::default() };
    let mut chat = ChatServiceClient::new(channel);
    let mut events = chat.subscribe(authorized(request, token)?).await?.into_inner();
    let mut told = Told::default();
    while let Some(response) = events.message().await? {
        told.bytes += response.encoded_len();
        for event in response.events {
            match event.kind {
                Some(Kind::Change(_)) => told.changes += 1,
                Some(Kind::Live(_)) => {
                    told.ms = begun.elapsed().as_secs_f64() * 1_000.0;
                    return Ok(told);
                }
                _ => {}
            }
        }
    }
    Err("the stream ended early".into())
}

/// Makes the crowd's accounts: their ids and tokens.
async fn register_all(url: &str) -> Outcome<Vec<(String, String)>> {
    let channel = Client::connect(url)?.channel();
    let mut people = Vec::new();
    for n in 0..CROWD {
        let request = v1::RegisterRequest {
            username: format!("person{n}"),
            password: crate::login::PASSWORD.into(),
            ..Default::default()
        };
        let made = AuthServiceClient::new(channel.clone()).register(request).await?.into_inner();
        let (user, session) = made.user.zip(made.session).ok_or("no account")?;
        people.push((user.id, session.access_token));
    }
    Ok(people)
}

async fn rooms_of(person: &Person) -> Outcome<Vec<v1::Room>> {
    all_rooms(person.client.channel(), &person.token).await
}

async fn rooms_with(url: &str, token: &str) -> Outcome<Vec<v1::Room>> {
    all_rooms(Client::connect(url)?.channel(), token).await
}

async fn all_rooms(channel: Channel, token: &str) -> Outcome<Vec<v1::Room>> {
    let mut service = v1::room_service_client::RoomServiceClient::new(channel);
    let (mut rooms, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = v1::ListRoomsRequest { page_size: 200, page_token };
        let page = service.list_rooms(authorized(request, token)?).await?.into_inner();
        rooms.extend(page.rooms.into_iter().filter_map(|summary| summary.room));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            // The room that everybody has joined has not moved: its members would come too.
            rooms.sort_by_key(|room| room.name != "Past");
            return Ok(rooms);
        }
    }
}

/// Makes rooms with some messages each, and puts each user into every so many of them.
async fn fill(database: Database, url: &str, rooms: usize, every: usize) -> Outcome {
    let numbers = |upto: String| {
        format!("with recursive n(i) as (select 1 union all select i + 1 from n where i < {upto})")
    };
    let id = match database {
        Database::MariaDb => "unhex(concat('aa', lpad(hex(i), 30, '0')))",
        Database::Sqlite => "cast(x'aaaaaaaaaaaaaaaaaaaaaaaa' || printf('%04d', i) as blob)",
    };
    let members = format!(
        "from (select id, row_number() over (order by id) as n from rooms where name = 'Past') r
         join (select id, row_number() over (order by id) as n from users) u
             on (r.n + u.n) % {every} = 0"
    );
    let statements = [
        format!(
            "insert into rooms (id, kind, name, name_key, topic, topic_key, created_us, head_seq,
                 changed_seq, member_count, owner_count, members_seq, active_us)
             {} select {id}, 1, 'Past', 'past', '', '', 0, {MESSAGES}, 1, 1, 1, 1, {MESSAGES} from n",
            numbers(rooms.to_string())
        ),
        // One owner each: the server would give one to a room that has none.
        format!(
            "insert into members (room_id, user_id, role, state, joined_us, changed_seq)
             select r.id, u.id, case when u.n <= {every} then 3 else 1 end, 1, 0, 1 {members}"
        ),
        format!(
            "insert into marks (room_id, user_id, read_seq)
             select r.id, u.id, {MESSAGES} {members}"
        ),
        format!(
            "insert into messages (room_id, seq, sender_id, kind, body, posted_us)
             {} select r.id, n.i, r.id, 1, 'The quick brown fox jumps over the lazy dog, twice.',
                 n.i
             from rooms r join n where r.name = 'Past'",
            numbers(MESSAGES.to_string())
        ),
    ];
    execute(database, url, &statements).await
}

//! The database goes away under load and comes back.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use causerie_client::v1;
use tonic::Code;

use crate::support::{
    Database, Person, Server,
    database::{MySqlDatabase, PrivateMySql},
    people::text_of,
    server::test_config,
    web, within_secs,
};

const SENDERS: usize = 4;

/// MariaDB is killed for ten seconds while four people post: every call gets an
/// answer, nothing that was acknowledged is lost, and all goes on by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_is_away_for_ten_seconds_under_load() {
    let mysql = PrivateMySql::start();
    let database = MySqlDatabase::create_on(&mysql.url).await;
    let url = database.url();
    let server = Server::start_with(Database::Sqlite, |config| {
        *config = causerie::Config { server: config.server.clone(), ..test_config() };
        config.store.url = url;
    })
    .await;
    let ada = Person::register(&server.url, "ada").await;
    let room = ada.create_room("Room").await;

    let stop = Arc::new(AtomicBool::new(false));
    let refused = Arc::new(AtomicUsize::new(0));
    let mut senders = tokio::task::JoinSet::new();
    for n in 0..SENDERS {
        let person = Person::register(&server.url, &format!("sender{n}")).await;
        person.join(&room).await;
        let (room, stop, refused) = (room.clone(), stop.clone(), refused.clone());
        senders.spawn(async move {
            let mut acknowledged = Vec::new();
            let mut pace = tokio::time::interval(Duration::from_millis(5));
            for at in 0.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                pace.tick().await;
                let id = format!("{n}-{at}");
                // The same id until it is acknowledged, as the SDK does it.
                loop {
                    match person.try_send(&room, &id, &id).await {
                        Ok(message) => {
                            acknowledged.push((message.seq, id.clone()));
                            break;
                        }
                        Err(error) => {
                            let kind = (error.code, error.reason.as_str());
                            assert_eq!(kind, (Code::Unavailable, "DATABASE_UNAVAILABLE"));
                            assert!(error.retry_after.is_some());
                            refused.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                }
            }
            acknowledged
        });
    }
    let mut listener = ada.stream().await;
    listener.message().await;

    mysql.order("stop");
    // Ten seconds by the clock of the outage, of which reads too are told.
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    for _ in 0..10 {
        ticks.tick().await;
        let error = ada.client.list_rooms(v1::ListRoomsRequest::default()).await.expect_err("away");
        assert_eq!(
            (error.code, error.reason.as_str()),
            (Code::Unavailable, "DATABASE_UNAVAILABLE")
        );
        assert!(error.retry_after.is_some());
    }
    let (status, _) = web::get(&server.url, "/readyz").await.expect("an answer");
    assert_eq!(status, 503, "not ready while the database is away");
    mysql.order("start");

    crate::support::server::until_ready(&server.url).await;
    // It goes on by itself: each has sent something after the outage.
    let alive = ada.client.list_rooms(v1::ListRoomsRequest::default()).await.expect("back");
    let head = alive.rooms[0].room.clone().expect("a room").head_seq;
    let mut ticks = tokio::time::interval(Duration::from_millis(50));
    within_secs(60, "messages after the outage", async {
        while ada.summary(&room).await.room.expect("a room").head_seq < head + 50 {
            ticks.tick().await;
        }
    })
    .await;
    stop.store(true, Ordering::Relaxed);
    let mut acknowledged = HashMap::new();
    while let Some(done) = senders.join_next().await {
        acknowledged.extend(done.expect("no sender panics"));
    }
    assert!(refused.load(Ordering::Relaxed) > 0, "the outage was not felt");

    let history = ada.history(&room).await;
    let stored: HashMap<i64, &str> = history.iter().map(|m| (m.seq, text_of(m))).collect();
    for (seq, text) in &acknowledged {
        assert_eq!(stored.get(seq), Some(&text.as_str()), "an acknowledged message is lost");
    }
    let mut texts: Vec<_> = stored.values().filter(|text| !text.is_empty()).collect();
    let count = texts.len();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), count, "doubled");
    let seqs: Vec<_> = history.iter().map(|message| message.seq).collect();
    let last = i64::try_from(seqs.len()).expect("few");
    assert_eq!(seqs, (1..=last).collect::<Vec<_>>(), "a hole in the log");

    // The stream that was open all the time has lost nothing either, or was
    // told to come back.
    let mut known = 0;
    within_secs(60, "the listener", async {
        while known < last {
            match listener.event().await {
                Ok(Some(v1::event::Kind::Change(change))) => {
                    assert!(known == 0 || change.after_seq == known, "a hole in the stream");
                    known = change.seq;
                }
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => {
                    listener = ada.resume(HashMap::from([(room.clone(), known)])).await;
                }
            }
        }
    })
    .await;
    server.end().await;
    drop(database);
}

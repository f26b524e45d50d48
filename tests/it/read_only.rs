//! MariaDB answers, and takes no writes: as a replica, and as a primary that is
//! being replaced. An administrator is not bound by `read_only`, so the server
//! signs in as an ordinary user here.

use causerie_client::v1::{self, chat_request::Command};
use tonic::Code;

use crate::support::{
    Database, Person, Server,
    database::{MySqlDatabase, PrivateMySql, Raw},
    people::text_of,
    server::{test_config, until_not_ready, until_ready},
    within,
};

fn assert_unavailable<T: std::fmt::Debug>(answer: Result<T, causerie_client::Error>) {
    let error = answer.expect_err("refused");
    let kind = (error.code, error.reason.as_str());
    assert_eq!(kind, (Code::Unavailable, "DATABASE_UNAVAILABLE"), "{error:?}");
    assert!(error.retry_after.is_some(), "{error:?}");
}

struct Setup {
    server: Server,
    /// A connection of an administrator.
    admin: Raw,
    ada: Person,
    room: String,
    // In this order: what is stored goes before its server.
    _database: MySqlDatabase,
    _mysql: PrivateMySql,
}

async fn set_up() -> Setup {
    let mysql = PrivateMySql::start();
    let database = MySqlDatabase::create_on(&mysql.url).await;
    let url = database.url_of_ordinary_user().await;
    let server = Server::start_with(Database::Sqlite, |config| {
        *config = causerie::Config { server: config.server.clone(), ..test_config() };
        config.store.url = url;
    })
    .await;
    let ada = Person::register(&server.url, "ada").await;
    let room = ada.create_room("Room").await;
    let admin = Raw::connect(&database.url()).await;
    Setup { server, admin, ada, room, _database: database, _mysql: mysql }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_only_database_is_said_and_passes() {
    let Setup { server, admin, ada, room, .. } = &mut set_up().await;
    ada.send(room, "before").await;
    admin.execute("set global read_only = 1".into()).await;
    // By a lane, and by the pool.
    for n in 0..3 {
        assert_unavailable(ada.try_send(room, "during", &n.to_string()).await);
        assert_unavailable(ada.start("file", 10).await);
        let create = v1::CreateRoomRequest { name: "Another".into(), ..Default::default() };
        assert_unavailable(ada.client.create_room(create).await);
    }
    until_not_ready(&server.url).await;
    let texts = |history: &[v1::Message]| -> Vec<String> {
        history.iter().map(|m| text_of(m).to_owned()).filter(|text| !text.is_empty()).collect()
    };
    assert_eq!(texts(&ada.history(room).await), ["before"], "reading goes on");
    // What was read is accepted, and who reads is not stopped by it.
    let head = ada.summary(room).await.room.expect("a room").head_seq;
    let read = v1::MarkReadRequest { room_id: room.clone(), seq: head, ..Default::default() };
    assert_eq!(ada.client.mark_read(read).await.expect("accepted").read_seq, head);
    ada.summary(room).await;
    let receipts = v1::ListReceiptsRequest { room_id: room.clone(), seq: head };
    ada.client.list_receipts(receipts).await.expect("receipts");
    let mut stream = ada.stream().await;
    let watch = v1::WatchRoomsRequest { room_ids: vec![room.clone()], ..Default::default() };
    stream.call(Command::WatchRooms(watch)).await.expect("watching");

    admin.execute("set global read_only = 0".into()).await;
    until_ready(&server.url).await;
    assert_eq!(ada.summary(room).await.read_seq, head, "it is stored now");
    ada.send(room, "after").await;
    ada.upload("file", b"0123456789").await;
    Person::register(&server.url, "bob").await;
    assert_eq!(texts(&ada.history(room).await), ["before", "after"]);
    server.stop().await;
}

/// Sessions that begin while `tx_read_only` is set stay read-only for good, so
/// they have to be replaced.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_stay_read_only_are_replaced() {
    let Setup { server, admin, ada, room, .. } = &mut set_up().await;
    admin.execute("set global tx_read_only = 1".into()).await;
    kill_connections(admin).await;
    until_not_ready(&server.url).await;
    assert_unavailable(ada.try_send(room, "during", "during").await);
    assert_unavailable(ada.start("file", 10).await);
    admin.execute("set global tx_read_only = 0".into()).await;
    until_ready(&server.url).await;
    for n in 0..5 {
        ada.send(room, "after").await;
        // Several connections of the pool at once.
        let people = ["bob", "eve", "joe"].map(|name| format!("{name}{n}"));
        let people = people.iter().map(|name| Person::register(&server.url, name));
        futures::future::join_all(people).await;
    }
    server.stop().await;
}

/// An administrator ends the server's connections: whoever uses one is told to
/// try again, and the next try works.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_connections_are_said_and_replaced() {
    let Setup { server, admin, ada, room, .. } = &mut set_up().await;
    for round in 0..5 {
        kill_connections(admin).await;
        within("a message and an upload", async {
            while let Err(error) = ada.try_send(room, "text", &round.to_string()).await {
                assert_unavailable(Err::<(), _>(error));
            }
            while let Err(error) = ada.start("file", 10).await {
                assert_unavailable(Err::<(), _>(error));
            }
        })
        .await;
    }
    let posted = ada.history(room).await.iter().filter(|m| text_of(m) == "text").count();
    assert_eq!(posted, 5);
    until_ready(&server.url).await;
    server.stop().await;
}

/// Kills every connection of the server's user.
async fn kill_connections(admin: &mut Raw) {
    let Raw::MySql(connection) = admin else { panic!("MariaDB") };
    let ids: Vec<i64> = sqlx::query_scalar(
        "select cast(id as signed) from information_schema.processlist where user <> 'root'
             and user <> 'system user'",
    )
    .fetch_all(&mut *connection)
    .await
    .expect("connections");
    assert!(!ids.is_empty(), "the server has connections");
    for id in ids {
        // It may have ended by itself meanwhile.
        let kill = sqlx::AssertSqlSafe(format!("kill connection {id}"));
        let _ = sqlx::Executor::execute(&mut *connection, kill).await;
    }
}

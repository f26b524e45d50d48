//! How the databases go about the statements whose cost must not grow with what
//! was ever said: by an index, always.

use std::time::Instant;

use causerie::store::{
    admin::{self, ANOTHER_ADMIN},
    changes::{changed_messages_sql, few_changed_messages_sql},
    dialect::Dialect,
    followed_threads::followed_threads_sql,
    pages::{NEXT_POSTED, NEXT_POSTED_IN_THREAD, page_sql},
    resume::room_states_sql,
    summaries::{last_sql, summary_sql, unread_sql, unread_threads_sql},
};
use causerie_client::v1;

use crate::support::{Database, Person, Server, database::Raw, on_both_databases};

const ROOMS: usize = 500;
const MESSAGES_EACH: usize = 100;

/// Puts a user into many rooms with a history each; the id of one of them.
async fn fill(database: &mut Raw, user: &str) -> String {
    let user = hex(user);
    let rooms: Vec<String> =
        (0..ROOMS).map(|_| uuid::Uuid::new_v4().simple().to_string()).collect();
    let values =
        |row: &dyn Fn(&String) -> String| rooms.iter().map(row).collect::<Vec<_>>().join(",");
    let rows = values(&|id| format!("(x'{id}',1,'Room','room','','',0,{MESSAGES_EACH},1,1)"));
    database
        .execute(format!(
            "insert into rooms (id, kind, name, name_key, topic, topic_key, created_us, head_seq,
                 changed_seq, member_count) values {rows}"
        ))
        .await;
    let rows = values(&|id| format!("(x'{id}','{id}','{id}','','','','','',1,0,1)"));
    database
        .execute(format!(
            "insert into users (id, username, username_key, display_name, display_name_key, bio,
                 status_text, password_hash, server_role, presence_choice, created_us)
             values {rows}"
        ))
        .await;
    let rows = values(&|id| format!("(x'{id}',x'{id}',0,0,0,0,0,0,'','')"));
    database
        .execute(format!(
            "insert into sessions (id, user_id, generation, rotated_us, idle_us, created_us,
                 last_used_us, expires_us, device, address)
             values {rows}"
        ))
        .await;
    let rows = values(&|id| format!("(x'{id}',x'{user}',1,1,0,1)"));
    database
        .execute(format!(
            "insert into members (room_id, user_id, role, state, joined_us, changed_seq)
             values {rows}"
        ))
        .await;
    let rows = values(&|id| format!("(x'{id}',x'{user}',10)"));
    database.execute(format!("insert into marks (room_id, user_id, read_seq) values {rows}")).await;
    let numbers = format!(
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < {MESSAGES_EACH})"
    );
    // Empty tables would be walked through by any plan.
    for (table, columns) in [
        ("mentions (room_id, user_id, seq, name, mentioned_us)", "r.id, r.id, n.i, 'name', n.i"),
        ("thread_marks (user_id, room_id, thread_seq, read_seq, follows)", "r.id, r.id, n.i, 0, 1"),
    ] {
        database
            .execute(format!(
                "insert into {table} {numbers}
                 select {columns} from rooms r join n where r.name = 'Room' and n.i < 20"
            ))
            .await;
    }
    // Every tenth is an answer in a thread, and every third has changed since.
    for sql in [
        "insert into messages (room_id, seq, sender_id, kind, body, posted_us, thread_seq)
         {numbers} select r.id, n.i, r.id, 1, 'hello', n.i, case when n.i % 10 = 0 then 1 end
         from rooms r join n where r.name = 'Room'",
        "insert into thread_replies (room_id, root_seq, seq, kind)
         select room_id, 1, seq, 1 from messages where thread_seq = 1",
        "update messages set changed_seq = 100 + seq where seq % 3 = 0 and body = 'hello'",
        "insert into message_changes (room_id, changed_seq, seq)
         select room_id, changed_seq, seq from messages where changed_seq is not null",
    ] {
        database.execute(sql.replace("{numbers}", &numbers)).await;
    }
    rooms[0].clone()
}

fn hex(id: &str) -> String {
    id.replace('-', "")
}

/// A statement with its parameters filled in, in order.
fn filled(sql: &str, parameters: &[&str]) -> String {
    let mut parameters = parameters.iter();
    let filled: Vec<String> = sql
        .split('?')
        .map(|piece| format!("{piece}{}", parameters.next().copied().unwrap_or_default()))
        .collect();
    filled.concat()
}

on_both_databases! {
    async fn what_is_read_often_is_found_by_an_index(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let mut raw = server.database().await;
        let dialect = match database {
            Database::Sqlite => Dialect::Sqlite,
            Database::MySql => Dialect::MySql,
        };
        let room = format!("x'{}'", fill(&mut raw, &ada.user.id).await);
        let user = format!("x'{}'", hex(&ada.user.id));
        let all = format!("x'{}'", "ff".repeat(16));
        let (r, u) = (room.as_str(), user.as_str());
        let counted = ["0", r, "10", u, r, u, &all, "10", u, u, u];

        let summaries = summary_sql("m.room_id > ? order by m.room_id limit ?");
        let statements = [
            ("the room list", filled(&summaries, &[&user, "x'00'", "200"])),
            ("the newest message of a room", filled(&last_sql(1), &["0", r, "10"])),
            ("what is unread in a room", filled(&unread_sql(1), &counted)),
            ("its unread threads", filled(&unread_threads_sql(1), &[u, r])),
            (
                "a page of the timeline",
                filled(&page_sql(false, "<", "desc"), &[r, "0", "90", "50"]),
            ),
            ("a page of a thread", filled(&page_sql(true, "<", "desc"), &[r, "1", "0", "90", "50"])),
            ("the threads one follows", filled(&followed_threads_sql(false), &[u, r, r, "9", "50"])),
            (
                "those of a room",
                filled(&followed_threads_sql(true), &[u, r, r, r, "9", "50"]),
            ),
            ("the first after a position", filled(NEXT_POSTED, &[r, "50"])),
            ("the first in a thread", filled(NEXT_POSTED_IN_THREAD, &[r, "1", "50"])),
            ("the accounts", filled(&admin::page_sql(false), &["'x'", "'a'", "'a'", "' a'", "50"])),
            (
                "those of a role",
                filled(&admin::page_sql(true), &["1", "'x'", "'a'", "'a'", "' a'", "50"]),
            ),
            ("another admin", filled(ANOTHER_ADMIN, &[u])),
            (
                "what changed",
                filled(
                    &changed_messages_sql(dialect, 2),
                    &[
                        r, "40", "90", "50", r, "40", "190", "50", r, "10", "90", "50", r, "10",
                        "190", "50",
                    ],
                ),
            ),
            ("how the rooms of a user stand", filled(&room_states_sql(1), &[u, u])),
        ];
        let few = [
            r, "40", "90", r, "10", "90", "50", r, "40", "190", r, "10", "190", "50",
        ];
        let few = ("little that changed", filled(&few_changed_messages_sql(dialect, 2), &few));
        for (what, sql) in statements.into_iter().chain([few]) {
            let walks = raw.walks(&sql).await;
            assert_eq!(walks, Vec::<String>::new(), "{what} walks through a whole table:\n{sql}");
        }

        // And over the API: three pages, each with all its unread state.
        let began = Instant::now();
        let (mut seen, mut unread, mut page_token) = (0, 0, String::new());
        loop {
            let request = v1::ListRoomsRequest { page_size: 200, page_token };
            let page = ada.client.list_rooms(request).await.expect("rooms");
            seen += page.rooms.len();
            unread += page.rooms.iter().map(|room| room.unread_count).sum::<i32>();
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        println!("{seen} rooms in {:?}", began.elapsed());
        assert_eq!(seen, ROOMS + 3, "and those that a server comes with");
        assert_eq!(usize::try_from(unread).expect("fits"), ROOMS * (MESSAGES_EACH - 10 - 9));
        server.end().await;
    }
}

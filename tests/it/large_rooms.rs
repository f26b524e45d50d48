//! A room of ten thousand: what happens in it costs no more than in a small one.

use std::time::Instant;

use causerie_client::v1::{self, chat_request::Command, event::Kind, reply::Result as Outcome};

use crate::support::{Person, Server, on_both_databases};

const MEMBERS: usize = 10_000;

/// Puts so many people into a room. Thousands of passwords would take minutes.
pub async fn crowd(server: &Server, room: &str, members: usize) {
    let room = uuid::Uuid::parse_str(room).expect("an id").into_bytes();
    let users: Vec<_> = (0..members).map(|n| (uuid::Uuid::now_v7().into_bytes(), n)).collect();
    let mut connection = server.database().await;
    for piece in users.chunks(500) {
        let rows = piece
            .iter()
            .map(|(id, n)| {
                let id = hex(id);
                format!("(x'{id}','crowd{n}','crowd{n}','Crowd {n}','crowd {n}','','','x',1,0,0)")
            })
            .collect::<Vec<_>>()
            .join(",");
        connection
            .execute(format!(
                "insert into users (id, username, username_key, display_name, display_name_key,
                     bio, status_text, password_hash, server_role, presence_choice, created_us)
                 values {rows}"
            ))
            .await;
        let rows = piece
            .iter()
            .map(|(id, _)| format!("(x'{}',x'{}',1,1,0,1)", hex(&room), hex(id)))
            .collect::<Vec<_>>()
            .join(",");
        connection
            .execute(format!(
                "insert into members (room_id, user_id, role, state, joined_us, changed_seq)
                 values {rows}"
            ))
            .await;
    }
    let counted = "update rooms set member_count =
             (select count(*) from members m where m.room_id = rooms.id and m.state = 1)";
    connection.execute(counted.into()).await;
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String can be written");
        text
    })
}

on_both_databases! {
    async fn a_room_of_ten_thousand_works_like_a_small_one(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Stadium").await;
        crowd(&server, &room, MEMBERS).await;
        let began = Instant::now();
        let bob = Person::register(&server.url, "bob").await;
        bob.join(&room).await;
        let total = i64::try_from(MEMBERS).expect("fits") + 2;

        // Members by pages, and by the beginning of a name.
        let (mut seen, mut page_token) = (0, String::new());
        loop {
            let request = v1::ListMembersRequest {
                room_id: room.clone(),
                page_size: 200,
                page_token,
                ..Default::default()
            };
            let page = bob.client.list_members(request).await.expect("members");
            seen += page.members.len();
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(i64::try_from(seen).expect("fits"), total);
        let query = "crowd999".to_owned();
        let request = v1::ListMembersRequest { room_id: room.clone(), query, ..Default::default() };
        let found = bob.client.list_members(request).await.expect("members").members;
        assert_eq!(found.len(), 11, "crowd999 and crowd9990 to crowd9999");

        // Calling all is one row, and everybody's count.
        let mut bobs = bob.stream().await;
        let sent = ada.send(&room, "@all, and @bob and @crowd77").await;
        assert_eq!(sent.mentions.len(), 3);
        assert_eq!(bobs.message().await, sent);
        let rows = server.database().await.count("select count(*) from mentions").await;
        assert_eq!(rows, 3);
        assert_eq!(bob.summary(&room).await.unread_mention_count, 1);

        // Receipts are counted, not listed; presence is counts.
        for person in [&ada, &bob] {
            let request = v1::MarkReadRequest { room_id: room.clone(), seq: sent.seq, thread_seq: 0, ..Default::default() };
            person.client.mark_read(request).await.expect("marked");
        }
        let request = v1::ListReceiptsRequest { room_id: room.clone(), seq: sent.seq };
        let receipts = ada.client.list_receipts(request).await.expect("receipts");
        assert_eq!((receipts.read_count, receipts.receipts.len()), (1, 0));
        let request = v1::WatchRoomsRequest { room_ids: vec![room.clone()], ..Default::default() };
        let watched = match bobs.call(Command::WatchRooms(request)).await.expect("watching") {
            Outcome::WatchRooms(mut watched) => watched.rooms.remove(0),
            other => panic!("{other:?}"),
        };
        assert_eq!(watched.member_count, total);
        assert!(watched.presences.is_empty() && watched.receipts.is_empty());
        // Marks of so many are not told to each other.
        let next = ada.send(&room, "next").await;
        let request = v1::MarkReadRequest { room_id: room.clone(), seq: next.seq, thread_seq: 0, ..Default::default() };
        ada.client.mark_read(request).await.expect("marked");
        ada.send(&room, "after the mark").await;
        loop {
            match bobs.event().await.expect("the stream goes on").expect("an event") {
                Kind::Receipt(receipt) => panic!("{receipt:?}"),
                Kind::Change(change) if change.seq > next.seq => break,
                _ => {}
            }
        }
        println!("all of it took {:?}", began.elapsed());
        server.end().await;
    }
}

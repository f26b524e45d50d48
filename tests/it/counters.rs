//! What is unread is derived, so it cannot drift: counted again by brute force
//! over the whole history, it is always what the server says. So are the reactions,
//! whose numbers are kept.

use std::collections::BTreeMap;

use causerie_client::{
    apply::mentions,
    v1::{self, HistoryVisibility, RoomKind, message::Content},
};
use rand::{SeedableRng as _, rngs::StdRng};

use crate::{
    converge::{step, thread},
    reactions::count_differences,
    support::{Person, Server, on_both_databases, people::send_request},
};

const STEPS: usize = 300;

/// What of a room is unread, counted message by message.
async fn recount(person: &Person, summary: &v1::RoomSummary) -> (i32, i32, i32, Option<i64>) {
    let me = &person.user.id;
    let room = &summary.room.as_ref().expect("a room").id;
    let is_text = |message: &v1::Message| matches!(message.content, Some(Content::Text(_)));
    let of_others = |message: &v1::Message| is_text(message) && message.sender_id != *me;
    let history = person.history(room).await;
    let unread: Vec<_> =
        history.iter().filter(|m| m.seq > summary.read_seq && of_others(m)).collect();
    let mentioned = unread.iter().filter(|message| mentions(message, me)).count();
    // What was said while one was away is not unread.
    let request =
        v1::ListMembersRequest { room_id: room.clone(), page_size: 200, ..Default::default() };
    let members = person.client.list_members(request).await.expect("members").members;
    let own = |member: &&v1::Member| member.user.as_ref().is_some_and(|user| user.id == *me);
    let joined_at = members.iter().find(own).expect("oneself").joined_at.expect("a time");
    let since = |message: &v1::Message| {
        let posted_at = message.posted_at.expect("a time");
        (posted_at.seconds, posted_at.nanos) >= (joined_at.seconds, joined_at.nanos)
    };
    let mut threads = 0;
    for root in history.iter().filter(|message| message.thread.is_some()) {
        let page = thread(person, room, root.seq).await.expect("a thread");
        let news = page.messages.iter().any(|m| m.seq > page.read_seq && of_others(m) && since(m));
        threads += i32::from(page.following && news);
    }
    let last = history.iter().rev().find(|message| is_text(message)).map(|message| message.seq);
    let count = |n: usize| i32::try_from(n).expect("few");
    (count(unread.len()), count(mentioned), threads, last)
}

/// Rows that say anything else than the rows that they follow from.
pub const DRIFTED: [&str; 3] = [
    "select count(*) from rooms r
     where member_count <> (select count(*) from members m
                            where m.room_id = r.id and m.state = 1)
        or owner_count <> (select count(*) from members m
                           where m.room_id = r.id and m.state = 1 and m.role = 3)
        or members_seq <> coalesce((select max(m.changed_seq) from members m
                                    where m.room_id = r.id), 0)
        or active_us <> coalesce((select x.posted_us from messages x
                                  where x.room_id = r.id order by x.seq desc limit 1), 0)",
    "select count(*) from messages x left join message_changes c
         on c.room_id = x.room_id and c.seq = x.seq
     where coalesce(x.changed_seq, 0) <> coalesce(c.changed_seq, 0)",
    "select count(*) from messages x left join thread_replies t
         on t.room_id = x.room_id and t.seq = x.seq
     where coalesce(x.thread_seq, 0) <> coalesce(t.root_seq, 0) or t.kind <> x.kind",
];

on_both_databases! {
    async fn counted_by_brute_force_the_unread_state_is_what_the_server_says(database: Database) {
        let seed: u64 = rand::random();
        // Shown if it fails; to try it again, put it here.
        println!("seed {seed}");
        let mut rng = StdRng::seed_from_u64(seed);
        let server = Server::start(database).await;
        let mut people = Vec::new();
        for name in ["ada", "bob", "carl", "dora", "emil"] {
            people.push(Person::register(&server.url, name).await);
        }
        let mut rooms = Vec::new();
        let kinds = [
            (RoomKind::Public, HistoryVisibility::FromStart),
            (RoomKind::Private, HistoryVisibility::FromJoining),
        ];
        for (kind, history) in kinds {
            let request = v1::CreateRoomRequest {
                name: "Room".into(),
                kind: kind.into(),
                history: history.into(),
                ..Default::default()
            };
            let room = people[0].client.create_room(request).await.expect("a room");
            rooms.push(room.room.expect("a room").id);
        }
        for n in 0..STEPS {
            step(&mut rng, &people, &rooms, n).await;
        }
        // Whatever chance has made of the rooms, here something is unread, also in a thread.
        let room = people[0].create_room("Last").await;
        people[4].join(&room).await;
        let last = people[0].send(&room, "the end @emil").await;
        let answer = v1::SendMessageRequest {
            thread_seq: last.seq,
            ..send_request(&room, "an answer", "answer")
        };
        people[0].client.send_message(answer).await.expect("sent");
        // And there is a reaction.
        let request = v1::AddReactionRequest {
            room_id: room.clone(),
            seq: last.seq,
            emoji: "😀".into(),
            ..Default::default()
        };
        people[4].client.add_reaction(request).await.expect("a reaction");
        let mut raw = server.database().await;
        assert!(raw.count("select count(*) from reaction_counts").await > 0, "seed {seed}");
        assert_eq!(count_differences(&mut raw).await, 0, "seed {seed}: reactions");
        drop(raw);
        let mut counted = 0;
        for person in &people {
            let request = v1::ListRoomsRequest { page_size: 200, ..Default::default() };
            let summaries = person.client.list_rooms(request).await.expect("rooms").rooms;
            let told: BTreeMap<String, _> = summaries
                .iter()
                .map(|summary| {
                    let last = summary.last_message.as_ref().map(|message| message.seq);
                    let counts = (
                        summary.unread_count,
                        summary.unread_mention_count,
                        summary.unread_thread_count,
                        last,
                    );
                    (summary.room.as_ref().expect("a room").id.clone(), counts)
                })
                .collect();
            let mut expected = BTreeMap::new();
            for summary in &summaries {
                let room = summary.room.as_ref().expect("a room").id.clone();
                let counts = recount(person, summary).await;
                counted += counts.0;
                expected.insert(room, counts);
            }
            assert_eq!(told, expected, "seed {seed}, {}", person.user.username);
        }
        assert!(counted > 0, "seed {seed}: nothing at all was unread");
        // What is kept in the rooms' rows is what is counted.
        let mut raw = server.database().await;
        for drifted in DRIFTED {
            assert_eq!(raw.count(drifted).await, 0, "seed {seed}: {drifted}");
        }
        for kept in
            ["select count(*) from message_changes", "select count(*) from thread_replies"]
        {
            assert!(raw.count(kept).await > 0, "seed {seed}: {kept}");
        }
        drop(raw);
        server.end().await;
    }
}

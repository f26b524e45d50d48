//! Reactions: live as small deltas, in answers as a summary for their reader, and all
//! of them as a list.

use causerie::store::reactions::{FIRST_USERS, reactions_sql};
use causerie_client::{
    Update,
    apply::Model,
    live::Options,
    v1::{self, event::Kind},
};
use futures::future::join_all;
use prost::Message as _;
use tonic::Code;

use crate::{
    converge::position_in,
    support::{
        Person, Server,
        database::{Database, Raw},
        on_both_databases,
        people::reason,
        within,
    },
};

type Answer<T> = Result<T, causerie_client::Error>;

const EMOJIS: [&str; 20] = [
    "😀",
    "😃",
    "😄",
    "😁",
    "😆",
    "😅",
    "🤣",
    "😂",
    "🙂",
    "🙃",
    "🫠",
    "😉",
    "😊",
    "😇",
    "🥰",
    "😍",
    "🤩",
    "😘",
    "😗",
    "👩🏽‍💻",
];

async fn react(person: &Person, (room_id, seq): (&str, i64), emoji: &str) -> Answer<v1::Message> {
    let request = v1::AddReactionRequest {
        room_id: room_id.into(),
        seq,
        emoji: emoji.into(),
        ..Default::default()
    };
    Ok(person.client.add_reaction(request).await?.message.expect("a message"))
}

async fn unreact(person: &Person, (room_id, seq): (&str, i64), emoji: &str) -> Answer<v1::Message> {
    let request = v1::RemoveReactionRequest {
        room_id: room_id.into(),
        seq,
        emoji: emoji.into(),
        ..Default::default()
    };
    Ok(person.client.remove_reaction(request).await?.message.expect("a message"))
}

async fn get(person: &Person, (room_id, seq): (&str, i64)) -> v1::Message {
    let request = v1::GetMessageRequest { room_id: room_id.into(), seq };
    person.client.get_message(request).await.expect("it is there").message.expect("a message")
}

/// Emoji, how many, and whether the reader is among them.
fn shown(message: &v1::Message) -> Vec<(&str, i64, Option<bool>)> {
    message.reactions.iter().map(|it| (it.emoji.as_str(), it.count, it.reacted_by_me)).collect()
}

fn hex(id: &str) -> String {
    id.replace('-', "")
}

/// Lets many who have no account react, as if they had done so long ago.
async fn crowd(raw: &mut Raw, (room, seq): (&str, i64), emoji: &str, count: usize) {
    let room = hex(room);
    let rows: Vec<String> = (1..=count)
        .map(|n| {
            let user = uuid::Uuid::new_v4().simple();
            format!("(x'{room}', {seq}, '{emoji}', x'{user}', {n}, -{n})")
        })
        .collect();
    raw.execute(format!(
        "insert into reactions (room_id, seq, emoji, user_id, reacted_us, reacted_seq) values {}",
        rows.join(",")
    ))
    .await;
    raw.execute(format!(
        "insert into reaction_counts (room_id, seq, emoji, total, first_seq, first_user_id,
             second_user_id, third_user_id)
         select room_id, seq, emoji, {count}, -1,
                max(case when reacted_seq = -{count} then user_id end),
                max(case when reacted_seq = 1 - {count} then user_id end),
                max(case when reacted_seq = 2 - {count} then user_id end)
         from reactions where room_id = x'{room}' and seq = {seq} and emoji = '{emoji}'
         group by room_id, seq, emoji"
    ))
    .await;
    raw.execute(format!(
        "update messages set changed_seq = seq + 1 where room_id = x'{room}' and seq = {seq}"
    ))
    .await;
}

/// How many rows of `reaction_counts` say anything else than the reactions themselves,
/// and how many are missing.
pub async fn count_differences(raw: &mut Raw) -> i64 {
    let same = "r.room_id = c.room_id and r.seq = c.seq and r.emoji = c.emoji";
    let user = |at: usize| {
        format!(
            "coalesce((select r.user_id from reactions r where {same}
                       order by r.reacted_seq limit 1 offset {at}), x'')"
        )
    };
    raw.count(format!(
        "select (select count(*) from reaction_counts c
                 where c.total <> (select count(*) from reactions r where {same})
                    or c.first_user_id <> {}
                    or coalesce(c.second_user_id, x'') <> {}
                    or coalesce(c.third_user_id, x'') <> {})
              + (select count(*) from (select distinct room_id, seq, emoji from reactions) c
                 where not exists (select 1 from reaction_counts r where {same}))",
        user(0),
        user(1),
        user(2)
    ))
    .await
}

/// What a live change takes on the way.
fn event_bytes(change: &v1::RoomChange) -> usize {
    v1::Event { kind: Some(Kind::Change(change.clone())) }.encoded_len()
}

on_both_databases! {
    async fn live_reactions_pins_and_threads_are_small_whatever_hangs_on_the_message(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        let some = ada.send(&room, "a hundred reactions").await.seq;
        let full = ada.send(&room, &"x".repeat(4_000)).await.seq;
        let mut raw = server.database().await;
        crowd(&mut raw, (&room, some), "👩🏽‍💻", 100).await;
        for emoji in EMOJIS {
            crowd(&mut raw, (&room, full), emoji, 300).await;
        }
        drop(raw);
        let mut stream = ada.stream().await;
        for (seq, before) in [(some, 100), (full, 300)] {
            let answer = react(&bob, (&room, seq), "👩🏽‍💻").await.expect("reacted");
            let change = stream.change().await;
            assert_eq!((&change.message, change.seq), (&None, answer.changed_seq));
            assert!(event_bytes(&change) < 400, "{} bytes", event_bytes(&change));
            let delta = change.reaction.expect("a delta");
            assert_eq!((delta.message_seq, &delta.user_id, delta.added), (seq, &bob.user.id, true));
            let now = delta.reaction.expect("the emoji");
            assert_eq!((now.count, now.user_ids.len(), now.reacted_by_me), (before + 1, 3, None));
            let answered = answer.reactions.iter().find(|it| it.emoji == now.emoji).expect("it");
            assert_eq!(answered, &v1::Reaction { reacted_by_me: Some(true), ..now });

            unreact(&bob, (&room, seq), "👩🏽‍💻").await.expect("taken away");
            let change = stream.change().await;
            let delta = change.reaction.expect("a delta");
            assert_eq!((delta.added, delta.reaction.expect("the emoji").count), (false, before));

            let request = v1::PinMessageRequest { room_id: room.clone(), seq, ..Default::default() };
            let pinned = ada.client.pin_message(request).await.expect("pinned").message.expect("it");
            let change = stream.change().await;
            assert!(change.message.is_none() && event_bytes(&change) < 400);
            let delta = change.pin.expect("a delta");
            assert_eq!((delta.message_seq, &delta.user_id, delta.pin), (seq, &ada.user.id, pinned.pin));
            let request = v1::UnpinMessageRequest { room_id: room.clone(), seq, ..Default::default() };
            ada.client.unpin_message(request).await.expect("unpinned");
            assert_eq!(stream.change().await.pin.expect("a delta").pin, None);

            let request = v1::SendMessageRequest {
                room_id: room.clone(),
                text: "an answer".into(),
                client_message_id: seq.to_string(),
                thread_seq: seq,
                ..Default::default()
            };
            let answer = bob.client.send_message(request).await.expect("sent").message.expect("it");
            assert_eq!(stream.change().await.message, Some(answer.clone()));
            let change = stream.change().await;
            assert!(change.message.is_none() && event_bytes(&change) < 400);
            let delta = change.thread.expect("a delta");
            assert_eq!((delta.message_seq, &delta.thread), (seq, &get(&ada, (&room, seq)).await.thread));
            let request =
                v1::DeleteMessageRequest { room_id: room.clone(), seq: answer.seq, ..Default::default() };
            bob.client.delete_message(request).await.expect("deleted");
            assert_eq!(stream.change().await.message.expect("a tombstone").seq, answer.seq);
            let thread = stream.change().await.thread.expect("a delta").thread.expect("a thread");
            assert_eq!((thread.reply_count, thread.last_reply_seq), (0, answer.seq));
        }
        server.end().await;
    }

    async fn whoever_reads_is_told_which_reactions_are_theirs_however_many_there_are(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        let head = ada.send(&room, "hello").await.seq;
        let name = (room.as_str(), head);
        let mut raw = server.database().await;
        crowd(&mut raw, name, "👍", 150).await;
        drop(raw);
        let mine = react(&ada, name, "👍").await.expect("reacted");
        assert_eq!(shown(&mine), [("👍", 151, Some(true))]);
        let both = react(&bob, name, "🎉").await.expect("reacted");
        assert_eq!(shown(&both), [("👍", 151, Some(false)), ("🎉", 1, Some(true))]);
        assert!(!both.reactions[0].user_ids.contains(&ada.user.id), "she is not among the first");
        let adas = [("👍", 151, Some(true)), ("🎉", 1, Some(false))];
        let bobs = [("👍", 151, Some(false)), ("🎉", 1, Some(true))];
        for (person, expected) in [(&ada, adas), (&bob, bobs)] {
            assert_eq!(shown(&get(person, name).await), expected);
            let page = person.history(&room).await;
            assert_eq!(shown(page.last().expect("it")), expected);
            let last = person.summary(&room).await.last_message.expect("it");
            assert_eq!(shown(&last), expected);
            let request = v1::SyncRoomRequest { room_id: room.clone(), after_seq: head, ..Default::default() };
            let synced = person.client.sync_room(request).await.expect("changes");
            let told = synced.changes.iter().find_map(|change| change.message.clone());
            assert_eq!(shown(&told.expect("the message")), expected);
            assert!(synced.changes.iter().all(|change| change.reaction.is_none()));
            let mut stream = person.resume([(room.clone(), head)].into()).await;
            assert_eq!(shown(&stream.change().await.message.expect("the message")), expected);
        }
        let mut stream = bob.stream().await;
        let request = v1::EditMessageRequest {
            room_id: room.clone(),
            seq: head,
            text: "edited".into(),
            ..Default::default()
        };
        let edited = ada.client.edit_message(request).await.expect("edited").message.expect("it");
        assert_eq!(shown(&edited), adas);
        let told = stream.change().await.message.expect("the message");
        assert_eq!(shown(&told), [("👍", 151, None), ("🎉", 1, None)], "for everybody");
        server.end().await;
    }

    async fn the_first_three_are_named_whoever_leaves_them(database: Database) {
        let server = Server::start(database).await;
        let mut people = Vec::new();
        for name in ["ada", "bob", "carl", "dora", "emil"] {
            people.push(Person::register(&server.url, name).await);
        }
        let room = people[0].create_room("Room").await;
        for person in &people[1..] {
            person.join(&room).await;
        }
        let message = people[0].send(&room, "hello").await;
        let name = (room.as_str(), message.seq);
        let mut stream = people[0].stream().await;
        let named = |who: &[usize]| -> Vec<String> {
            who.iter().map(|n| people[*n].user.id.clone()).collect()
        };
        let live = async |stream: &mut crate::support::people::Stream| {
            let delta = stream.change().await.reaction.expect("a delta");
            delta.reaction.expect("the emoji").user_ids
        };
        for (n, first) in [(0, &[0][..]), (1, &[0, 1]), (2, &[0, 1, 2]), (3, &[0, 1, 2]), (4, &[0, 1, 2])] {
            let answer = react(&people[n], name, "👍").await.expect("reacted");
            assert_eq!(answer.reactions[0].user_ids, named(first));
            assert_eq!(live(&mut stream).await, named(first));
        }
        for (n, first) in [(1, &[0, 2, 3][..]), (4, &[0, 2, 3]), (0, &[2, 3]), (2, &[3])] {
            let answer = unreact(&people[n], name, "👍").await.expect("taken away");
            assert_eq!(answer.reactions[0].user_ids, named(first));
            assert_eq!(live(&mut stream).await, named(first));
            assert_eq!(get(&people[0], name).await.reactions[0].user_ids, named(first));
        }
        // All at once, so that several are in one transaction.
        for round in 0..8 {
            let each = people.iter().enumerate().flat_map(|(n, person)| {
                ["👍", "🎉"].map(|emoji| async move {
                    if (n + round) % 3 == 0 {
                        drop(unreact(person, name, emoji).await);
                    } else {
                        drop(react(person, name, emoji).await);
                    }
                })
            });
            join_all(each).await;
            let mut raw = server.database().await;
            assert_eq!(count_differences(&mut raw).await, 0, "round {round}");
        }
        server.end().await;
    }

    async fn the_first_are_named_also_when_those_who_follow_leave_with_them(database: Database) {
        let server = Server::start(database).await;
        let mut people = Vec::new();
        for n in 0..10 {
            people.push(Person::register(&server.url, &format!("user{n}")).await);
        }
        let room = people[0].create_room("Room").await;
        for person in &people[1..] {
            person.join(&room).await;
        }
        let message = people[0].send(&room, "hello").await;
        let name = (room.as_str(), message.seq);
        let mut raw = server.database().await;
        // So many of the first leave at once; what waits for the first of them goes into
        // one transaction.
        for leaving in [9, 7, 4, 8] {
            for person in &people {
                react(person, name, "👍").await.expect("reacted");
            }
            join_all(people[..leaving].iter().map(|person| unreact(person, name, "👍"))).await;
            assert_eq!(count_differences(&mut raw).await, 0, "{leaving} leave");
            let left: Vec<String> =
                people[leaving..].iter().take(3).map(|person| person.user.id.clone()).collect();
            assert_eq!(get(&people[0], name).await.reactions[0].user_ids, left);
            for person in &people[leaving..] {
                unreact(person, name, "👍").await.expect("taken away");
            }
            assert!(get(&people[0], name).await.reactions.is_empty());
        }
        drop(raw);
        server.end().await;
    }

    async fn all_who_reacted_are_listed_page_by_page_to_who_may_read_the_message(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let eve = Person::register(&server.url, "eve").await;
        let room = ada.create_room("Room").await;
        let message = ada.send(&room, "hello").await;
        let name = (room.as_str(), message.seq);
        let mut raw = server.database().await;
        crowd(&mut raw, name, "🎉", 150).await;
        crowd(&mut raw, name, "👍", 60).await;
        drop(raw);
        react(&ada, name, "👍").await.expect("reacted");
        let request = v1::ListReactionsRequest {
            room_id: room.clone(),
            seq: message.seq,
            page_size: 100,
            ..Default::default()
        };
        let all = async |request: v1::ListReactionsRequest| {
            let (mut request, mut found, mut pages) = (request, Vec::new(), 0);
            loop {
                let page = ada.client.list_reactions(request.clone()).await.expect("a page");
                assert!(page.reactions.len() <= 100);
                found.extend(page.reactions);
                pages += 1;
                request.page_token = page.next_page_token;
                if request.page_token.is_empty() {
                    return (found, pages);
                }
            }
        };
        let (found, pages) = all(request.clone()).await;
        assert_eq!((found.len(), pages), (211, 3));
        let names: std::collections::BTreeSet<_> =
            found.iter().map(|it| (it.emoji.clone(), it.user_id.clone())).collect();
        assert_eq!(names.len(), 211, "each once");
        assert!(found.iter().all(|it| it.reacted_at.is_some()));
        let thumbs: Vec<_> = found.iter().filter(|it| it.emoji == "👍").cloned().collect();
        let only = v1::ListReactionsRequest { emoji: "👍".into(), page_size: 50, ..request.clone() };
        let (listed, pages) = all(only.clone()).await;
        assert_eq!((&listed, pages), (&thumbs, 2));
        assert_eq!(listed.last().expect("somebody").user_id, ada.user.id, "the last of all");
        let first = get(&ada, name).await;
        let first = first.reactions.iter().find(|it| it.emoji == "👍").expect("it");
        let ids: Vec<_> = listed.iter().take(3).map(|it| it.user_id.clone()).collect();
        assert_eq!(ids, first.user_ids);

        let token = ada.client.list_reactions(only.clone()).await.expect("a page").next_page_token;
        let other = v1::ListReactionsRequest { page_token: token, ..request.clone() };
        let error = ada.client.list_reactions(other).await.expect_err("of another query");
        assert_eq!(error.violations[0].0, "page_token");
        let bad = v1::ListReactionsRequest { emoji: "x".into(), ..request.clone() };
        let error = ada.client.list_reactions(bad).await.expect_err("no emoji");
        assert_eq!(error.violations[0].0, "emoji");
        let none = v1::ListReactionsRequest { seq: 999, ..request.clone() };
        let missing = (Code::NotFound, "MESSAGE_NOT_FOUND".to_owned());
        assert_eq!(reason(ada.client.list_reactions(none).await), missing);
        let stranger = (Code::PermissionDenied, "NOT_MEMBER".to_owned());
        assert_eq!(reason(eve.client.list_reactions(request.clone()).await), stranger);
        let delete =
            v1::DeleteMessageRequest { room_id: room.clone(), seq: message.seq, ..Default::default() };
        ada.client.delete_message(delete).await.expect("deleted");
        assert!(ada.client.list_reactions(request).await.expect("nobody").reactions.is_empty());
        let mut raw = server.database().await;
        let left = raw.count("select (select count(*) from reactions) + (select count(*) from reaction_counts)");
        assert_eq!(left.await, 0);
        drop(raw);
        server.end().await;
    }

    async fn what_a_reaction_reads_under_the_lock_does_not_grow_with_their_number(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let few = ada.send(&room, "four").await.seq;
        let many = ada.send(&room, "a thousand").await.seq;
        let mut raw = server.database().await;
        // More than the first three: then taking one away reads who follows.
        crowd(&mut raw, (&room, few), "👍", 4).await;
        crowd(&mut raw, (&room, many), "👍", 1_000).await;
        let room = format!("x'{}'", hex(&room));
        let of_message = |seq| reactions_sql(&format!("c.room_id = {room} and c.seq in ({seq})"), false);
        assert!(!of_message(few).contains("from reactions"));
        let first_users = |seq: i64| {
            let values = [room.clone(), seq.to_string(), "'👍'".into(), "4".into()];
            values.iter().fold(FIRST_USERS.to_owned(), |sql, value| sql.replacen('?', value, 1))
        };
        for sql in [&of_message as &dyn Fn(i64) -> String, &first_users] {
            assert_eq!(raw.walks(&sql(many)).await, Vec::<String>::new());
            if database == Database::MySql {
                let mut reads = Vec::new();
                for seq in [few, many] {
                    reads.push(raw.row_reads(sql(seq)).await);
                }
                assert_eq!(reads[0], reads[1], "{}", sql(many));
            }
        }
        drop(raw);
        server.end().await;
    }

    async fn who_comes_back_amid_reactions_misses_no_message(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        let mut model = Model::default();
        let head = ada.send(&room, "the first").await;
        let page = v1::ListMessagesRequest { room_id: room.clone(), page_size: 50, ..Default::default() };
        let summary = bob.summary(&room).await;
        let known = summary.room.clone().expect("a room");
        model.apply(&Update::RoomAdded(summary));
        model.apply_page(&room, &bob.client.list_messages(page).await.expect("a page"));
        assert_eq!(known.head_seq, head.seq);
        let mut positions = [position_in(&known)].into();
        for round in 0..40 {
            let posted = async {
                let message = ada.send(&room, &round.to_string()).await;
                for _ in 0..3 {
                    react(&ada, (&room, message.seq), "👍").await.expect("reacted");
                    react(&ada, (&room, message.seq), "🎉").await.expect("reacted");
                    unreact(&ada, (&room, message.seq), "👍").await.expect("taken away");
                }
            };
            let options = Options { positions, ..Options::default() };
            let (_live, mut updates) = bob.client.live(options);
            let (told, ()) = tokio::join!(updates.next(), posted);
            model.apply(&told.expect("an update"));
            let head = ada.summary(&room).await.room.expect("a room").head_seq;
            while model.rooms[&room].room.head_seq < head {
                model.apply(&within("an update", updates.next()).await.expect("they go on"));
            }
            positions = [position_in(&model.rooms[&room].room)].into();
        }
        let fresh = bob.history(&room).await;
        let held: Vec<_> = model.rooms[&room].messages.values().cloned().collect();
        let from = held.first().expect("messages").seq;
        let fresh: Vec<_> = fresh.into_iter().filter(|message| message.seq >= from).collect();
        assert_eq!(held, fresh);
        server.end().await;
    }
}

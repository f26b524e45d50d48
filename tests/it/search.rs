//! Searching messages: in every script, by every filter, and never anything
//! that may not be read.

use std::time::Duration;

use causerie_client::v1::{self, chat_request::Command, reply::Result as Outcome};
use tonic::Code;

use crate::support::{Person, Server, database::Raw, on_both_databases, people::text_of, within};

fn query(query: &str) -> v1::SearchMessagesRequest {
    v1::SearchMessagesRequest { query: query.into(), ..Default::default() }
}

/// All that is found, over all pages.
async fn all(person: &Person, mut request: v1::SearchMessagesRequest) -> Vec<v1::Message> {
    let mut found = Vec::new();
    loop {
        let page = person.client.search_messages(request.clone()).await.expect("a page");
        found.extend(page.messages);
        if page.next_page_token.is_empty() {
            return found;
        }
        request.page_token = page.next_page_token;
    }
}

async fn texts(person: &Person, request: v1::SearchMessagesRequest) -> Vec<String> {
    all(person, request).await.iter().map(|message| text_of(message).to_owned()).collect()
}

async fn find(person: &Person, words: &str) -> Vec<String> {
    texts(person, query(words)).await
}

/// Waits until the index has come so far that just these are found.
pub async fn until_found(person: &Person, words: &str, expected: &[&str]) {
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    let mut found = Vec::new();
    let outcome = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            ticks.tick().await;
            found = find(person, words).await;
            if found == expected {
                return;
            }
        }
    });
    let in_time = outcome.await.is_ok();
    assert!(in_time, "{words}: expected {expected:?}, found {found:?}");
}

/// Posts a word that nothing else has, and waits until it is found: then all
/// that the person has posted in the room before is in the index too.
pub async fn until_indexed(person: &Person, room: &str) {
    let word = format!("z{}", uuid::Uuid::new_v4().simple());
    person.send(room, &word).await;
    until_found(person, &word, &[&word]).await;
}

async fn edit(person: &Person, message: &v1::Message, text: &str) {
    let (room_id, seq) = (message.room_id.clone(), message.seq);
    let request = v1::EditMessageRequest { room_id, seq, text: text.into(), ..Default::default() };
    person.client.edit_message(request).await.expect("edited");
}

async fn delete(person: &Person, message: &v1::Message) {
    let request = v1::DeleteMessageRequest {
        room_id: message.room_id.clone(),
        seq: message.seq,
        ..Default::default()
    };
    person.client.delete_message(request).await.expect("deleted");
}

/// Puts messages into a room past the server, right after its head.
async fn fill(database: &mut Raw, sender: &Person, room: &v1::Room, messages: i64) {
    let (id, user) = (room.id.replace('-', ""), sender.user.id.replace('-', ""));
    let row = |n| {
        let seq = room.head_seq + 1 + n;
        let rare = if n == 77 { " needle" } else { "" };
        format!("(x'{id}', {seq}, x'{user}', 1, 'common word {n}{rare}', {n})")
    };
    let rows: Vec<String> = (0..messages).map(row).collect();
    for rows in rows.chunks(1_000) {
        database
            .execute(format!(
                "insert into messages
                     (room_id, seq, sender_id, kind, body, posted_us)
                 values {}",
                rows.join(",")
            ))
            .await;
    }
    let head = room.head_seq + messages;
    database.execute(format!("update rooms set head_seq = {head} where id = x'{id}'")).await;
}

on_both_databases! {
    async fn words_are_found_in_every_script_the_newest_first(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let said = [
            "The quick brown fox",
            "quickly, said the FOX!",
            "Grüße aus der Straße der Wörter",
            "昨日は東京タワーで日本語を話した",
            "我今天在学习中文",
            "قال مَرْحَبًا للجميع",
            "ภาษาไทยง่ายมาก",
            "학교에서 만나요",
            "Ёлка горит",
            "party 🎉 with 👍🏽",
            "see https://docs.example.com/search_guide",
        ];
        for text in said {
            ada.send(&room, text).await;
        }
        until_indexed(&ada, &room).await;
        for (words, expected) in [
            ("fox", &[said[1], said[0]][..]),
            ("QUICK", &[said[1], said[0]]),
            ("quick brown", &[said[0]]),
            ("fo qui", &[said[1], said[0]]),
            ("\"quick\"", &[said[0]]),
            ("\"brown fox\"", &[said[0]]),
            ("\"fox brown\"", &[]),
            ("uick", &[]),
            ("grusse strasse", &[said[2]]),
            ("WÖRT", &[said[2]]),
            ("日本語", &[said[3]]),
            ("東京タ", &[said[3]]),
            ("ﾀﾜｰ", &[said[3]]),
            ("語", &[said[3]]),
            ("日語", &[]),
            ("中文", &[said[4]]),
            ("今天 中文", &[said[4]]),
            ("مرحبا", &[said[5]]),
            ("ไทย", &[said[6]]),
            ("학교", &[said[7]]),
            ("елка", &[said[8]]),
            ("🎉", &[said[9]]),
            ("👍", &[said[9]]),
            ("example.com", &[said[10]]),
            ("guide", &[said[10]]),
            ("nothing such", &[]),
        ] {
            assert_eq!(find(&ada, words).await, expected, "{words}");
        }
        server.end().await;
    }

    async fn filters_narrow_what_is_found(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "Bob").await;
        let red = ada.create_room("Red Room").await;
        let blue = ada.create_room("Blue").await;
        bob.join(&red).await;
        bob.join(&blue).await;
        let first = ada.send(&red, "tea one").await;
        bob.send(&red, "tea two").await;
        bob.send(&blue, "tea three").await;
        let request = v1::OpenDirectRoomRequest { user_id: bob.user.id.clone() };
        let direct = ada.client.open_direct_room(request).await.expect("a room");
        let direct = direct.room.expect("a room").id;
        let last = ada.send(&direct, "tea four").await;
        until_found(&ada, "tea", &["tea four", "tea three", "tea two", "tea one"]).await;

        for (words, expected) in [
            ("tea from:bob", &["tea three", "tea two"][..]),
            ("from:@BOB", &["tea three", "tea two"]),
            ("tea from:ada in:\"red room\"", &["tea one"]),
            ("tea in:blue", &["tea three"]),
            ("tea in:blue in:\"Red Room\" from:bob", &["tea three", "tea two"]),
            ("tea in:@bob", &["tea four"]),
            ("tea from:ada from:bob three", &["tea three"]),
            ("tea from:nobody", &[]),
            ("tea in:nowhere", &[]),
            ("tea has:file", &[]),
            ("tea has:nothing", &[]),
            ("tea before:2020-01-01", &[]),
            ("tea after:2020-01-01 before:2199-12-31 four", &["tea four"]),
            ("tea after:2199-12-31", &[]),
        ] {
            assert_eq!(find(&ada, words).await, expected, "{words}");
        }
        assert_eq!(find(&ada, &format!("tea in:{blue}")).await, ["tea three"]);

        // The fields of the request say the same, and both count.
        let tea = |change: &dyn Fn(&mut v1::SearchMessagesRequest)| {
            let mut request = query("tea");
            change(&mut request);
            texts(&ada, request)
        };
        assert_eq!(tea(&|r| r.room_id.clone_from(&blue)).await, ["tea three"]);
        assert_eq!(tea(&|r| r.from_user_id.clone_from(&bob.user.id)).await, ["tea three", "tea two"]);
        assert_eq!(tea(&|r| r.has_file = true).await, [""; 0]);
        assert_eq!(tea(&|r| r.before = first.posted_at).await, [""; 0]);
        assert_eq!(tea(&|r| r.after = last.posted_at).await, ["tea four"]);
        assert_eq!(tea(&|r| { r.after = first.posted_at; r.before = last.posted_at }).await,
            ["tea three", "tea two", "tea one"]);
        let both = |r: &mut v1::SearchMessagesRequest| {
            r.query = "from:bob".into();
            r.from_user_id.clone_from(&ada.user.id);
        };
        assert_eq!(tea(&both).await, [""; 0]);
        let request = v1::SearchMessagesRequest { from_user_id: bob.user.id.clone(), ..Default::default() };
        assert_eq!(texts(&ada, request).await, ["tea three", "tea two"]);
        server.end().await;
    }

    async fn pages_stay_while_new_messages_arrive(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let mut rooms = Vec::new();
        for name in ["a", "b", "c"] {
            rooms.push(ada.create_room(name).await);
        }
        let mut expected = Vec::new();
        for n in 0..35 {
            expected.push(ada.send(&rooms[n % 3], &format!("tick {n}")).await);
        }
        expected.reverse();
        for room in &rooms {
            until_indexed(&ada, room).await;
        }
        let mut found = Vec::new();
        let mut request = v1::SearchMessagesRequest { page_size: 10, ..query("tick") };
        let mut sizes = Vec::new();
        loop {
            let page = ada.client.search_messages(request.clone()).await.expect("a page");
            sizes.push(page.messages.len());
            found.extend(page.messages);
            for room in &rooms {
                ada.send(room, "tick again").await;
                until_indexed(&ada, room).await;
            }
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
        }
        assert_eq!(found, expected, "each once, in order, with nothing between");
        assert_eq!(sizes, [10, 10, 10, 5]);
        server.end().await;
    }

    async fn an_edit_is_found_by_its_new_words_within_a_second(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let message = ada.send(&room, "apples and pears").await;
        until_found(&ada, "apples", &["apples and pears"]).await;
        edit(&ada, &message, "plums and pears").await;
        let edited = std::time::Instant::now();
        assert_eq!(find(&ada, "apples").await, [""; 0], "from the very moment");
        until_found(&ada, "plums", &["plums and pears"]).await;
        let took = edited.elapsed();
        println!("found by its new words after {took:?}");
        assert!(took < Duration::from_secs(5), "at its commit, not at the next look: {took:?}");
        assert_eq!(find(&ada, "pears").await, ["plums and pears"], "once");
        // A reaction, a pin and an edit back change nothing in between.
        let (room_id, seq) = (room.clone(), message.seq);
        let request = v1::AddReactionRequest { room_id, seq, emoji: "👍".into(), ..Default::default() };
        ada.client.add_reaction(request).await.expect("reacted");
        until_indexed(&ada, &room).await;
        let found = all(&ada, query("plums")).await;
        assert_eq!(found[0].reactions.len(), 1, "found as it is now");
        edit(&ada, &message, "apples and pears").await;
        until_found(&ada, "apples", &["apples and pears"]).await;
        assert_eq!(find(&ada, "plums").await, [""; 0]);
        server.end().await;
    }

    async fn what_is_deleted_is_not_found_even_by_an_index_that_is_behind(database: Database) {
        let mut server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let secret = ada.send(&room, "a secret word").await;
        let typo = ada.send(&room, "a public wrod").await;
        until_found(&ada, "a", &["a public wrod", "a secret word"]).await;

        // From now on nothing is indexed.
        server.config.search.index = false;
        server.restart().await;
        let ada = ada.sign_in_again(&server.url).await;
        delete(&ada, &secret).await;
        edit(&ada, &typo, "a public word").await;
        ada.send(&room, "a late word").await;
        assert_eq!(find(&ada, "secret").await, [""; 0]);
        assert_eq!(find(&ada, "wrod").await, [""; 0]);
        assert_eq!(find(&ada, "from:ada").await, ["a public word"], "as it is now");

        // Another start goes on where the index was.
        server.config.search.index = true;
        server.restart().await;
        let ada = ada.sign_in_again(&server.url).await;
        until_found(&ada, "word", &["a late word", "a public word"]).await;
        assert_eq!(find(&ada, "secret").await, [""; 0]);
        assert_eq!(find(&ada, "from:ada").await, ["a late word", "a public word"]);
        server.end().await;
    }

    async fn nobody_finds_what_they_may_not_read(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let eve = Person::register(&server.url, "eve").await;
        let request = v1::CreateRoomRequest {
            name: "Private".into(),
            kind: v1::RoomKind::Private.into(),
            ..Default::default()
        };
        let private = ada.client.create_room(request).await.expect("a room").room.expect("a room").id;
        let public = ada.create_room("Public").await;
        ada.send(&private, "the plan in private").await;
        ada.send(&public, "the plan in public").await;
        until_found(&ada, "plan", &["the plan in public", "the plan in private"]).await;

        assert_eq!(find(&eve, "plan").await, [""; 0], "not even a public room that she is not in");
        eve.join(&public).await;
        assert_eq!(find(&eve, "plan").await, ["the plan in public"]);
        for room in ["in:Private", &format!("in:{private}")] {
            assert_eq!(find(&eve, &format!("plan {room}")).await, [""; 0]);
        }
        let refused = async |room_id: &str| {
            let request = v1::SearchMessagesRequest { room_id: room_id.into(), ..query("plan") };
            let error = eve.client.search_messages(request).await.expect_err("refused");
            (error.code, error.reason)
        };
        let hidden = (Code::NotFound, "ROOM_NOT_FOUND".to_owned());
        assert_eq!(refused(&private).await, hidden);
        assert_eq!(refused(&uuid::Uuid::now_v7().to_string()).await, hidden);

        // A page token of another's gives nothing either.
        let request = v1::SearchMessagesRequest { page_size: 1, ..query("plan") };
        let token = ada.client.search_messages(request).await.expect("a page").next_page_token;
        assert!(!token.is_empty());
        let request = v1::SearchMessagesRequest { page_token: token, ..query("plan") };
        assert_eq!(texts(&eve, request).await, [""; 0]);

        eve.leave(&public).await;
        assert_eq!(find(&eve, "plan").await, [""; 0]);
        assert_eq!(refused(&public).await, (Code::PermissionDenied, "NOT_MEMBER".into()));
        server.end().await;
    }

    async fn a_stream_searches_like_a_unary_call(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        ada.send(&room, "hello stream").await;
        until_found(&ada, "hello", &["hello stream"]).await;
        let mut stream = ada.stream().await;
        let reply = stream.call(Command::SearchMessages(query("hello"))).await.expect("found");
        let Outcome::SearchMessages(found) = reply else { panic!("another reply: {reply:?}") };
        assert_eq!(found.messages, all(&ada, query("hello")).await);
        let error = stream.call(Command::SearchMessages(query("  "))).await.expect_err("refused");
        assert_eq!(error.violations[0].0, "query");
        server.end().await;
    }

    async fn a_frequent_word_costs_no_more_than_a_page(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        fill(&mut server.database().await, &ada, &ada.summary(&room).await.room.expect("a room"), 10_000).await;
        // The index looks at a room that something is told of.
        ada.send(&room, "the last word").await;
        let mut ticks = tokio::time::interval(Duration::from_millis(100));
        crate::support::within_secs(120, "the index to have them all", async {
            while find(&ada, "needle").await.len() != 1 || find(&ada, "last").await.len() != 1 {
                ticks.tick().await;
            }
        })
        .await;
        let request = v1::SearchMessagesRequest { page_size: 20, ..query("common word") };
        let page = within("a page", ada.client.search_messages(request)).await.expect("a page");
        assert_eq!(page.messages.len(), 20);
        // Words that are everywhere but never next to each other: bounded too.
        let request = query("\"word common\"");
        let mut calls = 0;
        let mut token = String::new();
        loop {
            let request = v1::SearchMessagesRequest { page_token: token, ..request.clone() };
            let page = ada.client.search_messages(request).await.expect("a page");
            assert!(page.messages.is_empty());
            calls += 1;
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert!((5..=20).contains(&calls), "{calls} calls");
        let request = v1::SearchMessagesRequest { page_size: 200, ..query("common") };
        let found = all(&ada, request).await;
        assert_eq!(found.len(), 10_000);
        assert!(found.is_sorted_by_key(|message| std::cmp::Reverse(message.seq)));
        server.end().await;
    }

    async fn people_and_rooms_are_found_by_any_word_in_any_script(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("東京の天気").await;
        for (username, name) in [
            ("anna", "Anna Müller-Lüdenscheid"),
            ("taro", "山田太郎"),
            ("zoe", "Zoe\u{308} Quinn"),
            ("omar", "عمر الشريف"),
        ] {
            let person = Person::register(&server.url, username).await;
            let display_name = Some(name.to_owned());
            let request = v1::UpdateProfileRequest { display_name, ..Default::default() };
            person.client.update_profile(request).await.expect("a profile");
            person.join(&room).await;
        }
        for (query, expected) in [
            ("müll", &["anna"][..]),
            ("LÜD", &["anna"]),
            ("a", &["ada", "anna"]),
            ("ller", &[]),
            ("太郎", &["taro"]),
            ("山田", &["taro"]),
            ("zoë", &["zoe"]),
            ("quinn", &["zoe"]),
            ("الش", &["omar"]),
            ("%", &[]),
        ] {
            let request = v1::SearchUsersRequest { query: query.into(), ..Default::default() };
            let found = ada.client.search_users(request).await.expect("users").users;
            let found: Vec<_> = found.iter().map(|user| user.username.as_str()).collect();
            assert_eq!(found, expected, "{query}");
            let (room_id, query) = (room.clone(), query.to_owned());
            let request = v1::ListMembersRequest { room_id, query, ..Default::default() };
            let members = ada.client.list_members(request).await.expect("members").members;
            let found: Vec<_> =
                members.iter().filter_map(|m| Some(m.user.as_ref()?.username.as_str())).collect();
            assert_eq!(found, expected, "members");
        }
        for query in ["東京", "天気", "の"] {
            let request = v1::BrowseRoomsRequest { query: query.into(), ..Default::default() };
            let found = ada.client.browse_rooms(request).await.expect("rooms").rooms;
            assert_eq!(found.len(), 1, "{query}");
        }
        server.end().await;
    }
}

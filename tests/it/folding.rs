//! Whoever and whatever is searched is found however it is typed, also when it was
//! stored by a server that folded otherwise.

use causerie_client::v1;

use crate::support::{Person, Server, database::Raw, on_both_databases};

/// More than one step of folding.
const CROWD: usize = 1_100;

async fn rename(person: &Person, name: &str) {
    let request =
        v1::UpdateProfileRequest { display_name: Some(name.into()), ..Default::default() };
    person.client.update_profile(request).await.expect("a profile");
}

async fn found_users(person: &Person, query: &str) -> Vec<String> {
    let request = v1::SearchUsersRequest { query: query.into(), ..Default::default() };
    let users = person.client.search_users(request).await.expect("users").users;
    users.into_iter().map(|user| user.username).collect()
}

async fn found_members(person: &Person, room: &str, query: &str) -> Vec<String> {
    let (room_id, query) = (room.to_owned(), query.to_owned());
    let request = v1::ListMembersRequest { room_id, query, ..Default::default() };
    let members = person.client.list_members(request).await.expect("members").members;
    members.into_iter().filter_map(|member| Some(member.user?.username)).collect()
}

async fn found_accounts(admin: &Person, query: &str) -> Vec<String> {
    let request = v1::ListUsersRequest { query: query.into(), ..Default::default() };
    let accounts = admin.client.list_users(request).await.expect("accounts").accounts;
    accounts.into_iter().filter_map(|account| Some(account.user?.username)).collect()
}

async fn found_rooms(person: &Person, query: &str) -> Vec<String> {
    let request = v1::BrowseRoomsRequest { query: query.into(), ..Default::default() };
    let rooms = person.client.browse_rooms(request).await.expect("rooms").rooms;
    rooms.into_iter().filter_map(|room| Some(room.room?.name)).collect()
}

async fn set_topic(person: &Person, room: &str, topic: &str) {
    let (room_id, topic) = (room.to_owned(), Some(topic.to_owned()));
    let request = v1::UpdateRoomRequest { room_id, topic, ..Default::default() };
    person.client.update_room(request).await.expect("a topic");
}

/// Stores the name as a server of the first folding did, which found words after a space
/// or a hyphen only.
async fn store_as_by_the_first_folding(database: &mut Raw) {
    for sql in [
        "update users set display_name_key = 'ada/zoe' where username = 'quinn'",
        "update store set folding = 1",
    ] {
        database.execute(sql.into()).await;
    }
}

/// Stores names and topics as a server without the folding did.
async fn store_as_before(database: &mut Raw) {
    for sql in [
        "update users set display_name_key = 'zoë quinn' where username = 'quinn'",
        "update rooms set name_key = 'i\u{307}zmir', topic_key = 'ürün' where topic = 'Ürün'",
        "update store set folding = 0",
    ] {
        database.execute(sql.into()).await;
    }
}

/// Until no name is folded by one of the older rules.
async fn wait_for_folding(database: &mut Raw) {
    while database.count("select count(*) from store where folding < 2").await > 0 {
        tokio::task::yield_now().await;
    }
}

async fn add_crowd(database: &mut Raw) {
    let rows = (0..CROWD)
        .map(|n| {
            let id = uuid::Uuid::now_v7().simple();
            format!("(x'{id}','crowd{n}','crowd{n}','Çağrı {n}','çağrı {n}','','','x',1,0,0)")
        })
        .collect::<Vec<_>>();
    for rows in rows.chunks(500) {
        let sql = format!(
            "insert into users (id, username, username_key, display_name, display_name_key,
                 bio, status_text, password_hash, server_role, presence_choice, created_us)
             values {}",
            rows.join(",")
        );
        database.execute(sql).await;
    }
}

on_both_databases! {
    async fn people_and_rooms_are_found_however_they_are_typed(database: Database) {
        let server = Server::start(database).await;
        let admin = Person::register(&server.url, "admin").await;
        let user = Person::register(&server.url, "someone").await;
        let room = admin.create_room("Room").await;
        user.join(&room).await;
        for (name, queries) in [
            ("Zoë Østergård", &["zoe", "ZOË", "Zoe\u{308}", "oster", "ｚｏｅ"][..]),
            ("İbrahim Işık", &["ibrahim", "IBRAHIM", "İBRAHİM", "isik", "ışık"]),
            ("Jürgen Groß", &["jurgen", "gross", "GROẞ"]),
            ("Οδυσσεύς", &["οδυσσευς", "ΟΔΥΣΣΕΥΣ", "οδυσσευσ"]),
            ("שָׁלוֹם כהן", &["שלום"]),
            ("أَحْمَد", &["احمد"]),
            ("ﬁona", &["fiona"]),
            ("Ｊｏｈｎ", &["john"]),
            ("Sinéad O’Brien", &["sinead o'b"]),
            ("ﾀﾅｶ", &["タナカ"]),
            ("(Zoë)", &["zoe", "(ZOE)", "(z"]),
            ("Ada/Zoë", &["zoe", "ada/zo"]),
            ("\"Zoë\"", &["zoe"]),
            ("«Zoë»", &["zoe"]),
            ("🚀Zoë", &["zoe", "🚀"]),
            ("A.Zoë_Q", &["zoe", "q", "a.z"]),
            ("D’Zoë", &["zoe", "d'z"]),
            ("Jean-Zoë", &["zoe", "jean-zoe"]),
            ("田中Zoë", &["zoe", "田中", "中", "中zo"]),
            ("김Zoë", &["zoe", "김", "김zoe"]),
            ("Zoë김", &["김", "zoe"]),
            // One character that folds to eighteen: more than there is room for.
            (&"\u{FDFA}".repeat(64), &["صلى"]),
        ] {
            rename(&user, name).await;
            let update = v1::UpdateRoomRequest {
                room_id: room.clone(),
                name: Some(name.into()),
                topic: Some(format!("About {name}")),
                ..Default::default()
            };
            admin.client.update_room(update).await.expect("renamed");
            for query in queries {
                assert_eq!(found_users(&user, query).await, ["someone"], "{query}");
                assert_eq!(found_members(&user, &room, query).await, ["someone"], "{query}");
                assert_eq!(found_accounts(&admin, query).await, ["someone"], "{query}");
                assert_eq!(found_rooms(&user, query).await, [name], "{query}");
            }
        }
        // Words are found by their beginning; rooms by whatever stands in their names.
        for (name, query) in [("(Zoë)", "oe"), ("AdaZoë", "zoe"), ("김민준", "민")] {
            rename(&user, name).await;
            assert!(found_users(&user, query).await.is_empty(), "{query} in {name}");
        }
        rename(&user, "Someone else").await;
        // Nothing but accents is not everybody.
        assert!(found_users(&user, "\u{301}").await.is_empty());
        // Usernames have a rule of their own: they are typed as they are.
        assert_eq!(found_users(&user, "SOMEO").await, ["someone"]);
        server.end().await;
    }

    async fn a_room_named_in_a_search_is_found_like_any_other(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("İzmir").await;
        ada.send(&room, "merhaba").await;
        for query in ["merhaba in:izmir", "merhaba in:İZMİR"] {
            let mut found = Vec::new();
            while found.is_empty() {
                let request = v1::SearchMessagesRequest { query: query.into(), ..Default::default() };
                found = ada.client.search_messages(request).await.expect("found").messages;
            }
            assert_eq!(found.len(), 1, "{query}");
        }
        server.end().await;
    }

    async fn what_an_older_server_has_stored_is_found_after_an_upgrade(database: Database) {
        let mut server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let zoe = Person::register(&server.url, "quinn").await;
        rename(&zoe, "Zoë Quinn").await;
        let room = ada.create_room("İzmir").await;
        set_topic(&ada, &room, "Ürün").await;
        let mut raw = server.database().await;
        add_crowd(&mut raw).await;
        store_as_before(&mut raw).await;
        assert!(found_users(&ada, "zoe").await.is_empty());
        assert!(found_rooms(&ada, "izmir").await.is_empty());
        drop(raw);
        server.restart().await;
        let ada = ada.sign_in_again(&server.url).await;
        let mut raw = server.database().await;
        wait_for_folding(&mut raw).await;
        assert_eq!(found_users(&ada, "zoe").await, ["quinn"]);
        assert_eq!(found_rooms(&ada, "İZMİR").await, ["İzmir"]);
        assert_eq!(found_rooms(&ada, "urun").await, ["İzmir"]);
        assert_eq!(found_users(&ada, "cagri 1099").await, ["crowd1099"]);
        let left = raw.count("select count(*) from users where display_name_key like '%ğ%'").await;
        assert_eq!(left, 0);

        rename(&zoe.sign_in_again(&server.url).await, "Ada/Zoë").await;
        store_as_by_the_first_folding(&mut raw).await;
        assert!(found_users(&ada, "zoe").await.is_empty());
        drop(raw);
        server.restart().await;
        let ada = ada.sign_in_again(&server.url).await;
        wait_for_folding(&mut server.database().await).await;
        assert_eq!(found_users(&ada, "zoe").await, ["quinn"]);
        server.end().await;
    }
}

//! The terminal client's commands for scripts, as a script uses them.

use std::time::Duration;

use causerie_client::v1;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::support::{
    Database, Person, Process, Server, Terminal,
    people::{PASSWORD, text_of},
    proxy::Proxy,
    within,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripts_send_and_tail_over_a_restart_of_the_server() {
    let mut server = Process::start(Database::Sqlite).await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let terminal = Terminal { folder, url: server.url.clone() };

    let (well, said) = terminal.run("ada", &["rooms"], "").await;
    assert!(!well && said.contains("login"), "{said}");
    let (well, said) = terminal.run("ada", &["register", "ada"], "short\n").await;
    assert!(!well && said.contains("password must be 8 to 256 characters long"), "{said}");
    for name in ["ada", "bob"] {
        let (well, said) = terminal.run(name, &["register", name], &format!("{PASSWORD}\n")).await;
        assert!(well, "{said}");
        let (well, said) = terminal.run(name, &["join", "general"], "").await;
        assert!(well && said.contains("General"), "{said}");
    }
    let (well, said) = terminal.run("ada", &["send", "nowhere", "hi"], "").await;
    assert!(!well && said.contains("no room named nowhere"), "{said}");

    let mut tail =
        terminal.command("bob", &["tail", "General", "--json"]).spawn().expect("it runs");
    let mut lines = BufReader::new(tail.stdout.take().expect("a pipe")).lines();
    let mut next = async || {
        let line = within("a line", lines.next_line()).await.expect("output").expect("a line");
        serde_json::from_str::<serde_json::Value>(&line).expect("JSON")
    };
    // Its stream is open once a message comes through.
    let first = async {
        loop {
            let (well, said) =
                terminal.run("ada", &["send", "general", "are you there?"], "").await;
            assert!(well, "{said}");
        }
    };
    let heard = tokio::select! {
        heard = next() => heard,
        () = first => unreachable!("it sends for ever"),
    };
    assert_eq!(
        (heard["text"].as_str(), heard["sender"].as_str()),
        (Some("are you there?"), Some("ada"))
    );

    server.kill().await;
    server.start_again().await;
    let (well, said) = terminal.run("ada", &["send", "general"], "one\n\ntwo\nthree\n").await;
    assert!(well, "{said}");
    let mut texts = vec![];
    while texts.last().is_none_or(|text| text != "three") {
        let line = next().await;
        let text = line["text"].as_str().expect("a text").to_owned();
        if text != "are you there?" {
            texts.push(text);
        }
    }
    assert_eq!(texts, ["one", "two", "three"], "in order, each once, over the restart");

    let (well, said) = terminal.run("ada", &["send", "@bob", "between us"], "").await;
    assert!(well, "{said}");
    let (well, said) = terminal.run("bob", &["rooms"], "").await;
    assert!(well && said.contains("1 unread  @ ada"), "{said}");
    let (well, said) = terminal.run("ada", &["send", "@nobody", "hi"], "").await;
    assert!(!well && said.contains("no user named nobody"), "{said}");

    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(50));
    within("the messages to be found", async {
        loop {
            ticks.tick().await;
            let words = ["search", "two", "in:General", "from:ada"];
            let (well, said) = terminal.run("bob", &words, "").await;
            assert!(well, "{said}");
            if said == "[General] ada: two\n" {
                break;
            }
        }
    })
    .await;
    let (well, said) = terminal.run("bob", &["search", "x", "before:soon"], "").await;
    assert!(!well && said.contains("2026-01-31"), "{said}");

    let (well, said) = terminal.run("bob", &["rooms", "--json"], "").await;
    let said = said.lines().find(|line| line.contains("General")).unwrap_or_default();
    let room: serde_json::Value = serde_json::from_str(said.trim()).expect("JSON");
    assert!(well && room["unread"].as_i64() >= Some(4), "{said}");
    assert!(terminal.run("bob", &["logout"], "").await.0);
    let (well, said) = terminal.run("bob", &["rooms"], "").await;
    assert!(!well && said.contains("not signed in"), "{said}");
    drop(tail);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rooms_and_people_are_named_however_they_are_typed() {
    let server = Server::start(Database::Sqlite).await;
    let ada = Person::register(&server.url, "ada").await;
    let bob = Person::register(&server.url, "bob").await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let terminal = Terminal { folder, url: server.url.clone() };
    let (well, said) = terminal.run("ada", &["login", "ada"], format!("{PASSWORD}\n")).await;
    assert!(well, "{said}");
    let send = async |room: &str, text: &str| terminal.run("ada", &["send", room, text], "").await;

    let own = ada.create_room("İzmir").await;
    let public = bob.create_room("Øresund").await;
    for named in ["İzmir", "izmir", "IZMIR", "İZMİR", "i\u{307}zmir"] {
        let (well, said) = send(named, named).await;
        assert!(well, "{named}: {said}");
    }
    let history = ada.history(&own).await;
    let texts: Vec<_> = history.iter().map(text_of).filter(|text| !text.is_empty()).collect();
    assert_eq!(texts, ["İzmir", "izmir", "IZMIR", "İZMİR", "i\u{307}zmir"]);
    let (well, said) = terminal.run("ada", &["join", "oresund"], "").await;
    assert!(well && said.contains(&public), "{said}");
    let (well, said) = send("izmi", "no").await;
    assert!(!well && said.contains("no room named izmi"), "{said}");

    // Typed exactly it is one of two, otherwise it may be both.
    let second = ada.create_room("Izmir").await;
    let (well, said) = send("Izmir", "to the second").await;
    assert!(well, "{said}");
    let history = ada.history(&second).await;
    assert_eq!(history.iter().map(text_of).next_back(), Some("to the second"));
    let (well, said) = send("IZMIR", "to which?").await;
    assert!(!well && said.contains("several rooms are named IZMIR"), "{said}");

    let name = |name: &str| v1::UpdateProfileRequest {
        display_name: Some(name.into()),
        ..Default::default()
    };
    bob.client.update_profile(name("Zoë")).await.expect("a name");
    for named in ["@BOB", "@zoe", "@ZOË"] {
        let (well, said) = send(named, named).await;
        assert!(well, "{named}: {said}");
    }
    let request = v1::OpenDirectRoomRequest { user_id: ada.user.id.clone() };
    let direct = bob.client.open_direct_room(request).await.expect("opened").room.expect("a room");
    let history = bob.history(&direct.id).await;
    let texts: Vec<_> = history.iter().map(text_of).filter(|text| !text.is_empty()).collect();
    assert_eq!(texts, ["@BOB", "@zoe", "@ZOË"]);
    let eve = Person::register(&server.url, "eve").await;
    eve.client.update_profile(name("Zoé")).await.expect("a name");
    let (well, said) = send("@zoe", "to whom?").await;
    assert!(!well && said.contains("several people are named zoe"), "{said}");
    let (well, said) = send("@Zoë", "to bob").await;
    assert!(well, "{said}");
    let (well, said) = send("@zo", "no").await;
    assert!(!well && said.contains("no user named zo"), "{said}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_is_no_text_is_told_and_what_came_before_it_is_sent() {
    let server = Server::start(Database::Sqlite).await;
    let ada = Person::register(&server.url, "ada").await;
    let room = ada.create_room("Room").await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let terminal = Terminal { folder, url: server.url.clone() };
    let (well, said) = terminal.run("ada", &["login", "ada"], format!("{PASSWORD}\n")).await;
    assert!(well, "{said}");
    let (well, said) =
        terminal.run("ada", &["send", "Room"], b"one\n\ntwo\n\xff\xfe\nthree\n").await;
    assert!(!well && said.contains("line 4 is not valid UTF-8"), "{said}");
    assert!(said.contains("2 messages were sent before the error, none after"), "{said}");
    let history = ada.history(&room).await;
    let texts: Vec<_> = history.iter().map(text_of).filter(|text| !text.is_empty()).collect();
    assert_eq!(texts, ["one", "two"]);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tail_that_missed_too_much_says_so_and_goes_on_with_the_newest() {
    let server =
        Server::start_with(Database::Sqlite, |config| config.chat.resume_changes = 20).await;
    let proxy = Proxy::to(&server.url).await;
    let ada = Person::register(&server.url, "ada").await;
    ada.create_room("Room").await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let terminal = Terminal { folder, url: proxy.url.clone() };
    let (well, said) = terminal.run("ada", &["login", "ada"], format!("{PASSWORD}\n")).await;
    assert!(well, "{said}");
    let room = ada.create_room("Other").await;
    for json in [false, true] {
        let arguments: &[&str] =
            if json { &["tail", "Other", "--json"] } else { &["tail", "Other"] };
        let mut tail = terminal.command("ada", arguments).spawn().expect("it runs");
        let mut lines = BufReader::new(tail.stdout.take().expect("a pipe")).lines();
        let mut next =
            async || within("a line", lines.next_line()).await.expect("output").expect("a line");
        // Its stream is open once a message comes through. Each send is over before the next
        // begins, so that none comes after the last.
        loop {
            ada.send(&room, "are you there?").await;
            if tokio::time::timeout(Duration::from_millis(50), next()).await.is_ok() {
                break;
            }
        }
        let last = ada.send(&room, "last").await;
        while !next().await.contains("last") {}

        proxy.hold();
        for n in 0..60 {
            ada.send(&room, &format!("missed {n}.")).await;
        }
        proxy.cut();
        let gap = next().await;
        if json {
            let gap: serde_json::Value = serde_json::from_str(&gap).expect("JSON");
            assert_eq!(
                (gap["kind"].as_str(), gap["room"].as_str(), gap["room_id"].as_str()),
                (Some("gap"), Some("Other"), Some(room.as_str()))
            );
            assert_eq!(gap["after_seq"].as_i64(), Some(last.seq));
            assert_eq!(gap["head_seq"].as_i64(), Some(last.seq + 60));
        } else {
            assert!(gap.starts_with("[Other] ") && gap.contains("omitted"), "{gap}");
        }
        for n in 10..60 {
            let line = next().await;
            assert!(line.contains(&format!("missed {n}.")), "{line}");
        }
        ada.send(&room, "and on").await;
        let line = next().await;
        assert!(line.contains("and on"), "{line}");
        tail.kill().await.expect("it ends");
    }
    server.end().await;
}

/// A device that has signed in before stays known after a log-out, so that guesses of
/// others do not lock its owner out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_are_made_by_invite_recovered_and_known_on_their_device() {
    let server = Server::start_with(Database::Sqlite, |config| {
        config.auth.failed_logins_per_name_per_hour = 3;
        config.auth.sign_up = causerie::model::sign_up::SignUpPolicy::Invite;
    })
    .await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let terminal = Terminal { folder, url: server.url.clone() };
    let ada = Person::register(&server.url, "ada").await;
    let room = ada.create_room("Garden").await;
    let request = v1::CreateInviteRequest { room_id: room.clone(), ..Default::default() };
    let invite = ada.client.create_invite(request).await.expect("an invite").invite;
    let link = format!("{}/invite/{}", server.url, invite.expect("an invite").code);
    let password = format!("{PASSWORD}\n");
    let (well, said) = terminal.run("bob", &["register", "bob"], &password).await;
    assert!(!well && said.contains("by invite only"), "{said}");
    let register = ["register", "bob", "--invite", &link];
    let (well, said) = terminal.run("bob", &register, &password).await;
    assert!(well, "{said}");
    let (well, said) = terminal.run("bob", &["send", "Garden", "let in"], "").await;
    assert!(well, "{said}");

    let (well, said) = terminal.run("bob", &["logout"], "").await;
    assert!(well, "{said}");
    for _ in 0..3 {
        let (well, _) = terminal.run("eve", &["login", "bob"], "a-wrong-password-9\n").await;
        assert!(!well);
    }
    let (well, said) = terminal.run("eve", &["login", "bob"], &password).await;
    assert!(!well && said.contains("Too many requests"), "{said}");
    let (well, said) = terminal.run("bob", &["login", "bob"], &password).await;
    assert!(well, "{said}");

    let users = v1::SearchUsersRequest { query: "bob".into(), ..Default::default() };
    let found = ada.client.search_users(users).await.expect("found").users;
    let request = v1::CreateRecoveryLinkRequest { user_id: found[0].id.clone() };
    let link = ada.client.create_recovery_link(request).await.expect("a link");
    let link = format!("{}{}", server.url, link.path);
    let new = "another-violet-anchor-8\n";
    let (well, said) = terminal.run("phone", &["recover", &link], new).await;
    assert!(well && said.contains("Signed in as bob"), "{said}");
    let (well, said) = terminal.run("phone", &["recover", &link], new).await;
    assert!(!well && said.contains("has been used"), "{said}");
    let (well, said) = terminal.run("bob", &["rooms"], "").await;
    assert!(!well && said.contains("Sign in again"), "{said}");
    server.end().await;
}

//! Signing in: passwords as keyboards write them, and guesses of others.

use causerie_client::{
    Client, Error,
    v1::{self, auth_service_client::AuthServiceClient},
};
use futures::future::join_all;
use tonic::{Code, Request};

use crate::support::{
    Database, Person, Server, on_both_databases,
    page::{Answer, Page},
    people::{PASSWORD, reason},
};

const WRONG: &str = "a-wrong-password-9";
/// In the composed and the decomposed spelling, and with the sign for Ångström.
const SPELLINGS: [&str; 3] = [
    "p\u{e4}ssw\u{f6}rd-\u{c5}ngstr\u{f6}m-7",
    "pa\u{308}sswo\u{308}rd-A\u{30a}ngstro\u{308}m-7",
    "p\u{e4}ssw\u{f6}rd-\u{212b}ngstr\u{f6}m-7",
];

fn client(url: &str) -> Client {
    Client::connect(url).expect("a URL")
}

async fn register(url: &str, username: &str, password: &str) -> Result<Client, Error> {
    let client = client(url);
    let request = v1::RegisterRequest {
        username: username.into(),
        password: password.into(),
        ..Default::default()
    };
    client.register(request).await?;
    Ok(client)
}

async fn change(client: &Client, old: &str, new: &str) -> Result<(), Error> {
    let request = v1::ChangePasswordRequest {
        old_password: old.into(),
        new_password: new.into(),
        ..Default::default()
    };
    client.change_password(request).await.map(drop)
}

fn bad_credentials() -> (Code, String) {
    (Code::Unauthenticated, "BAD_CREDENTIALS".into())
}

fn too_fast() -> (Code, String) {
    (Code::ResourceExhausted, "RATE_LIMITED".into())
}

/// The limits of the defaults, and a proxy that says where calls come from.
async fn start_with_limits(database: Database) -> Server {
    Server::start_with(database, |config| {
        let defaults = causerie::Config::default().auth;
        config.auth.failed_logins_before_delay = defaults.failed_logins_before_delay;
        config.auth.failed_logins_per_address_per_minute = 40;
        config.auth.failed_logins_per_name_per_hour = 30;
        config.server.trusted_proxies = vec!["127.0.0.0/8".into()];
    })
    .await
}

/// Signs in from an address, perhaps on a device that is known.
async fn log_in(
    url: &str,
    (address, device_token): (&str, &str),
    login: &str,
    password: &str,
) -> Result<v1::LoginResponse, Error> {
    let mut request = Request::new(v1::LoginRequest {
        login: login.into(),
        password: password.into(),
        device_token: device_token.into(),
        ..Default::default()
    });
    request.metadata_mut().insert("x-forwarded-for", address.parse().expect("an address"));
    Ok(AuthServiceClient::new(client(url).channel()).login(request).await?.into_inner())
}

/// How many guesses were wrong. All others must have come too fast.
fn compared<T: std::fmt::Debug>(answers: Vec<Result<T, Error>>) -> usize {
    let mut refusals: Vec<_> = answers.into_iter().map(reason).collect();
    refusals.retain(|refusal| *refusal != too_fast());
    assert!(refusals.iter().all(|(_, reason)| reason == "BAD_CREDENTIALS"), "{refusals:?}");
    refusals.len()
}

on_both_databases! {
    async fn a_password_is_the_same_from_every_keyboard(database: Database) {
        let server = Server::start(database).await;
        for (n, typed) in SPELLINGS.iter().enumerate() {
            let name = format!("user{n}");
            let user = register(&server.url, &name, typed).await.expect("an account");
            for spelling in SPELLINGS {
                client(&server.url).login(&name, spelling, false).await.expect(spelling);
            }
            let wrong = client(&server.url).login(&name, &typed.to_uppercase(), false).await;
            assert_eq!(reason(wrong), bad_credentials());
            // The same password in another spelling is no new one.
            let same = change(&user, typed, SPELLINGS[(n + 1) % 3]).await.expect_err("the same");
            assert_eq!(same.violations[0].0, "new_password");
            let new = format!("{typed}\u{a0}and more");
            change(&user, SPELLINGS[(n + 1) % 3], &new).await.expect("changed");
            let spaced = format!("{} and more", SPELLINGS[(n + 2) % 3]);
            client(&server.url).login(&name, &spaced, false).await.expect("an ASCII space");
        }
        server.end().await;
    }

    async fn lengths_are_of_mapped_passwords_and_no_control_characters_in_them(database: Database) {
        let server = Server::start(database).await;
        // 108 letters that are composed, and 64 that cannot be composed with their marks.
        let long =
            format!("violet-anchor-7-drum{}{}", "e\u{301}".repeat(108), "q\u{301}".repeat(64));
        register(&server.url, "long", &long).await.expect("256 characters");
        client(&server.url).login("long", &long, false).await.expect("as long");
        for (name, bad) in [
            ("short", "e\u{301}".repeat(7)),
            ("longer", "e\u{301}".repeat(257)),
            ("tab", "violet-anchor\t7-drum".into()),
            ("nul", "violet-anchor\0-7-drum".into()),
            ("next", "violet-anchor\u{9b}-7-drum".into()),
            ("delete", "violet-anchor\u{7f}-7-drum".into()),
        ] {
            let refused = register(&server.url, name, &bad).await.expect_err(name);
            assert_eq!(refused.violations.len(), 1, "{name}");
            assert_eq!(refused.violations[0].0, "password", "{name}");
        }
        for (name, good) in [
            ("joiner", "violet\u{200d}anchor-7-drum"),
            ("emoji", "violet\u{2764}\u{fe0f}anchor-7-drum"),
            ("unassigned", "violet\u{378}anchor-7-drum"),
        ] {
            register(&server.url, name, good).await.expect(name);
            client(&server.url).login(name, good, false).await.expect(name);
        }
        server.end().await;
    }

    /// As made by servers that hashed what was typed.
    async fn hashes_of_before_the_mapping_are_good_and_then_mapped(database: Database) {
        let server = Server::start(database).await;
        for (n, typed) in SPELLINGS.iter().enumerate() {
            let name = format!("old{n}");
            register(&server.url, &name, PASSWORD).await.expect("an account");
            let hash = old_hash(typed);
            let mut raw = server.database().await;
            raw.execute(format!(
                "update users set password_hash = '{hash}', password_mapped = 0
                 where username = '{name}'"
            ))
            .await;
            let wrong = client(&server.url).login(&name, WRONG, false).await;
            assert_eq!(reason(wrong), bad_credentials());
            // Typed on another keyboard; only the sign has to be typed as it was.
            let tried = if n == 2 { SPELLINGS[2] } else { SPELLINGS[1 - n] };
            client(&server.url).login(&name, tried, false).await.expect("it is good");
            let unmapped = "select count(*) from users where password_mapped = 0";
            assert_eq!(raw.count(unmapped).await, 0);
            for spelling in SPELLINGS {
                client(&server.url).login(&name, spelling, false).await.expect(spelling);
            }
        }
        server.end().await;
    }

    async fn a_stranger_cannot_lock_anybody_out(database: Database) {
        let server = start_with_limits(database).await;
        let url = &server.url;
        let ada = Person::register(url, "ada").await;
        let at_home = ("203.0.113.1", "");
        let known = log_in(url, at_home, "ada", PASSWORD).await.expect("signed in").device_token;
        assert!(!known.is_empty());
        let mut refused = 0;
        for _ in 0..20 {
            let (code, text) = reason(log_in(url, ("198.51.100.9", ""), "ADA", WRONG).await);
            refused += u32::from((code, text) == too_fast());
        }
        assert!(refused >= 10, "the stranger's own guesses are slowed down");
        for _ in 0..3 {
            log_in(url, at_home, "ada", PASSWORD).await.expect("from elsewhere");
            log_in(url, ("198.51.100.9", &known), "ada", PASSWORD).await.expect("a known device");
        }
        let new = format!("{PASSWORD}-and-more");
        change(&ada.client, PASSWORD, &new).await.expect("the owner's own allowance");
        change(&ada.client, &new, PASSWORD).await.expect("and back");
        let outdated = known;
        let known = log_in(url, at_home, "ada", PASSWORD).await.expect("signed in").device_token;
        // From many addresses: then the name has its limit, and the answer names the wait.
        let mut met = None;
        for n in 0..40 {
            let address = format!("192.0.2.{n}");
            let error = log_in(url, (&address, ""), "ada", WRONG).await.expect_err("wrong");
            if error.reason == "RATE_LIMITED" {
                met = Some(n);
                break;
            }
        }
        assert!(met.is_some_and(|n| n > 20), "{met:?}");
        let error = log_in(url, at_home, "ada", PASSWORD).await.expect_err("an unknown device");
        assert_eq!((error.code, error.reason.clone()), too_fast());
        assert!(error.retry_after.is_some_and(|wait| wait.as_secs() <= 120), "{error:?}");
        // Who signed in with an older password has no advantage.
        let late = log_in(url, (at_home.0, &outdated), "ada", PASSWORD).await;
        assert_eq!(reason(late), too_fast());
        let known = (at_home.0, known.as_str());
        log_in(url, known, "ada", PASSWORD).await.expect("a known device");
        // It is known to this account alone.
        Person::register(url, "bob").await;
        let bobs = log_in(url, ("203.0.113.2", ""), "bob", PASSWORD).await.expect("signed in");
        let foreign = (at_home.0, bobs.device_token.as_str());
        assert_eq!(reason(log_in(url, foreign, "ada", PASSWORD).await), too_fast());
        server.end().await;
    }

    /// Databases have their own ideas of what is alike: MySQL passes over spaces at the
    /// end.
    async fn one_account_has_one_name(database: Database) {
        let server = start_with_limits(database).await;
        Person::register(&server.url, "ada").await;
        for login in ["ada ", " ada", "ada\u{a0}", "ada\0", "\u{ff41}da", "a\u{301}da"] {
            let refused = log_in(&server.url, ("203.0.113.1", ""), login, PASSWORD).await;
            assert_eq!(reason(refused), bad_credentials(), "{login:?}");
        }
        server.end().await;
    }

    async fn what_is_right_is_never_counted(database: Database) {
        let server = start_with_limits(database).await;
        Person::register(&server.url, "ada").await;
        for _ in 0..45 {
            log_in(&server.url, ("203.0.113.1", ""), "ada", PASSWORD).await.expect("signed in");
        }
        server.end().await;
    }

    async fn guesses_at_the_old_password_are_slowed_down_apart_from_log_ins(database: Database) {
        let server = start_with_limits(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let new = "another-violet-anchor-8";
        for _ in 0..5 {
            let wrong = change(&ada.client, WRONG, new).await;
            assert_eq!(reason(wrong), (Code::PermissionDenied, "BAD_CREDENTIALS".into()));
        }
        let error = change(&ada.client, PASSWORD, new).await.expect_err("too fast");
        assert_eq!((error.code, error.reason.clone()), too_fast());
        assert!(error.retry_after.is_some_and(|wait| !wait.is_zero()));
        client(&server.url).login("ada", PASSWORD, false).await.expect("log-ins go on");
        server.end().await;
    }

    async fn a_browser_keeps_its_device_tokens_in_a_cookie(database: Database) {
        let server = start_with_limits(database).await;
        let mut page = Page::open(&server.url);
        for name in ["ada", "bob"] {
            Person::register(&server.url, name).await;
            let answer = page_login(&mut page, name, PASSWORD).await;
            assert_eq!(answer.result.expect("signed in").device_token, "", "out of reach");
        }
        let kept = page.devices.clone().expect("a cookie");
        assert_eq!(kept.split('~').count(), 2);
        // Again on the same device: it is known, and nothing is added.
        page_login(&mut page, "ada", PASSWORD).await.result.expect("signed in");
        assert_eq!(page.devices.as_ref().expect("a cookie").split('~').count(), 2);
        for n in 0..40 {
            let address = format!("192.0.2.{n}");
            log_in(&server.url, (&address, ""), "ada", WRONG).await.expect_err("wrong");
        }
        page_login(&mut page, "ada", PASSWORD).await.result.expect("a known device");
        let mut other = Page::open(&server.url);
        let error = page_login(&mut other, "ada", PASSWORD).await.result.expect_err("unknown");
        assert_eq!((error.code, error.reason), too_fast());
        server.end().await;
    }

    /// Nothing is told by an address, and nothing opened.
    async fn an_address_that_is_not_confirmed_proves_nothing(database: Database) {
        let server = Server::start(database).await;
        let mut answers = Vec::new();
        for name in ["ada", "eve"] {
            let person = client(&server.url);
            let request = v1::RegisterRequest {
                username: name.into(),
                password: PASSWORD.into(),
                email: "Ada@example.org".into(),
                ..Default::default()
            };
            person.register(request).await.expect("an account");
            answers.push(person.get_me(v1::GetMeRequest {}).await.expect("me").email);
        }
        assert_eq!(answers, ["Ada@example.org", "Ada@example.org"]);
        for login in ["Ada@example.org", "ada@example.org"] {
            let refused = client(&server.url).login(login, PASSWORD, false).await;
            assert_eq!(reason(refused), bad_credentials());
        }
        server.end().await;
    }

    async fn log_ins_at_once_wait_for_each_other_and_right_ones_all_succeed(database: Database) {
        let server = start_with_limits(database).await;
        let url = &server.url;
        Person::register(url, "ada").await;
        let at_home = ("203.0.113.1", "");
        let known = log_in(url, at_home, "ada", PASSWORD).await.expect("signed in").device_token;
        for device_token in ["", &known] {
            let from = (at_home.0, device_token);
            for answer in join_all((0..12).map(|_| log_in(url, from, "ada", PASSWORD))).await {
                answer.expect("signed in");
            }
            // What is wrong gets as far as it would one by one.
            let wrong = join_all((0..12).map(|_| log_in(url, from, "ada", WRONG))).await;
            assert_eq!(compared(wrong), 5);
        }
        server.end().await;
    }

    async fn changes_of_a_password_at_once_are_no_guesses(database: Database) {
        let server = start_with_limits(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let changes = (0..6).map(|n| {
            let client = ada.client.clone();
            async move { change(&client, PASSWORD, &format!("violet-anchor-{n}-drum")).await }
        });
        let (mut changed, mut late) = (0, Vec::new());
        for answer in join_all(changes).await {
            match answer {
                Ok(()) => changed += 1,
                refused => late.push(reason(refused)),
            }
        }
        assert_eq!(changed, 1, "the others came when the old password was none any more");
        let no_password = (Code::PermissionDenied, "BAD_CREDENTIALS".to_owned());
        assert_eq!(late, vec![no_password; 5]);
        let eve = Person::register(&server.url, "eve").await;
        let new = "another-violet-anchor-8";
        let wrong = join_all((0..12).map(|_| change(&eve.client, WRONG, new))).await;
        assert_eq!(compared(wrong), 5);
        server.end().await;
    }
}

async fn page_login(page: &mut Page, login: &str, password: &str) -> Answer<v1::LoginResponse> {
    let request = v1::LoginRequest {
        login: login.into(),
        password: password.into(),
        refresh_cookie: true,
        ..Default::default()
    };
    page.call("Login", request, None).await
}

/// With the parameters of the tests' servers.
fn old_hash(typed: &str) -> String {
    use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, Version};
    let config = crate::support::server::test_config().auth;
    let params = Params::new(config.argon2_memory_kib, config.argon2_passes, 1, None);
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.expect("parameters"));
    argon2.hash_password(typed.as_bytes()).expect("a hash").to_string()
}

//! Failed attempts to sign in are in the log of the server: with their address,
//! without names and passwords, and not without end.

use causerie_client::{
    Client, SessionTokens,
    v1::{self, auth_service_client::AuthServiceClient},
};
use serde_json::Value;

use crate::support::{
    LoggedProcess, Person, on_both_databases,
    people::{PASSWORD, reason},
};

const WRONG: &str = "a-wrong-password-9";

async fn log_in(url: &str, login: &str, password: &str) -> (tonic::Code, String) {
    reason(Client::connect(url).expect("a URL").login(login, password, false).await)
}

fn field<'a>(line: &'a Value, name: &str) -> &'a str {
    line["fields"][name].as_str().unwrap_or_else(|| panic!("{name} in {line}"))
}

/// The only line whose message begins like this.
fn only<'a>(lines: &'a [Value], message: &str) -> &'a Value {
    let mut found = lines.iter().filter(|line| field(line, "message").starts_with(message));
    let line = found.next().unwrap_or_else(|| panic!("\"{message}\" among {lines:#?}"));
    assert!(found.next().is_none(), "\"{message}\" once among {lines:#?}");
    line
}

on_both_databases! {
    async fn failed_log_ins_are_logged_with_the_address_and_without_the_name(database: Database) {
        let options = [
            ("AUTH__FAILED_LOGINS_BEFORE_DELAY", "4"),
            ("AUTH__FAILED_LOGINS_PER_ADDRESS_PER_MINUTE", "12"),
            ("AUTH__REGISTRATIONS_PER_MINUTE", "2"),
            ("AUTH__REFRESH_GRACE_MS", "0"),
        ];
        let mut server = LoggedProcess::start(database, &options).await;
        let url = server.url.clone();
        let client = Client::connect(&url).expect("a URL");
        let registration = |username: &str| v1::RegisterRequest {
            username: username.into(),
            password: PASSWORD.into(),
            email: format!("{username}@example.org"),
            ..Default::default()
        };
        client.register(registration("eleonore")).await.expect("an account");
        let bob = Person::register(&url, "bob").await;
        let third = Client::connect(&url).expect("a URL").register(registration("third")).await;
        assert_eq!(reason(third).1, "RATE_LIMITED");

        // By name in any case: four attempts, then the account is shut for a while.
        for login in ["eleonore", "ELEONORE", "Eleonore", "eleonore"] {
            assert_eq!(log_in(&url, login, WRONG).await.1, "BAD_CREDENTIALS");
        }
        for _ in 0..2 {
            assert_eq!(log_in(&url, "eleonore", WRONG).await.1, "RATE_LIMITED");
        }
        // Someone who does not exist, and then too much for one address. How many
        // are left of its allowance depends on how long all this took.
        let mut answers = Vec::new();
        while answers.last().is_none_or(|(_, reason)| reason != "RATE_LIMITED") {
            answers.push(log_in(&url, &format!("nobody{}", answers.len()), WRONG).await);
            assert!(answers.len() < 100, "the address is never shut out: {answers:?}");
        }
        // The wrong old password, twice.
        for _ in 0..2 {
            let change = v1::ChangePasswordRequest {
                old_password: WRONG.into(),
                new_password: "another-violet-anchor-8".into(),
                ..Default::default()
            };
            assert_eq!(reason(bob.client.change_password(change).await).1, "BAD_CREDENTIALS");
        }
        // A copy of a refresh token that has been used ends the session.
        let old: SessionTokens = bob.client.tokens().borrow().clone().expect("tokens");
        bob.client.renew(&old.access_token).await.expect("renewed");
        bob.client.renew(&bob.client.access_token().await.expect("a token")).await.expect("again");
        let request = v1::RefreshSessionRequest { refresh_token: old.refresh_token };
        let copied = AuthServiceClient::new(client.channel()).refresh_session(request).await;
        assert_eq!(reason(copied.map_err(causerie_client::Error::from)).1, "SESSION_REVOKED");

        let lines = server.log_until("a spent refresh token came back").await;
        let lines: Vec<Value> = lines.into();
        let failed = only(&lines, "log-in failed");
        let shut = only(&lines, "log-in refused: too many attempts on this account");
        let address = only(&lines, "log-in refused: too many attempts from this address");
        let registration = only(&lines, "registration refused");
        let changed = only(&lines, "password change failed");
        let copied = only(&lines, "a spent refresh token came back");
        for line in [failed, shut, address, registration, changed, copied] {
            assert_eq!((line["level"].as_str(), field(line, "address")), (Some("WARN"), "127.0.0.1"));
            assert_eq!(field(line, "account").len(), 12, "{line}");
        }
        assert_eq!(field(failed, "account"), field(shut, "account"), "one account, one tag");
        assert_eq!(field(changed, "account"), field(copied, "account"));
        assert_ne!(field(changed, "account"), field(failed, "account"));
        let all = serde_json::to_string(&lines).expect("a text").to_lowercase();
        for secret in ["eleonore", "bob", "nobody", "third", "violet", WRONG] {
            assert!(!all.contains(secret), "{secret} is in the log: {all}");
        }
        server.end().await;
    }
}

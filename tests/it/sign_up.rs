//! Who may have an account: the policy for new ones, lost passwords, suspensions.

use std::time::Duration;

use causerie_client::{
    Client, Error,
    v1::{self, SignUpPolicy},
};
use tokio::process::Command;
use tonic::Code;

use crate::support::{
    LoggedProcess, Person, Process, Server, on_both_databases,
    people::{PASSWORD, reason},
    server::until_ready,
    within,
};

const NEW_PASSWORD: &str = "another-violet-anchor-8";

fn client(url: &str) -> Client {
    Client::connect(url).expect("a URL")
}

async fn register(url: &str, username: &str, invite_code: &str) -> Result<Person, Error> {
    let client = client(url);
    let request = v1::RegisterRequest {
        username: username.into(),
        password: PASSWORD.into(),
        invite_code: invite_code.into(),
        ..Default::default()
    };
    let user = client.register(request).await?;
    Ok(Person { client, user })
}

async fn policy(url: &str) -> SignUpPolicy {
    client(url).server_info().await.expect("an answer").sign_up_policy()
}

async fn set_policy(admin: &Person, policy: SignUpPolicy) -> SignUpPolicy {
    let request = v1::UpdateServerSettingsRequest { sign_up_policy: policy.into() };
    let answer = admin.client.update_server_settings(request).await.expect("set");
    answer.settings.expect("settings").sign_up_policy()
}

async fn private_room(by: &Person) -> String {
    let request = v1::CreateRoomRequest {
        name: "Private".into(),
        kind: v1::RoomKind::Private.into(),
        ..Default::default()
    };
    by.client.create_room(request).await.expect("a room").room.expect("a room").id
}

async fn invite(by: &Person, room: &str, max_uses: i32) -> String {
    let request = v1::CreateInviteRequest { room_id: room.into(), max_uses, ..Default::default() };
    by.client.create_invite(request).await.expect("an invite").invite.expect("an invite").code
}

async fn recovery_link(admin: &Person, user: &str) -> Result<String, Error> {
    let request = v1::CreateRecoveryLinkRequest { user_id: user.into() };
    let link = admin.client.create_recovery_link(request).await?;
    assert_eq!(link.path, format!("/recover#{}", link.token));
    Ok(link.token)
}

async fn suspend(admin: &Person, user: &str) -> Result<v1::Account, Error> {
    let request = v1::SuspendUserRequest { user_id: user.into() };
    Ok(admin.client.suspend_user(request).await?.account.expect("an account"))
}

async fn restore(admin: &Person, user: &str) -> Result<v1::Account, Error> {
    let request = v1::RestoreUserRequest { user_id: user.into() };
    Ok(admin.client.restore_user(request).await?.account.expect("an account"))
}

fn denied(reason: &str) -> (Code, String) {
    (Code::PermissionDenied, reason.into())
}

fn no_link() -> (Code, String) {
    (Code::NotFound, "RECOVERY_LINK_NOT_FOUND".into())
}

on_both_databases! {
    async fn a_closed_server_takes_its_first_account_and_no_other(database: Database) {
        let mut server = Server::start_with(database, |config| {
            config.auth.sign_up = causerie::model::sign_up::SignUpPolicy::Closed;
        })
        .await;
        assert_eq!(policy(&server.url).await, SignUpPolicy::Open);
        let ada = register(&server.url, "ada", "").await.expect("the first one");
        assert_eq!(policy(&server.url).await, SignUpPolicy::Closed);
        let room = ada.create_room("Room").await;
        let code = invite(&ada, &room, 0).await;
        for code in ["", code.as_str()] {
            let refused = register(&server.url, "bob", code).await.map(|_| ());
            assert_eq!(reason(refused), denied("SIGN_UP_CLOSED"));
        }
        // An admin's choice goes before the configuration, also after a restart.
        assert_eq!(set_policy(&ada, SignUpPolicy::Open).await, SignUpPolicy::Open);
        let bob = register(&server.url, "bob", "").await.expect("it is open");
        server.restart().await;
        assert_eq!(policy(&server.url).await, SignUpPolicy::Open);
        assert_eq!(set_policy(&ada, SignUpPolicy::Unspecified).await, SignUpPolicy::Open);
        for request in [SignUpPolicy::Closed, SignUpPolicy::Unspecified] {
            let request = v1::UpdateServerSettingsRequest { sign_up_policy: request.into() };
            let refused = bob.client.update_server_settings(request).await;
            assert_eq!(reason(refused), denied("NOT_SERVER_ADMIN"));
        }
        let asked = bob.client.get_server_settings(v1::GetServerSettingsRequest {}).await;
        assert_eq!(reason(asked), denied("NOT_SERVER_ADMIN"));
        let unknown = v1::UpdateServerSettingsRequest { sign_up_policy: 9 };
        let refused = ada.client.update_server_settings(unknown).await.expect_err("unknown");
        assert_eq!(refused.violations[0].0, "sign_up_policy");
        server.end().await;
    }

    async fn with_invites_only_a_code_lets_in_as_often_as_it_says(database: Database) {
        let server = Server::start(database).await;
        let ada = register(&server.url, "ada", "").await.expect("the first one");
        set_policy(&ada, SignUpPolicy::Invite).await;
        assert_eq!(policy(&server.url).await, SignUpPolicy::Invite);
        let room = private_room(&ada).await;
        let code = invite(&ada, &room, 2).await;
        let outcome = |result: Result<Person, Error>| reason(result.map(|_| ()));
        assert_eq!(outcome(register(&server.url, "bob", "").await), denied("INVITE_REQUIRED"));
        let unknown = register(&server.url, "bob", "no-such-code").await;
        assert_eq!(outcome(unknown), (Code::NotFound, "INVITE_NOT_FOUND".into()));
        let bad = register(&server.url, "bob", "not a code!").await.map(|_| ());
        assert_eq!(bad.expect_err("no code").violations[0].0, "invite_code");
        // Many at once: two get in, and are members then.
        let tries = (0..6).map(|n| {
            let (url, code) = (server.url.clone(), code.clone());
            async move { register(&url, &format!("user{n}"), &code).await }
        });
        let mut members = Vec::new();
        for result in futures::future::join_all(tries).await {
            match result {
                Ok(person) => members.push(person),
                Err(error) => assert_eq!(error.reason, "INVITE_EXPIRED"),
            }
        }
        assert_eq!(members.len(), 2);
        for member in &members {
            member.send(&room, "let in").await;
        }
        let refused = v1::RevokeInviteRequest { code: invite(&ada, &room, 0).await };
        let revoked = refused.code.clone();
        ada.client.revoke_invite(refused).await.expect("revoked");
        let refused = register(&server.url, "late", &revoked).await.map(|_| ()).expect_err("no");
        assert!(refused.reason.starts_with("INVITE_"), "{refused:?}");
        server.end().await;
    }

    async fn an_invite_code_lets_into_its_room_on_an_open_server_too(database: Database) {
        let server = Server::start(database).await;
        let ada = register(&server.url, "ada", "").await.expect("an account");
        let room = private_room(&ada).await;
        let code = invite(&ada, &room, 0).await;
        let bob = register(&server.url, "bob", &code).await.expect("an account");
        bob.send(&room, "here").await;
        server.end().await;
    }

    async fn a_recovery_link_sets_a_password_once(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let mut stream = bob.stream().await;
        let refused = recovery_link(&bob, &bob.user.id).await;
        assert_eq!(reason(refused), denied("NOT_SERVER_ADMIN"));
        let nobody = recovery_link(&ada, &uuid::Uuid::new_v4().to_string()).await;
        assert_eq!(reason(nobody), (Code::NotFound, "USER_NOT_FOUND".into()));
        let replaced = recovery_link(&ada, &bob.user.id).await.expect("a link");
        let token = recovery_link(&ada, &bob.user.id).await.expect("a link");
        let phone = client(&server.url);
        for bad in [replaced.as_str(), "no-such-token", &token[1..], &token.to_uppercase()] {
            assert_eq!(reason(phone.recover_account(bad, NEW_PASSWORD, true).await), no_link());
        }
        // What is refused does not use it up.
        let weak = phone.recover_account(&token, "password1", true).await.expect_err("weak");
        assert_eq!(weak.violations[0].0, "new_password");
        let user = phone.recover_account(&token, NEW_PASSWORD, true).await.expect("recovered");
        assert_eq!(user.id, bob.user.id);
        phone.get_me(v1::GetMeRequest {}).await.expect("signed in");
        stream.ending().await;
        let ended = bob.client.get_me(v1::GetMeRequest {}).await;
        assert_eq!(reason(ended), (Code::Unauthenticated, "SESSION_REVOKED".into()));
        assert_eq!(reason(phone.recover_account(&token, NEW_PASSWORD, true).await), no_link());
        let old = client(&server.url).login("bob", PASSWORD, false).await;
        assert_eq!(reason(old).1, "BAD_CREDENTIALS");
        client(&server.url).login("bob", NEW_PASSWORD, false).await.expect("the new one");
        // Nothing that opens an account is in the database.
        let late = recovery_link(&ada, &bob.user.id).await.expect("a link");
        server.config.clock.set_ahead(24 * 60 * 60 + 1);
        let expired = client(&server.url).recover_account(&late, PASSWORD, true).await;
        assert_eq!(reason(expired), no_link());
        server.end().await;
    }

    async fn a_suspended_account_is_out_within_a_second(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let room = ada.create_room("Room").await;
        bob.join(&room).await;
        bob.send(&room, "it stays").await;
        let mut stream = bob.stream().await;
        let link = recovery_link(&ada, &bob.user.id).await.expect("a link");
        assert_eq!(reason(suspend(&bob, &ada.user.id).await), denied("NOT_SERVER_ADMIN"));
        assert_eq!(reason(restore(&bob, &ada.user.id).await), denied("NOT_SERVER_ADMIN"));
        for _ in 0..2 {
            let account = suspend(&ada, &bob.user.id).await.expect("suspended");
            assert!(account.suspended_at.is_some());
        }
        tokio::time::timeout(Duration::from_secs(1), stream.ending()).await.expect("in a second");
        let refused = bob.try_send(&room, "out", "id").await.expect_err("out");
        assert_eq!((refused.code, refused.reason.as_str()), (Code::Unauthenticated, "SESSION_REVOKED"));
        // Only who knows the password is told.
        let login = async |password| client(&server.url).login("bob", password, false).await;
        assert_eq!(reason(login(PASSWORD).await), denied("ACCOUNT_SUSPENDED"));
        assert_eq!(reason(login(NEW_PASSWORD).await).1, "BAD_CREDENTIALS");
        let recovered = client(&server.url).recover_account(&link, NEW_PASSWORD, true).await;
        assert_eq!(reason(recovered), no_link());
        assert_eq!(reason(recovery_link(&ada, &bob.user.id).await), denied("ACCOUNT_SUSPENDED"));
        let listed = ada.client.list_users(v1::ListUsersRequest::default()).await.expect("a page");
        let suspended = |account: &v1::Account| account.suspended_at.is_some();
        assert_eq!(listed.accounts.iter().filter(|it| suspended(it)).count(), 1);
        for _ in 0..2 {
            let account = restore(&ada, &bob.user.id).await.expect("restored");
            assert!(account.suspended_at.is_none());
        }
        login(PASSWORD).await.expect("signed in");
        assert_eq!(ada.history(&room).await.iter().filter(|m| m.sender_id == bob.user.id).count(), 2);
        server.end().await;
    }

    async fn a_server_keeps_an_admin_who_is_not_suspended(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let last = (Code::FailedPrecondition, "LAST_ADMIN".to_owned());
        assert_eq!(reason(suspend(&ada, &ada.user.id).await), last);
        let admin = v1::SetUserRoleRequest {
            user_id: bob.user.id.clone(),
            role: v1::AccountRole::Admin.into(),
        };
        ada.client.set_user_role(admin).await.expect("an admin");
        suspend(&ada, &bob.user.id).await.expect("suspended");
        assert_eq!(reason(suspend(&ada, &ada.user.id).await), last);
        let down = v1::SetUserRoleRequest {
            user_id: ada.user.id.clone(),
            role: v1::AccountRole::User.into(),
        };
        assert_eq!(reason(ada.client.set_user_role(down).await), last);
        server.end().await;
    }

    async fn the_server_itself_makes_a_link_while_it_runs(database: Database) {
        let server = Process::start(database).await;
        until_ready(&server.url).await;
        let ada = Person::register(&server.url, "ada").await;
        let run = async |name: &str| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_causerie"));
            command.args(["admin", "reset", name, "--url", "https://chat.example.org/"]);
            for (option, value) in server.environment() {
                command.env(option, value);
            }
            within("the command", command.output()).await.expect("it runs")
        };
        let unknown = run("nobody").await;
        assert!(!unknown.status.success());
        assert!(String::from_utf8_lossy(&unknown.stderr).contains("User not found"));
        let output = run("ADA").await;
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (_, token) = text.trim().split_once("https://chat.example.org/recover#").expect("a link");
        let phone = client(&server.url);
        phone.recover_account(token, NEW_PASSWORD, true).await.expect("recovered");
        let ended = ada.client.get_me(v1::GetMeRequest {}).await;
        assert_eq!(reason(ended).1, "SESSION_REVOKED");
        server.end().await;
    }

    async fn what_admins_do_is_in_the_log(database: Database) {
        let options = [("LOG__FILTER", "info")];
        let mut server = LoggedProcess::start(database, &options).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let role = v1::SetUserRoleRequest {
            user_id: bob.user.id.clone(),
            role: v1::AccountRole::Moderator.into(),
        };
        ada.client.set_user_role(role).await.expect("set");
        recovery_link(&ada, &bob.user.id).await.expect("a link");
        suspend(&ada, &bob.user.id).await.expect("suspended");
        restore(&ada, &bob.user.id).await.expect("restored");
        set_policy(&ada, SignUpPolicy::Closed).await;
        for action in
            ["role set", "recovery link created", "account suspended", "account restored"]
        {
            let lines = server.log_until(&format!("audit: {action}")).await;
            let fields = &lines.back().expect("a line")["fields"];
            assert_eq!(fields["by"].as_str(), Some(ada.user.id.as_str()));
            assert_eq!(fields["account"].as_str(), Some(bob.user.id.as_str()));
        }
        server.log_until("audit: sign-up policy set").await;
        server.end().await;
    }

    async fn the_invites_of_a_suspended_account_let_nobody_in(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let eve = Person::register(&server.url, "eve").await;
        let room = private_room(&bob).await;
        let code = invite(&bob, &room, 0).await;
        suspend(&ada, &bob.user.id).await.expect("suspended");
        let redeem = || v1::RedeemInviteRequest { code: code.clone() };
        let gone = (Code::NotFound, "INVITE_NOT_FOUND".to_owned());
        assert_eq!(reason(eve.client.redeem_invite(redeem()).await), gone);
        let preview = v1::GetInviteRequest { code: code.clone() };
        assert_eq!(reason(eve.client.get_invite(preview).await), gone);
        set_policy(&ada, SignUpPolicy::Invite).await;
        assert_eq!(reason(register(&server.url, "kim", &code).await.map(|_| ())), gone);
        restore(&ada, &bob.user.id).await.expect("restored");
        eve.client.redeem_invite(redeem()).await.expect("it is good again");
        register(&server.url, "kim", &code).await.expect("an account");
        server.end().await;
    }
}

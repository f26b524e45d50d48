//! Roles of accounts, and what the server's admins may do.

use causerie_client::{
    Error,
    v1::{self, AccountRole},
};
use tonic::Code;

use crate::support::{Person, Server, on_both_databases};

impl Person {
    async fn role(&self) -> AccountRole {
        self.client.get_me(v1::GetMeRequest {}).await.expect("me").role()
    }

    async fn list(&self, request: v1::ListUsersRequest) -> Result<Vec<v1::Account>, Error> {
        Ok(self.client.list_users(request).await?.accounts)
    }

    async fn set_role(&self, of: &Person, role: AccountRole) -> Result<v1::Account, Error> {
        let request = v1::SetUserRoleRequest { user_id: of.user.id.clone(), role: role.into() };
        Ok(self.client.set_user_role(request).await?.account.expect("an account"))
    }

    async fn admins(&self) -> Vec<String> {
        let role = AccountRole::Admin.into();
        let found = self.list(v1::ListUsersRequest { role, ..Default::default() }).await;
        names(&found.expect("the admins"))
    }
}

fn names(accounts: &[v1::Account]) -> Vec<String> {
    accounts.iter().map(|it| it.user.clone().expect("a user").username).collect()
}

fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> (Code, String) {
    let error = result.expect_err("refused");
    (error.code, error.reason)
}

fn denied() -> (Code, String) {
    (Code::PermissionDenied, "NOT_SERVER_ADMIN".into())
}

fn last_admin() -> (Code, String) {
    (Code::FailedPrecondition, "LAST_ADMIN".into())
}

/// The first of them runs the server.
async fn people<const N: usize>(server: &Server, names: [&str; N]) -> [Person; N] {
    let mut people = Vec::new();
    for name in names {
        people.push(Person::register(&server.url, name).await);
    }
    people.try_into().unwrap_or_else(|_| unreachable!("one for each name"))
}

on_both_databases! {
    async fn the_first_account_runs_the_server_and_nobody_else_does(database: Database) {
        let server = Server::start(database).await;
        let [ada, bob, eve] = people(&server, ["ada", "bob", "eve"]).await;
        assert_eq!(ada.role().await, AccountRole::Admin);
        assert_eq!(bob.role().await, AccountRole::User);
        ada.set_role(&bob, AccountRole::Moderator).await.expect("set");
        assert_eq!(bob.role().await, AccountRole::Moderator);
        for other in [&bob, &eve] {
            assert_eq!(refusal(other.list(v1::ListUsersRequest::default()).await), denied());
            assert_eq!(refusal(other.set_role(other, AccountRole::Admin).await), denied());
            assert_eq!(refusal(other.set_role(&ada, AccountRole::User).await), denied());
            // Who may do nothing is not told who exists.
            let user_id = uuid::Uuid::now_v7().to_string();
            let request = v1::SetUserRoleRequest { user_id, role: AccountRole::User.into() };
            assert_eq!(refusal(other.client.set_user_role(request).await), denied());
        }
        assert_eq!(ada.admins().await, ["ada"]);
        server.end().await;
    }

    async fn accounts_are_searched_filtered_and_paged(database: Database) {
        let server = Server::start(database).await;
        let [ada, bob, eve, zoe] = people(&server, ["Ada", "bob", "Eve", "zoe"]).await;
        let display_name = Some("Zoë Boole".into());
        let request = v1::UpdateProfileRequest { display_name, ..Default::default() };
        zoe.client.update_profile(request).await.expect("renamed");
        ada.set_role(&eve, AccountRole::Moderator).await.expect("set");

        let list = async |query: &str, role: AccountRole| {
            let request =
                v1::ListUsersRequest { query: query.into(), role: role.into(), ..Default::default() };
            names(&ada.list(request).await.expect("a list"))
        };
        let any = AccountRole::Unspecified;
        assert_eq!(list("", any).await, ["Ada", "bob", "Eve", "zoe"]);
        assert_eq!(list("BO", any).await, ["bob", "zoe"]);
        assert_eq!(list("%", any).await, [""; 0]);
        assert_eq!(list("", AccountRole::User).await, ["bob", "zoe"]);
        assert_eq!(list("", AccountRole::Moderator).await, ["Eve"]);
        assert_eq!(list("", AccountRole::Admin).await, ["Ada"]);
        assert_eq!(list("boo", AccountRole::User).await, ["zoe"]);
        assert_eq!(list("boo", AccountRole::Admin).await, [""; 0]);

        for (role, whole) in [(any, vec!["Ada", "bob", "Eve", "zoe"]), (AccountRole::User, vec!["bob", "zoe"])] {
            let (mut seen, mut page_token) = (vec![], String::new());
            loop {
                let request =
                    v1::ListUsersRequest { role: role.into(), page_size: 1, page_token, ..Default::default() };
                let page = ada.client.list_users(request).await.expect("a page");
                assert_eq!(page.accounts.len(), 1);
                seen.extend(names(&page.accounts));
                page_token = page.next_page_token;
                if page_token.is_empty() {
                    break;
                }
            }
            assert_eq!(seen, whole);
        }

        let found = ada.list(v1::ListUsersRequest { query: "zoe".into(), ..Default::default() }).await;
        let [account] = <[_; 1]>::try_from(found.expect("a list")).expect("one");
        let user = account.user.clone().expect("a user");
        assert_eq!((user.id.as_str(), user.display_name.as_str()), (zoe.user.id.as_str(), "Zoë Boole"));
        assert_eq!(account.role(), AccountRole::User);
        assert!(user.created_at.is_some());
        // She has signed in, and that is the last that is known of her.
        let used = account.last_used_at.expect("a time");
        let sessions = zoe.client.list_sessions(v1::ListSessionsRequest::default()).await.expect("sessions");
        assert_eq!(Some(used), sessions.sessions[0].last_used_at);
        assert!(bob.client.logout().await.is_ok());
        let bobs = ada.list(v1::ListUsersRequest { query: "bob".into(), ..Default::default() }).await;
        assert!(bobs.expect("a list")[0].last_used_at.is_some(), "known after its end");
        server.end().await;
    }

    async fn a_role_works_and_stops_working_with_the_next_call(database: Database) {
        let server = Server::start(database).await;
        let [ada, bob, eve] = people(&server, ["ada", "bob", "eve"]).await;
        let account = ada.set_role(&bob, AccountRole::Admin).await.expect("promoted");
        assert_eq!((account.user, account.role), (Some(bob.user.clone()), AccountRole::Admin.into()));
        // With the token that he has had all along.
        assert_eq!(bob.admins().await, ["ada", "bob"]);
        bob.set_role(&eve, AccountRole::Moderator).await.expect("set");
        // Again changes nothing.
        for _ in 0..2 {
            let account = bob.set_role(&ada, AccountRole::User).await.expect("demoted");
            assert_eq!(account.role(), AccountRole::User);
        }
        assert_eq!(refusal(ada.list(v1::ListUsersRequest::default()).await), denied());
        assert_eq!(refusal(ada.set_role(&ada, AccountRole::Admin).await), denied());
        assert_eq!(bob.admins().await, ["bob"]);
        let user_id = uuid::Uuid::now_v7().to_string();
        let request = v1::SetUserRoleRequest { user_id, role: AccountRole::User.into() };
        let unknown = refusal(bob.client.set_user_role(request).await);
        assert_eq!(unknown, (Code::NotFound, "USER_NOT_FOUND".into()));
        server.end().await;
    }

    async fn a_server_keeps_an_admin(database: Database) {
        let server = Server::start(database).await;
        let [ada, bob] = people(&server, ["ada", "bob"]).await;
        for role in [AccountRole::User, AccountRole::Moderator] {
            assert_eq!(refusal(ada.set_role(&ada, role).await), last_admin());
        }
        ada.set_role(&ada, AccountRole::Admin).await.expect("as it is");
        // With another one she can step down.
        ada.set_role(&bob, AccountRole::Admin).await.expect("promoted");
        ada.set_role(&ada, AccountRole::Moderator).await.expect("stepped down");
        assert_eq!(refusal(bob.set_role(&bob, AccountRole::User).await), last_admin());
        assert_eq!(bob.admins().await, ["bob"]);
        server.end().await;
    }

    async fn of_admins_who_demote_each_other_at_once_one_stays(database: Database) {
        let server = Server::start(database).await;
        let [mut ada, mut bob] = people(&server, ["ada", "bob"]).await;
        for round in 0..20 {
            ada.set_role(&bob, AccountRole::Admin).await.expect("promoted");
            // Each the other, and then both themselves.
            let (first, second) = if round % 2 == 0 {
                tokio::join!(ada.set_role(&bob, AccountRole::User), bob.set_role(&ada, AccountRole::User))
            } else {
                tokio::join!(ada.set_role(&ada, AccountRole::User), bob.set_role(&bob, AccountRole::User))
            };
            let (won, lost) = if first.is_ok() { (first, second) } else { (second, first) };
            won.expect("one of the two");
            assert_eq!(refusal(lost), if round % 2 == 0 { denied() } else { last_admin() });
            if ada.role().await != AccountRole::Admin {
                (ada, bob) = (bob, ada);
            }
            assert_eq!(ada.admins().await, [ada.user.username.clone()], "round {round}");
        }
        server.end().await;
    }

    async fn what_is_wrong_with_a_request_is_named_field_by_field(database: Database) {
        let server = Server::start(database).await;
        let [ada] = people(&server, ["ada"]).await;
        let fields = |error: Error| {
            assert_eq!(error.code, Code::InvalidArgument);
            let mut fields: Vec<_> = error.violations.into_iter().map(|(field, _)| field).collect();
            fields.sort();
            fields
        };
        for role in [4, -1] {
            let request = v1::ListUsersRequest {
                query: "x".repeat(65),
                role,
                page_size: -1,
                page_token: "zz".into(),
            };
            let error = ada.client.list_users(request).await.expect_err("invalid");
            assert_eq!(fields(error), ["page_size", "page_token", "query", "role"]);
        }
        for role in [0, 4, -1] {
            let request = v1::SetUserRoleRequest { user_id: "x".into(), role };
            let error = ada.client.set_user_role(request).await.expect_err("invalid");
            assert_eq!(fields(error), ["role", "user_id"]);
        }
        assert_eq!(ada.role().await, AccountRole::Admin);
        server.end().await;
    }
}

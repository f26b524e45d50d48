//! Accounts as the server's admins see them.

use super::{accounts, fields::Fields, timestamp, users, v1};
use crate::{
    error::Result,
    model::{
        UserId,
        admin::{Account, AccountSearch},
        sign_up::SignUpPolicy,
        users::{AccountRole, UserSearch},
    },
};

#[must_use]
pub fn account(account: Account) -> v1::Account {
    let Account { user, role, last_used_at, suspended_at } = account;
    v1::Account {
        user: Some(users::user(user)),
        role: users::account_role(role).into(),
        last_used_at: last_used_at.map(timestamp),
        suspended_at: suspended_at.map(timestamp),
    }
}

pub fn list_users(request: &v1::ListUsersRequest) -> Result<AccountSearch> {
    let v1::ListUsersRequest { query, role, page_size, page_token: _ } = request;
    let mut fields = Fields::new();
    let search = AccountSearch {
        users: UserSearch {
            prefix: fields.query(query),
            after: fields.page_after_text(request),
            limit: fields.page_size(*page_size),
        },
        role: if *role == 0 { None } else { read_role(&mut fields, *role) },
    };
    fields.finish(search)
}

/// Whose role to set, and to what.
pub fn set_user_role(request: &v1::SetUserRoleRequest) -> Result<(UserId, AccountRole)> {
    let v1::SetUserRoleRequest { user_id, role } = request;
    let mut fields = Fields::new();
    let user = fields.user("user_id", user_id);
    let role = read_role(&mut fields, *role).unwrap_or(AccountRole::User);
    fields.finish((user, role))
}

/// The account that a request names.
pub fn user_id(user_id: &str) -> Result<UserId> {
    let mut fields = Fields::new();
    let user = fields.user("user_id", user_id);
    fields.finish(user)
}

/// What to change; `None` stays.
pub fn update_settings(request: &v1::UpdateServerSettingsRequest) -> Result<Option<SignUpPolicy>> {
    let mut fields = Fields::new();
    let policy = match v1::SignUpPolicy::try_from(request.sign_up_policy) {
        Ok(v1::SignUpPolicy::Unspecified) => None,
        Ok(v1::SignUpPolicy::Open) => Some(SignUpPolicy::Open),
        Ok(v1::SignUpPolicy::Invite) => Some(SignUpPolicy::Invite),
        Ok(v1::SignUpPolicy::Closed) => Some(SignUpPolicy::Closed),
        Err(_) => {
            fields.violate("sign_up_policy", "must be a policy");
            None
        }
    };
    fields.finish(policy)
}

#[must_use]
pub fn settings(policy: SignUpPolicy) -> v1::ServerSettings {
    v1::ServerSettings { sign_up_policy: accounts::sign_up_policy(policy).into() }
}

fn read_role(fields: &mut Fields, role: i32) -> Option<AccountRole> {
    match v1::AccountRole::try_from(role) {
        Ok(v1::AccountRole::User) => Some(AccountRole::User),
        Ok(v1::AccountRole::Moderator) => Some(AccountRole::Moderator),
        Ok(v1::AccountRole::Admin) => Some(AccountRole::Admin),
        Ok(v1::AccountRole::Unspecified) | Err(_) => {
            fields.violate("role", "must be a role");
            None
        }
    }
}

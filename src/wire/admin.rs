//! Accounts as the server's admins see them.

use super::{fields::Fields, timestamp, users, v1};
use crate::{
    error::Result,
    model::{
        UserId,
        admin::{Account, AccountSearch},
        users::{AccountRole, UserSearch},
    },
};

#[must_use]
pub fn account(account: Account) -> v1::Account {
    let Account { user, role, last_used_at } = account;
    v1::Account {
        user: Some(users::user(user)),
        role: users::account_role(role).into(),
        last_used_at: last_used_at.map(timestamp),
    }
}

pub fn list_users(request: &v1::ListUsersRequest) -> Result<AccountSearch> {
    let v1::ListUsersRequest { query, role, page_size, page_token } = request;
    let mut fields = Fields::new();
    let search = AccountSearch {
        users: UserSearch {
            prefix: fields.query(query),
            after: fields.page_after_text(page_token),
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

//! What the server's admins see of accounts, and do with them.

use super::{
    Timestamp, User,
    users::{AccountRole, UserSearch},
};
use crate::error::{Error, Result};

/// An account as an admin sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub user: User,
    pub role: AccountRole,
    /// `None`: nothing is known.
    pub last_used_at: Option<Timestamp>,
    pub suspended_at: Option<Timestamp>,
}

/// A search for accounts; of one role, or of any.
pub struct AccountSearch {
    /// Its prefix may be empty.
    pub users: UserSearch,
    pub role: Option<AccountRole>,
}

/// What must be known, in one moment, before an account is given a role.
pub struct RoleChange {
    /// What the one who asks is; `None` if there is no such account any more.
    pub caller: Option<AccountRole>,
    /// What the account is so far; `None` if there is none.
    pub from: Option<AccountRole>,
    pub to: AccountRole,
    /// Whether somebody else than the account is an admin, and not suspended.
    pub others: bool,
}

/// What must be known, in one moment, before an account is suspended.
pub struct Suspension {
    /// What the one who asks is; `None` if there is no such account any more.
    pub caller: Option<AccountRole>,
    /// What the account is; `None` if there is none.
    pub of: Option<AccountRole>,
    /// Whether somebody else than the account is an admin, and not suspended.
    pub others: bool,
}

impl Suspension {
    /// As if the account were to be a mere user's.
    pub fn check(&self) -> Result<()> {
        let Self { caller, of, others } = *self;
        RoleChange { caller, from: of, to: AccountRole::User, others }.check()
    }
}

impl RoleChange {
    /// Admins may do everything, but a server keeps one.
    pub fn check(&self) -> Result<()> {
        check_admin(self.caller)?;
        let from = self.from.ok_or(Error::UserNotFound)?;
        let steps_down = from == AccountRole::Admin && self.to != AccountRole::Admin;
        if steps_down && !self.others { Err(Error::LastAdmin) } else { Ok(()) }
    }
}

pub fn check_admin(role: Option<AccountRole>) -> Result<()> {
    if role == Some(AccountRole::Admin) { Ok(()) } else { Err(Error::NotServerAdmin) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_admins_change_roles_and_one_always_stays() {
        use AccountRole::{Admin, Moderator, User};
        let asked = |caller, from, to, others| RoleChange { caller, from, to, others }.check();
        for caller in [None, Some(User), Some(Moderator)] {
            assert!(matches!(asked(caller, Some(User), Admin, true), Err(Error::NotServerAdmin)));
            // Who may do nothing is not told who exists.
            assert!(matches!(asked(caller, None, Admin, true), Err(Error::NotServerAdmin)));
        }
        assert!(matches!(asked(Some(Admin), None, User, true), Err(Error::UserNotFound)));
        for to in [User, Moderator] {
            assert!(matches!(asked(Some(Admin), Some(Admin), to, false), Err(Error::LastAdmin)));
            assert!(asked(Some(Admin), Some(Admin), to, true).is_ok());
        }
        for from in [User, Moderator, Admin] {
            assert!(asked(Some(Admin), Some(from), Admin, false).is_ok(), "{from:?}");
        }
    }
}

//! Who may make an account.

use serde::Deserialize;

use crate::error::{Error, Result};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignUpPolicy {
    Open,
    /// Who has the code of a room's invite.
    Invite,
    Closed,
}

impl SignUpPolicy {
    /// Whether someone may make an account, with or without the code of an invite.
    pub fn check(self, has_code: bool) -> Result<()> {
        match self {
            Self::Open => Ok(()),
            Self::Invite if has_code => Ok(()),
            Self::Invite => Err(Error::InviteRequired),
            Self::Closed => Err(Error::SignUpClosed),
        }
    }
}

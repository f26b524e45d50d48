//! Ids and positions, each a type of its own so that they cannot be confused.

use std::fmt;

use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A fresh id. Ids of one process grow with time, which keeps
            /// index inserts local.
            #[must_use]
            #[expect(clippy::new_without_default, reason = "a default id would hide a bug")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }

            /// The id in its one written form; `None` for anything else.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                // 36 characters: of the forms that `Uuid` reads, only the hyphenated.
                (text.len() == 36).then(|| Uuid::try_parse(text).ok()).flatten().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }
    };
}

id!(
    /// Names a user.
    UserId
);
id!(
    /// Names a room.
    RoomId
);
impl RoomId {
    /// The id of the direct room of two users, given in their order.
    #[must_use]
    pub fn direct(a: UserId, b: UserId) -> Self {
        /// Names the kind of names; made once, by chance.
        const DIRECT_ROOMS: Uuid = Uuid::from_u128(0x6f1c_2f4e_0d6b_4c55_9f0e_7a3a_51c8_22d7);
        Self(Uuid::new_v5(&DIRECT_ROOMS, &[a.0.into_bytes(), b.0.into_bytes()].concat()))
    }
}

id!(
    /// Names a signed-in device or program.
    SessionId
);
id!(
    /// Names a device on which an account has signed in, over all its sessions.
    DeviceId
);
id!(
    /// Names a file, and the upload that it comes from.
    FileId
);
id!(
    /// Names a connected stream.
    ConnectionId
);

/// Names a room's log: positions mean something only in the log that they are
/// of. Another one means that the log was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LogId(pub i64);

impl LogId {
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a default id would hide a bug")]
    pub fn new() -> Self {
        Self(rand::random())
    }

    /// The id in its one written form; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let id = Self(u64::from_str_radix(text, 16).ok()?.cast_signed());
        (id.to_string() == text).then_some(id)
    }
}

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A position in a room's log, counted from 1 without holes; 0 is before all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Seq(pub i64);

impl Seq {
    pub const ZERO: Self = Self(0);

    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    #[must_use]
    pub fn before(self) -> Self {
        Self(self.0 - 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

//! What someone asks of a room's log, and how it went.

use super::{
    Draft, History, LogId, Member, MemberRole, Message, MessageAction, Room, RoomId, Seq, User,
    UserId,
    files::NewImage,
    idempotency::{KeptAnswer, KeyUse},
    rooms::MemberChange,
};

/// One change that someone asks for.
#[derive(Debug, Clone)]
pub enum RoomOp {
    Send(Draft),
    /// The first of the members makes it.
    Create {
        room: Box<Room>,
        members: Vec<(User, MemberRole)>,
        key: Option<KeyUse>,
    },
    Join {
        room: RoomId,
        user: User,
    },
    Leave {
        room: RoomId,
        user: User,
    },
    Update {
        room: RoomId,
        user: UserId,
        name: Option<String>,
        topic: Option<String>,
        history: Option<History>,
        picture: Option<NewImage>,
        join_new_accounts: Option<bool>,
    },
    /// Gives a room that the server comes with its first owner.
    Appoint {
        room: RoomId,
        user: User,
    },
    Redeem {
        room: RoomId,
        user: User,
        code: String,
        /// Of the invite.
        creator: UserId,
    },
    MessageAction {
        room: RoomId,
        user: UserId,
        seq: Seq,
        action: MessageAction,
        /// Of which log the position is; `None`: not checked.
        log: Option<LogId>,
    },
    Add {
        room: RoomId,
        by: UserId,
        users: Vec<User>,
        key: Option<KeyUse>,
    },
    SetMember {
        room: RoomId,
        by: UserId,
        user: Box<User>,
        change: MemberChange,
        key: Option<KeyUse>,
    },
    Archive {
        room: RoomId,
        by: UserId,
        archived: bool,
    },
}

impl RoomOp {
    #[must_use]
    pub fn room(&self) -> RoomId {
        match self {
            Self::Send(draft) => draft.room,
            Self::Create { room, .. } => room.id,
            Self::Join { room, .. }
            | Self::Leave { room, .. }
            | Self::Appoint { room, .. }
            | Self::Redeem { room, .. }
            | Self::Update { room, .. }
            | Self::MessageAction { room, .. }
            | Self::Add { room, .. }
            | Self::SetMember { room, .. }
            | Self::Archive { room, .. } => *room,
        }
    }

    /// The key of the request that asks for it.
    #[must_use]
    pub fn key(&self) -> Option<&KeyUse> {
        match self {
            Self::Create { key, .. } | Self::Add { key, .. } | Self::SetMember { key, .. } => {
                key.as_ref()
            }
            _ => None,
        }
    }

    /// The users whose memberships it needs to know.
    #[must_use]
    pub fn users(&self) -> Vec<UserId> {
        match self {
            Self::Send(draft) => vec![draft.sender],
            Self::Create { members, .. } => members.iter().map(|(user, _)| user.id).collect(),
            Self::Join { user, .. } | Self::Leave { user, .. } | Self::Appoint { user, .. } => {
                vec![user.id]
            }
            Self::Redeem { user, creator, .. } => vec![user.id, *creator],
            Self::Update { user, .. } | Self::MessageAction { user, .. } => vec![*user],
            Self::Add { by, users, .. } => users.iter().map(|user| user.id).chain([*by]).collect(),
            Self::SetMember { by, user, .. } => vec![*by, user.id],
            Self::Archive { by, .. } => vec![*by],
        }
    }

    /// Whether it may be allowed by a role on the server.
    #[must_use]
    pub fn is_for_staff(&self) -> bool {
        match self {
            Self::MessageAction { action, .. } => {
                matches!(action, MessageAction::Delete | MessageAction::Pin | MessageAction::Unpin)
            }
            Self::Update { .. } | Self::SetMember { .. } | Self::Archive { .. } => true,
            _ => false,
        }
    }

    /// The messages that it is about, which must be read before.
    pub fn messages(&self) -> impl Iterator<Item = Seq> {
        let (one, other) = match self {
            Self::Send(draft) => (draft.reply_to, draft.thread_of),
            Self::MessageAction { seq, .. } => (Some(*seq), None),
            _ => (None, None),
        };
        one.into_iter().chain(other)
    }

    /// Names in a text that may be those of members.
    #[must_use]
    pub fn names(&self) -> &[String] {
        match self {
            Self::Send(draft) => &draft.names,
            Self::MessageAction { action: MessageAction::Edit { names, .. }, .. } => names,
            _ => &[],
        }
    }
}

/// How an operation went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpResult {
    Message(Message),
    Room(Room),
    Left,
    Member(Member),
    /// It was done before, by a request with the same key.
    Repeated(KeptAnswer),
}

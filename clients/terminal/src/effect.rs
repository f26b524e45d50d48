//! What the window asks of the server, and what comes back.

use std::path::PathBuf;

use causerie_client::{Error, v1};

use crate::search::Found;

/// What the window wants of the server.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    SignIn {
        login: String,
        password: String,
    },
    Register {
        username: String,
        display_name: String,
        password: String,
    },
    SignOut,
    /// Positions are 0 for none.
    Send {
        room_id: String,
        text: String,
        reply_to_seq: i64,
    },
    /// Puts an emoji under a message, or takes it away.
    React {
        room_id: String,
        seq: i64,
        emoji: String,
        on: bool,
    },
    /// Who reacted to a message.
    Reactions {
        room_id: String,
        seq: i64,
    },
    Edit {
        room_id: String,
        seq: i64,
        text: String,
    },
    Delete {
        room_id: String,
        seq: i64,
    },
    /// The newest page, or the one before a position.
    Load {
        room_id: String,
        before: Option<i64>,
    },
    Members(String),
    MarkRead {
        room_id: String,
        seq: i64,
    },
    Typing {
        room_id: String,
        typing: bool,
    },
    /// Uploads a file and posts it; `written` is what asked for that.
    Upload {
        room_id: String,
        path: PathBuf,
        text: String,
        written: String,
    },
    Save {
        file: v1::File,
        to: PathBuf,
    },
    Bell,
    Watch(Vec<String>),
    Users(Vec<String>),
    Browse(String),
    Search(v1::SearchMessagesRequest),
    Join(String),
    Leave(String),
    Create(String),
    Quit,
}

impl Effect {
    /// The room whose positions it names.
    pub fn room_id(&self) -> Option<&str> {
        match self {
            Self::React { room_id, .. }
            | Self::Edit { room_id, .. }
            | Self::Delete { room_id, .. }
            | Self::MarkRead { room_id, .. } => Some(room_id),
            _ => None,
        }
    }
}

/// What comes back.
#[derive(Debug, Clone)]
pub enum Answer {
    SignedIn(Result<v1::User, Error>),
    SignedOut,
    Page {
        room_id: String,
        page: Result<v1::ListMessagesResponse, Error>,
    },
    Members {
        room_id: String,
        members: Vec<(v1::User, v1::PresenceState)>,
    },
    Users(Vec<v1::User>),
    Directory(Vec<v1::DirectoryRoom>),
    Found(Found),
    Joined(Result<v1::Room, Error>),
    /// A text that the server did not take, to go on with.
    Refused {
        room_id: String,
        text: String,
        problem: String,
    },
    /// Something that went well.
    Told(String),
    Failed(String),
}

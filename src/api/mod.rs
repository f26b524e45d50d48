//! The client edge, the only place with tonic's Request and Status: decode,
//! call `chat`, encode.

pub mod admin;
pub mod auth;
pub mod calls;
pub mod chat;
pub mod cookie;
pub mod downloads;
pub mod files;
pub mod rooms;
pub mod status;
pub mod stream;
pub mod users;

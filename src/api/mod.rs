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
pub mod server;
pub mod status;
pub mod stream;
pub mod users;

use tonic::{
    Response,
    metadata::{MetadataMap, MetadataValue},
};

/// An answer with a token, a cookie, a link or the code of an invite: whoever
/// has it may do something, so that nothing on the way may keep it.
fn no_store<T>(answer: T) -> Response<T> {
    let mut response = Response::new(answer);
    forbid_caching(response.metadata_mut());
    response
}

fn forbid_caching(metadata: &mut MetadataMap) {
    metadata.insert("cache-control", MetadataValue::from_static("no-store"));
}

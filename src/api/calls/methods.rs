//! Every method that is served, as the descriptors tell.

use std::collections::HashMap;

use prost::Message as _;
use prost_types::FileDescriptorSet;

use crate::{
    error::{Error, Result},
    model::limits::{AUTH_MESSAGE_BYTES, GRPC_MESSAGE_BYTES},
};

/// What a method needs to be checked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method {
    pub kind: Kind,
    /// Whether the caller sends a stream of messages, and not just one.
    pub client_streams: bool,
    /// Bytes of the largest message that is taken.
    pub message_limit: usize,
}

/// How a method answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// With one message.
    Unary,
    /// With one message that may be large.
    Read,
    /// With a stream of messages.
    Stream,
    /// With a stream of events, which has limits and an end of its own.
    EventStream,
}

const OWN_PACKAGE: &str = "causerie.";
/// What the names of methods begin with that read much.
const READS: [&str; 5] = ["List", "Search", "Browse", "BatchGet", "Sync"];
/// Called without a token, so that little may be asked of the server.
const OPEN_SERVICES: [&str; 2] = ["causerie.v1.AuthService", "causerie.v1.ServerService"];

/// The streams of `ChatService`.
const EVENT_STREAMS: [&str; 2] =
    ["/causerie.v1.ChatService/Chat", "/causerie.v1.ChatService/Subscribe"];

/// Methods by path, such as `/causerie.v1.AuthService/Login`.
#[derive(Debug, Default)]
pub struct Methods(HashMap<String, Method>);

impl Methods {
    /// Adds the services of an encoded `FileDescriptorSet`.
    pub fn add(&mut self, descriptors: &[u8]) -> Result<()> {
        let set = FileDescriptorSet::decode(descriptors).map_err(Error::internal)?;
        for file in &set.file {
            for service in &file.service {
                let name = format!("{}.{}", file.package(), service.name());
                // Whoever calls these may have no account.
                let is_open =
                    OPEN_SERVICES.contains(&name.as_str()) || !name.starts_with(OWN_PACKAGE);
                let message_limit = if is_open { AUTH_MESSAGE_BYTES } else { GRPC_MESSAGE_BYTES };
                for method in &service.method {
                    let path = format!("/{name}/{}", method.name());
                    let kind = if EVENT_STREAMS.contains(&path.as_str()) {
                        Kind::EventStream
                    } else if method.server_streaming() {
                        Kind::Stream
                    } else if name.starts_with(OWN_PACKAGE)
                        && READS.iter().any(|verb| method.name().starts_with(verb))
                    {
                        Kind::Read
                    } else {
                        Kind::Unary
                    };
                    let client_streams = method.client_streaming();
                    let method = Method { kind, client_streams, message_limit };
                    self.0.insert(path, method);
                }
            }
        }
        Ok(())
    }

    #[must_use]
    pub fn get(&self, path: &str) -> Option<Method> {
        self.0.get(path).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_known_by_their_path() {
        let mut methods = Methods::default();
        methods.add(crate::wire::DESCRIPTORS).expect("descriptors");
        let kind = |path: &str| methods.get(path).map(|it| (it.kind, it.client_streams));
        assert_eq!(kind("/causerie.v1.AuthService/Login"), Some((Kind::Unary, false)));
        assert_eq!(kind("/causerie.v1.RoomService/ListRooms"), Some((Kind::Read, false)));
        assert_eq!(kind("/causerie.v1.ChatService/Chat"), Some((Kind::EventStream, true)));
        assert_eq!(kind("/causerie.v1.ChatService/Subscribe"), Some((Kind::EventStream, false)));
        assert_eq!(kind("/causerie.v1.FileService/DownloadFile"), Some((Kind::Stream, false)));
        assert_eq!(kind("/causerie.v1.AuthService/Nothing"), None);
        let limit = |path: &str| methods.get(path).map(|it| it.message_limit);
        assert_eq!(limit("/causerie.v1.AuthService/Login"), Some(AUTH_MESSAGE_BYTES));
        assert_eq!(limit("/causerie.v1.ChatService/SendMessage"), Some(GRPC_MESSAGE_BYTES));
    }
}

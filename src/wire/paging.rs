//! Page tokens: where the next page begins, in a form that tells clients nothing.
//! A token is good for the request that it came from, and for no other.

use aws_lc_rs::digest;

use super::v1;
use crate::{
    error::{Error, Result},
    model::{Message, RoomId, Seq, Timestamp},
};

const BAD_TOKEN: &str = "must be a next_page_token of the same request";
/// Of the request's digest, so many bytes are in a token.
const DIGEST_BYTES: usize = 8;

/// A request for a page of a list.
pub trait PageRequest: prost::Message + Clone {
    const NAME: &'static str;

    fn page_token(&self) -> &str;

    /// What is asked for, without the page of it.
    #[must_use]
    fn without_page(&self) -> Self;
}

macro_rules! page_requests {
    ($($request:ident),* $(,)?) => {$(
        impl PageRequest for v1::$request {
            const NAME: &'static str = stringify!($request);

            fn page_token(&self) -> &str {
                &self.page_token
            }

            fn without_page(&self) -> Self {
                let mut query = self.clone();
                query.page_size = 0;
                query.page_token.clear();
                query
            }
        }
    )*};
}

page_requests! {
    BrowseRoomsRequest,
    ListBansRequest,
    ListBlockedUsersRequest,
    ListMembersRequest,
    ListMentionsRequest,
    ListReactionsRequest,
    ListRoomsRequest,
    ListSessionsRequest,
    ListThreadsRequest,
    ListUsersRequest,
    SearchMessagesRequest,
    SearchUsersRequest,
}

/// Tells requests apart. It is no secret, and what is in a token needs none.
fn digest<R: PageRequest>(request: &R) -> [u8; DIGEST_BYTES] {
    let mut bytes = R::NAME.as_bytes().to_vec();
    bytes.push(0);
    bytes.extend(request.without_page().encode_to_vec());
    let digest = digest::digest(&digest::SHA256, &bytes);
    std::array::from_fn(|at| digest.as_ref()[at])
}

/// A token for "after this key". Hexadecimal: short keys, no further library.
#[must_use]
pub fn token(request: &impl PageRequest, key: &[u8]) -> String {
    use std::fmt::Write as _;
    let digest = digest(request);
    digest.iter().chain(key).fold(String::new(), |mut token, byte| {
        // Writing to a String cannot fail.
        let _ = write!(token, "{byte:02x}");
        token
    })
}

/// A token for "after this name and id".
#[must_use]
pub fn name_and_id_token(request: &impl PageRequest, name: &str, id: uuid::Uuid) -> String {
    token(request, &[id.as_bytes(), name.as_bytes()].concat())
}

/// A token for "after this message", newest first.
#[must_use]
pub fn message_token(request: &impl PageRequest, message: &Message) -> String {
    let numbers = [message.posted_at.0.to_be_bytes(), message.seq.0.to_be_bytes()].concat();
    token(request, &[message.room.0.as_bytes().as_slice(), &numbers].concat())
}

/// A token for "after this position of a room".
#[must_use]
pub fn position_token(request: &impl PageRequest, (room, seq): (RoomId, Seq)) -> String {
    token(request, &[room.0.as_bytes().as_slice(), &seq.0.to_be_bytes()].concat())
}

/// The key of a request's token; `None` for the first page.
fn key(request: &impl PageRequest) -> Result<Option<Vec<u8>>> {
    let token = request.page_token();
    if token.is_empty() {
        return Ok(None);
    }
    let bad = || Error::invalid("page_token", BAD_TOKEN);
    if token.len() > 1_024 || !token.len().is_multiple_of(2) || !token.is_ascii() {
        return Err(bad());
    }
    let bytes = (0..token.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&token[at..at + 2], 16))
        .collect::<Result<Vec<u8>, _>>()
        .map_err(|_| bad())?;
    let key = bytes.strip_prefix(digest(request).as_slice()).ok_or_else(bad)?;
    Ok(Some(key.to_vec()))
}

impl super::fields::Fields {
    /// What a request's token says, read by `read`; `None` for the first page.
    pub fn page_after<T>(
        &mut self,
        request: &impl PageRequest,
        read: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Option<T> {
        let after = match key(request) {
            Ok(None) => return None,
            Ok(Some(key)) => read(&key),
            Err(_) => None,
        };
        if after.is_none() {
            self.violate("page_token", BAD_TOKEN);
        }
        after
    }

    /// The text after which the page begins.
    pub fn page_after_text(&mut self, request: &impl PageRequest) -> Option<String> {
        self.page_after(request, |key| String::from_utf8(key.to_vec()).ok())
    }

    /// The name and id after which the page begins: 16 bytes of id, then the name.
    pub fn page_after_name_and_id(
        &mut self,
        request: &impl PageRequest,
    ) -> Option<(String, uuid::Uuid)> {
        self.page_after(request, |key| {
            let (id, name) = key.split_first_chunk::<16>()?;
            Some((String::from_utf8(name.to_vec()).ok()?, uuid::Uuid::from_bytes(*id)))
        })
    }

    /// The message after which the page begins, by its time, room and position.
    pub fn page_after_message(
        &mut self,
        request: &impl PageRequest,
    ) -> Option<(Timestamp, RoomId, Seq)> {
        self.page_after(request, |key| {
            let (room, numbers) = key.split_first_chunk::<16>()?;
            let (at, seq) = numbers.split_first_chunk::<8>()?;
            Some((
                Timestamp(i64::from_be_bytes(*at)),
                RoomId(uuid::Uuid::from_bytes(*room)),
                Seq(i64::from_be_bytes(seq.try_into().ok()?)),
            ))
        })
    }

    /// The position of a room after which the page begins.
    pub fn page_after_position(&mut self, request: &impl PageRequest) -> Option<(RoomId, Seq)> {
        self.page_after(request, |key| {
            let (room, seq) = key.split_first_chunk::<16>()?;
            let seq = Seq(i64::from_be_bytes(seq.try_into().ok()?));
            Some((RoomId(uuid::Uuid::from_bytes(*room)), seq))
        })
    }

    /// The id after which the page begins.
    pub fn page_after_id(&mut self, request: &impl PageRequest) -> Option<uuid::Uuid> {
        self.page_after(request, |key| uuid::Uuid::from_slice(key).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::fields::Fields;

    fn read(request: &v1::ListMembersRequest) -> Result<Option<String>> {
        let mut fields = Fields::new();
        let after = fields.page_after_text(request);
        fields.finish(after)
    }

    #[test]
    fn a_token_gives_its_key_back_for_the_same_request_alone() {
        let request = v1::ListMembersRequest { query: "z".into(), ..Default::default() };
        assert!(matches!(read(&request), Ok(None)));
        let page_token = token(&request, "Zoë/ä".as_bytes());
        let next = v1::ListMembersRequest { page_token, page_size: 7, ..request };
        assert_eq!(read(&next).ok().flatten().as_deref(), Some("Zoë/ä"));
        assert!(read(&v1::ListMembersRequest { query: "y".into(), ..next.clone() }).is_err());
        // Another list, of which nothing else is said either.
        let other = token(&v1::ListBansRequest::default(), b"x");
        let request = v1::ListMembersRequest { page_token: other, ..Default::default() };
        assert!(read(&request).is_err());
        for bad in ["x", "0", "zz", "é", "00", &"00".repeat(8), &next.page_token[1..]] {
            let request = v1::ListMembersRequest { page_token: bad.into(), ..next.clone() };
            assert!(read(&request).is_err(), "{bad}");
        }
    }
}

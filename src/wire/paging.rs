//! Page tokens: where the next page begins, in a form that tells clients
//! nothing and that they cannot bend.

use crate::{
    error::{Error, Result},
    model::{Message, RoomId, Seq, Timestamp},
};

pub(super) const BAD_TOKEN: &str = "must be a next_page_token of the same request";

/// A token for "after this key". Hexadecimal: short keys, no further library.
#[must_use]
pub fn token(key: &[u8]) -> String {
    use std::fmt::Write as _;
    key.iter().fold(String::new(), |mut token, byte| {
        // Writing to a String cannot fail.
        let _ = write!(token, "{byte:02x}");
        token
    })
}

/// A token for "after this name and id".
#[must_use]
pub fn name_and_id_token(name: &str, id: uuid::Uuid) -> String {
    token(&[id.as_bytes(), name.as_bytes()].concat())
}

/// A token for "after this message", newest first.
#[must_use]
pub fn message_token(message: &Message) -> String {
    let numbers = [message.posted_at.0.to_be_bytes(), message.seq.0.to_be_bytes()].concat();
    token(&[message.room.0.as_bytes().as_slice(), &numbers].concat())
}

/// The key of a token; `None` for the first page.
pub fn key(token: &str) -> Result<Option<Vec<u8>>> {
    if token.is_empty() {
        return Ok(None);
    }
    let bad = || Error::invalid("page_token", BAD_TOKEN);
    if token.len() > 1_024 || !token.len().is_multiple_of(2) || !token.is_ascii() {
        return Err(bad());
    }
    (0..token.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&token[at..at + 2], 16))
        .collect::<Result<Vec<u8>, _>>()
        .map(Some)
        .map_err(|_| bad())
}

impl super::fields::Fields {
    /// The text after which the page begins.
    pub fn page_after_text(&mut self, token: &str) -> Option<String> {
        if let Ok(Ok(text)) = key(token).map(|key| key.map(String::from_utf8).transpose()) {
            text
        } else {
            self.violate("page_token", BAD_TOKEN);
            None
        }
    }

    /// The name and id after which the page begins: 16 bytes of id, then the name.
    pub fn page_after_name_and_id(&mut self, token: &str) -> Option<(String, uuid::Uuid)> {
        let read = |key: Vec<u8>| {
            let (id, name) = key.split_at_checked(16)?;
            Some((String::from_utf8(name.to_vec()).ok()?, uuid::Uuid::from_slice(id).ok()?))
        };
        match key(token).map(|key| key.map(read)) {
            Ok(None) => None,
            Ok(Some(Some(after))) => Some(after),
            Ok(Some(None)) | Err(_) => {
                self.violate("page_token", BAD_TOKEN);
                None
            }
        }
    }

    /// The message after which the page begins, by its time, room and position.
    pub fn page_after_message(&mut self, token: &str) -> Option<(Timestamp, RoomId, Seq)> {
        let read = |key: Vec<u8>| {
            let (room, numbers) = key.split_at_checked(16)?;
            let (at, seq) = numbers.split_at_checked(8)?;
            Some((
                Timestamp(i64::from_be_bytes(at.try_into().ok()?)),
                RoomId(uuid::Uuid::from_slice(room).ok()?),
                Seq(i64::from_be_bytes(seq.try_into().ok()?)),
            ))
        };
        match key(token).map(|key| key.map(read)) {
            Ok(None) => None,
            Ok(Some(Some(after))) => Some(after),
            Ok(Some(None)) | Err(_) => {
                self.violate("page_token", BAD_TOKEN);
                None
            }
        }
    }

    /// The id after which the page begins.
    pub fn page_after_id(&mut self, token: &str) -> Option<uuid::Uuid> {
        if let Ok(Ok(id)) =
            key(token).map(|key| key.map(|key| uuid::Uuid::from_slice(&key)).transpose())
        {
            id
        } else {
            self.violate("page_token", BAD_TOKEN);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_gives_its_key_back_and_nothing_else_is_one() {
        let text = "Zoë/ä".as_bytes();
        assert_eq!(key(&token(text)).ok().flatten().as_deref(), Some(text));
        assert!(matches!(key(""), Ok(None)));
        for bad in ["x", "0", "zz", "é"] {
            assert!(key(bad).is_err(), "{bad}");
        }
    }
}

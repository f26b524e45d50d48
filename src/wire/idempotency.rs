//! The idempotency keys of requests.

use aws_lc_rs::digest;
use prost::Message;

use super::{fields::Fields, v1};
use crate::{
    error::Result,
    model::{idempotency::IdempotencyKey, limits, text},
};

/// A request that may carry a key.
pub trait Keyed: Message + Clone {
    /// Of requests of different methods none is the same.
    const METHOD: &'static str;

    fn key_mut(&mut self) -> &mut String;

    /// Empties what must not be kept, not even as a hash: passwords and tokens.
    fn clear_secrets(&mut self) {}
}

/// The key of a request, and what tells this request from others.
pub fn key<R: Keyed>(request: &R) -> Result<Option<IdempotencyKey>> {
    let mut request = request.clone();
    let key = std::mem::take(request.key_mut());
    if key.is_empty() {
        return Ok(None);
    }
    let mut fields = Fields::new();
    let rule = text::check_client_id(&key, limits::IDEMPOTENCY_KEY_CHARS);
    fields.check("idempotency_key", rule);
    request.clear_secrets();
    // Encoded anew it is the same for the same fields, however it came: there are no maps.
    let mut hash = digest::Context::new(&digest::SHA256);
    hash.update(R::METHOD.as_bytes());
    hash.update(&[0]);
    hash.update(&request.encode_to_vec());
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(hash.finish().as_ref());
    fields.finish(Some(IdempotencyKey { key, fingerprint }))
}

macro_rules! keyed {
    ($($method:literal: $request:ident $(without $($secret:ident),+)?;)*) => {
        $(
            impl Keyed for v1::$request {
                const METHOD: &'static str = $method;

                fn key_mut(&mut self) -> &mut String {
                    &mut self.idempotency_key
                }

                $(
                    fn clear_secrets(&mut self) {
                        $(self.$secret.clear();)+
                    }
                )?
            }
        )*
    };
}

keyed! {
    "Register": RegisterRequest without password, invite_code;
    "ChangePassword": ChangePasswordRequest without old_password, new_password;
    "CreateRoom": CreateRoomRequest;
    "AddMembers": AddMembersRequest;
    "BanMember": BanMemberRequest;
    "MuteMember": MuteMemberRequest;
    "CreateInvite": CreateInviteRequest;
    "StartUpload": StartUploadRequest;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(name: &str, key: &str) -> v1::CreateRoomRequest {
        let (name, idempotency_key) = (name.into(), key.into());
        v1::CreateRoomRequest { name, idempotency_key, ..Default::default() }
    }

    fn fingerprint<R: Keyed>(request: &R) -> [u8; 32] {
        key(request).expect("a good key").expect("a key").fingerprint
    }

    #[test]
    fn a_fingerprint_tells_requests_apart_and_not_keys() {
        assert_eq!(fingerprint(&room("A", "1")), fingerprint(&room("A", "2")));
        assert_ne!(fingerprint(&room("A", "1")), fingerprint(&room("B", "1")));
        let (room_id, user_id) = ("r".to_owned(), "u".to_owned());
        let idempotency_key = "1".to_owned();
        let ban = v1::BanMemberRequest {
            room_id: room_id.clone(),
            user_id: user_id.clone(),
            idempotency_key: idempotency_key.clone(),
        };
        let mute = v1::MuteMemberRequest { room_id, user_id, duration: None, idempotency_key };
        assert_ne!(fingerprint(&ban), fingerprint(&mute), "encoded they are equal");
    }

    #[test]
    fn a_fingerprint_knows_nothing_of_secrets() {
        let register = |password: &str, invite_code: &str, device: &str| {
            fingerprint(&v1::RegisterRequest {
                username: "ada".into(),
                password: password.into(),
                invite_code: invite_code.into(),
                device: device.into(),
                idempotency_key: "1".into(),
                ..Default::default()
            })
        };
        assert_eq!(register("a", "b", "c"), register("d", "e", "c"));
        assert_ne!(register("a", "b", "c"), register("a", "b", "d"));
        let change = |old: &str, new: &str| {
            fingerprint(&v1::ChangePasswordRequest {
                old_password: old.into(),
                new_password: new.into(),
                idempotency_key: "1".into(),
            })
        };
        assert_eq!(change("a", "b"), change("c", "d"));
    }

    #[test]
    fn a_key_has_1_to_64_characters_that_can_be_printed() {
        assert_eq!(key(&room("A", "")).expect("no key"), None);
        assert!(key(&room("A", &"x".repeat(64))).is_ok());
        for bad in ["x".repeat(65), "a b".into(), "ä".into(), "a\n".into()] {
            assert!(key(&room("A", &bad)).is_err(), "{bad:?}");
        }
    }
}

//! Tokens: signed statements of who someone is. None is ever stored.
//!
//! An access token is checked in memory alone. A refresh token carries a
//! generation; the session's row says which generation is good now.

use std::time::Duration;

use jsonwebtoken::{Algorithm, Header, TokenData, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::keys::Keys;
use crate::{
    error::{Error, Result},
    model::{Caller, DeviceId, FileId, SessionId, Timestamp, Tokens, UserId, Variant},
};

const ISSUER: &str = "causerie";
const ACCESS: &str = "access";
const REFRESH: &str = "refresh";
const DOWNLOAD: &str = "download";
const DEVICE: &str = "device";
/// How long a device is known after the last sign-in on it.
pub const DEVICE_LASTS: Duration = Duration::from_hours(365 * 24);

#[derive(Serialize, Deserialize)]
struct AccessClaims {
    iss: String,
    aud: String,
    sub: String,
    sid: String,
    iat: i64,
    /// When it was made, in microseconds of the steady clock. Tokens of older
    /// servers do not say it, and count as old.
    #[serde(default)]
    steady: i64,
    exp: i64,
}

#[derive(Serialize, Deserialize)]
struct RefreshClaims {
    iss: String,
    aud: String,
    sub: String,
    sid: String,
    /// Which of the session's refresh tokens this is, counted from 1.
    #[serde(rename = "gen")]
    generation: i64,
    exp: i64,
}

#[derive(Serialize, Deserialize)]
struct DeviceClaims {
    iss: String,
    aud: String,
    /// The account.
    sub: String,
    /// The device.
    did: String,
    /// How often the password had been changed.
    #[serde(rename = "gen")]
    generation: i64,
    exp: i64,
}

#[derive(Serialize, Deserialize)]
struct LinkClaims {
    iss: String,
    aud: String,
    /// The file.
    sub: String,
    #[serde(rename = "var")]
    variant: String,
    exp: i64,
}

/// What a valid refresh token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refresh {
    pub user: UserId,
    pub session: SessionId,
    pub generation: i64,
}

/// What a device token says: an account has signed in on a device, with the password
/// of a generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownDevice {
    pub user: UserId,
    pub device: DeviceId,
    pub generation: i64,
}

/// For whom tokens are made, and how long they last.
#[derive(Debug, Clone, Copy)]
pub struct Grant {
    pub refresh: Refresh,
    pub now: Timestamp,
    /// The same moment by the steady clock.
    pub steady: Timestamp,
    pub access_for: Duration,
    pub refresh_until: Timestamp,
}

/// Signs both tokens of a session.
pub fn make(keys: &Keys, grant: Grant) -> Result<Tokens> {
    let Grant { refresh, now, steady, access_for, refresh_until } = grant;
    let Refresh { user, session, generation } = refresh;
    let access_expires_at = now.plus(access_for);
    let access = sign(
        keys,
        &AccessClaims {
            iss: ISSUER.into(),
            aud: ACCESS.into(),
            sub: user.to_string(),
            sid: session.to_string(),
            iat: now.unix_seconds(),
            steady: steady.0,
            // Rounded up: a token lasts at least as long as was said.
            exp: access_expires_at.unix_seconds() + 1,
        },
    )?;
    let refresh = sign(
        keys,
        &RefreshClaims {
            iss: ISSUER.into(),
            aud: REFRESH.into(),
            sub: user.to_string(),
            sid: session.to_string(),
            generation,
            exp: refresh_until.unix_seconds() + 1,
        },
    )?;
    Ok(Tokens { session, access, access_expires_at, refresh, refresh_expires_at: refresh_until })
}

/// When an access token is looked at, and how old it may be.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    pub now: Timestamp,
    pub steady: Timestamp,
    pub max_age: Duration,
}

pub fn verify_access(keys: &Keys, token: &str, moment: Moment) -> Result<Caller> {
    let Moment { now, steady, max_age } = moment;
    let claims: AccessClaims = verify(keys, token, ACCESS)?;
    check_expiry(claims.exp, now)?;
    // The time of day may have been set back, and the token be older than it says.
    // One from the future is of a server whose steady clock was lost.
    let made = Timestamp(claims.steady);
    if made > steady || made.plus(max_age) < steady {
        return Err(Error::TokenExpired);
    }
    let user = UserId::parse(&claims.sub).ok_or(Error::TokenInvalid)?;
    let session = SessionId::parse(&claims.sid).ok_or(Error::TokenInvalid)?;
    Ok(Caller { user, session, expires_at: Timestamp(claims.exp.saturating_mul(1_000_000)) })
}

pub fn verify_refresh(keys: &Keys, token: &str, now: Timestamp) -> Result<Refresh> {
    let claims: RefreshClaims = verify(keys, token, REFRESH)?;
    check_expiry(claims.exp, now)?;
    let user = UserId::parse(&claims.sub).ok_or(Error::TokenInvalid)?;
    let session = SessionId::parse(&claims.sid).ok_or(Error::TokenInvalid)?;
    Ok(Refresh { user, session, generation: claims.generation })
}

/// Signs that an account has signed in on a device.
pub fn make_device(keys: &Keys, known: KnownDevice, until: Timestamp) -> Result<String> {
    let KnownDevice { user, device, generation } = known;
    sign(
        keys,
        &DeviceClaims {
            iss: ISSUER.into(),
            aud: DEVICE.into(),
            sub: user.to_string(),
            did: device.to_string(),
            generation,
            exp: until.unix_seconds(),
        },
    )
}

pub fn verify_device(keys: &Keys, token: &str, now: Timestamp) -> Result<KnownDevice> {
    let claims: DeviceClaims = verify(keys, token, DEVICE)?;
    check_expiry(claims.exp, now)?;
    let user = UserId::parse(&claims.sub).ok_or(Error::TokenInvalid)?;
    let device = DeviceId::parse(&claims.did).ok_or(Error::TokenInvalid)?;
    Ok(KnownDevice { user, device, generation: claims.generation })
}

/// Signs a link to a file for whoever has it, until a whole second.
pub fn make_link(
    keys: &Keys,
    (file, variant): (FileId, Variant),
    until: Timestamp,
) -> Result<String> {
    sign(
        keys,
        &LinkClaims {
            iss: ISSUER.into(),
            aud: DOWNLOAD.into(),
            sub: file.to_string(),
            variant: variant.name().into(),
            exp: until.unix_seconds(),
        },
    )
}

/// What a link names, and when it ends.
pub fn verify_link(
    keys: &Keys,
    token: &str,
    now: Timestamp,
) -> Result<(FileId, Variant, Timestamp)> {
    let claims: LinkClaims = verify(keys, token, DOWNLOAD)?;
    // A token is good for all of its last second; a link ends when it was said.
    if claims.exp <= now.unix_seconds() {
        return Err(Error::TokenExpired);
    }
    let file = FileId::parse(&claims.sub).ok_or(Error::TokenInvalid)?;
    let variant = Variant::parse(&claims.variant).ok_or(Error::TokenInvalid)?;
    Ok((file, variant, Timestamp::from_unix_seconds(claims.exp)))
}

/// A token is good for all of its last second.
fn check_expiry(expires: i64, now: Timestamp) -> Result<()> {
    if expires < now.unix_seconds() { Err(Error::TokenExpired) } else { Ok(()) }
}

fn sign(keys: &Keys, claims: &impl Serialize) -> Result<String> {
    let (name, key) = &keys.signing;
    let header = Header { kid: Some(name.clone()), ..Header::new(Algorithm::HS256) };
    encode(&header, claims, key).map_err(Error::internal)
}

fn verify<T: DeserializeOwned>(keys: &Keys, token: &str, audience: &str) -> Result<T> {
    let header = decode_header(token).map_err(|_| Error::TokenInvalid)?;
    let name = header.kid.ok_or(Error::TokenInvalid)?;
    let key = keys.verifying.get(&name).ok_or(Error::TokenInvalid)?;
    // Only this algorithm, whatever the header says.
    let mut validation = Validation::new(Algorithm::HS256);
    // By the server's clock, and not the machine's: see `check_expiry`.
    validation.validate_exp = false;
    validation.set_audience(&[audience]);
    validation.set_issuer(&[ISSUER]);
    validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
    let data: TokenData<T> = decode(token, key, &validation).map_err(|_| Error::TokenInvalid)?;
    Ok(data.claims)
}

#[cfg(test)]
mod tests {
    use base64::{
        Engine as _,
        engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
    };

    use super::*;

    fn keys(name: &str, byte: u8) -> Keys {
        let line = format!("{name}:{}", STANDARD.encode([byte; 32]));
        Keys::parse("keys", [line.as_str()].into_iter()).expect("a good key")
    }

    fn grant(at: Timestamp) -> Grant {
        let refresh = Refresh { user: UserId::new(), session: SessionId::new(), generation: 3 };
        Grant {
            refresh,
            now: at,
            steady: at,
            access_for: Duration::from_mins(1),
            refresh_until: at.plus(Duration::from_mins(1)),
        }
    }

    fn at(now: Timestamp) -> Moment {
        Moment { now, steady: now, max_age: Duration::from_mins(2) }
    }

    #[test]
    fn an_access_token_ages_though_the_time_of_day_is_set_back() {
        let keys = keys("k", 1);
        let now = Timestamp::now();
        let token = make(&keys, grant(now)).expect("made").access;
        let after = |minutes| Moment { steady: now.plus(Duration::from_mins(minutes)), ..at(now) };
        verify_access(&keys, &token, after(2)).expect("it is as old as it may be");
        let before = Moment { steady: now.minus(Duration::from_secs(1)), ..at(now) };
        for moment in [after(3), before] {
            let verdict = verify_access(&keys, &token, moment);
            assert!(matches!(verdict, Err(Error::TokenExpired)), "{moment:?}");
        }
    }

    #[test]
    fn tokens_say_who_they_are_for_and_serve_one_purpose() {
        let keys = keys("k", 1);
        let grant = grant(Timestamp::now());
        let tokens = make(&keys, grant).expect("tokens can be made");
        let caller =
            verify_access(&keys, &tokens.access, at(Timestamp::now())).expect("a good token");
        assert_eq!((caller.user, caller.session), (grant.refresh.user, grant.refresh.session));
        assert_eq!(
            verify_refresh(&keys, &tokens.refresh, Timestamp::now()).ok(),
            Some(grant.refresh)
        );
        assert!(matches!(
            verify_access(&keys, &tokens.refresh, at(Timestamp::now())),
            Err(Error::TokenInvalid)
        ));
        assert!(matches!(
            verify_refresh(&keys, &tokens.access, Timestamp::now()),
            Err(Error::TokenInvalid)
        ));
    }

    #[test]
    fn a_link_is_for_one_variant_of_one_file_and_for_a_time() {
        let keys = keys("k", 1);
        let named = (FileId::new(), Variant::Small);
        let link = |until| make_link(&keys, named, until).expect("a link");
        let soon =
            Timestamp(Timestamp::now().unix_seconds() * 1_000_000).plus(Duration::from_mins(1));
        let (file, variant, until) =
            verify_link(&keys, &link(soon), Timestamp::now()).expect("a good link");
        assert_eq!(((file, variant), until), (named, soon));
        let old = Timestamp::now().minus(Duration::from_mins(1));
        assert!(matches!(
            verify_link(&keys, &link(old), Timestamp::now()),
            Err(Error::TokenExpired)
        ));
        let now = Timestamp(Timestamp::now().unix_seconds() * 1_000_000);
        assert!(
            matches!(verify_link(&keys, &link(now), Timestamp::now()), Err(Error::TokenExpired)),
            "to the second"
        );
        assert!(matches!(
            verify_access(&keys, &link(soon), at(Timestamp::now())),
            Err(Error::TokenInvalid)
        ));
        let access = make(&keys, grant(Timestamp::now())).expect("tokens").access;
        assert!(matches!(verify_link(&keys, &access, Timestamp::now()), Err(Error::TokenInvalid)));
    }

    #[test]
    fn foreign_old_and_unsigned_tokens_are_refused() {
        let ours = keys("k", 1);
        let now = Timestamp::now();
        let foreign = make(&keys("k", 2), grant(now)).expect("made").access;
        let unknown = make(&keys("other", 1), grant(now)).expect("made").access;
        let old = make(&ours, grant(now.minus(Duration::from_hours(1)))).expect("made").access;
        let good = make(&ours, grant(now)).expect("made").access;
        let payload = good.split('.').nth(1).expect("a payload");
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT","kid":"k"}"#);
        let unsigned = format!("{none}.{payload}.");
        let mut tampered = good.clone();
        tampered.replace_range(good.len() - 3.., "AAA");
        for bad in [foreign, unknown, unsigned, tampered, String::new(), "a.b.c".into()] {
            assert!(
                matches!(verify_access(&ours, &bad, at(now)), Err(Error::TokenInvalid)),
                "{bad}"
            );
        }
        assert!(matches!(verify_access(&ours, &old, at(now)), Err(Error::TokenExpired)));
    }
}

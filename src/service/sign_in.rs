//! Signing in, and how guesses are slowed down.

use std::{net::IpAddr, sync::Arc};

use super::Services;
use crate::{
    auth::{
        login_limits::{LoginLimit, Origin},
        passwords::Verdict,
        security_log::SecurityEvent,
        tokens::{self, DEVICE_LASTS, KnownDevice},
    },
    error::{Error, Result},
    model::{
        DeviceId, UserId,
        sessions::{LoginRequest, SignedIn},
        text::check_username,
        users::fold,
    },
    store::users::Credentials,
};

/// Someone whose hash is replaced during the log-in (with today's parameters by
/// another log-in, or by a change of the password) is verified again.
const LOGIN_TRIES: u32 = 3;

impl Services {
    /// Goes on if the caller goes away, or guesses that are right would be counted.
    pub async fn login(
        self: &Arc<Self>,
        attempt: LoginRequest,
        address: String,
    ) -> Result<SignedIn> {
        let services = self.clone();
        let login = async move { services.limited_login(attempt, address).await };
        tokio::spawn(login).await.map_err(Error::internal)?
    }

    pub(super) async fn limited_login(
        &self,
        attempt: LoginRequest,
        address: String,
    ) -> Result<SignedIn> {
        let name = fold(&attempt.login);
        let origin = self.origin(&attempt, &address).await?;
        let place = self.auth.passwords.queue(&network(&address))?;
        let guess = match self.auth.login_limits.begin(origin.clone(), name).await {
            Ok(guess) => guess,
            Err((limit, error)) => {
                let event = match limit {
                    LoginLimit::Network => SecurityEvent::AddressLockedOut,
                    LoginLimit::Origin | LoginLimit::Name => SecurityEvent::AccountLockedOut,
                };
                self.record(event, &address, &attempt.login);
                return Err(error);
            }
        };
        drop(place);
        let outcome = self.compare_and_sign_in(&attempt, &origin, &address).await;
        match &outcome {
            // Who is told that the account is suspended knew its password.
            Ok(_) | Err(Error::AccountSuspended) => guess.was_right(),
            Err(Error::BadCredentials) => guess.was_wrong(),
            Err(_) => {}
        }
        outcome
    }

    /// Where an attempt comes from: a device that this account knows, or a network.
    async fn origin(&self, attempt: &LoginRequest, address: &str) -> Result<Origin> {
        let now = self.clock.now();
        let known: Vec<KnownDevice> = attempt
            .device_tokens
            .iter()
            .filter_map(|token| tokens::verify_device(&self.auth.keys, token, now).ok())
            .collect();
        if !known.is_empty()
            && let Some(account) = self.credentials(&attempt.login).await?
        {
            // Until the password is changed: who knew the last one has no advantage.
            let is_of = |known: &&KnownDevice| {
                known.user == account.user.id && known.generation == account.password_generation
            };
            if let Some(known) = known.iter().find(is_of) {
                return Ok(Origin::KnownDevice(known.device));
            }
        }
        Ok(Origin::Network(network(address)))
    }

    async fn compare_and_sign_in(
        &self,
        attempt: &LoginRequest,
        origin: &Origin,
        address: &str,
    ) -> Result<SignedIn> {
        for _ in 0..LOGIN_TRIES {
            if let Some(signed_in) = self.try_login(attempt, origin, address).await? {
                return Ok(signed_in);
            }
        }
        Err(Error::Overloaded)
    }

    /// Takes the same work whether or not the account exists. `None`: the hash was
    /// replaced while it was verified.
    async fn try_login(
        &self,
        attempt: &LoginRequest,
        origin: &Origin,
        address: &str,
    ) -> Result<Option<SignedIn>> {
        let LoginRequest { login, password, device, keep, device_tokens: _ } = attempt;
        let network = network(address);
        let found = self.credentials(login).await?;
        let stored = found.as_ref().map(|found| found.password.clone());
        let verdict = self.auth.passwords.verify(password, stored, &network).await?;
        let found = match found {
            Some(found) if verdict != Verdict::Wrong => found,
            _ => {
                self.record(SecurityEvent::LoginFailed, address, login);
                return Err(Error::BadCredentials);
            }
        };
        if found.is_suspended {
            return Err(Error::AccountSuspended);
        }
        let mut hash = found.password.hash;
        if verdict == Verdict::RightButOld {
            let new = self.auth.passwords.hash(password.mapped(), &network).await?;
            self.store.rehash(found.user.id, &hash, &new).await?;
            hash = new;
        }
        let session = (device.clone(), address.to_owned());
        let session = self.new_session(found.user.id, self.clock.now(), *keep, session);
        let tokens = self.first_tokens(&session)?;
        if !self.store.create_session(&session, &hash).await? {
            return Ok(None);
        }
        let known = match origin {
            Origin::KnownDevice(device) => Some(*device),
            Origin::Network(_) => None,
        };
        let device_token = self.device_token(found.user.id, found.password_generation, known)?;
        Ok(Some(SignedIn { tokens, user: found.user, device_token }))
    }

    /// A token that says that an account has signed in on a device, a new one or one
    /// that it knows.
    pub(super) fn device_token(
        &self,
        user: UserId,
        generation: i64,
        known: Option<DeviceId>,
    ) -> Result<String> {
        let device = known.unwrap_or_else(DeviceId::new);
        let until = self.clock.now().plus(DEVICE_LASTS);
        tokens::make_device(&self.auth.keys, KnownDevice { user, device, generation }, until)
    }

    /// The account of a name. What is no username is nobody's: databases have their own
    /// ideas of what is alike.
    async fn credentials(&self, login: &str) -> Result<Option<Credentials>> {
        match check_username(login) {
            Ok(()) => self.store.credentials(login).await,
            Err(_) => Ok(None),
        }
    }

    pub(super) fn record(&self, event: SecurityEvent, address: &str, account: &str) {
        self.auth.security_log.record(event, &network(address), address, account);
    }
}

/// What one household or machine has of addresses: an IPv4 address, or the /64
/// network of an IPv6 address.
pub(super) fn network(address: &str) -> String {
    match address.parse::<IpAddr>() {
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        _ => address.to_owned(),
    }
}

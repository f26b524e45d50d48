//! Making accounts, signing in and out.

use std::{net::IpAddr, sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval, timeout};

use super::{Chat, rooms::cut};
use crate::{
    auth::{
        passwords::Verdict,
        security_log::SecurityEvent,
        tokens::{self, Grant, Refresh},
    },
    config::ms,
    error::{Error, Result},
    model::{
        Caller, SessionId, Timestamp, Tokens, User, UserId,
        sessions::{Attempt, Registration, SessionInfo, SessionPage},
        users::fold,
    },
    store::{
        sessions::{NewSession, RevokedSession, Rotation},
        users::NewAccount,
    },
};

/// How often sessions that were ended past this server are looked for, and how
/// far back: a commit may become visible late.
const LOOK_FOR_REVOKED: Duration = Duration::from_secs(1);
const LOOK_BACK: Duration = Duration::from_secs(30);
/// A connection that died in silence must not hold up the looking.
const LOOK_WITHIN: Duration = Duration::from_secs(5);
/// Sessions are forgotten this long after their end. Long after their last token
/// has expired: a clock that was set ahead has made it valid for longer.
const KEEP_ENDED_SESSIONS: Duration = Duration::from_hours(720);
/// Someone whose hash is replaced during the log-in (with today's parameters by
/// another log-in, or by a change of the password) is verified again.
const LOGIN_TRIES: u32 = 3;

impl Chat {
    pub async fn register(&self, new: Registration, address: String) -> Result<(Tokens, User)> {
        let Registration { username, password, display_name, email, device } = new;
        let allowed = self.auth.registrations.check(&neighbourhood(&address));
        self.record_refusal(&allowed, SecurityEvent::RegistrationsLockedOut, &address, &username);
        allowed?;
        let about = vec![username.clone(), display_name.clone(), email.clone().unwrap_or_default()];
        if !self.auth.passwords.is_strong(&password, about).await? {
            return Err(too_easy("password"));
        }
        let password_hash = self.auth.passwords.hash(password).await?;
        let now = self.clock.now();
        let user = User {
            id: UserId::new(),
            username,
            display_name,
            bio: String::new(),
            status_text: String::new(),
            created_at: now,
            photo: None,
        };
        let session = self.new_session(user.id, now, true, (device, address));
        let tokens = self.first_tokens(&session)?;
        let account = NewAccount { user, email, password_hash, session };
        self.store.create_account(&account).await?;
        // The account is there, whatever becomes of this.
        if let Err(error) = self.join_first_rooms(&account.user).await {
            tracing::warn!(%error, "a new account has not joined the rooms that are for all");
        }
        Ok((tokens, account.user))
    }

    pub async fn login(&self, attempt: Attempt, address: String) -> Result<(Tokens, User)> {
        let allowed = self.auth.login_addresses.check(&neighbourhood(&address));
        self.record_refusal(&allowed, SecurityEvent::AddressLockedOut, &address, &attempt.login);
        allowed?;
        self.check_account(&attempt.login, &address)?;
        for _ in 0..LOGIN_TRIES {
            if let Some(signed_in) = self.try_login(&attempt, &address).await? {
                return Ok(signed_in);
            }
        }
        Err(Error::Overloaded)
    }

    /// Takes one from the allowance of an account for attempts with its password.
    fn check_account(&self, name: &str, address: &str) -> Result<()> {
        let allowed = self.auth.logins.check(&fold(name));
        self.record_refusal(&allowed, SecurityEvent::AccountLockedOut, address, name);
        allowed
    }

    fn record_refusal<T>(
        &self,
        outcome: &Result<T>,
        event: SecurityEvent,
        address: &str,
        account: &str,
    ) {
        if outcome.is_err() {
            self.record(event, address, account);
        }
    }

    fn record(&self, event: SecurityEvent, address: &str, account: &str) {
        self.auth.security_log.record(event, &neighbourhood(address), address, account);
    }

    /// Takes the same work whether or not the account exists. `None`: the hash
    /// was replaced while it was verified.
    async fn try_login(&self, attempt: &Attempt, address: &str) -> Result<Option<(Tokens, User)>> {
        let Attempt { login, password, device, keep } = attempt;
        let found = self.store.credentials(login).await?;
        let hash = found.as_ref().map(|found| found.password_hash.clone());
        let verdict = self.auth.passwords.verify(password.clone(), hash).await?;
        let found = match found {
            Some(found) if verdict != Verdict::Wrong => found,
            found => {
                // By name, also of who signs in by e-mail: attempts on one account
                // then have one tag.
                let account = found.map_or_else(|| login.clone(), |found| found.user.username);
                self.record(SecurityEvent::LoginFailed, address, &account);
                return Err(Error::BadCredentials);
            }
        };
        let (user, mut password_hash) = (found.user, found.password_hash);
        if verdict == Verdict::RightButOld {
            let new = self.auth.passwords.hash(password.clone()).await?;
            self.store.rehash(user.id, &password_hash, &new).await?;
            password_hash = new;
        }
        let origin = (device.clone(), address.to_owned());
        let session = self.new_session(user.id, self.clock.now(), *keep, origin);
        let tokens = self.first_tokens(&session)?;
        let stored = self.store.create_session(&session, &password_hash).await?;
        Ok(stored.then_some((tokens, user)))
    }

    pub async fn refresh_session(&self, refresh_token: &str, address: &str) -> Result<Tokens> {
        let presented = tokens::verify_refresh(&self.auth.keys, refresh_token, self.clock.now())?;
        let (now, steady) = (self.clock.now(), self.steady.now());
        let grace = ms(self.auth.config.refresh_grace_ms);
        let rotation = self
            .store
            .rotate(presented.session, presented.generation, (now, steady), grace)
            .await?;
        match rotation {
            Rotation::Good { generation, until } => {
                self.tokens(Refresh { generation, ..presented }, now, until)
            }
            Rotation::Copied => {
                let account = self.store.credentials_of(presented.user).await.ok().flatten();
                let account = account.map(|found| found.user.username).unwrap_or_default();
                self.record(SecurityEvent::RefreshTokenReused, address, &account);
                self.session_ended(presented.session, steady);
                Err(Error::SessionRevoked)
            }
            Rotation::Expired => Err(Error::TokenExpired),
            Rotation::Ended => Err(Error::SessionRevoked),
        }
    }

    pub async fn logout(&self, caller: Caller) -> Result<()> {
        self.end_session(caller.session).await
    }

    /// Ends the session of a refresh token, spent or not: whoever comes with a
    /// spent one has copied it.
    pub async fn logout_by(&self, refresh_token: &str) -> Result<()> {
        let presented = tokens::verify_refresh(&self.auth.keys, refresh_token, self.clock.now())?;
        self.end_session(presented.session).await
    }

    async fn end_session(&self, session: SessionId) -> Result<()> {
        let at = self.steady.now();
        self.store.revoke(session, at).await?;
        self.session_ended(session, at);
        Ok(())
    }

    /// A page of the caller's sessions, and whether there are more.
    pub async fn list_sessions(
        &self,
        caller: Caller,
        page: SessionPage,
    ) -> Result<(Vec<SessionInfo>, bool)> {
        let SessionPage { before, limit } = page;
        let sessions = self.store.sessions(caller.user, self.clock.now(), before, limit).await?;
        Ok(cut(sessions, limit))
    }

    pub async fn revoke_session(&self, caller: Caller, session: SessionId) -> Result<()> {
        if !self.store.owns_session(caller.user, session).await? {
            return Err(Error::SessionNotFound);
        }
        self.end_session(session).await
    }

    /// Returns how many other sessions were ended.
    pub async fn revoke_other_sessions(&self, caller: Caller) -> Result<usize> {
        let times = (self.clock.now(), self.steady.now());
        let ended = self.store.revoke_others(caller.user, caller.session, times).await?;
        Ok(self.sessions_ended(&ended, times.1))
    }

    /// Returns how many other sessions were ended.
    pub async fn change_password(
        &self,
        caller: Caller,
        (old, new): (String, String),
        address: String,
    ) -> Result<usize> {
        let found = self.store.credentials_of(caller.user).await?.ok_or(Error::SessionRevoked)?;
        // The same allowance as for signing in: this too is a way to guess.
        self.check_account(&found.user.username, &address)?;
        let hash = found.password_hash;
        if self.auth.passwords.verify(old, Some(hash.clone())).await? == Verdict::Wrong {
            self.record(SecurityEvent::PasswordChangeFailed, &address, &found.user.username);
            return Err(Error::WrongPassword);
        }
        let email = self.store.email(caller.user).await?.unwrap_or_default();
        let about = vec![found.user.username, found.user.display_name, email];
        if !self.auth.passwords.is_strong(&new, about).await? {
            return Err(too_easy("new_password"));
        }
        let new_hash = self.auth.passwords.hash(new).await?;
        let times = (self.clock.now(), self.steady.now());
        let ended = self
            .store
            .change_password(caller.user, (&hash, &new_hash), caller.session, times)
            .await?;
        Ok(self.sessions_ended(&ended, times.1))
    }

    /// Ends sessions here too; returns how many of them had not expired. Those
    /// that had count no more, and still must not come back with the clock.
    fn sessions_ended(&self, ended: &[RevokedSession], at: Timestamp) -> usize {
        for session in ended {
            self.session_ended(session.id, at);
        }
        ended.iter().filter(|session| !session.had_expired).count()
    }

    /// Where each session's end passes through on this node.
    fn session_ended(&self, session: SessionId, at: Timestamp) {
        if self.auth.revoked.insert(session, at) {
            self.hub.end_session(session);
        }
    }

    /// Learns of the sessions that were ended since.
    async fn learn_revoked(&self, since: Timestamp) -> Result<()> {
        for (session, at) in self.store.revoked_since(since).await? {
            self.session_ended(session, at);
        }
        Ok(())
    }

    /// Learns of the sessions that have ended and of which there may still be a
    /// token; before the first call is served.
    pub async fn remember_revoked(&self) -> Result<()> {
        self.learn_revoked(self.auth.revoked_since()).await
    }

    /// Forgets sessions that are long over.
    pub async fn forget_sessions(&self) -> Result<()> {
        let ended_before = self.steady.now().minus(KEEP_ENDED_SESSIONS);
        // The clock may be ahead, and the sessions not expired at all.
        let expired_before = self.clock.now().minus(KEEP_ENDED_SESSIONS).min(ended_before);
        self.store.forget_sessions(expired_before, ended_before).await
    }

    fn new_session(
        &self,
        user: UserId,
        now: Timestamp,
        keep: bool,
        origin: (String, String),
    ) -> NewSession {
        let (device, address) = origin;
        let config = &self.auth.config;
        let idle = ms(if keep { config.keep_ms } else { config.idle_ms });
        NewSession { id: SessionId::new(), user, now, idle, device, address }
    }

    fn first_tokens(&self, session: &NewSession) -> Result<Tokens> {
        let refresh = Refresh { user: session.user, session: session.id, generation: 1 };
        self.tokens(refresh, session.now, session.now.plus(session.idle))
    }

    fn tokens(&self, refresh: Refresh, now: Timestamp, refresh_until: Timestamp) -> Result<Tokens> {
        let access_for = ms(self.auth.config.access_token_ms);
        let steady = self.steady.now();
        tokens::make(&self.auth.keys, Grant { refresh, now, steady, access_for, refresh_until })
    }
}

/// Sees to it that a session that was ended past this server, in the database,
/// ends here within a second. Runs as long as the server.
pub async fn watch_revoked(chat: Arc<Chat>) {
    let mut ticks = interval(LOOK_FOR_REVOKED);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut since = chat.steady.now();
    loop {
        ticks.tick().await;
        let now = chat.steady.now();
        match timeout(LOOK_WITHIN, chat.learn_revoked(since.minus(LOOK_BACK))).await {
            Ok(Ok(())) => since = now,
            Ok(Err(error)) => tracing::debug!(%error, "ended sessions are asked for again"),
            Err(_) => tracing::debug!("ended sessions are asked for again: no answer in time"),
        }
    }
}

/// What one household or machine has of addresses: an IPv4 address, or the /64
/// network of an IPv6 address.
fn neighbourhood(address: &str) -> String {
    match address.parse::<IpAddr>() {
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        _ => address.to_owned(),
    }
}

fn too_easy(field: &str) -> Error {
    Error::invalid(field, "is too easy to guess")
}

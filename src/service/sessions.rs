//! Sessions: their tokens, their list and their end.

use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval, timeout};

use super::{Services, rooms::split_page};
use crate::{
    auth::{
        security_log::SecurityEvent,
        tokens::{self, Grant, Refresh},
    },
    config::ms,
    error::{Error, Result},
    model::{
        Caller, SessionId, Timestamp, Tokens, UserId,
        sessions::{SessionInfo, SessionPage},
    },
    store::sessions::{NewSession, RevokedSession, Rotation},
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
impl Services {
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
        Ok(split_page(sessions, limit))
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

    /// Ends sessions here too; returns how many of them had not expired. Those
    /// that had count no more, and still must not come back with the clock.
    pub(super) fn sessions_ended(&self, ended: &[RevokedSession], at: Timestamp) -> usize {
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

    pub(super) fn new_session(
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

    pub(super) fn first_tokens(&self, session: &NewSession) -> Result<Tokens> {
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
pub async fn watch_revoked(services: Arc<Services>) {
    let mut ticks = interval(LOOK_FOR_REVOKED);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut since = services.steady.now();
    loop {
        ticks.tick().await;
        let now = services.steady.now();
        match timeout(LOOK_WITHIN, services.learn_revoked(since.minus(LOOK_BACK))).await {
            Ok(Ok(())) => since = now,
            Ok(Err(error)) => tracing::debug!(%error, "ended sessions are asked for again"),
            Err(_) => tracing::debug!("ended sessions are asked for again: no answer in time"),
        }
    }
}

//! Making accounts, and their passwords.

use std::sync::Arc;

use super::{Services, sign_in::network};
use crate::{
    auth::{passwords::Verdict, recovery::recovery_hash, security_log::SecurityEvent},
    error::{Error, Result},
    model::{
        Caller, Invite, RoomOp, User, UserId,
        idempotency::{IdempotencyKey, KeyUse},
        passwords::TypedPassword,
        server_info::ServerInfo,
        sessions::{LoginRequest, PasswordChange, Recovery, Registration, SignedIn},
        sign_up::SignUpPolicy,
    },
    store::users::{Credentials, NewAccount},
};

/// A change whose old hash is replaced meanwhile, such as by one with today's
/// parameters, is tried again.
const CHANGE_TRIES: u32 = 3;

impl Services {
    pub async fn register(
        self: &Arc<Self>,
        new: Registration,
        address: String,
        key: Option<IdempotencyKey>,
    ) -> Result<SignedIn> {
        let services = self.clone();
        // Goes on if the caller goes away, so that whoever has the account is also in
        // its first rooms.
        let register = async move { services.register_once(new, address, key).await };
        tokio::spawn(register).await.map_err(Error::internal)?
    }

    async fn register_once(
        &self,
        new: Registration,
        address: String,
        key: Option<IdempotencyKey>,
    ) -> Result<SignedIn> {
        let network = network(&address);
        let allowed = self.auth.registrations.check(&network);
        if allowed.is_err() {
            self.record(SecurityEvent::RegistrationsLockedOut, &address, &new.username);
        }
        allowed?;
        let Some(key) = key else { return self.make_account(new, address, None).await };
        if self.has_registered(&new.username, &key).await? {
            return self.sign_in_again(new, address).await;
        }
        let again = new.clone();
        match self.make_account(new, address.clone(), Some(key.clone())).await {
            // By a request that came at the same time: perhaps this very one.
            Err(Error::UsernameTaken) if self.has_registered(&again.username, &key).await? => {
                self.sign_in_again(again, address).await
            }
            outcome => outcome,
        }
    }

    /// Whether the account of this name was made by a request with this key.
    async fn has_registered(&self, username: &str, key: &IdempotencyKey) -> Result<bool> {
        let Some(found) = self.store.credentials(username).await? else { return Ok(false) };
        let key = self.key_use(found.user.id, Some(key.clone()));
        Ok(self.kept_answer(key.as_ref()).await?.is_some())
    }

    /// Signs in to an account that this registration has made. Its key proves nothing:
    /// the password is compared, and guesses are limited, as for any log-in.
    async fn sign_in_again(&self, new: Registration, address: String) -> Result<SignedIn> {
        let attempt = LoginRequest {
            login: new.username,
            password: TypedPassword::new(new.password),
            device: new.device,
            keep: true,
            device_tokens: Vec::new(),
        };
        match self.limited_login(attempt, address).await {
            Err(Error::BadCredentials) => Err(Error::IdempotencyKeyReused),
            outcome => outcome,
        }
    }

    async fn make_account(
        &self,
        new: Registration,
        address: String,
        key: Option<IdempotencyKey>,
    ) -> Result<SignedIn> {
        let network = network(&address);
        let Registration { username, password, display_name, email, device, invite_code } = new;
        let policy = self.sign_up_policy().await?;
        let refusal = policy.check(invite_code.is_some()).err();
        let must_be_first = refusal.is_some();
        if let Some(refusal) = refusal
            && self.store.has_users().await?
        {
            return Err(refusal);
        }
        let invite = match invite_code {
            Some(code) => Some(self.redeemable(&code).await?),
            None => None,
        };
        let about = vec![username.clone(), display_name.clone(), email.clone().unwrap_or_default()];
        self.check_strength("password", &password, about, &network).await?;
        let password_hash = self.auth.passwords.hash(password, &network).await?;
        let now = self.clock.now();
        let user = User {
            id: UserId::new(),
            username,
            display_name,
            bio: String::new(),
            status_text: String::new(),
            created_at: now,
            photo: None,
            version: 1,
        };
        let session = self.new_session(user.id, now, true, (device, address));
        let tokens = self.first_tokens(&session)?;
        let device_token = self.device_token(user.id, 0, None)?;
        let account = NewAccount {
            user: user.clone(),
            email,
            password_hash,
            session,
            invite: invite.as_ref().map(|invite| (invite.room, invite.code.clone())),
            must_be_first,
            key: self.key_use(user.id, key),
        };
        self.store.create_account(&account).await?;
        // The account is there, whatever becomes of this.
        if let Err(error) = self.join_first_rooms(&user).await {
            tracing::warn!(%error, "a new account has not joined the rooms that are for all");
        }
        if let Some(Invite { room, code, creator, .. }) = invite {
            // Its use is counted. If it does not come into the room now, because the
            // server is busy or an admin was faster, it can redeem the invite again.
            let joined =
                self.change_room(RoomOp::Redeem { room, user: user.clone(), code, creator }).await;
            if let Err(error) = joined {
                tracing::info!(%error, user = %user.id, "a new account did not join by its invite");
            }
        }
        Ok(SignedIn { tokens, user, device_token })
    }

    pub async fn server_info(&self) -> Result<ServerInfo> {
        Ok(ServerInfo {
            sign_up_policy: self.current_sign_up_policy().await?,
            has_search: self.config.search.index,
            has_reflection: self.config.server.reflection,
            max_file_bytes: self.config.files.max_bytes,
            quota_bytes: self.config.files.quota_bytes,
            max_streams: self.config.server.max_streams_per_user,
        })
    }

    /// Who may make an account now. The first one may always be made.
    async fn current_sign_up_policy(&self) -> Result<SignUpPolicy> {
        let policy = self.sign_up_policy().await?;
        if policy != SignUpPolicy::Open && !self.store.has_users().await? {
            return Ok(SignUpPolicy::Open);
        }
        Ok(policy)
    }

    /// Returns how many other sessions were ended.
    pub async fn change_password(
        self: &Arc<Self>,
        caller: Caller,
        change: PasswordChange,
        address: String,
        key: Option<IdempotencyKey>,
    ) -> Result<usize> {
        let services = self.clone();
        let key = self.key_use(caller.user, key);
        // Goes on if the caller goes away, as a log-in does.
        let change = async move { services.limited_change(caller, change, &address, key).await };
        tokio::spawn(change).await.map_err(Error::internal)?
    }

    async fn limited_change(
        &self,
        caller: Caller,
        change: PasswordChange,
        address: &str,
        key: Option<KeyUse>,
    ) -> Result<usize> {
        let network = network(address);
        // Before its turn: what was right when it was asked is no failure, though
        // another change may come first.
        let found = self.own_credentials(caller).await?;
        let place = self.auth.passwords.queue(&network)?;
        // Counted apart from log-ins: nobody but who is signed in uses it up.
        let guess = self.auth.login_limits.begin_change(caller.user).await?;
        drop(place);
        match self.repeated_change(caller, &change.new, key.as_ref(), &network).await {
            Ok(None) => {}
            Ok(Some(ended)) => {
                guess.was_right();
                return Ok(ended);
            }
            Err(error) => {
                if matches!(error, Error::IdempotencyKeyReused) {
                    guess.was_wrong();
                    self.record(SecurityEvent::PasswordChangeFailed, address, &found.user.username);
                }
                return Err(error);
            }
        }
        if !self.is_password(&found, &change.old, &network).await? {
            guess.was_wrong();
            self.record(SecurityEvent::PasswordChangeFailed, address, &found.user.username);
            return Err(Error::WrongPassword);
        }
        guess.was_right();
        self.replace_password(caller, found, change, key.as_ref(), &network).await
    }

    /// Given that the old password is the one of `found`.
    async fn replace_password(
        &self,
        caller: Caller,
        mut found: Credentials,
        PasswordChange { old, new }: PasswordChange,
        key: Option<&KeyUse>,
        network: &str,
    ) -> Result<usize> {
        self.check_strength_for("new_password", &found.user, &new, network).await?;
        let new_hash = self.auth.passwords.hash(new.clone(), network).await?;
        for _ in 0..CHANGE_TRIES {
            let times = (self.clock.now(), self.steady.now());
            let hashes = (found.password.hash.as_str(), new_hash.as_str());
            let account = (caller.user, caller.session);
            let ended = self.store.change_password(account, hashes, times, key);
            if let Some(ended) = ended.await? {
                return Ok(self.sessions_ended(&ended, times.1));
            }
            // The hash was replaced meanwhile: by a log-in, or by another change, perhaps
            // of a request with the same key.
            if let Some(ended) = self.repeated_change(caller, &new, key, network).await? {
                return Ok(ended);
            }
            found = self.own_credentials(caller).await?;
            if !self.is_password(&found, &old, network).await? {
                return Err(Error::WrongPassword);
            }
        }
        Err(Error::Overloaded)
    }

    /// What a change with the same key has come to. It must have been to this password,
    /// which only the account's hash can tell; one that is wrong is a guess like any other.
    async fn repeated_change(
        &self,
        caller: Caller,
        new: &str,
        key: Option<&KeyUse>,
        network: &str,
    ) -> Result<Option<usize>> {
        let Some(kept) = self.kept_answer(key).await? else { return Ok(None) };
        let found = self.own_credentials(caller).await?;
        if !self.is_password(&found, &TypedPassword::new(new.to_owned()), network).await? {
            return Err(Error::IdempotencyKeyReused);
        }
        usize::try_from(kept.ended_sessions).map(Some).map_err(Error::internal)
    }

    async fn own_credentials(&self, caller: Caller) -> Result<Credentials> {
        self.store.credentials_of(caller.user).await?.ok_or(Error::SessionRevoked)
    }

    async fn is_password(
        &self,
        found: &Credentials,
        typed: &TypedPassword,
        network: &str,
    ) -> Result<bool> {
        let verdict = self.auth.passwords.verify(typed, Some(found.password.clone()), network);
        Ok(verdict.await? != Verdict::Wrong)
    }

    /// Sets a new password by a link, and signs in.
    pub async fn recover_account(&self, recovery: Recovery, address: String) -> Result<SignedIn> {
        let network = network(&address);
        let place = self.auth.passwords.queue(&network)?;
        let guess = self.auth.login_limits.begin_recovery(network.clone()).await?;
        drop(place);
        let outcome = self.use_recovery_link(recovery, address.clone(), &network).await;
        match &outcome {
            Ok(_) => guess.was_right(),
            Err(Error::RecoveryLinkNotFound) => {
                self.record(SecurityEvent::RecoveryFailed, &address, "");
                guess.was_wrong();
            }
            Err(_) => {}
        }
        outcome
    }

    async fn use_recovery_link(
        &self,
        recovery: Recovery,
        address: String,
        network: &str,
    ) -> Result<SignedIn> {
        let Recovery { token, new_password, device, keep } = recovery;
        let hash = recovery_hash(&token);
        let times = (self.clock.now(), self.steady.now());
        let user = self.store.recovery_link(hash, times.0).await?;
        let user = user.ok_or(Error::RecoveryLinkNotFound)?;
        let found = self.store.credentials_of(user).await?.ok_or(Error::RecoveryLinkNotFound)?;
        if found.is_suspended {
            return Err(Error::AccountSuspended);
        }
        self.check_strength_for("new_password", &found.user, &new_password, network).await?;
        let password_hash = self.auth.passwords.hash(new_password, network).await?;
        let session = self.new_session(user, times.0, keep, (device, address));
        let tokens = self.first_tokens(&session)?;
        let ended = self.store.recover_account(hash, &password_hash, &session, times).await?;
        self.sessions_ended(&ended, times.1);
        let device_token = self.device_token(user, found.password_generation + 1, None)?;
        Ok(SignedIn { tokens, user: found.user, device_token })
    }

    async fn check_strength_for(
        &self,
        field: &str,
        user: &User,
        password: &str,
        network: &str,
    ) -> Result<()> {
        let email = self.store.email(user.id).await?.unwrap_or_default();
        let about = vec![user.username.clone(), user.display_name.clone(), email];
        self.check_strength(field, password, about, network).await
    }

    async fn check_strength(
        &self,
        field: &str,
        password: &str,
        about: Vec<String>,
        network: &str,
    ) -> Result<()> {
        if self.auth.passwords.is_strong(password, about, network).await? {
            Ok(())
        } else {
            Err(Error::invalid(field, "is too easy to guess"))
        }
    }
}

//! Accounts and sessions.

use super::{fields::Fields, invites, timestamp, v1};
use crate::{
    error::Result,
    model::{
        SessionId, Tokens, limits,
        passwords::{TypedPassword, check_new_password},
        sessions::{
            LoginRequest, PasswordChange, Recovery, Registration, SessionInfo, SessionPage,
        },
        sign_up::SignUpPolicy,
        text,
    },
};

#[must_use]
pub fn session(tokens: Tokens) -> v1::Session {
    let Tokens { session, access, access_expires_at, refresh, refresh_expires_at } = tokens;
    v1::Session {
        id: session.to_string(),
        access_token: access,
        access_expires_at: Some(timestamp(access_expires_at)),
        refresh_token: refresh,
        refresh_expires_at: Some(timestamp(refresh_expires_at)),
    }
}

pub fn register(request: v1::RegisterRequest) -> Result<Registration> {
    let v1::RegisterRequest {
        username,
        password,
        display_name,
        email,
        device,
        refresh_cookie: _,
        invite_code,
        idempotency_key: _,
    } = request;
    let mut fields = Fields::new();
    fields.check("username", text::check_username(&username));
    let password = fields.clean("password", check_new_password(&password));
    let display_name = if display_name.is_empty() {
        username.clone()
    } else {
        fields.clean("display_name", text::check_name(&display_name, limits::DISPLAY_NAME_CHARS))
    };
    if !email.is_empty() {
        fields.check("email", text::check_email(&email));
    }
    let device = fields.clean("device", text::check_line(&device, limits::DEVICE_CHARS));
    let email = (!email.is_empty()).then_some(email);
    if !invite_code.is_empty() {
        fields.check("invite_code", invites::check_code(&invite_code));
    }
    let invite_code = (!invite_code.is_empty()).then_some(invite_code);
    fields.finish(Registration { username, password, display_name, email, device, invite_code })
}

/// `kept` are the device tokens that the browser keeps in a cookie.
pub fn login(request: v1::LoginRequest, kept: Vec<String>) -> Result<LoginRequest> {
    let v1::LoginRequest {
        login,
        password,
        device,
        keep_signed_in,
        refresh_cookie: _,
        device_token,
    } = request;
    let mut fields = Fields::new();
    if login.is_empty() || login.len() > limits::EMAIL_BYTES {
        fields.violate("login", "must be a username");
    }
    let password = TypedPassword::new(password);
    fields.check("password", password.check());
    let device = fields.clean("device", text::check_line(&device, limits::DEVICE_CHARS));
    let mut device_tokens = kept;
    if !device_token.is_empty() {
        device_tokens.push(device_token);
    }
    fields.finish(LoginRequest { login, password, device, keep: keep_signed_in, device_tokens })
}

pub fn change_password(request: v1::ChangePasswordRequest) -> Result<PasswordChange> {
    let v1::ChangePasswordRequest { old_password, new_password, idempotency_key: _ } = request;
    let mut fields = Fields::new();
    let old = TypedPassword::new(old_password);
    fields.check("old_password", old.check());
    let new = fields.clean("new_password", check_new_password(&new_password));
    if !new.is_empty() && new == old.mapped() {
        fields.violate("new_password", "must differ from the current password");
    }
    fields.finish(PasswordChange { old, new })
}

pub fn recover_account(request: v1::RecoverAccountRequest) -> Result<Recovery> {
    let v1::RecoverAccountRequest {
        token,
        new_password,
        device,
        keep_signed_in: keep,
        refresh_cookie: _,
    } = request;
    let mut fields = Fields::new();
    if token.is_empty() || token.len() > limits::RECOVERY_TOKEN_BYTES {
        fields.violate("token", "must be the token of a recovery link");
    }
    let new_password = fields.clean("new_password", check_new_password(&new_password));
    let device = fields.clean("device", text::check_line(&device, limits::DEVICE_CHARS));
    fields.finish(Recovery { token, new_password, device, keep })
}

#[must_use]
pub fn sign_up_policy(policy: SignUpPolicy) -> v1::SignUpPolicy {
    match policy {
        SignUpPolicy::Open => v1::SignUpPolicy::Open,
        SignUpPolicy::Invite => v1::SignUpPolicy::Invite,
        SignUpPolicy::Closed => v1::SignUpPolicy::Closed,
    }
}

pub fn list_sessions(request: &v1::ListSessionsRequest) -> Result<SessionPage> {
    let mut fields = Fields::new();
    let page = SessionPage {
        before: fields.page_after_id(request),
        limit: fields.page_size(request.page_size),
    };
    fields.finish(page)
}

pub fn renew_token(request: &v1::RenewTokenRequest) -> Result<()> {
    let mut fields = Fields::new();
    if request.access_token.is_empty() {
        fields.violate("access_token", "must be an access token");
    }
    fields.finish(())
}

/// The session that a request names.
pub fn session_id(id: &str) -> Result<SessionId> {
    let mut fields = Fields::new();
    let session = fields.session("session_id", id);
    fields.finish(session)
}

#[must_use]
pub fn session_info(session: SessionInfo, current: SessionId) -> v1::SessionInfo {
    let SessionInfo { id, device, address, created_at, last_used_at, expires_at } = session;
    v1::SessionInfo {
        id: id.to_string(),
        device,
        address,
        created_at: Some(timestamp(created_at)),
        last_used_at: Some(timestamp(last_used_at)),
        expires_at: Some(timestamp(expires_at)),
        current: id == current,
    }
}

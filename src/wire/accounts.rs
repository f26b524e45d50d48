//! Accounts and sessions.

use super::{fields::Fields, timestamp, v1};
use crate::{
    error::Result,
    model::{
        SessionId, Tokens, limits,
        sessions::{Attempt, Registration, SessionInfo, SessionPage},
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
    let v1::RegisterRequest { username, password, display_name, email, device, refresh_cookie: _ } =
        request;
    let mut fields = Fields::new();
    fields.check("username", text::check_username(&username));
    fields.check("password", text::check_password(&password));
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
    fields.finish(Registration { username, password, display_name, email, device })
}

pub fn login(request: v1::LoginRequest) -> Result<Attempt> {
    let v1::LoginRequest { login, password, device, keep_signed_in, refresh_cookie: _ } = request;
    let mut fields = Fields::new();
    if login.is_empty() || login.len() > limits::EMAIL_BYTES {
        fields.violate("login", "must be a username or an e-mail address");
    }
    if password.is_empty() || password.chars().count() > *limits::PASSWORD_CHARS.end() {
        fields.violate("password", "must have 1 to 256 characters");
    }
    let device = fields.clean("device", text::check_line(&device, limits::DEVICE_CHARS));
    fields.finish(Attempt { login, password, device, keep: keep_signed_in })
}

/// The old and the new password.
pub fn change_password(request: v1::ChangePasswordRequest) -> Result<(String, String)> {
    let v1::ChangePasswordRequest { old_password, new_password } = request;
    let mut fields = Fields::new();
    if old_password.is_empty() || old_password.chars().count() > *limits::PASSWORD_CHARS.end() {
        fields.violate("old_password", "must have 1 to 256 characters");
    }
    fields.check("new_password", text::check_password(&new_password));
    if new_password == old_password {
        fields.violate("new_password", "must be another than the old one");
    }
    fields.finish((old_password, new_password))
}

pub fn list_sessions(request: &v1::ListSessionsRequest) -> Result<SessionPage> {
    let mut fields = Fields::new();
    let page = SessionPage {
        before: fields.page_after_id(&request.page_token),
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

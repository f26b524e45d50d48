//! `AuthService`, and who makes a call.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use crate::{
    chat::Chat,
    error::{Error, Result},
    model::Caller,
    wire::{
        accounts, paging, users,
        v1::{self, auth_service_server::AuthService},
    },
};

/// Who makes this call, by its access token; refused if they make too many.
pub fn caller<T>(chat: &Chat, request: &Request<T>) -> Result<Caller> {
    let header = request.metadata().get("authorization").ok_or(Error::TokenMissing)?;
    let (scheme, token) =
        header.to_str().ok().and_then(|text| text.split_once(' ')).ok_or(Error::TokenInvalid)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Error::TokenInvalid);
    }
    let caller = chat.auth.verify(token.trim())?;
    chat.calls.check(&caller.user)?;
    Ok(caller)
}

fn address<T>(request: &Request<T>) -> String {
    request.remote_addr().map(|address| address.ip().to_string()).unwrap_or_default()
}

pub struct AuthApi {
    pub chat: Arc<Chat>,
}

#[tonic::async_trait]
impl AuthService for AuthApi {
    async fn register(
        &self,
        request: Request<v1::RegisterRequest>,
    ) -> Result<Response<v1::RegisterResponse>, Status> {
        let address = address(&request);
        let new = accounts::register(request.into_inner())?;
        let (tokens, user) = self.chat.register(new, address).await?;
        Ok(Response::new(v1::RegisterResponse {
            session: Some(accounts::session(tokens)),
            user: Some(users::user(user)),
        }))
    }

    async fn login(
        &self,
        request: Request<v1::LoginRequest>,
    ) -> Result<Response<v1::LoginResponse>, Status> {
        let address = address(&request);
        let attempt = accounts::login(request.into_inner())?;
        let (tokens, user) = self.chat.login(attempt, address).await?;
        Ok(Response::new(v1::LoginResponse {
            session: Some(accounts::session(tokens)),
            user: Some(users::user(user)),
        }))
    }

    async fn refresh_session(
        &self,
        request: Request<v1::RefreshSessionRequest>,
    ) -> Result<Response<v1::RefreshSessionResponse>, Status> {
        let tokens = self.chat.refresh_session(&request.get_ref().refresh_token).await?;
        Ok(Response::new(v1::RefreshSessionResponse { session: Some(accounts::session(tokens)) }))
    }

    async fn logout(
        &self,
        request: Request<v1::LogoutRequest>,
    ) -> Result<Response<v1::LogoutResponse>, Status> {
        let caller = caller(&self.chat, &request)?;
        self.chat.logout(caller).await?;
        Ok(Response::new(v1::LogoutResponse {}))
    }

    async fn change_password(
        &self,
        request: Request<v1::ChangePasswordRequest>,
    ) -> Result<Response<v1::ChangePasswordResponse>, Status> {
        let caller = caller(&self.chat, &request)?;
        let (old, new) = accounts::change_password(request.into_inner())?;
        let ended = self.chat.change_password(caller, old, new).await?;
        let ended_sessions = i32::try_from(ended).unwrap_or(i32::MAX);
        Ok(Response::new(v1::ChangePasswordResponse { ended_sessions }))
    }

    async fn list_sessions(
        &self,
        request: Request<v1::ListSessionsRequest>,
    ) -> Result<Response<v1::ListSessionsResponse>, Status> {
        let caller = caller(&self.chat, &request)?;
        let page = accounts::list_sessions(request.get_ref())?;
        let (found, more) = self.chat.list_sessions(caller, page).await?;
        let last = found.last().filter(|_| more).map(|session| session.id.0);
        let info = |session| accounts::session_info(session, caller.session);
        Ok(Response::new(v1::ListSessionsResponse {
            next_page_token: last.map(|id| paging::token(id.as_bytes())).unwrap_or_default(),
            sessions: found.into_iter().map(info).collect(),
        }))
    }

    async fn revoke_session(
        &self,
        request: Request<v1::RevokeSessionRequest>,
    ) -> Result<Response<v1::RevokeSessionResponse>, Status> {
        let caller = caller(&self.chat, &request)?;
        let session = accounts::session_id(&request.get_ref().session_id)?;
        self.chat.revoke_session(caller, session).await?;
        Ok(Response::new(v1::RevokeSessionResponse {}))
    }

    async fn revoke_other_sessions(
        &self,
        request: Request<v1::RevokeOtherSessionsRequest>,
    ) -> Result<Response<v1::RevokeOtherSessionsResponse>, Status> {
        let caller = caller(&self.chat, &request)?;
        let ended = self.chat.revoke_other_sessions(caller).await?;
        let ended_sessions = i32::try_from(ended).unwrap_or(i32::MAX);
        Ok(Response::new(v1::RevokeOtherSessionsResponse { ended_sessions }))
    }
}

//! `AuthService`, and who makes a call.

use std::{mem, sync::Arc};

use http::{HeaderMap, header};
use tonic::{Request, Response, Status};

use super::{
    cookie::{self, RefreshCookie},
    forbid_caching, no_store,
};
use crate::{
    auth::{Auth, tokens::DEVICE_LASTS},
    error::{Error, Result},
    model::{Caller, Timestamp, Tokens, UserId, sessions::SignedIn},
    service::Services,
    transport::Client,
    wire::{
        accounts,
        fields::both,
        idempotency, paging, users,
        v1::{self, auth_service_server::AuthService},
    },
};

/// Who makes this call, by its access token; refused if they make too many.
pub fn caller<T>(services: &Services, request: &Request<T>) -> Result<Caller> {
    let caller = match request.extensions().get::<Caller>() {
        Some(caller) => *caller,
        None => caller_of(&services.auth, request.metadata().as_ref())?,
    };
    services.calls.check(&caller.user)?;
    Ok(caller)
}

/// Who an access token in the headers belongs to.
pub fn caller_of(auth: &Auth, headers: &HeaderMap) -> Result<Caller> {
    let header = headers.get(header::AUTHORIZATION).ok_or(Error::TokenMissing)?;
    let (scheme, token) =
        header.to_str().ok().and_then(|text| text.split_once(' ')).ok_or(Error::TokenInvalid)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Error::TokenInvalid);
    }
    auth.verify(token.trim())
}

/// The client's own address.
fn address<T>(request: &Request<T>) -> String {
    let client = request.extensions().get::<Client>();
    client.map(|client| client.address.to_string()).unwrap_or_default()
}

/// An answer with a session; its refresh token goes into the jar if there is one.
fn with_session<T>(
    mut tokens: Tokens,
    jar: Option<&RefreshCookie>,
    answer: impl FnOnce(v1::Session) -> T,
) -> Result<Response<T>> {
    let set = jar.map(|jar| {
        let lasts = Timestamp::now().until(tokens.refresh_expires_at);
        jar.put(&mem::take(&mut tokens.refresh), lasts)
    });
    let mut response = no_store(answer(accounts::session(tokens)));
    if let Some(cookie) = set.transpose()? {
        response.metadata_mut().insert(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// The jar of a browser that signs in, and the device tokens that it keeps.
type Browser = (RefreshCookie, Vec<Device>);

/// A device token that came from the jar, and the account that it is of.
type Device = (Option<UserId>, String);

/// The browser that calls, if it is to keep what it signs in with.
fn browser<T>(auth: &Auth, request: &Request<T>, keeps: bool) -> Result<Option<Browser>> {
    if !keeps {
        return Ok(None);
    }
    let jar = RefreshCookie::open(request.metadata())?;
    let kept = cookie::devices(request.metadata());
    Ok(Some((jar, kept.into_iter().map(|token| (auth.device_owner(&token), token)).collect())))
}

/// The answer to who has signed in; a browser keeps both tokens in its jar.
fn signed_in<T>(
    signed_in: SignedIn,
    browser: Option<Browser>,
    answer: impl FnOnce(v1::Session, v1::User, String) -> T,
) -> Result<Response<T>> {
    let SignedIn { tokens, user, device_token } = signed_in;
    let user_id = user.id;
    let user = users::user(user);
    let Some((jar, kept)) = browser else {
        return with_session(tokens, None, |session| answer(session, user, device_token));
    };
    let of_others =
        |(owner, token): Device| owner.is_some_and(|owner| owner != user_id).then_some(token);
    let kept: Vec<String> = kept.into_iter().filter_map(of_others).collect();
    let cookie = jar.put_device(device_token, &kept, DEVICE_LASTS)?;
    let mut response =
        with_session(tokens, Some(&jar), |session| answer(session, user, String::new()))?;
    response.metadata_mut().append(SET_COOKIE, cookie);
    Ok(response)
}

/// The refusal of a call that used the token in the jar; one that is no good any
/// more is taken out.
fn refused(error: Error, jar: &RefreshCookie) -> Status {
    let is_over =
        matches!(error, Error::TokenInvalid | Error::TokenExpired | Error::SessionRevoked);
    let mut status = Status::from(error);
    if is_over && let Ok(cookie) = jar.clear() {
        status.metadata_mut().insert(SET_COOKIE, cookie);
        forbid_caching(status.metadata_mut());
    }
    status
}

const SET_COOKIE: &str = "set-cookie";

pub struct AuthApi {
    pub services: Arc<Services>,
}

#[tonic::async_trait]
impl AuthService for AuthApi {
    async fn register(
        &self,
        request: Request<v1::RegisterRequest>,
    ) -> Result<Response<v1::RegisterResponse>, Status> {
        let browser = browser(&self.services.auth, &request, request.get_ref().refresh_cookie)?;
        let address = address(&request);
        let request = request.into_inner();
        let key = idempotency::key(&request);
        let (new, key) = both(accounts::register(request), key)?;
        let answer = |session, user, device_token| v1::RegisterResponse {
            session: Some(session),
            user: Some(user),
            device_token,
        };
        Ok(signed_in(self.services.register(new, address, key).await?, browser, answer)?)
    }

    async fn login(
        &self,
        request: Request<v1::LoginRequest>,
    ) -> Result<Response<v1::LoginResponse>, Status> {
        let browser = browser(&self.services.auth, &request, request.get_ref().refresh_cookie)?;
        let address = address(&request);
        let kept = browser.iter().flat_map(|(_, kept)| kept).map(|(_, token)| token.clone());
        let attempt = accounts::login(request.into_inner(), kept.collect())?;
        let answer = |session, user, device_token| v1::LoginResponse {
            session: Some(session),
            user: Some(user),
            device_token,
        };
        Ok(signed_in(self.services.login(attempt, address).await?, browser, answer)?)
    }

    async fn recover_account(
        &self,
        request: Request<v1::RecoverAccountRequest>,
    ) -> Result<Response<v1::RecoverAccountResponse>, Status> {
        let browser = browser(&self.services.auth, &request, request.get_ref().refresh_cookie)?;
        let address = address(&request);
        let recovery = accounts::recover_account(request.into_inner())?;
        let answer = |session, user, device_token| v1::RecoverAccountResponse {
            session: Some(session),
            user: Some(user),
            device_token,
        };
        Ok(signed_in(self.services.recover_account(recovery, address).await?, browser, answer)?)
    }

    async fn refresh_session(
        &self,
        request: Request<v1::RefreshSessionRequest>,
    ) -> Result<Response<v1::RefreshSessionResponse>, Status> {
        let answer = |session| v1::RefreshSessionResponse { session: Some(session) };
        let address = address(&request);
        let given = &request.get_ref().refresh_token;
        let Some(kept) = cookie::kept(request.metadata()).filter(|_| given.is_empty()) else {
            return Ok(with_session(
                self.services.refresh_session(given, &address).await?,
                None,
                answer,
            )?);
        };
        let jar = RefreshCookie::open(request.metadata())?;
        match self.services.refresh_session(kept, &address).await {
            Ok(tokens) => Ok(with_session(tokens, Some(&jar), answer)?),
            Err(error) => Err(refused(error, &jar)),
        }
    }

    async fn logout(
        &self,
        request: Request<v1::LogoutRequest>,
    ) -> Result<Response<v1::LogoutResponse>, Status> {
        let mut response = no_store(v1::LogoutResponse {});
        let Some(kept) = cookie::kept(request.metadata()) else {
            self.services.logout(caller(&self.services, &request)?).await?;
            return Ok(response);
        };
        let jar = RefreshCookie::open(request.metadata())?;
        match caller(&self.services, &request) {
            Err(Error::TokenMissing) => {
                self.services.logout_by(kept).await.map_err(|error| refused(error, &jar))?;
            }
            caller => self.services.logout(caller?).await?,
        }
        response.metadata_mut().insert(SET_COOKIE, jar.clear()?);
        Ok(response)
    }

    async fn change_password(
        &self,
        request: Request<v1::ChangePasswordRequest>,
    ) -> Result<Response<v1::ChangePasswordResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let address = address(&request);
        let request = request.into_inner();
        let key = idempotency::key(&request);
        let (change, key) = both(accounts::change_password(request), key)?;
        let ended = self.services.change_password(caller, change, address, key).await?;
        let ended_sessions = i32::try_from(ended).unwrap_or(i32::MAX);
        Ok(Response::new(v1::ChangePasswordResponse { ended_sessions }))
    }

    async fn list_sessions(
        &self,
        request: Request<v1::ListSessionsRequest>,
    ) -> Result<Response<v1::ListSessionsResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let page = accounts::list_sessions(request.get_ref())?;
        let (found, more) = self.services.list_sessions(caller, page).await?;
        let last = found.last().filter(|_| more).map(|session| session.id.0);
        let info = |session| accounts::session_info(session, caller.session);
        Ok(Response::new(v1::ListSessionsResponse {
            next_page_token: last
                .map(|id| paging::token(request.get_ref(), id.as_bytes()))
                .unwrap_or_default(),
            sessions: found.into_iter().map(info).collect(),
        }))
    }

    async fn revoke_session(
        &self,
        request: Request<v1::RevokeSessionRequest>,
    ) -> Result<Response<v1::RevokeSessionResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let session = accounts::session_id(&request.get_ref().session_id)?;
        self.services.revoke_session(caller, session).await?;
        Ok(Response::new(v1::RevokeSessionResponse {}))
    }

    async fn revoke_other_sessions(
        &self,
        request: Request<v1::RevokeOtherSessionsRequest>,
    ) -> Result<Response<v1::RevokeOtherSessionsResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let ended = self.services.revoke_other_sessions(caller).await?;
        let ended_sessions = i32::try_from(ended).unwrap_or(i32::MAX);
        Ok(Response::new(v1::RevokeOtherSessionsResponse { ended_sessions }))
    }
}

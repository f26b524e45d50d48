//! Typed calls with tokens that renew themselves.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tonic::{Request, Response, Status, metadata::MetadataValue, transport::Channel};

use crate::{
    error::Error,
    live::{self, Live, Updates},
    retry::{Tries, is_unanswered, new_key},
    v1::{
        self, admin_service_client::AdminServiceClient, auth_service_client::AuthServiceClient,
        chat_service_client::ChatServiceClient, file_service_client::FileServiceClient,
        room_service_client::RoomServiceClient, server_service_client::ServerServiceClient,
        user_service_client::UserServiceClient,
    },
};

/// An access token is renewed when it has less than this left.
const RENEW_BEFORE: Duration = Duration::from_secs(30);

/// The tokens of a session, to be kept by the application: whoever has them is
/// signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionTokens {
    pub access_token: String,
    /// Seconds since 1970.
    pub access_expires_at: i64,
    pub refresh_token: String,
}

impl From<v1::Session> for SessionTokens {
    fn from(session: v1::Session) -> Self {
        Self {
            access_token: session.access_token,
            access_expires_at: session.access_expires_at.map_or(0, |at| at.seconds),
            refresh_token: session.refresh_token,
        }
    }
}

/// A server, and who one is there. Cheap to clone; clones share the session.
#[derive(Debug, Clone)]
pub struct Client {
    channel: Channel,
    session: Arc<Session>,
}

#[derive(Debug)]
struct Session {
    tokens: watch::Sender<Option<SessionTokens>>,
    /// Held while the tokens are renewed: a refresh token works once.
    renewing: tokio::sync::Mutex<()>,
    device: Mutex<String>,
    device_token: watch::Sender<String>,
}

impl Client {
    pub(crate) fn with_channel(channel: Channel) -> Self {
        let session = Session {
            tokens: watch::Sender::new(None),
            renewing: tokio::sync::Mutex::new(()),
            device: Mutex::new("Rust SDK".into()),
            device_token: watch::Sender::new(String::new()),
        };
        Self { channel, session: Arc::new(session) }
    }

    /// Names the device in the user's list of sessions.
    pub fn set_device(&self, name: impl Into<String>) {
        *self.session.device.lock().unwrap_or_else(PoisonError::into_inner) = name.into();
    }

    fn device(&self) -> String {
        self.session.device.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Goes on with a session from before.
    pub fn set_tokens(&self, tokens: Option<SessionTokens>) {
        self.session.tokens.send_replace(tokens);
    }

    /// The tokens as they change: keep the newest, the ones before are spent.
    #[must_use]
    pub fn tokens(&self) -> watch::Receiver<Option<SessionTokens>> {
        self.session.tokens.subscribe()
    }

    /// What an earlier sign-in on this device has left: with it, guesses of others at
    /// the password do not keep its owner out.
    pub fn set_device_token(&self, token: impl Into<String>) {
        self.session.device_token.send_replace(token.into());
    }

    /// The device token as it changes, with each sign-in: keep the newest, also after
    /// the session has ended. Empty: there is none.
    #[must_use]
    pub fn device_token(&self) -> watch::Receiver<String> {
        self.session.device_token.subscribe()
    }

    /// Makes an account and signs in to it. Made again with the same idempotency key
    /// while it is not answered, it makes no second one.
    pub async fn register(&self, mut request: v1::RegisterRequest) -> Result<v1::User, Error> {
        if request.device.is_empty() {
            request.device = self.device();
        }
        give_key(&mut request);
        let mut tries = Tries::of_keyed_call();
        let response = loop {
            match AuthServiceClient::new(self.channel.clone()).register(request.clone()).await {
                Ok(response) => break response.into_inner(),
                Err(status) => tries.wait_after(status.into(), is_unanswered).await?,
            }
        };
        let v1::RegisterResponse { session, user, device_token } = response;
        self.set_device_token(device_token);
        self.set_tokens(session.map(SessionTokens::from));
        Ok(user.unwrap_or_default())
    }

    /// Signs in by username.
    pub async fn login(&self, login: &str, password: &str, keep: bool) -> Result<v1::User, Error> {
        let request = v1::LoginRequest {
            login: login.into(),
            password: password.into(),
            device: self.device(),
            keep_signed_in: keep,
            refresh_cookie: false,
            device_token: self.session.device_token.borrow().clone(),
        };
        let response = AuthServiceClient::new(self.channel.clone()).login(request).await?;
        let v1::LoginResponse { session, user, device_token } = response.into_inner();
        self.set_device_token(device_token);
        self.set_tokens(session.map(SessionTokens::from));
        Ok(user.unwrap_or_default())
    }

    /// Sets a new password by the token of a recovery link, and signs in.
    pub async fn recover_account(
        &self,
        token: &str,
        new_password: &str,
        keep: bool,
    ) -> Result<v1::User, Error> {
        let request = v1::RecoverAccountRequest {
            token: token.into(),
            new_password: new_password.into(),
            device: self.device(),
            keep_signed_in: keep,
            refresh_cookie: false,
        };
        let response =
            AuthServiceClient::new(self.channel.clone()).recover_account(request).await?;
        let v1::RecoverAccountResponse { session, user, device_token } = response.into_inner();
        self.set_device_token(device_token);
        self.set_tokens(session.map(SessionTokens::from));
        Ok(user.unwrap_or_default())
    }

    /// The server's version, its limits and who may make an account.
    pub async fn server_info(&self) -> Result<v1::GetServerInfoResponse, Error> {
        let request = v1::GetServerInfoRequest {};
        let response =
            ServerServiceClient::new(self.channel.clone()).get_server_info(request).await?;
        Ok(response.into_inner())
    }

    /// Ends the session, here and on the server.
    pub async fn logout(&self) -> Result<(), Error> {
        let ended = self
            .call(v1::LogoutRequest {}, async |channel, request| {
                AuthServiceClient::new(channel).logout(request).await
            })
            .await;
        self.set_tokens(None);
        ended.map(drop)
    }

    /// An access token with some life left.
    pub async fn access_token(&self) -> Result<String, Error> {
        let tokens = self.current()?;
        if seconds_left(&tokens) > RENEW_BEFORE.as_secs().cast_signed() {
            return Ok(tokens.access_token);
        }
        self.renew(&tokens.access_token).await
    }

    /// A newer access token than the one given. Several callers at once renew once.
    pub async fn renew(&self, older: &str) -> Result<String, Error> {
        let _renewing = self.session.renewing.lock().await;
        let tokens = self.current()?;
        if tokens.access_token != older {
            return Ok(tokens.access_token);
        }
        let request = v1::RefreshSessionRequest { refresh_token: tokens.refresh_token };
        let renewed = AuthServiceClient::new(self.channel.clone()).refresh_session(request).await;
        match renewed {
            Ok(response) => {
                let tokens = response.into_inner().session.map(SessionTokens::from);
                self.set_tokens(tokens);
                Ok(self.current()?.access_token)
            }
            Err(status) => {
                let error = Error::from(status);
                if error.code == tonic::Code::Unauthenticated {
                    self.set_tokens(None);
                }
                Err(error)
            }
        }
    }

    /// One connection that keeps itself, and what happens on it. Must be called
    /// within a tokio runtime.
    #[must_use]
    pub fn live(&self, options: live::Options) -> (Live, Updates) {
        live::start(self.clone(), options)
    }

    /// The channel, for generated clients of one's own.
    #[must_use]
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    fn current(&self) -> Result<SessionTokens, Error> {
        self.session.tokens.borrow().clone().ok_or_else(Error::signed_out)
    }

    /// Makes a call with the access token, and once more if it had expired.
    pub(crate) async fn call<Q: Clone, R>(
        &self,
        request: Q,
        rpc: impl AsyncFn(Channel, Request<Q>) -> Result<Response<R>, Status>,
    ) -> Result<R, Error> {
        let token = self.access_token().await?;
        let first = rpc(self.channel.clone(), authorized(request.clone(), &token)?).await;
        match first.map_err(Error::from) {
            Ok(response) => Ok(response.into_inner()),
            Err(error) if error.is_token_expired() => {
                let token = self.renew(&token).await?;
                let again = rpc(self.channel.clone(), authorized(request, &token)?).await?;
                Ok(again.into_inner())
            }
            Err(error) => Err(error),
        }
    }
}

/// A request that makes something, and so can carry an idempotency key.
trait Keyed {
    fn key_mut(&mut self) -> &mut String;
}

/// Gives a request a key of its own if it has none.
fn give_key(request: &mut impl Keyed) {
    let key = request.key_mut();
    if key.is_empty() {
        *key = new_key();
    }
}

impl Keyed for v1::RegisterRequest {
    fn key_mut(&mut self) -> &mut String {
        &mut self.idempotency_key
    }
}

/// A request with its access token.
pub fn authorized<Q>(request: Q, token: &str) -> Result<Request<Q>, Error> {
    let mut request = Request::new(request);
    let value = MetadataValue::try_from(format!("Bearer {token}"))
        .map_err(|_| Error::local(tonic::Code::Unauthenticated, "TOKEN_INVALID", "Bad token."))?;
    request.metadata_mut().insert("authorization", value);
    Ok(request)
}

fn seconds_left(tokens: &SessionTokens) -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    tokens.access_expires_at - now.as_secs().cast_signed()
}

macro_rules! calls {
    ($($service:ident { $($rpc:ident($request:ident) -> $response:ident;)* })*) => {
        impl Client {
            $($(
                /// As the RPC of this name; see its comment in the protos.
                pub async fn $rpc(&self, request: v1::$request) -> Result<v1::$response, Error> {
                    self.call(request, async |channel, request| {
                        $service::new(channel).$rpc(request).await
                    })
                    .await
                }
            )*)*
        }
    };
}

calls! {
    AuthServiceClient {
        list_sessions(ListSessionsRequest) -> ListSessionsResponse;
        revoke_session(RevokeSessionRequest) -> RevokeSessionResponse;
        revoke_other_sessions(RevokeOtherSessionsRequest) -> RevokeOtherSessionsResponse;
    }
    UserServiceClient {
        get_me(GetMeRequest) -> GetMeResponse;
        get_user(GetUserRequest) -> GetUserResponse;
        batch_get_users(BatchGetUsersRequest) -> BatchGetUsersResponse;
        search_users(SearchUsersRequest) -> SearchUsersResponse;
        update_profile(UpdateProfileRequest) -> UpdateProfileResponse;
        update_settings(UpdateSettingsRequest) -> UpdateSettingsResponse;
        block_user(BlockUserRequest) -> BlockUserResponse;
        unblock_user(UnblockUserRequest) -> UnblockUserResponse;
        list_blocked_users(ListBlockedUsersRequest) -> ListBlockedUsersResponse;
    }
    RoomServiceClient {
        get_room(GetRoomRequest) -> GetRoomResponse;
        list_rooms(ListRoomsRequest) -> ListRoomsResponse;
        browse_rooms(BrowseRoomsRequest) -> BrowseRoomsResponse;
        update_room(UpdateRoomRequest) -> UpdateRoomResponse;
        join_room(JoinRoomRequest) -> JoinRoomResponse;
        leave_room(LeaveRoomRequest) -> LeaveRoomResponse;
        list_members(ListMembersRequest) -> ListMembersResponse;
        open_direct_room(OpenDirectRoomRequest) -> OpenDirectRoomResponse;
        remove_member(RemoveMemberRequest) -> RemoveMemberResponse;
        unban_member(UnbanMemberRequest) -> UnbanMemberResponse;
        list_bans(ListBansRequest) -> ListBansResponse;
        set_member_role(SetMemberRoleRequest) -> SetMemberRoleResponse;
        archive_room(ArchiveRoomRequest) -> ArchiveRoomResponse;
        list_invites(ListInvitesRequest) -> ListInvitesResponse;
        revoke_invite(RevokeInviteRequest) -> RevokeInviteResponse;
        get_invite(GetInviteRequest) -> GetInviteResponse;
        redeem_invite(RedeemInviteRequest) -> RedeemInviteResponse;
        update_room_preferences(UpdateRoomPreferencesRequest) -> UpdateRoomPreferencesResponse;
    }
    ChatServiceClient {
        send_message(SendMessageRequest) -> SendMessageResponse;
        edit_message(EditMessageRequest) -> EditMessageResponse;
        delete_message(DeleteMessageRequest) -> DeleteMessageResponse;
        add_reaction(AddReactionRequest) -> AddReactionResponse;
        remove_reaction(RemoveReactionRequest) -> RemoveReactionResponse;
        pin_message(PinMessageRequest) -> PinMessageResponse;
        unpin_message(UnpinMessageRequest) -> UnpinMessageResponse;
        list_reactions(ListReactionsRequest) -> ListReactionsResponse;
        list_pins(ListPinsRequest) -> ListPinsResponse;
        list_thread(ListThreadRequest) -> ListThreadResponse;
        list_threads(ListThreadsRequest) -> ListThreadsResponse;
        list_mentions(ListMentionsRequest) -> ListMentionsResponse;
        list_message_versions(ListMessageVersionsRequest) -> ListMessageVersionsResponse;
        search_messages(SearchMessagesRequest) -> SearchMessagesResponse;
        list_messages(ListMessagesRequest) -> ListMessagesResponse;
        get_message(GetMessageRequest) -> GetMessageResponse;
        mark_read(MarkReadRequest) -> MarkReadResponse;
        mark_delivered(MarkDeliveredRequest) -> MarkDeliveredResponse;
        mark_unread(MarkUnreadRequest) -> MarkUnreadResponse;
        list_receipts(ListReceiptsRequest) -> ListReceiptsResponse;
        set_typing(SetTypingRequest) -> SetTypingResponse;
        set_presence(SetPresenceRequest) -> SetPresenceResponse;
        watch_rooms(WatchRoomsRequest) -> WatchRoomsResponse;
        renew_token(RenewTokenRequest) -> RenewTokenResponse;
        sync_room(SyncRoomRequest) -> SyncRoomResponse;
    }
    FileServiceClient {
        upload_chunk(UploadChunkRequest) -> UploadChunkResponse;
        list_uploads(ListUploadsRequest) -> ListUploadsResponse;
        get_upload_status(GetUploadStatusRequest) -> GetUploadStatusResponse;
        finish_upload(FinishUploadRequest) -> FinishUploadResponse;
        cancel_upload(CancelUploadRequest) -> CancelUploadResponse;
        get_file(GetFileRequest) -> GetFileResponse;
        create_download_links(CreateDownloadLinksRequest) -> CreateDownloadLinksResponse;
    }
    AdminServiceClient {
        list_users(ListUsersRequest) -> ListUsersResponse;
        set_user_role(SetUserRoleRequest) -> SetUserRoleResponse;
        suspend_user(SuspendUserRequest) -> SuspendUserResponse;
        restore_user(RestoreUserRequest) -> RestoreUserResponse;
        create_recovery_link(CreateRecoveryLinkRequest) -> CreateRecoveryLinkResponse;
        get_server_settings(GetServerSettingsRequest) -> GetServerSettingsResponse;
        update_server_settings(UpdateServerSettingsRequest) -> UpdateServerSettingsResponse;
    }
}

macro_rules! keyed_calls {
    ($($service:ident { $($rpc:ident($request:ident) -> $response:ident;)* })*) => {
        $($(
            impl Keyed for v1::$request {
                fn key_mut(&mut self) -> &mut String {
                    &mut self.idempotency_key
                }
            }
        )*)*

        impl Client {
            $($(
                /// As the RPC of this name; see its comment in the protos. A request
                /// without an idempotency key gets a new one; while it is not answered,
                /// the call is made again with the same.
                pub async fn $rpc(
                    &self,
                    mut request: v1::$request,
                ) -> Result<v1::$response, Error> {
                    give_key(&mut request);
                    let mut tries = Tries::of_keyed_call();
                    loop {
                        let answer = self.call(request.clone(), async |channel, request| {
                            $service::new(channel).$rpc(request).await
                        });
                        match answer.await {
                            Ok(response) => return Ok(response),
                            Err(error) => tries.wait_after(error, is_unanswered).await?,
                        }
                    }
                }
            )*)*
        }
    };
}

keyed_calls! {
    AuthServiceClient {
        change_password(ChangePasswordRequest) -> ChangePasswordResponse;
    }
    RoomServiceClient {
        create_room(CreateRoomRequest) -> CreateRoomResponse;
        add_members(AddMembersRequest) -> AddMembersResponse;
        ban_member(BanMemberRequest) -> BanMemberResponse;
        mute_member(MuteMemberRequest) -> MuteMemberResponse;
        create_invite(CreateInviteRequest) -> CreateInviteResponse;
    }
    FileServiceClient {
        start_upload(StartUploadRequest) -> StartUploadResponse;
    }
}

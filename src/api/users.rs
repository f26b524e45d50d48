//! `UserService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::auth::caller;
use crate::{
    error::Result,
    model::users::fold,
    service::Services,
    wire::{
        paging, presence, users,
        v1::{self, user_service_server::UserService},
    },
};

pub struct UserApi {
    pub services: Arc<Services>,
}

#[tonic::async_trait]
impl UserService for UserApi {
    async fn get_me(
        &self,
        request: Request<v1::GetMeRequest>,
    ) -> Result<Response<v1::GetMeResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let (user, email, role) = self.services.get_me(caller).await?;
        let read_receipts = self.services.update_settings(caller, None).await?;
        Ok(Response::new(v1::GetMeResponse {
            user: Some(users::user(user)),
            email: email.unwrap_or_default(),
            role: users::account_role(role).into(),
            settings: Some(v1::UserSettings { read_receipts }),
        }))
    }

    async fn get_user(
        &self,
        request: Request<v1::GetUserRequest>,
    ) -> Result<Response<v1::GetUserResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let user = users::get_user(request.get_ref())?;
        let (user, seen) = self.services.get_user(caller, user).await?;
        Ok(Response::new(v1::GetUserResponse {
            user: Some(users::user(user)),
            presence: Some(presence::presence(seen)),
        }))
    }

    async fn batch_get_users(
        &self,
        request: Request<v1::BatchGetUsersRequest>,
    ) -> Result<Response<v1::BatchGetUsersResponse>, Status> {
        caller(&self.services, &request)?;
        let wanted = users::batch_get_users(request.get_ref())?;
        let found = self.services.batch_get_users(&wanted).await?;
        let users = found.into_iter().map(users::user).collect();
        Ok(Response::new(v1::BatchGetUsersResponse { users }))
    }

    async fn search_users(
        &self,
        request: Request<v1::SearchUsersRequest>,
    ) -> Result<Response<v1::SearchUsersResponse>, Status> {
        caller(&self.services, &request)?;
        let search = users::search_users(request.get_ref())?;
        let (found, more) = self.services.search_users(search).await?;
        let last = found.last().filter(|_| more);
        Ok(Response::new(v1::SearchUsersResponse {
            next_page_token: last
                .map(|user| paging::token(request.get_ref(), fold(&user.username).as_bytes()))
                .unwrap_or_default(),
            users: found.into_iter().map(users::user).collect(),
        }))
    }

    async fn update_profile(
        &self,
        request: Request<v1::UpdateProfileRequest>,
    ) -> Result<Response<v1::UpdateProfileResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let changes = users::update_profile(request.into_inner())?;
        let user = self.services.update_profile(caller, changes).await?;
        Ok(Response::new(v1::UpdateProfileResponse { user: Some(users::user(user)) }))
    }

    async fn update_settings(
        &self,
        request: Request<v1::UpdateSettingsRequest>,
    ) -> Result<Response<v1::UpdateSettingsResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let v1::UpdateSettingsRequest { read_receipts } = request.into_inner();
        let read_receipts = self.services.update_settings(caller, read_receipts).await?;
        let settings = Some(v1::UserSettings { read_receipts });
        Ok(Response::new(v1::UpdateSettingsResponse { settings }))
    }

    async fn block_user(
        &self,
        request: Request<v1::BlockUserRequest>,
    ) -> Result<Response<v1::BlockUserResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        self.services.block_user(caller, users::user_id(&request.get_ref().user_id)?).await?;
        Ok(Response::new(v1::BlockUserResponse {}))
    }

    async fn unblock_user(
        &self,
        request: Request<v1::UnblockUserRequest>,
    ) -> Result<Response<v1::UnblockUserResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        self.services.unblock_user(caller, users::user_id(&request.get_ref().user_id)?).await?;
        Ok(Response::new(v1::UnblockUserResponse {}))
    }

    async fn list_blocked_users(
        &self,
        request: Request<v1::ListBlockedUsersRequest>,
    ) -> Result<Response<v1::ListBlockedUsersResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let search = users::list_blocked(request.get_ref())?;
        let (found, more) = self.services.list_blocked(caller, search).await?;
        let last = found.last().filter(|_| more);
        Ok(Response::new(v1::ListBlockedUsersResponse {
            next_page_token: last
                .map(|user| paging::token(request.get_ref(), fold(&user.username).as_bytes()))
                .unwrap_or_default(),
            users: found.into_iter().map(users::user).collect(),
        }))
    }
}

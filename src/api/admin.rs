//! `AdminService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::{auth::caller, no_store};
use crate::{
    auth::recovery,
    error::Result,
    model::users::fold,
    service::Services,
    wire::{
        admin, paging, timestamp,
        v1::{self, admin_service_server::AdminService},
    },
};

pub struct AdminApi {
    pub services: Arc<Services>,
}

#[tonic::async_trait]
impl AdminService for AdminApi {
    async fn list_users(
        &self,
        request: Request<v1::ListUsersRequest>,
    ) -> Result<Response<v1::ListUsersResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let search = admin::list_users(request.get_ref())?;
        let (found, more) = self.services.list_accounts(caller, search).await?;
        let last = found.last().filter(|_| more);
        Ok(Response::new(v1::ListUsersResponse {
            next_page_token: last
                .map(|account| {
                    paging::token(request.get_ref(), fold(&account.user.username).as_bytes())
                })
                .unwrap_or_default(),
            accounts: found.into_iter().map(admin::account).collect(),
        }))
    }

    async fn set_user_role(
        &self,
        request: Request<v1::SetUserRoleRequest>,
    ) -> Result<Response<v1::SetUserRoleResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let (user, role) = admin::set_user_role(request.get_ref())?;
        let account = self.services.set_account_role(caller, user, role).await?;
        Ok(Response::new(v1::SetUserRoleResponse { account: Some(admin::account(account)) }))
    }

    async fn suspend_user(
        &self,
        request: Request<v1::SuspendUserRequest>,
    ) -> Result<Response<v1::SuspendUserResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let user = admin::user_id(&request.get_ref().user_id)?;
        let account = Some(admin::account(self.services.suspend(caller, user).await?));
        Ok(Response::new(v1::SuspendUserResponse { account }))
    }

    async fn restore_user(
        &self,
        request: Request<v1::RestoreUserRequest>,
    ) -> Result<Response<v1::RestoreUserResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let user = admin::user_id(&request.get_ref().user_id)?;
        let account = Some(admin::account(self.services.restore(caller, user).await?));
        Ok(Response::new(v1::RestoreUserResponse { account }))
    }

    async fn create_recovery_link(
        &self,
        request: Request<v1::CreateRecoveryLinkRequest>,
    ) -> Result<Response<v1::CreateRecoveryLinkResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let user = admin::user_id(&request.get_ref().user_id)?;
        let (token, expires_at) = self.services.create_recovery_link(caller, user).await?;
        Ok(no_store(v1::CreateRecoveryLinkResponse {
            path: recovery::path(&token),
            token,
            expires_at: Some(timestamp(expires_at)),
        }))
    }

    async fn get_server_settings(
        &self,
        request: Request<v1::GetServerSettingsRequest>,
    ) -> Result<Response<v1::GetServerSettingsResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let policy = self.services.server_settings(caller).await?;
        let settings = Some(admin::settings(policy));
        Ok(Response::new(v1::GetServerSettingsResponse { settings }))
    }

    async fn update_server_settings(
        &self,
        request: Request<v1::UpdateServerSettingsRequest>,
    ) -> Result<Response<v1::UpdateServerSettingsResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let policy = admin::update_settings(request.get_ref())?;
        let policy = self.services.update_server_settings(caller, policy).await?;
        let settings = Some(admin::settings(policy));
        Ok(Response::new(v1::UpdateServerSettingsResponse { settings }))
    }
}

//! `AdminService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::auth::caller;
use crate::{
    chat::Chat,
    error::Result,
    model::users::fold,
    wire::{
        admin, paging,
        v1::{self, admin_service_server::AdminService},
    },
};

pub struct AdminApi {
    pub chat: Arc<Chat>,
}

#[tonic::async_trait]
impl AdminService for AdminApi {
    async fn list_users(
        &self,
        request: Request<v1::ListUsersRequest>,
    ) -> Result<Response<v1::ListUsersResponse>, Status> {
        let caller = caller(&self.chat, &request)?;
        let search = admin::list_users(request.get_ref())?;
        let (found, more) = self.chat.list_accounts(caller, search).await?;
        let last = found.last().filter(|_| more);
        Ok(Response::new(v1::ListUsersResponse {
            next_page_token: last
                .map(|account| paging::token(fold(&account.user.username).as_bytes()))
                .unwrap_or_default(),
            accounts: found.into_iter().map(admin::account).collect(),
        }))
    }

    async fn set_user_role(
        &self,
        request: Request<v1::SetUserRoleRequest>,
    ) -> Result<Response<v1::SetUserRoleResponse>, Status> {
        let caller = caller(&self.chat, &request)?;
        let (user, role) = admin::set_user_role(request.get_ref())?;
        let account = self.chat.set_account_role(caller, user, role).await?;
        Ok(Response::new(v1::SetUserRoleResponse { account: Some(admin::account(account)) }))
    }
}

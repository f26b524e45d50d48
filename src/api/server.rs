//! `ServerService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use crate::{
    service::Services,
    wire::{
        server,
        v1::{self, server_service_server::ServerService},
    },
};

pub struct ServerApi {
    pub services: Arc<Services>,
}

#[tonic::async_trait]
impl ServerService for ServerApi {
    async fn get_server_info(
        &self,
        _: Request<v1::GetServerInfoRequest>,
    ) -> Result<Response<v1::GetServerInfoResponse>, Status> {
        Ok(Response::new(server::info(&self.services.server_info().await?)))
    }
}

//! `ServerService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use crate::{
    chat::Chat,
    wire::{
        server,
        v1::{self, server_service_server::ServerService},
    },
};

pub struct ServerApi {
    pub chat: Arc<Chat>,
}

#[tonic::async_trait]
impl ServerService for ServerApi {
    async fn get_server_info(
        &self,
        _: Request<v1::GetServerInfoRequest>,
    ) -> Result<Response<v1::GetServerInfoResponse>, Status> {
        Ok(Response::new(server::info(&self.chat.server_info().await?)))
    }
}

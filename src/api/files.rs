//! `FileService`.

use std::sync::Arc;

use futures::{StreamExt as _, stream::BoxStream};
use tonic::{Request, Response, Status};

use super::{auth::caller, no_store};
use crate::{
    error::{Error, Result},
    model::Upload,
    service::{Services, files::Download},
    wire::{
        fields::both,
        files, idempotency,
        v1::{self, file_service_server::FileService},
    },
};

pub struct FileApi {
    pub services: Arc<Services>,
}

impl FileApi {
    fn upload(&self, upload: Upload) -> v1::Upload {
        let expires_at = self.services.upload_expiry(&upload);
        files::upload(upload, expires_at)
    }
}

#[tonic::async_trait]
impl FileService for FileApi {
    type DownloadFileStream = BoxStream<'static, Result<v1::DownloadFileResponse, Status>>;

    async fn start_upload(
        &self,
        request: Request<v1::StartUploadRequest>,
    ) -> Result<Response<v1::StartUploadResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let r = request.get_ref();
        let (new, key) = both(files::start_upload(r), idempotency::key(r))?;
        let upload = self.services.start_upload(caller, new, key).await?;
        Ok(Response::new(v1::StartUploadResponse { upload: Some(self.upload(upload)) }))
    }

    async fn upload_chunk(
        &self,
        request: Request<v1::UploadChunkRequest>,
    ) -> Result<Response<v1::UploadChunkResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let chunk = files::upload_chunk(request.into_inner())?;
        let upload = self.services.upload_chunk(caller, chunk).await?;
        Ok(Response::new(v1::UploadChunkResponse { upload: Some(self.upload(upload)) }))
    }

    async fn get_upload_status(
        &self,
        request: Request<v1::GetUploadStatusRequest>,
    ) -> Result<Response<v1::GetUploadStatusResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let id = files::file_id("upload_id", &request.get_ref().upload_id)?;
        let upload = self.services.upload_status(caller, id).await?;
        Ok(Response::new(v1::GetUploadStatusResponse { upload: Some(self.upload(upload)) }))
    }

    async fn list_uploads(
        &self,
        request: Request<v1::ListUploadsRequest>,
    ) -> Result<Response<v1::ListUploadsResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let found = self.services.list_uploads(caller).await?;
        let uploads = found.into_iter().map(|upload| self.upload(upload)).collect();
        Ok(Response::new(v1::ListUploadsResponse { uploads }))
    }

    async fn finish_upload(
        &self,
        request: Request<v1::FinishUploadRequest>,
    ) -> Result<Response<v1::FinishUploadResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let (upload, sha256) = files::finish_upload(request.get_ref())?;
        let file = self.services.finish_upload(caller, upload, sha256).await?;
        Ok(Response::new(v1::FinishUploadResponse { file: Some(files::file(file)) }))
    }

    async fn cancel_upload(
        &self,
        request: Request<v1::CancelUploadRequest>,
    ) -> Result<Response<v1::CancelUploadResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let id = files::file_id("upload_id", &request.get_ref().upload_id)?;
        self.services.cancel_upload(caller, id).await?;
        Ok(Response::new(v1::CancelUploadResponse {}))
    }

    async fn get_file(
        &self,
        request: Request<v1::GetFileRequest>,
    ) -> Result<Response<v1::GetFileResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let id = files::file_id("file_id", &request.get_ref().file_id)?;
        let stored = self.services.get_file(caller, id).await?;
        Ok(Response::new(v1::GetFileResponse { file: Some(files::file(stored.file)) }))
    }

    async fn download_file(
        &self,
        request: Request<v1::DownloadFileRequest>,
    ) -> Result<Response<Self::DownloadFileStream>, Status> {
        let caller = caller(&self.services, &request)?;
        let part = files::download_file(request.get_ref())?;
        let Download { stored, content_type, size, range: _, part } =
            self.services.download(caller, part).await?;
        let header = v1::DownloadFileHeader {
            file: Some(files::file(stored.file)),
            content_type,
            size_bytes: i64::try_from(size).map_err(Error::internal)?,
        };
        let first = v1::DownloadFileResponse { header: Some(header), data: vec![] };
        let services = self.services.clone();
        let chunks = part.map(move |data| {
            // As a new call would be: a download may take long.
            services.auth.check_caller(caller)?;
            Ok::<_, Status>(v1::DownloadFileResponse { header: None, data: data?.into() })
        });
        let responses = futures::stream::once(async { Ok(first) }).chain(chunks);
        Ok(Response::new(responses.boxed()))
    }

    async fn create_download_links(
        &self,
        request: Request<v1::CreateDownloadLinksRequest>,
    ) -> Result<Response<v1::CreateDownloadLinksResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let (wanted, variant) = files::create_links(request.get_ref())?;
        let links = self.services.links(caller, &wanted, variant).await?;
        let links = links.into_iter().map(files::link).collect();
        Ok(no_store(v1::CreateDownloadLinksResponse { links }))
    }
}

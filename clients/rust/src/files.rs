//! Uploading and downloading.

use std::time::Duration;

use aws_lc_rs::digest;
use tonic::Streaming;

use crate::{
    Client, Error,
    v1::{self, file_service_client::FileServiceClient},
};

/// Bytes in one chunk: few calls, and little to send again.
const CHUNK_BYTES: usize = 256 * 1024;
/// A chunk that failed is tried again so often before the upload is given up
/// for now.
const TRIES: u32 = 5;
const FIRST_DELAY: Duration = Duration::from_millis(200);

impl Client {
    /// Uploads a file. What fails on the way is tried again for some seconds;
    /// after that [`Client::resume_upload`] can go on.
    pub async fn upload(&self, name: &str, bytes: &[u8]) -> Result<v1::File, Error> {
        let size_bytes = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        let request = v1::StartUploadRequest { name: name.to_owned(), size_bytes };
        let upload = self.start_upload(request).await?.upload.unwrap_or_default();
        self.resume_upload(upload, bytes).await
    }

    /// Goes on with an upload of these same bytes, from where the server says
    /// that it is.
    pub async fn resume_upload(
        &self,
        mut upload: v1::Upload,
        bytes: &[u8],
    ) -> Result<v1::File, Error> {
        let upload_id = upload.id.clone();
        let mut failures = 0;
        while let Some(data) = next_chunk(&upload, bytes) {
            let request = v1::UploadChunkRequest {
                upload_id: upload_id.clone(),
                offset: upload.received_bytes,
                data,
            };
            match self.upload_chunk(request).await {
                Ok(response) => {
                    upload = response.upload.unwrap_or_default();
                    failures = 0;
                }
                Err(error) if !worth_trying(&error) || failures == TRIES => return Err(error),
                Err(error) => {
                    let delay = error.retry_after.unwrap_or(FIRST_DELAY * 2_u32.pow(failures));
                    failures += 1;
                    tokio::time::sleep(delay).await;
                    // Perhaps it has arrived all the same.
                    let request = v1::GetUploadStatusRequest { upload_id: upload_id.clone() };
                    if let Ok(status) = self.get_upload_status(request).await {
                        upload = status.upload.unwrap_or_default();
                    }
                }
            }
        }
        let sha256 = digest::digest(&digest::SHA256, bytes).as_ref().to_vec();
        let request = v1::FinishUploadRequest { upload_id, sha256 };
        Ok(self.finish_upload(request).await?.file.unwrap_or_default())
    }

    /// Opens a download; see the RPC of this name.
    pub async fn download_file(
        &self,
        request: v1::DownloadFileRequest,
    ) -> Result<Streaming<v1::DownloadFileResponse>, Error> {
        self.call(request, async |channel, request| {
            FileServiceClient::new(channel).download_file(request).await
        })
        .await
    }

    /// Downloads a file, or a part of it, into memory.
    pub async fn download(&self, request: v1::DownloadFileRequest) -> Result<Vec<u8>, Error> {
        let mut pieces = self.download_file(request).await?;
        let mut bytes = Vec::new();
        while let Some(piece) = pieces.message().await? {
            bytes.extend_from_slice(&piece.data);
        }
        Ok(bytes)
    }
}

fn next_chunk(upload: &v1::Upload, bytes: &[u8]) -> Option<Vec<u8>> {
    let rest = bytes.get(usize::try_from(upload.received_bytes).ok()?..)?;
    (!rest.is_empty()).then(|| rest[..rest.len().min(CHUNK_BYTES)].to_vec())
}

fn worth_trying(error: &Error) -> bool {
    !error.is_final() || error.reason == "UPLOAD_OFFSET"
}

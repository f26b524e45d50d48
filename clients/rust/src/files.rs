//! Uploading and downloading.

use aws_lc_rs::digest;
use tonic::Streaming;

use crate::{
    Client, Error,
    retry::{Tries, may_pass, new_key},
    v1::{self, file_service_client::FileServiceClient},
};

/// Bytes in one chunk: few calls, and little to send again.
const CHUNK_BYTES: usize = 256 * 1024;

/// An upload that was given up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct UploadError {
    /// What went wrong at last.
    pub error: Error,
    /// Names the upload, if it is still there: [`Client::resume_upload`] can go
    /// on with what [`Client::get_upload_status`] says of it.
    pub upload_id: Option<String>,
}

impl From<UploadError> for Error {
    fn from(UploadError { error, upload_id: _ }: UploadError) -> Self {
        error
    }
}

impl Client {
    /// Uploads a file. It survives lost connections and a server that restarts:
    /// each call that fails on the way is made again, for about half a minute.
    /// After that the error names the upload, so that it can go on later.
    ///
    /// Whoever may stop waiting for this, or end, before it has ended begins
    /// with [`Client::start_upload`] instead, to know the upload's id.
    pub async fn upload(&self, name: &str, bytes: &[u8]) -> Result<v1::File, UploadError> {
        let size_bytes = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        let request = v1::StartUploadRequest {
            name: name.to_owned(),
            size_bytes,
            idempotency_key: new_key(),
        };
        let started = self.begin_upload(request).await;
        let upload = started.map_err(|error| UploadError { error, upload_id: None })?;
        let upload_id = upload.id.clone();
        self.resume_upload(upload, bytes).await.map_err(|error| {
            let gone = error.is_final() && error.reason != "UPLOAD_OFFSET";
            UploadError { error, upload_id: (!gone).then_some(upload_id) }
        })
    }

    async fn begin_upload(&self, request: v1::StartUploadRequest) -> Result<v1::Upload, Error> {
        let mut tries = Tries::default();
        loop {
            match self.start_upload(request.clone()).await {
                Ok(started) => return Ok(started.upload.unwrap_or_default()),
                // If only the answer was lost, the key brings it.
                Err(error) => tries.wait_after(error, may_pass).await?,
            }
        }
    }

    /// Goes on with an upload of these same bytes, from where the server says
    /// that it is, as persistent as [`Client::upload`].
    pub async fn resume_upload(
        &self,
        mut upload: v1::Upload,
        bytes: &[u8],
    ) -> Result<v1::File, Error> {
        let upload_id = upload.id.clone();
        let mut tries = Tries::default();
        while let Some(data) = next_chunk(&upload, bytes) {
            let request = v1::UploadChunkRequest {
                upload_id: upload_id.clone(),
                offset: upload.received_bytes,
                data,
            };
            match self.upload_chunk(request).await {
                Ok(response) => {
                    upload = response.upload.unwrap_or_default();
                    tries = Tries::default();
                }
                Err(error) => {
                    tries.wait_after(error, may_pass).await?;
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
        let mut tries = Tries::default();
        loop {
            match self.finish_upload(request.clone()).await {
                Ok(finished) => return Ok(finished.file.unwrap_or_default()),
                // Finishing again gives the same file.
                Err(error) => tries.wait_after(error, may_pass).await?,
            }
        }
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

    /// Downloads a file, or a part of it, into memory. Goes on with a newer access
    /// token if the first one expires meanwhile.
    pub async fn download(&self, request: v1::DownloadFileRequest) -> Result<Vec<u8>, Error> {
        let mut rest = request;
        let mut bytes = Vec::new();
        loop {
            let before = bytes.len();
            let outcome = self.download_rest(rest.clone(), &mut bytes).await;
            let more = bytes.len() - before;
            match outcome {
                Err(error) if error.reason == "TOKEN_EXPIRED" && more > 0 => {}
                outcome => return outcome.map(|()| bytes),
            }
            let more = i64::try_from(more).unwrap_or(i64::MAX);
            rest.offset += more;
            if rest.length > 0 {
                rest.length -= more;
                if rest.length <= 0 {
                    return Ok(bytes);
                }
            }
        }
    }

    async fn download_rest(
        &self,
        request: v1::DownloadFileRequest,
        bytes: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let mut pieces = self.download_file(request).await?;
        while let Some(piece) = pieces.message().await? {
            bytes.extend_from_slice(&piece.data);
        }
        Ok(())
    }
}

fn next_chunk(upload: &v1::Upload, bytes: &[u8]) -> Option<Vec<u8>> {
    let rest = bytes.get(usize::try_from(upload.received_bytes).ok()?..)?;
    (!rest.is_empty()).then(|| rest[..rest.len().min(CHUNK_BYTES)].to_vec())
}

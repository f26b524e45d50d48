//! Files and uploads.

use super::{fields::Fields, timestamp, v1};
use crate::{
    error::{Result, Rule},
    model::{
        File, FileId, ImageInfo, Timestamp, Upload, Variant,
        files::{self, Chunk, DownloadQuery, Link},
        limits,
    },
};

#[must_use]
pub fn file(file: File) -> v1::File {
    let File { id, uploader, name, content_type, bytes, image, created_at } = file;
    v1::File {
        id: id.to_string(),
        name,
        content_type,
        size_bytes: bytes,
        image: image
            .map(|ImageInfo { width, height, thumbnail_type: _ }| v1::ImageInfo { width, height }),
        uploader_id: uploader.to_string(),
        created_at: Some(timestamp(created_at)),
    }
}

/// An upload that is gone at that time if it stays idle.
#[must_use]
pub fn upload(upload: Upload, expires_at: Timestamp) -> v1::Upload {
    let Upload { id, user: _, name, bytes, received, touched_at: _ } = upload;
    v1::Upload {
        id: id.to_string(),
        name,
        size_bytes: bytes,
        received_bytes: received,
        expires_at: Some(timestamp(expires_at)),
    }
}

/// Path and query of a download link; `api/downloads.rs` answers it.
#[must_use]
pub fn link(link: Link) -> v1::DownloadLink {
    let Link { file, token, expires_at } = link;
    v1::DownloadLink {
        file_id: file.to_string(),
        path: format!("/files/{file}?token={token}"),
        expires_at: Some(timestamp(expires_at)),
    }
}

/// Name and size.
pub fn start_upload(request: &v1::StartUploadRequest) -> Result<(String, i64)> {
    let mut fields = Fields::new();
    let name = fields.clean("name", files::check_name(&request.name));
    if request.size_bytes < 1 {
        fields.violate("size_bytes", "must be at least 1");
    }
    fields.finish((name, request.size_bytes))
}

pub fn upload_chunk(request: v1::UploadChunkRequest) -> Result<Chunk> {
    let v1::UploadChunkRequest { upload_id, offset, data } = request;
    let mut fields = Fields::new();
    let upload = fields.file("upload_id", &upload_id);
    not_negative(&mut fields, "offset", offset);
    let range = 1..=*limits::CHUNK_BYTES.end();
    if !range.contains(&data.len()) {
        fields.violate("data", Rule::between(&range, data.len(), "bytes"));
    }
    fields.finish(Chunk { upload, offset, data: data.into() })
}

/// The upload and the SHA-256 of its bytes.
pub fn finish_upload(request: &v1::FinishUploadRequest) -> Result<(FileId, [u8; 32])> {
    let mut fields = Fields::new();
    let upload = fields.file("upload_id", &request.upload_id);
    let sha256 = request.sha256.as_slice().try_into();
    if sha256.is_err() {
        fields.violate("sha256", "must have 32 bytes");
    }
    fields.finish((upload, sha256.unwrap_or_default()))
}

/// The file or upload that a request names in this field.
pub fn file_id(field: &str, id: &str) -> Result<FileId> {
    let mut fields = Fields::new();
    let file = fields.file(field, id);
    fields.finish(file)
}

pub fn download_file(request: &v1::DownloadFileRequest) -> Result<DownloadQuery> {
    let mut fields = Fields::new();
    let part = DownloadQuery {
        file: fields.file("file_id", &request.file_id),
        variant: variant(&mut fields, request.variant),
        offset: request.offset,
        length: request.length,
    };
    not_negative(&mut fields, "offset", part.offset);
    not_negative(&mut fields, "length", part.length);
    fields.finish(part)
}

pub fn create_links(request: &v1::CreateDownloadLinksRequest) -> Result<(Vec<FileId>, Variant)> {
    let mut fields = Fields::new();
    let variant = variant(&mut fields, request.variant);
    let (range, count) = (1..=limits::LINKS, request.file_ids.len());
    if !range.contains(&count) {
        fields.violate("file_ids", Rule::between(&range, count, "items"));
        return fields.finish((vec![], variant));
    }
    let files = fields.files("file_ids", &request.file_ids);
    fields.finish((files, variant))
}

fn variant(fields: &mut Fields, variant: i32) -> Variant {
    match v1::FileVariant::try_from(variant) {
        Ok(v1::FileVariant::Unspecified) => Variant::Original,
        Ok(v1::FileVariant::Small) => Variant::Small,
        Ok(v1::FileVariant::Large) => Variant::Large,
        Err(_) => {
            fields.violate("variant", "must be a variant, or unspecified");
            Variant::Original
        }
    }
}

fn not_negative(fields: &mut Fields, field: &str, value: i64) {
    if value < 0 {
        fields.violate(field, "must not be negative");
    }
}

//! Large responses are compressed for callers that ask for it.

use std::io::Write as _;

use bytes::{BufMut as _, Bytes, BytesMut};
use flate2::{Compression, write::GzEncoder};
use http::HeaderMap;

/// Smaller ones would gain less than they cost.
const MIN_BYTES: usize = 4 * 1024;
/// Larger ones would hold up the others on their thread.
const MAX_BYTES_INLINE: usize = 64 * 1024;
const PREFIX: usize = 5;

pub const ENCODING: &str = "grpc-encoding";
pub const ACCEPT_ENCODING: &str = "grpc-accept-encoding";

/// Whether a caller takes gzip.
pub fn accepts_gzip(headers: &HeaderMap) -> bool {
    headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|encoding| encoding.trim().eq_ignore_ascii_case("gzip"))
}

/// A unary response's one message, compressed; none if that is not worth it.
pub async fn compress(message: &Bytes) -> Option<Bytes> {
    if message.len() < MIN_BYTES || message[0] != 0 {
        return None;
    }
    if message.len() <= MAX_BYTES_INLINE {
        return gzip(message);
    }
    let message = message.clone();
    tokio::task::spawn_blocking(move || gzip(&message)).await.ok().flatten()
}

fn gzip(message: &Bytes) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(message.len() / 3), Compression::fast());
    encoder.write_all(&message[PREFIX..]).ok()?;
    let compressed = encoder.finish().ok()?;
    let length = u32::try_from(compressed.len()).ok()?;
    let mut framed = BytesMut::with_capacity(PREFIX + compressed.len());
    framed.put_u8(1);
    framed.put_u32(length);
    framed.put_slice(&compressed);
    (framed.len() < message.len()).then(|| framed.freeze())
}

//! A response that is a stream of a service other than `ChatService`.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;
use tonic::Status;

use super::{
    framework_errors::{is_bare, translate},
    methods::Method,
};
use crate::transport::responses::StreamPermit;

/// Counts as open while it lives. Its frames pass untouched; a status that the
/// framework has made gets our form.
pub struct CountedStream {
    body: axum::body::Body,
    method: Method,
    _permits: (OwnedSemaphorePermit, StreamPermit),
}

impl CountedStream {
    pub fn new(
        body: axum::body::Body,
        method: Method,
        permits: (OwnedSemaphorePermit, StreamPermit),
    ) -> Self {
        Self { body, method, _permits: permits }
    }
}

impl HttpBody for CountedStream {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let method = self.method;
        Pin::new(&mut self.body).poll_frame(context).map_ok(|frame| {
            let status = frame.trailers_ref().and_then(Status::from_header_map);
            let Some(status) = status.filter(is_bare) else { return frame };
            let ours = Status::from(translate(&status, method.message_limit));
            let mut trailers = http::HeaderMap::new();
            if ours.add_header(&mut trailers).is_ok() { Frame::trailers(trailers) } else { frame }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

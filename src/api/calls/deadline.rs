//! `grpc-timeout`: how long a caller waits for an answer, or for the end of one that is
//! a stream.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::{Status, body::Body};

use crate::error::{Error, Result};

const TIMEOUT: &str = "grpc-timeout";
/// As the protocol has it: at most eight digits and a unit.
const MAX_DIGITS: usize = 8;

/// When the time is over that a caller gives from now on, if any.
pub fn read(headers: &HeaderMap) -> Result<Option<Instant>> {
    let Some(value) = headers.get(TIMEOUT) else { return Ok(None) };
    let parsed = value.to_str().ok().and_then(parse);
    let invalid = || Error::invalid(TIMEOUT, "must be up to 8 digits and one of H, M, S, m, u, n");
    // One that is too far away to be told never comes.
    parsed.map(|timeout| Instant::now().checked_add(timeout)).ok_or_else(invalid)
}

fn parse(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty()
        || digits.len() > MAX_DIGITS
        || !digits.bytes().all(|it| it.is_ascii_digit())
    {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_hours(count),
        "M" => Duration::from_mins(count),
        "S" => Duration::from_secs(count),
        "m" => Duration::from_millis(count),
        "u" => Duration::from_micros(count),
        "n" => Duration::from_nanos(count),
        _ => return None,
    })
}

/// A stream that ends with an error once its caller's time is over.
pub struct TimedStream {
    /// Gone once the time is over: what feeds it then ends too.
    body: Option<Body>,
    deadline: Pin<Box<Sleep>>,
}

impl TimedStream {
    pub fn new(body: Body, deadline: Instant) -> Self {
        Self { body: Some(body), deadline: Box::pin(sleep_until(deadline)) }
    }
}

impl HttpBody for TimedStream {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        let Some(body) = &mut this.body else { return Poll::Ready(None) };
        // First, or a stream that always has something would never end.
        if this.deadline.as_mut().poll(context).is_ready() {
            this.body = None;
            let mut trailers = HeaderMap::new();
            let status = Status::from(Error::DeadlineExceeded);
            return Poll::Ready(Some(
                status.add_header(&mut trailers).map(|()| Frame::trailers(trailers)),
            ));
        }
        Pin::new(body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_digits_and_a_unit() {
        assert_eq!(parse("20m"), Some(Duration::from_millis(20)));
        assert_eq!(parse("99999999H"), Some(Duration::from_hours(99_999_999)));
        assert_eq!(parse("0S"), Some(Duration::ZERO));
        for text in ["", "m", "20", "20x", "-1S", "+1S", "123456789S", "1.5S", "20 m", "1\u{e9}"] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}

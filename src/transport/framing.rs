//! How far the bytes of a client are: within the head of a request or not. Only
//! watches them on their way to hyper, which keeps a head that is not whole to itself.

/// What every HTTP/2 connection begins with.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Beginnings of lines that are kept: enough for every header that is looked for.
const MAX_LINE: usize = 64;

/// Follows a connection's bytes.
#[derive(Debug)]
pub enum Framing {
    /// The client has not said yet which protocol it speaks; so many bytes of the
    /// preface are there.
    Unknown(usize),
    Http1(Http1),
    Http2(Http2),
}

/// What bytes have led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub protocol: Protocol,
    /// Whether a head has begun and is not whole.
    pub in_head: bool,
    /// Whether a head before it has become whole.
    pub head_ended: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Unknown,
    Http1,
    Http2,
}

impl Default for Framing {
    fn default() -> Self {
        Self::Unknown(0)
    }
}

impl Framing {
    pub fn add(&mut self, mut bytes: &[u8]) -> Progress {
        if let Self::Unknown(have) = self {
            let expected = &PREFACE[*have..];
            let length = bytes.len().min(expected.len());
            if bytes[..length] != expected[..length] {
                let mut http_1 = Http1::default();
                http_1.add(&PREFACE[..*have]);
                *self = Self::Http1(http_1);
            } else if length == expected.len() {
                bytes = &bytes[length..];
                *self = Self::Http2(Http2::default());
            } else {
                *have += length;
            }
        }
        match self {
            Self::Unknown(_) => {
                Progress { protocol: Protocol::Unknown, in_head: true, head_ended: false }
            }
            Self::Http1(http_1) => {
                let head_ended = http_1.add(bytes);
                Progress { protocol: Protocol::Http1, in_head: http_1.in_head(), head_ended }
            }
            Self::Http2(http_2) => {
                let head_ended = http_2.add(bytes);
                Progress { protocol: Protocol::Http2, in_head: http_2.in_head(), head_ended }
            }
        }
    }
}

/// Follows the borders of requests in HTTP/1.1 (RFC 9112).
#[derive(Debug, Default)]
pub struct Http1 {
    part: Part,
    /// The beginning of the line that is arriving, and its length.
    line: Vec<u8>,
    line_len: usize,
    /// Whether the head has a line already.
    has_line: bool,
    /// What the head says of the body.
    content_length: u64,
    is_chunked: bool,
}

/// Where in a request the next byte belongs.
#[derive(Debug, Default, Clone, Copy)]
enum Part {
    #[default]
    Head,
    /// So many bytes of a body, or of a chunk and the end of its line.
    Body(u64),
    Chunk(u64),
    ChunkSize,
    Trailers,
}

impl Http1 {
    fn in_head(&self) -> bool {
        matches!(self.part, Part::Head) && (self.has_line || self.line_len > 0)
    }

    /// Returns whether a head has ended.
    fn add(&mut self, mut bytes: &[u8]) -> bool {
        let mut head_ended = false;
        while !bytes.is_empty() {
            if let Part::Body(left) | Part::Chunk(left) = &mut self.part {
                let length = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= length as u64;
                bytes = &bytes[length..];
                self.part = match self.part {
                    Part::Body(0) => Part::Head,
                    Part::Chunk(0) => Part::ChunkSize,
                    other => other,
                };
                continue;
            }
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let (more, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
            let room = MAX_LINE - self.line.len();
            self.line.extend_from_slice(&more[..more.len().min(room)]);
            self.line_len += more.len();
            bytes = rest;
            if end.is_some() {
                bytes = &bytes[1..];
                head_ended |= self.end_line();
            }
        }
        head_ended
    }

    /// Looks at a line that is whole; returns whether it ends a head.
    fn end_line(&mut self) -> bool {
        let line = std::mem::take(&mut self.line);
        self.line_len = 0;
        let line = line.strip_suffix(b"\r").unwrap_or(&line);
        match self.part {
            Part::Head if line.is_empty() => {
                // Empty lines before a request do not count.
                let ended = std::mem::take(&mut self.has_line);
                let is_chunked = std::mem::take(&mut self.is_chunked);
                let content_length = std::mem::take(&mut self.content_length);
                self.part = match (is_chunked, content_length) {
                    (true, _) => Part::ChunkSize,
                    (false, 0) => Part::Head,
                    (false, length) => Part::Body(length),
                };
                return ended;
            }
            Part::Head => {
                self.has_line = true;
                self.read_header(line);
            }
            Part::ChunkSize => {
                let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
                let digits = str::from_utf8(&line[..digits]).unwrap_or_default();
                self.part = match u64::from_str_radix(digits, 16) {
                    Ok(0) => Part::Trailers,
                    // With the end of its line.
                    Ok(size) => Part::Chunk(size.saturating_add(2)),
                    // hyper refuses it and closes the connection.
                    Err(_) => Part::Body(u64::MAX),
                };
            }
            Part::Trailers if line.is_empty() => self.part = Part::Head,
            Part::Trailers | Part::Body(_) | Part::Chunk(_) => {}
        }
        false
    }

    fn read_header(&mut self, line: &[u8]) {
        let Some((name, value)) = str::from_utf8(line).ok().and_then(|line| line.split_once(':'))
        else {
            return;
        };
        if name.eq_ignore_ascii_case("content-length") {
            self.content_length = value.trim().parse().unwrap_or_default();
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            self.is_chunked = true;
        }
    }
}

/// Follows the borders of frames in HTTP/2 (RFC 9113).
#[derive(Debug, Default)]
pub struct Http2 {
    header: [u8; Self::HEADER],
    header_len: usize,
    /// Bytes of the frame's payload that have not arrived.
    remaining: usize,
    /// Whether a request's headers have begun and their last frame has not arrived
    /// whole.
    has_open_block: bool,
}

impl Http2 {
    const HEADER: usize = 9;
    const HEADERS: u8 = 1;
    const CONTINUATION: u8 = 9;
    const END_HEADERS: u8 = 4;

    /// The beginning of a frame counts: it may be one of headers.
    fn in_head(&self) -> bool {
        self.has_open_block || (1..Self::HEADER).contains(&self.header_len)
    }

    /// Returns whether a head has ended.
    fn add(&mut self, mut bytes: &[u8]) -> bool {
        let mut head_ended = false;
        while !bytes.is_empty() {
            if self.header_len < Self::HEADER {
                let length = bytes.len().min(Self::HEADER - self.header_len);
                self.header[self.header_len..][..length].copy_from_slice(&bytes[..length]);
                self.header_len += length;
                bytes = &bytes[length..];
                if self.header_len == Self::HEADER {
                    let [high, middle, low, kind, ..] = self.header;
                    self.remaining = u32::from_be_bytes([0, high, middle, low]) as usize;
                    self.has_open_block |= matches!(kind, Self::HEADERS | Self::CONTINUATION);
                }
            } else {
                let length = bytes.len().min(self.remaining);
                self.remaining -= length;
                bytes = &bytes[length..];
            }
            if self.header_len == Self::HEADER && self.remaining == 0 {
                head_ended |= self.end_frame();
            }
        }
        head_ended
    }

    fn end_frame(&mut self) -> bool {
        self.header_len = 0;
        let [_, _, _, kind, flags, ..] = self.header;
        let is_last =
            matches!(kind, Self::HEADERS | Self::CONTINUATION) && flags & Self::END_HEADERS != 0;
        if is_last {
            self.has_open_block = false;
        }
        is_last
    }
}

#[cfg(test)]
#[path = "framing_tests.rs"]
mod tests;

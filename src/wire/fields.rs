//! Reading the fields of a request: every violated one is remembered, and the
//! request is refused with all of them.

use std::time::Duration;

use crate::{
    error::{Error, Result, Rule, Violation},
    model::{
        FileId, LogId, RoomId, Seq, SessionId, Timestamp, UserId, files::NewImage, limits,
        messages::MessageName, text,
    },
};

/// Collects violations while a request is read.
///
/// A reader returns a stand-in for a bad field, so that reading goes on;
/// [`Fields::finish`] then refuses the whole.
#[derive(Debug, Default)]
pub struct Fields {
    violations: Vec<Violation>,
}

/// Two parts of a request, or all that is wrong with either.
pub fn both<A, B>(one: Result<A>, other: Result<B>) -> Result<(A, B)> {
    match (one, other) {
        (Err(Error::Invalid(mut violations)), Err(Error::Invalid(more))) => {
            violations.extend(more);
            Err(Error::Invalid(violations))
        }
        (one, other) => Ok((one?, other?)),
    }
}

impl Fields {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub fn violate(&mut self, field: impl Into<String>, rule: impl Into<Rule>) {
        self.violations.push(Violation { field: field.into(), rule: rule.into() });
    }

    /// `value`, unless any field was violated.
    pub fn finish<T>(self, value: T) -> Result<T> {
        if self.violations.is_empty() { Ok(value) } else { Err(Error::Invalid(self.violations)) }
    }

    /// Remembers the rule that a text broke.
    pub fn check(&mut self, field: &str, outcome: Result<(), Rule>) {
        if let Err(rule) = outcome {
            self.violate(field, rule);
        }
    }

    /// A cleaned text, or the rule it broke.
    pub fn clean(&mut self, field: &str, outcome: Result<String, Rule>) -> String {
        outcome.unwrap_or_else(|rule| {
            self.violate(field, rule);
            String::new()
        })
    }

    pub fn room(&mut self, field: &str, id: &str) -> RoomId {
        self.id(field, "room", RoomId::parse(id), RoomId(uuid::Uuid::nil()))
    }

    pub fn user(&mut self, field: &str, id: &str) -> UserId {
        self.id(field, "user", UserId::parse(id), UserId(uuid::Uuid::nil()))
    }

    pub fn session(&mut self, field: &str, id: &str) -> SessionId {
        self.id(field, "session", SessionId::parse(id), SessionId(uuid::Uuid::nil()))
    }

    pub fn file(&mut self, field: &str, id: &str) -> FileId {
        self.id(field, "file", FileId::parse(id), FileId(uuid::Uuid::nil()))
    }

    /// The id of a file, or nothing, which removes the image.
    pub fn new_image(&mut self, field: &str, id: &str) -> NewImage {
        if id.is_empty() { NewImage::Removed } else { NewImage::Of(self.file(field, id)) }
    }

    pub fn files(&mut self, field: &str, ids: &[String]) -> Vec<FileId> {
        let ids = ids.iter().enumerate();
        ids.map(|(at, id)| self.file(&format!("{field}[{at}]"), id)).collect()
    }

    pub fn connection(&mut self, field: &str, id: &str) -> crate::model::ConnectionId {
        use crate::model::ConnectionId;
        self.id(field, "connection", ConnectionId::parse(id), ConnectionId(uuid::Uuid::nil()))
    }

    fn id<T>(&mut self, field: &str, noun: &str, parsed: Option<T>, stand_in: T) -> T {
        parsed.unwrap_or_else(|| {
            self.violate(field, format!("must be the id of a {noun}"));
            stand_in
        })
    }

    /// Names the log that positions are of; `None` if it is not said.
    pub fn log(&mut self, log_id: &str) -> Option<LogId> {
        let log = LogId::parse(log_id);
        if log.is_none() && !log_id.is_empty() {
            self.violate("log_id", "must be the log_id of a room, or empty");
        }
        log
    }

    pub fn message_name(&mut self, room_id: &str, seq: i64, log_id: &str) -> MessageName {
        MessageName {
            room: self.room("room_id", room_id),
            seq: self.seq("seq", seq),
            log: self.log(log_id),
        }
    }

    /// A position that is not negative; whether the room has come so far is
    /// checked where its head is known.
    pub fn seq(&mut self, field: &str, seq: i64) -> Seq {
        if seq < 0 {
            self.violate(field, "must not be negative");
        }
        Seq(seq)
    }

    /// When a span of time from now ends, of 0 (`None`) to 366 days.
    pub fn until(
        &mut self,
        field: &str,
        span: &prost_types::Duration,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let seconds = u64::try_from(span.seconds);
        let nanos = u32::try_from(span.nanos).ok().filter(|nanos| *nanos < 1_000_000_000);
        match seconds.ok().zip(nanos).map(|(secs, nanos)| Duration::new(secs, nanos)) {
            Some(span) if span.is_zero() => None,
            Some(span) if span <= limits::MUTE_FOR => Some(now.plus(span)),
            _ => {
                const DAY: u64 = 24 * 60 * 60;
                let most = limits::MUTE_FOR.as_secs();
                let limit = seconds.ok().filter(|seconds| *seconds >= most).map(|_| most);
                let text = format!("must be 0 to {} days", most / DAY).into();
                self.violate(field, Rule { text, limit });
                None
            }
        }
    }

    /// A moment of the years 1 to 9999; fractions of a microsecond are dropped.
    pub fn timestamp(
        &mut self,
        field: &str,
        at: Option<&prost_types::Timestamp>,
    ) -> Option<Timestamp> {
        let at = at?;
        let sound = (-62_135_596_800..=253_402_300_799).contains(&at.seconds)
            && (0..1_000_000_000).contains(&at.nanos);
        if !sound {
            self.violate(field, "must be a timestamp between the years 1 and 9999");
            return None;
        }
        Some(Timestamp(at.seconds * 1_000_000 + i64::from(at.nanos / 1_000)))
    }

    /// How many elements a page has at most; 0 asks for the default.
    pub fn page_size(&mut self, size: i32) -> usize {
        match u32::try_from(size) {
            Ok(0) => limits::DEFAULT_PAGE_SIZE as usize,
            Ok(size) => size.min(limits::PAGE_SIZE) as usize,
            Err(_) => {
                self.violate("page_size", "must not be negative");
                1
            }
        }
    }

    /// What to look for; may be empty.
    pub fn query(&mut self, query: &str) -> String {
        let outcome = text::check_line(query, limits::QUERY_CHARS);
        self.clean("query", outcome)
    }
}

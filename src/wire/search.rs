//! Searches, and what they find.

use super::{fields::Fields, messages::message, paging, v1};
use crate::{
    error::Result,
    model::{
        Message, RoomId, Seq, Timestamp, limits,
        search::{ParsedQuery, ResultPosition, SearchQuery, TimeRange},
        text,
    },
};

pub fn search_messages(request: &v1::SearchMessagesRequest) -> Result<SearchQuery> {
    let v1::SearchMessagesRequest {
        query,
        room_id,
        from_user_id,
        before,
        after,
        has_file,
        page_size,
        page_token: _,
    } = request;
    let mut fields = Fields::new();
    let parsed = text::check_line(query, limits::SEARCH_CHARS).and_then(|q| ParsedQuery::parse(&q));
    let readable = parsed.is_ok();
    let mut written = parsed.unwrap_or_else(|rule| {
        fields.violate("query", rule);
        ParsedQuery::default()
    });
    written.has_file |= has_file;
    let room = (!room_id.is_empty()).then(|| fields.room("room_id", room_id));
    let from = (!from_user_id.is_empty()).then(|| fields.user("from_user_id", from_user_id));
    let span = TimeRange::default();
    written.posted = written.posted.and(TimeRange {
        from: fields.timestamp("after", after.as_ref()).unwrap_or(span.from),
        before: fields.timestamp("before", before.as_ref()).unwrap_or(span.before),
    });
    let sought = !written.phrases.is_empty() || !written.from.is_empty() || written.has_file;
    if readable && !sought && from.is_none() {
        fields.violate("query", "must have a keyword, `from:` or `has:file`");
    }
    let page = SearchQuery {
        below: fields.page_below_place(request),
        limit: fields.page_size(*page_size),
        written,
        room,
        from,
    };
    fields.finish(page)
}

#[must_use]
pub fn found(
    request: &v1::SearchMessagesRequest,
    messages: Vec<Message>,
    next: Option<ResultPosition>,
) -> v1::SearchMessagesResponse {
    v1::SearchMessagesResponse {
        messages: messages.into_iter().map(message).collect(),
        next_page_token: next.map(|place| place_token(request, place)).unwrap_or_default(),
    }
}

fn place_token(request: &v1::SearchMessagesRequest, place: ResultPosition) -> String {
    let ResultPosition { posted_at, room, seq } = place;
    let parts = [&posted_at.0.to_be_bytes()[..], &room.0.as_bytes()[..], &seq.0.to_be_bytes()[..]];
    paging::token(request, &parts.concat())
}

impl Fields {
    /// The place below which the page begins.
    fn page_below_place(&mut self, request: &v1::SearchMessagesRequest) -> Option<ResultPosition> {
        self.page_after(request, |key| {
            let (posted, rest) = key.split_first_chunk::<8>()?;
            let (room, seq) = rest.split_first_chunk::<16>()?;
            Some(ResultPosition {
                posted_at: Timestamp(i64::from_be_bytes(*posted)),
                room: RoomId(uuid::Uuid::from_bytes(*room)),
                seq: Seq(i64::from_be_bytes(seq.try_into().ok()?)),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_back_from_its_token() {
        let place = ResultPosition { posted_at: Timestamp(77), room: RoomId::new(), seq: Seq(5) };
        let first = v1::SearchMessagesRequest { query: "word".into(), ..Default::default() };
        let token = place_token(&first, place);
        let mut fields = Fields::new();
        let with = |page_token| v1::SearchMessagesRequest { page_token, ..first.clone() };
        assert_eq!(fields.page_below_place(&with(token.clone())), Some(place));
        assert_eq!(fields.page_below_place(&first), None);
        assert!(fields.finish(()).is_ok());
        let long = format!("{token}00");
        for bad in ["00", "zz", &token[..token.len() - 2], &long] {
            let mut fields = Fields::new();
            fields.page_below_place(&with(bad.to_owned()));
            assert!(fields.finish(()).is_err(), "{bad}");
        }
    }
}

//! Messages, positions and pages.

use std::collections::HashSet;

use super::{fields::Fields, files, paging, timestamp, v1};
use crate::{
    error::{Result, Rule},
    model::{
        Content, Draft, FileId, LogId, Mention, Mentioned, Message, MessageAction, Pin, Reaction,
        RoomId, Seq, SystemKind, Thread, Timestamp, UserId, Version,
        emoji::qualified,
        limits,
        mentions::names_in,
        messages::{
            Anchor, ChangesQuery, FollowedThread, FollowedThreads, MentionPage, MessageName,
            MessagePage, PageQuery, Position, ReactionPage, Resume, ThreadPage, ThreadsOf,
            UserReaction,
        },
        text,
        users::AccountRole,
    },
};

#[must_use]
pub fn message(message: Message) -> v1::Message {
    let Message {
        room,
        seq,
        sender,
        sender_version,
        posted_at,
        changed_seq,
        content,
        reply_to,
        edited_at,
        reactions,
        pin,
        mentions,
        thread_of,
        thread,
        attachments,
    } = message;
    let (client_message_id, content) = match content {
        Content::Text { text, client_message_id } => {
            (client_message_id, v1::message::Content::Text(text))
        }
        Content::System { kind, detail, about, staff } => (
            String::new(),
            v1::message::Content::System(v1::SystemMessage {
                kind: system_kind(kind).into(),
                staff: self::staff(staff).into(),
                detail: system_detail(kind, detail),
                about_user_id: about.map(|user| user.to_string()).unwrap_or_default(),
            }),
        ),
        Content::Deleted { by, client_message_id } => (
            client_message_id,
            v1::message::Content::Deleted(v1::DeletedMessage { deleted_by_id: by.to_string() }),
        ),
    };
    v1::Message {
        room_id: room.to_string(),
        seq: seq.0,
        sender_id: sender.to_string(),
        sender_version,
        posted_at: Some(timestamp(posted_at)),
        changed_seq: changed_seq.0,
        client_message_id,
        content: Some(content),
        reply_to_seq: reply_to.map_or(0, |seq| seq.0),
        edited_at: edited_at.map(timestamp),
        reactions: reactions.into_iter().map(reaction).collect(),
        pin: pin.map(self::pin),
        mentions: mentions.into_iter().map(mention).collect(),
        thread_seq: thread_of.map_or(0, |seq| seq.0),
        thread: thread.map(self::thread),
        attachments: attachments.into_iter().map(files::file).collect(),
    }
}

fn mention(mention: Mention) -> v1::Mention {
    use v1::mention::Who;
    let Mention { who, name } = mention;
    let who = match who {
        Mentioned::User(user) => Who::UserId(user.to_string()),
        Mentioned::All => Who::All(true),
        Mentioned::Here => Who::Here(true),
    };
    v1::Mention { who: Some(who), name }
}

pub(super) fn reaction(reaction: Reaction) -> v1::Reaction {
    let Reaction { emoji, count, first_seq: _, users, mine } = reaction;
    let first = users.iter().take(limits::REACTION_USERS);
    v1::Reaction {
        emoji,
        count,
        user_ids: first.map(ToString::to_string).collect(),
        reacted_by_me: mine,
    }
}

pub(super) fn pin(Pin { user, pinned_at }: Pin) -> v1::Pin {
    v1::Pin { user_id: user.to_string(), pinned_at: Some(timestamp(pinned_at)) }
}

pub(super) fn thread(Thread { replies, last }: Thread) -> v1::Thread {
    v1::Thread {
        reply_count: i32::try_from(replies.min(limits::THREAD_COUNT)).unwrap_or(i32::MAX),
        reply_more: replies > limits::THREAD_COUNT,
        last_reply_seq: last.0,
    }
}

#[must_use]
pub fn version(version: Version) -> v1::MessageVersion {
    let Version { text, written_at } = version;
    v1::MessageVersion { text, written_at: Some(timestamp(written_at)) }
}

/// Messages that older servers have stored call the avatar a picture.
fn system_detail(kind: SystemKind, detail: String) -> String {
    if kind == SystemKind::SettingsChanged && detail == "picture" {
        "avatar".into()
    } else {
        detail
    }
}

fn system_kind(kind: SystemKind) -> v1::SystemMessageKind {
    match kind {
        SystemKind::RoomCreated => v1::SystemMessageKind::RoomCreated,
        SystemKind::MemberJoined => v1::SystemMessageKind::MemberJoined,
        SystemKind::MemberLeft => v1::SystemMessageKind::MemberLeft,
        SystemKind::RoomRenamed => v1::SystemMessageKind::RoomRenamed,
        SystemKind::TopicChanged => v1::SystemMessageKind::TopicChanged,
        SystemKind::MemberAdded => v1::SystemMessageKind::MemberAdded,
        SystemKind::MemberRemoved => v1::SystemMessageKind::MemberRemoved,
        SystemKind::MemberBanned => v1::SystemMessageKind::MemberBanned,
        SystemKind::RoleChanged => v1::SystemMessageKind::RoleChanged,
        SystemKind::RoomArchived => v1::SystemMessageKind::RoomArchived,
        SystemKind::RoomUnarchived => v1::SystemMessageKind::RoomUnarchived,
        SystemKind::MemberMuted => v1::SystemMessageKind::MemberMuted,
        SystemKind::MemberUnmuted => v1::SystemMessageKind::MemberUnmuted,
        SystemKind::MemberUnbanned => v1::SystemMessageKind::MemberUnbanned,
        SystemKind::MessageDeleted => v1::SystemMessageKind::MessageDeleted,
        SystemKind::MessagePinned => v1::SystemMessageKind::MessagePinned,
        SystemKind::MessageUnpinned => v1::SystemMessageKind::MessageUnpinned,
        SystemKind::SettingsChanged => v1::SystemMessageKind::SettingsChanged,
    }
}

fn staff(role: AccountRole) -> v1::StaffRole {
    match role {
        AccountRole::User => v1::StaffRole::Unspecified,
        AccountRole::Moderator => v1::StaffRole::Moderator,
        AccountRole::Admin => v1::StaffRole::Admin,
    }
}

#[must_use]
pub fn page(page: MessagePage) -> v1::ListMessagesResponse {
    let MessagePage { messages, has_older, has_newer, head } = page;
    v1::ListMessagesResponse {
        messages: messages.into_iter().map(message).collect(),
        has_older,
        has_newer,
        head_seq: head.0,
    }
}

pub fn draft(sender: UserId, request: v1::SendMessageRequest) -> Result<Draft> {
    let v1::SendMessageRequest {
        room_id,
        text: written,
        client_message_id,
        reply_to_seq,
        thread_seq,
        attachment_ids,
        log_id,
    } = request;
    let mut fields = Fields::new();
    let room = fields.room("room_id", &room_id);
    let may_be_empty = !attachment_ids.is_empty();
    let (text, names) = message_text(&mut fields, &written, may_be_empty);
    fields.check(
        "client_message_id",
        text::check_client_id(&client_message_id, limits::CLIENT_MESSAGE_ID_CHARS),
    );
    let reply_to = fields.seq("reply_to_seq", reply_to_seq);
    let reply_to = (reply_to > Seq::ZERO).then_some(reply_to);
    let thread_of = fields.seq("thread_seq", thread_seq);
    let thread_of = (thread_of > Seq::ZERO).then_some(thread_of);
    let log = fields.log(&log_id);
    let attachments = attachments(&mut fields, &attachment_ids);
    fields.finish(Draft {
        room,
        sender,
        text,
        client_message_id,
        // Set once it is queued.
        sent_at: Timestamp::default(),
        reply_to,
        thread_of,
        log,
        names,
        attachments,
    })
}

/// A text, and who may be called in it: in what is refused, nobody.
fn message_text(fields: &mut Fields, written: &str, may_be_empty: bool) -> (String, Vec<String>) {
    if written.is_empty() && may_be_empty {
        return (String::new(), Vec::new());
    }
    let text = fields.clean("text", text::check_message(written));
    let names = names_in(&text);
    (text, names)
}

fn attachments(fields: &mut Fields, ids: &[String]) -> Vec<FileId> {
    if ids.len() > limits::ATTACHMENTS {
        fields.violate("attachment_ids", Rule::at_most(limits::ATTACHMENTS, "items"));
        return vec![];
    }
    let files = fields.files("attachment_ids", ids);
    let mut seen = HashSet::new();
    for (at, file) in files.iter().enumerate() {
        if !seen.insert(file) && file.0 != uuid::Uuid::nil() {
            fields.violate(format!("attachment_ids[{at}]"), "must not be a duplicate");
        }
    }
    files
}

pub fn edit_message(request: v1::EditMessageRequest) -> Result<(MessageName, MessageAction)> {
    let v1::EditMessageRequest { room_id, seq, text: written, log_id } = request;
    let mut fields = Fields::new();
    let name = fields.message_name(&room_id, seq, &log_id);
    // Whether it has attachments is known where it is edited.
    let (text, names) = message_text(&mut fields, &written, true);
    fields.finish((name, MessageAction::Edit { text, names }))
}

/// The name of a message, and a stand-alone emoji in its fully qualified form.
pub fn reaction_to(
    (room_id, seq, log_id): (&str, i64, &str),
    emoji: &str,
) -> Result<(MessageName, String)> {
    let mut fields = Fields::new();
    let name = fields.message_name(room_id, seq, log_id);
    let known = qualified(emoji);
    if known.is_none() {
        fields.violate("emoji", "must be one emoji");
    }
    fields.finish((name, known.unwrap_or_default()))
}

/// The name of a message.
pub fn message_name(room_id: &str, seq: i64, log_id: &str) -> Result<MessageName> {
    let mut fields = Fields::new();
    let name = fields.message_name(room_id, seq, log_id);
    fields.finish(name)
}

/// The name of a message that is only read: of whichever log it is now.
pub fn message_read(room_id: &str, seq: i64) -> Result<(RoomId, Seq)> {
    let MessageName { room, seq, log: _ } = message_name(room_id, seq, "")?;
    Ok((room, seq))
}

/// An emoji that is not set means any.
pub fn list_reactions(request: &v1::ListReactionsRequest) -> Result<ReactionPage> {
    let mut fields = Fields::new();
    let MessageName { room, seq, log: _ } = fields.message_name(&request.room_id, request.seq, "");
    let emoji = qualified(&request.emoji);
    if emoji.is_none() && !request.emoji.is_empty() {
        fields.violate("emoji", "must be one emoji");
    }
    let after = fields.page_after(request, |key| {
        let (seq, emoji) = key.split_first_chunk::<8>()?;
        Some((String::from_utf8(emoji.to_vec()).ok()?, Seq(i64::from_be_bytes(*seq))))
    });
    let limit = fields.page_size(request.page_size);
    fields.finish(ReactionPage { room, seq, emoji, after, limit })
}

#[must_use]
pub fn user_reactions(
    request: &v1::ListReactionsRequest,
    found: Vec<UserReaction>,
    more: bool,
) -> v1::ListReactionsResponse {
    let key = |last: &UserReaction| {
        [last.reacted_seq.0.to_be_bytes().as_slice(), last.emoji.as_bytes()].concat()
    };
    let last = found.last().filter(|_| more);
    v1::ListReactionsResponse {
        next_page_token: last.map(|last| paging::token(request, &key(last))).unwrap_or_default(),
        reactions: found
            .into_iter()
            .map(|UserReaction { emoji, user, reacted_at, reacted_seq: _ }| v1::UserReaction {
                emoji,
                user_id: user.to_string(),
                reacted_at: Some(timestamp(reacted_at)),
            })
            .collect(),
    }
}

pub fn list_pins(request: &v1::ListPinsRequest) -> Result<RoomId> {
    let mut fields = Fields::new();
    let room = fields.room("room_id", &request.room_id);
    fields.finish(room)
}

pub fn list_messages(request: &v1::ListMessagesRequest) -> Result<PageQuery> {
    use v1::list_messages_request::Anchor as Wire;
    let mut fields = Fields::new();
    let page = PageQuery {
        room: fields.room("room_id", &request.room_id),
        thread_of: None,
        anchor: match request.anchor {
            None => Anchor::Newest,
            Some(Wire::BeforeSeq(seq)) => Anchor::Before(fields.seq("before_seq", seq)),
            Some(Wire::AfterSeq(seq)) => Anchor::After(fields.seq("after_seq", seq)),
            Some(Wire::AroundSeq(seq)) => Anchor::Around(fields.seq("around_seq", seq)),
            Some(Wire::AroundTime(at)) => {
                Anchor::AroundTime(fields.timestamp("around_time", Some(&at)).unwrap_or_default())
            }
        },
        limit: fields.page_size(request.page_size),
    };
    fields.finish(page)
}

pub fn list_thread(request: &v1::ListThreadRequest) -> Result<PageQuery> {
    use v1::list_thread_request::Anchor as Wire;
    let mut fields = Fields::new();
    let page = PageQuery {
        room: fields.room("room_id", &request.room_id),
        thread_of: Some(fields.seq("thread_seq", request.thread_seq)),
        anchor: match request.anchor {
            None => Anchor::Newest,
            Some(Wire::BeforeSeq(seq)) => Anchor::Before(fields.seq("before_seq", seq)),
            Some(Wire::AfterSeq(seq)) => Anchor::After(fields.seq("after_seq", seq)),
            Some(Wire::AroundSeq(seq)) => Anchor::Around(fields.seq("around_seq", seq)),
        },
        limit: fields.page_size(request.page_size),
    };
    fields.finish(page)
}

#[must_use]
pub fn thread_page(page: ThreadPage) -> v1::ListThreadResponse {
    let ThreadPage { root, page, mark } = page;
    let MessagePage { messages, has_older, has_newer, head } = page;
    v1::ListThreadResponse {
        root: Some(message(root)),
        messages: messages.into_iter().map(message).collect(),
        has_older,
        has_newer,
        head_seq: head.0,
        following: mark.follows,
        read_seq: mark.read_seq.0,
    }
}

pub fn list_mentions(request: &v1::ListMentionsRequest) -> Result<MentionPage> {
    let mut fields = Fields::new();
    let page = MentionPage {
        after: fields.page_after_message(request),
        limit: fields.page_size(request.page_size),
    };
    fields.finish(page)
}

#[must_use]
pub fn mentions(
    request: &v1::ListMentionsRequest,
    messages: Vec<Message>,
    more: bool,
) -> v1::ListMentionsResponse {
    let last = messages.last().filter(|_| more);
    v1::ListMentionsResponse {
        next_page_token: last.map(|last| paging::message_token(request, last)).unwrap_or_default(),
        messages: messages.into_iter().map(message).collect(),
    }
}

pub fn list_threads(request: &v1::ListThreadsRequest) -> Result<ThreadsOf> {
    let v1::ListThreadsRequest { room_id, unread_only, page_size, page_token: _ } = request;
    let mut fields = Fields::new();
    let threads = ThreadsOf {
        room: (!room_id.is_empty()).then(|| fields.room("room_id", room_id)),
        unread_only: *unread_only,
        after: fields.page_after_position(request),
        limit: fields.page_size(*page_size),
    };
    fields.finish(threads)
}

#[must_use]
pub fn followed_threads(
    request: &v1::ListThreadsRequest,
    page: FollowedThreads,
) -> v1::ListThreadsResponse {
    let FollowedThreads { threads, next } = page;
    let next = next.map(|position| paging::position_token(request, position));
    v1::ListThreadsResponse {
        threads: threads
            .into_iter()
            .map(|FollowedThread { root, read_seq, unread }| v1::FollowedThread {
                root: Some(message(root)),
                read_seq: read_seq.0,
                unread,
            })
            .collect(),
        next_page_token: next.unwrap_or_default(),
    }
}

pub fn sync_room(request: &v1::SyncRoomRequest) -> Result<ChangesQuery> {
    let mut fields = Fields::new();
    let changes = ChangesQuery {
        room: fields.room("room_id", &request.room_id),
        after: fields.seq("after_seq", request.after_seq),
        limit: fields.page_size(request.page_size),
        log: fields.log(&request.log_id),
    };
    fields.finish(changes)
}

pub fn set_typing(request: &v1::SetTypingRequest) -> Result<(RoomId, bool)> {
    let mut fields = Fields::new();
    let room = fields.room("room_id", &request.room_id);
    fields.finish((room, request.typing))
}

/// Positions are never refused: one that cannot be means nothing, and so does
/// the room of an id that is none.
#[must_use]
pub fn subscribe(request: v1::SubscribeRequest) -> Resume {
    let v1::SubscribeRequest { positions, more, state_token } = request;
    let mut resume = Resume { state_token, more, ..Resume::default() };
    for v1::RoomPosition { room_id, seq, log_id } in positions {
        if let Some(room) = RoomId::parse(&room_id) {
            let position = Position { seq: Seq(seq), log: LogId::parse(&log_id) };
            resume.positions.insert(room, position);
        } else if room_id.len() <= limits::ID_BYTES {
            resume.unknown.push(room_id);
        }
    }
    resume
}

//! Messages as lines: for people, or as JSON.

use causerie_client::{v1, v1::message::Content};
use serde_json::json;

use crate::files;

/// A text without anything that could steer the terminal.
/// Nothing may turn the direction of what stands beside it either.
pub fn clean(text: &str) -> String {
    let steers = |c: char| match c {
        '\n' | '\t' => false,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        c => c.is_control(),
    };
    text.chars().filter(|c| !steers(*c)).collect()
}

pub fn as_json(message: &v1::Message, sender: &str, room: &str) -> String {
    let at = message.posted_at.unwrap_or_default();
    let (kind, text) = match &message.content {
        Some(Content::Text(text)) => ("text", text.clone()),
        Some(Content::System(system)) => (system.kind().as_str_name(), system.detail.clone()),
        Some(Content::Deleted(_)) => ("deleted", String::new()),
        None => ("unknown", String::new()),
    };
    json!({
        "room_id": message.room_id,
        "room": room,
        "seq": message.seq,
        "sender_id": message.sender_id,
        "sender": sender,
        "posted_at_us": at.seconds * 1_000_000 + i64::from(at.nanos) / 1_000,
        "kind": kind,
        "text": text,
        "edited": message.edited_at.is_some(),
        "reply_to_seq": message.reply_to_seq,
        "thread_seq": message.thread_seq,
        "attachments": message.attachments.iter().map(file_as_json).collect::<Vec<_>>(),
    })
    .to_string()
}

fn file_as_json(file: &v1::File) -> serde_json::Value {
    json!({
        "id": file.id,
        "name": file.name,
        "content_type": file.content_type,
        "size_bytes": file.size_bytes,
    })
}

/// Whom a system message is about.
pub fn about(message: &v1::Message) -> Option<&String> {
    match &message.content {
        Some(Content::System(system)) => Some(&system.about_user_id).filter(|id| !id.is_empty()),
        _ => None,
    }
}

pub fn as_text(message: &v1::Message, sender: &str, about: Option<&str>, room: &str) -> String {
    match &message.content {
        Some(Content::Text(text)) => {
            let files = message.attachments.iter().map(files::line);
            let texts = (!text.is_empty() || message.attachments.is_empty()).then(|| clean(text));
            let lines: Vec<_> = texts.into_iter().chain(files).collect();
            format!("[{room}] {sender}: {}", lines.join("\n").replace('\n', "\n    "))
        }
        Some(Content::System(system)) => {
            format!("[{room}] * {sender} {}", what_happened(system, about))
        }
        Some(Content::Deleted(_)) => format!("[{room}] {sender}'s message was deleted"),
        None => format!("[{room}] {sender} …"),
    }
}

/// Where so much was missed that only the end of it is told.
pub fn gap_as_text(room: &str) -> String {
    format!("[{room}] … too many messages were missed; some are omitted here")
}

/// The same, with what is needed to read it: nothing after this position was
/// printed, and what follows here reaches up to the head.
pub fn gap_as_json(room: &v1::Room, name: &str, after_seq: i64) -> String {
    json!({
        "room_id": room.id,
        "room": name,
        "kind": "gap",
        "after_seq": after_seq,
        "head_seq": room.head_seq,
    })
    .to_string()
}

/// A system message as the end of a sentence that begins with its sender; `about` is
/// the name of whom it is about.
pub fn what_happened(system: &v1::SystemMessage, about: Option<&str>) -> String {
    use v1::SystemMessageKind as Kind;
    let other = about.unwrap_or("a member");
    let detail = clean(&system.detail).replace('\n', " ");
    let what = match system.kind() {
        Kind::RoomCreated => "created the room".into(),
        Kind::MemberJoined => "joined".into(),
        Kind::MemberLeft => "left".into(),
        Kind::RoomRenamed => format!("renamed the room to {detail}"),
        Kind::TopicChanged if detail.is_empty() => "removed the topic".into(),
        Kind::TopicChanged => format!("changed the topic to {detail}"),
        Kind::MemberAdded => format!("added {other}"),
        Kind::MemberRemoved => format!("removed {other}"),
        Kind::MemberBanned => format!("banned {other}"),
        Kind::RoleChanged => format!("changed {other}'s role to {detail}"),
        Kind::RoomArchived => "archived the room".into(),
        Kind::RoomUnarchived => "unarchived the room".into(),
        Kind::MemberMuted => format!("muted {other}"),
        Kind::MemberUnmuted => format!("unmuted {other}"),
        Kind::MemberUnbanned => format!("unbanned {other}"),
        Kind::MessageDeleted => "deleted a message".into(),
        Kind::MessagePinned => "pinned a message".into(),
        Kind::MessageUnpinned => "unpinned a message".into(),
        Kind::SettingsChanged => "changed the room's settings".into(),
        Kind::Unspecified => "did something this version doesn't support".into(),
    };
    match system.staff() {
        v1::StaffRole::Unspecified => what,
        v1::StaffRole::Moderator => format!("{what}, as a moderator of the server"),
        v1::StaffRole::Admin => format!("{what}, as an admin of the server"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_servers_staff_does_is_said_as_such() {
        let mut system = v1::SystemMessage {
            kind: v1::SystemMessageKind::MessageDeleted.into(),
            detail: "7".into(),
            ..Default::default()
        };
        assert_eq!(what_happened(&system, None), "deleted a message");
        system.set_staff(v1::StaffRole::Moderator);
        assert_eq!(what_happened(&system, None), "deleted a message, as a moderator of the server");
        system.set_staff(v1::StaffRole::Admin);
        assert_eq!(what_happened(&system, None), "deleted a message, as an admin of the server");
    }

    #[test]
    fn a_system_message_names_whom_it_is_about() {
        let system = v1::SystemMessage {
            kind: v1::SystemMessageKind::RoleChanged.into(),
            detail: "admin".into(),
            about_user_id: "bob".into(),
            ..Default::default()
        };
        assert_eq!(what_happened(&system, Some("Bob")), "changed Bob's role to admin");
        assert_eq!(what_happened(&system, None), "changed a member's role to admin");
        let content = Some(Content::System(system));
        let message = v1::Message { content, ..Default::default() };
        assert_eq!(about(&message).map(String::as_str), Some("bob"));
        let line = as_text(&message, "Ada", Some("Bob"), "General");
        assert_eq!(line, "[General] * Ada changed Bob's role to admin");
        assert_eq!(about(&v1::Message::default()), None);
    }

    #[test]
    fn a_line_has_nothing_that_steers_the_terminal() {
        assert_eq!(clean("a\u{1b}[2Jb\u{7}c\u{9b}d\n"), "a[2Jbcd\n");
        assert_eq!(clean("photo\u{202e}gpj.exe"), "photogpj.exe");
        let file = v1::File { name: "a\nb\u{1b}.txt".into(), size_bytes: 1, ..Default::default() };
        let message = v1::Message {
            content: Some(Content::Text(String::new())),
            attachments: vec![file],
            ..Default::default()
        };
        assert_eq!(as_text(&message, "ada", None, "General"), "[General] ada: 📎 a b.txt, 1 byte");
    }
}

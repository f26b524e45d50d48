//! What is unread, against the table of cases that all clients share.

use std::collections::HashSet;

use serde::Deserialize;

use crate::{
    apply::Model,
    live::Update,
    v1::{self, mention::Who, message::Content},
};

#[derive(Deserialize)]
struct Table {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    begin: Begin,
    steps: Vec<Step>,
    unread: i64,
    #[serde(default)]
    mentions: i64,
    #[serde(default)]
    more: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Begin {
    head: i64,
    read: i64,
    #[serde(default)]
    unread: i32,
    #[serde(default)]
    mentions: i32,
    #[serde(default)]
    more: bool,
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Step {
    Post { at: i64, post: Post },
    Delete { at: i64, delete: Delete },
    Read { read: i64 },
    Page { page: (i64, i64) },
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Post {
    own: bool,
    system: bool,
    thread: i64,
    mentions: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Delete {
    seq: i64,
    #[serde(default)]
    own: bool,
}

fn message(seq: i64, own: bool) -> v1::Message {
    v1::Message {
        room_id: "r".into(),
        seq,
        changed_seq: seq,
        sender_id: if own { "me" } else { "you" }.into(),
        content: Some(Content::Text("text".into())),
        ..Default::default()
    }
}

fn change(at: i64, message: v1::Message) -> Update {
    let message = Some(v1::Message { changed_seq: at, ..message });
    let change = v1::RoomChange {
        room_id: "r".into(),
        seq: at,
        after_seq: at - 1,
        message,
        ..Default::default()
    };
    Update::Change { change, known_seq: at - 1 }
}

fn posted(at: i64, Post { own, system, thread, mentions }: Post) -> v1::Message {
    let mention = |name: String| v1::Mention {
        who: Some(if name == "all" { Who::All(true) } else { Who::UserId(name.clone()) }),
        name,
    };
    let mut message = message(at, own);
    message.thread_seq = thread;
    message.mentions = mentions.into_iter().map(mention).collect();
    if system {
        message.content = Some(Content::System(v1::SystemMessage::default()));
    }
    message
}

fn take(model: &mut Model, step: Step) {
    match step {
        Step::Post { at, post } => model.apply(&change(at, posted(at, post))),
        Step::Delete { at, delete: Delete { seq, own } } => {
            let content = Some(Content::Deleted(v1::DeletedMessage::default()));
            model.apply(&change(at, v1::Message { content, ..message(seq, own) }));
        }
        Step::Read { read } => model.apply(&Update::ReadMarker(v1::ReadMarker {
            room_id: "r".into(),
            user_id: "me".into(),
            read_seq: read,
            ..Default::default()
        })),
        Step::Page { page: (after, up_to) } => model.apply_page(
            "r",
            &v1::ListMessagesResponse {
                messages: (after + 1..=up_to).map(|seq| message(seq, false)).collect(),
                has_older: after > 0,
                head_seq: up_to,
                ..Default::default()
            },
        ),
    }
}

#[test]
fn unread_messages_are_counted_as_in_every_client() {
    let table: Table =
        serde_json::from_str(include_str!("../../../cases/unread.json")).expect("cases");
    assert!(table.cases.len() > 10);
    for Case { name, begin, steps, unread, mentions, more } in table.cases {
        let me = v1::User { id: "me".into(), ..Default::default() };
        let mut model = Model { me, ..Default::default() };
        model.apply(&Update::RoomAdded(v1::RoomSummary {
            room: Some(v1::Room { id: "r".into(), head_seq: begin.head, ..Default::default() }),
            read_seq: begin.read,
            unread_count: begin.unread,
            unread_more: begin.more,
            unread_mention_count: begin.mentions,
            ..Default::default()
        }));
        for step in steps {
            take(&mut model, step);
        }
        let view = &model.rooms["r"];
        assert_eq!(view.unread("me"), (unread, more), "{name}");
        assert_eq!(view.unread_mentions("me", &HashSet::default()), mentions, "{name}");
    }
}

//! The model after what it was told, against the table of cases that all clients
//! share.

use std::{collections::HashMap, time::Instant};

use serde::Deserialize;

use crate::{
    apply::{Model, RoomView},
    live::Update,
    outbox::{Outbox, Unsent},
    v1::{self, message::Content},
};

#[derive(Deserialize)]
struct Table {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    steps: Vec<Step>,
    /// `None` where there is no such room.
    view: Option<View>,
}

#[derive(Deserialize, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(clippy::large_enum_variant, reason = "a table of few cases")]
enum Step {
    Change(Change),
    Page { older: bool, messages: Vec<Said> },
    Reset(Begin),
    RoomAdded(Begin),
    RoomGone(String),
    ReadMarker(Mark),
    RoomPreferences(Settings),
    Queued(String),
    Sent(Said),
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Change {
    seq: i64,
    message: Option<Said>,
    member: Option<Member>,
    room: Option<Named>,
    reaction: Option<ReactionDelta>,
    pin: Option<PinDelta>,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct ReactionDelta {
    of: i64,
    emoji: String,
    users: Vec<String>,
    by: String,
    added: bool,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct PinDelta {
    of: i64,
    by: String,
    pinned: bool,
}

impl From<ReactionDelta> for v1::ReactionDelta {
    fn from(ReactionDelta { of, emoji, users, by, added }: ReactionDelta) -> Self {
        let count = i64::try_from(users.len()).expect("few");
        let reaction = v1::Reaction { emoji, count, user_ids: users, reacted_by_me: None };
        Self { message_seq: of, reaction: Some(reaction), user_id: by, added }
    }
}

impl From<PinDelta> for v1::PinDelta {
    fn from(PinDelta { of, by, pinned }: PinDelta) -> Self {
        let pin = pinned.then(|| v1::Pin { user_id: by.clone(), ..Default::default() });
        Self { message_seq: of, pin, user_id: by }
    }
}

#[derive(Deserialize, Clone, Default)]
#[serde(default, deny_unknown_fields)]
struct Said {
    seq: i64,
    text: Option<String>,
    deleted: Option<String>,
    system: Option<String>,
    from: Option<String>,
    changed: Option<i64>,
    edited: bool,
    /// Each an emoji, and those who chose it.
    reactions: Vec<Vec<String>>,
    pinned: Option<String>,
    thread: i64,
    id: String,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Member {
    id: String,
    name: String,
    state: String,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Named {
    name: String,
    changed: i64,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Begin {
    head: i64,
    read: i64,
    #[serde(default)]
    unread: i32,
    #[serde(default)]
    messages: Vec<Said>,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Mark {
    read: i64,
    of: Option<String>,
    #[serde(default)]
    flag: i64,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Settings {
    level: String,
    starred: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct View {
    head: Option<i64>,
    name: Option<String>,
    read: Option<i64>,
    flag: Option<i64>,
    unread: Option<i64>,
    messages: Option<Vec<Said>>,
    last: Option<Said>,
    #[serde(default)]
    people: HashMap<String, String>,
    settings: Option<Settings>,
    waiting: Option<Vec<String>>,
}

impl From<Said> for v1::Message {
    fn from(said: Said) -> Self {
        let system = |kind: String| match kind.as_str() {
            "joined" => v1::SystemMessageKind::MemberJoined,
            "left" => v1::SystemMessageKind::MemberLeft,
            _ => panic!("{kind}"),
        };
        let content = match (said.text, said.deleted, said.system) {
            (Some(text), None, None) => Content::Text(text),
            (None, Some(deleted_by_id), None) => {
                Content::Deleted(v1::DeletedMessage { deleted_by_id })
            }
            (None, None, Some(kind)) => Content::System(v1::SystemMessage {
                kind: system(kind).into(),
                ..Default::default()
            }),
            _ => panic!("{} has one content", said.seq),
        };
        let reaction = |mut all: Vec<String>| {
            let emoji = all.remove(0);
            let count = i64::try_from(all.len()).expect("few");
            let reacted_by_me = Some(all.iter().any(|user| user == "me"));
            v1::Reaction { emoji, count, user_ids: all, reacted_by_me }
        };
        Self {
            room_id: "r".into(),
            seq: said.seq,
            sender_id: said.from.unwrap_or_else(|| "you".into()),
            changed_seq: said.changed.unwrap_or(said.seq),
            client_message_id: said.id,
            content: Some(content),
            edited_at: said.edited.then(prost_types::Timestamp::default),
            reactions: said.reactions.into_iter().map(reaction).collect(),
            pin: said.pinned.map(|user_id| v1::Pin { user_id, ..Default::default() }),
            thread_seq: said.thread,
            ..Default::default()
        }
    }
}

impl From<Settings> for v1::RoomPreferences {
    fn from(Settings { level, starred }: Settings) -> Self {
        let level = match level.as_str() {
            "all" => v1::NotificationLevel::All,
            "mentions" => v1::NotificationLevel::Mentions,
            "nothing" => v1::NotificationLevel::Nothing,
            _ => panic!("{level}"),
        };
        Self { room_id: "r".into(), level: level.into(), starred, ..Default::default() }
    }
}

impl From<Member> for v1::Member {
    fn from(Member { id, name, state }: Member) -> Self {
        let state = match state.as_str() {
            "joined" => v1::MemberState::Joined,
            "left" => v1::MemberState::Left,
            _ => panic!("{state}"),
        };
        let user = Some(v1::User { id, display_name: name, ..Default::default() });
        Self { user, state: state.into(), ..Default::default() }
    }
}

fn room(name: String, changed_seq: i64, head_seq: i64) -> v1::Room {
    v1::Room { id: "r".into(), name, changed_seq, head_seq, ..Default::default() }
}

fn all<T, U: From<T>>(items: Vec<T>) -> Vec<U> {
    items.into_iter().map(U::from).collect()
}

fn summary(begin: &Begin) -> v1::RoomSummary {
    v1::RoomSummary {
        room: Some(room("Room".into(), 1, begin.head)),
        read_seq: begin.read,
        unread_count: begin.unread,
        ..Default::default()
    }
}

fn take(model: &mut Model, outbox: &mut Outbox, step: Step) {
    let update = match step {
        Step::Change(Change { seq, message, member, room: named, reaction, pin }) => {
            let change = v1::RoomChange {
                room_id: "r".into(),
                seq,
                after_seq: seq - 1,
                message: message.map(v1::Message::from),
                member: member.map(v1::Member::from),
                room: named.map(|Named { name, changed }| room(name, changed, seq)),
                reaction: reaction.map(v1::ReactionDelta::from),
                pin: pin.map(v1::PinDelta::from),
                thread: None,
            };
            Update::Change { change, known_seq: seq - 1 }
        }
        Step::Page { older, messages } => {
            let page = v1::ListMessagesResponse {
                messages: all(messages),
                has_older: older,
                ..Default::default()
            };
            return model.apply_page("r", &page);
        }
        Step::Reset(begin) => Update::Reset(v1::RoomReset {
            summary: Some(summary(&begin)),
            messages: all(begin.messages),
        }),
        Step::RoomAdded(begin) => Update::RoomAdded(summary(&begin)),
        Step::RoomGone(id) => Update::RoomGone(id),
        Step::ReadMarker(Mark { read, of, flag }) => Update::ReadMarker(v1::ReadMarker {
            room_id: "r".into(),
            user_id: of.unwrap_or_else(|| "me".into()),
            read_seq: read,
            unread_from_seq: flag,
            ..Default::default()
        }),
        Step::RoomPreferences(settings) => Update::RoomPreferences(settings.into()),
        Step::Queued(id) => {
            return outbox.push(Unsent { client_message_id: id, ..Unsent::new("r", "mine") });
        }
        Step::Sent(said) => {
            let message = v1::Message::from(said);
            outbox.settle(&message.client_message_id, None, Instant::now());
            Update::Sent { message: Unsent::new("r", "mine"), result: Ok(message) }
        }
    };
    model.apply(&update);
}

fn compare(view: &RoomView, people: &HashMap<String, v1::User>, expected: View, name: &str) {
    let View { head, name: called, read, flag, unread, messages, last, people: known, .. } =
        expected;
    let room = &view.room;
    assert_eq!(room.head_seq, head.unwrap_or(room.head_seq), "head: {name}");
    assert_eq!(room.name, called.unwrap_or_else(|| room.name.clone()), "name: {name}");
    assert_eq!(view.read_seq, read.unwrap_or(view.read_seq), "read: {name}");
    assert_eq!(view.unread_from_seq, flag.unwrap_or(view.unread_from_seq), "flag: {name}");
    let counted = view.unread("me").0;
    assert_eq!(counted, unread.unwrap_or(counted), "unread: {name}");
    if let Some(messages) = messages {
        let shown: Vec<_> = view.messages.values().cloned().collect();
        assert_eq!(shown, all::<_, v1::Message>(messages), "messages: {name}");
    }
    if let Some(last) = last {
        assert_eq!(view.last_message, Some(last.into()), "last: {name}");
    }
    if let Some(settings) = expected.settings {
        assert_eq!(view.settings, settings.into(), "settings: {name}");
    }
    for (id, called) in known {
        assert_eq!(people[&id].display_name, called, "people: {name}");
    }
}

#[test]
fn updates_are_taken_in_as_in_every_client_and_twice_does_no_harm() {
    let json = include_str!("../../../cases/apply.json");
    for times in [1, 2] {
        let table: Table = serde_json::from_str(json).expect("cases");
        assert!(table.cases.len() > 20);
        for Case { name, steps, view: expected } in table.cases {
            let me = v1::User { id: "me".into(), ..Default::default() };
            let mut model = Model { me, ..Default::default() };
            let mut outbox = Outbox::default();
            let begin = Begin { head: 5, read: 5, unread: 0, messages: vec![] };
            model.apply(&Update::RoomAdded(summary(&begin)));
            for step in steps.iter().flat_map(|step| vec![step; times]) {
                take(&mut model, &mut outbox, step.clone());
            }
            let waiting: Vec<_> = outbox.waiting().map(|it| it.client_message_id.clone()).collect();
            match (model.rooms.get("r"), expected) {
                (Some(view), Some(expected)) => {
                    let told = expected.waiting.clone();
                    assert_eq!(waiting, told.unwrap_or_else(|| waiting.clone()), "{name}");
                    compare(view, &model.users, expected, &name);
                }
                (view, expected) => assert!(view.is_none() && expected.is_none(), "{name}"),
            }
        }
    }
}

//! Tests of the model.

use super::*;

#[test]
fn who_has_a_block_with_the_user_does_not_mention_them() {
    let mut all = text(6, "bob");
    let who = Some(v1::mention::Who::All(true));
    all.mentions.push(v1::Mention { who, name: "all".into() });
    let mut view = RoomView { read_seq: 5, ..RoomView::default() };
    view.messages.insert(6, all);
    let blocks = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
    assert_eq!(view.unread_mentions("me", &blocks(&["eve"])), 1);
    assert_eq!(view.unread_mentions("me", &blocks(&["bob"])), 0);
    assert_eq!(view.unread("me").0, 1);
}

fn text(seq: i64, sender: &str) -> v1::Message {
    v1::Message {
        room_id: "r".into(),
        seq,
        sender_id: sender.into(),
        changed_seq: seq,
        content: Some(Content::Text(format!("{seq}"))),
        ..Default::default()
    }
}

fn change(message: v1::Message) -> Update {
    let (seq, after_seq) = (message.changed_seq, message.changed_seq - 1);
    let message = Some(message);
    let change =
        v1::RoomChange { room_id: "r".into(), seq, after_seq, message, ..Default::default() };
    Update::Change { change, known_seq: after_seq }
}

fn model() -> Model {
    let mut model =
        Model { me: v1::User { id: "me".into(), ..Default::default() }, ..Default::default() };
    model.apply(&Update::RoomAdded(v1::RoomSummary {
        room: Some(v1::Room { id: "r".into(), head_seq: 5, ..Default::default() }),
        read_seq: 3,
        unread_count: 2,
        ..Default::default()
    }));
    model
}

#[test]
fn applying_twice_does_no_harm() {
    let mut once = model();
    once.apply(&change(text(6, "you")));
    let mut twice = once.clone();
    twice.apply(&change(text(6, "you")));
    assert_eq!(once, twice);
    assert_eq!(once.rooms["r"].unread("me"), (3, false));
}

#[test]
fn own_and_system_messages_never_count_and_reading_clears() {
    let mut model = model();
    model.apply(&change(text(6, "me")));
    let system = Some(Content::System(v1::SystemMessage::default()));
    model.apply(&change(v1::Message { content: system, ..text(7, "you") }));
    assert_eq!(model.rooms["r"].unread("me"), (2, false));
    model.apply(&change(text(8, "you")));
    let mark = |seq| {
        Update::ReadMarker(v1::ReadMarker {
            room_id: "r".into(),
            user_id: "me".into(),
            read_seq: seq,
            ..Default::default()
        })
    };
    model.apply(&mark(7));
    assert_eq!(model.rooms["r"].unread("me"), (1, false));
    model.apply(&mark(8));
    assert_eq!(model.unstored_read(&mark(8)), None);
    model.apply(&mark(2));
    assert_eq!(model.unstored_read(&mark(2)).expect("a request").seq, 8);
    assert_eq!(model.rooms["r"].unread("me"), (0, false));
}

#[test]
fn a_deleted_message_counts_no_more() {
    let mut model = model();
    let gone = Some(Content::Deleted(v1::DeletedMessage::default()));
    // Counted by the server, but never loaded here.
    model.apply(&change(v1::Message { changed_seq: 6, content: gone.clone(), ..text(4, "you") }));
    assert_eq!(model.rooms["r"].unread("me"), (1, false));
    model.apply(&change(text(7, "you")));
    assert_eq!(model.rooms["r"].unread("me"), (2, false));
    model.apply(&change(v1::Message { changed_seq: 8, content: gone, ..text(7, "you") }));
    assert_eq!(model.rooms["r"].unread("me"), (1, false));
}

#[test]
fn a_change_of_a_message_that_is_not_loaded_leaves_no_hole() {
    let mut model = model();
    model.apply(&change(text(6, "you")));
    model.apply(&change(v1::Message { changed_seq: 7, ..text(2, "you") }));
    assert_eq!(model.rooms["r"].messages.keys().copied().collect::<Vec<_>>(), [6]);
}

#[test]
fn an_older_state_never_replaces_a_newer() {
    let mut model = model();
    let edited = v1::Message { changed_seq: 9, ..text(6, "you") };
    model.apply(&change(text(6, "you")));
    model.apply(&change(edited.clone()));
    model.apply(&change(text(6, "you")));
    assert_eq!(model.rooms["r"].messages[&6], edited);
}

#[test]
fn whose_reactions_are_is_taken_from_the_state_that_knows() {
    let state = |changed_seq, reacted_by_me| {
        let reaction = v1::Reaction { emoji: "👍".into(), reacted_by_me, ..Default::default() };
        v1::Message { changed_seq, reactions: vec![reaction], ..text(6, "you") }
    };
    let page = |message| v1::ListMessagesResponse { messages: vec![message], ..Default::default() };
    let mut model = model();
    model.apply(&change(text(6, "you")));
    model.apply(&change(state(8, None)));
    let shown = |model: &Model| model.rooms["r"].messages[&6].clone();
    assert_eq!(shown(&model), state(8, None));
    // An older page does not bring an older state, but knows this.
    model.apply_page("r", &page(state(7, Some(true))));
    assert_eq!(shown(&model), state(8, Some(true)));
    model.apply(&change(state(9, None)));
    assert_eq!(shown(&model), state(9, Some(true)));
}

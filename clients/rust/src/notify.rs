//! Whether a message notifies a user: the rule that `RoomPreferences` states.

use std::time::SystemTime;

use crate::{
    apply::counts,
    v1::{self, NotificationLevel, PresenceState, mention::Who},
};

/// What a client knows that decides.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The user's id.
    pub me: &'a str,
    pub settings: &'a v1::RoomPreferences,
    /// Up to where the client knew the room before it caught up with the change:
    /// `known_seq` of [`Update::Change`](crate::Update::Change).
    pub known_seq: i64,
    /// Up to where the user has read the room, or the thread.
    pub read_seq: i64,
    /// The user's own presence.
    pub presence: PresenceState,
    /// There is a block between the user and the sender, by either of them.
    pub sender_blocked: bool,
    /// Whether the user follows the thread that the message stands in.
    pub follows_thread: bool,
    pub now: SystemTime,
}

/// Whether a message notifies.
#[must_use]
pub fn notifies(message: &v1::Message, situation: &Situation) -> bool {
    let Situation {
        me,
        settings,
        known_seq,
        read_seq,
        presence,
        sender_blocked,
        follows_thread,
        now,
    } = *situation;
    let new = message.seq > known_seq && message.seq > read_seq;
    let muted = settings
        .notifications_muted_until
        .is_some_and(|until| SystemTime::try_from(until).is_ok_and(|until| until > now));
    let mentioned = message.mentions.iter().any(|mention| match &mention.who {
        Some(Who::UserId(id)) => id == me,
        Some(Who::All(all)) => *all,
        Some(Who::Here(here)) => *here && presence == PresenceState::Online,
        None => false,
    });
    let wanted = match settings.level() {
        NotificationLevel::Unspecified | NotificationLevel::All => true,
        NotificationLevel::Mentions => mentioned,
        NotificationLevel::Nothing => false,
    };
    new && counts(message, me)
        && !sender_blocked
        && presence != PresenceState::DoNotDisturb
        && !muted
        && wanted
        && (message.thread_seq == 0 || follows_thread || mentioned)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Case {
        name: String,
        #[serde(default)]
        message: Message,
        #[serde(default)]
        user: User,
        notifies: bool,
    }

    #[expect(clippy::struct_excessive_bools, reason = "as the cases are written")]
    #[derive(Deserialize, Default)]
    #[serde(default, deny_unknown_fields)]
    struct Message {
        own: bool,
        /// Changed at the next position.
        edited: bool,
        reacted: bool,
        /// Not beyond the position that the client had.
        known: bool,
        deleted: bool,
        system: bool,
        mentions: Vec<String>,
        thread: bool,
    }

    #[derive(Deserialize, Default)]
    #[serde(default, deny_unknown_fields)]
    struct User {
        level: Option<String>,
        muted: Option<String>,
        presence: Option<String>,
        blocks_sender: bool,
        has_read: bool,
        follows_thread: bool,
    }

    #[test]
    fn the_table_of_cases_holds() {
        let cases: Vec<Case> =
            serde_json::from_str(include_str!("../../cases/notify.json")).expect("cases");
        assert!(cases.len() > 20);
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        for case in cases {
            let Case { name, message: said, user, notifies: expected } = case;
            let who = |who: &String| match who.as_str() {
                "me" => Who::UserId("me".into()),
                "all" => Who::All(true),
                "here" => Who::Here(true),
                other => Who::UserId(other.into()),
            };
            let mention = |of: &String| v1::Mention { who: Some(who(of)), name: of.clone() };
            let message = v1::Message {
                seq: 10,
                changed_seq: if said.edited || said.reacted { 11 } else { 10 },
                sender_id: if said.own { "me" } else { "you" }.into(),
                thread_seq: if said.thread { 5 } else { 0 },
                mentions: said.mentions.iter().map(mention).collect(),
                content: Some(if said.system {
                    v1::message::Content::System(v1::SystemMessage::default())
                } else if said.deleted {
                    v1::message::Content::Deleted(v1::DeletedMessage::default())
                } else {
                    v1::message::Content::Text("hi".into())
                }),
                ..Default::default()
            };
            let level = match user.level.as_deref() {
                None => NotificationLevel::Unspecified,
                Some("all") => NotificationLevel::All,
                Some("mentions") => NotificationLevel::Mentions,
                Some("nothing") => NotificationLevel::Nothing,
                Some(other) => panic!("{name}: {other}"),
            };
            let muted_until = match user.muted.as_deref() {
                None => None,
                Some("now") => Some(now + Duration::from_secs(1)),
                Some("before") => Some(now),
                Some(other) => panic!("{name}: {other}"),
            };
            let presence = match user.presence.as_deref() {
                None | Some("online") => PresenceState::Online,
                Some("away") => PresenceState::Away,
                Some("do_not_disturb") => PresenceState::DoNotDisturb,
                Some("invisible") => PresenceState::Invisible,
                Some(other) => panic!("{name}: {other}"),
            };
            let settings = v1::RoomPreferences {
                level: level.into(),
                notifications_muted_until: muted_until.map(prost_types::Timestamp::from),
                ..Default::default()
            };
            let situation = Situation {
                me: "me",
                settings: &settings,
                known_seq: if said.known { 10 } else { 9 },
                read_seq: if user.has_read { 10 } else { 9 },
                presence,
                sender_blocked: user.blocks_sender,
                follows_thread: user.follows_thread,
                now,
            };
            assert_eq!(notifies(&message, &situation), expected, "{name}");
        }
    }
}

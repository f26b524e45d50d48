//! Whether people can be reached, derived from their connections.

use super::{ReadMarkers, RoomId, Timestamp, UserId};

/// The state that others may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PresenceState {
    /// Not for the one who asks to know.
    Unknown,
    Offline,
    Online,
    Away,
    DoNotDisturb,
}

/// How a user wants to be seen; holds for all their connections and is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PresenceChoice {
    #[default]
    Automatic,
    DoNotDisturb,
    Invisible,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presence {
    pub user: UserId,
    pub state: PresenceState,
    /// When last connected; `None` while connected, or if never.
    pub last_seen_at: Option<Timestamp>,
}

/// The state that follows from a user's choice and the connections they have
/// (`true`: that connection is idle).
#[must_use]
pub fn state(choice: PresenceChoice, mut connections: impl Iterator<Item = bool>) -> PresenceState {
    let Some(first_away) = connections.next() else { return PresenceState::Offline };
    match choice {
        PresenceChoice::Invisible => PresenceState::Offline,
        PresenceChoice::DoNotDisturb => PresenceState::DoNotDisturb,
        PresenceChoice::Automatic if first_away && connections.all(|away| away) => {
            PresenceState::Away
        }
        PresenceChoice::Automatic => PresenceState::Online,
    }
}

/// What a user says of how they want to be seen; what they leave out stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PresenceUpdate {
    pub choice: Option<PresenceChoice>,
    /// Of one connection.
    pub idle: Option<bool>,
}

/// A watched room as it is now.
pub struct Watched {
    pub room: RoomId,
    pub member_count: i64,
    pub online_count: i64,
    pub presences: Vec<Presence>,
    pub typing: Vec<UserId>,
    /// Somebody types, in a room in which it is not said who.
    pub several_typing: bool,
    /// As the one who watches may see them.
    pub marks: Vec<(UserId, ReadMarkers)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn away_needs_every_connection_idle() {
        let of = |choice, list: &[bool]| state(choice, list.iter().copied());
        assert_eq!(of(PresenceChoice::Automatic, &[]), PresenceState::Offline);
        assert_eq!(of(PresenceChoice::Automatic, &[true, true]), PresenceState::Away);
        assert_eq!(of(PresenceChoice::Automatic, &[true, false]), PresenceState::Online);
        assert_eq!(of(PresenceChoice::DoNotDisturb, &[true]), PresenceState::DoNotDisturb);
        assert_eq!(of(PresenceChoice::DoNotDisturb, &[]), PresenceState::Offline);
        assert_eq!(of(PresenceChoice::Invisible, &[false]), PresenceState::Offline);
    }
}

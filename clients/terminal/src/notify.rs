//! When the terminal's bell rings.

use std::time::{Duration, Instant, SystemTime};

use causerie_client::{
    Update,
    connection::State,
    notify::{Situation, notifies},
};

use crate::{app::App, effect::Effect};

/// A burst of messages rings once.
const APART: Duration = Duration::from_secs(1);

impl App {
    /// For a message that notifies and that is not on the screen. To be asked
    /// before the update is applied.
    pub fn bell(&mut self, update: &Update) -> Option<Effect> {
        let Update::Change { change, known_seq } = update else { return None };
        let message = change.message.as_ref()?;
        let view = self.model.rooms.get(&change.room_id)?;
        // What is caught up with has waited already; the list shows it.
        if self.connection != State::Live || self.room.as_ref() == Some(&change.room_id) {
            return None;
        }
        let me = &self.model.me.id;
        let situation = Situation {
            me,
            settings: &view.settings,
            known_seq: *known_seq,
            read_seq: view.read_seq,
            presence: self.model.presence_choice,
            sender_blocked: self.model.blocks.contains(&message.sender_id),
            // Which threads are followed is not kept here; those who are called
            // by name hear of it all the same.
            follows_thread: false,
            now: SystemTime::now(),
        };
        if !notifies(message, &situation) || self.rung.is_some_and(|rung| rung.elapsed() < APART) {
            return None;
        }
        self.rung = Some(Instant::now());
        Some(Effect::Bell)
    }
}

#[cfg(test)]
mod tests {
    use causerie_client::v1;

    use super::*;
    use crate::testing::{app, message};

    fn rings(app: &mut App, room: &str, sender: &str, settings: &v1::RoomPreferences) -> bool {
        app.rung = None;
        app.on_update(&Update::RoomPreferences(v1::RoomPreferences {
            room_id: room.into(),
            ..settings.clone()
        }));
        let message = v1::Message { room_id: room.into(), ..message(9, sender, "hi") };
        let change = v1::RoomChange {
            room_id: room.into(),
            seq: 9,
            after_seq: 8,
            message: Some(message),
            ..Default::default()
        };
        app.on_update(&Update::Change { change, known_seq: 8 }).contains(&Effect::Bell)
    }

    #[test]
    fn it_rings_for_other_rooms_as_their_settings_say() {
        let mut app = app();
        let all = v1::RoomPreferences::default();
        assert!(rings(&mut app, "random", "bob", &all));
        assert!(!rings(&mut app, "general", "bob", &all), "it is on the screen");
        assert!(!rings(&mut app, "random", "ada", &all), "one's own");
        let nothing = v1::RoomPreferences {
            level: v1::NotificationLevel::Nothing.into(),
            ..Default::default()
        };
        assert!(!rings(&mut app, "random", "bob", &nothing));
        let blocks = |ids: &[&str]| {
            let user_ids = ids.iter().map(|id| (*id).to_owned()).collect();
            Update::Blocks(v1::Blocks { user_ids })
        };
        app.on_update(&blocks(&["bob"]));
        assert!(!rings(&mut app, "random", "bob", &all));
        app.on_update(&blocks(&[]));
        app.connection = State::CatchingUp;
        assert!(!rings(&mut app, "random", "bob", &all));
    }
}

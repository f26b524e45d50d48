//! People as a client knows them: of two states the one with the higher version is
//! the newer, in whatever order they come.

use crate::{apply::Model, v1};

/// As many as `BatchGetUsers` takes.
const MAX_OUTDATED: usize = 200;

impl Model {
    /// Takes in users as they are told, unless something newer is known.
    pub fn apply_users(&mut self, users: impl IntoIterator<Item = v1::User>) {
        for user in users {
            if user.id == self.me.id && user.version >= self.me.version {
                self.me.clone_from(&user);
            }
            let known = self.users.get(&user.id);
            if known.is_none_or(|known| user.version >= known.version) {
                self.users.insert(user.id.clone(), user);
            }
        }
    }

    /// What is known of users may be of data that is gone, where the store is another.
    pub(crate) fn apply_epoch(&mut self, epoch: &str) {
        if !self.epoch.is_empty() && self.epoch != epoch {
            self.users.clear();
        }
        epoch.clone_into(&mut self.epoch);
    }

    /// Those who have written messages of a room since their profile changed, of whom
    /// only an older state is known: ask for them with `BatchGetUsers`. Each is named
    /// once, and no more at once than it takes.
    #[must_use]
    pub fn take_outdated_users(&mut self, room_id: &str) -> Vec<String> {
        let Some(view) = self.rooms.get(room_id) else { return Vec::new() };
        let mut ids = Vec::new();
        for message in view.messages.values() {
            if let Some(known) = self.users.get_mut(&message.sender_id)
                && known.version < message.sender_version
                && ids.len() < MAX_OUTDATED
            {
                known.version = message.sender_version;
                ids.push(known.id.clone());
            }
        }
        ids
    }

    /// Takes in whom the user has blocked, as `ListBlockedUsers` lists them. Kept up to
    /// date from then on.
    pub fn apply_blocked(&mut self, user_ids: impl IntoIterator<Item = String>) {
        self.blocked = Some(user_ids.into_iter().collect());
    }

    pub(crate) fn apply_block(&mut self, change: &v1::BlockChanged) {
        let Some(blocked) = &mut self.blocked else { return };
        if change.blocked {
            blocked.insert(change.user_id.clone());
        } else {
            blocked.remove(&change.user_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        apply::Model,
        live::Update,
        v1::{self, User},
    };

    fn user(id: &str, name: &str, version: i64) -> User {
        User { id: id.into(), display_name: name.into(), version, ..User::default() }
    }

    fn ready(epoch: &str, me: User) -> Update {
        Update::Ready(v1::Ready { epoch: epoch.into(), user: Some(me), ..v1::Ready::default() })
    }

    #[test]
    fn an_older_state_of_a_user_never_replaces_a_newer_one() {
        let mut model = Model::default();
        model.apply(&ready("one", user("me", "Me", 3)));
        model.apply_users([user("bob", "Bob", 1)]);
        model.apply(&Update::UserChanged(user("bob", "Robert", 3)));
        model.apply_users([user("bob", "Bobby", 2)]);
        assert_eq!(model.users["bob"].display_name, "Robert");
        model.apply_users([user("bob", "Rob", 4)]);
        assert_eq!(model.users["bob"].display_name, "Rob");
        // The user's own, changed on another device.
        model.apply(&Update::UserChanged(user("me", "Myself", 4)));
        model.apply(&Update::UserChanged(user("me", "Me", 3)));
        assert_eq!(model.me.display_name, "Myself");
        // The same store does not forget, another one does: its versions are others.
        model.apply(&ready("one", user("me", "Myself", 4)));
        assert!(model.users.contains_key("bob"));
        model.apply(&ready("two", user("me", "Me", 1)));
        assert!(!model.users.contains_key("bob"));
        assert_eq!(model.me.display_name, "Me");
    }

    #[test]
    fn a_message_tells_that_its_sender_has_changed() {
        let mut model = Model::default();
        let room = v1::Room { id: "r".into(), ..v1::Room::default() };
        let summary = v1::RoomSummary { room: Some(room), ..v1::RoomSummary::default() };
        model.apply(&Update::RoomAdded(summary));
        model.apply_users([user("bob", "Bob", 1), user("eve", "Eve", 5)]);
        for (seq, sender, sender_version) in [(1, "bob", 1), (2, "eve", 4), (3, "nobody", 2)] {
            let message = v1::Message {
                room_id: "r".into(),
                seq,
                sender_id: sender.into(),
                sender_version,
                ..v1::Message::default()
            };
            model.apply_page(
                "r",
                &v1::ListMessagesResponse {
                    messages: vec![message],
                    ..v1::ListMessagesResponse::default()
                },
            );
        }
        assert!(model.take_outdated_users("r").is_empty());
        let newer = v1::Message {
            room_id: "r".into(),
            seq: 4,
            changed_seq: 4,
            sender_id: "bob".into(),
            sender_version: 2,
            ..v1::Message::default()
        };
        let page = v1::ListMessagesResponse { messages: vec![newer], ..Default::default() };
        model.apply_page("r", &page);
        assert_eq!(model.take_outdated_users("r"), ["bob"]);
        assert!(model.take_outdated_users("r").is_empty(), "asked for once");
        model.apply_users([user("bob", "Robert", 2)]);
        assert_eq!(model.users["bob"].display_name, "Robert");
    }

    #[test]
    fn whom_the_user_has_blocked_is_kept_up_to_date_once_it_is_known() {
        let mut model = Model::default();
        let block = |id: &str, blocked| {
            Update::BlockChanged(v1::BlockChanged { user_id: id.into(), blocked })
        };
        model.apply(&block("bob", true));
        assert_eq!(model.blocked, None, "there may be others");
        model.apply_blocked(["eve".to_owned()]);
        model.apply(&block("bob", true));
        model.apply(&block("eve", false));
        assert_eq!(model.blocked, Some(["bob".to_owned()].into()));
    }
}

//! The names of people and rooms, as scripts see them.

use std::collections::HashMap;

use causerie_client::{Client, v1};

use crate::lines::{about, clean};

/// Asks for each user once.
pub struct Names<'a> {
    client: &'a Client,
    users: HashMap<String, String>,
}

impl<'a> Names<'a> {
    pub fn new(client: &'a Client) -> Self {
        Self { client, users: HashMap::new() }
    }

    pub async fn of(&mut self, id: &str) -> String {
        if let Some(name) = self.users.get(id) {
            return name.clone();
        }
        let request = v1::GetUserRequest { user_id: id.to_owned() };
        let name = match self.client.get_user(request).await {
            Ok(found) => clean(&found.user.unwrap_or_default().display_name),
            Err(_) => id.to_owned(),
        };
        self.users.insert(id.to_owned(), name.clone());
        name
    }

    /// The name of whom a system message is about.
    pub async fn about(&mut self, message: &v1::Message) -> Option<String> {
        Some(self.of(about(message)?).await)
    }

    /// Takes in a profile as it is now, if its name is known already.
    pub fn update(&mut self, user: &v1::User) {
        if let Some(name) = self.users.get_mut(&user.id) {
            *name = clean(&user.display_name);
        }
    }

    /// The name to show for a room: of a direct one, the other person's.
    pub async fn room(&mut self, room: &v1::Room) -> String {
        if room.kind() != v1::RoomKind::Direct {
            return clean(&room.name);
        }
        let me = self.client.get_me(v1::GetMeRequest {}).await;
        let me = me.ok().and_then(|me| me.user).unwrap_or_default().id;
        match room.direct_user_ids.iter().find(|id| **id != me) {
            Some(other) => format!("@ {}", self.of(other).await),
            None => "Notes".into(),
        }
    }
}

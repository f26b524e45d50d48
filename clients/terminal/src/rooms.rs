//! The list of rooms, and going from one to another.

use causerie_client::{folding::fold, v1};
use crossterm::event::{KeyCode, KeyEvent};

use crate::{
    app::{App, Focus},
    effect::Effect,
};

impl App {
    /// Rooms in the order of the list: the newest activity first.
    pub fn room_ids(&self) -> Vec<String> {
        let mut rooms: Vec<_> = self.model.rooms.values().collect();
        rooms.sort_by_key(|view| {
            let last = view.last_message.as_ref();
            let at = last.and_then(|message| message.posted_at).map_or(0, |at| at.seconds);
            (std::cmp::Reverse(at), fold(&view.room.name))
        });
        rooms.into_iter().map(|view| view.room.id.clone()).collect()
    }

    /// The name to show for a room: of a direct one, the other person's.
    pub fn room_name(&self, room: &v1::Room) -> String {
        if room.kind() != v1::RoomKind::Direct {
            return crate::lines::clean(&room.name);
        }
        let mut others = room.direct_user_ids.iter().filter(|id| **id != self.model.me.id);
        others.next().map_or_else(|| "Notes".to_owned(), |id| format!("@ {}", self.name_of(id)))
    }

    pub fn rooms_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        match key.code {
            KeyCode::Down => self.step_room(1),
            KeyCode::Up => self.step_room(-1),
            // Whoever types wants to write.
            KeyCode::Char(_) if self.room.is_some() => {
                self.focus = Focus::Composer;
                self.composer_key(key)
            }
            KeyCode::Enter | KeyCode::Tab | KeyCode::Right if self.room.is_some() => {
                self.focus = Focus::Composer;
                vec![]
            }
            _ => vec![],
        }
    }

    pub fn leave_room(&mut self) -> Vec<Effect> {
        self.room.clone().map(Effect::Leave).into_iter().collect()
    }

    pub fn step_room(&mut self, by: isize) -> Vec<Effect> {
        let rooms = self.room_ids();
        if rooms.is_empty() {
            return vec![];
        }
        let at = self.room.as_ref().and_then(|room| rooms.iter().position(|id| id == room));
        let next = match at {
            Some(at) => {
                (at.cast_signed() + by).rem_euclid(rooms.len().cast_signed()).cast_unsigned()
            }
            None => 0,
        };
        let focus = self.focus;
        let effects = self.open_room(&rooms[next]);
        self.focus = focus;
        effects
    }

    /// Shows a room, loads it, and says that it is watched and read.
    pub fn open_room(&mut self, room_id: &str) -> Vec<Effect> {
        let Some(view) = self.model.rooms.get(room_id) else { return vec![] };
        self.new_after = view.read_seq;
        self.room = Some(room_id.to_owned());
        self.focus = Focus::Composer;
        self.wanted = None;
        self.scroll = 0;
        self.selected = None;
        self.question = None;
        self.loading = true;
        self.typing_told = None;
        let room_id = room_id.to_owned();
        let mut effects = vec![
            Effect::Watch(vec![room_id.clone()]),
            Effect::Load { room_id: room_id.clone(), before: None },
            Effect::Members(room_id),
        ];
        effects.extend(self.read());
        effects
    }
}

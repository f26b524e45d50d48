//! Whatever happens and whenever a client is cut off: once it has caught up, it
//! holds what a client holds that fetches everything anew.

use std::collections::{BTreeMap, BTreeSet};

use causerie_client::{
    Live, Update, Updates,
    apply::Model,
    cursor::Position,
    live::Options,
    v1::{self, HistoryVisibility as History, MemberRole, MemberState, RoomKind},
};
use futures::FutureExt as _;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};

use crate::support::{Person, Server, on_both_databases, within};

const STEPS: usize = 500;

/// Where a client that shows a room goes on.
pub fn position_in(room: &v1::Room) -> (String, Position) {
    (room.id.clone(), Position { seq: room.head_seq, log_id: room.log_id.clone() })
}

/// A client that is cut off and comes back.
struct Watcher {
    person: Person,
    connection: Option<(Live, Updates)>,
    model: Model,
    members: BTreeMap<(String, String), v1::Member>,
}

impl Watcher {
    fn connect(&mut self) {
        let rooms = self.model.rooms.values();
        let positions = rooms.map(|view| position_in(&view.room)).collect();
        let state_token = self.model.state_token.clone();
        let options = Options { positions, state_token, ..Options::default() };
        self.connection = Some(self.person.client.live(options));
    }

    /// Takes what has arrived so far.
    async fn take_some(&mut self) {
        while let Some((_, updates)) = &mut self.connection
            && let Some(Some(update)) = updates.next().now_or_never()
        {
            self.take(update).await;
        }
    }

    async fn take_next(&mut self) {
        let (_, updates) = self.connection.as_mut().expect("it is connected");
        let update = within("an update", updates.next()).await.expect("the updates go on");
        self.take(update).await;
    }

    async fn take(&mut self, update: Update) {
        self.model.apply(&update);
        match update {
            Update::RoomAdded(summary) => self.load(&summary.room.unwrap_or_default().id).await,
            // Whoever came back to a room that shows its history from joining.
            Update::Reset(reset) => {
                let room = reset.summary.and_then(|summary| summary.room).unwrap_or_default();
                self.load(&room.id).await;
            }
            Update::RoomGone(room) => self.members.retain(|(of, _), _| *of != room),
            Update::Change { change, .. } => {
                let v1::RoomChange { room_id, member, message, .. } = change;
                if let Some(member) = member {
                    self.know(&room_id, member);
                }
                if let Some(message) = message.filter(|message| message.thread_seq != 0) {
                    self.open(&room_id, message.thread_seq).await;
                }
            }
            _ => {}
        }
    }

    fn know(&mut self, room: &str, member: v1::Member) {
        let user = member.user.as_ref().map(|user| user.id.clone()).unwrap_or_default();
        let known = self.members.entry((room.to_owned(), user)).or_default();
        if member.changed_seq > known.changed_seq {
            *known = member;
        }
    }

    /// Loads the history and members of a room that is new here. It may be gone
    /// again already; then an event will say so.
    async fn load(&mut self, room: &str) {
        while let Some(view) = self.model.rooms.get(room).filter(|view| view.has_older) {
            let before = view.messages.first_key_value().map(|(seq, _)| *seq);
            let anchor = before.map(v1::list_messages_request::Anchor::BeforeSeq);
            let request = v1::ListMessagesRequest { room_id: room.into(), anchor, page_size: 200 };
            let Ok(page) = self.person.client.list_messages(request).await else { return };
            self.model.apply_page(room, &page);
        }
        let messages = self.model.rooms.get(room).into_iter().flat_map(|view| &view.messages);
        let roots: Vec<i64> =
            messages.filter(|(_, root)| root.thread.is_some()).map(|(seq, _)| *seq).collect();
        for root in roots {
            self.open(room, root).await;
        }
        for member in members(&self.person, room).await {
            self.know(room, member);
        }
    }

    /// Loads a thread that is new here.
    async fn open(&mut self, room: &str, root: i64) {
        let view = self.model.rooms.get(room);
        if view.is_some_and(|view| !view.threads.contains_key(&root))
            && let Some(page) = thread(&self.person, room, root).await
        {
            self.model.apply_thread(&page);
        }
    }
}

/// A whole thread; few answers stand in one here.
pub async fn thread(person: &Person, room: &str, root: i64) -> Option<v1::ListThreadResponse> {
    let request = v1::ListThreadRequest {
        room_id: room.into(),
        thread_seq: root,
        page_size: 200,
        ..Default::default()
    };
    let page = person.client.list_thread(request).await.ok()?;
    assert!(!page.has_older, "a thread fits a page");
    Some(page)
}

async fn members(person: &Person, room: &str) -> Vec<v1::Member> {
    let request =
        v1::ListMembersRequest { room_id: room.into(), page_size: 200, ..Default::default() };
    person.client.list_members(request).await.map(|page| page.members).unwrap_or_default()
}

/// One thing that one of the people tries; what is refused changes nothing.
pub async fn step(rng: &mut StdRng, people: &[Person], rooms: &[String], n: usize) {
    let person = people.choose(rng).expect("people");
    let other = people.choose(rng).expect("people").user.id.clone();
    let room_id = rooms.choose(rng).expect("rooms").clone();
    let client = &person.client;
    let summary = client.get_room(v1::GetRoomRequest { room_id: room_id.clone() }).await;
    let head = summary.ok().and_then(|found| found.room).map_or(1, |room| room.head_seq);
    // Mostly newer messages, as people do.
    let seq = if rng.random_bool(0.7) {
        head - rng.random_range(0..head.min(8))
    } else {
        rng.random_range(1..=head)
    };
    let emoji = (*["👍", "🎉", "❤️"].choose(rng).expect("emojis")).to_owned();
    let user_id = other;
    match rng.random_range(0..100) {
        0..30 => {
            let reply_to_seq = if rng.random_bool(0.2) { seq } else { 0 };
            let thread_seq = if rng.random_bool(0.3) { seq } else { 0 };
            let name = ["@ada", "@emil", "@all", ""].choose(rng).expect("names");
            let request = v1::SendMessageRequest {
                room_id,
                text: format!("text {n} {name}"),
                client_message_id: n.to_string(),
                reply_to_seq,
                thread_seq,
                ..Default::default()
            };
            drop(client.send_message(request).await);
        }
        30..42 => drop(
            client
                .edit_message(v1::EditMessageRequest {
                    room_id,
                    seq,
                    text: format!("edit {n} @emil"),
                    ..Default::default()
                })
                .await,
        ),
        42..48 => drop(
            client
                .delete_message(v1::DeleteMessageRequest { room_id, seq, ..Default::default() })
                .await,
        ),
        48..62 => drop(
            client
                .add_reaction(v1::AddReactionRequest { room_id, seq, emoji, ..Default::default() })
                .await,
        ),
        62..68 => {
            drop(
                client
                    .remove_reaction(v1::RemoveReactionRequest {
                        room_id,
                        seq,
                        emoji,
                        ..Default::default()
                    })
                    .await,
            );
        }
        68..72 => drop(
            client.pin_message(v1::PinMessageRequest { room_id, seq, ..Default::default() }).await,
        ),
        72..74 => drop(
            client
                .unpin_message(v1::UnpinMessageRequest { room_id, seq, ..Default::default() })
                .await,
        ),
        74..80 => drop(client.join_room(v1::JoinRoomRequest { room_id }).await),
        80..83 => drop(client.leave_room(v1::LeaveRoomRequest { room_id }).await),
        83..86 => {
            let (name, topic) = (Some(format!("Room {n}")), Some(format!("about {n}")));
            let history = rng.random_bool(0.3).then(|| {
                let joining = rng.random_bool(0.5);
                let history = if joining { History::FromJoining } else { History::FromStart };
                history.into()
            });
            let request =
                v1::UpdateRoomRequest { room_id, name, topic, history, ..Default::default() };
            drop(client.update_room(request).await);
        }
        86..91 => {
            let thread_seq = if rng.random_bool(0.3) { seq } else { 0 };
            drop(
                client
                    .mark_read(v1::MarkReadRequest {
                        room_id,
                        seq,
                        thread_seq,
                        ..Default::default()
                    })
                    .await,
            );
        }
        91..93 => drop(
            client
                .add_members(v1::AddMembersRequest {
                    room_id,
                    user_ids: vec![user_id],
                    ..Default::default()
                })
                .await,
        ),
        93 => drop(client.remove_member(v1::RemoveMemberRequest { room_id, user_id }).await),
        94 => drop(
            client
                .ban_member(v1::BanMemberRequest { room_id, user_id, ..Default::default() })
                .await,
        ),
        95 => drop(client.unban_member(v1::UnbanMemberRequest { room_id, user_id }).await),
        96 => {
            let duration =
                Some(prost_types::Duration { seconds: rng.random_range(0..2) * 600, nanos: 0 });
            drop(
                client
                    .mute_member(v1::MuteMemberRequest {
                        room_id,
                        user_id,
                        duration,
                        ..Default::default()
                    })
                    .await,
            );
        }
        97..99 => {
            let role = [MemberRole::Member, MemberRole::Admin]
                .choose(rng)
                .copied()
                .unwrap_or_default()
                .into();
            drop(client.set_member_role(v1::SetMemberRoleRequest { room_id, user_id, role }).await);
        }
        _ => {
            let archived = rng.random_bool(0.3);
            drop(client.archive_room(v1::ArchiveRoomRequest { room_id, archived }).await);
        }
    }
}

on_both_databases! {
    async fn who_was_cut_off_ends_with_the_same_as_who_comes_new(database: Database) {
        let seed: u64 = rand::random();
        // Shown if it fails; to try it again, put it here.
        println!("seed {seed}");
        let mut rng = StdRng::seed_from_u64(seed);
        let server = Server::start(database).await;
        let mut people = Vec::new();
        for name in ["ada", "bob", "carl", "dora", "emil"] {
            people.push(Person::register(&server.url, name).await);
        }
        let mut rooms = Vec::new();
        for (n, kind) in [RoomKind::Public, RoomKind::Public, RoomKind::Private].into_iter().enumerate() {
            let history = if n == 1 { History::FromJoining } else { History::FromStart };
            let request = v1::CreateRoomRequest {
                name: format!("Room {n}"),
                kind: kind.into(),
                history: history.into(),
                ..Default::default()
            };
            let room = people[n].client.create_room(request).await.expect("a room").room.expect("a room");
            rooms.push(room.id);
        }
        // One who owns a room, and one who comes and goes.
        let mut watchers: Vec<Watcher> = [0, 4]
            .into_iter()
            .map(|n| Watcher {
                person: people[n].clone(),
                connection: None,
                model: Model::default(),
                members: BTreeMap::new(),
            })
            .collect();
        for n in 0..STEPS {
            for watcher in &mut watchers {
                match &watcher.connection {
                    None if rng.random_bool(0.05) => watcher.connect(),
                    Some(_) if rng.random_bool(0.03) => {
                        watcher.take_some().await;
                        watcher.connection = None;
                    }
                    Some(_) if rng.random_bool(0.3) => watcher.take_some().await,
                    _ => {}
                }
            }
            step(&mut rng, &people, &rooms, n).await;
        }

        for watcher in &mut watchers {
            if watcher.connection.is_none() {
                watcher.connect();
            }
            let request = v1::ListRoomsRequest { page_size: 200, ..Default::default() };
            let fresh = watcher.person.client.list_rooms(request).await.expect("rooms").rooms;
            // Up to which position, and read up to which.
            let expected: BTreeMap<String, (i64, i64)> = fresh
                .iter()
                .filter_map(|summary| Some((summary.room.as_ref()?, summary.read_seq)))
                .map(|(room, read_seq)| (room.id.clone(), (room.head_seq, read_seq)))
                .collect();
            loop {
                let views = watcher.model.rooms.values();
                let held = views.map(|view| (view.room.id.clone(), (view.room.head_seq, view.read_seq)));
                if held.collect::<BTreeMap<_, _>>() == expected {
                    break;
                }
                watcher.take_next().await;
            }
            for summary in &fresh {
                let room = summary.room.as_ref().expect("a room");
                let view = &watcher.model.rooms[&room.id];
                let history = watcher.person.history(&room.id).await;
                let fresh: BTreeMap<i64, v1::Message> =
                    history.into_iter().map(|message| (message.seq, message)).collect();
                for seq in fresh.keys().chain(view.messages.keys()) {
                    assert_eq!(view.messages.get(seq), fresh.get(seq), "seed {seed}, message {seq}");
                }
                for root in fresh.values().filter(|message| message.thread.is_some()) {
                    let page = thread(&watcher.person, &room.id, root.seq).await.expect("a thread");
                    let answers = page.messages.into_iter().map(|message| (message.seq, message));
                    let held = view.threads.get(&root.seq);
                    assert_eq!(held, Some(&answers.collect()), "seed {seed}, thread {}", root.seq);
                }
                // The number of members comes with the settings, and grows apart.
                let settled = v1::Room { member_count: room.member_count, ..view.room.clone() };
                assert_eq!(settled, *room, "seed {seed}");
                let unread = view.unread(&watcher.person.user.id);
                assert_eq!(unread, (summary.unread_count.into(), summary.unread_more), "seed {seed}");
                let mentions = view.unread_mentions(&watcher.person.user.id, &watcher.model.blocks);
                assert_eq!(mentions, i64::from(summary.unread_mention_count), "seed {seed}");

                let state = |member: &v1::Member| {
                    let user = member.user.as_ref().map(|user| user.id.clone());
                    (user, member.role, member.changed_seq, member.muted_until.map(|at| at.seconds))
                };
                let expected: BTreeSet<_> = members(&watcher.person, &room.id).await.iter().map(state).collect();
                let of_room = watcher.members.iter().filter(|((of, _), _)| *of == room.id);
                let joined = of_room.map(|(_, member)| member).filter(|member| member.state() == MemberState::Joined);
                assert_eq!(joined.map(state).collect::<BTreeSet<_>>(), expected, "seed {seed}");
            }
        }
        server.end().await;
    }
}

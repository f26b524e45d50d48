//! Who can be reached: from connections to what others are told.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::time::{MissedTickBehavior, interval};

use super::Services;
use crate::{
    config::ms,
    error::{Error, Result},
    fanout::presence::Changes,
    model::{
        Caller, ConnectionId, Presence, PresenceChoice, PresenceState, RoomId, Timestamp, UserId,
        limits::PRESENCE_MEMBERS,
        presence::{PresenceUpdate, Watched},
    },
    store::presence::ConnectionsEnded,
};

/// A node that does not renew its lease for this long counts as dead.
const LEASE: Duration = Duration::from_secs(30);
const RENEW_LEASE: Duration = Duration::from_secs(10);

impl Services {
    /// The presence of users as the caller may know it, in the order asked for.
    pub async fn presence_for(&self, caller: Caller, users: &[UserId]) -> Result<Vec<Presence>> {
        let known = self.store.acquaintances(caller.user, users).await?;
        let mut presences = self.presences(users).await?;
        for presence in presences.iter_mut().filter(|presence| !known.contains(&presence.user)) {
            (presence.state, presence.last_seen_at) = (PresenceState::Unknown, None);
        }
        Ok(presences)
    }

    /// The presence of users as their events tell it.
    async fn presences(&self, users: &[UserId]) -> Result<Vec<Presence>> {
        // Looked at before: what fades no more is stored by then.
        let fading = self.presence.fading();
        let mut presences = self.store.presences(users, self.clock.now()).await?;
        for presence in &mut presences {
            if let Some(state) = fading.get(&presence.user) {
                (presence.state, presence.last_seen_at) = (*state, None);
            }
        }
        Ok(presences)
    }

    pub async fn set_presence(
        &self,
        caller: Caller,
        connection: ConnectionId,
        wish: PresenceUpdate,
    ) -> Result<()> {
        self.own_connection(caller, connection)?;
        if let Some(choice) = wish.choice {
            // One after the other, so that the last one told is the one that is kept.
            let _turn = self.presence_lock.lock().await;
            let before = self.store.presence_choice(caller.user).await?;
            // To others it looks like the end of the last stream.
            let fades_until = Instant::now() + ms(self.config.presence.grace_ms);
            let set = |choice| self.presence.set_choice(caller.user, choice, fades_until);
            if before != choice {
                // What others see of who turns invisible stays where it is now.
                self.pending_marks.store(Some(caller.user)).await?;
                if choice == PresenceChoice::Invisible {
                    // Before it is stored, or it would be seen there at once.
                    set(choice);
                }
                let stored = self.store.set_presence_choice(caller.user, choice).await;
                if let Err(error) = stored {
                    set(before);
                    return Err(error);
                }
                self.hub.presence_choice(caller.user, choice);
            }
            set(choice);
            if choice == PresenceChoice::Invisible {
                self.end_typing(self.typing.stop_anywhere(caller.user));
            } else if before == PresenceChoice::Invisible {
                // What has arrived and been read meanwhile may be seen now.
                for marks in self.store.marks_of(caller.user).await? {
                    self.hub.receipt(marks);
                }
            }
        }
        if let Some(idle) = wish.idle {
            self.presence.set_away(caller.user, connection, idle);
        }
        Ok(())
    }

    /// Lets a stream watch rooms, and tells how they are now. It watches before
    /// it reads, so that no change falls between.
    pub async fn watch_rooms(
        &self,
        caller: Caller,
        connection: ConnectionId,
        rooms: Vec<RoomId>,
    ) -> Result<Vec<Watched>> {
        self.own_connection(caller, connection)?;
        let now = self.clock.now();
        let mut watching = HashMap::new();
        let mut counts = Vec::new();
        for room in rooms {
            self.view_for(room, caller.user).await?;
            let fading: Vec<UserId> = self.presence.fading().into_keys().collect();
            let (members, online) = self.store.online_count(room, &fading, now).await?;
            watching.insert(room, members <= PRESENCE_MEMBERS);
            counts.push((room, members, online));
        }
        self.hub.watch(connection, watching.clone());
        // Who has joined since they were counted was not noted.
        self.hub.may_have_grown(watching.iter().filter(|(_, told)| **told).map(|(room, _)| *room));
        // Who has left meanwhile was not watching yet when they left. Of all rooms: what
        // may not be watched any more must not stay because of an earlier one.
        let mut refusal = None;
        for (room, ..) in &counts {
            if let Err(error) = self.view_for(*room, caller.user).await {
                watching.remove(room);
                refusal = Some(error);
            }
        }
        if let Some(error) = refusal {
            self.hub.watch(connection, watching);
            return Err(error);
        }

        let shows_read = self.store.sends_receipts(caller.user).await?;
        // What is told from here on is newer than what is read below.
        self.pending_marks.store_before_answer(None).await;
        let mut watched = Vec::new();
        for (room, member_count, mut online_count) in counts {
            let (mut presences, mut marks) = (Vec::new(), Vec::new());
            if member_count <= PRESENCE_MEMBERS {
                let limit = usize::try_from(PRESENCE_MEMBERS).unwrap_or(usize::MAX);
                let members = self.store.member_ids(room, limit).await?;
                presences = self.presences(&members).await?;
                presences.retain(|presence| presence.state != PresenceState::Offline);
                marks = self.store.marks_in(room, PRESENCE_MEMBERS).await?;
                for (user, marks) in &mut marks {
                    marks.secret |= !shows_read && *user != caller.user;
                }
                online_count = i64::try_from(presences.len()).unwrap_or(i64::MAX);
            }
            let typing = self.typing.in_room(room, caller.user);
            let several_typing = self.typing.several_in_room(room, caller.user);
            watched.push(Watched {
                room,
                member_count,
                online_count,
                presences,
                typing,
                several_typing,
                marks,
            });
        }
        Ok(watched)
    }

    /// Lets a stream go on with a newer token of the same session.
    pub fn renew_token(
        &self,
        caller: Caller,
        connection: ConnectionId,
        token: &str,
    ) -> Result<Timestamp> {
        let subscriber =
            self.hub.connection(connection, caller.user).ok_or(Error::ConnectionNotFound)?;
        let newer = self.auth.verify(token).map_err(|error| match error {
            Error::TokenInvalid => Error::invalid("access_token", "must be an access token"),
            other => other,
        })?;
        if newer.session != subscriber.session {
            return Err(Error::invalid("access_token", "must belong to the stream's session"));
        }
        subscriber.renew(newer.expires_at);
        Ok(newer.expires_at)
    }

    fn own_connection(&self, caller: Caller, connection: ConnectionId) -> Result<()> {
        self.hub.connection(connection, caller.user).map(drop).ok_or(Error::ConnectionNotFound)
    }

    /// Stores and tells changes of presence, lets typing lapse, and keeps the
    /// node's lease. Runs as long as the server.
    pub async fn keep_presence(self: Arc<Self>) {
        let mut pending = Changes::default();
        let mut lease_renewed: Option<Instant> = None;
        // Tried at the start already, which a full disk lets fail.
        let mut crash_cleared = false;
        let mut ticks = interval(ms(self.config.presence.merge_ms.max(10)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut lapses = interval(Duration::from_millis(500));
        lapses.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = lapses.tick() => {
                    for typist in self.typing.lapsed(Instant::now()) {
                        self.hub.typing(&typist, false);
                    }
                    for change in self.typing.take_several(Instant::now()) {
                        self.hub.several_typing(&change);
                    }
                }
                _ = ticks.tick() => {
                    if let Err(error) = self.look_at_grown_rooms().await {
                        tracing::debug!(%error, "who watches what has grown waits for the database");
                    }
                    crash_cleared = crash_cleared || self.end_other_leases().await.is_ok();
                    let due = lease_renewed.is_none_or(|at| at.elapsed() >= RENEW_LEASE);
                    if due && self.renew_lease().await.is_ok() {
                        lease_renewed = Some(Instant::now());
                    }
                    pending.merge(self.presence.take_changes(Instant::now()));
                    if !pending.is_empty() {
                        match self.tell_presence(&pending).await {
                            Ok(()) => pending = Changes::default(),
                            Err(error) => tracing::debug!(%error, "presence waits for the database"),
                        }
                    }
                }
            }
        }
    }

    /// Removes what this node has said about its connections.
    pub async fn forget_presence(&self) -> Result<()> {
        self.store.forget_nodes(Some(self.node), self.clock.now()).await
    }

    /// Ends what a crash of this server left behind: it must not count as
    /// connected. Only for a server that is the only one.
    pub async fn end_other_leases(&self) -> Result<()> {
        self.store.end_other_leases(self.node, self.clock.now()).await
    }

    /// Whether the database takes writes, and every lane runs. This renews the
    /// node's lease.
    pub async fn probe_database(&self) -> Result<()> {
        if !self.writer.is_running() {
            return Err(Error::internal("a lane has ended"));
        }
        self.store.probe(self.node, self.clock.now().plus(LEASE)).await
    }

    async fn renew_lease(&self) -> Result<()> {
        let now = self.clock.now();
        self.store.renew_lease(self.node, now.plus(LEASE)).await?;
        self.store.forget_nodes(None, now).await
    }

    /// Members of a room are told of each other only as long as it is small.
    async fn look_at_grown_rooms(&self) -> Result<()> {
        let grown = self.hub.take_grown();
        if grown.is_empty() {
            return Ok(());
        }
        match self.store.small_rooms(&grown).await {
            Ok(small) => {
                for room in grown.into_iter().filter(|room| !small.contains(room)) {
                    self.hub.end_telling(room);
                }
                Ok(())
            }
            Err(error) => {
                self.hub.may_have_grown(grown);
                Err(error)
            }
        }
    }

    async fn tell_presence(&self, changes: &Changes) -> Result<()> {
        let now = self.clock.now();
        let opened: Vec<_> =
            changes.upserts.iter().map(|row| (row.connection, row.user, row.away)).collect();
        let ended = ConnectionsEnded {
            connections: &changes.deletes,
            gone: &changes.gone,
            faded: &changes.faded,
        };
        self.store.save_connections(self.node, &opened, ended, now).await?;
        self.presence.end_fading(&changes.faded);
        let users: Vec<_> = changes.states.iter().map(|(user, _)| *user).collect();
        let watched = self.watched_rooms(&users).await?;
        for (user, state) in &changes.states {
            let last_seen_at = (*state == PresenceState::Offline).then_some(now);
            let rooms = watched.get(user).map(Vec::as_slice).unwrap_or_default();
            self.hub.presence(rooms, Presence { user: *user, state: *state, last_seen_at });
        }
        Ok(())
    }

    /// The rooms of each of these users that somebody watches, and whose members are
    /// told of each other.
    pub(super) async fn watched_rooms(
        &self,
        users: &[UserId],
    ) -> Result<HashMap<UserId, Vec<RoomId>>> {
        let watched = self.hub.rooms_with_presence();
        if users.is_empty() || watched.is_empty() {
            return Ok(HashMap::new());
        }
        let mut shared = self.store.shared_rooms(users, &watched).await?;
        // They may have grown since they began to be watched.
        let rooms: HashSet<RoomId> = shared.values().flatten().copied().collect();
        let small = self.store.small_rooms(&rooms.into_iter().collect::<Vec<_>>()).await?;
        for rooms in shared.values_mut() {
            rooms.retain(|room| small.contains(room));
        }
        Ok(shared)
    }
}

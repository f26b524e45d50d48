//! Catching up from the store: what a stream missed while it was away, or
//! while it read too slowly.

use std::{
    collections::{HashSet, VecDeque},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use tokio::time::sleep;

use super::{ChatStream, NO_POSITION, end::StreamEnd};
use crate::{
    config::ms,
    model::{
        MarkersMoved, RoomId, Seq, Timestamp, VisibleRange,
        resume::{Behind, ROOMS_AT_ONCE, RoomStates, Since, StateToken},
        rooms::Right,
    },
    wire::{
        events::{self, Kind},
        marks::room_preferences,
        rooms, v1,
    },
};

/// Changes of a room read at once.
const PAGE: i64 = 200;
/// Changes of several rooms read at once, at most.
const CHANGES: i64 = 1_024;
/// Summaries read at once.
const SUMMARIES: usize = 64;
/// A frame is sent when it has grown this large.
const FRAME_BYTES: usize = 64 * 1024;
/// For so long a client may read before its turn goes to another one.
const TURN_WAITS_FOR: Duration = Duration::from_millis(200);

impl ChatStream {
    /// Waits until this stream may catch up, unless it may already.
    pub(super) async fn take_turn(&mut self) -> Result<(), StreamEnd> {
        if self.turn.is_some() {
            return Ok(());
        }
        let services = self.services.clone();
        let turn = services.catch_ups.turn(self.user.id);
        let mut turn = std::pin::pin!(turn);
        let interval = ms(services.config.stream.heartbeat_ms);
        loop {
            tokio::select! {
                biased;
                turn = &mut turn => {
                    self.turn = Some(turn);
                    return Ok(());
                }
                () = self.frames.closed() => return Err(StreamEnd::Vanished),
                // Not waited for: the turn may come meanwhile.
                () = sleep(interval) => self.frames.offer(events::heartbeat(std::iter::empty())),
            }
        }
    }

    /// How the user's rooms stand, as it is from here on.
    pub(super) async fn room_states(&self) -> Result<(RoomStates, StateToken), StreamEnd> {
        let (epoch, read_at) = (self.services.epoch, self.services.steady.now());
        let token = StateToken { epoch, user: self.user.id, read_at };
        self.services.pending_marks.store_before_answer(Some(self.user.id)).await;
        Ok((self.services.catch_ups.room_states(self.user.id).await?, token))
    }

    /// Brings every room to the present, after live events were lost.
    pub(super) async fn catch_up_again(&mut self) -> Result<(), StreamEnd> {
        self.take_turn().await?;
        let states = self.room_states().await?;
        self.catch_up(states).await
    }

    /// Brings every room to the present: gives up those the user is not in any
    /// more, tells those that are new, and delivers what changed in the others.
    pub(super) async fn catch_up(
        &mut self,
        (states, token): (RoomStates, StateToken),
    ) -> Result<(), StreamEnd> {
        self.tell_missed(states).await?;
        self.turn = None;
        self.told = Some(token);
        Ok(())
    }

    /// Says that all that was missed has been told.
    pub(super) fn is_live(&self) -> Kind {
        let state_token = self.told.map(|token| token.encode()).unwrap_or_default();
        Kind::Live(v1::Live { state_token })
    }

    async fn tell_missed(&mut self, states: RoomStates) -> Result<(), StreamEnd> {
        let RoomStates { rooms: mut states, threads } = states;
        // Who comes back looks first at what happened last.
        states.sort_unstable_by_key(|state| std::cmp::Reverse(state.active_at));
        let now_in: HashSet<RoomId> = states.iter().map(|state| state.room).collect();
        self.visible_from.extend(states.iter().map(|state| (state.room, state.view.floor)));
        for room in self.cursor.rooms() {
            if !now_in.contains(&room) {
                self.remove_room(room).await?;
            }
        }
        let (mut moved, mut beyond) = (VecDeque::new(), Vec::new());
        let (mut new, mut lost) = (Vec::new(), Vec::new());
        for state in &states {
            let (room, view) = (state.room, state.view);
            match self.cursor.position(room) {
                None => new.push(room),
                Some(NO_POSITION) => lost.push(room),
                Some(after) if after < view.head && self.begins_anew(room, after, view) => {
                    beyond.push(room);
                }
                Some(after) if after < view.head => moved.push_back(Behind {
                    members_seq: state.members_seq,
                    settings_seq: state.settings_seq,
                    ..Behind::new(room, after, view)
                }),
                // A position of data that is gone: the store was restored.
                Some(after) if after > view.head => beyond.push(room),
                Some(_) => {}
            }
        }
        self.deliver(moved).await?;
        for room in beyond {
            self.take_turn().await?;
            self.reset(room).await?;
        }
        // All of them after a restore: without the messages, which nobody may look at.
        let reset = |summary| Kind::Reset(v1::RoomReset { summary, messages: vec![] });
        for rooms in lost.chunks(SUMMARIES) {
            self.take_turn().await?;
            self.begin(rooms, reset).await?;
        }
        // States are not in the log: of the rooms that go on those are told that may
        // have changed, those of the others come with their summaries.
        let mut buf = BytesMut::new();
        let told_to = self.told.map_or(Timestamp(i64::MIN), |token| token.told_to());
        let of_rooms = states.iter().filter_map(|state| state.marks);
        let marks: Vec<Since<MarkersMoved>> =
            of_rooms.chain(threads).filter(|marks| marks.at >= told_to).collect();
        for Since { state: moved, .. } in marks {
            if self.cursor.position(moved.room).is_some() {
                self.collect(&mut buf, events::read_marker(moved)).await?;
            }
        }
        for state in &states {
            if let Some(Since { at, state: settings }) = state.settings
                && at >= told_to
                && self.cursor.position(state.room).is_some()
            {
                let settings = room_preferences(state.room, settings);
                self.collect(&mut buf, Kind::RoomPreferences(settings)).await?;
            }
        }
        self.send_told(buf).await?;
        for rooms in new.chunks(SUMMARIES) {
            self.take_turn().await?;
            self.add_rooms(rooms).await?;
        }
        Ok(())
    }

    /// Delivers what changed in rooms, those that come first before the others.
    async fn deliver(&mut self, mut moved: VecDeque<Behind>) -> Result<(), StreamEnd> {
        while !moved.is_empty() {
            self.take_turn().await?;
            let next = take_together(&mut moved);
            let page = usize::try_from(PAGE).unwrap_or(usize::MAX);
            let read = self.services.store.changes(&next, page).await?;
            let mut buf = BytesMut::new();
            let mut rest = Vec::new();
            for (of, read) in next.into_iter().zip(read) {
                for change in read.changes {
                    self.collect(&mut buf, Kind::Change(events::change(change))).await?;
                }
                self.cursor.advance(of.room, read.synced);
                let of = of.read_on(read.synced, read.head);
                if of.after < of.view.head {
                    rest.push(of);
                }
            }
            self.send_told(buf).await?;
            for of in rest.into_iter().rev() {
                moved.push_front(of);
            }
        }
        Ok(())
    }

    /// Whether a room goes on with its newest page: too much has changed, or the user
    /// left and came back meanwhile, and what they saw before is gone for them.
    fn begins_anew(&self, room: RoomId, after: Seq, view: VisibleRange) -> bool {
        let too_much = i64::from(self.services.config.chat.resume_changes);
        after < self.visible_from(room) || view.head.0 - after.0 > too_much
    }

    /// Tells rooms that the stream has not told of, and has their events from
    /// here on.
    pub(super) async fn add_rooms(&mut self, rooms: &[RoomId]) -> Result<(), StreamEnd> {
        self.begin(rooms, |summary| Kind::RoomAdded(v1::RoomAdded { summary })).await
    }

    /// Begins rooms at their heads.
    async fn begin(
        &mut self,
        rooms: &[RoomId],
        event: impl Fn(Option<v1::RoomSummary>) -> Kind,
    ) -> Result<(), StreamEnd> {
        self.services.hub.subscribe(self.connection(), rooms.iter().copied());
        let summaries =
            self.services.summaries_of(self.user.id, rooms).await.map_err(StreamEnd::from)?;
        let mut buf = BytesMut::new();
        let found: HashSet<RoomId> = summaries.iter().map(|summary| summary.room.id).collect();
        for room in rooms.iter().filter(|room| !found.contains(room)) {
            self.remove_room(*room).await?;
        }
        for summary in summaries {
            self.cursor.advance(summary.room.id, summary.room.head_seq);
            self.visible_from.insert(summary.room.id, summary.floor);
            let summary = Some(rooms::summary(summary));
            self.collect(&mut buf, event(summary)).await?;
        }
        self.send_told(buf).await
    }

    /// Tells that the user is not in a room.
    pub(super) async fn remove_room(&mut self, room: RoomId) -> Result<(), StreamEnd> {
        self.services.hub.unsubscribe(self.connection(), room);
        self.visible_from.remove(&room);
        if self.cursor.forget(room) {
            self.send_told(events::encode_event(events::room_gone(room))).await?;
        }
        Ok(())
    }

    /// Tells that the user is in none of these rooms, whatever they may be.
    pub(super) async fn tell_gone(&mut self, rooms: Vec<String>) -> Result<(), StreamEnd> {
        let mut buf = BytesMut::new();
        for room_id in rooms {
            self.collect(&mut buf, Kind::RoomGone(v1::RoomGone { room_id })).await?;
        }
        self.send_told(buf).await
    }

    /// Delivers what changed in a room since the cursor, up to a head that is
    /// known to be reached.
    pub(super) async fn fill_gap(&mut self, room: RoomId, head: Seq) -> Result<(), StreamEnd> {
        let Some(after) = self.cursor.position(room) else { return Ok(()) };
        let view = VisibleRange { reader: self.user.id, head, floor: self.visible_from(room) };
        if self.begins_anew(room, after, view) {
            return self.reset(room).await;
        }
        if after < head {
            self.deliver_one(Behind::new(room, after, view)).await?;
        }
        Ok(())
    }

    async fn deliver_one(&mut self, mut of: Behind) -> Result<(), StreamEnd> {
        while of.after < of.view.head {
            let page = usize::try_from(PAGE).unwrap_or(usize::MAX);
            let read = self.services.store.changes_in(of, page).await?;
            let mut buf = BytesMut::new();
            for change in read.changes {
                self.collect(&mut buf, Kind::Change(events::change(change))).await?;
            }
            self.send_told(buf).await?;
            of = of.read_on(read.synced, read.head);
            self.cursor.advance(of.room, of.after);
        }
        Ok(())
    }

    /// Delivers what another node has changed in a room. That may be that the
    /// user is not in it any more, or left and came back.
    pub(super) async fn resync_room(&mut self, room: RoomId, head: Seq) -> Result<(), StreamEnd> {
        let access = self.services.store.access(room, self.user.id).await?;
        let readable = access.filter(|(access, _)| access.may(Right::Read).is_ok());
        let Some((_, view)) = readable else { return self.remove_room(room).await };
        self.visible_from.insert(room, view.floor);
        self.fill_gap(room, head).await
    }

    /// Adds an event to what goes out next, and sends that once it is a frame.
    async fn collect(&mut self, buf: &mut BytesMut, kind: Kind) -> Result<(), StreamEnd> {
        events::append(buf, kind);
        if buf.len() > FRAME_BYTES {
            let full = buf.split();
            self.send_told(full).await?;
        }
        Ok(())
    }

    /// Sends what was collected. While a client that reads slowly lets it wait, others
    /// may catch up.
    async fn send_told(&mut self, told: impl Into<Bytes>) -> Result<(), StreamEnd> {
        let told = told.into();
        if told.is_empty() {
            return Ok(());
        }
        let mut sent = std::pin::pin!(self.frames.send_own(told));
        tokio::select! {
            biased;
            sent = &mut sent => return sent,
            () = sleep(TURN_WAITS_FOR) => self.turn = None,
        }
        sent.await
    }

    /// Begins a room anew with its newest page.
    async fn reset(&mut self, room: RoomId) -> Result<(), StreamEnd> {
        let Some(reset) = self.services.room_reset(self.user.id, room).await? else {
            return self.remove_room(room).await;
        };
        self.cursor.advance(room, reset.summary.room.head_seq);
        self.send_told(events::encode_event(Kind::Reset(rooms::reset(reset)))).await
    }
}

/// Takes rooms from the front of which one statement reads what changed.
fn take_together(moved: &mut VecDeque<Behind>) -> Vec<Behind> {
    let mut taken = Vec::new();
    let mut changes = 0;
    while let Some(next) = moved.front() {
        changes += (next.view.head.0 - next.after.0).min(PAGE);
        if taken.len() == ROOMS_AT_ONCE || (changes > CHANGES && !taken.is_empty()) {
            break;
        }
        taken.extend(moved.pop_front());
    }
    taken
}

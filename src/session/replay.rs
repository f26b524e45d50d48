//! Catching up from the store: what a stream missed while it was away, or
//! while it read too slowly.

use std::collections::HashSet;

use bytes::BytesMut;

use super::{NO_POSITION, Session, end::End};
use crate::{
    model::{RoomId, Seq, View, rooms::Right},
    wire::{
        events::{self, Kind},
        marks, rooms, v1,
    },
};

/// Changes read at once.
const PAGE: usize = 200;
/// Summaries read at once.
const SUMMARIES: usize = 64;
/// A frame is sent when it has grown this large.
const FRAME_BYTES: usize = 64 * 1024;

impl Session {
    /// Brings every room to the present: gives up those the user is not in any
    /// more, tells those that are new, and delivers what changed in the others.
    /// Returns the rooms that the user is in.
    pub(super) async fn catch_up(&mut self) -> Result<HashSet<RoomId>, End> {
        let heads = self.chat.store.views_of(self.user.id).await.map_err(End::from)?;
        let now_in: HashSet<RoomId> = heads.iter().map(|(room, ..)| *room).collect();
        self.floors.extend(heads.iter().map(|(room, _, view)| (*room, view.floor)));
        for room in self.cursor.rooms() {
            if !now_in.contains(&room) {
                self.give_up(room).await?;
            }
        }
        let (mut new, mut lost) = (Vec::new(), Vec::new());
        for (room, _, view) in heads {
            match self.cursor.position(room) {
                None => new.push(room),
                Some(NO_POSITION) => lost.push(room),
                Some(at) if at < view.head => self.heal(room, view.head).await?,
                // A position of data that is gone: the store was restored.
                Some(at) if at > view.head => self.reset(room).await?,
                Some(_) => {}
            }
        }
        // All of them after a restore: without the messages, which nobody may look at.
        let reset = |summary| Kind::Reset(v1::RoomReset { summary, messages: vec![] });
        for rooms in lost.chunks(SUMMARIES) {
            self.begin(rooms, reset).await?;
        }
        // States are not in the log: the marks of the rooms that go on are told
        // anew, those of the others come with their summaries.
        let mut buf = BytesMut::new();
        self.chat.pending_marks.store_before_answer(Some(self.user.id)).await;
        let mut moved = self.chat.store.marks_of(self.user.id).await.map_err(End::from)?;
        moved.extend(self.chat.store.thread_marks_of(self.user.id).await?);
        for moved in moved {
            if self.cursor.position(moved.room).is_some() {
                self.collect(&mut buf, events::read_mark(moved)).await?;
            }
        }
        for (room, settings) in self.chat.store.room_settings_of(self.user.id).await? {
            if self.cursor.position(room).is_some() {
                let settings = marks::room_settings(room, settings);
                self.collect(&mut buf, Kind::RoomSettings(settings)).await?;
            }
        }
        if !buf.is_empty() {
            self.out.send_own(buf.freeze()).await?;
        }
        for rooms in new.chunks(SUMMARIES) {
            self.take_up(rooms).await?;
        }
        Ok(now_in)
    }

    /// Tells rooms that the stream has not told of, and has their events from
    /// here on.
    pub(super) async fn take_up(&mut self, rooms: &[RoomId]) -> Result<(), End> {
        self.begin(rooms, |summary| Kind::RoomAdded(v1::RoomAdded { summary })).await
    }

    /// Begins rooms at their heads.
    async fn begin(
        &mut self,
        rooms: &[RoomId],
        event: impl Fn(Option<v1::RoomSummary>) -> Kind,
    ) -> Result<(), End> {
        self.chat.hub.subscribe(self.connection(), rooms.iter().copied());
        let summaries = self.chat.summaries_of(self.user.id, rooms).await.map_err(End::from)?;
        let mut buf = BytesMut::new();
        let found: HashSet<RoomId> = summaries.iter().map(|summary| summary.room.id).collect();
        for room in rooms.iter().filter(|room| !found.contains(room)) {
            self.give_up(*room).await?;
        }
        for summary in summaries {
            self.cursor.advance(summary.room.id, summary.room.head_seq);
            self.floors.insert(summary.room.id, summary.floor);
            let summary = Some(rooms::summary(summary));
            self.collect(&mut buf, event(summary)).await?;
        }
        if buf.is_empty() {
            return Ok(());
        }
        self.out.send_own(buf.freeze()).await
    }

    /// Tells that the user is not in a room.
    pub(super) async fn give_up(&mut self, room: RoomId) -> Result<(), End> {
        self.chat.hub.unsubscribe(self.connection(), room);
        self.floors.remove(&room);
        if self.cursor.forget(room) {
            self.out.event(events::room_gone(room)).await?;
        }
        Ok(())
    }

    /// Tells that the user is in none of these rooms, whatever they may be.
    pub(super) async fn tell_gone(&mut self, rooms: Vec<String>) -> Result<(), End> {
        let mut buf = BytesMut::new();
        for room_id in rooms {
            self.collect(&mut buf, Kind::RoomGone(v1::RoomGone { room_id })).await?;
        }
        if buf.is_empty() { Ok(()) } else { self.out.send_own(buf.freeze()).await }
    }

    /// Delivers what changed in a room since the cursor, up to a head that is
    /// known to be reached.
    pub(super) async fn heal(&mut self, room: RoomId, head: Seq) -> Result<(), End> {
        let Some(from) = self.cursor.position(room) else { return Ok(()) };
        // They left and came back meanwhile: what they saw before is gone for them.
        let begins_anew = from < self.floor(room);
        if begins_anew || head.0 - from.0 > i64::from(self.chat.config.chat.resume_changes) {
            return self.reset(room).await;
        }
        let view = View { reader: self.user.id, head, floor: self.floor(room) };
        let mut at = from;
        while at < head {
            let read = self.chat.store.changes(room, at, view, PAGE).await.map_err(End::from)?;
            let mut buf = BytesMut::new();
            for change in read.changes {
                self.collect(&mut buf, Kind::Change(events::change(change))).await?;
            }
            if !buf.is_empty() {
                self.out.send_own(buf.freeze()).await?;
            }
            at = read.synced;
            self.cursor.advance(room, at);
        }
        Ok(())
    }

    /// Delivers what another node has changed in a room. That may be that the
    /// user is not in it any more, or left and came back.
    pub(super) async fn follow(&mut self, room: RoomId, head: Seq) -> Result<(), End> {
        let access = self.chat.store.access(room, self.user.id).await?;
        let readable = access.filter(|(access, _)| access.may(Right::Read).is_ok());
        let Some((_, view)) = readable else { return self.give_up(room).await };
        self.floors.insert(room, view.floor);
        self.heal(room, head).await
    }

    /// Adds an event to what goes out next, and sends that once it is a frame.
    async fn collect(&mut self, buf: &mut BytesMut, kind: Kind) -> Result<(), End> {
        events::append(buf, kind);
        if buf.len() > FRAME_BYTES {
            self.out.send_own(buf.split().freeze()).await?;
        }
        Ok(())
    }

    /// Begins a room anew with its newest page.
    async fn reset(&mut self, room: RoomId) -> Result<(), End> {
        let Some(reset) = self.chat.room_reset(self.user.id, room).await? else {
            return self.give_up(room).await;
        };
        self.cursor.advance(room, reset.summary.room.head_seq);
        self.out.event(Kind::Reset(rooms::reset(reset))).await
    }
}

//! Posting, reading and marking.

use std::{sync::Arc, time::Instant};

use super::{Services, rooms::split_page};
use crate::{
    error::{Error, Result},
    fanout::typing::Typist,
    model::{
        Caller, Content, Draft, Message, MessageAction, OpResult, PresenceChoice, RoomId, RoomKind,
        RoomOp, Seq, UserId, Version, VisibleRange,
        limits::PRESENCE_MEMBERS,
        messages::{
            Anchor, ChangesQuery, FollowedThreads, MentionPage, MessageName, MessagePage,
            PageQuery, ReactionPage, ThreadPage, ThreadsOf, UserReaction, fitting,
        },
        resume::Behind,
        rooms::{Right, RoomReset},
    },
    store::{changes::Changes, writer::Pending},
};

/// What changed in a room after a position.
pub enum RoomSync {
    /// These, and the room's head.
    Changes { changes: Changes, head: Seq },
    /// There is no such position.
    Reset(Box<RoomReset>),
}

impl Services {
    /// Queues a message; the answer comes once it is stored. Does not wait, so
    /// that messages of one stream keep their order.
    pub fn send(&self, draft: Draft) -> Result<Pending> {
        self.posting.check(&draft.sender)?;
        self.writer.submit(RoomOp::Send(Draft { sent_at: self.steady.now(), ..draft }))
    }

    /// Queues something to be done with a message; like [`Services::send`].
    pub fn touch(
        &self,
        caller: Caller,
        name: MessageName,
        action: MessageAction,
    ) -> Result<Pending> {
        self.posting.check(&caller.user)?;
        let MessageName { room, seq, log } = name;
        self.writer.submit(RoomOp::MessageAction { room, user: caller.user, seq, action, log })
    }

    /// The pinned messages of a room.
    pub async fn list_pins(&self, caller: Caller, room: RoomId) -> Result<Vec<Message>> {
        let view = self.view_for(room, caller.user).await?;
        let mut pins = self.store.pins(view.reader, room).await?;
        pins.retain(|message| view.shows(message));
        Ok(pins)
    }

    /// The texts that a message had before.
    pub async fn list_versions(
        &self,
        caller: Caller,
        room: RoomId,
        seq: Seq,
    ) -> Result<Vec<Version>> {
        self.get_message(caller, room, seq).await?;
        self.store.versions(room, seq).await
    }

    /// The message that was sent, or touched, for who has done so.
    pub async fn sent(&self, caller: Caller, pending: Pending) -> Result<Message> {
        match pending.done().await? {
            OpResult::Message(message) => self.store.with_own_reactions(caller.user, message).await,
            other => Err(Error::internal(format!("a send was answered by {other:?}"))),
        }
    }

    pub async fn list_messages(&self, caller: Caller, page: PageQuery) -> Result<MessagePage> {
        let view = self.view_for(page.room, caller.user).await?;
        check_anchor(page.anchor, view.head)?;
        self.store.message_page(&page, view).await
    }

    /// A page of the answers to a message in its thread.
    pub async fn list_thread(&self, caller: Caller, page: PageQuery) -> Result<ThreadPage> {
        let root = page.thread_of.unwrap_or_default();
        let view = self.view_for(page.room, caller.user).await?;
        check_anchor(page.anchor, view.head)?;
        let message = self.store.message(view.reader, page.room, root).await?;
        let message =
            message.filter(|message| view.shows(message)).ok_or(Error::MessageNotFound)?;
        if message.thread_of.is_some() {
            return Err(Error::ThreadInThread);
        }
        if let Content::System { .. } = message.content {
            return Err(Error::SystemMessage);
        }
        self.pending_marks.store_before_answer(Some(caller.user)).await;
        let mark = self.store.thread_mark(page.room, root, caller.user).await?;
        Ok(ThreadPage { root: message, page: self.store.message_page(&page, view).await?, mark })
    }

    /// A page of what mentions the caller, and whether there is more.
    pub async fn list_mentions(
        &self,
        caller: Caller,
        page: MentionPage,
    ) -> Result<(Vec<Message>, bool)> {
        let messages = self.store.mentions(caller.user, &page).await?;
        let limit = page.limit.min(fitting(&messages));
        Ok(split_page(messages, limit))
    }

    /// A page of the threads that the caller follows.
    pub async fn list_threads(&self, caller: Caller, of: ThreadsOf) -> Result<FollowedThreads> {
        if let Some(room) = of.room {
            self.view_for(room, caller.user).await?;
        }
        self.pending_marks.store_before_answer(Some(caller.user)).await;
        self.store.followed_threads(caller.user, &of).await
    }

    pub async fn get_message(&self, caller: Caller, room: RoomId, seq: Seq) -> Result<Message> {
        let view = self.view_for(room, caller.user).await?;
        let message = self.store.message(view.reader, room, seq).await?;
        message.filter(|message| view.shows(message)).ok_or(Error::MessageNotFound)
    }

    /// A page of who reacted to a message, and whether there is more.
    pub async fn list_reactions(
        &self,
        caller: Caller,
        page: ReactionPage,
    ) -> Result<(Vec<UserReaction>, bool)> {
        self.get_message(caller, page.room, page.seq).await?;
        Ok(split_page(self.store.user_reactions(&page).await?, page.limit))
    }

    /// What changed after a position, and the room's head. A position of data that
    /// is gone, since the store was restored, has nothing after it: then this is
    /// where to begin anew.
    pub async fn sync_room(&self, caller: Caller, of: ChangesQuery) -> Result<RoomSync> {
        let view = self.view_for(of.room, caller.user).await?;
        let is_current = match of.log {
            None => true,
            log => self.store.log_of(of.room).await? == log,
        };
        if is_current && of.after <= view.head {
            let behind = Behind::new(of.room, of.after, view);
            let changes = self.store.changes_in(behind, of.limit).await?;
            let head = changes.head;
            return Ok(RoomSync::Changes { changes, head });
        }
        let reset = self.room_reset(caller.user, of.room).await?;
        Ok(RoomSync::Reset(Box::new(reset.ok_or(Error::RoomNotFound)?)))
    }

    /// Where a user begins with a room: its state and its newest page. `None` if
    /// they are not in it.
    pub async fn room_reset(&self, user: UserId, room: RoomId) -> Result<Option<RoomReset>> {
        let Some(summary) = self.summaries_of(user, &[room]).await?.pop() else {
            return Ok(None);
        };
        let view = VisibleRange { reader: user, head: summary.room.head_seq, floor: summary.floor };
        let page = self.store.message_page(&PageQuery::newest(room), view).await?;
        Ok(Some(RoomReset { summary, messages: page.messages }))
    }

    pub async fn set_typing(&self, caller: Caller, room: RoomId, typing: bool) -> Result<()> {
        let user = caller.user;
        let typist = self.typist(room, user).await?;
        let Some(typist) = typist.filter(|_| typing) else {
            self.end_typing(self.typing.stop(room, user));
            return Ok(());
        };
        let (before, news) = self.typing.start(typist.clone(), Instant::now());
        self.end_typing(before);
        if !news {
            return Ok(());
        }
        self.hub.typing(&typist, true);
        // What has changed meanwhile, a mute, a block or a presence, did not find
        // anybody who types here.
        let now = self.typist(room, user).await;
        if !matches!(&now, Ok(Some(now)) if *now == typist) {
            self.end_typing(self.typing.stop(room, user));
        }
        now.map(drop)
    }

    /// The user as someone who types in a room. `None` if they are invisible: they
    /// do not show by their typing that they are there.
    async fn typist(&self, room: RoomId, user: UserId) -> Result<Option<Typist>> {
        let (access, _) = self.access(room, user).await?;
        access.may(Right::Post)?;
        let kept_from = self.store.blocks_with(user).await?;
        if let RoomKind::Direct { a, b } = access.kind
            && [a, b].iter().any(|other| kept_from.contains(other))
        {
            return Err(Error::Blocked);
        }
        let is_invisible = self.store.presence_choice(user).await? == PresenceChoice::Invisible;
        if is_invisible {
            return Ok(None);
        }
        let members = self.store.room(room).await?.ok_or(Error::RoomNotFound)?.member_count;
        let in_large_room = members > PRESENCE_MEMBERS;
        Ok(Some(Typist { room, user, kept_from: Arc::new(kept_from), in_large_room }))
    }

    /// Tells that someone does not type any more.
    pub(super) fn end_typing(&self, typist: Option<Typist>) {
        if let Some(typist) = typist {
            self.hub.typing(&typist, false);
        }
    }
}

fn check_anchor(anchor: Anchor, head: Seq) -> Result<()> {
    let (field, seq, last) = match anchor {
        Anchor::Newest | Anchor::AroundTime(_) => return Ok(()),
        Anchor::Before(seq) => ("before_seq", seq, head.next()),
        Anchor::After(seq) => ("after_seq", seq, head),
        Anchor::Around(seq) => ("around_seq", seq, head),
    };
    if seq > last { Err(beyond(field)) } else { Ok(()) }
}

fn beyond(field: &str) -> Error {
    Error::invalid(field, "must not be beyond the room's head")
}

//! Making, finding, joining and leaving rooms.

use super::Services;
use crate::{
    error::{Error, Result},
    model::{
        Caller, History, LogId, Member, MemberRole, MemberState, Message, OpResult, Presence, Room,
        RoomId, RoomKind, RoomOp, RoomSummary, Seq, Timestamp, User, UserId,
        files::{NewImage, Purpose},
        idempotency::IdempotencyKey,
        limits,
        rooms::{
            DirectoryEntry, DirectorySearch, MemberSearch, MemberUpdate, NewRoom, Right, RoomPage,
            RoomUpdate,
        },
    },
};

impl Services {
    pub async fn create_room(
        &self,
        caller: Caller,
        new: NewRoom,
        key: Option<IdempotencyKey>,
    ) -> Result<Room> {
        self.posting.check(&caller.user)?;
        let key = self.key_use(caller.user, key);
        if let Some(kept) = self.kept_answer(key.as_ref()).await? {
            return self.room_again(caller, kept).await;
        }
        let owner = self.store.user(caller.user).await?.ok_or(Error::SessionRevoked)?;
        let room = new_room(RoomId::new(), caller, new, self.clock.now());
        let members = vec![(owner, MemberRole::Owner)];
        self.change_room_once(caller, RoomOp::Create { room: Box::new(room), members, key }).await
    }

    /// The one room of the caller and another user. Its id follows from theirs,
    /// so that both make the same.
    pub async fn open_direct_room(&self, caller: Caller, other: UserId) -> Result<Room> {
        let (a, b) = (caller.user.min(other), caller.user.max(other));
        let id = RoomId::direct(a, b);
        if let Some(room) = self.store.room(id).await? {
            return Ok(room);
        }
        self.posting.check(&caller.user)?;
        let user = self.store.user(caller.user).await?.ok_or(Error::SessionRevoked)?;
        let mut members = vec![(user, MemberRole::Member)];
        if other != caller.user {
            let user = self.store.user(other).await?.ok_or(Error::UserNotFound)?;
            members.push((user, MemberRole::Member));
            if self.store.blocks_between(caller.user, other).await? {
                return Err(Error::Blocked);
            }
        }
        let kind = RoomKind::Direct { a, b };
        let history = History::FromStart;
        let new = NewRoom { kind, name: String::new(), topic: String::new(), history };
        let room = new_room(id, caller, new, self.clock.now());
        self.change_room(RoomOp::Create { room: Box::new(room), members, key: None }).await
    }

    /// A room, with what a member has not read of it.
    pub async fn get_room(
        &self,
        caller: Caller,
        room: RoomId,
    ) -> Result<(Room, Option<RoomSummary>)> {
        let (access, _) = self.access(room, caller.user).await?;
        if !access.may_know() {
            return Err(Error::RoomNotFound);
        }
        // It may be none any more: who leaves meanwhile sees the room as others do.
        if access.is_member()
            && let Some(summary) = self.summaries_of(caller.user, &[room]).await?.pop()
        {
            return Ok((summary.room.clone(), Some(summary)));
        }
        Ok((self.store.room(room).await?.ok_or(Error::RoomNotFound)?, None))
    }

    /// Rooms of a member, with what they have read so far, stored or not.
    pub async fn summaries_of(&self, user: UserId, rooms: &[RoomId]) -> Result<Vec<RoomSummary>> {
        self.pending_marks.store_before_answer(Some(user)).await;
        self.store.summaries_of(user, rooms).await
    }

    /// A page of the caller's rooms, and whether there are more.
    pub async fn list_rooms(
        &self,
        caller: Caller,
        page: RoomPage,
    ) -> Result<(Vec<RoomSummary>, bool)> {
        self.pending_marks.store_before_answer(Some(caller.user)).await;
        let rooms = self.store.summaries(caller.user, page.after, page.limit).await?;
        // A page of the newest messages is as large as any other.
        let mut bytes = 0;
        let fit = rooms.iter().take_while(|room| {
            bytes += room.last_message.as_ref().map_or(0, Message::bytes);
            bytes <= limits::PAGE_BYTES
        });
        let limit = fit.count().clamp(1, page.limit);
        Ok(split_page(rooms, limit))
    }

    /// A page of the directory, and whether there are more.
    pub async fn browse_rooms(
        &self,
        caller: Caller,
        search: DirectorySearch,
    ) -> Result<(Vec<DirectoryEntry>, bool)> {
        let DirectorySearch { query, after, limit } = search;
        Ok(split_page(self.store.directory(caller.user, &query, after, limit).await?, limit))
    }

    pub async fn update_room(&self, caller: Caller, settings: RoomUpdate) -> Result<Room> {
        self.posting.check(&caller.user)?;
        let RoomUpdate { room, name, topic, history, picture, join_new_accounts } = settings;
        let picture = match picture {
            Some(NewImage::Of(file)) => {
                // Before the work, not only with the change.
                self.view_with(room, caller.user, Right::ChangeSettings).await?;
                let picture = self.make_square(caller, file, Purpose::Picture(room)).await?;
                Some(NewImage::Of(picture))
            }
            other => other,
        };
        let user = caller.user;
        let op = RoomOp::Update { room, user, name, topic, history, picture, join_new_accounts };
        self.change_room(op).await
    }

    pub async fn join_room(&self, caller: Caller, room: RoomId) -> Result<Room> {
        // Joins and leaves are messages in the room too.
        self.posting.check(&caller.user)?;
        let user = self.store.user(caller.user).await?.ok_or(Error::SessionRevoked)?;
        self.change_room(RoomOp::Join { room, user }).await
    }

    pub async fn leave_room(&self, caller: Caller, room: RoomId) -> Result<()> {
        self.posting.check(&caller.user)?;
        let user = self.store.user(caller.user).await?.ok_or(Error::SessionRevoked)?;
        self.writer.submit(RoomOp::Leave { room, user })?.done().await.map(drop)
    }

    /// A page of a room's members with their presence, and whether there are more.
    pub async fn list_members(
        &self,
        caller: Caller,
        search: MemberSearch,
    ) -> Result<(Vec<(Member, Presence)>, bool)> {
        self.view_for(search.room, caller.user).await?;
        let members = self.store.members(MemberState::Joined, &search).await?;
        let (members, more) = split_page(members, search.limit);
        let users: Vec<_> = members.iter().map(|member| member.user.id).collect();
        let presences = self.presence_for(caller, &users).await?;
        Ok((members.into_iter().zip(presences).collect(), more))
    }

    /// A page of who is banned from a room, and whether there are more.
    pub async fn list_bans(
        &self,
        caller: Caller,
        search: MemberSearch,
    ) -> Result<(Vec<Member>, bool)> {
        self.view_with(search.room, caller.user, Right::ManageMembers).await?;
        Ok(split_page(self.store.members(MemberState::Banned, &search).await?, search.limit))
    }

    pub async fn add_members(
        &self,
        caller: Caller,
        room: RoomId,
        users: Vec<UserId>,
        key: Option<IdempotencyKey>,
    ) -> Result<Room> {
        self.posting.check(&caller.user)?;
        let key = self.key_use(caller.user, key);
        if let Some(kept) = self.kept_answer(key.as_ref()).await? {
            return self.room_again(caller, kept).await;
        }
        self.view_with(room, caller.user, Right::AddMembers).await?;
        let found = self.store.users(&users).await?;
        if found.len() != users.len() {
            return Err(Error::UserNotFound);
        }
        let op = RoomOp::Add { room, by: caller.user, users: found, key };
        self.change_room_once(caller, op).await
    }

    pub async fn set_member(
        &self,
        caller: Caller,
        order: MemberUpdate,
        key: Option<IdempotencyKey>,
    ) -> Result<Member> {
        let MemberUpdate { room, user, change } = order;
        self.posting.check(&caller.user)?;
        let key = self.key_use(caller.user, key);
        if self.kept_answer(key.as_ref()).await?.is_some() {
            return self.member_again(caller, (room, user), change.right()).await;
        }
        // Before whether there is such a user: strangers learn nothing.
        self.view_with(room, caller.user, change.right()).await?;
        let found = Box::new(self.store.user(user).await?.ok_or(Error::UserNotFound)?);
        let op = RoomOp::SetMember { room, by: caller.user, user: found, change, key };
        match self.writer.submit(op)?.done().await? {
            OpResult::Member(member) => Ok(member),
            OpResult::Repeated(_) => self.member_again(caller, (room, user), change.right()).await,
            other => {
                Err(Error::internal(format!("a change of a member was answered by {other:?}")))
            }
        }
    }

    pub async fn archive_room(&self, caller: Caller, room: RoomId, archived: bool) -> Result<Room> {
        self.posting.check(&caller.user)?;
        self.change_room(RoomOp::Archive { room, by: caller.user, archived }).await
    }

    /// Gives the rooms that a server comes with their first owner: its oldest admin,
    /// as soon as there is one.
    pub async fn appoint_first_owner(&self) -> Result<()> {
        let rooms = self.store.rooms_without_first_owner().await?;
        let Some(owner) = self.store.oldest_admin().await?.filter(|_| !rooms.is_empty()) else {
            return Ok(());
        };
        for room in rooms {
            self.change_room(RoomOp::Appoint { room, user: owner.clone() }).await?;
        }
        Ok(())
    }

    /// Puts who has made an account into the rooms that are for all of them.
    pub(super) async fn join_first_rooms(&self, user: &User) -> Result<()> {
        self.appoint_first_owner().await?;
        for room in self.store.rooms_for_new_accounts().await? {
            match self.change_room(RoomOp::Join { room, user: user.clone() }).await {
                // It has become so meanwhile.
                Ok(_) | Err(Error::RoomArchived) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    pub(super) async fn change_room(&self, op: RoomOp) -> Result<Room> {
        match self.writer.submit(op)?.done().await? {
            OpResult::Room(room) => Ok(room),
            other => Err(Error::internal(format!("a change of a room was answered by {other:?}"))),
        }
    }
}

fn new_room(id: RoomId, caller: Caller, new: NewRoom, now: Timestamp) -> Room {
    let NewRoom { kind, name, topic, history } = new;
    Room {
        id,
        log: LogId::new(),
        kind,
        name,
        topic,
        history,
        creator: Some(caller.user),
        created_at: now,
        archived_at: None,
        member_count: 0,
        picture: None,
        join_new_accounts: false,
        changed_seq: Seq::ZERO,
        head_seq: Seq::ZERO,
    }
}

/// A page of at most `limit`, from a list that was asked for one more, and
/// whether there are more.
pub(super) fn split_page<T>(mut list: Vec<T>, limit: usize) -> (Vec<T>, bool) {
    let more = list.len() > limit;
    list.truncate(limit);
    (list, more)
}

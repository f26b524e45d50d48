//! Making, finding, joining and leaving rooms.

use super::Chat;
use crate::{
    error::{Error, Result},
    model::{
        Caller, Done, Member, Op, Presence, Room, RoomId, RoomKind, RoomSummary, Seq, Timestamp,
        rooms::{DirectorySearch, MemberSearch, RoomPage, Settings},
    },
};

impl Chat {
    pub async fn create_room(&self, caller: Caller, name: String, topic: String) -> Result<Room> {
        self.posting.check(&caller.user)?;
        let owner = self.store.user(caller.user).await?.ok_or(Error::SessionRevoked)?;
        let room = Room {
            id: RoomId::new(),
            kind: RoomKind::Public,
            name,
            topic,
            creator: Some(caller.user),
            created_at: Timestamp::now(),
            member_count: 0,
            changed_seq: Seq::ZERO,
            head_seq: Seq::ZERO,
        };
        self.change_room(Op::Create { room: Box::new(room), owner }).await
    }

    /// A room, and whether the caller is a member.
    pub async fn get_room(&self, caller: Caller, room: RoomId) -> Result<(Room, bool)> {
        let (access, _) = self.access(room, caller.user).await?;
        let room = self.store.room(room).await?.ok_or(Error::RoomNotFound)?;
        Ok((room, access.is_member()))
    }

    /// A page of the caller's rooms, and whether there are more.
    pub async fn list_rooms(
        &self,
        caller: Caller,
        page: RoomPage,
    ) -> Result<(Vec<RoomSummary>, bool)> {
        let rooms = self.store.summaries(caller.user, page.after, page.limit).await?;
        Ok(cut(rooms, page.limit))
    }

    /// A page of the directory, and whether there are more.
    pub async fn browse_rooms(
        &self,
        caller: Caller,
        search: DirectorySearch,
    ) -> Result<(Vec<(Room, bool)>, bool)> {
        let DirectorySearch { query, after, limit } = search;
        Ok(cut(self.store.directory(caller.user, &query, after, limit).await?, limit))
    }

    pub async fn update_room(&self, caller: Caller, settings: Settings) -> Result<Room> {
        self.posting.check(&caller.user)?;
        let Settings { room, name, topic } = settings;
        self.change_room(Op::Update { room, user: caller.user, name, topic }).await
    }

    pub async fn join_room(&self, caller: Caller, room: RoomId) -> Result<Room> {
        // Joins and leaves are messages in the room too.
        self.posting.check(&caller.user)?;
        let user = self.store.user(caller.user).await?.ok_or(Error::SessionRevoked)?;
        self.change_room(Op::Join { room, user }).await
    }

    pub async fn leave_room(&self, caller: Caller, room: RoomId) -> Result<()> {
        self.posting.check(&caller.user)?;
        let user = self.store.user(caller.user).await?.ok_or(Error::SessionRevoked)?;
        self.writer.submit(Op::Leave { room, user })?.done().await.map(drop)
    }

    /// A page of a room's members with their presence, and whether there are more.
    pub async fn list_members(
        &self,
        caller: Caller,
        search: MemberSearch,
    ) -> Result<(Vec<(Member, Presence)>, bool)> {
        let MemberSearch { room, prefix, after, limit } = search;
        self.head_for(room, caller.user).await?;
        let members = self.store.members(room, &prefix, after, limit).await?;
        let (members, more) = cut(members, limit);
        let users: Vec<_> = members.iter().map(|member| member.user.id).collect();
        let presences = self.presence_of(&users).await?;
        Ok((members.into_iter().zip(presences).collect(), more))
    }

    async fn change_room(&self, op: Op) -> Result<Room> {
        match self.writer.submit(op)?.done().await? {
            Done::Room(room) => Ok(room),
            other => Err(Error::internal(format!("a change of a room was answered by {other:?}"))),
        }
    }
}

/// A page of at most `limit`, from a list that was asked for one more, and
/// whether there are more.
pub(super) fn cut<T>(mut list: Vec<T>, limit: usize) -> (Vec<T>, bool) {
    let more = list.len() > limit;
    list.truncate(limit);
    (list, more)
}

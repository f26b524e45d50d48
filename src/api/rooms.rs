//! `RoomService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::{auth::caller, no_store};
use crate::{
    model::{
        rooms::{DirectoryEntry, MemberChange},
        users::fold,
    },
    service::Services,
    wire::{
        fields::both,
        idempotency, invites, marks, paging, presence, rooms, users,
        v1::{self, room_service_server::RoomService},
    },
};

pub struct RoomApi {
    pub services: Arc<Services>,
}

#[tonic::async_trait]
impl RoomService for RoomApi {
    async fn create_room(
        &self,
        request: Request<v1::CreateRoomRequest>,
    ) -> Result<Response<v1::CreateRoomResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let r = request.get_ref();
        let (new, key) = both(rooms::create_room(r), idempotency::key(r))?;
        let room = self.services.create_room(caller, new, key).await?;
        Ok(Response::new(v1::CreateRoomResponse { room: Some(rooms::room(room)) }))
    }

    async fn get_room(
        &self,
        request: Request<v1::GetRoomRequest>,
    ) -> Result<Response<v1::GetRoomResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let room = rooms::room_id(&request.get_ref().room_id)?;
        let (room, summary) = self.services.get_room(caller, room).await?;
        let joined = summary.is_some();
        let (room, summary) = (Some(rooms::room(room)), summary.map(rooms::summary));
        Ok(Response::new(v1::GetRoomResponse { room, joined, summary }))
    }

    async fn list_rooms(
        &self,
        request: Request<v1::ListRoomsRequest>,
    ) -> Result<Response<v1::ListRoomsResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let page = rooms::list_rooms(request.get_ref())?;
        let (found, more) = self.services.list_rooms(caller, page).await?;
        let last = found.last().filter(|_| more).map(|summary| summary.room.id.0);
        Ok(Response::new(v1::ListRoomsResponse {
            next_page_token: last
                .map(|id| paging::token(request.get_ref(), id.as_bytes()))
                .unwrap_or_default(),
            rooms: found.into_iter().map(rooms::summary).collect(),
        }))
    }

    async fn browse_rooms(
        &self,
        request: Request<v1::BrowseRoomsRequest>,
    ) -> Result<Response<v1::BrowseRoomsResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let search = rooms::browse_rooms(request.get_ref())?;
        let (found, more) = self.services.browse_rooms(caller, search).await?;
        let last = found.last().filter(|_| more);
        let next_page_token = last
            .map(|entry| paging::name_and_id_token(request.get_ref(), &entry.key, entry.room.id.0))
            .unwrap_or_default();
        let rooms = found
            .into_iter()
            .map(|DirectoryEntry { room, joined, key: _ }| v1::DirectoryRoom {
                room: Some(rooms::room(room)),
                joined,
            })
            .collect();
        Ok(Response::new(v1::BrowseRoomsResponse { rooms, next_page_token }))
    }

    async fn update_room(
        &self,
        request: Request<v1::UpdateRoomRequest>,
    ) -> Result<Response<v1::UpdateRoomResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let settings = rooms::update_room(request.into_inner())?;
        let room = self.services.update_room(caller, settings).await?;
        Ok(Response::new(v1::UpdateRoomResponse { room: Some(rooms::room(room)) }))
    }

    async fn join_room(
        &self,
        request: Request<v1::JoinRoomRequest>,
    ) -> Result<Response<v1::JoinRoomResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let room = rooms::room_id(&request.get_ref().room_id)?;
        let room = self.services.join_room(caller, room).await?;
        Ok(Response::new(v1::JoinRoomResponse { room: Some(rooms::room(room)) }))
    }

    async fn leave_room(
        &self,
        request: Request<v1::LeaveRoomRequest>,
    ) -> Result<Response<v1::LeaveRoomResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let room = rooms::room_id(&request.get_ref().room_id)?;
        self.services.leave_room(caller, room).await?;
        Ok(Response::new(v1::LeaveRoomResponse {}))
    }

    async fn list_members(
        &self,
        request: Request<v1::ListMembersRequest>,
    ) -> Result<Response<v1::ListMembersResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let search = rooms::list_members(request.get_ref())?;
        let (found, more) = self.services.list_members(caller, search).await?;
        let last = found.last().filter(|_| more);
        let next_page_token = last
            .map(|(member, _)| {
                paging::token(request.get_ref(), fold(&member.user.username).as_bytes())
            })
            .unwrap_or_default();
        let (members, presences) = found
            .into_iter()
            .map(|(member, seen)| (rooms::member(member), presence::presence(seen)))
            .unzip();
        Ok(Response::new(v1::ListMembersResponse { members, presences, next_page_token }))
    }

    async fn open_direct_room(
        &self,
        request: Request<v1::OpenDirectRoomRequest>,
    ) -> Result<Response<v1::OpenDirectRoomResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let other = users::user_id(&request.get_ref().user_id)?;
        let room = self.services.open_direct_room(caller, other).await?;
        Ok(Response::new(v1::OpenDirectRoomResponse { room: Some(rooms::room(room)) }))
    }

    async fn add_members(
        &self,
        request: Request<v1::AddMembersRequest>,
    ) -> Result<Response<v1::AddMembersResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let r = request.get_ref();
        let ((room, users), key) = both(rooms::add_members(r), idempotency::key(r))?;
        let room = self.services.add_members(caller, room, users, key).await?;
        Ok(Response::new(v1::AddMembersResponse { room: Some(rooms::room(room)) }))
    }

    async fn remove_member(
        &self,
        request: Request<v1::RemoveMemberRequest>,
    ) -> Result<Response<v1::RemoveMemberResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let r = request.get_ref();
        let order =
            rooms::member_order(caller.user, (&r.room_id, &r.user_id), MemberChange::Remove)?;
        let member = self.services.set_member(caller, order, None).await?;
        Ok(Response::new(v1::RemoveMemberResponse { member: Some(rooms::member(member)) }))
    }

    async fn ban_member(
        &self,
        request: Request<v1::BanMemberRequest>,
    ) -> Result<Response<v1::BanMemberResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let r = request.get_ref();
        let order = rooms::member_order(caller.user, (&r.room_id, &r.user_id), MemberChange::Ban);
        let (order, key) = both(order, idempotency::key(r))?;
        let member = self.services.set_member(caller, order, key).await?;
        Ok(Response::new(v1::BanMemberResponse { member: Some(rooms::member(member)) }))
    }

    async fn unban_member(
        &self,
        request: Request<v1::UnbanMemberRequest>,
    ) -> Result<Response<v1::UnbanMemberResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let r = request.get_ref();
        let order =
            rooms::member_order(caller.user, (&r.room_id, &r.user_id), MemberChange::Unban)?;
        let member = self.services.set_member(caller, order, None).await?;
        Ok(Response::new(v1::UnbanMemberResponse { member: Some(rooms::member(member)) }))
    }

    async fn mute_member(
        &self,
        request: Request<v1::MuteMemberRequest>,
    ) -> Result<Response<v1::MuteMemberResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let r = request.get_ref();
        let order = rooms::mute_member(caller.user, self.services.clock.now(), r);
        let (order, key) = both(order, idempotency::key(r))?;
        let member = self.services.set_member(caller, order, key).await?;
        Ok(Response::new(v1::MuteMemberResponse { member: Some(rooms::member(member)) }))
    }

    async fn set_member_role(
        &self,
        request: Request<v1::SetMemberRoleRequest>,
    ) -> Result<Response<v1::SetMemberRoleResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let r = request.get_ref();
        let order = rooms::set_member_role(caller.user, r)?;
        let member = self.services.set_member(caller, order, None).await?;
        Ok(Response::new(v1::SetMemberRoleResponse { member: Some(rooms::member(member)) }))
    }

    async fn list_bans(
        &self,
        request: Request<v1::ListBansRequest>,
    ) -> Result<Response<v1::ListBansResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let (found, more) =
            self.services.list_bans(caller, rooms::list_bans(request.get_ref())?).await?;
        let last = found.last().filter(|_| more);
        Ok(Response::new(v1::ListBansResponse {
            next_page_token: last
                .map(|member| {
                    paging::token(request.get_ref(), fold(&member.user.username).as_bytes())
                })
                .unwrap_or_default(),
            members: found.into_iter().map(rooms::member).collect(),
        }))
    }

    async fn archive_room(
        &self,
        request: Request<v1::ArchiveRoomRequest>,
    ) -> Result<Response<v1::ArchiveRoomResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let room = rooms::room_id(&request.get_ref().room_id)?;
        let room = self.services.archive_room(caller, room, request.get_ref().archived).await?;
        Ok(Response::new(v1::ArchiveRoomResponse { room: Some(rooms::room(room)) }))
    }

    async fn update_room_preferences(
        &self,
        request: Request<v1::UpdateRoomPreferencesRequest>,
    ) -> Result<Response<v1::UpdateRoomPreferencesResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let (room, change) =
            marks::update_room_preferences(request.get_ref(), self.services.clock.now())?;
        let preferences = self.services.update_room_preferences(caller, room, change).await?;
        let preferences = Some(marks::room_preferences(room, preferences));
        Ok(Response::new(v1::UpdateRoomPreferencesResponse { preferences }))
    }

    async fn create_invite(
        &self,
        request: Request<v1::CreateInviteRequest>,
    ) -> Result<Response<v1::CreateInviteResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let r = request.get_ref();
        let new = invites::create_invite(r, self.services.clock.now());
        let (new, key) = both(new, idempotency::key(r))?;
        let invite = self.services.create_invite(caller, new, key).await?;
        Ok(no_store(v1::CreateInviteResponse { invite: Some(invites::invite(invite)) }))
    }

    async fn list_invites(
        &self,
        request: Request<v1::ListInvitesRequest>,
    ) -> Result<Response<v1::ListInvitesResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let room = rooms::room_id(&request.get_ref().room_id)?;
        let found = self.services.list_invites(caller, room).await?;
        let invites = found.into_iter().map(invites::invite).collect();
        Ok(no_store(v1::ListInvitesResponse { invites }))
    }

    async fn revoke_invite(
        &self,
        request: Request<v1::RevokeInviteRequest>,
    ) -> Result<Response<v1::RevokeInviteResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let code = invites::code(&request.get_ref().code)?;
        self.services.revoke_invite(caller, &code).await?;
        Ok(Response::new(v1::RevokeInviteResponse {}))
    }

    async fn get_invite(
        &self,
        request: Request<v1::GetInviteRequest>,
    ) -> Result<Response<v1::GetInviteResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let code = invites::code(&request.get_ref().code)?;
        Ok(Response::new(invites::preview(self.services.get_invite(caller, &code).await?)))
    }

    async fn redeem_invite(
        &self,
        request: Request<v1::RedeemInviteRequest>,
    ) -> Result<Response<v1::RedeemInviteResponse>, Status> {
        let caller = caller(&self.services, &request)?;
        let code = invites::code(&request.get_ref().code)?;
        let room = self.services.redeem_invite(caller, code).await?;
        Ok(Response::new(v1::RedeemInviteResponse { room: Some(rooms::room(room)) }))
    }
}

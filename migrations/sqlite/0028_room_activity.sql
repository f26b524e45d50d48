-- What a client that comes back asks of every one of its rooms, in the room's row.
-- Position at which a member was changed last; 0: none yet.
alter table rooms add column members_seq integer not null default 0;
-- When the newest message was posted; 0: none yet.
alter table rooms add column active_us integer not null default 0;

-- All that is asked of a membership by its user, so that nothing is read but the index.
create index members_of_user on members (user_id, state, room_id, floor_seq);

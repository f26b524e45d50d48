-- What a client that comes back asks of every one of its rooms, in the room's row.
-- Position at which a member was changed last; 0: none yet.
alter table rooms add column members_seq bigint not null default 0;
-- When the newest message was posted; 0: none yet.
alter table rooms add column active_us bigint not null default 0;

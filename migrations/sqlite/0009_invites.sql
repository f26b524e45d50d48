-- Invitations, and from where on members know the history.

-- what those who join see of it: 1 all, 2 what is posted from then on
alter table rooms add column history integer not null default 1;
-- the member is never shown what was posted up to here
alter table members add column floor_seq integer not null default 0;

create table invites (
    code       text    not null primary key,
    room_id    blob    not null,
    creator_id blob    not null,
    created_us integer not null,
    expires_us integer null,
    max_uses   integer not null, -- 0: any number
    revoked_us integer null
) strict;
create index invites_room on invites (room_id);

-- Who came in by an invitation; coming back by it is no further use.
create table invite_uses (
    code    text    not null,
    user_id blob    not null,
    used_us integer not null,
    primary key (code, user_id)
) strict, without rowid;

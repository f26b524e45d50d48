-- Rooms and their members.

create table rooms (
    id          blob    not null primary key,
    kind        integer not null, -- 1 public
    name        text    not null,
    name_key    text    not null, -- folded
    topic       text    not null,
    topic_key   text    not null, -- folded
    creator_id  blob    null,
    created_us  integer not null,
    head_seq    integer not null, -- the newest position taken in this room
    changed_seq integer not null -- position of the last change of the settings
) strict;
create index rooms_directory on rooms (kind, name_key);

create table members (
    room_id     blob    not null,
    user_id     blob    not null,
    role        integer not null, -- 1 member, 2 admin, 3 owner
    state       integer not null, -- 1 joined, 2 left; the row stays
    joined_us   integer not null,
    changed_seq integer not null,
    primary key (room_id, user_id)
) strict, without rowid;
create index members_user on members (user_id, state);
create index members_state on members (room_id, state, role);
create index members_changed on members (room_id, changed_seq);

-- How far each member has read. Apart from members: it is written far more
-- often, and it is a state without a position.
create table marks (
    room_id  blob    not null,
    user_id  blob    not null,
    read_seq integer not null,
    primary key (room_id, user_id)
) strict, without rowid;

-- Rooms and their members.

create table rooms (
    id          binary(16)   not null primary key,
    kind        smallint     not null, -- 1 public
    name        varchar(64)  character set utf8mb4 collate utf8mb4_bin not null,
    name_key    varchar(192) character set utf8mb4 collate utf8mb4_bin not null, -- folded
    topic       varchar(250) character set utf8mb4 collate utf8mb4_bin not null,
    topic_key   varchar(750) character set utf8mb4 collate utf8mb4_bin not null, -- folded
    creator_id  binary(16)   null,
    created_us  bigint       not null,
    head_seq    bigint       not null, -- the newest position taken in this room
    changed_seq bigint       not null, -- position of the last change of the settings
    key rooms_directory (kind, name_key)
) engine = InnoDB;

create table members (
    room_id     binary(16) not null,
    user_id     binary(16) not null,
    role        smallint   not null, -- 1 member, 2 admin, 3 owner
    state       smallint   not null, -- 1 joined, 2 left; the row stays
    joined_us   bigint     not null,
    changed_seq bigint     not null,
    primary key (room_id, user_id),
    key members_user (user_id, state),
    key members_state (room_id, state, role),
    key members_changed (room_id, changed_seq)
) engine = InnoDB;

-- How far each member has read. Apart from members: it is written far more
-- often, and it is a state without a position.
create table marks (
    room_id  binary(16) not null,
    user_id  binary(16) not null,
    read_seq bigint     not null,
    primary key (room_id, user_id)
) engine = InnoDB;

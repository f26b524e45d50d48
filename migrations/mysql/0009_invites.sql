-- Invitations, and from where on members know the history.

-- what those who join see of it: 1 all, 2 what is posted from then on
alter table rooms add column history smallint not null default 1;
-- the member is never shown what was posted up to here
alter table members add column floor_seq bigint not null default 0;

create table invites (
    code       varchar(64) character set utf8mb4 collate utf8mb4_bin not null primary key,
    room_id    binary(16)  not null,
    creator_id binary(16)  not null,
    created_us bigint      not null,
    expires_us bigint      null,
    max_uses   bigint      not null, -- 0: any number
    revoked_us bigint      null,
    key invites_room (room_id)
) engine = InnoDB;

-- Who came in by an invitation; coming back by it is no further use.
create table invite_uses (
    code    varchar(64) character set utf8mb4 collate utf8mb4_bin not null,
    user_id binary(16)  not null,
    used_us bigint      not null,
    primary key (code, user_id)
) engine = InnoDB;

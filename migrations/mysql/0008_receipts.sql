-- What has arrived and been read, and what each user wants to hear of a room.

-- up to where the user's devices have what was posted
alter table marks add column delivered_seq bigint not null default 0;
-- from where on the user wants to see the room as unread; 0: not
alter table marks add column unread_from_seq bigint not null default 0;
-- who has read so far
create index marks_read on marks (room_id, read_seq);

-- 0: does not tell others what they have read, and does not see it of others
alter table users add column read_receipts smallint not null default 1;

create table room_settings (
    user_id        binary(16) not null,
    room_id        binary(16) not null,
    level          smallint   not null, -- 1 all, 2 mentions, 3 nothing
    muted_until_us bigint     null,
    starred        smallint   not null,
    primary key (user_id, room_id)
) engine = InnoDB;

-- What can be done with a message once it is posted.

-- the message that this one answers
alter table messages add column reply_to_seq bigint null;
-- when the text was changed last
alter table messages add column edited_us bigint null;
-- who deleted it (kind is 2 then, and the body empty); whom a system message is about
alter table messages add column about_id binary(16) null;

-- Texts that messages had before they were edited.
create table message_versions (
    room_id      binary(16) not null,
    seq          bigint     not null,
    replaced_seq bigint     not null, -- position of the edit that replaced it
    body         text       character set utf8mb4 collate utf8mb4_bin not null,
    written_us   bigint     not null,
    primary key (room_id, seq, replaced_seq)
) engine = InnoDB;

create table reactions (
    room_id    binary(16)  not null,
    seq        bigint      not null,
    emoji      varchar(64) character set utf8mb4 collate utf8mb4_bin not null,
    user_id    binary(16)  not null,
    reacted_us bigint      not null,
    primary key (room_id, seq, emoji, user_id)
) engine = InnoDB;

create table pins (
    room_id   binary(16) not null,
    seq       bigint     not null,
    user_id   binary(16) not null,
    pinned_us bigint     not null,
    primary key (room_id, seq)
) engine = InnoDB;

-- Threads and mentions.

-- the message of the timeline in whose thread this one is; 0: in the timeline
alter table messages add column thread_seq bigint not null default 0;
-- the timeline and each thread in the order of positions; kind, to count without the rows
create index messages_thread on messages (room_id, thread_seq, seq, kind);

-- How far a user has read a thread, and whether they follow it.
create table thread_marks (
    user_id    binary(16) not null,
    room_id    binary(16) not null,
    thread_seq bigint     not null,
    read_seq   bigint     not null,
    follows    smallint   not null, -- 1: its unread answers count
    primary key (user_id, room_id, thread_seq)
) engine = InnoDB;

-- Whom messages call. user_id of all zeros: here; of all ones: all.
create table mentions (
    room_id      binary(16)  not null,
    user_id      binary(16)  not null,
    seq          bigint      not null,
    name         varchar(32) character set utf8mb4 collate utf8mb4_bin not null, -- as it stands in the text
    mentioned_us bigint      not null,
    primary key (room_id, user_id, seq),
    key mentions_message (room_id, seq),
    key mentions_user (user_id, mentioned_us)
) engine = InnoDB;

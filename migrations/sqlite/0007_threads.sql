-- Threads and mentions.

-- the message of the timeline in whose thread this one is; 0: in the timeline
alter table messages add column thread_seq integer not null default 0;
-- the timeline and each thread in the order of positions; kind, to count without the rows
create index messages_thread on messages (room_id, thread_seq, seq, kind);

-- How far a user has read a thread, and whether they follow it.
create table thread_marks (
    user_id    blob    not null,
    room_id    blob    not null,
    thread_seq integer not null,
    read_seq   integer not null,
    follows    integer not null, -- 1: its unread answers count
    primary key (user_id, room_id, thread_seq)
) strict, without rowid;

-- Whom messages call. user_id of all zeros: here; of all ones: all.
create table mentions (
    room_id      blob    not null,
    user_id      blob    not null,
    seq          integer not null,
    name         text    not null, -- as it stands in the text
    mentioned_us integer not null,
    primary key (room_id, user_id, seq)
) strict, without rowid;
create index mentions_message on mentions (room_id, seq);
create index mentions_user on mentions (user_id, mentioned_us);

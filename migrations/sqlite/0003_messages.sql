-- The messages of all rooms. No foreign key: the hottest table pays for none.

create table messages (
    room_id           blob    not null,
    seq               integer not null,
    sender_id         blob    not null,
    -- 1 text; system: 10 room created, 11 joined, 12 left, 13 renamed, 14 topic
    kind              integer not null,
    -- null for system messages, which nobody retries
    client_message_id text    null,
    body              text    not null,
    posted_us         integer not null,
    changed_seq       integer not null,
    primary key (room_id, seq)
) strict, without rowid;
create unique index messages_client on messages (room_id, sender_id, client_message_id);
create index messages_changed on messages (room_id, changed_seq);

-- The messages of all rooms. No foreign key: the hottest table pays for none.

create table messages (
    room_id           binary(16)  not null,
    seq               bigint      not null,
    sender_id         binary(16)  not null,
    -- 1 text; system: 10 room created, 11 joined, 12 left, 13 renamed, 14 topic
    kind              smallint    not null,
    -- null for system messages, which nobody retries
    client_message_id varchar(64) character set ascii collate ascii_bin null,
    body              text        character set utf8mb4 collate utf8mb4_bin not null,
    posted_us         bigint      not null,
    changed_seq       bigint      not null,
    primary key (room_id, seq),
    unique key messages_client (room_id, sender_id, client_message_id),
    key messages_changed (room_id, changed_seq)
) engine = InnoDB;

-- Servers that write the tables of 0024 need no other indexes. The rows of
-- `message_keys` were written before, in pieces (src/store/message_keys_fill.rs).
--
-- It can be run again after it was interrupted at any statement: MySQL commits each one
-- that changes tables (RERUNNABLE in src/store/migrations.rs).

drop table if exists replaced_messages;

insert ignore into message_changes (room_id, changed_seq, seq)
select room_id, changed_seq, seq from messages where changed_seq <> seq;

insert ignore into thread_replies (room_id, root_seq, seq, kind)
select room_id, thread_seq, seq, kind from messages where thread_seq > 0;

update rooms set
    member_count = (select count(*) from members m where m.room_id = rooms.id and m.state = 1),
    owner_count = (select count(*) from members m
                   where m.room_id = rooms.id and m.state = 1 and m.role = 3);

-- The messages of all rooms, once more: a column that says nothing of most messages
-- is null for these, and takes no space then. No foreign key: the hottest table pays
-- for none.
drop table if exists compact_messages;
create table compact_messages (
    room_id           binary(16)    not null,
    seq               bigint        not null,
    sender_id         binary(16)    not null,
    kind              tinyint       not null, -- 1 text, 2 deleted; others: system messages (src/store/messages.rs)
    body              text character set utf8mb4 collate utf8mb4_bin not null,
    posted_us         bigint        not null,
    changed_seq       bigint        null, -- of the last change; null: none yet
    thread_seq        bigint        null, -- in the thread on this message; null: in the timeline
    reply_to_seq      bigint        null, -- the message that this one answers
    edited_us         bigint        null, -- when the text was changed last
    about_id          binary(16)    null, -- who deleted it; whom a system message is about
    attachments       tinyint       not null default 0, -- how many
    staff             tinyint       not null default 0, -- by which role on the server it was done; 0: as a member
    client_message_id varbinary(64) null, -- its text, or the 16 bytes of a UUID; null for system messages
    primary key (room_id, seq)
) engine = InnoDB;

insert into compact_messages (room_id, seq, sender_id, kind, body, posted_us, changed_seq,
    thread_seq, reply_to_seq, edited_us, about_id, attachments, staff, client_message_id)
select room_id, seq, sender_id, kind, body, posted_us, nullif(changed_seq, seq),
    nullif(thread_seq, 0), reply_to_seq, edited_us, about_id, attachments, staff, client_message_id
from messages order by room_id, seq;

-- At once, so that there are messages at any moment.
rename table messages to replaced_messages, compact_messages to messages;
drop table replaced_messages;
drop table if exists message_keys_fill;

update schema_compatibility set min_version = 25;

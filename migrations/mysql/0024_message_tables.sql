-- What is known of a message only because somebody looks for it so has rows of its own,
-- and only where there is something: the table `messages` has no index but its key.

-- Messages that were changed after they were sent, by the position of their last
-- change. All others are where they were sent: at `seq`.
create table message_changes (
    room_id     binary(16) not null,
    changed_seq bigint     not null, -- as in `messages`
    seq         bigint     not null,
    primary key (room_id, changed_seq)
) engine = InnoDB;

-- The answers in threads, by the message on which the thread hangs.
create table thread_replies (
    room_id  binary(16) not null,
    root_seq bigint     not null,
    seq      bigint     not null,
    kind     smallint   not null, -- as in `messages`
    primary key (room_id, root_seq, seq)
) engine = InnoDB;

-- By which a message that is sent again is told from a new one, for 30 days.
create table message_keys (
    -- of the room's id 4 bytes, so that those of a room are neighbors; then 12 bytes
    -- of the SHA-256 of room, sender and client_message_id
    key_hash binary(16) not null primary key,
    seq      bigint     not null,
    kept_day integer    not null  -- since when, in days of the steady clock
) engine = InnoDB;

-- How far each room's messages have rows in `message_keys`, as long as servers run
-- that write none.
create table message_keys_fill (
    room_id    binary(16) not null primary key,
    filled_seq bigint     not null
) engine = InnoDB;

-- Who is in a room; kept under the room's lock.
alter table rooms add column member_count bigint not null default 0;
alter table rooms add column owner_count bigint not null default 0;

-- The search index. It follows the rooms' logs: what is missing here is made
-- from them, so all of this may be emptied at any time.

-- Up to which position a room is in the index.
create table search_positions (
    room_id     binary(16) not null,
    indexed_seq bigint     not null,
    primary key (room_id)
) engine = InnoDB;

-- A stretch of 256 positions of a room: what one look at the index covers.
create table search_segments (
    id        bigint     not null, -- grows with time
    room_id   binary(16) not null,
    number    bigint     not null, -- position / 256
    oldest_us bigint     not null, -- its messages were posted from then
    newest_us bigint     not null, -- to then
    primary key (id),
    unique key search_segments_number (room_id, number),
    key search_segments_newest (room_id, newest_us)
) engine = InnoDB;

-- A word, or two characters of a script without spaces, and a message that has
-- it or had it: a search always looks at the message itself.
create table search_terms (
    segment_id bigint        not null,
    term       varbinary(48) not null, -- folded UTF-8; first byte 1: sender, 2: has a file
    seq        bigint        not null,
    posted_us  bigint        not null,
    primary key (segment_id, term, seq)
) engine = InnoDB;

-- The search index. It follows the rooms' logs: what is missing here is made
-- from them, so all of this may be emptied at any time.

-- Up to which position a room is in the index.
create table search_positions (
    room_id     blob    not null primary key,
    indexed_seq integer not null
) strict, without rowid;

-- A stretch of 256 positions of a room: what one look at the index covers.
create table search_segments (
    id        integer not null primary key, -- grows with time
    room_id   blob    not null,
    number    integer not null, -- position / 256
    oldest_us integer not null, -- its messages were posted from then
    newest_us integer not null  -- to then
) strict;
create unique index search_segments_number on search_segments (room_id, number);
create index search_segments_newest on search_segments (room_id, newest_us);

-- A word, or two characters of a script without spaces, and a message that has
-- it or had it: a search always looks at the message itself.
create table search_terms (
    segment_id integer not null,
    term       blob    not null, -- folded UTF-8; first byte 1: sender, 2: has a file
    seq        integer not null,
    posted_us  integer not null,
    primary key (segment_id, term, seq)
) strict, without rowid;

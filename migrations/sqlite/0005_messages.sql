-- What can be done with a message once it is posted.

-- the message that this one answers
alter table messages add column reply_to_seq integer;
-- when the text was changed last
alter table messages add column edited_us integer;
-- who deleted it (kind is 2 then, and the body empty); whom a system message is about
alter table messages add column about_id blob;

-- Texts that messages had before they were edited.
create table message_versions (
    room_id      blob    not null,
    seq          integer not null,
    replaced_seq integer not null, -- position of the edit that replaced it
    body         text    not null,
    written_us   integer not null,
    primary key (room_id, seq, replaced_seq)
) strict, without rowid;

create table reactions (
    room_id    blob    not null,
    seq        integer not null,
    emoji      text    not null,
    user_id    blob    not null,
    reacted_us integer not null,
    primary key (room_id, seq, emoji, user_id)
) strict, without rowid;

create table pins (
    room_id   blob    not null,
    seq       integer not null,
    user_id   blob    not null,
    pinned_us integer not null,
    primary key (room_id, seq)
) strict, without rowid;

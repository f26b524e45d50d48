-- Files, uploads that are under way, and what refers to files. The bytes are in
-- the file storage: of a file under `files/ID/`, of an upload under `uploads/ID/`.

create table files (
    id             blob    not null primary key, -- of its upload, if it had one
    uploader_id    blob    not null,
    kind           integer not null, -- 0 being removed, 1 uploaded, 2 photo of its uploader, 3 picture of a room
    room_id        blob    null,     -- whose picture it is
    name           text    not null,
    content_type   text    not null,
    thumbnail_type text    null, -- null: none
    bytes          integer not null,
    width          integer null,     -- of an image
    height         integer null,
    created_us     integer not null,
    -- When to look whether anything refers to it; null: something does. Only
    -- a hint for the collector, which looks before it deletes.
    check_us       integer null
) strict;
create index files_room on files (room_id);
create index files_uploader on files (uploader_id, bytes);
create index files_check on files (check_us);

create table uploads (
    id             blob    not null primary key,
    user_id        blob    not null,
    name           text    not null,
    bytes          integer not null, -- as announced
    received       integer not null,
    touched_us     integer not null
) strict;
create index uploads_user on uploads (user_id);
create index uploads_touched on uploads (touched_us);

-- Where the bytes of an upload are: objects under random names, so that of two
-- who write the same chunk at once only one counts.
create table upload_chunks (
    upload_id      blob    not null,
    first_byte     integer not null,
    bytes          integer not null,
    object         blob    not null,
    primary key (upload_id, first_byte)
) strict, without rowid;

create table attachments (
    room_id        blob    not null,
    seq            integer not null,
    place          integer not null, -- order in the message, from 0
    file_id        blob    not null,
    primary key (room_id, seq, place)
) strict, without rowid;
create index attachments_file on attachments (file_id);

-- how many attachments a message has, so that the many without need no look-up
alter table messages add column attachments integer not null default 0;
-- files that show a user or a room
alter table users add column photo_id blob;
alter table rooms add column picture_id blob;

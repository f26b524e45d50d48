-- Files, uploads that are under way, and what refers to files. The bytes are in
-- the file storage: of a file under `files/ID/`, of an upload under `uploads/ID/`.

create table files (
    id             binary(16)   not null primary key, -- of its upload, if it had one
    uploader_id    binary(16)   not null,
    kind           smallint     not null, -- 0 being removed, 1 uploaded, 2 photo of its uploader, 3 picture of a room
    room_id        binary(16)   null,     -- whose picture it is
    name           varchar(255) character set utf8mb4 collate utf8mb4_bin not null,
    content_type   varchar(100) character set ascii collate ascii_bin not null,
    thumbnail_type varchar(100) character set ascii collate ascii_bin null, -- null: none
    bytes          bigint       not null,
    width          integer      null,     -- of an image
    height         integer      null,
    created_us     bigint       not null,
    -- When to look whether anything refers to it; null: something does. Only
    -- a hint for the collector, which looks before it deletes.
    check_us       bigint       null,
    key files_room (room_id),
    key files_uploader (uploader_id, bytes),
    key files_check (check_us)
) engine = InnoDB;

create table uploads (
    id         binary(16)   not null primary key,
    user_id    binary(16)   not null,
    name       varchar(255) character set utf8mb4 collate utf8mb4_bin not null,
    bytes      bigint       not null, -- as announced
    received   bigint       not null,
    touched_us bigint       not null,
    key uploads_user (user_id),
    key uploads_touched (touched_us)
) engine = InnoDB;

-- Where the bytes of an upload are: objects under random names, so that of two
-- who write the same chunk at once only one counts.
create table upload_chunks (
    upload_id  binary(16) not null,
    first_byte bigint     not null,
    bytes      bigint     not null,
    object     binary(16) not null,
    primary key (upload_id, first_byte)
) engine = InnoDB;

create table attachments (
    room_id binary(16) not null,
    seq     bigint     not null,
    place   smallint   not null, -- order in the message, from 0
    file_id binary(16) not null,
    primary key (room_id, seq, place),
    key attachments_file (file_id)
) engine = InnoDB;

-- how many attachments a message has, so that the many without need no look-up
alter table messages add column attachments smallint not null default 0;
-- files that show a user or a room
alter table users add column photo_id binary(16) null;
alter table rooms add column picture_id binary(16) null;

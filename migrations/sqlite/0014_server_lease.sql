-- Which server the database belongs to. Only MySQL's is used: of SQLite the file
-- itself is locked. Times are by the database's own clock.
create table server_lease (
    id         integer not null primary key, -- always 1
    holder     blob    not null,
    name       text    not null, -- where the holder runs, for people
    renewed_us integer not null, -- the last heartbeat
    expires_us integer not null
) strict;

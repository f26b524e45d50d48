-- Which server the database belongs to. Only MySQL's is used: of SQLite the file
-- itself is locked. Times are by the database's own clock.
create table server_lease (
    id         integer      not null primary key, -- always 1
    holder     binary(16)   not null,
    name       varchar(255) not null, -- where the holder runs, for people
    renewed_us bigint       not null, -- the last heartbeat
    expires_us bigint       not null
) engine = InnoDB;

-- Accounts and sessions. Times are microseconds since 1970 in UTC (`_us`), ids
-- 16 bytes. Text compares by code point (utf8mb4_bin), as SQLite does.

create table store (
    id       smallint   not null primary key, -- always 1
    epoch    binary(16) not null              -- names the data; new after a restore
) engine = InnoDB;

create table users (
    id               binary(16)   not null primary key,
    username         varchar(32)  character set utf8mb4 collate utf8mb4_bin not null,
    username_key     varchar(32)  character set utf8mb4 collate utf8mb4_bin not null, -- folded
    display_name     varchar(64)  character set utf8mb4 collate utf8mb4_bin not null,
    display_name_key varchar(192) character set utf8mb4 collate utf8mb4_bin not null, -- folded; folding may lengthen
    bio              varchar(500) character set utf8mb4 collate utf8mb4_bin not null,
    status_text      varchar(100) character set utf8mb4 collate utf8mb4_bin not null,
    password_hash    varchar(255) character set utf8mb4 collate utf8mb4_bin not null, -- PHC string
    server_role      smallint     not null, -- 1 user, 2 moderator, 3 admin
    presence_choice  smallint     not null, -- 0 automatic, 1 do not disturb, 2 invisible
    last_seen_us     bigint       null,     -- null: never connected
    created_us       bigint       not null,
    unique key users_username (username_key),
    key users_display_name (display_name_key)
) engine = InnoDB;

-- A table of its own, so that each table has one unique key besides its primary
-- one and a violation says what is taken.
create table emails (
    email_key varchar(254) character set utf8mb4 collate utf8mb4_bin not null primary key, -- folded
    email     varchar(254) character set utf8mb4 collate utf8mb4_bin not null,
    user_id   binary(16)   not null,
    key emails_user (user_id)
) engine = InnoDB;

create table sessions (
    id           binary(16)   not null primary key,
    user_id      binary(16)   not null,
    generation   bigint       not null, -- of the refresh token that is good now
    rotated_us   bigint       not null, -- when that one was made
    idle_us      bigint       not null, -- how long the refresh token stays good
    created_us   bigint       not null,
    last_used_us bigint       not null,
    expires_us   bigint       not null,
    revoked_us   bigint       null,
    device       varchar(100) character set utf8mb4 collate utf8mb4_bin not null,
    address      varchar(64)  character set utf8mb4 collate utf8mb4_bin not null,
    key sessions_user (user_id),
    key sessions_revoked (revoked_us),
    key sessions_expires (expires_us)
) engine = InnoDB;

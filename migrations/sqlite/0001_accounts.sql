-- Accounts and sessions. Times are microseconds since 1970 in UTC (`_us`), ids
-- 16 bytes. Text compares byte by byte, which is by code point.

create table store (
    id       integer not null primary key, -- always 1
    epoch    blob    not null              -- names the data; new after a restore
) strict;

create table users (
    id               blob    not null primary key,
    username         text    not null,
    username_key     text    not null, -- folded
    display_name     text    not null,
    display_name_key text    not null, -- folded; folding may lengthen
    bio              text    not null,
    status_text      text    not null,
    password_hash    text    not null, -- PHC string
    server_role      integer not null, -- 1 user, 2 moderator, 3 admin
    presence_choice  integer not null, -- 0 automatic, 1 do not disturb, 2 invisible
    last_seen_us     integer null,     -- null: never connected
    created_us       integer not null
) strict;
create unique index users_username on users (username_key);
create index users_display_name on users (display_name_key);

-- A table of its own, so that each table has one unique key besides its primary
-- one and a violation says what is taken.
create table emails (
    email_key text    not null primary key, -- folded
    email     text    not null,
    user_id   blob    not null
) strict;
create index emails_user on emails (user_id);

create table sessions (
    id           blob    not null primary key,
    user_id      blob    not null,
    generation   integer not null, -- of the refresh token that is good now
    rotated_us   integer not null, -- when that one was made
    idle_us      integer not null, -- how long the refresh token stays good
    created_us   integer not null,
    last_used_us integer not null,
    expires_us   integer not null,
    revoked_us   integer null,
    device       text    not null,
    address      text    not null
) strict;
create index sessions_user on sessions (user_id);
create index sessions_revoked on sessions (revoked_us);
create index sessions_expires on sessions (expires_us);

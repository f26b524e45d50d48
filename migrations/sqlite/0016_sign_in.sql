-- Spellings of passwords, suspended accounts, lost passwords, and who may make an
-- account.

alter table users add column password_mapped integer not null default 0; -- 1: the hash is of the mapped password
alter table users add column password_generation integer not null default 0; -- how often it was changed
alter table users add column suspended_us integer null;

-- An address proves nothing until it is confirmed: several accounts may say the same.
create table user_emails (
    user_id blob not null primary key,
    email   text not null
) strict;
insert into user_emails (user_id, email) select user_id, email from emails;
drop table emails;

-- Links that set a new password; at most one for each account.
create table recovery_links (
    user_id    blob    not null primary key,
    token_hash blob    not null, -- SHA-256
    expires_us integer not null
) strict;
create unique index recovery_links_token on recovery_links (token_hash);

-- As an admin has set it: 1 open, 2 by invite, 3 closed; null: as configured.
alter table store add column sign_up_policy integer null;

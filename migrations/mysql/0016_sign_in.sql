-- Spellings of passwords, suspended accounts, lost passwords, and who may make an
-- account.

alter table users add column password_mapped smallint not null default 0; -- 1: the hash is of the mapped password
alter table users add column password_generation bigint not null default 0; -- how often it was changed
alter table users add column suspended_us bigint null;

-- An address proves nothing until it is confirmed: several accounts may say the same.
create table user_emails (
    user_id binary(16)   not null primary key,
    email   varchar(254) character set utf8mb4 collate utf8mb4_bin not null
) engine = InnoDB;
insert into user_emails (user_id, email) select user_id, email from emails;
drop table emails;

-- Links that set a new password; at most one for each account.
create table recovery_links (
    user_id    binary(16) not null primary key,
    token_hash binary(32) not null, -- SHA-256
    expires_us bigint     not null,
    unique key recovery_links_token (token_hash)
) engine = InnoDB;

-- As an admin has set it: 1 open, 2 by invite, 3 closed; null: as configured.
alter table store add column sign_up_policy smallint null;

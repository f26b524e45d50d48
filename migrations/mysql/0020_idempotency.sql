-- Keys by which a request that is sent again is told from a new one (see "Repeating
-- calls" in proto/README.md), and the ids from which the first answer is made
-- again. No passwords or tokens, and no hashes of them.
create table idempotency_keys (
    user_id         binary(16)  not null, -- whose key it is; of a registration, the new account
    idempotency_key varchar(64) character set ascii collate ascii_bin not null,
    fingerprint     binary(32)  not null, -- SHA-256 of the request without its secrets
    result_id       binary(16)  null,     -- what the request has made
    ended_sessions  bigint      not null, -- how many a new password has ended
    kept_us         bigint      not null, -- since when, by the steady clock
    primary key (user_id, idempotency_key),
    key idempotency_keys_kept (kept_us)
) engine = InnoDB;

-- names an invite without its code, which is a secret; null: made before there
-- were keys
alter table invites add column id binary(16) null;
create unique index invites_id on invites (id);

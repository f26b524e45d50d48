-- Keys by which a request that is sent again is told from a new one (see "Repeating
-- calls" in proto/README.md), and the ids from which the first answer is made
-- again. No passwords or tokens, and no hashes of them.
create table idempotency_keys (
    user_id         blob    not null, -- whose key it is; of a registration, the new account
    idempotency_key text    not null,
    fingerprint     blob    not null, -- SHA-256 of the request without its secrets
    result_id       blob    null,     -- what the request has made
    ended_sessions  integer not null, -- how many a new password has ended
    kept_us         integer not null, -- since when, by the steady clock
    primary key (user_id, idempotency_key)
) strict, without rowid;
create index idempotency_keys_kept on idempotency_keys (kept_us);

-- names an invite without its code, which is a secret; null: made before there
-- were keys
alter table invites add column id blob null;
create unique index invites_id on invites (id);

-- The rule by which names were folded for searching: users.display_name_key,
-- rooms.name_key and rooms.topic_key. A server with a newer one folds them anew,
-- in steps. 0: in lower case, with their accents.
alter table store add column folding smallint not null default 0;

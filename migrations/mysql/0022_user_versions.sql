-- Grows with each change of what others see of an account. Servers that do not know
-- it leave it as it is.
alter table users add column version bigint not null default 1;

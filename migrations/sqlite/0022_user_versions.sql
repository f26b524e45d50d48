-- Grows whenever something that others see of an account becomes another. Servers that do not know
-- it leave it as it is.
alter table users add column version integer not null default 1;

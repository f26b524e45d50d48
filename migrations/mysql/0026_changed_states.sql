-- When marks and settings were changed last, by the steady clock, so that a stream is
-- told those alone that changed since the last one; 0: before there were such times.
alter table marks add column changed_us bigint not null default 0;
alter table thread_marks add column changed_us bigint not null default 0;
alter table room_settings add column changed_us bigint not null default 0;

-- Where the steady clock was when a server that writes these times has stopped in
-- order; 0 while it runs. Otherwise it crashed, and marks may be lost that it had
-- accepted, or an older server ran last: what was told before states_from_us is told
-- again.
alter table store add column stopped_us bigint not null default 0;
alter table store add column states_from_us bigint not null default 0;

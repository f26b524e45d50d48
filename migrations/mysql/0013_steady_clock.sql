-- A clock that runs only while a server runs, in microseconds, and that nobody
-- can set. What is removed by its age is measured by it, so that a jump of the
-- machine's clock removes nothing: uploads.touched_us, files.check_us,
-- sessions.rotated_us and sessions.revoked_us. It begins with the time of day at
-- the first start, so that what was stored before can be compared with it.
alter table store add column steady_us bigint not null default 0;

-- Older servers do not write the columns of 0028, so they cannot work on this schema
-- any more.

update rooms set
    members_seq = coalesce((select max(m.changed_seq) from members m
                            where m.room_id = rooms.id), 0),
    active_us = coalesce((select x.posted_us from messages x
                          where x.room_id = rooms.id order by x.seq desc limit 1), 0);

-- 0028 has one that holds more.
drop index members_user;

update schema_compatibility set min_version = 29;

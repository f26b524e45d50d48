-- Older servers do not write the columns of 0028, so they cannot work on this schema
-- any more.
--
-- It can be run again after it was interrupted at any statement (RERUNNABLE in
-- src/store/migrations.rs).

update rooms set
    members_seq = coalesce((select max(m.changed_seq) from members m
                            where m.room_id = rooms.id), 0),
    active_us = coalesce((select x.posted_us from messages x
                          where x.room_id = rooms.id order by x.seq desc limit 1), 0);

-- 0028 has one that holds more.
set @drop_index = (
select if(count(*) > 0, 'drop index members_user on members', 'do 0')
from information_schema.statistics
where table_schema = database() and table_name = 'members' and index_name = 'members_user'
);
prepare drop_index from @drop_index;
execute drop_index;
deallocate prepare drop_index;

update schema_compatibility set min_version = 29;

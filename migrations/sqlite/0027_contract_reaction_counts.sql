-- What is shown of the reactions of a message, in rows of their own, so that reading
-- it costs the same however many there are. A server that writes reactions keeps
-- these too; older ones do not, so they cannot work on this schema any more.

create table ordered_reactions (
    room_id     blob    not null,
    seq         integer not null,
    emoji       text    not null,
    user_id     blob    not null,
    reacted_us  integer not null,
    -- The room's position at which the reaction was put. Of before this migration: the
    -- place among those with the same emoji, which is before any position to come.
    reacted_seq integer not null default 0,
    primary key (room_id, seq, emoji, user_id)
) strict, without rowid;

insert into ordered_reactions (room_id, seq, emoji, user_id, reacted_us, reacted_seq)
select room_id, seq, emoji, user_id, reacted_us,
       row_number() over (partition by room_id, seq, emoji order by reacted_us, user_id)
from reactions;

drop table reactions;
alter table ordered_reactions rename to reactions;
create index reactions_in_order on reactions (room_id, seq, emoji, reacted_seq);

create table reaction_counts (
    room_id        blob    not null,
    seq            integer not null,
    emoji          text    not null,
    total          integer not null, -- how many users have put it there; at least 1
    first_seq      integer not null, -- position at which the emoji came under the message
    first_user_id  blob    not null, -- who of those that have put it there did so first
    second_user_id blob    null,
    third_user_id  blob    null,
    primary key (room_id, seq, emoji)
) strict, without rowid;

insert into reaction_counts (room_id, seq, emoji, total, first_seq,
                             first_user_id, second_user_id, third_user_id)
select room_id, seq, emoji, count(*),
       row_number() over (partition by room_id, seq order by min(reacted_us), emoji),
       max(case when reacted_seq = 1 then user_id end),
       max(case when reacted_seq = 2 then user_id end),
       max(case when reacted_seq = 3 then user_id end)
from reactions
group by room_id, seq, emoji;

update schema_compatibility set min_version = 27;

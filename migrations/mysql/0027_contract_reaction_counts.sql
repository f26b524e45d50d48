-- What is shown of the reactions of a message, in rows of their own, so that reading
-- it costs the same however many there are. A server that writes reactions keeps
-- these too; older ones do not, so they cannot work on this schema any more.
--
-- It can be run again after it was interrupted at any statement: MySQL commits each one
-- that changes tables (RERUNNABLE in src/store/migrations.rs).

drop table if exists replaced_reactions;
drop table if exists ordered_reactions;
create table ordered_reactions (
    room_id     binary(16)  not null,
    seq         bigint      not null,
    emoji       varchar(64) character set utf8mb4 collate utf8mb4_bin not null,
    user_id     binary(16)  not null,
    reacted_us  bigint      not null,
    -- The room's position at which the reaction was put. Of before this migration: the
    -- place among those with the same emoji, which is before any position to come.
    reacted_seq bigint      not null default 0,
    primary key (room_id, seq, emoji, user_id),
    key reactions_in_order (room_id, seq, emoji, reacted_seq)
) engine = InnoDB;

insert into ordered_reactions (room_id, seq, emoji, user_id, reacted_us, reacted_seq)
select room_id, seq, emoji, user_id, reacted_us,
       row_number() over (partition by room_id, seq, emoji order by reacted_us, user_id)
from reactions;

-- At once, so that there are reactions at any moment.
rename table reactions to replaced_reactions, ordered_reactions to reactions;
drop table replaced_reactions;

drop table if exists reaction_counts;
create table reaction_counts (
    room_id        binary(16)  not null,
    seq            bigint      not null,
    emoji          varchar(64) character set utf8mb4 collate utf8mb4_bin not null,
    total          bigint      not null, -- how many users have put it there; at least 1
    first_seq      bigint      not null, -- position at which the emoji came under the message
    first_user_id  binary(16)  not null, -- who of those that have put it there did so first
    second_user_id binary(16)  null,
    third_user_id  binary(16)  null,
    primary key (room_id, seq, emoji)
) engine = InnoDB;

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

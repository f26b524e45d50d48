-- Blocks by whom they keep away, what others see of an invisible user's marks, and
-- what the server's staff does in rooms.

create index blocks_blocked on blocks (blocked_id, user_id);

-- where the marks stood when their user turned invisible: what others see until
-- the user is visible again
alter table marks add column shown_read_seq bigint not null default 0;
alter table marks add column shown_delivered_seq bigint not null default 0;
update marks set shown_read_seq = read_seq, shown_delivered_seq = delivered_seq
where user_id in (select id from users where presence_choice = 2);

-- of a system message: 0 done as a member of the room, 2 as a moderator of the
-- server, 3 as its admin
alter table messages add column staff smallint not null default 0;

-- 1: who makes an account is a member from the start
alter table rooms add column join_new_accounts smallint not null default 0;

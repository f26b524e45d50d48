-- Private and direct rooms, order in rooms, and who does not want to hear from whom.
-- rooms.kind: 1 public, 2 private, 3 direct. members.state: 1 joined, 2 left, 3 banned.

alter table rooms add column archived_us bigint null;
-- the two of a direct room, the smaller id first; the same id twice for notes
alter table rooms add column direct_a binary(16) null;
alter table rooms add column direct_b binary(16) null;

alter table members add column muted_until_us bigint null;

create table blocks (
    user_id    binary(16) not null,
    blocked_id binary(16) not null,
    since_us   bigint     not null,
    primary key (user_id, blocked_id)
) engine = InnoDB;

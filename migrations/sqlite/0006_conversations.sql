-- Private and direct rooms, order in rooms, and who does not want to hear from whom.
-- rooms.kind: 1 public, 2 private, 3 direct. members.state: 1 joined, 2 left, 3 banned.

alter table rooms add column archived_us integer;
-- the two of a direct room, the smaller id first; the same id twice for notes
alter table rooms add column direct_a blob;
alter table rooms add column direct_b blob;

alter table members add column muted_until_us integer;

create table blocks (
    user_id    blob    not null,
    blocked_id blob    not null,
    since_us   integer not null,
    primary key (user_id, blocked_id)
) strict, without rowid;

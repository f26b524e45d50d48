-- Names the room's log: made by chance with the room, and anew where the data was
-- restored. Positions mean something only in the log that they are of.
alter table rooms add column log_id bigint not null default 0;

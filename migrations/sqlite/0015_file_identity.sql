-- The SQLite file that the server ran on last. Another one means that the data
-- was restored or copied, and positions that clients have may mean something
-- else: the epoch is renewed. Null on MySQL.
alter table store add column file_inode integer null;
alter table store add column file_birth_us integer null; -- where the file system has it

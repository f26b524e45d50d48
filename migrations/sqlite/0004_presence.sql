-- Who is connected, and to which node. A node that dies stops renewing its
-- lease; its connections then count no more.

create table nodes (
    id       blob    not null primary key,
    lease_us integer not null -- good until
) strict;

create table connections (
    id           blob    not null primary key,
    node_id      blob    not null,
    user_id      blob    not null,
    away         integer not null, -- 1: this one is idle
    connected_us integer not null
) strict;
create index connections_user on connections (user_id);
create index connections_node on connections (node_id);

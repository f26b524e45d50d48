-- Who is connected, and to which node. A node that dies stops renewing its
-- lease; its connections then count no more.

create table nodes (
    id       binary(16) not null primary key,
    lease_us bigint     not null -- good until
) engine = InnoDB;

create table connections (
    id           binary(16) not null primary key,
    node_id      binary(16) not null,
    user_id      binary(16) not null,
    away         smallint   not null, -- 1: this one is idle
    connected_us bigint     not null,
    key connections_user (user_id),
    key connections_node (node_id)
) engine = InnoDB;

-- The accounts of a role, by name, and whether there is another admin.

create index users_role on users (server_role, username_key);

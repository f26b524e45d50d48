-- Which servers can work on this schema: those that have the migration of this
-- number. A migration that takes away what older servers use raises it, and its
-- name begins with `contract_`.
create table schema_compatibility (
    id          integer not null primary key, -- always 1
    min_version bigint  not null
) engine = InnoDB;
insert into schema_compatibility (id, min_version) values (1, 21);

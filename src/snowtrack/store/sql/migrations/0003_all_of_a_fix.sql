-- What a tracker says of its machine and of itself, which sentences a fix was made of, and what else there is to say of it.

alter table fix
    add column blade_cdeg       integer,
    add column spreading        smallint,
    add column spread_mgpm2     integer,
    add column spread_width_mm  integer,
    add column pto              smallint,
    add column inputs           integer,
    add column battery_mv       integer,
    add column buffered         integer,
    add column sources          smallint not null default 0,
    add column remarks          smallint not null default 0;

alter table fix_undated
    add column blade_cdeg       integer,
    add column spreading        smallint,
    add column spread_mgpm2     integer,
    add column spread_width_mm  integer,
    add column pto              smallint,
    add column inputs           integer,
    add column battery_mv       integer,
    add column buffered         integer,
    add column sources          smallint not null default 0,
    add column remarks          smallint not null default 0;

-- What a pass rests on and what it took, and how machines spend their time.

alter table pass
    add column confidence  smallint not null default 0,
    add column material_g  integer;

create table activity (
    device      integer not null references device,
    started_at  timestamptz not null,
    ended_at    timestamptz not null,
    activity    smallint not null,
    evidence    smallint not null,
    doubted     boolean not null,
    driven_mm   bigint not null,
    primary key (device, started_at),
    check (started_at < ended_at)
);

-- Computed anew: what was kept of the stages before knows nothing of activities.
delete from device_state;

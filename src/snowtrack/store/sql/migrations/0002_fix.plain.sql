-- Fixes in any PostgreSQL: partitions by day of the device's time, made by the writer when a day first occurs.

create table fix (
    device       integer not null,
    device_time  timestamptz not null,
    boot         bigint not null,
    seq          bigint not null,
    digest       bigint not null,
    received_at  timestamptz not null,
    uptime_ms    bigint,
    lat_e7       integer,
    lon_e7       integer,
    alt_mm       integer,
    speed_mmps   integer,
    course_cdeg  integer,
    quality      smallint,
    satellites   smallint,
    hdop_centi   integer,
    blade        smallint,
    primary key (device, device_time, boot, seq, digest)
) partition by range (device_time);

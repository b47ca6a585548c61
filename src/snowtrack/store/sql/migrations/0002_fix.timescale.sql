-- Fixes in TimescaleDB: a hypertable by day. All SQL that needs TimescaleDB stands in this file.

create extension if not exists timescaledb;

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
);

select create_hypertable('fix', by_range('device_time', interval '1 day'));

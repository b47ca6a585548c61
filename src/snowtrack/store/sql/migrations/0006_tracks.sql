-- Tracks, and what is odd about them. A flag of a person refers to a device and a time range, never to a row here.
create table track (
    device      integer not null references device,
    started_at  timestamptz not null,
    ended_at    timestamptz not null,
    fixes       integer not null,
    jumps       integer not null,
    returns     integer not null,
    twins       integer not null,
    too_fast    integer not null,
    frozen_us   bigint not null,
    unsure      integer not null,
    primary key (device, started_at)
);

-- Everything but the fixes, whose table depends on the kind of database (0002).

create table device (
    device      integer generated always as identity primary key,
    agency      text not null,
    name        text not null,
    first_seen  timestamptz not null default now(),
    fixes       bigint not null default 0,
    latest_at   timestamptz,
    heard_at    timestamptz,
    unique (agency, name)
);

-- Which sequence numbers of a boot are committed; below the floor, what never came is passed over.
create table committed (
    device  integer not null references device,
    boot    bigint not null,
    ranges  int8multirange not null,
    floor   bigint not null,
    primary key (device, boot)
);

-- Fixes whose instant is not known or not believed.
create table fix_undated (
    device       integer not null references device,
    received_at  timestamptz not null,
    device_time  timestamptz,
    day_us       bigint,
    boot         bigint not null,
    seq          bigint not null,
    digest       bigint not null,
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
    received_minute  timestamptz not null,
    primary key (device, received_minute, boot, seq, digest)
);

-- What the stages keep of a device between batches, committed with the batch that it follows.
create table device_state (
    device      integer primary key references device,
    network_id  text not null,
    kept        bytea not null
);

-- Time ranges whose passes have to be computed again from the stored fixes.
create table dirty (
    dirty      bigint generated always as identity primary key,
    device     integer not null references device,
    from_time  timestamptz not null,
    to_time    timestamptz not null,
    marked_at  timestamptz not null default now()
);

create table pass (
    pass        bigint generated always as identity primary key,
    device      integer not null references device,
    segment_id  bigint not null,
    direction   smallint not null check (direction between -1 and 1),
    from_mm     integer not null,
    to_mm       integer not null,
    started_at  timestamptz not null,
    ended_at    timestamptz not null,
    work        smallint not null,
    evidence    smallint not null,
    check (from_mm >= 0 and from_mm < to_mm and started_at <= ended_at)
);
create index pass_by_segment on pass (segment_id, ended_at);
create index pass_by_device on pass (device, started_at);

-- Segments that the fold has to look at again. Written with the passes, taken away with the state.
create table touched (
    touched     bigint generated always as identity primary key,
    segment_id  bigint not null
);

-- One fold at a time: the epoch grows with each new holder and is checked inside the fold's transactions.
create table lease (
    name        text primary key,
    holder      text not null,
    epoch       bigint not null,
    expires_at  timestamptz not null
);

create table fold_progress (
    network_id   text primary key,
    number       bigint not null,
    event_start  timestamptz not null
);

create table segment_state (
    segment_id   bigint not null,
    direction    smallint not null,
    covered      int4multirange not null,
    length_mm    integer not null,
    passes       integer not null,
    first_at     timestamptz not null,
    last_at      timestamptz not null,
    done_at      timestamptz,
    evidence     smallint not null,
    last_device  integer not null references device,
    primary key (segment_id, direction)
);

-- What the public sees: a copy made every few minutes, with times rounded, and nothing of machines.
create table public_cut (
    network_id  text primary key,
    cut_at      timestamptz not null,
    segments    bytea not null
);

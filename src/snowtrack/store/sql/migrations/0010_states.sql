-- Facts with all that labels need; the policies by which they were made; events and closures decided by people.

-- Derived, and so made anew by the fold.
drop table segment_state;
create table segment_state (
    segment_id   bigint not null,
    direction    smallint not null check (direction between -1 and 1),
    length_mm    integer not null,
    covered_mm   integer not null,
    covered      int4multirange not null,
    passes       integer not null,
    first_at     timestamptz,
    last_at      timestamptz,
    done_at      timestamptz,
    fresh_at     timestamptz,
    evidence     smallint,
    confidence   smallint not null,
    last_device  integer references device,
    spread_at    timestamptz,
    spreads      integer not null,
    primary key (segment_id, direction)
);
delete from fold_progress;

-- Hours in which machines worked are found by leaps through this.
create index activity_at_work on activity (started_at) where activity = 3;

-- Each version of the policies as it was when the fold first used it: facts are never made by another one.
create table policy (
    version     integer primary key,
    valid_from  date not null,
    sha256      text not null,
    content     jsonb not null,
    adopted_at  timestamptz not null default now()
);

-- What people decided of events. Never changed: a wrong entry is made void by a later one.
create table event_entry (
    entry       integer generated always as identity primary key,
    kind        text not null check (kind in ('open', 'close', 'void')),
    at          timestamptz not null,
    voids       integer references event_entry,
    reason      text not null,
    entered_by  text not null,
    entered_at  timestamptz not null default now(),
    check ((kind = 'void') = (voids is not null))
);

-- Roads closed by people. Never changed: an entry that ends another one says when that ends.
create table closure (
    closure     integer generated always as identity primary key,
    ends        integer references closure,
    segments    bigint[] not null,
    from_at     timestamptz,
    until_at    timestamptz,
    reason      text not null,
    entered_by  text not null,
    entered_at  timestamptz not null default now(),
    check ((ends is null) = (from_at is not null)),
    check (ends is null or until_at is not null),
    check (from_at < until_at)
);

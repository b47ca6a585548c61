-- What managers report of segments that no tracker tells of. Never changed: a later entry corrects an earlier one, once.

create table reported (
    reported     bigint generated always as identity primary key,
    corrects     bigint unique references reported,
    agency       text not null,
    segments     bigint[] not null,
    directions   smallint[] not null,
    work         smallint not null,
    from_at      timestamptz not null,
    to_at        timestamptz not null,
    said_by      text not null,
    note         text not null default '',
    received_at  timestamptz not null default now(),
    check (cardinality(segments) = cardinality(directions)),
    check (corrects is not null or cardinality(segments) > 0),
    check (from_at <= to_at)
);
create index reported_segments on reported using gin (segments);
create index reported_to_at on reported (to_at);

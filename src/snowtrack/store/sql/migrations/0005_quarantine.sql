-- Messages with bytes that could not be read, as they came, to be tried again when the program reads more.
create table quarantine (
    quarantine   bigint generated always as identity primary key,
    device       integer not null references device,
    received_at  timestamptz not null,
    payload      bytea not null,
    reasons      smallint[] not null,
    first_line   bytea not null,
    retry        boolean not null default false
);
create index quarantine_by_retry on quarantine (quarantine) where retry;

-- How much of what a device sent could not be read, by reason.
create table reject_count (
    device   integer not null references device,
    reason   smallint not null,
    count    bigint not null,
    last_at  timestamptz not null,
    primary key (device, reason)
);

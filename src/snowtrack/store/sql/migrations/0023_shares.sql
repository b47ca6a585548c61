-- Several ingest workers: each holds some of 64 partitions of the devices, and reads their streams from cursors.

-- FNV-1a of 32 bits, as the brokers' subjects are divided by it. Ids are ASCII.
create function device_partition(agency text, name text) returns smallint
language plpgsql immutable strict parallel safe as $$
declare
    hash bigint := 2166136261;
    key text := agency || name;
begin
    for place in 1 .. length(key) loop
        hash := ((hash # ascii(substr(key, place, 1))) * 16777619) & 4294967295;
    end loop;
    return hash % 64;
end $$;

alter table device add column partition smallint not null generated always as (device_partition(agency, name)) stored;

create sequence ingest_worker_number;

-- Workers that want a share.
create table ingest_worker (
    worker      bigint primary key,
    expires_at  timestamptz not null
);

-- Who holds which partition, until when; the epoch grows with each holder.
create table ingest_partition (
    partition   smallint primary key,
    worker      bigint not null default 0,
    epoch       bigint not null default 0,
    expires_at  timestamptz not null default '-infinity'
);

-- Up to where the streams of a partition are committed; a stream that is made anew has another creation time.
create table ingest_cursor (
    partition   smallint not null references ingest_partition,
    kind        text not null,
    created_at  timestamptz not null,
    sequence    bigint not null,
    stored_at   timestamptz not null,
    primary key (partition, kind)
);

-- Each worker numbers its own batches, so that those of a device still follow each other.
alter table journal add column worker bigint not null default 0;
alter table journal drop constraint journal_pkey, add primary key (worker, batch);

-- What results were computed with, so that it can be said why they would be others today.
create table basis (
    basis          integer generated always as identity primary key,
    results        integer not null,
    network_id     text not null,
    settings       jsonb not null,
    fleet_version  bigint not null,
    noted_at       timestamptz not null default now(),
    -- When ingest began to compute with it; null where only others did.
    used_at        timestamptz,
    unique (results, network_id, settings, fleet_version)
);

-- Of each track, and what the registry said that its device was on. Null for what was computed before.
alter table track
    add column basis     integer references basis,
    add column known_as  text;

-- What depth sensors read, registered or not, and what follows from it: figures, alerts, notices, proposals.

-- The first reading of an instant stays.
create table depth_reading (
    agency            text not null,
    sensor            text not null,
    time              timestamptz not null,
    depth_mm          integer not null,
    temperature_ddeg  smallint,
    battery_mv        integer,
    received_at       timestamptz not null,
    primary key (agency, sensor, time)
);

-- What was heard of a sensor. `readings` grows with each new one, so that readers see when to look again.
create table depth_sensor (
    agency      text not null,
    sensor      text not null,
    readings    bigint not null default 0,
    conflicts   bigint not null default 0,
    misdated    bigint not null default 0,
    rejected    bigint not null default 0,
    last_fault  smallint,
    heard_at    timestamptz not null,
    primary key (agency, sensor)
);

-- Readings whose time cannot be.
create table depth_misdated (
    misdated     bigint generated always as identity primary key,
    agency       text not null,
    sensor       text not null,
    time         timestamptz not null,
    depth_mm     integer not null,
    received_at  timestamptz not null
);

-- How registered sensors stand, written once a minute.
create table sensor_figure (
    agency      text not null,
    sensor      text not null,
    at          timestamptz not null,
    state       text not null,
    depth_mm    integer,
    new_1h_mm   integer,
    new_24h_mm  integer,
    primary key (agency, sensor)
);

create table alert_state (
    agency     text not null,
    rule       text not null,
    sensor     text not null,
    looked_at  timestamptz not null,
    holds      boolean not null,
    told       boolean not null,
    since      timestamptz not null,
    value_mm   integer not null,
    primary key (agency, rule, sensor),
    foreign key (agency, rule) references alert_rule on delete cascade
);

create table alert_event (
    alert_event  bigint generated always as identity primary key,
    agency       text not null,
    rule         text not null,
    sensor       text not null,
    raised       boolean not null,
    since        timestamptz not null,
    told_at      timestamptz not null,
    value_mm     integer not null
);
create index alert_event_by_time on alert_event (told_at);

-- What is to be sent, written with what it is about; sent at least once, tried a number of times.
create table notice (
    notice    bigint generated always as identity primary key,
    agency    text not null,
    way       text not null check (way in ('mail', 'webhook')),
    target    text not null,
    content   jsonb not null,
    made_at   timestamptz not null,
    next_at   timestamptz not null,
    attempts  integer not null default 0,
    sent_at   timestamptz,
    ended_at  timestamptz,
    fault     text
);
create index notice_by_time on notice (next_at) where ended_at is null;
create index notice_by_making on notice (made_at);

-- That the snow said it is time to go out: once for each time that the criterion was reached.
create table proposal (
    proposal      bigint generated always as identity primary key,
    agency        text not null,
    sensor        text not null,
    road_classes  text[] not null,
    criterion_mm  integer not null,
    new_mm        integer not null,
    since         timestamptz not null,
    at            timestamptz not null
);
create index proposal_by_time on proposal (at);

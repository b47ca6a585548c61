-- Who and what there is: agencies, contractors, machines and the devices on them, sensors, routes and orders.
-- Ids are those that topics and files use.

create table agency (
    agency         text primary key,
    name           text not null,
    manages        text not null check (manages in ('nation', 'prefecture', 'municipality', 'others', 'nothing')),
    districts      text[] not null default '{}',
    shares_passes  boolean not null default false,
    shares_states  boolean not null default false
);

create table contractor (
    agency      text not null references agency,
    contractor  text not null,
    name        text not null,
    primary key (agency, contractor)
);

create table machine (
    agency      text not null references agency,
    machine     text not null,
    kind        text not null,
    class       text,
    blade_mm    integer,
    footways    boolean not null default false,
    owner       text check (owner in ('lent', 'own')),
    plate       text,
    contractor  text,
    primary key (agency, machine),
    foreign key (agency, contractor) references contractor
);

-- Personal data.
create table operator (
    agency      text not null references agency,
    operator    text not null,
    name        text not null,
    contractor  text,
    valid_from  date not null,
    valid_to    date,
    primary key (agency, operator, valid_from),
    foreign key (agency, contractor) references contractor
);

-- Which machine carries a tracker, whether that was heard of yet or not. No two at once on either side.
create table mounting (
    agency      text not null,
    device      text not null,
    valid_from  timestamptz not null,
    valid_to    timestamptz,
    machine     text not null,
    primary key (agency, device, valid_from),
    foreign key (agency, machine) references machine,
    check (valid_to is null or valid_from < valid_to)
);

create table sensor (
    agency       text not null references agency,
    sensor       text not null,
    name         text not null,
    lat_e7       integer not null,
    lon_e7       integer not null,
    elevation_m  integer,
    primary key (agency, sensor)
);

-- Whom to tell when snow passes a mark; without a sensor, at any of the agency's.
create table alert_rule (
    agency        text not null references agency,
    rule          text not null,
    sensor        text,
    measure       text not null check (measure in ('depth', 'new_1h', 'new_24h')),
    threshold_mm  integer not null,
    clear_mm      integer not null,
    quiet_from    time,
    quiet_to      time,
    mail          text[] not null default '{}',
    webhook       text,
    primary key (agency, rule),
    foreign key (agency, sensor) references sensor,
    check (clear_mm <= threshold_mm)
);

create table route (
    agency      text not null references agency,
    route       text not null,
    name        text not null,
    district    text,
    priority    smallint not null default 0,
    contractor  text,
    machine     text,
    due_min     integer,
    primary key (agency, route),
    foreign key (agency, contractor) references contractor,
    foreign key (agency, machine) references machine
);

create table route_segment (
    agency      text not null,
    route       text not null,
    position    integer not null,
    segment_id  bigint not null,
    direction   smallint not null default 0 check (direction between -1 and 1),
    primary key (agency, route, position),
    foreign key (agency, route) references route on delete cascade
);

create table work_order (
    agency           text not null,
    number           text not null,
    machine          text not null,
    route            text,
    issued_at        timestamptz not null,
    issued_by        text,
    acknowledged_at  timestamptz,
    primary key (agency, number),
    foreign key (agency, machine) references machine,
    foreign key (agency, route) references route
);

-- Grows with each change, so that those who hold the registry in memory know when to read it again.
create table fleet_version (
    version     bigint not null,
    changed_at  timestamptz not null default now()
);
insert into fleet_version (version) values (1);

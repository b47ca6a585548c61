-- Days (from midnight UTC) of which a sensor read something by which their hours of snow are not counted yet.
create table depth_day (
    agency  text not null,
    sensor  text not null,
    day     timestamptz not null,
    primary key (agency, sensor, day)
);

-- Hours of snow were counted by less until now.
insert into depth_day (agency, sensor, day)
select distinct agency, sensor, date_trunc('day', time, 'UTC') from depth_reading;

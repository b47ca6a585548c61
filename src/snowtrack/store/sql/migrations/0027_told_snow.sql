-- What people say of snow where a sensor stands, or should. Never changed: a later entry corrects an earlier one, once.

create table told_snow (
    told        bigint generated always as identity primary key,
    corrects    bigint unique references told_snow,
    agency      text not null,
    sensor      text not null,
    kind        text not null check (kind in ('depth', 'void', 'taken_back')),
    from_at     timestamptz not null,
    to_at       timestamptz not null,
    depth_mm    integer,
    reason      text not null,
    said_by     text not null,
    entered_at  timestamptz not null default now(),
    check (from_at <= to_at),
    check ((kind = 'depth') = (depth_mm is not null)),
    check (kind <> 'taken_back' or corrects is not null)
);
create index told_snow_of_sensor on told_snow (agency, sensor, from_at);

-- The depths at a sensor from an instant to before another: as people say, elsewhere as it read them. Of several who
-- speak of the same instant the last one counts.
create function depths_at(of_agency text, of_sensor text, from_time timestamptz, to_time timestamptz)
returns table (
    agency text, sensor text, "time" timestamptz, depth_mm integer, temperature_ddeg smallint, battery_mv integer
)
language sql stable as $$
    with holding as materialized (
        select one.told, one.from_at, one.to_at, one.depth_mm from told_snow as one
        where one.agency = of_agency and one.sensor = of_sensor and one.to_at >= from_time and one.from_at < to_time
          and one.kind <> 'taken_back'
          and not exists (select from told_snow as later where later.corrects = one.told)
    ), said as (
        -- Every ten minutes, so that what it covers is no gap.
        select told, to_at as time, holding.depth_mm from holding where holding.depth_mm is not null
        union
        select told, each, holding.depth_mm
        from holding, generate_series(from_at, to_at, interval '10 minutes') as each
        where holding.depth_mm is not null
    )
    select of_agency, of_sensor, reading.time, reading.depth_mm, reading.temperature_ddeg, reading.battery_mv
    from depth_reading as reading
    where reading.agency = of_agency and reading.sensor = of_sensor
      and reading.time >= from_time and reading.time < to_time
      and not exists (select from holding where reading.time between holding.from_at and holding.to_at)
    union all
    select of_agency, of_sensor, said.time, said.depth_mm, null, null
    from said
    where said.time >= from_time and said.time < to_time
      and not exists (
          select from holding
          where holding.told > said.told and said.time between holding.from_at and holding.to_at
      )
$$;

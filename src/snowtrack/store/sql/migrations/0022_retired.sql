-- Days whose fixes left the database, each for a file. A day may have several: fixes may still come late.
create table retired (
    day         date not null,
    part        integer not null,
    file        text not null,
    fixes       bigint not null,
    sha256      text not null,
    -- Devices of which it has fixes without a time of their own: these may be of any time before.
    undated     integer[] not null,
    retired_at  timestamptz not null default now(),
    primary key (day, part)
);

-- A stretch that only somebody can compute who has these files. Ingest leaves it.
alter table dirty add column waits boolean not null default false;

-- As before (0020), but who has a day made can write to it until its transaction ends: nobody drops it meanwhile.
create or replace function make_day(day date) returns void language plpgsql security definer
set search_path = public, pg_temp set timezone = 'UTC' as $$
declare
    name text := 'fix_' || to_char(day, 'YYYYMMDD');
begin
    if (select relkind <> 'p' from pg_class where oid = 'fix'::regclass) then
        return;
    end if;
    lock table only fix in row exclusive mode;
    if to_regclass(name) is not null then
        return;
    end if;
    perform pg_advisory_xact_lock(2, 1);
    -- Somebody made it meanwhile: seen by a look at the table of tables, not by what this session remembers of it.
    if exists (select from pg_class where relname = name and relnamespace = 'public'::regnamespace) then
        return;
    end if;
    -- Made as a table and then attached: that stops neither readers nor writers of the others.
    execute format('create table %I (like fix including all)', name);
    execute format(
        'alter table fix attach partition %I for values from (%L) to (%L)', name, day::timestamptz, (day + 1)::timestamptz
    );
end $$;

-- How many fixes a day has; nobody adds to it until the transaction ends. Readers go on.
create function close_day(day date) returns bigint language plpgsql
set search_path = public, pg_temp set timezone = 'UTC' as $$
declare
    name text := 'fix_' || to_char(day, 'YYYYMMDD');
    fixes bigint;
begin
    if to_regclass(name) is null then
        return 0;
    end if;
    execute format('lock table %I in share mode', name);
    execute format('select count(*) from %I', name) into fixes;
    return fixes;
end $$;

-- Have no day any more. Who reads or writes fixes waits from here until the transaction ends.
create function drop_day(day date) returns void language plpgsql
set search_path = public, pg_temp set timezone = 'UTC' as $$
begin
    lock table only fix in access exclusive mode;
    execute format('drop table if exists %I', 'fix_' || to_char(day, 'YYYYMMDD'));
end $$;

-- No day is dropped until the transaction ends.
create function hold_days() returns void language plpgsql set search_path = public, pg_temp as $$
begin
    lock table only fix in access share mode;
end $$;

revoke execute on function close_day(date), drop_day(date) from public;

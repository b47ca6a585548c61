-- Who writes fixes may have the days made that they belong to, without owning the table. TimescaleDB makes its own.
create function make_day(day date) returns void language plpgsql security definer
set search_path = public, pg_temp set timezone = 'UTC' as $$
declare
    name text := 'fix_' || to_char(day, 'YYYYMMDD');
begin
    if (select relkind <> 'p' from pg_class where oid = 'fix'::regclass) or to_regclass(name) is not null then
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

revoke execute on function make_day(date) from public;

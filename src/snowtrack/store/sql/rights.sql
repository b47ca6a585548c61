-- What each service may do with which table: what it needs, and nothing else. Given by the owner of the tables, and
-- given anew when this text changes. The registry, replays, archives and the quarantine's commands are the owner's.

do $$
declare
    wanted text;
begin
    foreach wanted in array array['snowtrack_ingest', 'snowtrack_fold', 'snowtrack_api', 'snowtrack_report'] loop
        if not exists (select from pg_roles where rolname = wanted) then
            begin
                execute format('create role %I login', wanted);
            exception when duplicate_object or unique_violation then  -- another database of this server did
                null;
            end;
        end if;
    end loop;
end $$;

revoke create on schema public from public;
revoke all on all tables in schema public from snowtrack_ingest, snowtrack_fold, snowtrack_api, snowtrack_report;

-- All services see whose program the tables are for, and the registry, but for who drives and who is told.
grant select on
    schema_migration, agency, contractor, machine, mounting, sensor, route, route_segment, work_order, fleet_version, device
to snowtrack_ingest, snowtrack_fold, snowtrack_api;

-- Ingest: from messages to results.
grant insert, update on device to snowtrack_ingest;
grant select, insert on fix, fix_undated to snowtrack_ingest;
grant select on retired to snowtrack_ingest;
grant select, insert, update, delete on
    device_state, boot_clock, committed, journal, dirty, quarantine, reject_count, pass, activity, track, basis,
    depth_sensor, depth_reading, depth_day, depth_misdated
to snowtrack_ingest;
grant insert on touched to snowtrack_ingest;
grant select, insert, update, delete on ingest_worker, ingest_cursor to snowtrack_ingest;
grant select, insert, update on ingest_partition to snowtrack_ingest;
grant usage on sequence ingest_worker_number to snowtrack_ingest;
grant execute on function make_day(date) to snowtrack_ingest;

-- Fold: from results and snow to the state of the roads, and who is told of it.
grant select on
    pass, activity, track, basis, reported, depth_sensor, depth_reading, depth_misdated, told_snow, alert_rule
to snowtrack_fold;
grant select, update, delete on depth_day to snowtrack_fold;
grant select, insert on policy, event_entry, closure to snowtrack_fold;
grant select, insert, update, delete on
    lease, fold_progress, segment_state, public_cut, touched, snow_hour, sensor_figure, proposal, alert_state,
    alert_event, notice
to snowtrack_fold;

-- API: what is shown, and what is told by hand.
grant select on
    pass, activity, track, basis, reported, closure, event_entry, segment_state, fold_progress, public_cut, depth_sensor,
    depth_reading, depth_day, depth_misdated, told_snow, snow_hour, sensor_figure, proposal, alert_state, alert_event,
    notice, reject_count
to snowtrack_api;
-- Of fixes it sees trails: where machines were and whether they worked, and nothing else that trackers sent.
grant select (device, device_time, lat_e7, lon_e7, speed_mmps, blade, pto, spreading) on fix to snowtrack_api;
grant insert, update, delete on depth_sensor, depth_reading, depth_day, depth_misdated to snowtrack_api;
grant insert on reported, told_snow, touched, closure, event_entry to snowtrack_api;
-- Who comes in. Accounts, roles and keys are made by the owner.
grant select, update (password, failures, locked_until, subject) on account to snowtrack_api;
grant select on account_role, api_key to snowtrack_api;
grant select, delete on invitation to snowtrack_api;
grant select, insert, update (used_at), delete on session to snowtrack_api;
grant select, insert on audit to snowtrack_api;

-- Readers with logins of their own, who are members of snowtrack_report: tables of the same names, with the rows of
-- the agencies that `reader` gives them, and the state of the roads, which is for all.
create or replace view visible.agency with (security_barrier) as
select * from agency where agency in (select agency from reader where role = current_user);

do $$
declare
    name text;
begin
    foreach name in array array[
        'device', 'contractor', 'machine', 'operator', 'mounting', 'sensor', 'route', 'route_segment', 'work_order',
        'depth_reading', 'told_snow', 'sensor_figure', 'proposal', 'reported'
    ] loop
        execute format('create or replace view visible.%1$I with (security_barrier) as
            select * from %1$I where agency in (select agency from visible.agency)', name);
    end loop;
    foreach name in array array['fix', 'fix_undated', 'pass', 'activity', 'track'] loop
        execute format('create or replace view visible.%1$I with (security_barrier) as
            select * from %1$I where device in (select device from visible.device)', name);
    end loop;
    foreach name in array array['segment_state', 'fold_progress', 'public_cut'] loop
        execute format('create or replace view visible.%1$I as select * from %1$I', name);
    end loop;
end $$;

grant usage on schema visible to snowtrack_report;
grant select on all tables in schema visible to snowtrack_report;

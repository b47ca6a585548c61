-- Every statement that the program runs, by name. Python refers to the names.

-- device_numbers: the numbers of these (agency, device), made at first sight in the order of their names
with asked as (
    select agency, name from unnest(%(agencies)s::text[], %(names)s::text[]) as asked (agency, name)
), made as (
    insert into device (agency, name)
    select agency, name from asked where not exists (
        select from device where (device.agency, device.name) = (asked.agency, asked.name)
    )
    order by agency, name
    on conflict (agency, name) do nothing
    returning agency, name, device
)
select agency, name, device from made
union all
select agency, name, device from device join asked using (agency, name);

-- tellers: devices on the machines to which routes were given, the segments of these, and when, as columns of Tellers
select string_agg(int4send(device.device), ''), string_agg(int8send(segment_id), ''),
       string_agg(timestamptz_send(mounting.valid_from), ''),
       string_agg(timestamptz_send(coalesce(mounting.valid_to, '9999-12-31 23:59:59+00')), '')
from route_segment
join route using (agency, route)
join mounting on mounting.agency = route.agency and mounting.machine = route.machine
join device on device.agency = mounting.agency and device.name = mounting.device;

-- lost_devices: devices that were heard since an event began, but not lately, and not when they were parked
select device
from device
where heard_at >= %(since)s and heard_at < %(until)s and coalesce((
    select activity from activity where activity.device = device.device order by started_at desc limit 1
), 2) <> 0;

-- find_device: the number of an (agency, device) that was heard or registered
select device from device where agency = %(agency)s and name = %(name)s;

-- devices: devices of partitions, or all, with how much and when they were last heard of
select device, agency, name, fixes, latest_at, heard_at, saved_batch, held_boot
from device
where %(partitions)s::integer[] is null or partition = any(%(partitions)s)
order by agency, name;

-- note_devices: count fixes and move the latest instants, which never go back, as of a batch
update device
set saved_batch = %(batch)s, fixes = device.fixes + new.fixes, latest_at = greatest(device.latest_at, new.latest_at),
    heard_at = greatest(device.heard_at, new.heard_at)
from unnest(%(devices)s::integer[], %(fixes)s::bigint[], %(latest)s::timestamptz[], %(heard)s::timestamptz[])
    as new (device, fixes, latest_at, heard_at)
where device.device = new.device;

-- committed_of_devices: the committed sequence numbers of devices
select device, boot, ranges, floor from committed where device = any(%(devices)s);

-- save_committed: keep the committed numbers of boots
insert into committed (device, boot, ranges, floor)
select device, boot, ranges, floor
from unnest(%(devices)s::integer[], %(boots)s::bigint[], %(ranges)s::int8multirange[], %(floors)s::bigint[])
    as new (device, boot, ranges, floor)
on conflict (device, boot) do update set ranges = excluded.ranges, floor = excluded.floor;

-- probe: change nothing, which a database for reading alone refuses
delete from journal where false;

-- add_journal: what a worker's batch brought
insert into journal (worker, batch, devices, entries)
values (%(worker)s, %(batch)s, %(devices)s::integer[], %(entries)s);

-- journal: what all batches brought of which some device is not saved, in order
select batch, devices, entries from journal order by batch;

-- trim_journal: drop batches of a worker before one, and of workers that are no more, whose devices are all saved
delete from journal
where (
    worker = %(worker)s and batch < %(before)s
    or worker <> %(worker)s and worker not in (select worker from ingest_worker where expires_at > now())
) and not exists (
    select from unnest(devices) as own (device) join device using (device) where saved_batch < batch
);

-- new_worker: a number for an ingest worker, which no other one ever had
select nextval('ingest_worker_number');

-- join_workers: a worker wants a share, for so long
insert into ingest_worker (worker, expires_at) values (%(worker)s, now() + %(lasts)s::interval)
on conflict (worker) do update set expires_at = excluded.expires_at;

-- leave_workers: it does not any more, nor do those that are no more
delete from ingest_worker where worker = %(worker)s or expires_at < now() - interval '1 minute';

-- hold_partitions: those of a worker stay so for so long
update ingest_partition set expires_at = now() + %(lasts)s::interval
where worker = %(worker)s
returning partition, epoch;

-- wait_for_own: those of a worker, once nothing is being committed in its name any more
select partition from ingest_partition where worker = %(worker)s order by partition for update;

-- shares: how many workers there are, and how many partitions without one
select (select count(*) from ingest_worker where expires_at > now()),
       (select count(*) from ingest_partition where expires_at <= now());

-- have_partitions: so many there are
insert into ingest_partition (partition) select generate_series(0, %(count)s - 1) on conflict do nothing;

-- take_partitions: become the holder of some that nobody holds; one in whose name something is being committed is held
with free as (
    select partition from ingest_partition
    where expires_at <= now()
    order by partition
    limit %(most)s
    for update skip locked
)
update ingest_partition
set worker = %(worker)s, epoch = epoch + 1, expires_at = now() + %(lasts)s::interval
from free
where ingest_partition.partition = free.partition
returning ingest_partition.partition, epoch;

-- leave_partitions: let others take these
update ingest_partition set worker = 0, expires_at = '-infinity'
where worker = %(worker)s and partition = any(%(partitions)s);

-- check_partitions: how many of these are still held in these epochs, and stay so until the transaction ends
select count(*) from (
    select from ingest_partition
    join unnest(%(partitions)s::integer[], %(epochs)s::bigint[]) as own (partition, epoch) using (partition, epoch)
    for key share of ingest_partition
) as held;

-- cursors: up to where the streams of partitions are committed
select partition, kind, created_at, sequence, stored_at from ingest_cursor where partition = any(%(partitions)s);

-- save_cursors: they are up to here
insert into ingest_cursor (partition, kind, created_at, sequence, stored_at)
select * from unnest(
    %(partitions)s::integer[], %(kinds)s::text[], %(created)s::timestamptz[], %(sequences)s::bigint[], %(stored)s::timestamptz[]
)
on conflict (partition, kind) do update
set created_at = excluded.created_at, sequence = excluded.sequence, stored_at = excluded.stored_at;

-- note_held: the boots before which devices hold nothing
update device set held_boot = new.boot
from unnest(%(devices)s::integer[], %(boots)s::bigint[]) as new (device, boot)
where device.device = new.device;

-- free_boots: forget boots that devices no longer hold
delete from committed using unnest(%(devices)s::integer[], %(boots)s::bigint[]) as held (device, boot)
where committed.device = held.device and committed.boot < held.boot;

-- known_fixes: which of these undecided fixes are stored already, by their place in the list
select asked.place
from unnest(%(devices)s::integer[], %(times)s::timestamptz[], %(boots)s::bigint[], %(seqs)s::bigint[], %(digests)s::bigint[])
    with ordinality as asked (device, device_time, boot, seq, digest, place)
where exists (
    select from fix
    where device = asked.device and device_time = asked.device_time and boot = asked.boot and seq = asked.seq
      and digest = asked.digest
) or asked.seq > 0 and exists (
    select from fix_undated
    where device = asked.device and boot = asked.boot and seq = asked.seq and digest = asked.digest
);

-- fixes_of_device: stored fixes of a device, dated ones of a time range and undated ones received since
select string_agg(int4send(device), ''), string_agg(int8send(boot), ''), string_agg(int8send(seq), ''),
       string_agg(int8send(digest), ''), string_agg(int8send(coalesce(uptime_ms, -9223372036854775807 - 1)), ''),
       string_agg(timestamptz_send(coalesce(device_time, '-infinity')), ''),
       string_agg(timestamptz_send(coalesce(to_timestamp(0) + day_us * interval '1 microsecond', '-infinity')), ''),
       string_agg(timestamptz_send(received_at), ''), string_agg(int4send(coalesce(lat_e7, -2147483648)), ''),
       string_agg(int4send(coalesce(lon_e7, -2147483648)), ''), string_agg(int4send(coalesce(alt_mm, -2147483648)), ''),
       string_agg(int4send(coalesce(speed_mmps, -2147483648)), ''),
       string_agg(int4send(coalesce(course_cdeg, -2147483648)), ''),
       string_agg(int2send(coalesce(quality, -128::smallint)), ''),
       string_agg(int2send(coalesce(satellites, '-32768'::smallint)), ''),
       string_agg(int4send(coalesce(hdop_centi, -2147483648)), ''),
       string_agg(int2send(coalesce(blade, -128::smallint)), ''),
       string_agg(int4send(coalesce(blade_cdeg, -2147483648)), ''),
       string_agg(int2send(coalesce(spreading, -128::smallint)), ''),
       string_agg(int4send(coalesce(spread_mgpm2, -2147483648)), ''),
       string_agg(int4send(coalesce(spread_width_mm, -2147483648)), ''),
       string_agg(int2send(coalesce(pto, -128::smallint)), ''), string_agg(int4send(coalesce(inputs, -2147483648)), ''),
       string_agg(int4send(coalesce(battery_mv, -2147483648)), ''),
       string_agg(int4send(coalesce(buffered, -2147483648)), ''),
       string_agg(int2send(coalesce(sources, '-32768'::smallint)), ''),
       string_agg(int2send(coalesce(remarks, '-32768'::smallint)), '')
from (
    select device, boot, seq, digest, uptime_ms, device_time, null::bigint as day_us, received_at, lat_e7, lon_e7, alt_mm,
           speed_mmps, course_cdeg, quality, satellites, hdop_centi, blade, blade_cdeg, spreading, spread_mgpm2,
           spread_width_mm, pto, inputs, battery_mv, buffered, sources, remarks
    from fix
    where device = %(device)s and device_time >= %(from_time)s and device_time <= %(to_time)s
    union all
    select device, boot, seq, digest, uptime_ms, device_time, day_us, received_at, lat_e7, lon_e7, alt_mm, speed_mmps,
           course_cdeg, quality, satellites, hdop_centi, blade, blade_cdeg, spreading, spread_mgpm2, spread_width_mm,
           pto, inputs, battery_mv, buffered, sources, remarks
    from fix_undated
    where device = %(device)s and received_at >= %(since)s
      and received_at < coalesce(%(until)s::timestamptz, 'infinity')
    order by device_time, received_at, boot, seq, digest
) as ordered;

-- sightings: where some devices were last in each step of a time range of their own, as columns of Sightings
select string_agg(int4send(device), ''), string_agg(timestamptz_send(device_time), ''),
       string_agg(int4send(lat_e7), ''), string_agg(int4send(lon_e7), ''),
       string_agg(int4send(coalesce(speed_mmps, -2147483648)), ''),
       string_agg(int2send(coalesce(blade, -128::smallint)), ''), string_agg(int2send(coalesce(pto, -128::smallint)), ''),
       string_agg(int2send(coalesce(spreading, -128::smallint)), '')
from (
    select seen.*
    from unnest(%(devices)s::integer[], %(from_times)s::timestamptz[], %(to_times)s::timestamptz[])
        as asked (device, from_time, to_time)
    cross join lateral generate_series(from_time, to_time, %(step)s::interval) as steps (begins)
    cross join lateral (
        select device, device_time, lat_e7, lon_e7, speed_mmps, blade, pto, spreading
        from fix
        where fix.device = asked.device and lat_e7 is not null and lon_e7 is not null
          and device_time >= begins and device_time < begins + %(step)s::interval
          and device_time >= %(oldest)s and device_time < %(newest)s
        order by device_time desc
        limit 1
    ) as seen
    order by device, device_time
) as ordered;

-- clocks_of_boots: what is known of the clocks of these boots
select device, boot, kept from boot_clock
join unnest(%(devices)s::integer[], %(boots)s::bigint[]) as asked (device, boot) using (device, boot);

-- clocks_of_device: what is known of the clocks of all boots of a device
select device, boot, kept from boot_clock where device = %(device)s;

-- save_clocks: keep what is known of the clocks of boots
insert into boot_clock (device, boot, kept)
select device, boot, kept
from unnest(%(devices)s::integer[], %(boots)s::bigint[], %(kept)b::bytea[]) as new (device, boot, kept)
on conflict (device, boot) do update set kept = excluded.kept;

-- save_states: what the stages keep of devices
insert into device_state (device, network_id, kept)
select device, %(network_id)s, kept from unnest(%(devices)s::integer[], %(kept)b::bytea[]) as new (device, kept)
on conflict (device) do update set network_id = excluded.network_id, kept = excluded.kept;

-- states_of_devices: what the stages kept of devices
select device, kept from device_state where device = any(%(devices)s) and network_id = %(network_id)s;

-- mark_dirty: a stretch to compute again
insert into dirty (device, from_time, to_time) values (%(device)s, %(from_time)s, %(to_time)s);

-- mark_latest_dirty: the newest instant of a device, if it has one
insert into dirty (device, from_time, to_time)
select device, latest_at, latest_at from device where device = %(device)s and latest_at is not null;

-- next_dirty: of the device that has waited longest its stretches, once it is quiet; long ones have more patience
with waiting as (
    select device
    from dirty join device using (device)
    where not waits and partition = any(%(partitions)s) and device <> all(%(but)s)
    group by device
    having max(marked_at) <= now() - %(quiet)s::interval
        or min(marked_at) <= now() - greatest(
            %(patience)s::interval, least((max(to_time) - min(from_time)) / 20, interval '30 minutes')
        )
    order by min(marked_at)
    limit 1
)
select device, from_time, to_time, dirty
from dirty join waiting using (device)
where not waits
order by from_time, dirty;

-- clear_dirty: stretches that were computed again
delete from dirty where dirty = any(%(ids)s);

-- remove_passes: passes of a device in a time range, giving the segments that they were on
delete from pass
where device = %(device)s and started_at >= %(from_time)s and started_at <= %(to_time)s
returning segment_id;

-- touch: tell the fold which segments to look at, and wake it at the commit
with added as (
    insert into touched (segment_id) select unnest(%(segments)s::bigint[]) returning 1
)
select pg_notify('snowtrack_touched', '') where exists (select from added);

-- remove_activities: spans of a device in a time range
delete from activity where device = %(device)s and started_at >= %(from_time)s and started_at <= %(to_time)s;

-- activities_of_device: spans of a device in a time range, in the order of an ActivityBatch
select device, started_at, ended_at, activity, evidence, doubted, ploughed, driven_mm
from activity
where device = %(device)s and ended_at > %(from_time)s and started_at < %(to_time)s
order by started_at;

-- take_touched: take segments off the list
delete from touched where touched in (select touched from touched order by touched limit %(limit)s)
returning segment_id;

-- passes_of_segments: passes on segments that ended in a time range, open where it has no end, as columns of a PassBatch
select string_agg(int4send(device), ''), string_agg(int8send(segment_id), ''), string_agg(int2send(direction), ''),
       string_agg(int4send(from_mm), ''), string_agg(int4send(to_mm), ''),
       string_agg(timestamptz_send(started_at), ''), string_agg(timestamptz_send(ended_at), ''),
       string_agg(int2send(work), ''), string_agg(int2send(evidence), ''), string_agg(int2send(confidence), ''),
       string_agg(int4send(coalesce(material_g, -2147483648)), '')
from (
    select * from pass
    where segment_id = any(%(segments)s) and ended_at >= %(since)s
      and ended_at < coalesce(%(until)s::timestamptz, 'infinity')
    order by segment_id, ended_at
) as ordered;

-- passes_of_device: passes of a device in a time range, in the order of a PassBatch
select device, segment_id, direction, from_mm, to_mm, started_at, ended_at, work, evidence,
       confidence, material_g
from pass
where device = %(device)s and ended_at > %(from_time)s and started_at < %(to_time)s
order by started_at, ended_at, segment_id;

-- take_lease: become the holder, when nobody is or the holder's time is up
insert into lease as l (name, holder, epoch, expires_at)
values (%(name)s, %(holder)s, 1, now() + %(lasts)s::interval)
on conflict (name) do update
set holder = excluded.holder, epoch = l.epoch + 1, expires_at = excluded.expires_at
where l.expires_at < now()
returning epoch;

-- hold_lease: stay the holder for so long from this instant, in a long transaction too; no row when another one is
update lease set expires_at = clock_timestamp() + %(lasts)s::interval
where name = %(name)s and epoch = %(epoch)s
returning epoch;

-- leave_lease: let the next one in at once
update lease set expires_at = now() where name = %(name)s and epoch = %(epoch)s;

-- fold_progress: the number of the last delta and the event it belongs to
select number, event_start from fold_progress where network_id = %(network_id)s;

-- save_fold_progress: keep them
insert into fold_progress (network_id, number, event_start) values (%(network_id)s, %(number)s, %(event_start)s)
on conflict (network_id) do update set number = excluded.number, event_start = excluded.event_start;

-- remove_states: facts that no longer hold
delete from segment_state where segment_id = any(%(segments)s);

-- remove_all_states: a new event begins
delete from segment_state;

-- states: all facts, as columns of a StateBatch
select string_agg(int8send(segment_id), ''), string_agg(int2send(direction), ''), string_agg(int4send(length_mm), ''),
       string_agg(int4send(covered_mm), ''), string_agg(int4send(passes), ''),
       string_agg(timestamptz_send(coalesce(first_at, '-infinity')), ''),
       string_agg(timestamptz_send(coalesce(last_at, '-infinity')), ''),
       string_agg(timestamptz_send(coalesce(done_at, '-infinity')), ''),
       string_agg(timestamptz_send(coalesce(fresh_at, '-infinity')), ''),
       string_agg(int2send(coalesce(evidence, -128::smallint)), ''), string_agg(int2send(confidence), ''),
       string_agg(int4send(coalesce(last_device, -2147483648)), ''),
       string_agg(timestamptz_send(coalesce(spread_at, '-infinity')), ''), string_agg(int4send(spreads), '')
from (select * from segment_state order by segment_id, direction) as ordered;

-- states_of_segment: the facts of one segment, in the order of a StateBatch, and what is covered
select segment_id, direction, length_mm, covered_mm, passes, first_at, last_at, done_at, fresh_at, evidence, confidence,
       last_device, spread_at, spreads, covered
from segment_state where segment_id = %(segment)s order by direction;

-- save_public_cut: what the public sees until the next cut
insert into public_cut (network_id, cut_at, views) values (%(network_id)s, %(cut_at)s, %(views)s)
on conflict (network_id) do update set cut_at = excluded.cut_at, views = excluded.views;

-- public_cut: what the public sees, unless it is the one that is known
select cut_at, views from public_cut
where network_id = %(network_id)s and cut_at is distinct from %(known_at)s::timestamptz;

-- set_aside: a message that could not be read wholly
insert into quarantine (device, received_at, payload, reasons, first_line)
values (%(device)s, %(received_at)s, %(payload)s, %(reasons)s, %(first_line)s);

-- trim_quarantine: keep the newest messages, up to a size and an age
delete from quarantine
where received_at < now() - %(age)s::interval or quarantine in (
    select quarantine
    from (select quarantine, sum(octet_length(payload)) over (order by quarantine desc) as kept from quarantine) as sizes
    where kept > %(bytes)s
);

-- quarantine: messages that could not be read, newest first
select quarantine, agency, name, received_at, octet_length(payload), reasons, first_line, retry
from quarantine join device using (device)
order by quarantine desc
limit %(limit)s;

-- ask_for_retry: have all messages in quarantine tried again
update quarantine set retry = true where not retry;

-- retries: messages that are to be tried again
select quarantine, agency, name, received_at, payload
from quarantine join device using (device)
where retry and partition = any(%(partitions)s)
order by quarantine
limit %(limit)s;

-- leave_quarantine: these could be read
delete from quarantine where quarantine = any(%(numbers)s);

-- stay_in_quarantine: these are not tried again until somebody asks
update quarantine set retry = false where quarantine = any(%(numbers)s);

-- count_rejects: add to how often a device sent what could not be read for this reason
insert into reject_count (device, reason, count, last_at) values (%(device)s, %(reason)s, %(count)s, %(at)s)
on conflict (device, reason) do update
set count = reject_count.count + excluded.count, last_at = excluded.last_at;

-- reject_counts: how often each device sent what could not be read, by reason
select device, reason, count from reject_count order by device, reason;

-- save_tracks: what is known of tracks so far
insert into track (device, started_at, ended_at, fixes, jumps, returns, twins, too_fast, frozen_us, unsure)
select device, started_at, ended_at, fixes, jumps, returns, twins, too_fast, frozen_us, unsure
from unnest(%(device)s::integer[], %(started_at)s::timestamptz[], %(ended_at)s::timestamptz[], %(fixes)s::integer[],
            %(jumps)s::integer[], %(returns)s::integer[], %(twins)s::integer[], %(too_fast)s::integer[],
            %(frozen_us)s::bigint[], %(unsure)s::integer[])
    as new (device, started_at, ended_at, fixes, jumps, returns, twins, too_fast, frozen_us, unsure)
on conflict (device, started_at) do update
set ended_at = excluded.ended_at, fixes = excluded.fixes, jumps = excluded.jumps, returns = excluded.returns,
    twins = excluded.twins, too_fast = excluded.too_fast, frozen_us = excluded.frozen_us, unsure = excluded.unsure;

-- remove_tracks: tracks of a device in a time range
delete from track where device = %(device)s and started_at >= %(from_time)s and started_at <= %(to_time)s;

-- tracks_of_device: tracks of a device in a time range, in order
select device, started_at, ended_at, fixes, jumps, returns, twins, too_fast, frozen_us, unsure
from track
where device = %(device)s and ended_at >= %(from_time)s and started_at < %(to_time)s
order by started_at;

-- make_days: have the partitions of these days, in their order, so that two who make some do not wait for each other
select make_day(day) from unnest(%(days)s::date[]) with ordinality as wanted (day, place) order by place;

-- wait_for_locks: so long at most, in this transaction
select set_config('lock_timeout', %(at_most)s, true);

-- be_sole: the only session that does something, until it ends
select pg_advisory_lock(1, %(sole)s);

-- hold_fleet: let nobody else change the registry until the transaction ends
select pg_advisory_xact_lock(%(lock)s);

-- fleet_version: the number of the registry's last change
select version from fleet_version;

-- next_fleet_version: count a change of the registry
update fleet_version set version = version + 1, changed_at = now() returning version;

-- first_fleet_version: begin to count, where nothing was counted yet
insert into fleet_version (version) values (1) returning version;

-- tell_of_fleet: wake those who hold the registry in memory, at the commit
select pg_notify('snowtrack_fleet', %(version)s::text);

-- agencies: all road managers
select agency, name, manages, districts, shares_passes, shares_states from agency order by agency;

-- save_agency: a road manager as a file has it
insert into agency (agency, name, manages, districts, shares_passes, shares_states)
values (%(agency)s, %(name)s, %(manages)s, %(districts)s, %(shares_passes)s, %(shares_states)s)
on conflict (agency) do update
set name = excluded.name, manages = excluded.manages, districts = excluded.districts,
    shares_passes = excluded.shares_passes, shares_states = excluded.shares_states;

-- contractors: all firms
select agency, contractor, name from contractor order by agency, contractor;

-- save_contractor: a firm as a file has it
insert into contractor (agency, contractor, name) values (%(agency)s, %(contractor)s, %(name)s)
on conflict (agency, contractor) do update set name = excluded.name;

-- machines: all machines
select agency, machine, kind, class, blade_mm, footways, owner, plate, contractor from machine order by agency, machine;

-- save_machine: a machine as a file has it
insert into machine (agency, machine, kind, class, blade_mm, footways, owner, plate, contractor)
values (%(agency)s, %(machine)s, %(kind)s, %(class)s, %(blade_mm)s, %(footways)s, %(owner)s, %(plate)s, %(contractor)s)
on conflict (agency, machine) do update
set kind = excluded.kind, class = excluded.class, blade_mm = excluded.blade_mm, footways = excluded.footways,
    owner = excluded.owner, plate = excluded.plate, contractor = excluded.contractor;

-- operators: all drivers
select agency, operator, valid_from, valid_to, name, contractor from operator order by agency, operator, valid_from;

-- save_operator: a driver as a file has it
insert into operator (agency, operator, valid_from, valid_to, name, contractor)
values (%(agency)s, %(operator)s, %(valid_from)s, %(valid_to)s, %(name)s, %(contractor)s)
on conflict (agency, operator, valid_from) do update
set valid_to = excluded.valid_to, name = excluded.name, contractor = excluded.contractor;

-- mountings: which machine carries a tracker, and when
select agency, device, valid_from, valid_to, machine from mounting order by agency, device, valid_from;

-- save_mounting: a mounting as a file has it
insert into mounting (agency, device, valid_from, valid_to, machine)
values (%(agency)s, %(device)s, %(valid_from)s, %(valid_to)s, %(machine)s)
on conflict (agency, device, valid_from) do update set valid_to = excluded.valid_to, machine = excluded.machine;

-- sensors: all snow-depth sensors
select agency, sensor, name, lat_e7, lon_e7, elevation_m from sensor order by agency, sensor;

-- save_sensor: a sensor as a file has it
insert into sensor (agency, sensor, name, lat_e7, lon_e7, elevation_m)
values (%(agency)s, %(sensor)s, %(name)s, %(lat_e7)s, %(lon_e7)s, %(elevation_m)s)
on conflict (agency, sensor) do update
set name = excluded.name, lat_e7 = excluded.lat_e7, lon_e7 = excluded.lon_e7, elevation_m = excluded.elevation_m;

-- alert_rules: whom to tell of snow
select agency, rule, sensor, measure, threshold_mm, clear_mm, quiet_from, quiet_to, mail, webhook
from alert_rule order by agency, rule;

-- save_alert_rule: a rule as a file has it
insert into alert_rule (agency, rule, sensor, measure, threshold_mm, clear_mm, quiet_from, quiet_to, mail, webhook)
values (%(agency)s, %(rule)s, %(sensor)s, %(measure)s, %(threshold_mm)s, %(clear_mm)s, %(quiet_from)s, %(quiet_to)s,
        %(mail)s, %(webhook)s)
on conflict (agency, rule) do update
set sensor = excluded.sensor, measure = excluded.measure, threshold_mm = excluded.threshold_mm,
    clear_mm = excluded.clear_mm, quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to, mail = excluded.mail,
    webhook = excluded.webhook;

-- routes: all routes
select agency, route, name, district, priority, contractor, machine, due_min from route order by agency, route;

-- save_route: a route as a file has it
insert into route (agency, route, name, district, priority, contractor, machine, due_min)
values (%(agency)s, %(route)s, %(name)s, %(district)s, %(priority)s, %(contractor)s, %(machine)s, %(due_min)s)
on conflict (agency, route) do update
set name = excluded.name, district = excluded.district, priority = excluded.priority, contractor = excluded.contractor,
    machine = excluded.machine, due_min = excluded.due_min;

-- route_segments: the segments of all routes, in order
select agency, route, position, segment_id, direction from route_segment order by agency, route, position;

-- save_route_segment: a segment of a route as a file has it
insert into route_segment (agency, route, position, segment_id, direction)
values (%(agency)s, %(route)s, %(position)s, %(segment_id)s, %(direction)s)
on conflict (agency, route, position) do update
set segment_id = excluded.segment_id, direction = excluded.direction;

-- remove_route_segments: take segments off their routes
delete from route_segment
using unnest(%(agency)s::text[], %(route)s::text[], %(position)s::integer[]) as gone (agency, route, position)
where route_segment.agency = gone.agency and route_segment.route = gone.route
  and route_segment.position = gone.position;

-- work_orders: all orders
select agency, number, machine, route, issued_at, issued_by, acknowledged_at from work_order order by agency, number;

-- save_work_order: an order as a file has it
insert into work_order (agency, number, machine, route, issued_at, issued_by, acknowledged_at)
values (%(agency)s, %(number)s, %(machine)s, %(route)s, %(issued_at)s, %(issued_by)s, %(acknowledged_at)s)
on conflict (agency, number) do update
set machine = excluded.machine, route = excluded.route, issued_at = excluded.issued_at,
    issued_by = excluded.issued_by, acknowledged_at = excluded.acknowledged_at;

-- mounted_devices: all mountings by the numbers of their devices, in the order of Mountings
select d.device, m.valid_from, m.valid_to, machine.kind, machine.footways, m.agency
from mounting as m
join machine on machine.agency = m.agency and machine.machine = m.machine
join device as d on d.agency = m.agency and d.name = m.device
order by d.device, m.valid_from;

-- oldest_fixes: the oldest stored fix of each of these devices that has any
select device, least(
    (select min(device_time) from fix where fix.device = asked.device),
    (select min(received_at) from fix_undated where fix_undated.device = asked.device)
) as oldest
from unnest(%(devices)s::integer[]) as asked (device)
where exists (select from fix where fix.device = asked.device)
   or exists (select from fix_undated where fix_undated.device = asked.device);

-- segments_of_stretches: the segments of passes that devices began in stretches
select distinct pass.segment_id
from unnest(%(devices)s::integer[], %(from_times)s::timestamptz[], %(to_times)s::timestamptz[])
    as asked (device, from_time, to_time)
join pass on pass.device = asked.device and pass.started_at >= asked.from_time and pass.started_at < asked.to_time;

-- segments_worked_since: the segments of all passes and reports, corrected or not, that ended since a time
select segment_id from pass where ended_at >= %(since)s
union
select unnest(segments) from reported where to_at >= %(since)s;

-- remove_all_touched: a new event begins
delete from touched;

-- segments_worked_in_event: those since the event began that was folded, the earliest of several networks'
with event as (select greatest((select min(event_start) from fold_progress), %(earliest)s::timestamptz) as start)
select segment_id from pass, event where ended_at >= start
union
select unnest(segments) from reported, event where to_at >= start;

-- adopted_policies: the versions by which facts were made, or may have been
select version, sha256 from policy order by version;

-- adopt_policy: note a version before it is used
insert into policy (version, valid_from, sha256, content)
values (%(version)s, %(valid_from)s, %(sha256)s, %(content)s);

-- hours_at_work: hours since a time in which a registered machine ploughed, found by leaping from one to the next
with recursive hours (hour) as (
    select date_trunc('hour', %(since)s::timestamptz) - interval '1 hour'
    union all
    select (
        select date_trunc('hour', started_at)
        from activity
        join device using (device)
        where ploughed and started_at >= hour + interval '1 hour' and exists (
            select from mounting
            where mounting.agency = device.agency and mounting.device = device.name
              and valid_from <= started_at and (valid_to is null or started_at < valid_to)
        )
        order by started_at
        limit 1
    )
    from hours
    where hour is not null
)
select hour from hours where hour >= date_trunc('hour', %(since)s::timestamptz);

-- event_entries: what people decided of events
select entry, kind, at, reason, entered_by, voids from event_entry order by entry;

-- enter_event: decide something of an event
insert into event_entry (kind, at, voids, reason, entered_by)
values (%(kind)s, %(at)s, %(voids)s, %(reason)s, %(by)s)
returning entry;

-- closures: closed roads, each with the end that was entered for it last
select c.closure, c.segments, c.from_at, coalesce(e.until_at, c.until_at), c.reason, c.entered_by
from closure c
left join lateral (
    select until_at from closure where ends = c.closure order by closure desc limit 1
) as e on true
where c.ends is null
order by c.closure;

-- close_segments: close roads for a while
insert into closure (segments, from_at, until_at, reason, entered_by)
values (%(segments)s, %(from_at)s, %(until_at)s, %(reason)s, %(by)s)
returning closure;

-- hold_events: nobody else decides of events until the transaction ends
select pg_advisory_xact_lock(%(lock)s);

-- end_closure: say when a closure ends
insert into closure (ends, segments, until_at, reason, entered_by)
values (%(closure)s, '{}', %(until_at)s, %(reason)s, %(by)s);

-- hear_sensors: a sensor was heard; until the end of the transaction, its readings are ours to add
insert into depth_sensor (agency, sensor, heard_at) values (%(agency)s, %(sensor)s, %(heard_at)s)
on conflict (agency, sensor) do update set heard_at = greatest(depth_sensor.heard_at, excluded.heard_at);

-- add_depths: keep readings, each of an instant of its own, unless its instant has one; nothing here hangs on statistics
insert into depth_reading (agency, sensor, time, depth_mm, temperature_ddeg, battery_mv, received_at)
select %(agency)s::text, %(sensor)s::text, time, depth_mm, temperature_ddeg, battery_mv, %(received_at)s::timestamptz
from unnest(%(time)s::timestamptz[], %(depth_mm)s::int[], %(temperature_ddeg)s::smallint[], %(battery_mv)s::int[])
    as each (time, depth_mm, temperature_ddeg, battery_mv)
on conflict (agency, sensor, time) do nothing;

-- kept_depths: the depths that are kept of these instants, as one string, in the order of time
select string_agg(int4send(depth_mm), ''::bytea order by time)
from depth_reading
where agency = %(agency)s and sensor = %(sensor)s and time = any(%(time)s::timestamptz[]);

-- list_depth_days: days of which a sensor read something new; one that stands there is held until that is committed
insert into depth_day (agency, sensor, day)
select distinct %(agency)s::text, %(sensor)s::text, date_trunc('day', time, 'UTC')
from unnest(%(time)s::timestamptz[]) as each (time)
on conflict (agency, sensor, day) do update set day = excluded.day;

-- take_depth_days: take days of some sensors off the list, the newest before an instant and those shortly before it
with asked as (
    select * from unnest(%(agencies)s::text[], %(sensors)s::text[]) as each (agency, sensor)
), newest as (
    select max(day) as day from depth_day join asked using (agency, sensor) where day < %(before)s
), chosen as (
    select depth_day.agency, depth_day.sensor, depth_day.day
    from depth_day join asked using (agency, sensor) cross join newest
    where depth_day.day <= newest.day and depth_day.day > newest.day - %(length)s::interval
    for update of depth_day skip locked
)
delete from depth_day using chosen
where (depth_day.agency, depth_day.sensor, depth_day.day) = (chosen.agency, chosen.sensor, chosen.day)
returning depth_day.day;

-- count_depths: add to what is counted of a sensor
update depth_sensor
set readings = readings + %(readings)s, conflicts = conflicts + %(conflicts)s, misdated = misdated + %(misdated)s,
    rejected = rejected + %(rejected)s, last_fault = coalesce(%(last_fault)s, last_fault)
where agency = %(agency)s and sensor = %(sensor)s;

-- add_misdated: keep readings aside whose time cannot be
insert into depth_misdated (agency, sensor, time, depth_mm, received_at)
values (%(agency)s, %(sensor)s, %(time)s, %(depth_mm)s, %(received_at)s);

-- trim_misdated: keep the newest of them, so many
delete from depth_misdated
where misdated <= (select misdated from depth_misdated order by misdated desc offset %(kept)s limit 1);

-- heard_sensors: all sensors that were ever heard, registered or not
select agency, sensor, readings, conflicts, misdated, rejected, last_fault, heard_at
from depth_sensor order by agency, sensor;

-- depth_series: the depths at sensors in a time range, each as one string: time in microseconds and depth, in order
with depths as (
    select reading.* from unnest(%(agencies)s::text[], %(sensors)s::text[]) as asked (agency, sensor),
        lateral depths_at(asked.agency, asked.sensor, %(from_time)s, %(to_time)s) as reading
)
select agency, sensor,
    string_agg(int8send((extract(epoch from time) * 1000000)::bigint) || int4send(depth_mm), ''::bytea order by time)
from depths
group by agency, sensor;

-- depths: the depths at a sensor in a time range, in order
select time, depth_mm, temperature_ddeg, battery_mv
from depths_at(%(agency)s, %(sensor)s, %(from_time)s, %(to_time)s)
order by time
limit %(limit)s;

-- enter_snow: note what somebody says, unless what it corrects is not of this sensor or is corrected already
insert into told_snow (corrects, agency, sensor, kind, from_at, to_at, depth_mm, reason, said_by)
select %(corrects)s::bigint, %(agency)s::text, %(sensor)s::text, %(kind)s::text, %(from_at)s::timestamptz,
       %(to_at)s::timestamptz, %(depth_mm)s::integer, %(reason)s::text, %(said_by)s::text
where %(corrects)s::bigint is null
   or exists (select from told_snow
              where told = %(corrects)s::bigint and agency = %(agency)s::text and sensor = %(sensor)s::text)
on conflict (corrects) do nothing
returning told;

-- spans_of_told_snow: the times of which some entries speak
select from_at, to_at from told_snow where told = any(%(told)s::bigint[]);

-- told_snow: what people said of snow, newest first, each with the entry that corrects it
select one.told, one.corrects, later.told, one.agency, one.sensor, one.kind, one.from_at, one.to_at, one.depth_mm,
       one.reason, one.said_by, one.entered_at
from told_snow as one
left join told_snow as later on later.corrects = one.told
where one.told < %(before)s and (%(agencies)s::text[] is null or one.agency = any(%(agencies)s::text[]))
order by one.told desc
limit %(limit)s;

-- save_figure: how a sensor stands
insert into sensor_figure (agency, sensor, at, state, depth_mm, new_1h_mm, new_24h_mm)
values (%(agency)s, %(sensor)s, %(at)s, %(state)s, %(depth_mm)s, %(new_1h_mm)s, %(new_24h_mm)s)
on conflict (agency, sensor) do update
set at = excluded.at, state = excluded.state, depth_mm = excluded.depth_mm, new_1h_mm = excluded.new_1h_mm,
    new_24h_mm = excluded.new_24h_mm;

-- figures: how the sensors stand
select agency, sensor, at, state, depth_mm, new_1h_mm, new_24h_mm from sensor_figure order by agency, sensor;

-- alert_states: where each rule stands at each sensor
select agency, rule, sensor, looked_at, holds, told, since, value_mm from alert_state;

-- save_alert_state: where a rule stands at a sensor
insert into alert_state (agency, rule, sensor, looked_at, holds, told, since, value_mm)
values (%(agency)s, %(rule)s, %(sensor)s, %(looked_at)s, %(holds)s, %(told)s, %(since)s, %(value_mm)s)
on conflict (agency, rule, sensor) do update
set looked_at = excluded.looked_at, holds = excluded.holds, told = excluded.told, since = excluded.since,
    value_mm = excluded.value_mm;

-- add_alert_event: an alert was raised, or is over
insert into alert_event (agency, rule, sensor, raised, since, told_at, value_mm)
values (%(agency)s, %(rule)s, %(sensor)s, %(raised)s, %(since)s, %(told_at)s, %(value_mm)s);

-- add_notice: something to send
insert into notice (agency, way, target, content, made_at, next_at)
values (%(agency)s, %(way)s, %(target)s, %(content)s, %(made_at)s, %(made_at)s);

-- next_notice: the notice that has waited longest for its next attempt; nobody else takes it meanwhile
select notice, agency, way, target, content, made_at, attempts
from notice
where ended_at is null and next_at <= %(now)s
order by next_at
limit 1
for update skip locked;

-- end_notice: it was sent, or there will be no other attempt
update notice
set attempts = attempts + 1, ended_at = %(now)s, sent_at = %(sent_at)s, fault = %(fault)s
where notice = %(notice)s;

-- put_off_notice: an attempt failed; there will be another one
update notice
set attempts = attempts + 1, next_at = %(next_at)s, fault = %(fault)s
where notice = %(notice)s;

-- notices: what is to be sent and what was, newest first
select notice, agency, way, target, made_at, attempts, sent_at, ended_at, fault
from notice order by notice desc limit %(limit)s;

-- notice_counts: by agency and way in a time range: made, sent, and given up
select agency, way, count(*), count(sent_at), count(*) filter (where ended_at is not null and sent_at is null)
from notice
where made_at >= %(from_time)s and made_at < %(to_time)s
group by agency, way
order by agency, way;

-- add_proposal: the snow says that it is time to go out
insert into proposal (agency, sensor, road_classes, criterion_mm, new_mm, since, at)
values (%(agency)s, %(sensor)s, %(road_classes)s, %(criterion_mm)s, %(new_mm)s, %(since)s, %(at)s);

-- latest_proposals: when each was last proposed for a sensor and a road class
select agency, sensor, road_class, max(at)
from proposal, unnest(road_classes) as road_class
where at >= %(since)s
group by agency, sensor, road_class;

-- latest_orders: when each agency last ordered machines out
select agency, max(issued_at) from work_order where issued_at <= %(now)s group by agency;

-- proposals: what was proposed in a time range, newest first
select agency, sensor, road_classes, criterion_mm, new_mm, since, at
from proposal
where at >= %(from_time)s and at < %(to_time)s and (%(agencies)s::text[] is null or agency = any(%(agencies)s::text[]))
order by at desc, proposal desc
limit %(limit)s;

-- proposal_counts: how often each agency was proposed to go out in a time range
select agency, count(*)
from proposal
where at >= %(from_time)s and at < %(to_time)s and (%(agencies)s::text[] is null or agency = any(%(agencies)s::text[]))
group by agency
order by agency;

-- basis_number: the number of what results were computed with, made at first sight
with made as (
    insert into basis (results, network_id, settings, fleet_version)
    values (%(results)s, %(network_id)s, %(settings)s::jsonb, %(fleet_version)s)
    on conflict do nothing
    returning basis
)
select basis from made
union all
select basis from basis
where results = %(results)s and network_id = %(network_id)s and settings = %(settings)s::jsonb
  and fleet_version = %(fleet_version)s
limit 1;

-- use_basis: ingest begins to compute with this
update basis set used_at = clock_timestamp() where basis = %(basis)s;

-- basis_in_use: what ingest began to compute with last
select results, network_id, settings, fleet_version
from basis where used_at is not null order by used_at desc limit 1;

-- note_basis: what these tracks were computed with, and what the registry said of their devices
update track
set basis = %(basis)s, known_as = asked.known_as
from unnest(%(devices)s::integer[], %(starts)s::timestamptz[], %(known_as)s::text[])
    as asked (device, started_at, known_as)
where track.device = asked.device and track.started_at = asked.started_at;

-- bases_of_tracks: what the tracks that a device began in a time range were computed with, in order
select started_at, known_as, results, network_id, settings, fleet_version
from track left join basis using (basis)
where device = %(device)s and started_at >= %(from_time)s and started_at <= %(to_time)s
order by started_at;

-- hold_device: until the transaction ends nobody else replaces results of this device
select device from device where device = %(device)s for no key update;

-- kept_of_device: what the stages kept of a device, on whatever network, and whether fixes are stored beyond that
select kept, exists (select from journal where batch > saved_batch and device.device = any(devices))
from device left join device_state using (device) where device = %(device)s;

-- kept_states: the same of all devices
select device, kept, exists (select from journal where batch > saved_batch and device.device = any(devices))
from device left join device_state using (device) order by device;

-- stored_reach: from when to when the results go on that a device has in a time range
select min(started_at), max(ended_at)
from (
    select started_at, ended_at from pass
    where device = %(device)s and started_at between %(since)s and %(to_time)s and ended_at >= %(from_time)s
    union all
    select started_at, ended_at from activity
    where device = %(device)s and started_at between %(since)s and %(to_time)s and ended_at >= %(from_time)s
    union all
    select started_at, ended_at from track
    where device = %(device)s and started_at between %(since)s and %(to_time)s and ended_at >= %(from_time)s
) as stored;

-- dirty_of_device: stretches in a time range that wait to be computed again
select from_time, to_time from dirty
where device = %(device)s and from_time <= %(to_time)s and to_time >= %(from_time)s
order by from_time, dirty;

-- devices_at: devices that have fixes, results, or something to compute in a time range
select device, agency, name, latest_at from device
where exists (
    select from fix where fix.device = device.device and device_time between %(from_time)s and %(to_time)s
) or exists (
    select from fix_undated where fix_undated.device = device.device and received_at >= %(from_time)s
) or exists (
    select from track
    where track.device = device.device and started_at between %(since)s and %(to_time)s and ended_at >= %(from_time)s
) or exists (
    select from activity
    where activity.device = device.device and started_at between %(since)s and %(to_time)s
      and ended_at >= %(from_time)s
) or exists (
    select from dirty
    where dirty.device = device.device and from_time <= %(to_time)s and to_time >= %(from_time)s
)
order by agency, name;

-- archived_devices: devices with fixes that say a time in a range, or were received in it without one that can be right
select device, agency, name from device
where exists (
    select from fix
    where fix.device = device.device and device_time >= %(from_time)s and device_time < %(to_time)s
) or exists (
    select from fix_undated
    where fix_undated.device = device.device and received_at >= %(from_time)s and received_at < %(to_time)s
)
order by agency, name;

-- schema_comment: what is said of a schema, if it is there
select coalesce(obj_description(oid, 'pg_namespace'), '') from pg_namespace where nspname = %(schema)s;

-- put_device: a device under a number that it has elsewhere
insert into device (device, agency, name) overriding system value
values (%(device)s, %(agency)s, %(name)s);

-- touched_segments: all segments to look at, each once
select distinct segment_id from touched order by segment_id;

-- ploughed_since: ploughing passes that ended in a time range, as columns of a PassBatch
select string_agg(int4send(device), ''), string_agg(int8send(segment_id), ''), string_agg(int2send(direction), ''),
       string_agg(int4send(from_mm), ''), string_agg(int4send(to_mm), ''),
       string_agg(timestamptz_send(started_at), ''), string_agg(timestamptz_send(ended_at), ''),
       string_agg(int2send(work), ''), string_agg(int2send(evidence), ''), string_agg(int2send(confidence), ''),
       string_agg(int4send(coalesce(material_g, -2147483648)), '')
from pass
where ended_at >= %(since)s and ended_at <= %(now)s and work = 0;

-- route_lines: the segments and directions of each route, each as one string, in order
select agency, route, string_agg(int8send(segment_id), ''::bytea order by position),
       string_agg(int2send(direction), ''::bytea order by position)
from route_segment
group by agency, route;

-- routes_asked_for: when each route was first ordered in an event
select agency, route, min(issued_at)
from work_order
where route is not null and issued_at >= %(since)s and issued_at <= %(now)s
group by agency, route;

-- pass_counts: how many passes of each segment ended in a time range, in order, as columns of Counts
select string_agg(int8send(segment_id), ''), string_agg(int8send(passes), '')
from (
    select segment_id, count(*) as passes from pass
    where ended_at >= %(from_time)s and ended_at < %(to_time)s
    group by segment_id
    order by segment_id
) as ordered;

-- passes_of_range: passes on a range of segments that ended in a time range, as columns of a PassBatch
select string_agg(int4send(device), ''), string_agg(int8send(segment_id), ''), string_agg(int2send(direction), ''),
       string_agg(int4send(from_mm), ''), string_agg(int4send(to_mm), ''),
       string_agg(timestamptz_send(started_at), ''), string_agg(timestamptz_send(ended_at), ''),
       string_agg(int2send(work), ''), string_agg(int2send(evidence), ''), string_agg(int2send(confidence), ''),
       string_agg(int4send(coalesce(material_g, -2147483648)), '')
from pass
where segment_id >= %(first)s and segment_id <= %(last)s and ended_at >= %(from_time)s and ended_at < %(to_time)s;

-- activities_of_devices: spans of some devices that overlap a time range, as columns of an ActivityBatch
select string_agg(int4send(device), ''), string_agg(timestamptz_send(started_at), ''),
       string_agg(timestamptz_send(ended_at), ''), string_agg(int2send(activity), ''), string_agg(int2send(evidence), ''),
       string_agg(int2send(doubted::int::smallint), ''), string_agg(int2send(ploughed::int::smallint), ''),
       string_agg(int8send(driven_mm), '')
from activity
where device = any(%(devices)s) and started_at >= %(since)s and started_at < %(to_time)s and ended_at > %(from_time)s;

-- tracks_in: when devices have tracks in a time range, in the order of Heard
select string_agg(int4send(device), ''), string_agg(timestamptz_send(started_at), ''),
       string_agg(timestamptz_send(ended_at), '')
from track
where ended_at >= %(from_time)s and started_at < %(to_time)s;

-- carried: which machine carried which tracker, and when; the number of a device only where it was heard of
select m.agency, m.device, m.machine, d.device, m.valid_from, m.valid_to
from mounting as m
left join device as d on d.agency = m.agency and d.name = m.device
order by m.agency, m.device, m.valid_from;

-- orders_in: orders that were issued in a time range
select agency, machine, issued_at from work_order
where issued_at >= %(from_time)s and issued_at < %(to_time)s
order by issued_at, agency, number;

-- proposals_in: when it was proposed to go out in a time range
select agency, at from proposal
where at >= %(from_time)s and at < %(to_time)s
order by at, proposal;

-- remove_snow_hours: hours of snow in a time range that may be otherwise now
delete from snow_hour
where hour >= %(from_time)s and hour < %(to_time)s and not hour = any(%(hours)s::timestamptz[]);

-- add_snow_hours: hours in which snow fell
insert into snow_hour (hour) select unnest(%(hours)s::timestamptz[]) on conflict do nothing;

-- snow_hours: hours in which snow fell, in order
select hour from snow_hour where hour >= %(since)s order by hour;

-- oldest_results: when the first thing is from that a device has, or that is to be computed of it
select least(
    (select min(started_at) from track where device = %(device)s),
    (select min(started_at) from activity where device = %(device)s),
    (select min(started_at) from pass where device = %(device)s),
    (select min(from_time) from dirty where device = %(device)s)
);

-- carriers: the machines that carried a tracker in a time range, in order, with their agency and contractor
select m.valid_from, m.valid_to, machine.machine, machine.kind, machine.class, machine.plate, machine.owner,
       contractor.name, agency.name, agency.districts
from mounting as m
join machine on machine.agency = m.agency and machine.machine = m.machine
join agency on agency.agency = m.agency
left join contractor on contractor.agency = m.agency and contractor.contractor = machine.contractor
where m.agency = %(agency)s and m.device = %(device)s
  and m.valid_from < %(to_time)s and (m.valid_to is null or m.valid_to > %(from_time)s)
order by m.valid_from;

-- orders_of_machines: orders that some machines of an agency got in a time range, in order
select machine, number, issued_at
from work_order
where agency = %(agency)s and machine = any(%(machines)s)
  and issued_at >= %(from_time)s and issued_at < %(to_time)s
order by issued_at, number;

-- districts_of_machines: districts of the routes that machines were given, or were ordered to in a time range
select machine, district
from route
where agency = %(agency)s and machine = any(%(machines)s) and district is not null
union
select work_order.machine, route.district
from work_order
join route on route.agency = work_order.agency and route.route = work_order.route
where work_order.agency = %(agency)s and work_order.machine = any(%(machines)s) and route.district is not null
  and work_order.issued_at >= %(from_time)s and work_order.issued_at < %(to_time)s;

-- enter_report: note what a manager reports, unless what it corrects is not of this agency or is corrected already
insert into reported (corrects, agency, segments, directions, work, from_at, to_at, said_by, note)
select %(corrects)s::bigint, %(agency)s::text, %(segments)s::bigint[], %(directions)s::smallint[], %(work)s::smallint,
       %(from_at)s::timestamptz, %(to_at)s::timestamptz, %(said_by)s::text, %(note)s::text
where %(corrects)s::bigint is null
   or exists (select from reported where reported = %(corrects)s::bigint and agency = %(agency)s::text)
on conflict (corrects) do nothing
returning reported;

-- segments_of_reports: the segments of some entries, each once
select distinct unnest(segments) from reported where reported = any(%(reports)s::bigint[]);

-- reports: what managers reported, newest first, each with the entry that corrects it
select one.reported, one.corrects, later.reported, one.agency, one.segments, one.directions, one.work, one.from_at,
       one.to_at, one.said_by, one.note, one.received_at
from reported as one
left join reported as later on later.corrects = one.reported
where one.reported < %(before)s and (%(agencies)s::text[] is null or one.agency = any(%(agencies)s::text[]))
order by one.reported desc
limit %(limit)s;

-- reported_work: what was reported of segments, ended since a time, and is not corrected
select agency, segment_id, direction, work, from_at, to_at
from reported as one, unnest(segments, directions) as way (segment_id, direction)
where segments && %(segments)s::bigint[] and segment_id = any(%(segments)s::bigint[])
  and to_at >= %(since)s and not exists (select from reported as later where later.corrects = one.reported);

-- route_ways: segments and directions of a route between two positions, in order
select segment_id, direction from route_segment
where agency = %(agency)s and route = %(route)s and position between %(first)s and %(last)s
order by position;

-- stored_days: days before one that have a partition, or fixes without a time of their own, in order
select to_date(substr(relname, 5), 'YYYYMMDD')
from pg_inherits join pg_class on pg_class.oid = inhrelid
where inhparent = 'fix'::regclass and to_date(substr(relname, 5), 'YYYYMMDD') < %(before)s::date
union
select (received_at at time zone 'UTC')::date from fix_undated where received_at < %(before)s::date
order by 1;

-- fixes_of_day: how many fixes belong to a day, by their own time and, without one, by when they were received
select (select count(*) from fix where device_time >= %(from_time)s and device_time < %(to_time)s),
       (select count(*) from fix_undated where received_at >= %(from_time)s and received_at < %(to_time)s);

-- came_since: whether a fix of a day was received since a time
select exists (
    select from fix
    where device_time >= %(from_time)s and device_time < %(to_time)s and received_at >= %(since)s
);

-- to_compute: whether something is to be computed again near a day, but for what waits for archives
select exists (
    select from dirty
    where not waits and from_time < %(to_time)s::timestamptz + interval '1 day'
      and to_time >= %(from_time)s::timestamptz - interval '1 day'
);

-- behind_on_day: devices with fixes of a day, and with fixes of any day beyond what the stages kept
select device, agency, name
from device
where exists (select from journal where batch > saved_batch and device.device = any(devices)) and (
    exists (
        select from fix
        where fix.device = device.device and device_time >= %(from_time)s and device_time < %(to_time)s
    ) or exists (
        select from fix_undated
        where fix_undated.device = device.device and received_at >= %(from_time)s and received_at < %(to_time)s
    )
);

-- close_day: how many fixes a day has by their own time; nobody adds any until the transaction ends
select close_day(%(day)s::date);

-- remove_undated: the fixes without a time of their own that were received in a time range
delete from fix_undated where received_at >= %(from_time)s and received_at < %(to_time)s;

-- drop_day: the table of a day; who reads or writes fixes waits until the transaction ends
select drop_day(%(day)s::date);

-- hold_days: no day leaves the database until the transaction ends
select hold_days();

-- note_retired: which file a day left for
insert into retired (day, part, file, fixes, sha256, undated)
values (%(day)s, %(part)s, %(file)s, %(fixes)s, %(sha256)s, %(undated)s);

-- retired: the files that days left for, in order
select day, part, file, fixes, sha256, undated from retired order by day, part;

-- remove_waiting: what waits for archives of a device and lies in a time range
delete from dirty
where device = %(device)s and waits and from_time >= %(from_time)s and to_time <= %(to_time)s;

-- mark_waiting: a stretch that waits for archives, unless one does that it lies in
insert into dirty (device, from_time, to_time, waits)
select %(device)s::integer, %(from_time)s::timestamptz, %(to_time)s::timestamptz, true
where not exists (
    select from dirty
    where device = %(device)s and waits and from_time <= %(from_time)s and to_time >= %(to_time)s
);

-- waiting_of_device: the stretches of a device that wait for archives
select from_time, to_time, dirty from dirty where device = %(device)s and waits order by from_time, dirty;

-- waiting: how many stretches wait for archives, from when to when
select count(*), min(from_time), max(to_time) from dirty where waits;

-- session_account: whose session this is, and when it was last used
select account, used_at
from session join account using (account)
where secret = %(secret)s and session.made_at > %(made_after)s and used_at > %(used_after)s and closed_at is null;

-- use_session: note that it is used
update session set used_at = %(now)s where secret = %(secret)s and used_at < %(now)s;

-- account_roles: what a person is, for whom
select role, agency, contractor from account_role where account = %(account)s order by agency, role, contractor;

-- key_rights: what a key opens
select name, rights, agency from api_key where secret = %(secret)s and expires_at > %(now)s;

-- open_account: how an account that is not closed can be signed in to
select password, failures, locked_until from account where account = %(account)s and closed_at is null for update;

-- own_account: an open account that is this person's
select 1 from account where account = %(account)s and subject = %(subject)s and closed_at is null;

-- claim_account: an open account that nobody else has, by the invitation to it, which is used up
with invited as (
    delete from invitation where account = %(account)s and expires_at > %(now)s returning account
)
update account set subject = %(subject)s
from invited
where account.account = invited.account and closed_at is null and subject is null
  and not exists (select from account as other where other.subject = %(subject)s)
returning account.account;

-- note_failures: wrong passwords in a row
update account set failures = %(failures)s, locked_until = %(locked_until)s where account = %(account)s;

-- is_invitation: it is there and good
select 1 from invitation where secret = %(secret)s and expires_at > %(now)s;

-- take_invitation: whom this invites, once
delete from invitation
where secret = %(secret)s and expires_at > %(now)s
returning account;

-- set_password: the hash of another password
update account set password = %(password)s, failures = 0, locked_until = null where account = %(account)s;

-- end_sessions: all of an account
delete from session where account = %(account)s;

-- forget_sessions: those of an account that are over
delete from session where account = %(account)s and (made_at < %(made_before)s or used_at < %(used_before)s);

-- begin_session: somebody signed in
insert into session (secret, account, made_at, used_at) values (%(secret)s, %(account)s, %(now)s, %(now)s);

-- end_session: somebody signed out
delete from session where secret = %(secret)s;

-- note_audit: what somebody did or looked at
insert into audit (at, who, action, agencies, what)
values (%(at)s, %(who)s, %(action)s, %(agencies)s, %(what)s);

-- audit_entries: the newest before a number
select entry, at, who, action, agencies, what
from audit
where entry < %(before)s
  and (%(agencies)s::text[] is null or agencies && (%(agencies)s::text[] || '*'::text))
order by entry desc
limit %(limit)s;

-- is_of_contractors: was a device on machines of these contractors alone?
select coalesce(
    bool_and(coalesce(contractor = any(%(contractors)s), false))
    and sum(least(coalesce(valid_to, %(to)s), %(to)s) - greatest(valid_from, %(from)s))
        = %(to)s::timestamptz - %(from)s::timestamptz,
    false
)
from mounting join machine using (agency, machine)
where agency = %(agency)s and device = %(device)s
  and valid_from < %(to)s and (valid_to is null or valid_to > %(from)s);

-- accounts: all of them, with what they are for whom
select account, password is not null or subject is not null, locked_until, closed_at,
       coalesce((
           select array_agg(concat_ws(' ', role, agency, contractor) order by agency, role, contractor)
           from account_role where account_role.account = account.account
       ), '{}')
from account
order by account;

-- make_account: an account that is not there yet
insert into account (account, made_at) values (%(account)s, %(now)s) on conflict do nothing;

-- open_again: an account that was closed
update account set closed_at = null where account = %(account)s;

-- give_role: what a person is for an agency
insert into account_role (account, role, agency, contractor)
values (%(account)s, %(role)s, %(agency)s, %(contractor)s)
on conflict do nothing;

-- withdraw_roles: what a person is for an agency no more
delete from account_role where account = %(account)s and agency = %(agency)s returning role;

-- invite: in place of an invitation of before
insert into invitation (secret, account, expires_at) values (%(secret)s, %(account)s, %(expires_at)s)
on conflict (account) do update set secret = excluded.secret, expires_at = excluded.expires_at;

-- close_account: nobody signs in to it any more
update account set closed_at = %(now)s, password = null, subject = null
where account = %(account)s and closed_at is null
returning account;

-- end_invitations: of an account
delete from invitation where account = %(account)s;

-- end_roles: of an account
delete from account_role where account = %(account)s;

-- api_keys: all that are good
select name, rights, agency, made_at, expires_at from api_key where expires_at > %(now)s order by name, made_at;

-- make_key: a new one
insert into api_key (secret, name, rights, agency, made_at, expires_at)
values (%(secret)s, %(name)s, %(rights)s, %(agency)s, %(now)s, %(expires_at)s);

-- shorten_keys: those of a name are good until then at most
update api_key set expires_at = least(expires_at, %(expires_at)s)
where name = %(name)s and expires_at > %(now)s
returning rights, agency;

-- forget_keys: those of a name that are over
delete from api_key where name = %(name)s and expires_at <= %(now)s;

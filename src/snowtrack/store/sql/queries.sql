-- Every statement that the program runs, by name. Python refers to the names.

-- device_number: the number of an (agency, device), made at first sight
with made as (
    insert into device (agency, name) values (%(agency)s, %(name)s)
    on conflict (agency, name) do nothing
    returning device
)
select device from made
union all
select device from device where agency = %(agency)s and name = %(name)s
limit 1;

-- devices: all devices, with how much and when they were last heard of
select device, agency, name, fixes, latest_at, heard_at from device order by agency, name;

-- note_device: count fixes and move the latest instants, which never go back
update device
set fixes = fixes + %(fixes)s, latest_at = greatest(latest_at, %(latest_at)s), heard_at = greatest(heard_at, %(heard_at)s)
where device = %(device)s;

-- committed_of_device: the committed sequence numbers of a device
select boot, ranges, floor from committed where device = %(device)s;

-- save_committed: keep the committed numbers of a boot
insert into committed (device, boot, ranges, floor) values (%(device)s, %(boot)s, %(ranges)s, %(floor)s)
on conflict (device, boot) do update set ranges = excluded.ranges, floor = excluded.floor;

-- free_boots: forget boots that the device no longer holds
delete from committed where device = %(device)s and boot < %(boot)s;

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

-- fixes_of_device: stored fixes of a device in a time range
select device, boot, seq, digest, uptime_ms, device_time, null::bigint as day_us, received_at, lat_e7, lon_e7, alt_mm,
       speed_mmps, course_cdeg, quality, satellites, hdop_centi, blade, blade_cdeg, spreading, spread_mgpm2,
       spread_width_mm, pto, inputs, battery_mv, buffered, sources, remarks
from fix
where device = %(device)s and device_time >= %(from_time)s and device_time <= %(to_time)s
order by device_time, boot, seq, digest;

-- clocks_of_boots: what is known of the clocks of these boots
select device, boot, kept from boot_clock
join unnest(%(devices)s::integer[], %(boots)s::bigint[]) as asked (device, boot) using (device, boot);

-- clocks_of_device: what is known of the clocks of all boots of a device
select device, boot, kept from boot_clock where device = %(device)s;

-- save_clock: keep what is known of a boot's clock
insert into boot_clock (device, boot, kept) values (%(device)s, %(boot)s, %(kept)s)
on conflict (device, boot) do update set kept = excluded.kept;

-- undated_of_device: fixes of a device without a time of their own, received since
select device, boot, seq, digest, uptime_ms, device_time, day_us, received_at, lat_e7, lon_e7, alt_mm, speed_mmps,
       course_cdeg, quality, satellites, hdop_centi, blade, blade_cdeg, spreading, spread_mgpm2, spread_width_mm, pto,
       inputs, battery_mv, buffered, sources, remarks
from fix_undated
where device = %(device)s and received_at >= %(since)s
order by received_at, boot, seq, digest;

-- save_state: what the stages keep of a device
insert into device_state (device, network_id, kept) values (%(device)s, %(network_id)s, %(kept)s)
on conflict (device) do update set network_id = excluded.network_id, kept = excluded.kept;

-- state_of_device: what the stages kept of a device
select kept from device_state where device = %(device)s and network_id = %(network_id)s;

-- mark_dirty: a stretch to compute again
insert into dirty (device, from_time, to_time) values (%(device)s, %(from_time)s, %(to_time)s);

-- mark_latest_dirty: the newest instant of a device, if it has one
insert into dirty (device, from_time, to_time)
select device, latest_at, latest_at from device where device = %(device)s and latest_at is not null;

-- next_dirty: the stretches of the device that has waited longest, once it has been quiet
with waiting as (
    select device
    from dirty
    group by device
    having max(marked_at) <= now() - %(quiet)s::interval or min(marked_at) <= now() - %(patience)s::interval
    order by min(marked_at)
    limit 1
)
select device, from_time, to_time, dirty from dirty join waiting using (device) order by from_time, dirty;

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

-- take_touched: take segments off the list
delete from touched where touched in (select touched from touched order by touched limit %(limit)s)
returning segment_id;

-- passes_of_segments: passes on segments since an event began, in the order of a PassBatch
select device, segment_id, direction, from_mm, to_mm, started_at, ended_at, work, evidence
from pass
where segment_id = any(%(segments)s) and ended_at >= %(since)s
order by segment_id, ended_at, started_at, pass;

-- passes_of_device: passes of a device in a time range, in the order of a PassBatch
select device, segment_id, direction, from_mm, to_mm, started_at, ended_at, work, evidence
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

-- hold_lease: stay the holder; no row when another one is
update lease set expires_at = now() + %(lasts)s::interval
where name = %(name)s and epoch = %(epoch)s
returning epoch;

-- leave_lease: let the next one in at once
update lease set expires_at = now() where name = %(name)s and epoch = %(epoch)s;

-- fold_progress: the number of the last delta and the event it belongs to
select number, event_start from fold_progress where network_id = %(network_id)s;

-- save_fold_progress: keep them
insert into fold_progress (network_id, number, event_start) values (%(network_id)s, %(number)s, %(event_start)s)
on conflict (network_id) do update set number = excluded.number, event_start = excluded.event_start;

-- segments_with_passes: all segments worked since an event began
select distinct segment_id from pass where ended_at >= %(since)s;

-- remove_states: facts that no longer hold
delete from segment_state where segment_id = any(%(segments)s);

-- remove_all_states: a new event begins
delete from segment_state returning segment_id;

-- save_segment_state: the facts of a segment in a direction
insert into segment_state
    (segment_id, direction, covered, length_mm, passes, first_at, last_at, done_at, evidence, last_device)
values
    (%(segment_id)s, %(direction)s, %(covered)s, %(length_mm)s, %(passes)s, %(first_at)s, %(last_at)s, %(done_at)s,
     %(evidence)s, %(last_device)s);

-- states: all facts
select segment_id, direction, covered, length_mm, passes, first_at, last_at, done_at, evidence, last_device
from segment_state order by segment_id, direction;

-- states_of_segment: the facts of one segment
select segment_id, direction, covered, length_mm, passes, first_at, last_at, done_at, evidence, last_device
from segment_state where segment_id = %(segment)s order by direction;

-- save_public_cut: what the public sees until the next cut
insert into public_cut (network_id, cut_at, segments) values (%(network_id)s, %(cut_at)s, %(segments)s)
on conflict (network_id) do update set cut_at = excluded.cut_at, segments = excluded.segments;

-- public_cut: what the public sees
select cut_at, segments from public_cut where network_id = %(network_id)s;

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
where retry
order by quarantine
limit %(limit)s;

-- leave_quarantine: these could be read
delete from quarantine where quarantine = any(%(numbers)s);

-- stay_in_quarantine: these could not, again
update quarantine set retry = false where quarantine = any(%(numbers)s);

-- count_rejects: add to how often a device sent what could not be read for this reason
insert into reject_count (device, reason, count, last_at) values (%(device)s, %(reason)s, %(count)s, %(at)s)
on conflict (device, reason) do update
set count = reject_count.count + excluded.count, last_at = excluded.last_at;

-- reject_counts: how often each device sent what could not be read, by reason
select device, reason, count from reject_count order by device, reason;

-- save_track: what is known of a track so far
insert into track (device, started_at, ended_at, fixes, jumps, returns, twins, too_fast, frozen_us, unsure)
values (%(device)s, %(started_at)s, %(ended_at)s, %(fixes)s, %(jumps)s, %(returns)s, %(twins)s, %(too_fast)s,
        %(frozen_us)s, %(unsure)s)
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

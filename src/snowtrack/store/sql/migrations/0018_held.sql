-- The boot before which a device holds nothing, so that what is known of those is forgotten.
alter table device add column held_boot bigint not null default 0;
update device set held_boot = oldest.boot
from (select device, min(boot) as boot from committed group by device) as oldest
where oldest.device = device.device;

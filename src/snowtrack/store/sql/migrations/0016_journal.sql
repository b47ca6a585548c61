-- What each batch brought, until results and state of its devices are saved: after a crash they are made from there.
create table journal (
    batch    bigint primary key,
    devices  integer[] not null,
    entries  bytea not null
);

-- Up to which batch results and state of a device, and these counts of it, are saved.
alter table device add column saved_batch bigint not null default 0;

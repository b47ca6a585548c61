-- What is derived of each boot's clock from its fixes: offset, and how sure. Learning more changes this and never a fix.
create table boot_clock (
    device  integer not null references device,
    boot    bigint not null,
    kept    bytea not null,
    primary key (device, boot)
);

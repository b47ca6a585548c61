-- Which agencies' rows a login of somebody's own may read: analysts, or another system that asks by SQL.
create table reader (
    role    text not null,
    agency  text not null references agency,
    primary key (role, agency)
);

create schema visible;

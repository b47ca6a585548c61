-- Who may come in, and what was done and looked at. Secrets are kept as hashes only.

create table account (
    account       text primary key check (account ~ '^[a-z0-9][a-z0-9._@-]{0,99}$'),
    password      text,
    failures      integer not null default 0,
    locked_until  timestamptz,
    closed_at     timestamptz,
    made_at       timestamptz not null default now()
);

-- What a person is for an agency; '*' stands for all of them.
create table account_role (
    account     text not null references account on delete cascade,
    role        text not null check (role in ('viewer', 'contractor', 'dispatcher', 'road_manager', 'administrator')),
    agency      text not null check (agency ~ '^([A-Za-z0-9_-]{1,64}|\*)$'),
    contractor  text,
    unique nulls not distinct (account, role, agency, contractor),
    check ((role = 'contractor') = (contractor is not null)),
    check (contractor is null or agency <> '*')
);

-- Good once, to choose a password with.
create table invitation (
    secret      bytea primary key,
    account     text not null unique references account on delete cascade,
    expires_at  timestamptz not null
);

create table session (
    secret      bytea primary key,
    account     text not null references account on delete cascade,
    made_at     timestamptz not null,
    used_at     timestamptz not null
);
create index session_account on session (account);

-- Of devices, partners and programs. Two of a name are good while one takes the place of the other.
create table api_key (
    secret      bytea primary key,
    name        text not null check (name ~ '^[A-Za-z0-9._-]{1,100}$'),
    rights      text[] not null,
    agency      text not null check (agency ~ '^([A-Za-z0-9_-]{1,64}|\*)$'),
    made_at     timestamptz not null,
    expires_at  timestamptz not null
);
create index api_key_name on api_key (name);

create table audit (
    entry     bigint generated always as identity primary key,
    at        timestamptz not null,
    who       text not null,
    action    text not null,
    agencies  text[] not null,
    what      text not null
);
create index audit_agencies on audit using gin (agencies);

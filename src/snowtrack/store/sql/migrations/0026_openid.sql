-- Who an organisation says that this is: the provider and its own name for a person, since their first sign-in by it.
alter table account add column subject text unique;

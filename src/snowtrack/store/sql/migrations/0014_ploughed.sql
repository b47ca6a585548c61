-- Whether a machine at work ploughed: an event is not opened by spreading. Of what is stored nobody knows better.
alter table activity add column ploughed boolean not null default false;
update activity set ploughed = true where activity = 3;
alter table activity alter column ploughed drop default;
drop index activity_at_work;
create index activity_ploughing on activity (started_at) where ploughed;

-- Facts count passes and weigh evidence otherwise now: the fold makes them anew.
delete from segment_state;
delete from fold_progress;

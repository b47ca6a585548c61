-- Hours in which a registered sensor saw snow fall: an event goes on through them. Those of the last days may still change.
create table snow_hour (
    hour  timestamptz primary key
);

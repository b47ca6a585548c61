-- Passes by when they ended: what was cleared of late, and in a season.
create index pass_by_time on pass (ended_at);

-- Orders by when they were issued, for how long it took to follow them.
create index work_order_by_time on work_order (issued_at);

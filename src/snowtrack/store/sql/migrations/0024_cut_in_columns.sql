-- The public's copy as columns of a `Views`, row by row of the network: a hundredth of the JSON, and read at once. The
-- fold makes the next one as soon as it starts.
truncate public_cut;
alter table public_cut rename column segments to views;

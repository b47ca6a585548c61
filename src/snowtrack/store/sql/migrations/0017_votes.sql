-- What a boot's clock keeps of its votes no longer counts them: each began with its minute and their number.
update boot_clock
set kept = convert_to(jsonb_set(
    convert_from(kept, 'UTF8')::jsonb, '{bins}',
    coalesce((
        select jsonb_agg(votes - 1) from jsonb_array_elements(convert_from(kept, 'UTF8')::jsonb -> 'bins') as votes
    ), '[]')
)::text, 'UTF8');

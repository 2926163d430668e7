{#-
  Which coarser grains a core run touched: those of the rows that really changed. Filled by the
  incremental strategy `recompute` of the tables that declare `changes`; kept as
  int_touched_visitor_days is.
-#}
{{ config(
    incremental_strategy='append',
    full_refresh=false,
    indexes=[{'columns': ['grain', 'run_id']}],
) }}

select
    {{ var('run_id') }}::bigint as run_id,
    null::text as grain,
    null::text as key,
    null::date as date
where false

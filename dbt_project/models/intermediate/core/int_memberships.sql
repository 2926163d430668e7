{#-
  Who took part in what: every moment at which a visitor became a participant of a community or a fast,
  or ceased to be one. Joining twice, or leaving without having joined, changes nothing.
-#}
{{ config(
    touched={'relation': 'int_touched_visitor_days', 'keys': ['visitor_id']},
    changes=[{
        'grain': 'participation',
        'columns': ['visitor_id', 'entity', 'occurred_at', 'event_id', 'occurred_date', 'change'],
        'key': 'entity',
        'date': 'occurred_date',
    }],
    indexes=[{'columns': ['entity', 'occurred_date']}],
) }}

-- depends_on: {{ ref('int_touched_grains') }}

with

events as (
    select
        *,
        {{ entity_key() }} as entity,
        event_type in ('join', 'user_joined_fast') as is_join
    from {{ ref('int_events') }}
    where
        is_key_event
        and is_visitor_known
        and entity_type is not null
        and entity_id is not null
        and {{ is_participation() }}
        and {{ only_touched(['visitor_id'], ref('int_touched_visitor_days')) }}
),

followed as (
    select
        *,
        coalesce(
            lag(is_join) over (partition by visitor_id, entity order by occurred_at, event_id), false
        ) as was_participant
    from events
),

final as (
    select
        visitor_id,
        entity,
        occurred_at,
        event_id,
        occurred_date,
        entity_type,
        entity_id,
        is_join::int - was_participant::int as change
    from followed
    where is_join <> was_participant
)

select * from final

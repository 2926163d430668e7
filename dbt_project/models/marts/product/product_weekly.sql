{{ config(
    touched={
        'relation': 'int_touched_entity_days',
        'keys': {'product_id': 'entity_id', 'week': "date_trunc('week', occurred_date)::date"},
        'where': touched_product_days()['where'],
    },
    indexes=[{'columns': ['week']}],
) }}

{{ product_periods('week', 'week') }}

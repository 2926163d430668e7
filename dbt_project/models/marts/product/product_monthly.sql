{{ config(
    touched={
        'relation': 'int_touched_entity_days',
        'keys': {'product_id': 'entity_id', 'month': "date_trunc('month', occurred_date)::date"},
        'where': touched_product_days()['where'],
    },
    indexes=[{'columns': ['month']}],
) }}

{{ product_periods('month', 'month') }}

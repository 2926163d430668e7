{{ config(
    touched={
        'relation': 'int_touched_entity_days',
        'keys': {'product_id': 'entity_id', 'date': 'occurred_date'},
        'where': touched_product_days()['where'],
    },
    indexes=[{'columns': ['date']}],
) }}

{{ product_periods('day', 'date') }}

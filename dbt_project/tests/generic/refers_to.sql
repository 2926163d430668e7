{#- Every row has its counterpart in another mart, both as they are about to be published.
    columns: the same in both. -#}
{% test refers_to(model, to, columns) %}

with

tested as (
    select * from {{ model }}
),

counterparts as (
    select * from {{ candidate_of(to) }}
)

select *
from tested
where ({{ columns | join(', ') }}) not in (select {{ columns | join(', ') }} from counterparts)

{% endtest %}

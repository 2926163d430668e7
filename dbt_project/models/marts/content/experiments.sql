{{ config(
    touched={
        'relation': 'int_touched_grains',
        'keys': {'experiment_id': 'key'},
        'where': grain_is('experiment_day'),
    },
) }}

with

days as (
    select * from {{ ref('int_experiment_daily') }}
    where {{ only_touched(
        ['experiment_id'], ref('int_touched_grains'), ['key'], grain_is('experiment_day')
    ) }}
),

variants as (
    select
        experiment_id,
        variant,
        min(exposed_date) as first_exposed_date,
        max(exposed_date) as last_exposed_date,
        sum(participants)::bigint as participants,
        sum(converted)::bigint as converted,
        sum(conversions)::bigint as conversions,
        sum(value) as value,
        sum(squared_value) as squared_value,
        min(first_currency) as first_currency,
        max(last_currency) as last_currency
    from days
    group by experiment_id, variant
),

compared as (
    select
        *,
        first_value(variant) over (
            partition by experiment_id
            order by ({{ is_control_name('variant') }})::integer desc, variant asc
        ) as control,
        count(*) over experiment as variants,
        sum(participants) over experiment as all_participants,
        coalesce(min(first_currency) over experiment = max(last_currency) over experiment, true)
            as has_one_currency,
        max(last_currency) over experiment as currency
    from variants
    window experiment as (partition by experiment_id)
),

-- from here on in double precision
measured as (
    select
        *,
        participants::double precision as n,
        converted::double precision / participants as rate,
        case when has_one_currency then (value / participants)::double precision end as mean,
        case
            when has_one_currency and participants > 1
                then
                    greatest(squared_value - value * value / participants, 0)::double precision
                    / (participants - 1)
        end as variance,
        sum(power(participants - all_participants / variants, 2)::double precision) over (
            partition by experiment_id
        ) / (all_participants / variants)::double precision as chi_square
    from compared
),

with_control as (
    select
        measured.*,
        control.n as control_n,
        control.rate as control_rate,
        measured.variant = measured.control as is_control,
        measured.rate - control.rate as difference,
        sqrt(
            measured.rate * (1 - measured.rate) / measured.n + control.rate * (1 - control.rate) / control.n
        ) as standard_error,
        sqrt(
            (measured.converted + control.converted) / (measured.n + control.n)
            * (1 - (measured.converted + control.converted) / (measured.n + control.n))
            * (1 / measured.n + 1 / control.n)
        ) as pooled_standard_error,
        measured.mean - control.mean as mean_difference,
        measured.variance / measured.n + control.variance / control.n as squared_mean_error,
        power(measured.variance / measured.n, 2) / nullif(measured.n - 1, 0)
        + power(control.variance / control.n, 2) / nullif(control.n - 1, 0) as welch_denominator
    from measured
    inner join measured as control
        on measured.experiment_id = control.experiment_id and measured.control = control.variant
),

tested as (
    select
        *,
        {{ normal_quantile('((1 + ' ~ confidence() ~ ') / 2)') }} as z,
        abs(difference) / nullif(pooled_standard_error, 0) as z_score,
        {{ sequential_quantile('(n + control_n)', significance()) }} as sequential_z,
        squared_mean_error * squared_mean_error / nullif(welch_denominator, 0) as degrees_of_freedom,
        mean_difference / nullif(sqrt(squared_mean_error), 0) as t_score
    from with_control
),

judged as (
    select
        *,
        case when not is_control then 2 * {{ normal_tail('z_score') }} end as p_value,
        case
            when not is_control and degrees_of_freedom >= {{ least_degrees_of_freedom() }}
                then {{ student_two_sided('t_score', 'degrees_of_freedom') }}
        end as value_p_value,
        case
            when not is_control and degrees_of_freedom >= {{ least_degrees_of_freedom() }}
                then {{ student_quantile('z', 'degrees_of_freedom') }} * sqrt(squared_mean_error)
        end as value_margin,
        case
            when variants > 1 then {{ chi_square_tail('chi_square', '(variants - 1)') }}
        end as sample_ratio_p_value
    from tested
),

decided as (
    select
        *,
        coalesce(sample_ratio_p_value >= {{ sample_ratio_significance() }}, false) as is_sample_sound,
        p_value < {{ significance() }} / nullif(variants - 1, 0) and difference > 0 as beats_control,
        is_control or coalesce(
            p_value < {{ significance() }} / nullif(variants - 1, 0) and difference < 0, false
        )
            as is_beaten_by_control
    from judged
),

ranked as (
    select
        *,
        bool_and(is_beaten_by_control) over experiment and variants > 1 as is_control_best,
        row_number() over (
            partition by experiment_id
            order by coalesce(beats_control, false)::integer desc, rate desc, variant asc
        ) as place
    from decided
    window experiment as (partition by experiment_id)
),

final as (
    select
        experiment_id,
        variant,
        is_control,
        first_exposed_date,
        last_exposed_date,
        participants,
        converted,
        conversions,
        round((100 * rate)::numeric, 4) as conversion_rate,
        case when not is_control then round((100 * difference)::numeric, 4) end as difference,
        case when not is_control then round((100 * (difference - z * standard_error))::numeric, 4) end
            as difference_low,
        case when not is_control then round((100 * (difference + z * standard_error))::numeric, 4) end
            as difference_high,
        case when not is_control then round((100 * difference / nullif(control_rate, 0))::numeric, 4) end
            as uplift,
        round(p_value::numeric, 6) as p_value,
        case
            when not is_control
                then round((100 * (difference - sequential_z * standard_error))::numeric, 4)
        end as sequential_low,
        case
            when not is_control
                then round((100 * (difference + sequential_z * standard_error))::numeric, 4)
        end as sequential_high,
        round(mean::numeric, 6) as value_per_participant,
        nullif(case when has_one_currency then currency end, '{{ unknown() }}') as value_currency,
        case when not is_control then round(mean_difference::numeric, 6) end as value_difference,
        round((mean_difference - value_margin)::numeric, 6) as value_difference_low,
        round((mean_difference + value_margin)::numeric, 6) as value_difference_high,
        round(value_p_value::numeric, 6) as value_p_value,
        round(sample_ratio_p_value::numeric, 6) as sample_ratio_p_value,
        is_sample_sound,
        {{ var('experiment_confidence') }}::numeric as confidence_level,
        is_sample_sound and (
            coalesce(beats_control, false) and place = 1
            or is_control and is_control_best
        ) as is_winner
    from ranked
)

select * from final

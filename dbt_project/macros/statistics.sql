{#-
  Distribution functions in SQL, for double precision. Postgres has erf() from version 16 on alone, and
  none for Student's t. tests/dbt_project/test_statistics.py holds them against SciPy.
-#}

{#-
  Upper tail of the standard normal distribution, for x >= 0.

  Source: G. West, "Better approximations to cumulative normal functions", Wilmott Magazine, May 2005,
  after J. F. Hart et al., "Computer Approximations", Wiley 1968, algorithm 5666. Error below 1e-15.
-#}
{% macro normal_tail(x) -%}
    case
        when {{ x }} > 37 then 0
        when {{ x }} < 7.07106781186547
            then exp(-{{ x }} * {{ x }} / 2) * {{ horner(x, [
                '3.52624965998911e-02', '0.700383064443688', '6.37396220353165', '33.912866078383',
                '112.079291497871', '221.213596169931', '220.206867912376',
            ]) }} / {{ horner(x, [
                '8.83883476483184e-02', '1.75566716318264', '16.064177579207', '86.7807322029461',
                '296.564248779674', '637.333633378831', '793.826512519948', '440.413735824752',
            ]) }}
        else
            exp(-{{ x }} * {{ x }} / 2)
            / ({{ x }} + 1 / ({{ x }} + 2 / ({{ x }} + 3 / ({{ x }} + 4 / ({{ x }} + 0.65)))))
            / 2.506628274631
    end
{%- endmacro %}

{#- A polynomial by Horner's rule, the coefficient of the highest power first. -#}
{% macro horner(x, coefficients) -%}
    {%- set sum = namespace(sql=coefficients[0] ~ '::double precision') -%}
    {%- for coefficient in coefficients[1:] -%}
        {%- set sum.sql = '(' ~ sum.sql ~ ' * ' ~ x ~ ' + ' ~ coefficient ~ ')' -%}
    {%- endfor -%}
    {{ sum.sql }}
{%- endmacro %}

{#-
  Quantile of the standard normal distribution, for 0.925 < p < 1 - 1e-11.

  Source: M. J. Wichura, "Algorithm AS 241: The percentage points of the normal distribution", Applied
  Statistics 37 (1988), 477-484, routine PPND16, its middle range. Error below 1e-15.
-#}
{% macro normal_quantile(p) -%}
    {%- set r = '(sqrt(-ln(1 - ' ~ p ~ '::double precision)) - 1.6)' -%}
    {{ horner(r, [
        '7.74545014278341407640e-4', '2.27238449892691845833e-2', '2.41780725177450611770e-1',
        '1.27045825245236838258e+0', '3.64784832476320460504e+0', '5.76949722146069140550e+0',
        '4.63033784615654529590e+0', '1.42343711074968357734e+0',
    ]) }} / {{ horner(r, [
        '1.05075007164441684324e-9', '5.47593808499534494600e-4', '1.51986665636164571966e-2',
        '1.48103976427480074590e-1', '6.89767334985100004550e-1', '1.67638483018380384940e+0',
        '2.05319162663775882187e+0', '1.0',
    ]) }}
{%- endmacro %}

{#-
  Probability that Student's t with df degrees of freedom is beyond plus or minus t, for df >= 5.

  Source: G. W. Hill, "Algorithm 395: Student's t-distribution", Communications of the ACM 13 (1970),
  617-619: a normal deviate of the same probability. Error below 4e-7 from 5, 1e-9 from 10 degrees on.
-#}
{% macro student_two_sided(t, df) -%}
    {%- set a = '(' ~ df ~ ' - 0.5)' -%}
    {%- set y = '(' ~ a ~ ' * ln(1 + ' ~ t ~ ' * ' ~ t ~ ' / ' ~ df ~ '))' -%}
    {%- set b = '(48 * ' ~ a ~ ' * ' ~ a ~ ')' -%}
    2 * (
        select {{ normal_tail('deviate.z') }}
        from (
            select
                sqrt(hill.y)
                * (
                    1 + (
                        3 + hill.y + (((-0.4 * hill.y - 3.3) * hill.y - 24.0) * hill.y - 85.5)
                        / (0.8 * hill.y * hill.y + 100 + hill.b)
                    ) / hill.b
                ) as z
            from (select {{ y }} as y, {{ b }} as b) as hill
        ) as deviate
    )
{%- endmacro %}

{#-
  Quantile of Student's t with df degrees of freedom, for df >= 5, from the normal quantile z of the
  same probability.

  Source: M. Abramowitz and I. A. Stegun, "Handbook of Mathematical Functions", 1964, formula 26.7.5.
  Relative error of the 97.5 % quantile below 2e-4 from 5, 4e-6 from 10 degrees on.
-#}
{% macro student_quantile(z, df) -%}
    (
        {{ z }}
        + {{ z }} * {{ horner('(' ~ z ~ ' * ' ~ z ~ ')', ['1', '1']) }} / (4 * {{ df }})
        + {{ z }} * {{ horner('(' ~ z ~ ' * ' ~ z ~ ')', ['5', '16', '3']) }} / (96 * power({{ df }}, 2))
        + {{ z }} * {{ horner('(' ~ z ~ ' * ' ~ z ~ ')', ['3', '19', '17', '-15']) }} / (384 * power({{ df }}, 3))
        + {{ z }} * {{ horner('(' ~ z ~ ' * ' ~ z ~ ')', ['79', '776', '1482', '-1920', '-945']) }}
        / (92160 * power({{ df }}, 4))
    )
{%- endmacro %}

{#-
  Upper tail of the chi-square distribution with df (whole) degrees of freedom.

  Source: M. Abramowitz and I. A. Stegun, "Handbook of Mathematical Functions", 1964, formulas 26.4.4
  (df odd) and 26.4.5 (df even): finite sums, exact but for rounding.
-#}
{% macro chi_square_tail(x, df) -%}
    case
        when {{ x }} > 1400 then 0
        when {{ x }} = 0 then 1
        when mod({{ df }}, 2) = 0
            then exp(-{{ x }} / 2) * (
                select sum(power({{ x }} / 2, terms.n) / factorial(terms.n)::double precision)
                from generate_series(0, {{ df }} / 2 - 1) as terms (n)
            )
        else
            2 * (select {{ normal_tail('root.x') }} from (select sqrt({{ x }}) as x) as root)
            + exp(-{{ x }} / 2) * sqrt(2 / pi()) * (
                -- the product of the odd numbers to 2n - 1 is (2n)! / (2 ^ n * n!)
                select
                    coalesce(sum(
                        power(sqrt({{ x }}), 2 * terms.n - 1)
                        * power(2::double precision, terms.n)
                        * factorial(terms.n)::double precision
                        / factorial(2 * terms.n)::double precision
                    ), 0)
                from generate_series(1, ({{ df }} - 1) / 2) as terms (n)
            )
    end
{%- endmacro %}

{#-
  How many standard errors an interval reaches that holds at every look, for n observations in all: an
  asymptotic confidence sequence, tightest at 5,000 observations.

  Source: I. Waudby-Smith, D. Arbour, R. Sinha, E. H. Kennedy and A. Ramdas, "Time-uniform central limit
  theory and asymptotic confidence sequences", arXiv:2103.06476, theorem 2.2 and section 3.5 for rho.
-#}
{% macro sequential_quantile(n, alpha) -%}
    {%- set log_alpha = 'ln(' ~ alpha ~ '::double precision)' -%}
    {%- set rho_squared = '((-2 * ' ~ log_alpha ~ ' + ln(-2 * ' ~ log_alpha ~ ' + 1)) / 5000)' -%}
    sqrt(
        2 * ({{ n }} * {{ rho_squared }} + 1) / ({{ n }} * {{ rho_squared }})
        * (ln({{ n }} * {{ rho_squared }} + 1) / 2 - {{ log_alpha }})
    )
{%- endmacro %}

{#-
  By which way a visitor came: campaign parameters, click ids of advertising networks, and the page that
  led here. What the sender does not say in the event's context is read off the page's address.
-#}

{#- A campaign parameter: of the context, else of the address. -#}
{% macro campaign_parameter(name) -%}
    left(coalesce(
        nullif(context ->> '{{ name }}', ''),
        case
            when context ->> 'page_url' like '%{{ name }}=_%'
                then nullif(replace(replace(
                    substring(context ->> 'page_url' from '[?&]{{ name }}=([^&#]+)'), '+', ' '
                ), '%20', ' '), '')
        end
    ), 255)
{%- endmacro %}

{#- Which click id of an advertising network the address holds. -#}
{% macro click_id_type() -%}
    case
        when context ->> 'page_url' like '%id=_%'
            then substring(
                context ->> 'page_url' from '[?&]({{ click_ids().keys() | join('|') }})=[^&#]'
            )
    end
{%- endmacro %}

{#- The click ids that are known, with the source and the medium that each stands for. fbclid comes
    with every link that leaves Facebook, paid for or not. -#}
{% macro click_ids() -%}
    {{ return({
        'gclid': ('google', 'cpc'), 'gbraid': ('google', 'cpc'), 'wbraid': ('google', 'cpc'),
        'dclid': ('google', 'display'), 'msclkid': ('bing', 'cpc'), 'yclid': ('yandex', 'cpc'),
        'fbclid': ('facebook', 'referral'), 'ttclid': ('tiktok', 'cpc'), 'twclid': ('twitter', 'cpc'),
        'li_fat_id': ('linkedin', 'cpc'),
    }) }}
{%- endmacro %}

{% macro click_id_says(column, position) -%}
    case {{ column }}
        {%- for name, says in click_ids().items() %}
        when '{{ name }}' then '{{ says[position] }}'
        {%- endfor %}
    end
{%- endmacro %}

{#- The host of the page that led here; null where it is a page of the same site. -#}
{% macro referrer_host() -%}
    case
        when context ->> 'referrer' is not null
            then nullif(
                {{ host_of("context ->> 'referrer'") }}, coalesce({{ host_of("context ->> 'page_url'") }}, '')
            )
    end
{%- endmacro %}

{% macro host_of(url) -%}
    left(lower(substring({{ url }} from '^[a-zA-Z][a-zA-Z0-9+.-]*://(?:[^/?#@]*@)?(?:www\.)?([^/:?#]+)')), 255)
{%- endmacro %}

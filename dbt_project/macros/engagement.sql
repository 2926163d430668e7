{#- Whether an event is about content, what somebody did with it or reached by way of it, or tells what
    a campaign costs. -#}
{% macro is_about_content() -%}
    (
        category in ('content', 'conversion')
        or (category, event_type) in (('user', 'event_click'), ('campaign', 'cost'))
    )
{%- endmacro %}

{% macro is_content(event_type) -%}
    category = 'content' and event_type = '{{ event_type }}'
{%- endmacro %}

{#- Of these, what people did with content that is there: not its publication, nor a view of it. -#}
{% macro is_engagement() -%}
    category = 'user' or category = 'content' and event_type in (
        'comment', 'like', 'share', 'bookmark', 'interaction', 'follow'
    )
{%- endmacro %}

{#- The counts of an entity that days and totals share. -#}
{% macro engagement_counts() -%}
    {{ return([
        'events', 'views', 'interactions', 'likes', 'unlikes', 'comments', 'shares', 'bookmarks', 'unbookmarks',
        'clicks', 'follows', 'unfollows', 'conversions',
    ]) }}
{%- endmacro %}

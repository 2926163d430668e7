{#-
  The default channel group of a session, by the rules that Google publishes for Analytics 4
  (https://support.google.com/analytics/answer/9756891, "Manual traffic"), in their order. Google's
  lists of sites are some hundred names long; those here hold the ones that matter.
-#}

{% macro default_channel(source, medium, campaign) -%}
    case
        when
            coalesce({{ source }}, '(direct)') = '(direct)'
            and coalesce({{ medium }}, '(none)') in ('(none)', '(not set)')
            and {{ campaign }} is null
            then 'Direct'
        when {{ campaign }} like '%cross-network%' then 'Cross-network'
        when ({{ is_site('shopping', source) }} or {{ campaign }} ~ '(([^a-df-z]|^)shop|shopping)')
            and {{ is_paid(medium) }} then 'Paid Shopping'
        when {{ is_site('search', source) }} and {{ is_paid(medium) }} then 'Paid Search'
        when {{ is_site('social', source) }} and {{ is_paid(medium) }} then 'Paid Social'
        when {{ is_site('video', source) }} and {{ is_paid(medium) }} then 'Paid Video'
        when {{ medium }} in ('display', 'banner', 'expandable', 'interstitial', 'cpm') then 'Display'
        when {{ is_paid(medium) }} then 'Paid Other'
        when {{ is_site('shopping', source) }} or {{ campaign }} ~ '(([^a-df-z]|^)shop|shopping)'
            then 'Organic Shopping'
        when
            {{ is_site('social', source) }}
            or {{ medium }} in (
                'social', 'social-network', 'social-media', 'sm', 'social network', 'social media'
            )
            then 'Organic Social'
        when {{ is_site('video', source) }} or {{ medium }} like '%video%' then 'Organic Video'
        when {{ is_site('search', source) }} or {{ medium }} = 'organic' then 'Organic Search'
        when {{ medium }} in ('referral', 'app', 'link') then 'Referral'
        when {{ source }} ~ '^e[-_ ]?mail$' or {{ medium }} ~ '^e[-_ ]?mail$' then 'Email'
        when {{ medium }} = 'affiliate' then 'Affiliates'
        when {{ medium }} = 'audio' then 'Audio'
        when {{ source }} = 'sms' or {{ medium }} = 'sms' then 'SMS'
        when {{ medium }} like '%push' or {{ medium }} ~ '(mobile|notification)' or {{ source }} = 'firebase'
            then 'Mobile Push Notifications'
        else 'Unassigned'
    end
{%- endmacro %}

{#- Every channel that there can be. -#}
{% macro channels() -%}
    {{ return([
        'Direct', 'Cross-network', 'Paid Shopping', 'Paid Search', 'Paid Social', 'Paid Video', 'Display',
        'Paid Other', 'Organic Shopping', 'Organic Social', 'Organic Video', 'Organic Search', 'Referral',
        'Email', 'Affiliates', 'Audio', 'SMS', 'Mobile Push Notifications', 'Unassigned',
    ]) }}
{%- endmacro %}

{% macro is_paid(medium) -%}
    {{ medium }} ~ '^(.*cp.*|ppc|retargeting|paid.*)$'
{%- endmacro %}

{#- Whether a source is a site of a kind: by its name, such as google, or by its host. -#}
{% macro is_site(kind, source) -%}
    {%- set names = {
        'search': [
            'google', 'bing', 'yahoo', 'duckduckgo', 'ddg', 'baidu', 'yandex', 'ecosia', 'ask', 'aol', 'naver',
            'daum', 'sogou', 'qwant', 'startpage', 'seznam', 'brave', 'kagi', 'swisscows', 'mojeek', 'onet',
            'rambler', 'virgilio', 'lycos',
        ],
        'social': [
            'facebook', 'fb', 'instagram', 'ig', 'threads', 'twitter', 'x', 't', 'linkedin', 'lnkd', 'pinterest',
            'reddit', 'tiktok', 'snapchat', 'tumblr', 'vk', 'vkontakte', 'weibo', 'wechat', 'weixin',
            'whatsapp', 'telegram', 'discord', 'quora', 'mastodon', 'bsky', 'bluesky', 'xing', 'flickr', 'line',
            'nextdoor', 'meetup', 'messenger', 'kakao', 'viber', 'stackoverflow', 'ycombinator',
        ],
        'video': [
            'youtube', 'youtu', 'vimeo', 'dailymotion', 'twitch', 'netflix', 'hulu', 'wistia', 'vevo', 'rutube',
            'bilibili', 'iqiyi', 'youku', 'disneyplus',
        ],
        'shopping': [
            'amazon', 'ebay', 'etsy', 'alibaba', 'aliexpress', 'walmart', 'shopify', 'mercadolibre', 'rakuten',
            'zalando', 'idealo', 'igshopping', 'shopzilla', 'pricegrabber', 'kelkoo', 'bol', 'otto', 'allegro',
            'temu', 'shein',
        ],
    }[kind] -%}
    {{ source }} ~ '^([a-z]{1,3}\.|old\.|out\.|search\.|[a-z]{1,2}\.search\.|shopping\.|smile\.|mobile\.)?({{ names | join('|') }})(\.[a-z]{2,6}){0,2}$'
{%- endmacro %}

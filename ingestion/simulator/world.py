"""Who visits, and what there is to see: the same world in every simulation."""

from __future__ import annotations

from itertools import accumulate
from random import Random
from typing import Any, NamedTuple

_DEVICES = (
    # device, operating system, browser, share in percent
    ("desktop", "Windows", "Chrome", 24),
    ("desktop", "Windows", "Edge", 7),
    ("desktop", "Mac OS X", "Safari", 8),
    ("desktop", "Mac OS X", "Chrome", 6),
    ("desktop", "Linux", "Firefox", 5),
    ("mobile", "Android", "Chrome Mobile", 27),
    ("mobile", "iOS", "Mobile Safari", 18),
    ("tablet", "iOS", "Mobile Safari", 5),
)
_PLACES = (
    # country, region, city, locale, share in percent
    ("Germany", "Berlin", "Berlin", "de-DE", 20),
    ("Germany", "Bavaria", "Munich", "de-DE", 12),
    ("Austria", "Vienna", "Vienna", "de-AT", 8),
    ("France", "Ile-de-France", "Paris", "fr-FR", 14),
    ("United Kingdom", "England", "London", "en-GB", 16),
    ("Netherlands", "North Holland", "Amsterdam", "nl-NL", 8),
    ("United States", "New York", "New York", "en-US", 12),
    ("United States", "California", "San Francisco", "en-US", 10),
)
CHANNELS: tuple[tuple[str, dict[str, str], int], ...] = (
    # channel, campaign parameters, share in percent
    ("direct", {}, 25),
    ("organic", {"referrer": "https://search.example/"}, 35),
    ("email", {"utm_source": "newsletter", "utm_medium": "email", "utm_campaign": "weekly"}, 10),
    ("social", {"referrer": "https://social.example/"}, 12),
    ("paid_search", {"utm_source": "search", "utm_medium": "cpc", "utm_campaign": "brand"}, 12),
    ("referral", {"referrer": "https://blog.example/review"}, 6),
)
_GOODS = {
    "kitchen": ("Kettle", "Pan", "Knife", "Bowl", "Cup", "Scale"),
    "outdoor": ("Tent", "Backpack", "Lamp", "Bottle", "Stove", "Rope"),
    "audio": ("Headphones", "Speaker", "Microphone", "Turntable", "Radio", "Cable"),
    "books": ("Novel", "Atlas", "Cookbook", "Biography", "Guide", "Anthology"),
    "garden": ("Spade", "Seeds", "Hose", "Gloves", "Planter", "Rake"),
}
_BRANDS = ("Alder", "Birch", "Cedar", "Fir", "Hazel", "Maple", "Oak", "Rowan")
_PRODUCTS = 240
_COMMUNITIES = 16
_ARTICLES = 60
_REGISTERED_SHARE = 0.55
_TRAVELLERS = 0.08
_EVENTS_PER_VISITOR = 32
_FEWEST_VISITORS = 20


class Product(NamedTuple):
    """A product on sale.

    Attributes:
        product_id: Its id.
        price: In euros.
        properties: What events say of it.
    """

    product_id: str
    price: float
    properties: dict[str, Any]


class Visitor(NamedTuple):
    """Somebody who comes now and then.

    Attributes:
        anonymous_id: Id of the browser.
        user_id: Id of the account that the person logs in to; None: has none yet.
        new_user_id: Id of the account that the person would open.
        context: What every event of the visitor says of device and place.
        is_traveller: Whether the person is away from home.
    """

    anonymous_id: str
    user_id: str | None
    new_user_id: str
    context: dict[str, str]
    is_traveller: bool


class World:
    """Everything that stays the same throughout a simulation."""

    def __init__(self, random: Random, visitors: int) -> None:
        """Make it.

        Args:
            random: Source of the chance by which visitors and products are picked.
            visitors: How many visitors there are.
        """
        self._random = random
        # S311: chance that must be foreseeable
        goods, people = Random("goods"), Random("people")  # noqa: S311
        self.products = [_product(goods, number) for number in range(_PRODUCTS)]
        self._popularity = list(accumulate(1 / (rank + 3) for rank in range(_PRODUCTS)))
        self.communities = [f"c-{number:02d}" for number in range(1, _COMMUNITIES + 1)]
        self.articles = [f"a-{number:03d}" for number in range(1, _ARTICLES + 1)]
        self.visitors = [_visitor(people, number) for number in range(visitors)]

    def any_product(self) -> Product:
        """Return a product, a popular one rather."""
        return self._random.choices(self.products, cum_weights=self._popularity)[0]

    def any_visitor(self) -> int:
        """Return the number of a visitor, one who comes often rather."""
        return int(len(self.visitors) * self._random.random() ** 1.6)


def visitors_of(events: int) -> int:
    """Return how many visitors there are for a number of events."""
    return max(_FEWEST_VISITORS, events // _EVENTS_PER_VISITOR)


def _product(random: Random, number: int) -> Product:
    category = random.choice(list(_GOODS))
    brand = random.choice(_BRANDS)
    price = round(random.lognormvariate(3.4, 0.8), 2)
    properties = {
        "price": price,
        "product_name": f"{brand} {random.choice(_GOODS[category])}",
        "product_category": category,
        "brand": brand,
    }
    return Product(f"p-{number + 1:04d}", price, properties)


def _visitor(random: Random, number: int) -> Visitor:
    device, system, browser, _ = random.choices(_DEVICES, [row[3] for row in _DEVICES])[0]
    country, region, city, locale, _ = random.choices(_PLACES, [row[4] for row in _PLACES])[0]
    account = f"u-{number + 1:06d}"
    return Visitor(
        f"b-{number + 1:06d}",
        account if random.random() < _REGISTERED_SHARE else None,
        account,
        {
            "device": device,
            "os": system,
            "browser": browser,
            "country": country,
            "region": region,
            "city": city,
            "locale": locale,
            "platform": "web",
        },
        random.random() < _TRAVELLERS,
    )

"""What happens in one visit: a walk through shop, communities and articles."""

from __future__ import annotations

from random import Random
from typing import Any

from ingestion.simulator.world import CHANNELS, Product, Visitor, World

Event = dict[str, Any]
Timed = tuple[float, Event]

_CHANNEL_SHARES = [row[2] for row in CHANNELS]
_PAYMENT_METHODS = ("card", "invoice", "wallet")
_SEARCH_WORDS = ("tent", "kettle", "novel", "speaker", "gift", "spade", "lamp", "birch")
_BLOCKED_COUNTRY = "United States"
_HOUR = 3600.0
_DAY = 24 * _HOUR


class Visit:
    """One visit under way; :meth:`walk` makes its events."""

    def __init__(
        self, random: Random, world: World, visitor: Visitor, session_id: str, start: float
    ) -> None:
        """Begin a visit.

        Args:
            random: Source of chance.
            world: Who and what there is.
            visitor: Who comes.
            session_id: Id of the visit.
            start: When, in seconds since 1970.
        """
        self._random = random
        self._chance = random.random
        self._world = world
        self._visitor = visitor
        self._session_id = session_id
        self._now = start
        self._user_id: str | None = None
        self._events: list[Timed] = []
        self._cart: list[tuple[Product, int]] = []
        channel, campaign, _ = random.choices(CHANNELS, _CHANNEL_SHARES)[0]
        self._context = {**visitor.context, "channel": channel}
        self._campaign = campaign

    def walk(self) -> list[Timed]:
        """Return the events of the visit with their times, and those that follow from it later."""
        self._land()
        if self._chance() < 0.28:  # a bounce
            return self._events
        self._log_in()
        interests = self._chance()
        if interests < 0.62:
            self._shop()
        elif interests < 0.84:
            self._meet()
        else:
            self._read()
        if self._user_id and self._chance() < 0.1:
            self._emit("user", "logout")
        return self._events

    def _land(self) -> None:
        path = "/" if self._chance() < 0.5 else "/products"
        self._page(path, self._campaign)
        if "utm_campaign" in self._campaign:
            self._emit("campaign", "visit", entity_id=self._campaign["utm_campaign"])
        if self._chance() < 0.3:
            variant = "new" if int(self._visitor.anonymous_id[-1]) % 2 else "old"
            self._emit(
                "experiment",
                "exposure",
                entity_id="landing-page",
                properties={"variant": variant},
            )

    def _log_in(self) -> None:
        visitor = self._visitor
        if visitor.user_id is not None:
            if self._chance() < 0.6:
                self._user_id = visitor.user_id
                self._emit("user", "login", properties={"login_method": "password"})
        elif self._chance() < 0.04:
            self._page("/register")
            self._user_id = visitor.new_user_id
            self._emit("user", "registration", properties={"registration_method": "email"})
            self._emit("conversion", "registration")

    def _shop(self) -> None:
        if self._chance() < 0.35:
            query = self._random.choice(_SEARCH_WORDS)
            properties = {"query": query, "results": int(self._chance() * 40)}
            self._emit("user", "search", properties=properties)
            self._request("GET", "/api/search")
        for _ in range(1 + int(self._random.expovariate(0.45))):
            self._look_at(self._world.any_product())
        if self._cart and self._chance() < 0.45:
            self._check_out()

    def _look_at(self, product: Product) -> None:
        self._page(f"/products/{product.product_id}")
        self._on_product("view", product)
        if self._chance() < 0.25:
            self._emit(
                "recommendation",
                "shown",
                properties={"surface": "product", "product_id": self._world.any_product()[0]},
            )
        if self._chance() < 0.4:
            self._on_product("click", product)
        if self._chance() < 0.12:
            self._on_product("favorite", product)
            if self._chance() < 0.15:
                self._on_product("unfavorite", product)
        if self._chance() < 0.2:
            quantity = 1 + int(self._random.expovariate(1.6))
            self._cart.append((product, quantity))
            self._on_product("cart_add", product, quantity)
            self._request("POST", "/api/cart")
            if self._chance() < 0.12:
                self._cart.pop()
                self._on_product("cart_remove", product, quantity)

    def _check_out(self) -> None:
        total = round(sum(product.price * quantity for product, quantity in self._cart), 2)
        properties = {
            "items_count": sum(quantity for _, quantity in self._cart),
            "payment_method": self._random.choice(_PAYMENT_METHODS),
        }
        order_id = f"o-{self._session_id[2:]}"

        def on_order(event_type: str, **more: object) -> None:
            self._emit(
                "order",
                event_type,
                entity_id=order_id,
                value=total,
                currency="EUR",
                properties={**properties, **more},
            )

        self._page("/checkout")
        self._emit("user", "checkout_start", value=total, currency="EUR")
        on_order("created")
        on_order("payment_started")
        self._request("POST", "/api/payments", slow=3)
        if self._chance() < 0.07:
            on_order("payment_failed", failure_reason="card_declined")
            if self._chance() < 0.5:
                on_order("cancelled", cancel_reason="payment_failed")
                return
            on_order("payment_started")
        on_order("payment_completed")
        self._emit("user", "checkout_complete", properties={"order_id": order_id})
        for product, quantity in self._cart:
            self._on_product("purchase", product, quantity, order_id=order_id)
        self._emit(
            "conversion",
            "purchase",
            value=total,
            currency="EUR",
            properties={"order_id": order_id},
        )
        on_order("confirmed")
        at_the_screen = self._now
        self._now += self._random.uniform(2, 20) * _HOUR
        on_order("shipped")
        self._now += self._random.uniform(0.7, 3) * _DAY
        on_order("delivered")
        if self._chance() < 0.04:
            self._now += self._random.uniform(1, 6) * _DAY
            on_order("refunded")
        self._now = at_the_screen

    def _meet(self) -> None:
        community = self._random.choice(self._world.communities)
        place = self._context["country"]
        is_traveller = self._visitor.is_traveller
        is_blocked = place == _BLOCKED_COUNTRY and community < "c-05" and not is_traveller
        self._emit(
            "geo",
            "country_blocked" if is_blocked else "country_allowed",
            entity_id=community,
            properties={
                "is_traveler": is_traveller,
                "access_result": "blocked" if is_blocked else "allowed",
            },
        )
        if is_blocked:
            return
        if is_traveller and self._chance() < 0.5:
            self._emit("geo", "traveler_access", entity_id=community)
        self._page(f"/communities/{community}")
        self._emit("community", "view", entity_id=community, properties={"section": "feed"})
        if self._user_id is None:
            return
        if self._chance() < 0.2:
            self._emit("community", "join", entity_id=community)
        for _ in range(int(self._random.expovariate(0.4))):
            deed = self._random.choices(("like", "comment", "post", "share"), (6, 3, 1, 1))[0]
            self._emit("community", deed, entity_id=community)
            self._request("POST", f"/api/communities/{deed}")
        for _ in range(int(self._random.expovariate(0.5))):
            self._pause(30)
            properties = {"duration": 30}
            self._emit("community", "heartbeat", entity_id=community, properties=properties)
        if self._chance() < 0.04:
            self._emit("community", "leave", entity_id=community)

    def _read(self) -> None:
        for _ in range(1 + int(self._random.expovariate(0.7))):
            article = self._random.choice(self._world.articles)
            path = f"/articles/{article}"
            self._page(path)
            duration = round(self._random.expovariate(1 / 80), 1)
            depth = round(min(100.0, self._random.uniform(20, 130)), 1)
            self._pause(duration)
            self._emit(
                "content",
                "view",
                entity_type="article",
                entity_id=article,
                properties={"duration": duration, "scroll_depth": depth},
            )
            self._emit("page", "scroll_depth", entity_id=path, properties={"scroll_depth": depth})
            if self._chance() < 0.25:
                deed = self._random.choices(("like", "share", "comment", "bookmark"), (5, 2, 2, 3))
                self._emit("content", deed[0], entity_type="article", entity_id=article)

    def _page(self, path: str, more: dict[str, str] | None = None) -> None:
        self._pause(self._random.expovariate(1 / 18))
        self._emit("user", "page_view", context={"page_path": path, **(more or {})})
        self._request("GET", "/api/pages")

    def _on_product(
        self, event_type: str, product: Product, quantity: int | None = None, **more: object
    ) -> None:
        money: dict[str, Any] = {}
        if quantity is not None:
            value = round(product.price * quantity, 2)
            money = {"quantity": quantity, "value": value, "currency": "EUR"}
        self._emit(
            "product",
            event_type,
            entity_id=product.product_id,
            properties={**product.properties, **more} if more else product.properties,
            **money,
        )

    def _request(self, method: str, path: str, slow: float = 1) -> None:
        time = round(self._random.lognormvariate(3.9, 0.7) * slow, 1)
        luck = self._chance()
        status = 500 if luck < 0.004 else 404 if luck < 0.012 else 200
        self._emit(
            "system",
            "api_request",
            entity_id=path,
            properties={"method": method, "status_code": status, "response_time_ms": time},
        )
        if status == 500:
            self._emit(
                "system",
                "error",
                properties={
                    "level": "error",
                    "message": f"{method} {path} failed",
                    "url": path,
                    "method": method,
                },
            )

    def _pause(self, seconds: float) -> None:
        self._now += seconds

    def _emit(
        self,
        category: str,
        event_type: str,
        *,
        context: dict[str, str] | None = None,
        **fields: object,
    ) -> None:
        self._now += 0.2 + self._chance()
        event: Event = {
            "category": category,
            "event_type": event_type,
            "anonymous_id": self._visitor.anonymous_id,
            "session_id": self._session_id,
            "context": {**self._context, **context} if context else self._context,
            **fields,
        }
        if self._user_id is not None:
            event["user_id"] = self._user_id
        self._events.append((self._now, event))

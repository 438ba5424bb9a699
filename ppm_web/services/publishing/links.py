"""How products of ours are linked to those in a shop: looked up, linked, created once (rule 6).

A product that the shop has already is *linked*, never "created" and never taken over whole: what the shop
holds is the base, and only what PPM holds and what differs from it is sent afterwards (``product_updates``).
Whatever is learnt for good (an external id) is committed the moment it is known, so that a worker
that dies right after loses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from flask import current_app
from sqlalchemy.exc import IntegrityError

from ppm_web.extensions import db
from ppm_web.models import now
from ppm_web.prestashop.errors import PrestaShopError
from ppm_web.prestashop.stores import SHARED_PRODUCT_FIELDS
from ppm_web.prestashop.transformers import creation_payload
from ppm_web.prestashop.values import Found, MadeProduct, Payload
from ppm_web.services.errors import ConflictError, FieldConflictError, NotYetError
from ppm_web.services.ledger import claims
from ppm_web.services.publishing.group import CREATED, IMAGES, STOCK, STORE, Group, Task, is_refusal
from ppm_web.services.shops import link_checks


@dataclass(frozen=True, slots=True)
class ProductLinks:
    """Links the products of a group to one shop's."""

    group: Group

    def find_or_create(self, tasks: Sequence[Task]) -> None:
        """Find products by their references, all in one request, and create the others in one.

        A create whose answer never came is found by its reference (recording
        prod_post_500_php_warning_but_product_saved), and not sent again before the settle time
        has passed: PHP goes on when the client has gone.
        """
        found = self._look_up(tasks)
        if found is None:
            return
        self._link(tasks, found)
        missing = [task for task in tasks if task.open and task.state.external_id is None]
        self._tell_other_stores(missing)
        for task in missing:
            if not task.open:
                continue
            if (seconds := claims.settling_seconds(task.state.create_sent_at)) is not None:
                task.came = NotYetError(
                    f"the shop gave no answer when {task.sku} was created; "
                    "looking whether it is there before it is sent again",
                    seconds,
                )
        self._create([task for task in missing if task.open])

    def forget(self, tasks: Sequence[Task]) -> None:
        """Forget the ids of products that someone deleted in the shop: a person said that they are wanted."""
        gone = {
            "external_id": None,
            "stock_id": None,
            "create_sent_at": None,
            "pushed": None,
            "sending": None,
        }
        claims.write([task.claim for task in tasks], **gone)
        db.session.commit()
        for task in tasks:
            task.state.external_id = task.state.stock_id = task.state.create_sent_at = None
            task.state.base, task.state.sending = {}, {}
            task.run.keep.clear()

    def _look_again(self, tasks: Sequence[Task]) -> dict[str, Found] | None:
        """What the shop has of the references, after a create of which nobody knows how far it got."""
        return self.group.ask(tasks, lambda: self.group.client.find_products(task.sku for task in tasks))

    def _look_up(self, tasks: Sequence[Task]) -> dict[str, Found] | None:
        """What the shop has of the references, and whether it is still the shop that PPM knew."""
        client, newest = self.group.client, link_checks.newest_link(self.group.shop.id)
        references = [task.sku for task in tasks]
        combinations = "GET" in self.group.profile.rights.get("combinations", frozenset())
        if newest is not None:
            references.append(newest.reference)
        found = self.group.ask(tasks, lambda: client.find_products(references, combinations=combinations))
        if found is not None and newest is not None and not found[newest.reference].has(newest.external_id):
            self.group.doubt(
                f"the product {newest.external_id}, which was {newest.reference}, is not there any more"
            )
            return None
        return found

    def _link(self, tasks: Sequence[Task], found: Mapping[str, Found]) -> None:
        """Take the shop's products of our references as ours, those that have exactly one."""
        for task in tasks:
            if (trouble := trouble_of(task.sku, found[task.sku], self.group.shop.name)) is not None:
                task.came = ConflictError(trouble)
        self._keep(
            {
                task.claim.status_id: MadeProduct(found[task.sku].ids[0], None)
                for task in tasks
                if task.open and found[task.sku].ids
            },
            tasks,
        )
        for task in tasks:
            if task.open and task.state.external_id is not None:
                task.state.linked = not task.state.created

    def _tell_other_stores(self, tasks: Sequence[Task]) -> None:
        """A product that only other stores of this PrestaShop have is not made twice: a person says whether
        it is taken into this one (MULTISTORE.md, trap 2)."""
        shop, stores = self.group.shop, [store.id for store in self.group.profile.stores]
        if not tasks or shop.store_id is None:
            return
        client = self.group.client
        found = self.group.ask(
            tasks, lambda: client.find_in_other_stores([task.sku for task in tasks], stores)
        )
        for task in tasks:
            if not task.open or not (found or {}).get(task.sku):
                continue
            store, ids = next(iter((found or {})[task.sku].items()))
            conflict = {STORE: {"base": None, "ours": None, "theirs": ids[0]}}
            task.came = FieldConflictError(in_other_store(task.sku, shop.name, store, ids[0]), conflict)

    def take_in(self, tasks: Sequence[Task]) -> None:
        """Add products that another store has to this one, as a person said: a PATCH in a store that lacks a
        product puts it there (MULTISTORE.md, trap 3), with all texts and prices that PPM holds."""
        shared = SHARED_PRODUCT_FIELDS
        for task in tasks:
            payload = {name: value for name, value in self._payload(task).items() if name not in shared}
            try:
                self.group.together(
                    [task], partial(self.group.client.update_products, [(task.state.known_id, payload)])
                )
            except PrestaShopError as error:
                self.group.fail([task], error)
                continue
            task.know(task.fields, settled=[STORE])
            task.changed = True

    def _create(self, tasks: Sequence[Task]) -> None:
        """Create the products in one request. What a refused one holds up is sent again without it."""
        if not tasks:
            return
        self._mark_sent(tasks, sent=True)
        payloads = [self._payload(task) for task in tasks]
        try:
            made = self.group.together(tasks, lambda: self.group.client.create_products(payloads))
        except PrestaShopError as error:
            self._after_failed_create(tasks, error)
            return
        for task in tasks:
            task.state.made_now = True
        self._keep({task.claim.status_id: each for task, each in zip(tasks, made, strict=True)}, tasks)

    def _after_failed_create(self, tasks: Sequence[Task], error: PrestaShopError) -> None:
        """See which products the shop has made nevertheless; the first that it has not is the bad one."""
        carried_out = error.unanswered or is_refusal(error)
        if carried_out and (error.unanswered or len(tasks) > 1):
            found = self._look_again(tasks)
            if found is None:
                return  # they stay marked as sent, and are looked up at the next try
            self._link(tasks, found)
        missing = [task for task in tasks if task.open and task.state.external_id is None]
        if error.unanswered:
            self.group.fail(missing, error)
            return
        self._mark_sent(missing, sent=False)
        if len(tasks) == 1 or not is_refusal(error):
            self.group.fail(missing, error)
            return
        self._create(missing[:1])
        self._create([task for task in missing[1:] if task.open])

    def _mark_sent(self, tasks: Sequence[Task], *, sent: bool) -> None:
        """Remember, in a commit, that a create is on its way, or that it was not carried out."""
        moment = now() if sent else None
        claims.write([task.claim for task in tasks], create_sent_at=moment)
        db.session.commit()
        for task in tasks:
            task.state.create_sent_at = moment

    def _payload(self, task: Task) -> Payload:
        return creation_payload(
            {name: value for name, value in task.whole.items() if name not in (STOCK, IMAGES)},
            task.product.snapshot,
            task.remote_ids,
            [language.id for language in self.group.profile.languages],
            current_app.config["LANGUAGES"][0],
        )

    def _keep(self, made: Mapping[int, MadeProduct], tasks: Sequence[Task]) -> None:
        """Commit what was learnt. One that is linked to another row already makes its row a conflict.

        A product that was found after a create of ours had been sent is ours.
        """
        for task in tasks:
            product = made.get(task.claim.status_id)
            if product is None:
                continue
            created = task.state.create_sent_at is not None
            base = _made(task) if task.state.made_now else None
            try:
                with db.session.begin_nested():
                    claims.write(
                        [task.claim],
                        external_id=product.id,
                        stock_id=product.stock_id,
                        pushed=base,
                        create_sent_at=None,
                        outcome=CREATED if created else "",
                    )
            except IntegrityError:
                task.came = ConflictError(
                    f"The product {product.id} of shop '{self.group.shop.name}' is linked to another "
                    f"product of PPM already; its reference there is {task.sku}"
                )
                continue
            state = task.state
            state.external_id, state.stock_id, state.created = product.id, product.stock_id, created
            state.base, state.create_sent_at = base or {}, None
        db.session.commit()


def _made(task: Task) -> Payload:
    """What the shop holds of a product that it has just made: what was sent, and no stock."""
    return task.fields | ({STOCK: "0"} if STOCK in task.wanted else {})


def in_other_store(sku: str, shop_name: str, store: int, external_id: int) -> str:
    """What is told of a product that only another store of the PrestaShop has."""
    return (
        f"Store {store} of this PrestaShop has {sku} (id {external_id}), and shop '{shop_name}' does not: "
        f"it is not made twice. To take it into this store: "
        f"flask sync settle {sku} --shop '{shop_name}' --ours"
    )


def trouble_of(sku: str, found: Found, shop_name: str) -> str | None:
    """Why the shop's product of a reference cannot be told, or none be made; None where it can."""
    if len(found.ids) > 1:
        return (
            f"Shop '{shop_name}' has {len(found.ids)} products with the reference {sku} "
            f"(ids {', '.join(map(str, found.ids))}), and PPM does not guess: delete or rename all but "
            "one there"
        )
    if found.ids:
        return None
    if found.alike:
        number, reference = found.alike[0]
        return (
            f"Shop '{shop_name}' has the reference {reference} (id {number}), which differs from {sku} "
            "by capitals alone: write both the same way"
        )
    if found.combinations_of:
        return (
            f"In shop '{shop_name}' {sku} is the reference of a combination of the product "
            f"{found.combinations_of[0]}: PPM does not make a second product of it"
        )
    return None

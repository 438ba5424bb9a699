"""How products of ours are linked to those in a shop: looked up, adopted, created once (rule 6).

Whatever is learnt for good (an external id) is committed the moment it is known, so that a worker
that dies right after loses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import current_app
from sqlalchemy.exc import IntegrityError

from ppm_web.extensions import db
from ppm_web.models import now
from ppm_web.prestashop.diff import payload_hash
from ppm_web.prestashop.errors import PrestaShopError
from ppm_web.prestashop.transformers import creation_payload
from ppm_web.prestashop.values import Payload
from ppm_web.services.errors import ConflictError, NotYetError
from ppm_web.services.ledger import claims
from ppm_web.services.publishing.group import CREATED, IMAGES, Group, Task, is_refusal


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
        self._adopt(tasks, found)
        missing = [task for task in tasks if task.open and task.state.external_id is None]
        for task in missing:
            if (seconds := claims.settling_seconds(task.state.create_sent_at)) is not None:
                task.came = NotYetError(
                    f"the shop gave no answer when {task.sku} was created; "
                    "looking whether it is there before it is sent again",
                    seconds,
                )
        self._create([task for task in missing if task.open])

    def forget_deleted(self, tasks: Sequence[Task]) -> None:
        """Forget the ids of products that someone deleted in the shop: a person said that they are wanted."""
        present = self.group.ask(
            tasks, lambda: self.group.client.read_products(task.state.known_id for task in tasks)
        )
        for task in tasks:
            if present is not None and task.state.known_id not in present:
                claims.write([task.claim], external_id=None, stock_id=None, create_sent_at=None)
                db.session.commit()
                task.state.external_id = task.state.stock_id = task.state.pushed = None

    def _look_up(self, tasks: Sequence[Task]) -> dict[str, list[int]] | None:
        return self.group.ask(tasks, lambda: self.group.client.find_products(task.sku for task in tasks))

    def _adopt(self, tasks: Sequence[Task], found: Mapping[str, Sequence[int]]) -> None:
        """Take the shop's products of our references as ours, those that have exactly one."""
        for task in tasks:
            ids = found[task.sku]
            if len(ids) > 1:
                task.came = ConflictError(
                    f"Shop '{self.group.shop.name}' has {len(ids)} products with the reference {task.sku} "
                    f"(ids {', '.join(map(str, ids))}), and PPM does not guess: delete or rename all but "
                    "one there"
                )
        self._keep(
            {task.claim.status_id: found[task.sku][0] for task in tasks if task.open and found[task.sku]},
            tasks,
        )

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
        self._keep({task.claim.status_id: number for task, number in zip(tasks, made, strict=True)}, tasks)
        for task, payload in zip(tasks, payloads, strict=True):
            if task.open:
                task.state.pushed, task.state.payload_hash = payload, payload_hash(payload)

    def _after_failed_create(self, tasks: Sequence[Task], error: PrestaShopError) -> None:
        """See which products the shop has made nevertheless; the first that it has not is the bad one."""
        carried_out = error.unanswered or is_refusal(error)
        if carried_out and (error.unanswered or len(tasks) > 1):
            found = self._look_up(tasks)
            if found is None:
                return  # they stay marked as sent, and are looked up at the next try
            self._adopt(tasks, found)
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
            {field: value for field, value in task.wanted.items() if field != IMAGES},
            task.product.snapshot,
            task.remote_ids,
            [language.id for language in self.group.profile.languages],
            current_app.config["LANGUAGES"][0],
        )

    def _keep(self, external_ids: Mapping[int, int], tasks: Sequence[Task]) -> None:
        """Commit what was learnt. One that is linked to another row already makes its row a conflict.

        A product that was found after a create of ours had been sent is ours.
        """
        for task in tasks:
            external_id = external_ids.get(task.claim.status_id)
            if external_id is None:
                continue
            created = task.state.create_sent_at is not None
            try:
                with db.session.begin_nested():
                    claims.write(
                        [task.claim],
                        external_id=external_id,
                        create_sent_at=None,
                        outcome=CREATED if created else "",
                    )
            except IntegrityError:
                task.came = ConflictError(
                    f"The product {external_id} of shop '{self.group.shop.name}' is linked to another "
                    f"product of PPM already; its reference there is {task.sku}"
                )
                continue
            state = task.state
            state.external_id, state.pushed, state.create_sent_at, state.created = (
                external_id,
                None,
                None,
                created,
            )
        db.session.commit()

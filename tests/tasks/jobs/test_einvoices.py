"""What is wrong with a document's e-invoices, also against those that were read before."""

from __future__ import annotations

import pytest
from fakes.einvoices import IBAN, ubl

from slmdesk.base.documents import DocumentInfo
from slmdesk.base.record import to_json
from slmdesk.base.records import DocumentStatus
from slmdesk.children.formats.einvoices import in_file
from slmdesk.claims.einvoices import Alarm
from slmdesk.history.store.opening import open_store
from slmdesk.tasks.jobs.einvoices import findings_of

pytestmark = pytest.mark.pure

OTHER = "DE88200800000970375700"


@pytest.fixture
def store(paths):
    opened = open_store(paths, instance_id="test")
    yield opened.store
    opened.store.close()


@pytest.fixture
def add(store):
    def add(data):
        record = store.documents.add(
            path=b"/tmp/a.xml", name="a.xml", sha256="0" * 64, format="einvoice", bytes=7, mtime_ns=1, reader="1"
        )
        info = DocumentInfo("einvoice", 1, einvoices=tuple(in_file(data, "a.xml")))
        return store.documents.change(record.id, status=DocumentStatus.READ, info=to_json(info))

    return add


def earlier(**changed):
    data = ubl().replace(b"2026-03-05", b"2026-02-05").replace(IBAN.encode(), OTHER.encode())
    for old, new in changed.items():
        data = data.replace(old.encode(), new.encode())
    return data


@pytest.mark.parametrize(
    ("before", "alarms"),
    [
        pytest.param(earlier(), [Alarm.NEW_ACCOUNT], id="another account"),
        pytest.param(earlier(Amsel="Star"), [], id="another seller"),
        pytest.param(ubl().replace(IBAN.encode(), OTHER.encode()), [], id="of the same day"),
    ],
)
def test_an_account_is_compared_with_earlier_invoices_of_the_seller(store, add, before, alarms):
    add(before)
    assert [finding.alarm for finding in findings_of(store, add(ubl()))] == alarms


def test_a_document_without_an_e_invoice_has_no_findings(store):
    record = store.documents.add(
        path=b"/tmp/a.txt", name="a.txt", sha256="0" * 64, format="txt", bytes=7, mtime_ns=1, reader="1"
    )
    assert findings_of(store, record) == []

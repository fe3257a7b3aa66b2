"""The page of all automations when there are 300."""

import re
from xml.etree import ElementTree

import pytest
from django.urls import reverse

from wagtail_sms_automation import flows
from wagtail_sms_automation.admin.flow_diagram import svg_file
from wagtail_sms_automation.models import Automation, Flow

from ..engine.timing import cpu_seconds
from ..large_site import fill


pytestmark = pytest.mark.django_db

EVERYTHING = reverse("sms_flows_modeladmin_everything")
#: Of processor time. About 1 s was measured, half of it for the words of the cards.
SECONDS = 3
QUERIES = 15


@pytest.fixture
def large(db):
    fill()


def test_the_page_takes_bounded_time_and_few_queries(
    large, admin_client, django_assert_max_num_queries
):
    admin_client.get(EVERYTHING)
    responses = []
    with django_assert_max_num_queries(QUERIES):
        seconds = cpu_seconds(lambda: responses.append(admin_client.get(EVERYTHING)))
    page = responses[0].content.decode()
    assert seconds <= SECONDS
    assert page.count("sms-flow__card ") >= 300
    assert len(page) < 3_000_000


def test_the_words_are_closed_until_somebody_asks(large, admin_client):
    page = admin_client.get(EVERYTHING).content.decode()
    assert '<details class="sms-flow-outline">' in page


def test_the_file_is_valid_and_of_sane_size(large):
    graph = flows.graph_of(
        list(Automation.objects.in_order()), list(Flow.objects.all())
    )
    source = svg_file(graph)
    drawing = ElementTree.fromstring(source)  # noqa: S314 - our own
    width, height = float(drawing.get("width")), float(drawing.get("height"))
    assert width <= 4000
    assert height <= 20_000
    assert len(source) < 2_000_000
    numbers = [
        float(number)
        for path in drawing.iter("{http://www.w3.org/2000/svg}path")
        if path.get("class") == "sms-flow__way"
        for number in re.findall(r"-?[\d.]+", path.get("d"))
    ]
    assert min(numbers) >= 0 and max(numbers) <= max(width, height)

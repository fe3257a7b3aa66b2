"""The pages of the restaurant, and a note of what load_restaurant has made."""

from typing import Any

from django.db import models
from django.http import HttpRequest
from wagtail import blocks
from wagtail.admin.panels import FieldPanel
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Page

from restaurant.hours import closing_days, week
from wagtail_sms_automation.models import SmsSettings


class DishBlock(blocks.StructBlock):
    """One dish; its number is what customers order by."""

    number = blocks.IntegerBlock(min_value=1)
    name = blocks.CharBlock()
    description = blocks.CharBlock(required=False)
    price = blocks.DecimalBlock(min_value=0, decimal_places=2)


class CourseBlock(blocks.StructBlock):
    """Some dishes under one heading."""

    title = blocks.CharBlock()
    dishes = blocks.ListBlock(DishBlock())

    class Meta:
        template = "restaurant/course.html"


class HomePage(Page):
    """The front door."""

    motto = models.CharField(max_length=255)
    welcome = RichTextField(features=["bold", "italic", "link"])
    address = models.TextField()

    max_count = 1
    subpage_types = ["restaurant.MenuPage", "restaurant.HoursPage"]
    content_panels = [
        *Page.content_panels,
        FieldPanel("motto"),
        FieldPanel("welcome"),
        FieldPanel("address"),
    ]


class MenuPage(Page):
    """The dishes and their prices."""

    introduction = models.CharField(max_length=255, blank=True)
    courses = StreamField([("course", CourseBlock())])

    parent_page_types = ["restaurant.HomePage"]
    subpage_types: list[str] = []
    content_panels = [
        *Page.content_panels,
        FieldPanel("introduction"),
        FieldPanel("courses"),
    ]


class HoursPage(Page):
    """When the house is open: the hours that the automations go by."""

    note = models.CharField(max_length=255, blank=True)

    parent_page_types = ["restaurant.HomePage"]
    subpage_types: list[str] = []
    content_panels = [*Page.content_panels, FieldPanel("note")]

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Add the week and the closing days of the SMS settings."""
        context = super().get_context(request, *args, **kwargs)
        opening_hours = SmsSettings.load(request).opening_hours
        context["week"] = week(opening_hours)
        context["closing_days"] = closing_days(opening_hours)
        return context


class LoadedSection(models.Model):
    """What load_restaurant has made; it is not made again, whatever became of it."""

    name = models.CharField(max_length=50, unique=True)
    loaded_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name
